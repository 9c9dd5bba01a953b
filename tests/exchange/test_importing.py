"""Lines become records by the rules of the screens: all, or the good ones when asked, or none."""

import pytest

from fourfold.exchange.models import ImportLine
from fourfold.exchange.rules import Fate
from fourfold.platform.visibility.scope import acting_as
from fourfold.threats import selectors as threats
from tests.exchange.conftest import DISRUPTION, THREAT, cells_of, workbook

pytestmark = pytest.mark.django_db


def test_a_workbook_becomes_a_threat_and_its_disruption(universe, bring, confirm, take):
    lead = universe.nwrocu_rocu_lead
    content = workbook(
        {
            "Threats": [THREAT | {"URN": "N-1", "Owner": "NWROCU"}],
            "Disruptions": [DISRUPTION | {"Threat URN": "N-1", "URN": "D-1"}],
        }
    )
    with acting_as(lead):
        came = bring(lead, content)
        assert (came.state, came.sentence) == ("CHECKED", "")
        assert not list(ImportLine.objects.values_list("faults", flat=True))
        assert came.counts["threats"]["NEW"] == came.counts["disruptions"]["NEW"] == 1
        assert not threats.threats().exists()
        confirm(lead, came)
        (made,) = threats.threats()
        assert (made.name, made.phase, made.nominated_on) == ("Harbour line", "DEVELOPMENT", THREAT["Nominated on"])
        cells = cells_of(take(lead))
    assert cells["Threats"][1][0] == "N-1"
    assert cells["Disruptions"][1][:2] == ("D-1", "N-1")
    assert Fate.NEW
