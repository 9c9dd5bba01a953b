import pytest

from tests.platform import sample


@pytest.fixture
def sample_tables(lasting_db: None) -> None:
    """The two sample tables, in a database in which transactions commit."""
    sample.make_tables()


@pytest.fixture
def simulated_tables(as_simulation: None) -> None:
    """The two sample tables, logged in as the role that may say what time it is."""
    sample.make_tables()
