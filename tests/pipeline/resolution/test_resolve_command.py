"""`fourfold linkage resolve`: canonical files in, clusters out, nothing written over."""

from pathlib import Path

import duckdb
from click.testing import CliRunner, Result
from tests.pipeline.resolution.people import Bench, Person

from fourfold.entry.commands.linkage import linkage


def run(*words: str) -> Result:
    return CliRunner().invoke(linkage, ["resolve", *words], catch_exceptions=False)


def delivered(bench: Bench) -> str:
    twice = [Person(key=key, pnc="2003/0012345X", postcode="M1 1AA") for key in ("a", "b")]
    bench.deliver("one", [*twice, Person(key="c", forenames="Hywel", surname="Vaughan", born="1951-11-30")])
    return f"one={bench.batches['one'][0]}"


def test_two_records_of_one_person_are_one_cluster(bench: Bench, tmp_path: Path) -> None:
    result = run(delivered(bench), "--into", str(tmp_path / "out"))
    assert result.output.startswith("3 records of 2 people in ")
    with duckdb.connect() as connection:
        found = dict(
            connection.execute(
                "select record_key, cluster from read_parquet(?)", [str(tmp_path / "out" / "clusters.parquet")]
            ).fetchall()
        )
    assert found["a"] == found["b"] != found["c"]


def test_a_folder_that_is_there_is_left_alone(bench: Bench, tmp_path: Path) -> None:
    kept = tmp_path / "results"
    kept.mkdir()
    (kept / "last-month.csv").write_text("a,b\n")
    result = run(delivered(bench), "--into", str(kept))
    assert result.exit_code == 1
    assert "is there already. Name a folder that is not" in result.output
    assert (kept / "last-month.csv").read_text() == "a,b\n"


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    result = run(f"one={tmp_path / 'person.parquet'}", "--into", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert "Write it as SOURCE=PERSON.parquet." in result.output
