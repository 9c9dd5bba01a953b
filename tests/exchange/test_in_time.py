"""What needs time to pass: changes made here after a file was read, and files of a past date."""

from datetime import UTC, date, datetime

import pytest

from fourfold.disruptions import selectors as disruption_selectors
from fourfold.disruptions import services as disruptions
from fourfold.exchange import selectors, services
from fourfold.platform import clock
from fourfold.platform.errors import RuleBroken
from fourfold.platform.visibility.scope import acting_as
from fourfold.threats import selectors as threats
from fourfold.threats import services as threat_services
from tests.exchange.conftest import DISRUPTION, NOW, THREAT, TODAY, cells_of, workbook

GOOD = THREAT | {"URN": "N-1"}
NATIONAL = DISRUPTION | {
    "URN": "D-1",
    "Threat URN": "N-1",
    "Added at": "2022-07-01 10:00:00+01:00",
    "Moderation status": "Moderated",
    "Moderator": "somebody@elsewhere.test",
}


def test_a_change_made_here_after_the_choice_is_not_overwritten(lasting_db, universe, bring, confirm, store):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        confirm(manager, bring(manager, workbook({"Threats": [GOOD]})))
        came = bring(manager, workbook({"Threats": [GOOD | {"Tier": "Tier 2"}, GOOD | {"URN": "N-2"}]}))
        (line,) = selectors.lines_of(came)
        services.choose(actor=manager, of=came, lines={line.pk: True})
    with acting_as(manager):
        (found,) = threats.threats()
        threat_services.change_tier(actor=manager, threat=found, tier="1", reason="Scored again this morning")
    with acting_as(manager):
        with pytest.raises(RuleBroken, match="Some lines are refused"):
            confirm(manager, came)
        assert threats.threats().get().tier == "1"
        services.check(actor=manager, of=came, layout=selectors.layout(), store=store, now=NOW, today=TODAY)
        (line,) = selectors.lines_of(came)
        assert (line.fate, line.take) == ("DIFFERS", False)


def test_what_another_system_said_stands_until_the_record_is_changed_here(lasting_db, universe, bring, confirm, take):
    lead = universe.nwrocu_rocu_lead
    with acting_as(lead):
        confirm(lead, bring(lead, workbook({"Threats": [GOOD], "Disruptions": [NATIONAL]})))
        (record,) = disruption_selectors.disruptions()
    with acting_as(lead):
        written = cells_of(take(lead))["Disruptions"]
        added = written[0].index("Added at")
        says = dict(zip(*written, strict=True))
        assert {name: says[name] for name in ("Added at", "Moderation status", "Moderator")} == {
            name: NATIONAL[name] for name in ("Added at", "Moderation status", "Moderator")
        }
        assert record.state != "MODERATED"
        disruptions.change_disruption(
            actor=lead, disruption=record, reason="The place was wrong", today=TODAY, place="Elsewhere"
        )
    with acting_as(lead):
        changed = cells_of(take(lead))["Disruptions"]
        assert changed[1][changed[0].index("Place")] == "Elsewhere"
        assert changed[1][0] == written[1][0]
        assert changed[1][added] != written[1][added]


def test_an_export_of_a_past_date_holds_what_was_recorded_then(as_simulation, universe, bring, confirm, take):
    manager = universe.merseyside_intelligence_manager
    first, second = datetime(2026, 9, 1, 9, tzinfo=UTC), datetime(2026, 9, 20, 9, tzinfo=UTC)
    with clock.told(first), acting_as(manager):
        confirm(manager, bring(manager, workbook({"Threats": [GOOD]}), now=first, today=first.date()))
    with clock.told(second), acting_as(manager):
        (found,) = threats.threats()
        threat_services.change_tier(actor=manager, threat=found, tier="2", reason="Scored again this morning")
    with acting_as(manager):
        now = cells_of(take(manager))["Threats"]
        then = cells_of(take(manager, as_recorded_on=date(2026, 9, 10)))["Threats"]
        before = cells_of(take(manager, as_recorded_on=date(2026, 8, 1)))["Threats"]
    tier = now[0].index("Tier")
    assert (then[1][0], then[1][tier], now[1][tier], len(before)) == ("N-1", "Untiered", "Tier 2", 1)
