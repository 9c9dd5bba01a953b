"""United Kingdom postcodes. Source: docs/sources.md#postcode (the pattern of the Cabinet Office's BS 7666 guidance)."""

from __future__ import annotations

import re
from dataclasses import dataclass

PATTERN = (
    "GIR0AA|[A-PR-UWYZ](?:[0-9]{1,2}|[A-HK-Y][0-9]|[A-HK-Y][0-9][0-9ABEHMNPRVWXY]|[0-9][A-HJKPS-UW])"
    "[0-9][ABD-HJLNP-UW-Z]{2}"
)
_COMPILED = re.compile(PATTERN)
_JUNK = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True)
class Postcode:
    """A delivered postcode. `value`: "M1 1AA", or "" when it has no valid form. `district`: the outward part, "M1"."""

    raw: str
    value: str
    valid: bool
    district: str


def normalise(raw: str) -> Postcode:
    text = _JUNK.sub("", raw).upper()
    if not _COMPILED.fullmatch(text):
        return Postcode(raw, "", valid=False, district="")
    return Postcode(raw, f"{text[:-3]} {text[-3:]}", valid=True, district=text[:-3])
