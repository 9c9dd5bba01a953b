"""Repair and replay: a corrected value goes through the same rules and is published as a supplement of the batch."""

import html
import re

import pytest
from django.urls import reverse

from fourfold.intake import processing, rules, selectors, services
from fourfold.intake.models import Batch, Quarantined
from fourfold.intake.rules import Counts, How, RowState, State
from fourfold.platform import clock
from fourfold.platform.audit.models import Entry
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people.services import service_user
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole.models import EventRecord, Link, PersonRecord
from tests.intake.deliveries import person, write_niche

REASON = "Checked against the crime report"


def row_of(batch, rule):
    with acting_as(service_user("intake")):
        return selectors.not_loaded().filter(batch=batch, rule_code=rule).get()


def repair(user, row, value, desk, *, reason=REASON):
    with acting_as(user):
        return services.repair_line(
            batch=row.batch,
            file=row.file,
            line=row.line,
            values={row.column: value},
            reason=reason,
            store=desk.store,
            now=clock.now(),
        )


def process(batch, desk):
    (done,) = processing.process_batches(batch_ids=[batch.pk], desk=desk)
    return done


def test_a_corrected_value_is_published_as_a_supplement_and_the_row_stays_as_delivered(
    published, published_once, universe
):
    desk = published_once[1]
    row = row_of(published, "Q-DATE-01")
    with acting_as(service_user("intake")):
        whole = rules.total(n for _, n in selectors.file_counts(published))
    supplement = process(repair(universe.merseyside_intelligence_manager, row, "02/01/2026 23:30:00", desk), desk)
    assert (supplement.state, supplement.how, supplement.supplement_of_id) == (
        State.PUBLISHED,
        How.REPAIR,
        published.pk,
    )
    with acting_as(service_user("intake")):
        event = EventRecord.objects.get(reference="05/1002/26")
        assert event.batch_id == supplement.pk
        assert event.happened_at.isoformat() == "2026-01-02T23:30:00+00:00"
        assert EventRecord.objects.count() == 2
        assert dict(selectors.file_counts(supplement)) == {"occurrence.csv": Counts(read=1, loaded=1)}
        assert rules.total(n for _, n in selectors.file_counts(published)) == whole
        kept = Quarantined.objects.get(pk=row.pk)
        assert (kept.value, kept.row) == (row.value, row.row)
        assert (kept.state, kept.corrected, kept.reason) == (
            RowState.REPAIRED,
            {row.column: "02/01/2026 23:30:00"},
            REASON,
        )
        assert (kept.decided_by, kept.supplement_id) == (universe.merseyside_intelligence_manager, supplement.pk)
        noted = Entry.objects.filter(operation="ALTERATION", object_type="intake.quarantined").get()
        assert noted.object_id == str(row.pk)


def test_what_waited_for_a_repaired_row_is_published_with_it(published, published_once, universe):
    desk = published_once[1]
    row = row_of(published, "Q-FORCE-01")
    supplement = process(repair(universe.merseyside_intelligence_manager, row, "05", desk), desk)
    with acting_as(service_user("intake")):
        assert PersonRecord.objects.get(source_key="P3").batch_id == supplement.pk
        counts = dict(selectors.file_counts(supplement))
        assert counts["person.csv"] == Counts(read=1, loaded=1)
        assert counts["involvement.csv"] == Counts(read=1, loaded=1)
        assert Link.objects.count() == 2
        held = {r.line: r for r in selectors.not_loaded().filter(batch=published, kind="HELD")}
        assert [held[n].state for n in (3, 4)] == [RowState.REPAIRED, RowState.OPEN]
        assert held[3].supplement_id == supplement.pk
        assert held[3].reason == "What the row waited for has been loaded"


def test_two_repairs_of_one_batch_stand_together(published, published_once, universe):
    desk = published_once[1]
    manager = universe.merseyside_intelligence_manager
    first = process(repair(manager, row_of(published, "Q-FORCE-01"), "05", desk), desk)
    second = process(repair(manager, row_of(published, "Q-DATE-01"), "02/01/2026 23:30:00", desk), desk)
    assert (first.state, second.state) == (State.PUBLISHED, State.PUBLISHED)
    with acting_as(service_user("intake")):
        assert PersonRecord.objects.get(source_key="P3").batch_id == first.pk
        assert dict(selectors.file_counts(second)) == {"occurrence.csv": Counts(read=1, loaded=1)}
        assert (PersonRecord.objects.count(), EventRecord.objects.count(), Link.objects.count()) == (4, 2, 2)


def test_a_value_that_is_wrong_again_waits_again_and_can_be_repaired_again(published, published_once, universe):
    desk = published_once[1]
    manager = universe.merseyside_intelligence_manager
    supplement = process(repair(manager, row_of(published, "Q-DATE-01"), "31/02/2026 10:00:00", desk), desk)
    with acting_as(service_user("intake")):
        assert dict(selectors.file_counts(supplement)) == {"occurrence.csv": Counts(read=1, quarantined=1)}
        assert EventRecord.objects.count() == 1
    again = row_of(supplement, "Q-DATE-01")
    assert again.value == "31/02/2026 10:00:00"
    third = process(repair(manager, again, "28/02/2026 10:00:00", desk), desk)
    assert third.supplement_of_id == published.pk
    with acting_as(service_user("intake")):
        assert EventRecord.objects.get(reference="05/1002/26").batch_id == third.pk


