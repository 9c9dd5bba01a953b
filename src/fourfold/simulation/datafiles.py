"""Reads the small data files that travel with the simulation."""

import csv
from pathlib import Path

DATA = Path(__file__).parent / "data"


def read_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of one comma-separated data file."""
    with (DATA / name).open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


def read_sections(path: Path) -> dict[tuple[str, str], list[str]]:
    """Return the name lists of a file of `[origin kind]` headings, each followed by its names."""
    sections: dict[tuple[str, str], list[str]] = {}
    names: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            origin, kind = line.strip("[]").split()
            names = sections.setdefault((origin, kind), [])
        elif line and not line.startswith("#"):
            names.extend(word.replace("_", " ") for word in line.split())
    return sections


def read_lines(name: str) -> list[list[str]]:
    """Return the lines of a hand-written list, each cut into words."""
    text = (DATA / name).read_text(encoding="utf-8")
    return [line.split() for line in text.splitlines() if line and not line.startswith("#")]
