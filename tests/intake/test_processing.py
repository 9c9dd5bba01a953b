"""From the door to published: every step, every refusal, every row accounted for."""

import json
from datetime import date
from pathlib import Path

import pytest
from django.urls import reverse

from fourfold.intake import processing, rules, selectors, services
from fourfold.intake.models import BatchFile, StepRun
from fourfold.intake.rules import Outcome, RowState, State, Step
from fourfold.platform import clock
from fourfold.platform.people.services import service_user
from fourfold.platform.visibility.scope import acting_as
from fourfold.platform.visibility.services import let_into_compartment, make_compartment
from fourfold.pole.models import Link, PersonRecord
from tests.intake import deliveries
from tests.intake.deliveries import involvement, occurrence, person, write_niche

pytestmark = pytest.mark.usefixtures("sources")


def test_a_later_delivery_of_the_source_may_link_to_an_earlier_one(load, tmp_path):
    load(write_niche(tmp_path / "a", {"person.csv": [person("P1", "HARGREAVE", "Tomos", "14/02/1988")]}))
    rows = {"occurrence.csv": [occurrence("O1", "05/1001/26")], "involvement.csv": [involvement("I1", "P1", "O1")]}
    later = load(write_niche(tmp_path / "b", rows, mode="delta"))
    with acting_as(service_user("intake")):
        assert dict(selectors.file_counts(later))["involvement.csv"].loaded == 1
        link = Link.objects.get()
        assert (link.left_kind, link.type) == ("PERSON", "SUSPECT")


def test_two_batches_of_one_source_brought_together_are_loaded_in_their_order(deliver, desk, tmp_path):
    first = deliver(write_niche(tmp_path / "a", {"person.csv": [person("P1", "HARGREAVE", "Tomos", "14/02/1988")]}))
    rows = {"occurrence.csv": [occurrence("O1", "05/1001/26")], "involvement.csv": [involvement("I1", "P1", "O1")]}
    second = deliver(write_niche(tmp_path / "b", rows))
    done = processing.process_batches(batch_ids=[second.batch.pk, first.batch.pk], desk=desk)
    assert [b.state for b in done] == [State.PUBLISHED, State.PUBLISHED]
    assert done[0].published_at < done[1].published_at
    with acting_as(service_user("intake")):
        assert Link.objects.count() == 1


def test_the_same_person_from_two_forces_becomes_one_and_keeps_the_number(load, tmp_path):
    one = person("P1", "HARGREAVE", "Tomos", "14/02/1988")
    load(write_niche(tmp_path / "a", {"person.csv": [one, person("P2", "PARRY", "Sioned", "03/03/1979", force="60")]}))
    with acting_as(service_user("intake")):
        number = PersonRecord.objects.get(source_key="P1").person_id
    twin = (*person("P9", "HARGREAVE", "Tomos", "14/02/1988", force="07")[:7], "1979/0163001B", *one[8:])
    known = (*one[:7], "1979/0163001B", *one[8:])
    load(write_niche(tmp_path / "b", {"person.csv": [known, twin]}))
    with acting_as(service_user("intake")):
        people = dict(PersonRecord.objects.values_list("source_key", "person_id"))
        assert people["P1"] == people["P9"] == number
        assert people["P2"] != number


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda d: _cut(d / "person.csv"), ("Q-MANIFEST", "manifest says")),
        (lambda d: (d / "person.csv").unlink(), ("Q-MANIFEST", "person.csv")),
        (lambda d: (d / "manifest.json").write_text("{"), ("Q-MANIFEST", "manifest")),
        (lambda d: _claim(d, source="mark43_cumbria"), ("IN7", "mark43_cumbria")),
        (lambda d: _claim(d, family="mark43"), ("Q-MANIFEST", "family")),
    ],
)
def test_a_delivery_that_cannot_be_read_is_refused_whole_with_a_sentence(load, tmp_path, store, spoil, said):
    code, words = said
    folder = deliveries.small(tmp_path / "d")
    spoil(folder)
    batch = load(folder)
    assert batch.state == State.REFUSED
    assert batch.rule_code.startswith(code)
    assert words in batch.sentence
    assert all(store.path_of(entry["sha256"]).exists() for entry in batch.contents)
    with acting_as(service_user("intake")):
        assert not PersonRecord.objects.exists()
        assert selectors.runs_of(batch).get().outcome == Outcome.REFUSED


def _cut(path):
    path.write_bytes(path.read_bytes()[:-40])


def _claim(folder, **facts):
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))


