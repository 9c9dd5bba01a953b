"""What the list said on another date, what changed since, in words. These tests commit, so that moments differ."""

from datetime import UTC, date, datetime

from fourfold.platform import clock
from fourfold.platform.audit import selectors as ledger
from fourfold.platform.history.rewind import as_recorded_on
from fourfold.platform.visibility.scope import acting_as
from fourfold.threats import selectors, services, story
from tests.threats.conftest import membership, nominate, publish_people

WHY = "New intelligence from a stop"


def at(month: int, day: int = 1) -> datetime:
    return datetime(2026, month, day, 10, tzinfo=UTC)


def test_the_list_is_what_it_was_on_any_earlier_date(as_simulation, universe):
    manager = universe.merseyside_intelligence_manager
    with clock.told(at(1)), acting_as(manager):
        first = nominate(universe, by="merseyside_intelligence_manager", nominated_on=date(2026, 1, 1))
    with clock.told(at(2)), acting_as(manager):
        services.reclassify(actor=manager, threat=first, threat_type="VULNERABILITY", reason=WHY)
    with clock.told(at(3)), acting_as(manager):
        nominate(universe, by="merseyside_intelligence_manager", nominated_on=date(2026, 3, 1))
    with clock.told(at(4)), acting_as(manager):
        services.close_threat(
            actor=manager,
            threat=first,
            ground="CLOSED_DORMANT",
            closed_on=date(2026, 4, 1),
            reason=WHY,
            today=date(2026, 4, 1),
        )
    seen = {}
    with acting_as(universe.gmp_analyst):
        for month, day in ((1, 15), (2, 15), (3, 15), (4, 15)):
            with as_recorded_on(clock.close_of(date(2026, month, day))):
                found = selectors.threats()
                seen[month] = (
                    found.filter(closed_on=None).count(),
                    sorted(found.values_list("threat_type", flat=True)),
                )
    assert seen == {
        1: (1, ["OCG"]),
        2: (1, ["VULNERABILITY"]),
        3: (2, ["OCG", "VULNERABILITY"]),
        4: (1, ["OCG", "VULNERABILITY"]),
    }


def test_history_in_words_names_what_changed_and_why_and_nobody_in_the_threat(as_simulation, universe, tmp_path):
    manager = universe.merseyside_intelligence_manager
    with clock.told(at(1)):
        records = publish_people(universe, tmp_path)
    with clock.told(at(1, 2)), acting_as(manager):
        threat = nominate(universe, by="merseyside_intelligence_manager", nominated_on=date(2026, 1, 2))
    with clock.told(at(2)), acting_as(manager):
        services.change_tier(actor=manager, threat=threat, tier="2", reason="Scored by the region")
    with clock.told(at(3)), acting_as(manager):
        member = services.add_member(
            actor=manager,
            threat=threat,
            record=selectors.record(records["p1"]),
            membership=membership(from_on=date(2026, 2, 1)),
            reason="Named in two reports",
            today=date(2026, 3, 1),
        )
    with clock.told(at(4)), acting_as(manager):
        services.end_member(
            actor=manager, member=member, to_on=date(2026, 3, 31), reason="Left the area", today=date(2026, 4, 1)
        )
    with acting_as(universe.merseyside_analyst):
        words = selectors.vocabulary()
        told = story.changes_of(selectors.recorded_about(threat, until=None), words)
        until_march = story.changes_of(selectors.recorded_about(threat, until=at(3, 2)), words)
    assert [(change.title, change.why) for change in told] == [
        ("Ended: leader", "Left the area"),
        ("Added: leader", "Named in two reports"),
        ("Tier: Tier 2", "Scored by the region"),
        ("Nominated", "Three linked seizures this month"),
    ]
    assert told[2].lines == ("Tier: from “Untiered” to “Tier 2”",)
    assert [change.title for change in until_march] == ["Added: leader", "Tier: Tier 2", "Nominated"]
    assert not any("Dockside" in line for change in told for line in (change.title, *change.lines))
    assert told[0].by == f"{manager.name}, Merseyside Police"


def test_what_changed_since_a_moment_is_found_in_threats_members_and_places(as_simulation, universe):
    analyst = universe.merseyside_analyst
    with clock.told(at(1)), acting_as(analyst):
        nominate(universe, name="Quiet one", nominated_on=date(2026, 1, 1))
        told = nominate(universe, nominated_on=date(2026, 1, 1))
    with clock.told(at(2)), acting_as(analyst):
        services.add_place(
            actor=analyst, threat=told, name="The quay", from_on=date(2026, 2, 1), reason=WHY, today=date(2026, 2, 1)
        )
    with acting_as(analyst):
        changed = selectors.threats_changed_since(at(1, 15), among=selectors.threats())
        assert [(each.threat.name, each.at, each.because) for each in changed] == [("Harbour line", at(2), WHY)]
        assert selectors.threats_changed_since(at(3), among=selectors.threats()) == ()


def test_a_page_read_in_the_past_is_noted_with_the_day_and_the_reference(as_simulation, universe, client_for):
    manager = universe.merseyside_intelligence_manager
    with clock.told(at(1)), acting_as(manager):
        threat = nominate(universe, by="merseyside_intelligence_manager", nominated_on=date(2026, 1, 1))
    client = client_for(manager)
    client.post("/reason/", {"code": "SOC_THREAT", "text": "Managing a threat", "operation_reference": ""})
    for part in ("", "members/", "people-to-protect/"):
        for asked in ({}, {"as_recorded_on": "2026-02-01"}):
            assert client.get(f"/threats/{threat.reference}/{part}", asked).status_code == 200
    with acting_as(manager):
        noted = ledger.entries_about(threat).filter(operation="CONSULTATION").order_by("id")
        said = [(entry.details["reference"], entry.details["as_recorded_on"]) for entry in noted]
    assert said == [(threat.reference, None), (threat.reference, "2026-02-01")] * 3
