"""Names of people: one spelling for showing, one key for comparing, and the parts of a name typed as one text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# Letters that have no accent to take off. Upper and lower, because the key is made upper only at the end.
SPECIAL_LETTERS = {
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
    "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "TH", "ı": "i",
}  # fmt: skip
# Nothing stands in their place: O'Brien and OBrien are one key.
DROPPED = "'’‘`´ʼ"
_SPACES = re.compile(r"[ \t\r\n\f\v]+")
_NOT_LETTERS = re.compile(r"[^A-Za-z]+")
_TRANSLATION = str.maketrans({**SPECIAL_LETTERS, **dict.fromkeys(DROPPED, "")})


@dataclass(frozen=True)
class PersonName:
    """A delivered name. `scheme`: parts, comma (SURNAME, Forenames), spoken (Forenames Surname), single, none."""

    raw: str
    value: str
    valid: bool
    scheme: str
    forenames: str
    surname: str
    key: str


def spaced(raw: str) -> str:
    """The text with single spaces and none at the ends; letters as delivered."""
    return _SPACES.sub(" ", raw).strip(" ")


def key(raw: str) -> str:
    """Upper ASCII letters and single spaces: accents taken off, apostrophes dropped, all else a space."""
    plain = "".join(c for c in unicodedata.normalize("NFD", raw) if unicodedata.category(c)[0] != "M")
    return _NOT_LETTERS.sub(" ", plain.translate(_TRANSLATION)).strip(" ").upper()


def _named(raw: str, scheme: str, forenames: str, surname: str) -> PersonName:
    value = spaced(f"{forenames} {surname}")
    return PersonName(raw, value, bool(value), scheme if value else "none", forenames, surname, key(value))


def normalise_parts(forenames: str, surname: str) -> PersonName:
    """A name delivered in its parts."""
    return _named(f"{forenames}|{surname}", "parts", spaced(forenames), spaced(surname))


def normalise(raw: str) -> PersonName:
    """A name typed as one text: "SURNAME, Forename Middle", or "Forename Middle Surname"; one word is a surname."""
    before, comma, after = raw.partition(",")
    if comma:
        return _named(raw, "comma", spaced(after), spaced(before))
    forenames, _, surname = spaced(raw).rpartition(" ")
    return _named(raw, "spoken" if forenames else "single", forenames, surname)
