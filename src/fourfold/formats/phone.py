"""Telephone numbers as people in the United Kingdom write them, as E.164. Source: ITU E.164, Ofcom numbering plan."""

from __future__ import annotations

import re
from dataclasses import dataclass

_JUNK = re.compile(r"[^0-9+]+")
_TRUNK = re.compile(r"\(0\)")
MOBILE = r"\+447[1-57-9][0-9]{8}"
MANX_MOBILE = r"\+447624[0-9]{6}"
PERSONAL = r"\+4470[0-9]{8}"
PAGER = r"\+4476[0-9]{8}"
LANDLINE = r"\+44[1-3589][0-9]{8,9}"
FOREIGN = r"\+(?:[1-35-9][0-9]{6,14}|4[0-35-9][0-9]{5,13})"
_KINDS = (
    ("mobile", re.compile(MOBILE)),
    ("mobile", re.compile(MANX_MOBILE)),
    ("personal", re.compile(PERSONAL)),
    ("pager", re.compile(PAGER)),
    ("landline", re.compile(LANDLINE)),
    ("foreign", re.compile(FOREIGN)),
)
VALID = "|".join(f"(?:{pattern.pattern})" for _, pattern in _KINDS)


@dataclass(frozen=True)
class Phone:
    """A delivered number. `value`: E.164, or the digits when none can be made. `scheme`: mobile, landline, … or ""."""

    raw: str
    value: str
    valid: bool
    scheme: str


def clean(raw: str) -> str:
    """The number with its country code where the writing shows it; digits only where it does not."""
    text = _JUNK.sub("", _TRUNK.sub("", raw))
    digits = text.replace("+", "")
    if text.startswith("+") and digits:
        return "+44" + digits[3:] if digits.startswith("440") else "+" + digits
    if digits.startswith("00"):
        return "+" + digits[2:]
    if digits.startswith("0"):
        return "+44" + digits[1:]
    if digits.startswith("44") and len(digits) >= 11:
        return "+" + digits
    return digits


def normalise(raw: str) -> Phone:
    """E.164 of a number. One that cannot ring (withheld, a short code, too few digits) is kept and marked not valid."""
    value = clean(raw)
    for scheme, pattern in _KINDS:
        if pattern.fullmatch(value):
            return Phone(raw, value, valid=True, scheme=scheme)
    return Phone(raw, value, valid=False, scheme="")