def test_rows_cut_short_or_with_bytes_that_are_no_text_wait_and_the_rest_is_loaded(load, tmp_path):
    raw = b'"P5","05","BARLOW"\r\n"P6","05","N\x81RENSEN","Jo","","F","01/02/1990","","","","","","","","","",""\r\n'
    folder = write_niche(
        tmp_path / "d", {"person.csv": [person("P1", "HARGREAVE", "Tomos", "14/02/1988")]}, raw={"person.csv": raw}
    )
    batch = load(folder)
    assert batch.state == State.PUBLISHED
    with acting_as(service_user("intake")):
        assert dict(selectors.file_counts(batch))["person.csv"] == rules.Counts(read=3, loaded=1, quarantined=2)
        found = {r.line: r for r in selectors.not_loaded()}
        assert [found[n].rule_code for n in (3, 4)] == ["Q-ROW-01", "Q-ROW-03"]
        assert "BARLOW" in dict(found[3].row)[""]


def test_a_cell_that_is_a_formula_is_loaded_as_text(load, tmp_path):
    odd = person("P1", '=HYPERLINK("http://x")', "Tomos", "14/02/1988")
    batch = load(write_niche(tmp_path / "d", {"person.csv": [odd]}))
    with acting_as(service_user("intake")):
        assert PersonRecord.objects.get().delivered["Surname"] == '=HYPERLINK("http://x")'
        assert dict(selectors.warnings_of(batch))["Q-TEXT-01"] == 1


def test_one_batch_that_stops_does_not_stop_the_others_and_is_run_again(deliver, desk, store, tmp_path):
    broken = deliver(deliveries.small(tmp_path / "a"))
    sound = deliver(_prisons(tmp_path / "b"), source="hmpps_prisons")
    missing = store.path_of(broken.batch.contents[0]["sha256"])
    kept = missing.read_bytes()
    missing.unlink()
    done = {b.pk: b for b in processing.process_batches(batch_ids=[broken.batch.pk, sound.batch.pk], desk=desk)}
    stopped = done[broken.batch.pk]
    assert (stopped.state, stopped.rule_code) == (State.FAILED, "IN9")
    assert "Restore them from the backup" in stopped.sentence
    assert done[sound.batch.pk].state == State.PUBLISHED
    missing.write_bytes(kept)
    with acting_as(service_user("intake")):
        services.run_again(batch=stopped)
    (again,) = processing.process_batches(batch_ids=[stopped.pk], desk=desk)
    assert (again.state, again.sentence) == (State.PUBLISHED, "")


def _prisons(folder):
    folder.mkdir()
    data = Path(__file__).parents[1] / "data/open_data/hmpps_prison_register.csv"
    (folder / data.name).write_bytes(data.read_bytes())
    return folder


def test_a_fault_of_the_programme_is_noted_on_the_batch_and_travels_up(deliver, desk, store, tmp_path):
    received = deliver(deliveries.small(tmp_path / "a"))
    in_the_way = store.batch_folder(received.batch.pk)
    in_the_way.parent.mkdir(parents=True, exist_ok=True)
    in_the_way.write_text("a file where a folder should be")
    with pytest.raises(OSError, match="Not a directory"):
        processing.process_batches(batch_ids=[received.batch.pk], desk=desk)
    with acting_as(service_user("intake")):
        batch = selectors.batch_of(received.batch.pk)
        assert (batch.state, batch.rule_code) == (State.FAILED, "IN16")
        assert "Nothing of the batch is shown and nothing is lost" in batch.sentence
    in_the_way.unlink()
    (again,) = processing.process_batches(batch_ids=[batch.pk], desk=desk)
    assert again.state == State.PUBLISHED


def test_an_attempt_that_was_broken_off_is_marked_by_the_next(deliver, desk, tmp_path):
    batch = deliver(deliveries.small(tmp_path / "a")).batch
    with acting_as(service_user("intake")):
        StepRun.objects.create(
            batch=batch,
            label=batch.label,
            step=Step.LAND,
            run="land-0",
            started_at=clock.now(),
            input_hash="0" * 64,
            code_version="x",
        )
    processing.process_batches(batch_ids=[batch.pk], desk=desk)
    with acting_as(service_user("intake")):
        outcomes = [r.outcome for r in selectors.runs_of(batch)]
    assert outcomes == [Outcome.BROKEN_OFF, *[Outcome.DONE] * 4]


def test_a_held_row_is_loaded_when_a_later_delivery_brings_what_it_waited_for(load, tmp_path):
    rows = {"occurrence.csv": [occurrence("O1", "05/1001/26")], "involvement.csv": [involvement("I1", "P1", "O1")]}
    earlier = load(write_niche(tmp_path / "a", rows))
    with acting_as(service_user("intake")):
        assert dict(selectors.file_counts(earlier))["involvement.csv"].held == 1
    load(write_niche(tmp_path / "b", {"person.csv": [person("P2", "PARRY", "Sioned", "03/03/1979")]}))
    with acting_as(service_user("intake")):
        assert not selectors.supplements_of(earlier).exists()
    load(write_niche(tmp_path / "c", {"person.csv": [person("P1", "HARGREAVE", "Tomos", "14/02/1988")]}))
    with acting_as(service_user("intake")):
        supplement = selectors.supplements_of(earlier).get()
        assert (supplement.how, supplement.state) == (rules.How.WAITED, State.PUBLISHED)
        assert dict(selectors.file_counts(supplement)) == {"involvement.csv": rules.Counts(read=1, loaded=1)}
        assert Link.objects.get().batch_id == supplement.pk
        held = selectors.not_loaded().get(batch=earlier)
        assert (held.state, held.supplement_id) == (RowState.REPAIRED, supplement.pk)


