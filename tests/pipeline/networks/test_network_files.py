"""`fourfold network` on the files that people have: lists, tables, odd ones, wrong ones, and published networks."""

from __future__ import annotations

import csv
from pathlib import Path

import networkx as nx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from tests.pipeline.networks.published import PUBLISHED, SHARED

from fourfold.entry.commands.network import network

CRIME = Path(__file__).parents[2] / "data" / "open_data" / "crime.edges.csv"
HEADINGS = ["node", "degree", "betweenness", "closeness", "pagerank", "k_core", "community"]


class Desk:
    """Somewhere to put a file, measure it, and read what came of it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.out = place / "measures.csv"

    def put(self, text: str | bytes, name: str = "ties.csv") -> Path:
        path = self.place / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def measured(self, path: Path, *more: str) -> tuple[dict[str, dict[str, str]], str]:
        result = CliRunner().invoke(network, [str(path), "--out", str(self.out), *more], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        with self.out.open(encoding="utf-8", newline="") as opened:
            rows = list(csv.DictReader(opened))
        assert list(rows[0]) == HEADINGS
        return {row["node"]: row for row in rows}, result.output

    def refused(self, path: Path, *more: str) -> str:
        result = CliRunner().invoke(network, [str(path), "--out", str(self.out), *more], catch_exceptions=False)
        assert result.exit_code == 1
        assert "Traceback" not in result.output
        assert not self.out.exists()
        return result.output


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


STAR = {"hub": "3", "one": "1", "two": "1", "three": "1"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("source,target\nhub,one\nhub,two\nthree,hub\n", "named.csv"),
        ("target,source\none,hub\ntwo,hub\nhub,three\n", "turned.csv"),
        ("Caller;Called;When\nhub;one;1\nhub;two;2\nthree;hub;3\n", "calls.csv"),
        ("any\tother\nhub\tone\nhub\ttwo\nthree\thub\n", "two.tsv"),
        ("any,other,how much\nhub,one,2\nhub,two,1.5\nthree,hub,7\n", "third.csv"),
        ("hub,one\nhub,two\nthree,hub\none,hub\n", "bare.csv"),
        ('\ufeff"",hub,one,two,three\nhub,0,1,1,0\none,1,0,0,0\ntwo,,0,0,\nthree,1,0,0,0\n', "table.csv"),
        ("hub,one,two,three\n0,1,1,1\n1,0,0,0\n1,0,0,0\n1,0,0,0\n", "square.csv"),
    ],
)  # fmt: skip
def test_a_network_is_read_in_any_form(desk: Desk, text: str, name: str) -> None:
    found, _ = desk.measured(desk.put(text, name))
    assert {node: row["degree"] for node, row in found.items()} == STAR
    assert next(iter(found)) == "hub", "the most central stands first"
    assert found["hub"]["betweenness"] == "1"


def test_parquet_and_named_columns(desk: Desk) -> None:
    path = desk.place / "ties.parquet"
    pq.write_table(
        pa.table({"x": ["hub", "hub", "three"], "y": ["one", "two", "hub"], "z": [1, 2, 3], "q": ["", "", ""]}), path
    )
    assert "does not say which columns are the two ends" in desk.refused(path)
    found, told = desk.measured(path, "--source", "x", "--target", "y", "--weight", "z")
    assert {node: row["degree"] for node, row in found.items()} == STAR
    assert "z is its weight" in told


def test_what_is_odd_is_told_and_put_right(desk: Desk) -> None:
    text = "source,target,weight\na,b,2\na,b,3\nb,a,4\nb,c,1\nc,c,1\nd,,\n,,\ne,f,-1\ng,h,many\nA,b,1\n"
    found, told = desk.measured(desk.put(text))
    for sentence in (
        "1 tie from a node to itself: left out",
        "1 tie written more than once, on 2 lines: weights added up",
        "1 tie written both ways and 2 one way only: all taken both ways",
        "2 ties left out: the weight, such as",
        "1 line with one end only: kept",
        "1 line with neither end: left out",
        "“A” and “a”",
        "9 nodes and 3 ties, in 6 parts",
        "5 nodes without any tie",
    ):
        assert sentence in told
    assert found["d"]["degree"] == "0"
    assert found["b"]["degree"] == "3"


def test_directed_only_when_told(desk: Desk) -> None:
    path = desk.put("source,target\na,b\nb,c\nc,a\nb,a\n")
    plain, _ = desk.measured(path)
    assert {row["betweenness"] for row in plain.values()} == {"0"}
    found, told = desk.measured(path, "--directed")
    expected = nx.betweenness_centrality(nx.DiGraph([("a", "b"), ("b", "c"), ("c", "a"), ("b", "a")]))
    assert {node: float(row["betweenness"]) for node, row in found.items()} == pytest.approx(expected)
    assert "1 tie both ways, 2 one way" in told


def test_nodes_without_a_tie_can_be_named(desk: Desk) -> None:
    nodes = desk.put("name,age\na,1\nz,2\n", "nodes.csv")
    found, _ = desk.measured(desk.put("source,target\na,b\n"), "--nodes", str(nodes))
    assert list(found) == ["a", "b", "z"]
    assert found["z"]["closeness"] == "0"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("source,target\n", "has headings but no ties"),
        ("k,l,m,n\nx,y,z,q\nx,y,z,q\n", "does not say which columns are the two ends"),
        ("only\nx\ny\n", "does not say which columns are the two ends"),
        ("source,target\ncafé,b\n".encode() + "naïve,b\n".encode("latin-1"), "is in two encodings"),
        (b"PAR1 not really", "cannot be read|is not a Parquet file"),
        (b"PK\x03\x04 a workbook", "is a workbook or an archive"),
    ],
)  # fmt: skip
def test_a_wrong_file_gets_a_sentence(desk: Desk, text: str | bytes, sentence: str) -> None:
    name = "ties.parquet" if text[:3] == b"PAR" else "ties.csv"
    told = desk.refused(desk.put(text, name))
    assert any(each in told for each in sentence.split("|")), told


def test_measures_are_written_where_they_can_be_and_replace_no_file_that_they_are_of(desk: Desk) -> None:
    path = desk.put("source,target\na,b\n")
    for out, sentence in ((path, "The measures would replace"), (path.parent / "none" / "m.csv", "There is no folder")):
        result = CliRunner().invoke(network, [str(path), "--out", str(out)], catch_exceptions=False)
        assert result.exit_code == 1
        assert sentence in result.output
    assert path.read_text() == "source,target\na,b\n"


def test_one_line_is_a_network_of_two(desk: Desk) -> None:
    found, _ = desk.measured(desk.put("source,target\na,b\n"))
    assert {row["degree"] for row in found.values()} == {"1"}


def test_a_heading_that_is_not_there_is_said(desk: Desk) -> None:
    told = desk.refused(desk.put("source,target\na,b\n"), "--source", "From")
    assert "has no column called “From”" in told
    assert "source, target" in told


def test_a_name_that_a_spreadsheet_would_run_is_made_harmless(desk: Desk) -> None:
    found, _ = desk.measured(desk.put('source,target\n"=1+1",b\n'))
    assert "'=1+1" in found


def test_the_excerpt_of_st_louis_people_and_events(desk: Desk) -> None:
    found, told = desk.measured(CRIME)
    with CRIME.open(encoding="utf-8") as opened:
        lines = list(csv.reader(opened))[1:]
    graph = nx.Graph((line[0], line[1]) for line in lines)
    assert {node: int(row["degree"]) for node, row in found.items()} == dict(graph.degree())
    betweenness = {node: float(row["betweenness"]) for node, row in found.items()}
    assert betweenness == pytest.approx(nx.betweenness_centrality(graph), abs=1e-8)
    assert f"in {nx.number_connected_components(graph):,} parts" in told


@pytest.mark.skipif(not SHARED.is_dir(), reason="the published networks are not beside this checkout")
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_key_players_come_out(desk: Desk, name: str) -> None:
    found, _ = desk.measured(SHARED / name)
    for place, key in enumerate(PUBLISHED[name]):
        node, row = list(found.items())[place]
        assert node == key.node
        assert float(row["betweenness"]) == pytest.approx(key.betweenness, abs=0.0005)
        if key.degree:
            assert int(row["degree"]) == key.degree
