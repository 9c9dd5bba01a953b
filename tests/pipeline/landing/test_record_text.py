"""JSON Lines, GeoJSON and XML: streamed, bounded, and one bad record spoils no other."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.pipeline.delivery import Caps, Layout, Refused
from fourfold.pipeline.landing.record_text import RecordFile, json_depth
from fourfold.pipeline.landing.set_aside import SetAside

JSONL = Layout("x", "x.jsonl", "jsonl", shape={"id": "", "name": "", "list": [{"a": ""}]})
GEOJSON = Layout("x", "x.geojson", "geojson", shape={"properties": {"name": ""}})
PEOPLE = Layout(
    "person",
    "x.xml",
    "xml",
    shape={"ref": "", "Name": {"Given": ""}, "Phone": [{"from": "", "text": ""}]},
    record="People/Person",
)
EVENTS = Layout("event", "x.xml", "xml", shape={"ref": "", "Text": ""}, record="Events/Event")


class Reading:
    """What came of one file."""

    def __init__(self, folder: Path, content: bytes, *layouts: Layout, caps: Caps | None = None) -> None:
        source, aside = folder / "x", SetAside()
        source.write_bytes(content)
        file = RecordFile(source, "x", layouts, caps or Caps(field_characters=100), aside)
        targets = {layout.table: folder / f"{layout.table}.parquet" for layout in layouts}
        file.land(targets)
        aside.write(folder / "aside.parquet")
        self.unknown = file.unknown
        self.bodies = {
            table: [(row["source_line"], json.loads(row["body"])) for row in pq.read_table(target).to_pylist()]
            for table, target in targets.items()
        }
        self.bad = pq.read_table(folder / "aside.parquet").to_pylist()
        self.faults = [(row["rule_code"], row["source_line"]) for row in self.bad]


def test_json_lines(tmp_path: Path) -> None:
    lines = [
        b'{"id":1,"name":"caf\xc3\xa9","list":[{"a":"x"}]}',
        b'{"id":2,"name":"cut',
        b'{"id":3,"name":"bad \xff byte"}',
        b"",
        b"[1,2]",
        b'{"id":4,"name":"half \\ud800 pair"}',
        b'{"id":5,"name":"nul \\u0000"}',
        b'{"id":6,"name":"' + b"z" * 200 + b'"}',
        b'{"id":7,"list":' + b"[" * 70 + b"]" * 70 + b"}",
        b'{"id":8,"column19":"spare"}',
        b'{"id":NaN}',
        b'{"id":9}',
        b'{"id":10}',
    ]
    reading = Reading(tmp_path, b"\n".join(lines), JSONL)
    assert [(line, body["id"]) for line, body in reading.bodies["x"]] == [(1, 1), (12, 9), (13, 10)]
    assert reading.bodies["x"][0][1]["name"] == "café"
    assert reading.faults == [
        ("Q-ROW-07", 2),
        ("Q-ROW-03", 3),
        ("Q-ROW-07", 5),
        ("Q-ROW-09", 6),
        ("Q-ROW-05", 7),
        ("Q-ROW-04", 8),
        ("Q-ROW-08", 9),
        ("Q-ROW-10", 10),
        ("Q-ROW-07", 11),
    ]
    assert json.loads(reading.bad[1]["row_json"])[""] == '{"id":3,"name":"bad \\xff byte"}'


def test_a_field_most_records_have_was_added_by_the_source(tmp_path: Path) -> None:
    content = b"\n".join(b'{"id":%d,"added":"x"}' % n for n in range(5)) + b'\n{"id":9,"added":"x","odd":1}'
    reading = Reading(tmp_path, content, JSONL)
    assert reading.unknown == ("added",)
    assert len(reading.bodies["x"]) == 6


@settings(max_examples=100, deadline=None)
@given(lines=st.lists(st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b"")), max_size=10))
def test_any_bytes_are_a_row_or_set_aside(lines: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> None:
    reading = Reading(tmp_path_factory.mktemp("jsonl"), b'{"id":0}\n' + b"\n".join(lines), JSONL)
    assert len(reading.bodies["x"]) + len(reading.bad) == 1 + sum(1 for line in lines if line.strip())


@pytest.mark.parametrize(
    ("text", "depth"), [("{}", 1), ('{"a":[{"b":1}]}', 3), ('{"a":"[[[["}', 1), ('{"a":"\\"[["}', 1), ("1", 0)]
)
def test_depth(text: str, depth: int) -> None:
    assert json_depth(text) == depth


def test_geojson(tmp_path: Path) -> None:
    content = json.dumps({"type": "FeatureCollection", "features": [{"properties": {"name": "a"}}, 7]}).encode()
    reading = Reading(tmp_path, content, GEOJSON)
    assert reading.bodies["x"] == [(1, {"properties": {"name": "a"}})]
    assert reading.faults == [("Q-ROW-07", 2)]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'{"features": [{', "Q-FILE-08"),
        (b"[]", "Q-FILE-08"),
        (b"[" * 100_000, "Q-FILE-10"),
        (b"\xff{}", "Q-FILE-08"),
        (b"", "Q-FILE-02"),
    ],
)
def test_geojson_refused(content: bytes, code: str, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        Reading(tmp_path, content, GEOJSON)
    assert refused.value.code == code


XML = """<?xml version="1.0" encoding="UTF-8"?>
<Extract version="1"><People>
<Person ref="1"><Name><Given>Ann</Given></Name><Phone from="2024-01-01">07700 900123</Phone><Phone
from="">x</Phone></Person>
<Person ref="2"/>
<Person ref="3"><Name><Given>caf\N{REPLACEMENT CHARACTER}</Given></Name></Person>
<Person ref="4"><Column19>spare</Column19></Person>
</People><Events><Event ref="5"><Text>one &amp; two</Text></Event></Events></Extract>"""


def test_xml(tmp_path: Path) -> None:
    reading = Reading(tmp_path, XML.encode(), PEOPLE, EVENTS)
    assert reading.bodies["person"] == [
        (
            1,
            {
                "ref": "1",
                "Name": {"Given": "Ann"},
                "Phone": [{"from": "2024-01-01", "text": "07700 900123"}, {"from": "", "text": "x"}],
            },
        ),
        (2, {"ref": "2"}),
    ]
    assert reading.bodies["event"] == [(5, {"ref": "5", "Text": "one & two"})]
    assert reading.faults == [("Q-ROW-03", 3), ("Q-ROW-10", 4)]
    assert json.loads(reading.bad[1]["row_json"])[""] == '<Person ref="4"><Column19>spare</Column19></Person>'


def test_a_bad_byte_spoils_its_own_record(tmp_path: Path) -> None:
    content = XML.encode().replace(b"Ann", b"An\xff").replace(b"one &amp;", b"on\x01e &amp;")
    reading = Reading(tmp_path, content, PEOPLE, EVENTS)
    assert [line for line, _ in reading.bodies["person"]] == [2]
    assert reading.faults == [("Q-ROW-03", 1), ("Q-ROW-03", 3), ("Q-ROW-10", 4), ("Q-ROW-03", 5)]


def test_bytes_across_the_reader_s_edge_are_whole(tmp_path: Path) -> None:
    """A letter of several bytes may fall across two reads."""
    start = b'<Extract><Events><Event ref="1"><Text>' + b"x" * ((1 << 20) - 39)
    content = start + "é".encode() * 3 + b"</Text></Event></Events></Extract>"
    reading = Reading(tmp_path, content, EVENTS, caps=Caps(field_characters=2_000_000))
    assert reading.faults == []
    assert reading.bodies["event"][0][1]["Text"].endswith("ééé")


BODY = b'<Extract><Events><Event ref="1"><Text>&b;</Text></Event></Events></Extract>'
BOMB = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>' + BODY
OUTSIDE = b'<!DOCTYPE x [<!ENTITY b SYSTEM "file:///etc/passwd">]>' + BODY


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (BOMB, "Q-FILE-09"),
        (OUTSIDE, "Q-FILE-09"),
        (XML.encode()[:200], "Q-FILE-08"),
        (b"<Extract>" + b"<a>" * 200, "Q-FILE-10"),
        (b"<html><body>Error</body></html>", "Q-FILE-03"),
        (b"a,b\n1,2\n", "Q-FILE-08"),
        (XML.encode("utf-16"), "Q-FILE-04"),
        (b"", "Q-FILE-02"),
    ],
)
def test_xml_refused(content: bytes, code: str, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        Reading(tmp_path, content, PEOPLE, EVENTS)
    assert refused.value.code == code
    assert refused.value.sentence.endswith(".")
