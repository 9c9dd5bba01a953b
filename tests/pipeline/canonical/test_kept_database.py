"""The database that is kept for small deliveries: nothing of one delivery is there for the next."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from tests.pipeline.canonical.conftest import context_of, made
from tests.pipeline.canonical.test_niche_rules import ADDRESS, PERSON, VEHICLE, contents, delivery

from fourfold.pipeline import canonical
from fourfold.pipeline.canonical import engine, kept_database
from fourfold.pipeline.canonical.sources import family_named
from fourfold.pipeline.delivery import Landed


def left_behind() -> list[str]:
    with kept_database.cursor() as db:
        found = db.execute(
            "SELECT table_name FROM duckdb_tables() UNION ALL SELECT view_name FROM duckdb_views() WHERE NOT internal"
        ).fetchall()
    return [name for (name,) in found]


def test_nothing_stays_of_a_delivery(tmp_path: Path) -> None:
    person = made("niche_tri", delivery(tmp_path / "people", {"person": [PERSON]}), tmp_path / "one")
    assert left_behind() == []
    wrong = replace(person.landed, files=tuple(replace(item, rows=item.rows + 1) for item in person.landed.files))
    with pytest.raises(canonical.CountsDisagree):
        canonical.canonicalise(wrong, family="niche", into=tmp_path / "wrong", context=context_of("niche_tri"))
    assert left_behind() == []
    vehicle = made("niche_tri", delivery(tmp_path / "vehicles", {"vehicle": [VEHICLE]}), tmp_path / "two")
    assert vehicle.rows("person") == []
    assert [row["value"] for row in vehicle.rows("object")] == ["AB12CDE"]


def test_after_a_fault_of_its_own_the_database_is_another(tmp_path: Path) -> None:
    first = made("niche_tri", delivery(tmp_path / "people", {"person": [PERSON]}), tmp_path / "one")
    with kept_database.cursor() as db:
        db.execute("CREATE TABLE of_the_first (n INTEGER)")
    for text in (first.landed.folder / "text").glob("*.parquet"):
        text.unlink()
    with pytest.raises(duckdb.Error):
        canonical.canonicalise(first.landed, family="niche", into=tmp_path / "x", context=context_of("niche_tri"))
    assert left_behind() == []
    again = made("niche_tri", delivery(tmp_path / "again", {"person": [PERSON]}), tmp_path / "two")
    assert contents(again.canonical.folder) == contents(first.canonical.folder)


def test_a_table_without_rows_has_the_columns_it_has_with_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered of a step gives what planning it gives, and what a database of its own gives."""
    folder = delivery(tmp_path / "delivery", {"person": [{**PERSON, "HomeAddressId": "1"}], "address": [ADDRESS]})
    monkeypatch.setattr(engine, "_COLUMNS", {})
    planned = made("niche_tri", folder, tmp_path / "planned")
    assert engine._COLUMNS
    remembered = made("niche_tri", folder, tmp_path / "remembered")
    alone = made("niche_tri", folder, tmp_path / "alone", memory_mb=kept_database.MEMORY_MB - 1)
    for other in (remembered, alone):
        assert contents(other.canonical.folder) == contents(planned.canonical.folder)
        assert other.canonical.counts == planned.canonical.counts


def test_a_delivery_that_may_not_fit_into_memory_has_a_database_of_its_own(tmp_path: Path) -> None:
    """So has a small one to a source of which much was taken before: that is read again."""
    first = made("niche_tri", delivery(tmp_path / "delivery", {"person": [PERSON]}), tmp_path / "one")

    def is_small(landed: Landed, **changes: object) -> bool:
        context = context_of("niche_tri", **changes)
        return engine._Run(landed, family_named("niche"), context, (), tmp_path / "made", spark=None).small

    (file,) = (item for item in first.landed.files if item.name == "person.csv")
    assert is_small(first.landed, known=(first.canonical.folder,))
    assert not is_small(replace(first.landed, files=(replace(file, bytes=5_000_000),)))
    assert not is_small(replace(first.landed, files=(replace(file, rows=100_000),)))
    with (first.canonical.folder / "person.parquet").open("ab") as much:
        much.truncate(5_000_000)
    assert not is_small(first.landed, known=(first.canonical.folder,))


FORKED = """
import os
from fourfold.pipeline.canonical import kept_database
asked = "SELECT ff_text(' a ')"
assert kept_database.cursor().execute(asked).fetchall() == [("a",)]
child = os.fork()
if not child:
    os._exit(0 if kept_database.cursor().execute(asked).fetchall() == [("a",)] else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert kept_database.cursor().execute(asked).fetchall() == [("a",)]
"""


def test_a_process_that_was_forked_opens_its_own() -> None:
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", FORKED], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
