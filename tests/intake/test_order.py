"""A delivery that is published late says what was so earlier: it must not take back what a newer one said."""

from datetime import timedelta

import pytest
from django.urls import reverse

from fourfold.intake import processing, rules, selectors, services
from fourfold.intake.models import Batch, BatchWarning
from fourfold.intake.rules import Counts, State
from fourfold.platform import clock
from fourfold.platform.audit.models import Entry
from fourfold.platform.people.services import service_user
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole.models import EventRecord, Link, PersonRecord
from tests.intake.deliveries import involvement, occurrence, person, write_niche

pytestmark = pytest.mark.usefixtures("sources")
BORN = "14/02/1988"


def surnames():
    with acting_as(service_user("intake")):
        return dict(PersonRecord.objects.values_list("source_key", "surname"))


def process(batch, desk):
    (done,) = processing.process_batches(batch_ids=[batch.pk], desk=desk)
    return done


def merged(key, surname, forename, survivor):
    return (*person(key, surname, forename, BORN)[:-2], "Y", survivor)


@pytest.fixture
def late(deliver, desk, tmp_path, universe):
    """The newer of two deliveries published first, then the older: (older, newer)."""
    old = deliver(
        write_niche(
            tmp_path / "2026-01-04",
            {
                "person.csv": [
                    person("P1", "HARGREAVE", "Tomos", BORN),
                    person("P2", "OKONJO", "Adaeze", "30/06/1991"),
                    person("P3", "PARRY", "Sioned", "03/03/1979", force="60", restricted="F"),
                ],
                "occurrence.csv": [occurrence("O1", "05/1001/26")],
                "involvement.csv": [involvement("I1", "P1", "O1"), involvement("I2", "P2", "O1")],
            },
        )
    ).batch
    new = deliver(
        write_niche(
            tmp_path / "2026-01-05",
            {
                "person.csv": [
                    person("P1", "HARGREAVES", "Tomos", BORN),
                    person("P3", "PARRI", "Sioned", "03/03/1979", force="60", restricted="F"),
                ],
                "occurrence.csv": [occurrence("O1", "05/1001/26/B")],
                "involvement.csv": [involvement("I1", "P1", "O1")],
            },
        )
    ).batch
    process(new, desk)
    return process(old, desk), new


def test_what_a_newer_delivery_said_stands_when_an_older_one_is_published_late(late):
    old, new = late
    assert old.state == State.PUBLISHED
    assert surnames() == {"P1": "HARGREAVES", "P2": "OKONJO", "P3": "PARRI"}
    with acting_as(service_user("intake")):
        assert EventRecord.objects.get().reference == "05/1001/26/B"
        batches = dict(PersonRecord.objects.values_list("source_key", "batch_id"))
        assert batches == {"P1": new.pk, "P2": old.pk, "P3": new.pk}
        assert dict(Link.objects.values_list("source_key", "batch_id")).keys() == {"I1", "I2"}


def test_overtaken_rows_are_counted_and_the_totals_still_add_up(late):
    old, new = late
    with acting_as(service_user("intake")):
        counts = dict(selectors.file_counts(old))
        assert counts["person.csv"] == Counts(read=3, loaded=3)
        assert rules.total(counts.values()).read == rules.total(counts.values()).accounted
        assert (selectors.overtaken_in(old), selectors.overtaken_in(new)) == (4, 0)
        assert rules.OVERTAKEN not in dict(selectors.warnings_of(old))
        noted = Entry.objects.filter(operation="COMBINATION", object_type="intake.batch", object_id=str(old.pk)).get()
        assert noted.details["overtaken"] == 4


