"""What a published batch says, and to whom. The batch is read once for all tests here."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from fourfold.intake import pages, processing, rules, selectors, services
from fourfold.intake.models import Batch, BatchFile, Quarantined, StepRun
from fourfold.intake.rules import Kind, Outcome, RowState, State, Step
from fourfold.platform import clock
from fourfold.platform.audit.models import Entry
from fourfold.platform.errors import NotThere
from fourfold.platform.people.services import service_user
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole.models import EventRecord, Link, PersonRecord
from tests.intake import deliveries


def test_a_delivery_is_published_and_every_row_is_accounted_for(published):
    assert (published.state, published.mode) == (State.PUBLISHED, "full")
    assert published.period_from is not None
    with acting_as(service_user("intake")):
        counts = dict(selectors.file_counts(published))
        assert counts["person.csv"] == rules.Counts(read=5, loaded=3, quarantined=2)
        assert counts["occurrence.csv"] == rules.Counts(read=2, loaded=1, quarantined=1)
        assert counts["involvement.csv"] == rules.Counts(read=3, loaded=1, held=2)
        assert counts["codes.csv"].reference == len(deliveries.CODES)
        assert set(PersonRecord.objects.values_list("source_key", flat=True)) == {"P1", "P2", "P4"}
        assert EventRecord.objects.get().reference == "05/1001/26"
        assert Link.objects.count() == 1


def test_what_was_not_loaded_says_the_rule_the_line_and_the_very_value(published):
    with acting_as(service_user("intake")):
        rows = {(r.file, r.line): r for r in selectors.not_loaded().filter(batch=published)}
        born = rows["occurrence.csv", 3]
        assert born.value == "32/13/2026 22:15:00"
        assert dict(born.row)["OccurrenceNumber"] == "05/1002/26"
        assert rows["person.csv", 4].value == "99"
        assert {r.kind for r in rows.values()} == {Kind.QUARANTINED, Kind.HELD}
        assert all(r.state == RowState.OPEN and r.sentence for r in rows.values())


def test_each_step_is_logged_with_what_it_read_and_which_code(published):
    with acting_as(service_user("intake")):
        runs = list(selectors.runs_of(published))
        assert [(r.step, r.outcome) for r in runs] == [(s.value, Outcome.DONE.value) for s in Step]
        assert all(len(r.input_hash) == 64 and r.code_version == processing.code_version() for r in runs)
        assert all(r.ended_at >= r.started_at for r in runs)
        noted = Entry.objects.filter(object_type="intake.batch", object_id=str(published.pk)).order_by("pk")
        assert [e.operation for e in noted] == ["COLLECTION", "COMBINATION"]


def test_processing_again_changes_nothing(published, published_once):
    def picture():
        with acting_as(service_user("intake")):
            return (
                list(PersonRecord.objects.order_by("pk").values()),
                list(BatchFile.objects.order_by("pk").values()),
                StepRun.objects.count(),
            )

    before = picture()
    processing.process_batches(batch_ids=[published.pk], desk=published_once[1])
    assert picture() == before


def test_quality_is_measured_for_each_force_over_open_rows_only(published):
    with acting_as(service_user("intake")):
        found = {(m.code, m.owning_force): (m.part, m.whole) for m in selectors.measures_of(published)}
    assert found["birth_date_whole", "merseyside"] == (1, 1)
    assert found["birth_date_whole", "north_wales"] == (1, 1)
    assert found["repeated_people", "merseyside"] == (0, 1)


def test_the_database_refuses_counts_that_do_not_add_up(published):
    with acting_as(service_user("intake")):
        counted = BatchFile.objects.filter(batch=published).first()
        with pytest.raises(IntegrityError, match="intake_every_row_accounted_for"), transaction.atomic():
            BatchFile.objects.filter(pk=counted.pk).update(loaded=counted.loaded + 1)


def test_publishing_and_its_state_are_one_transaction(published):
    with acting_as(service_user("intake")):
        stamps = {
            Batch.objects.get(pk=published.pk).recorded_in,
            *PersonRecord.objects.values_list("recorded_in", flat=True),
            *StepRun.objects.filter(batch=published, step=Step.PUBLISH).values_list("recorded_in", flat=True),
        }
        assert len(stamps) == 1
        assert Quarantined.objects.filter(batch=published).exists()


def counts_seen_by(user, batch):
    with acting_as(user):
        return rules.total(n for _, n in selectors.file_counts(batch)), selectors.not_loaded().filter(
            batch=batch
        ).count()


def test_each_force_counts_only_the_rows_it_may_see(published, universe):
    whole, rows = counts_seen_by(service_user("intake"), published)
    assert (whole.quarantined, whole.held, rows) == (3, 2, 5)
    merseyside, mersey_rows = counts_seen_by(universe.merseyside_intelligence_manager, published)
    assert (merseyside.quarantined, mersey_rows) == (2, 4)
    wales, wales_rows = counts_seen_by(universe.north_wales_intelligence_manager, published)
    assert (wales.quarantined, wales_rows) == (2, 4)
    gmp, gmp_rows = counts_seen_by(universe.gmp_intelligence_manager, published)
    assert (gmp.quarantined, gmp.held, gmp_rows) == (1, 2, 3)
    assert whole.loaded == merseyside.loaded > wales.loaded == gmp.loaded
    for counts in (whole, merseyside, wales, gmp):
        counts.check("all files")


def text_of(answer):
    return " ".join(answer.content.decode().split())


def test_the_batch_page_reconciles_what_its_reader_may_see(published, universe, client_for):
    address = reverse("intake:batch", args=[published.pk])
    mine = text_of(client_for(universe.merseyside_intelligence_manager).get(address))
    theirs = text_of(client_for(universe.gmp_intelligence_manager).get(address))
    assert "+ 2 held + 2 quarantined" in mine
    assert "+ 2 held + 1 quarantined" in theirs
    assert "Q-FORCE-01" in mine
    assert "Q-FORCE-01" not in theirs
    assert "Publish: show the whole batch at once" in mine
    assert processing.code_version() in mine


def test_the_sources_page_shows_a_bar_and_what_waits(published, universe, client_for):
    page = text_of(client_for(universe.merseyside_intelligence_manager).get(reverse("intake:sources")))
    assert "On time" in page
    assert "<svg" in page
    assert "4 rows to look at" in page
    theirs = text_of(client_for(universe.gmp_intelligence_manager).get(reverse("intake:sources")))
    assert "3 rows to look at" in theirs


def test_who_reads_no_people_is_led_to_no_row(published, universe, client_for):
    officer = client_for(universe.merseyside_data_protection_officer)
    for address, said in (
        (reverse("intake:sources"), "4 rows to look at"),
        (reverse("intake:batch", args=[published.pk]), "Q-FORCE-01"),
    ):
        page = text_of(officer.get(address))
        assert said in page
        assert "/not-loaded/" not in page
    assert "/not-loaded/" in text_of(
        client_for(universe.merseyside_intelligence_manager).get(reverse("intake:sources"))
    )


def test_rows_are_shown_with_a_reason_only_and_the_reading_is_noted(published, universe, client_for, reading):
    address = reverse("intake:not_loaded", args=[published.pk])
    asked = client_for(universe.merseyside_intelligence_manager).get(address)
    assert asked.status_code == 302
    assert "reason" in asked["location"]
    page = text_of(reading(universe.merseyside_intelligence_manager).get(address))
    assert "occurrence.csv, line 3" in page
    assert "32/13/2026 22:15:00" in page
    with acting_as(service_user("intake")):
        noted = Entry.objects.filter(object_type="intake.batch", operation="CONSULTATION").latest("pk")
        assert noted.actor_id == universe.merseyside_intelligence_manager.pk
        assert noted.reason_code == "DATA_QUALITY"


def test_filters_of_rows_count_and_obey_what_the_reader_may_see(published, universe, reading):
    address = reverse("intake:not_loaded", args=[published.pk])
    client = reading(universe.gmp_intelligence_manager)
    page = text_of(client.get(address))
    assert "3 rows" in page
    assert "Q-FORCE-01" not in page
    filtered = text_of(client.get(address, {"kind": "HELD"}))
    assert "2 rows" in filtered


def test_rows_are_taken_away_as_csv_neutralised_and_the_export_is_noted(published, universe, reading):
    with acting_as(service_user("intake")):
        Quarantined.objects.filter(batch=published, rule_code="Q-DATE-01").update(value="=cmd|' /C calc'!A0")
    client = reading(universe.merseyside_intelligence_manager)
    answer = client.get(reverse("intake:not_loaded", args=[published.pk]), {"export": "csv"})
    content = answer.content.decode("utf-8-sig")
    assert content.splitlines()[0].startswith("Batch,File,Line,Rule")
    assert "'=cmd|" in content
    assert len(content.splitlines()) == 5
    with acting_as(service_user("intake")):
        noted = Entry.objects.filter(operation="EXPORT").latest("pk")
        assert (noted.object_type, noted.details["rows"]) == ("rows not loaded", 4)


def row_with(batch, rule):
    with acting_as(service_user("intake")):
        return selectors.not_loaded().filter(batch=batch, rule_code=rule).first()


def test_one_row_shows_every_column_as_it_was_delivered(published, universe, reading):
    row = row_with(published, "Q-DATE-01")
    page = text_of(
        reading(universe.merseyside_intelligence_manager).get(reverse("intake:row", args=[published.pk, row.pk]))
    )
    assert "Entry by the rear door." in page
    assert "OccurredFrom" in page
    assert "Repair and replay" in page


def test_a_row_of_another_force_is_seen_where_the_region_may_but_not_repaired(published, universe, reading):
    row = row_with(published, "Q-DATE-01")
    address = reverse("intake:row", args=[published.pk, row.pk])
    client = reading(universe.gmp_intelligence_manager)
    assert "Repair and replay" not in text_of(client.get(address))
    assert client.post(address, {"value_0": "02/01/2026", "reason": "checked with the owner"}).status_code == 404
    with acting_as(service_user("intake")):
        assert Quarantined.objects.get(pk=row.pk).state == RowState.OPEN


def test_a_row_that_is_hidden_and_a_row_that_is_not_there_are_the_same(published, universe, reading):
    row = row_with(published, "Q-FORCE-01")
    client = reading(universe.gmp_intelligence_manager)
    for pk in (row.pk, row.pk + 9_999):
        assert client.get(reverse("intake:row", args=[published.pk, pk])).status_code == 404
    dismiss = reverse("intake:dismiss", args=[published.pk])
    assert client.get(dismiss, {"rule": "Q-FORCE-01"}).status_code == 404
    assert client.get(dismiss, {"rule": "Q-NONE-99"}).status_code == 404


def test_an_inspector_sees_and_changes_nothing(published, universe, reading):
    row = row_with(published, "Q-DATE-01")
    client = reading(universe.nca_inspector)
    assert "Repair and replay" not in text_of(client.get(reverse("intake:row", args=[published.pk, row.pk])))
    assert client.get(reverse("intake:dismiss", args=[published.pk]), {"rule": "Q-DATE-01"}).status_code == 404


def test_rows_of_a_rule_are_dismissed_with_a_reason_and_stay_on_record(published, universe, reading):
    address = f"{reverse('intake:dismiss', args=[published.pk])}?rule=Q-LINK-01"
    client = reading(universe.merseyside_intelligence_manager)
    assert "Dismiss 1 row of Q-LINK-01" in text_of(client.get(address))
    refused = client.post(address, {"reason": "no"})
    assert refused.status_code == 422
    assert "Give a reason in a few words" in text_of(refused)
    done = text_of(client.post(address, {"reason": "The source confirmed both are tests"}, follow=True))
    assert "1 dismissed" in done
    with acting_as(service_user("intake")):
        rows = list(Quarantined.objects.filter(batch=published, rule_code="Q-LINK-01"))
        assert {r.state for r in rows} == {RowState.DISMISSED}
        assert {r.decided_by_id for r in rows} == {universe.merseyside_intelligence_manager.pk}
        noted = Entry.objects.filter(operation="ALTERATION", object_type="intake.batch").latest("pk")
        assert noted.details["dismissed"] == 1
    assert client.get(address).status_code == 404


def test_dismissing_leaves_the_rows_of_other_forces_open(published, universe):
    with acting_as(universe.north_wales_intelligence_manager):
        rows = selectors.not_loaded().filter(batch=published)
        assert (
            services.dismiss_rows(rows=selectors.writable(rows), reason="not needed any more", now=clock.now())
            == rows.filter(owning_force="north_wales").count()
        )
        assert rows.filter(state=RowState.OPEN).exclude(owning_force="north_wales").exists()
        with pytest.raises(NotThere):
            services.dismiss_rows(rows=rows, reason="not needed any more", now=clock.now())


def test_a_steps_time_is_measured_though_the_clock_that_is_told_stands_still(published):
    with acting_as(service_user("intake")):
        assert all(r.detail["seconds"] > 0 for r in selectors.runs_of(published))
    assert pages.duration(0.25, running=False) == "0.2 seconds"
    assert pages.duration(125, running=False) == "2 min 5 s"
    assert pages.duration(None, running=True) == "Running"
    assert pages.duration(None, running=False) == "Not known"