def test_repairs_that_break_a_rule_are_refused(published, published_once, universe):
    desk = published_once[1]
    manager = universe.merseyside_intelligence_manager
    row = row_of(published, "Q-DATE-01")
    for value, reason, code in ((row.value, REASON, "IN13"), ("x\x00", REASON, "IN13"), ("02/01/2026", "typo", "IN11")):
        with pytest.raises(RuleBroken) as refused:
            repair(manager, row, value, desk, reason=reason)
        assert refused.value.code == code
    repair(manager, row, "02/01/2026 23:30:00", desk)
    with pytest.raises(RuleBroken) as refused:
        repair(manager, row, "02/01/2026 23:31:00", desk)
    assert refused.value.code == "IN12"


def test_another_forces_row_is_not_repaired_and_a_hidden_one_is_not_there(published, published_once, universe):
    desk = published_once[1]
    for rule in ("Q-DATE-01", "Q-FORCE-01"):
        with pytest.raises(NotThere):
            repair(universe.gmp_intelligence_manager, row_of(published, rule), "05", desk)
    with acting_as(service_user("intake")):
        assert not Batch.objects.exclude(supplement_of=None).exists()


def test_a_row_of_a_batch_that_is_not_published_is_not_repaired_yet(published, published_once, universe):
    row = row_of(published, "Q-DATE-01")
    with acting_as(service_user("intake")):
        Batch.objects.filter(pk=published.pk).update(state=State.FAILED, sentence="x", published_at=None)
        row.batch.refresh_from_db()
    with pytest.raises(RuleBroken) as refused:
        repair(universe.merseyside_intelligence_manager, row, "02/01/2026 23:30:00", published_once[1])
    assert refused.value.code == "IN15"


@pytest.mark.usefixtures("sources")
def test_a_line_that_was_cut_short_is_typed_again_whole(load, desk, tmp_path, universe, reading):
    raw = b'"P5","05","BARLOW"\r\n'
    rows = {"person.csv": [person("P1", "HARGREAVE", "Tomos", "14/02/1988")]}
    batch = load(write_niche(tmp_path / "d", rows, raw={"person.csv": raw}))
    row = row_of(batch, "Q-ROW-01")
    assert row.column == ""
    address = reverse("intake:row", args=[batch.pk, row.pk])
    page = html.unescape(reading(universe.merseyside_intelligence_manager).get(address).content.decode())
    assert "The columns of the file, in its first line: " in page
    assert '"Surname"' in page
    line = ",".join(f'"{cell}"' for cell in person("P5", "BARLOW", "Jo", "01/02/1990"))
    supplement = process(repair(universe.merseyside_intelligence_manager, row, line, desk), desk)
    with acting_as(service_user("intake")):
        assert dict(selectors.file_counts(supplement)) == {"person.csv": Counts(read=1, loaded=1)}
        assert PersonRecord.objects.get(source_key="P5").surname.upper() == "BARLOW"


def as_shown(client, address):
    """What the form holds when nothing is changed."""
    fields = re.findall(r'<input[^>]*name="(value_\d+)"[^>]*value="([^"]*)"', client.get(address).content.decode())
    return {name: html.unescape(value) for name, value in fields}


def test_a_row_is_repaired_on_its_page_and_the_supplement_opens(published, published_once, universe, reading):
    row = row_of(published, "Q-DATE-01")
    client = reading(universe.merseyside_intelligence_manager)
    address = reverse("intake:row", args=[published.pk, row.pk])
    refused = client.post(address, as_shown(client, address) | {"reason": REASON})
    assert refused.status_code == 422
    assert "The row is as it was refused" in refused.content.decode()
    done = client.post(
        address, as_shown(client, address) | {"value_0": "02/01/2026 23:30:00", "reason": REASON}, follow=True
    )
    page = " ".join(done.content.decode().split())
    assert "was repaired and is going through the rules again" in page
    assert f"Batch {published.pk}" in page
    with acting_as(service_user("intake")):
        supplement = selectors.supplements_of(published).get()
    process(supplement, published_once[1])
    shown = " ".join(client.get(address).content.decode().split())
    assert "Corrected to" in shown
    assert f"Supplement, batch {supplement.pk}: published" in shown
    assert "Repair and replay" not in shown
    listed = client.get(reverse("intake:batch", args=[published.pk])).content.decode()
    assert f"Batch {supplement.pk}" in listed


def test_the_repair_of_a_hidden_row_is_hidden_with_it(published, published_once, universe):
    with acting_as(service_user("intake")):
        row = selectors.not_loaded().filter(batch=published, owning_force="north_wales", file="person.csv").get()
    manager = universe.north_wales_intelligence_manager
    supplement = process(repair(manager, row, "BARLOW", published_once[1]), published_once[1])
    assert supplement.state == State.PUBLISHED
    with acting_as(manager):
        assert supplement in selectors.supplements_of(published)
    for other in (universe.merseyside_intelligence_manager, universe.nwrocu_data_manager):
        with acting_as(other):
            assert supplement not in selectors.supplements_of(published), "its name tells of a line that is hidden"
            assert supplement not in selectors.batches()
