"""Vehicle registration marks: one spelling, and which United Kingdom series a mark belongs to.

Source: DVLA INF104 and the series in docs/sources.md#vrm; the test vectors are those of cuvva/vrm (MIT).
The patterns use no look-around, so that the pipeline's SQL macros can use the same text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

# Great Britain has never issued I, Q or Z in these places; I or Z in the area code means Northern Ireland.
_GB = "[A-HJ-PR-Y]"
_AGE = "[A-HJ-NPR-TV-Y]"
_NI_AREA = "(?:[IZ][A-Z]|[A-HJ-Y][IZ])"

SERIES: Mapping[str, str] = MappingProxyType(
    {
        "gb2001": rf"(?P<area>{_GB}{{2}})(?P<age>0[2-9]|[1-9][0-9])(?P<serial>[A-HJ-PR-Z]{{3}})",
        "gb1983": rf"(?P<age>{_AGE})(?P<sequence>[0-9]{{1,3}})(?P<serial>{_GB})(?P<area>{_GB}{{2}})",
        "q1983": rf"(?P<age>Q)(?P<sequence>[0-9]{{1,3}})(?P<serial>{_GB})(?P<area>{_GB}{{2}})",
        "gb1963": rf"(?P<serial>{_GB})(?P<area>{_GB}{{2}})(?P<sequence>[0-9]{{1,3}})(?P<age>{_AGE})",
        "gb1932": rf"(?P<serial>{_GB})(?P<area>{_GB}{{2}})(?P<sequence>[0-9]{{1,3}})",
        "gb1932_reversed": rf"(?P<sequence>[0-9]{{1,3}})(?P<serial>{_GB})(?P<area>{_GB}{{2}})",
        "gb1903": rf"(?P<area>{_GB}{{1,2}})(?P<sequence>[0-9]{{1,4}})",
        "gb1903_reversed": rf"(?P<sequence>[0-9]{{1,4}})(?P<area>{_GB}{{1,2}})",
        "ni1966": rf"(?P<serial>[A-Z])(?P<area>{_NI_AREA})(?P<sequence>[0-9]{{1,4}})",
        "ni1903": rf"(?P<area>{_NI_AREA})(?P<sequence>[0-9]{{1,4}})",
        "ni1903_reversed": rf"(?P<sequence>[0-9]{{1,4}})(?P<area>{_NI_AREA})",
        "diplomatic": r"(?P<entity>[0-9]{3})(?P<type>[DX])(?P<serial>[0-9]{3})",
        "military": r"(?P<first>[0-9]{2})(?P<second>[A-Z]{2})(?P<third>[0-9]{2})",
        "military_reversed": r"(?P<first>[A-Z]{2})(?P<second>[0-9]{2})(?P<third>[A-Z]{2})",
        "trade": r"(?P<sequence>[0-9]{5})",
    }
)
_COMPILED = {name: re.compile(pattern) for name, pattern in SERIES.items()}
_GROUP_NAMES = re.compile(r"\?P<[a-z]+>")
ANY_SERIES = "|".join(f"(?:{_GROUP_NAMES.sub('?:', pattern)})" for pattern in SERIES.values())

_NOT_IN_A_PLATE = re.compile(r"[^A-Za-z0-9]+")
_PLATE_TEXT = re.compile(r"[A-Z0-9]{2,7}")
# What a reader of plates most often takes for one another.
SUBSTITUTIONS: Mapping[str, str] = MappingProxyType({"0": "O", "O": "0", "1": "I", "I": "1"})

_DISPLAY = {
    "gb2001": ("area", "age", " ", "serial"),
    "gb1983": ("age", "sequence", " ", "serial", "area"),
    "q1983": ("age", "sequence", " ", "serial", "area"),
    "gb1963": ("serial", "area", " ", "sequence", "age"),
    "gb1932": ("serial", "area", " ", "sequence"),
    "gb1932_reversed": ("sequence", " ", "serial", "area"),
    "gb1903": ("area", " ", "sequence"),
    "gb1903_reversed": ("sequence", " ", "area"),
    "ni1966": ("serial", "area", " ", "sequence"),
    "ni1903": ("area", " ", "sequence"),
    "ni1903_reversed": ("sequence", " ", "area"),
    "diplomatic": ("entity", " ", "type", " ", "serial"),
    "military": ("first", " ", "second", " ", "third"),
    "military_reversed": ("first", " ", "second", " ", "third"),
    "trade": ("sequence",),
}


@dataclass(frozen=True)
class Mark:
    """A mark read as one series. `parts` are that series' own, such as area, age and serial."""

    value: str
    scheme: str
    parts: Mapping[str, str]

    @property
    def display(self) -> str:
        """The mark as it stands on the plate, with its space."""
        return "".join(self.parts.get(part, part) for part in _DISPLAY[self.scheme])

    @property
    def first_registered(self) -> tuple[int, bool] | None:
        """Year of first registration and whether in its first half (March to August); current series only."""
        if self.scheme != "gb2001":
            return None
        age = int(self.parts["age"])
        return (2000 + age, True) if age <= 50 else (1950 + age, False)


@dataclass(frozen=True)
class Plate:
    """A delivered registration. `value`: upper letters and digits only. `scheme`: series, or "" when none fits."""

    raw: str
    value: str
    valid: bool
    scheme: str
    display: str


def clean(raw: str) -> str:
    """Upper ASCII letters and digits only."""
    return _NOT_IN_A_PLATE.sub("", raw).upper()


def is_plate_text(value: str) -> bool:
    """Whether a cleaned value could be a plate of anywhere: two to seven letters and digits."""
    return _PLATE_TEXT.fullmatch(value) is not None


def parse(value: str, *schemes: str) -> Mark | None:
    """The first of the series (all in turn when none is named) a cleaned value belongs to."""
    for scheme in schemes or tuple(SERIES):
        match = _COMPILED[scheme].fullmatch(value)
        if match:
            return Mark(value, scheme, MappingProxyType(match.groupdict()))
    return None


def normalise(raw: str) -> Plate:
    """One spelling of a registration and its series. An unknown form is kept and marked not valid."""
    value = clean(raw)
    mark = parse(value)
    if mark is None:
        return Plate(raw, value, valid=False, scheme="", display=value)
    return Plate(raw, value, valid=True, scheme=mark.scheme, display=mark.display)


def combinations(text: str, *, prefix: str = "") -> list[str]:
    """Every other reading of a mark when 0 and O, 1 and I are mistaken for one another."""
    found: list[str] = []
    for position, letter in enumerate(text):
        other = SUBSTITUTIONS.get(letter)
        if other is not None:
            start = prefix + text[:position] + other
            rest = text[position + 1 :]
            found.append(start + rest)
            found.extend(combinations(rest, prefix=start))
    return found


def readings(raw: str, *schemes: str) -> list[Mark]:
    """The mark as delivered if it fits a series, else every misreading of it that does."""
    value = clean(raw)
    as_delivered = parse(value, *schemes)
    if as_delivered is not None:
        return [as_delivered]
    return [mark for other in combinations(value) if (mark := parse(other, *schemes)) is not None]
