"""Reads the four families' extracts as a receiving system would, with none of the simulation's own code."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

ENCODINGS = {"niche_tri": "cp1252", "policeworks_gmp": "latin-1"}


def rows(path: Path, encoding: str) -> list[tuple[int, dict[str, str]]]:
    """Rows with their line, but those whose number of fields is wrong."""
    text = path.read_bytes().decode(encoding, "replace")
    reader = csv.reader(io.StringIO(text, newline=""))
    header = next(reader)
    return [(reader.line_num, dict(zip(header, row, strict=True))) for row in reader if len(row) == len(header)]


def lines(path: Path) -> list[tuple[int, dict[str, object]]]:
    """JSON objects with their line, but those that cannot be read."""
    found = []
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        try:
            found.append((number, json.loads(line)))
        except ValueError:
            continue
    return found


def person_keys(folder: Path, source: str) -> Iterator[str]:
    """Keys of the person records in a delivery, by the rule of each family."""
    if source == "niche_tri":
        yield from (row["Id"] for _, row in rows(folder / "person.csv", "cp1252"))
    elif source == "mark43_cumbria":
        yield from (str(person["id"]) for _, person in lines(folder / "persons.jsonl"))
    elif source == "connect_lancashire":
        tree = ElementTree.parse(folder / "extract.xml")
        yield from (nominal.attrib["ref"] for nominal in tree.iter("Nominal") if len(nominal))
    else:
        names = {"crimes": "Name", "custody": "Name", "stops": "Name", "intel": "SubjectName", "missing": "Name"}
        for file, column in names.items():
            for line, row in rows(folder / f"{file}.csv", "latin-1"):
                if row[column]:
                    yield f"{file}/{next(iter(row.values()))}/{line - 1}"


def plain(rich_text: str) -> str:
    """Rich text without its control words."""
    return re.sub(r"\\[a-z]+-?[0-9]* ?|[{}]", "", rich_text).strip()
