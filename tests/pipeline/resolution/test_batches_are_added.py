"""A batch is added to the last run: the same edges and clusters as a full run, the same numbers, at a small cost."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.pipeline.resolution.people import PERSON, Bench, Person, clusters_of, edges_of, groups_of

from fourfold.pipeline import resolution
from fourfold.pipeline.resolution import Resolution, Settings, load_settings
from fourfold.pipeline.resolution.judgements import COLUMNS
from fourfold.pipeline.resolution.settings import Growth

SOURCES = ("connect_lancashire", "niche_tri")
FORENAMES = ("Marged", "Tegwen", "Enid", "Ioan", "Carys", "Emrys", "Seren")
SURNAMES = ("Prydderch", "Ashcroft", "Gwynne", "Bellis", "Tudor", "Maddock")
PAIRS_ALIKE = 0.97
"""The share of pairs of one cluster that a full run must have too, where records that say little are asked."""


def anything_goes(settings: Settings) -> Settings:
    """However much is added: the tests have few records."""
    return replace(settings, growth=Growth(most_batches=30, most_growth=10.0, outgrown=2))


def pairs_only() -> Settings:
    return replace(anything_goes(load_settings()), groups=None)


class Town:
    """Invented people who turn up again and again, with slips."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.keys = 0
        self.people = [self._somebody() for _ in range(40)]

    def _somebody(self) -> Person:
        chance = self.chance
        born = date(1950, 1, 1) + timedelta(days=chance.randrange(20_000))
        return Person(
            "",
            chance.choice(FORENAMES) + chance.choice(("", " Mair", " Alun")),
            chance.choice(SURNAMES),
            born.isoformat(),
            sex=chance.choice("MF"),
            pnc=f"{1990 + chance.randrange(9)}/{chance.randrange(10**7):07d}X" if chance.random() < 0.4 else None,
            postcode=f"PR{chance.randrange(1, 4)} {chance.randrange(1, 5)}AB",
        )

    def seen(self, key: str | None = None) -> Person:
        chance, somebody = self.chance, self.chance.choice(self.people)
        self.keys += 1
        found = replace(somebody, key=key or f"R{self.keys:04d}")
        if chance.random() < 0.3:
            found = replace(found, born=None)
        if chance.random() < 0.3:
            found = replace(found, postcode=None)
        if chance.random() < 0.5:
            found = replace(found, pnc=None)
        if chance.random() < 0.1:
            found = replace(found, surname=(found.surname or "") + "s")
        if chance.random() < 0.1:
            found = replace(found, audience="OWN")
        return found

    def delivery(self, size: int) -> list[Person]:
        """New records, and some delivered before that say something else now."""
        again = [f"R{n:04d}" for n in self.chance.sample(range(1, self.keys + 1), min(self.keys, size // 4))]
        return [self.seen() for _ in range(size - len(again))] + [self.seen(key) for key in again]


def grown(town: Town, bench: Bench, settings: Settings) -> Iterator[tuple[Resolution, Resolution]]:
    """After each of two batches: the run that added it, and a full run in the same frame."""
    for source in SOURCES:
        bench.deliver(source, town.delivery(60))
    frame = bench.resolve(settings=settings)
    assert frame.whole
    for turn in range(2):
        before, number = bench.previous, bench.next_cluster
        bench.deliver(SOURCES[turn % 2], town.delivery(12))
        added = bench.resolve(settings=settings)
        full = resolution.resolve(
            bench.batches,
            previous=before,
            into=bench.folder / f"full-{turn}",
            next_cluster=number,
            settings=settings,
            frame=frame.clusters,
        )
        assert full.whole
        assert not added.whole
        yield added, full


def told(run: Resolution, *, fits: bool = True) -> set[tuple[object, ...]]:
    return {
        (e["left_source"], e["left_key"], e["right_source"], e["right_key"], round(float(str(e["match_weight"])), 6))
        for e in edges_of(run)
        if fits or not e["fits"]
    }


def pairs_of(run: Resolution) -> set[tuple[object, object]]:
    clusters = clusters_of(run)
    return {(one, other) for one in clusters for other in clusters if one < other and clusters[one] == clusters[other]}


def test_what_is_added_is_what_a_full_run_finds(bench: Bench) -> None:
    for added, full in grown(Town(1), bench, pairs_only()):
        assert told(added) == told(full)
        assert pairs_of(added) == pairs_of(full)
        assert clusters_of(added) == clusters_of(full), "and the numbers are the same"
        assert added.counts == full.counts


def test_records_that_say_little_are_nearly_where_a_full_run_puts_them(bench: Bench) -> None:
    for added, full in grown(Town(3), bench, anything_goes(load_settings())):
        ours, theirs = pairs_of(added), pairs_of(full)
        assert len(ours & theirs) >= PAIRS_ALIKE * len(ours | theirs)
        fits = {each[:4] for each in told(full) ^ told(full, fits=False)}
        fits |= {each[:4] for each in told(added) ^ told(added, fits=False)}
        assert {e for e in told(added) if e[:4] not in fits} == {e for e in told(full) if e[:4] not in fits}


ONE = Person("one", pnc="1999/0123456X")
OTHER = Person("other", "Tegwen", "Ashcroft", "1991-11-30")


def first_run(bench: Bench) -> Settings:
    settings = anything_goes(load_settings())
    bench.deliver("niche_tri", [ONE, OTHER, replace(ONE, key="copy"), Person("far", "Enid", "Gwynne", "1950-06-01")])
    bench.resolve(settings=settings)
    return settings


def test_a_number_lasts_and_a_merge_is_told(bench: Bench) -> None:
    settings = first_run(bench)
    bench.deliver("niche_tri", [replace(ONE, key="other")])
    run = bench.resolve(settings=settings)
    assert not run.whole
    assert {key: cluster for (_, key), cluster in clusters_of(run).items()} == {
        "copy": 1,
        "one": 1,
        "other": 1,
        "far": 2,
    }
    assert [(c["event"], c["was"], c["became"]) for c in pq.read_table(run.changes).to_pylist()] == [("MERGE", 3, 1)]


def test_a_correction_takes_a_record_out_again(bench: Bench) -> None:
    settings = first_run(bench)
    bench.deliver("niche_tri", [replace(OTHER, key="copy")])
    run = bench.resolve(settings=settings)
    assert groups_of(run) == {frozenset({"one"}), frozenset({"other", "copy"}), frozenset({"far"})}


def test_a_merger_of_the_source_joins_what_was_there_before(bench: Bench) -> None:
    settings = first_run(bench)
    bench.deliver("niche_tri", [], merged={"far": "other"})
    run = bench.resolve(settings=settings)
    assert not run.whole
    assert frozenset({"far", "other"}) in groups_of(run)


def said(bench: Bench, *rows: tuple[str, str, str]) -> Path:
    path = bench.folder / f"judgements-{bench.runs}.parquet"
    lines = [
        dict(zip(COLUMNS, ("niche_tri", one, "niche_tri", two, verdict), strict=True)) for one, verdict, two in rows
    ]
    pq.write_table(pa.Table.from_pylist(lines, schema=pa.schema([(name, pa.string()) for name in COLUMNS])), path)
    return path


def test_what_people_say_holds_and_is_let_go_when_taken_back(bench: Bench) -> None:
    settings = first_run(bench)
    apart = bench.resolve(settings=settings, judgements=said(bench, ("one", "DIFFERENT", "copy")))
    assert not apart.whole
    assert frozenset({"one"}) in groups_of(apart)
    bench.deliver("niche_tri", [Person("new", "Ioan", "Bellis", "1970-02-02")])
    still = bench.resolve(settings=settings, judgements=said(bench, ("one", "DIFFERENT", "copy")))
    assert frozenset({"one"}) in groups_of(still)
    assert still.counts.judgements_held == 1
    assert frozenset({"one", "copy"}) in groups_of(bench.resolve(settings=settings))


def test_a_full_run_is_made_when_a_batch_is_large_or_a_file_went_away(bench: Bench) -> None:
    settings = replace(load_settings(), growth=Growth(most_batches=1, most_growth=0.5, outgrown=2))
    first_run(bench)
    assert bench.resolve(settings=settings).whole, "other settings"
    bench.deliver("niche_tri", [Person("new", "Ioan", "Bellis", "1970-02-02")])
    assert not bench.resolve(settings=settings).whole
    bench.deliver("niche_tri", [Person("newer", "Carys", "Tudor", "1970-02-02")])
    assert bench.resolve(settings=settings).whole, "as many batches as are added"
    bench.deliver("niche_tri", [Person(f"many-{n}", "Carys", "Tudor", f"19{50 + n}-02-02") for n in range(9)])
    assert bench.resolve(settings=settings).whole, "more than half as many records"
    bench.batches["niche_tri"].pop()
    assert bench.resolve(settings=settings).whole, "a file went away"


def test_a_full_run_is_made_when_the_index_cannot_be_gone_on_from(bench: Bench) -> None:
    settings = first_run(bench)
    (told,) = bench.batches["niche_tri"]
    rows = pq.read_table(told).to_pylist()
    pq.write_table(pa.Table.from_pylist([*rows[1:], Person("one", "Ioan", "Bellis").row()], schema=PERSON), told)
    rewritten = bench.resolve(settings=settings)
    assert rewritten.whole, "a file says something else than it did"
    assert frozenset({"one"}) in groups_of(rewritten)
    (rewritten.clusters.parent / "index" / "index.json").write_text('{"made_with": "')
    cut_short = bench.resolve(settings=settings)
    assert cut_short.whole
    (cut_short.clusters.parent / "index" / "keys-0.parquet").unlink()
    assert bench.resolve(settings=settings).whole


def test_restricted_records_of_one_label_that_share_a_key_with_too_many_are_not_all_compared(bench: Bench) -> None:
    bench.deliver("niche_tri", [Person(f"hidden {n}", audience="OWN") for n in range(600)])
    bench.deliver("niche_tri", [Person("open one"), Person("open two")])
    run = bench.resolve()
    assert len(edges_of(run)) == 1, "of the open two"
    assert run.counts.restricted == 600


def test_a_run_that_dies_leaves_nothing_and_is_made_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = first_run(bench)
    bench.deliver("niche_tri", [replace(ONE, key="again")])

    def dies(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as broken:
        broken.setattr("os.replace", dies)
        with pytest.raises(OSError, match="no space"):
            bench.resolve(settings=settings)
    assert not (bench.folder / "run-2").exists()
    bench.runs = 1
    run = bench.resolve(settings=settings)
    assert not run.whole
    assert frozenset({"one", "copy", "again"}) in groups_of(run)


def test_a_late_delivery_does_not_overwrite_what_came_after(bench: Bench) -> None:
    settings = first_run(bench)
    bench.deliver("niche_tri", [replace(OTHER, key="one"), replace(ONE, key="late")])
    late = bench.batches["niche_tri"].pop()
    bench.batches["niche_tri"].insert(0, late)
    run = bench.resolve(settings=settings)
    assert not run.whole
    assert frozenset({"one", "copy", "late"}) in groups_of(run)
    with duckdb.connect() as connection:
        count = connection.execute("select count(*) from read_parquet(?)", [str(run.clusters)]).fetchall()[0][0]
    assert count == len(clusters_of(run))