def test_the_page_says_how_many_were_overtaken_of_the_rows_the_reader_may_see(late, universe, client_for):
    old, new = late
    address = reverse("intake:batch", args=[old.pk])
    said = "rows counted as loaded were overtaken by a later delivery of this source"
    for user, rows in ((universe.north_wales_intelligence_manager, 4), (universe.merseyside_intelligence_manager, 3)):
        assert f"{rows} {said}" in " ".join(client_for(user).get(address).content.decode().split())
    newer = client_for(universe.merseyside_intelligence_manager).get(reverse("intake:batch", args=[new.pk]))
    assert "overtaken" not in newer.content.decode()


def test_an_older_row_repaired_late_does_not_take_back_what_a_newer_one_said(load, desk, tmp_path, universe):
    old = load(write_niche(tmp_path / "a", {"person.csv": [person("P1", "HARGREAVE", "Tomos", BORN, force="99")]}))
    load(write_niche(tmp_path / "b", {"person.csv": [person("P1", "HARGREAVES", "Tomos", BORN)]}))
    with acting_as(service_user("intake")):
        row = selectors.not_loaded().filter(batch=old, rule_code="Q-FORCE-01").get()
    with acting_as(universe.merseyside_intelligence_manager):
        made = services.repair_line(
            batch=old,
            file=row.file,
            line=row.line,
            values={row.column: "05"},
            reason="Checked against the custody record",
            store=desk.store,
            now=clock.now(),
        )
    supplement = process(made, desk)
    assert supplement.state == State.PUBLISHED
    assert surnames() == {"P1": "HARGREAVES"}
    with acting_as(service_user("intake")):
        assert dict(selectors.file_counts(supplement)) == {"person.csv": Counts(read=1, loaded=1)}
        assert selectors.overtaken_in(supplement) == 1


def test_in_the_normal_order_nothing_is_overtaken(load, desk, tmp_path):
    first = load(write_niche(tmp_path / "a", {"person.csv": [person("P1", "HARGREAVE", "Tomos", BORN)]}))
    second = load(write_niche(tmp_path / "b", {"person.csv": [person("P1", "HARGREAVES", "Tomos", BORN)]}))
    assert surnames() == {"P1": "HARGREAVES"}
    with acting_as(service_user("intake")):
        assert not BatchWarning.objects.filter(rule_code=rules.OVERTAKEN).exists()
        assert selectors.published_later(second) == []
        assert selectors.published_later(first) == [second]


def test_a_person_merged_later_is_marked_though_the_record_comes_after_the_tombstone(deliver, desk, tmp_path):
    old = deliver(write_niche(tmp_path / "a", {"person.csv": [person("P1", "HARGREAVE", "Tomos", BORN)]})).batch
    rows = [person("P2", "HARGREAVES", "Tomos", BORN), merged("P1", "HARGREAVE", "Tomos", "P2")]
    process(deliver(write_niche(tmp_path / "b", {"person.csv": rows})).batch, desk)
    process(old, desk)
    with acting_as(service_user("intake")):
        kept = PersonRecord.objects.get(source_key="P2")
        assert PersonRecord.objects.get(source_key="P1").merged_into_id == kept.pk


def test_when_it_was_extracted_decides_and_never_a_moment_after_it_came(load, tmp_path):
    one = load(write_niche(tmp_path / "a", {"person.csv": [person("P1", "HARGREAVE", "Tomos", BORN)]}))
    two = load(write_niche(tmp_path / "b", {"person.csv": [person("P1", "HARGREAVES", "Tomos", BORN)]}))
    with acting_as(service_user("intake")):
        Batch.objects.filter(pk=one.pk).update(extracted_at=two.extracted_at + timedelta(hours=1))
        one.refresh_from_db()
        assert (selectors.published_later(two), selectors.published_later(one)) == ([one], [])
        Batch.objects.filter(pk=one.pk).update(extracted_at=one.received_at + timedelta(days=9_000))
        Batch.objects.filter(pk=two.pk).update(extracted_at=None)
        one.refresh_from_db()
        two.refresh_from_db()
        assert (selectors.published_later(two), selectors.published_later(one)) == ([], [two])
