import pytest

from fourfold.platform.ui.navigation import Entry

NAVIGATION = (
    Entry("Cases", "sample_list"),
    Entry("Ledger", "sample_ledger", capability="audit.read", more=True, hint="Who looked at what"),
)


@pytest.fixture(autouse=True)
def platform_alone(settings) -> None:
    """The platform with addresses and navigation of its own, so that no room above it is needed."""
    settings.ROOT_URLCONF = "tests.platform.ui.addresses"
    settings.NAVIGATION = NAVIGATION
