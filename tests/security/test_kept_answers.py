"""What somebody signed in was shown is not kept by the browser of a desk that others use."""

import pytest

from fourfold.platform.visibility.scope import acting_as
from tests.threats.conftest import nominate

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/", "/threats/", "/threats/?export=csv", "/ledger/", "/no-such-page/"])
def test_no_answer_to_somebody_signed_in_is_kept(universe, client_for, address):
    with acting_as(universe.merseyside_analyst):
        nominate(universe)
    answer = client_for(universe.merseyside_analyst).get(address)
    assert {"no-store", "private"} <= {part.strip() for part in answer["Cache-Control"].split(",")}