def test_rows_that_waited_are_shown_to_those_who_may_see_each_of_them_and_to_nobody_else(
    load, tmp_path, universe, reading
):
    inside, outside = universe.merseyside_intelligence_manager, universe.merseyside_analyst
    with acting_as(service_user("intake")):
        room = make_compartment(code="dealings", name="Operation Lantern", owner=inside.organisation)
        let_into_compartment(compartment=room, user=inside, held_from=date(2020, 1, 1))
    rows = {
        "occurrence.csv": [occurrence("O1", "05/1001/26", restricted="dealings"), occurrence("O2", "05/1002/26")],
        "involvement.csv": [involvement("I1", "P1", "O1"), involvement("I2", "P9", "O2")],
    }
    earlier = load(write_niche(tmp_path / "a", rows))
    later = load(write_niche(tmp_path / "b", {"person.csv": [person("P1", "HARGREAVE", "Tomos", "14/02/1988")]}))
    with acting_as(inside):
        supplement = selectors.supplements_of(earlier).get()
        assert supplement.name == f"Rows that waited for batch {later.pk}"
        assert {run.label_id for run in StepRun.objects.filter(batch=supplement)} == {supplement.label_id}
        assert dict(selectors.file_counts(supplement)) == {"involvement.csv": rules.Counts(read=1, loaded=1)}
    with acting_as(outside):
        assert not selectors.supplements_of(earlier).exists()
        assert selectors.batches().count() == 2
        assert not StepRun.objects.filter(batch=supplement).exists()
        assert not BatchFile.objects.filter(batch=supplement).exists()
        assert dict(selectors.file_counts(earlier))["involvement.csv"] == rules.Counts(read=1, held=1)
    for address in (reverse("intake:source", args=["niche_tri"]), reverse("intake:batch", args=[earlier.pk])):
        assert "Rows that waited" in reading(inside).get(address).content.decode()
        assert "Rows that waited" not in reading(outside).get(address).content.decode()


def test_rows_that_waited_in_the_open_are_shown_to_the_region_though_others_wait_in_a_compartment(
    load, tmp_path, universe
):
    with acting_as(service_user("intake")):
        make_compartment(code="dealings", name="Operation Lantern", owner=universe.merseyside_analyst.organisation)
    rows = {
        "occurrence.csv": [occurrence("O1", "05/1001/26", restricted="dealings"), occurrence("O2", "05/1002/26")],
        "involvement.csv": [involvement("I1", "P1", "O1"), involvement("I2", "P2", "O2")],
    }
    earlier = load(write_niche(tmp_path / "a", rows))
    load(write_niche(tmp_path / "b", {"person.csv": [person("P2", "PARRY", "Sioned", "03/03/1979")]}))
    with acting_as(universe.gmp_analyst):
        supplement = selectors.supplements_of(earlier).get()
        assert dict(selectors.file_counts(supplement)) == {"involvement.csv": rules.Counts(read=1, loaded=1)}


CONFORMANCE = Path(__file__).parents[1] / "data" / "conformance"


@pytest.mark.parametrize("path", sorted((CONFORMANCE / "csv_spectrum" / "csvs").glob("*.csv")), ids=lambda p: p.name)
def test_files_that_are_no_extract_are_refused_with_a_sentence_and_kept(load, store, tmp_path, path):
    folder = tmp_path / "d"
    folder.mkdir()
    (folder / "person.csv").write_bytes(path.read_bytes())
    batch = load(folder)
    assert batch.state == State.REFUSED
    assert batch.sentence.endswith(".")
    assert store.path_of(batch.contents[0]["sha256"]).read_bytes() == path.read_bytes()


def test_every_known_formula_is_kept_as_text_and_none_is_lost(load, tmp_path):
    payloads = (CONFORMANCE / "csv_injection_payloads.txt").read_text("utf-8").splitlines()
    usable = [p for p in payloads if p.isascii() and p.strip()]
    rows = [person(f"P{n}", payload, "Tomos", "14/02/1988") for n, payload in enumerate(usable)]
    batch = load(write_niche(tmp_path / "d", {"person.csv": rows}))
    assert batch.state == State.PUBLISHED
    with acting_as(service_user("intake")):
        counts = dict(selectors.file_counts(batch))["person.csv"]
        assert counts.read == len(usable) == counts.accounted
        kept = {r.source_key: r.delivered["Surname"] for r in PersonRecord.objects.all()}
        waits = {r.row[0][1]: dict(r.row)["Surname"] for r in selectors.not_loaded()}
        assert kept | waits == {f"P{n}": payload for n, payload in enumerate(usable)}
