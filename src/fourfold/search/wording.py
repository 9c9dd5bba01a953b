"""How near the words that were typed are to those of a record, and the words for it."""

import csv
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import IntEnum
from functools import cache, lru_cache
from pathlib import Path

from fourfold.search.rules import WAYS

NICKNAMES = Path(__file__).parents[1] / "pipeline" / "resolution" / "data" / "nicknames_en.csv"
"""The short forms that the resolution goes by."""
MOST_FORMS = 12
FEW_LETTERS = 4
TWO_SLIPS = 2
SOMEWHAT_ALIKE = 0.6
KEPT_PAIRS = 20_000
"""Pairs of words compared last: the records of one search share most of theirs."""


class Nearness(IntEnum):
    """How a typed word is that of a record, the nearest first."""

    SAME = 0
    SHORT_FORM = 1
    BEGINNING = 2
    SOUND = 3
    SLIP = 4
    NOTHING = 5


CLOSENESS = {
    Nearness.SAME: 1.0,
    Nearness.SHORT_FORM: 0.9,
    Nearness.BEGINNING: 0.8,
    Nearness.SOUND: 0.7,
    Nearness.SLIP: 0.75,
    Nearness.NOTHING: 0.0,
}
WORDS = {
    Nearness.SHORT_FORM: "a short form of the name",
    Nearness.BEGINNING: "name begins so",
    Nearness.SOUND: "name sounds like",
    Nearness.SLIP: "name spelt nearly like",
}


@dataclass(frozen=True)
class Met:
    """The word of a record that a typed word meets best, and how."""

    typed: str
    word: str
    how: Nearness

    @property
    def closeness(self) -> float:
        return CLOSENESS[self.how]


@cache
def _short_forms() -> Mapping[str, tuple[str, ...]]:
    forms: dict[str, dict[str, None]] = defaultdict(dict)
    with NICKNAMES.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            one, other = row["name1"].upper(), row["name2"].upper()
            forms[one][other] = None
            forms[other][one] = None
    for whole, short in WAYS.items():
        forms[whole][short] = None
        forms[short][whole] = None
    return {name: tuple(others) for name, others in forms.items()}


def forms_of(word: str) -> tuple[str, ...]:
    """What else a name is called and a street's word is written, the word itself first."""
    return (word, *_short_forms().get(word, ())[:MOST_FORMS])


def with_forms(words: Sequence[str]) -> str:
    """Typed words as the finder takes them: each with its other forms behind bars."""
    return " ".join("|".join(form for form in forms_of(word) if form.isalnum()) for word in words)


def met(typed: str, words: Collection[str], *, alike: Collection[str] = ()) -> Met:
    """The nearest of some words to a typed one.

    Args:
        typed: A word in capitals.
        words: Words of a record.
        alike: Those of them that sound like it.
    """
    best, best_how = "", Nearness.NOTHING
    for word in words:
        if word == typed:
            return Met(typed, word, Nearness.SAME)
        how = _nearness(typed, word, word in alike)
        if CLOSENESS[how] > CLOSENESS[best_how]:
            best, best_how = word, how
    return Met(typed, best, best_how)


@lru_cache(maxsize=KEPT_PAIRS)
def _nearness(typed: str, word: str, sounds_alike: bool) -> Nearness:
    if word in _short_forms().get(typed, ()):
        return Nearness.SHORT_FORM
    if word.startswith(typed):
        return Nearness.BEGINNING
    if sounds_alike:
        return Nearness.SOUND
    if is_slip(typed, word):
        return Nearness.SLIP
    return Nearness.NOTHING


def is_slip(typed: str, word: str) -> bool:
    """Whether one may be the other misspelt: one slip in a short word, two in a longer one, or most letters alike."""
    if any(c.isdigit() for c in typed + word):
        return False
    allowed = 1 if min(len(typed), len(word)) <= FEW_LETTERS else TWO_SLIPS
    if abs(len(typed) - len(word)) <= allowed and slips(typed, word) <= allowed:
        return True
    if len(typed) <= FEW_LETTERS:
        return False
    letters = SequenceMatcher(None, typed, word)
    return letters.quick_ratio() >= SOMEWHAT_ALIKE and letters.ratio() >= SOMEWHAT_ALIKE


def slips(one: str, other: str) -> int:
    """Letters to add, leave out, change or let change places with the next to make one word the other."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        current = [row]
        for column, wanted in enumerate(other, start=1):
            cost = min(last[column] + 1, current[-1] + 1, last[column - 1] + (letter != wanted))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == wanted:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        before, last = last, current
    return last[-1]


def name_words(found: Sequence[Met]) -> str:
    """How the words of a name were found that are not the same: each way once, the nearest first."""
    ways = sorted({each.how for each in found if each.how in WORDS})
    return ", ".join(WORDS[way] for way in ways)
