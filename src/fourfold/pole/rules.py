"""What the words of the picture mean: kinds, roles, ages, how sure a birth date is. Plain Python."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What can stand at an end of a link."""

    PERSON = "PERSON"
    OBJECT = "OBJECT"
    LOCATION = "LOCATION"
    EVENT = "EVENT"


class EdgeState(StrEnum):
    CURRENT = "CURRENT"
    PAST = "PAST"


class Band(StrEnum):
    """How the resolution uses a match: made one person of the two, asks a person, or was told by the source."""

    LINKED = "LINKED"
    PROPOSED = "PROPOSED"
    TOMBSTONE = "TOMBSTONE"


EVENT_KINDS = {
    "CRIME": "Crime",
    "CUSTODY": "Custody record",
    "STOP": "Stop and search",
    "INTELLIGENCE": "Intelligence report",
    "MISSING": "Missing episode",
    "INCIDENT": "Incident",
}
OBJECT_KINDS = {"VEHICLE": "Vehicle", "PHONE": "Phone"}
SEXES = {"M": "Male", "F": "Female", "U": "Not known"}
LINK_TYPES = {
    "SUSPECT": "Suspect",
    "VICTIM": "Victim",
    "WITNESS": "Witness",
    "ARRESTED": "Arrested",
    "STOPPED": "Stopped",
    "SUBJECT": "Subject of the report",
    "MISSING_PERSON": "Missing person",
    "INVOLVED": "Involved",
    "KEEPER_OF": "Keeper",
    "USES": "Uses",
    "LIVES_AT": "Lives at",
    "ASSOCIATE": "Associate",
    "RELATIVE": "Relative",
    "INVOLVES": "Involved in",
    "HAPPENED_AT": "Happened at",
}
PROTECTED_ROLES = frozenset({"VICTIM", "MISSING_PERSON"})
"""Roles whose holder is to be protected: shown first and apart from suspects."""
SOURCE_WORDS = {"1": "reliable source", "2": "untested source", "3": "not reliable source"}
ASSESSMENT_WORDS = {
    "A": "known directly to the source",
    "B": "known indirectly, corroborated",
    "C": "known indirectly to the source",
    "D": "not known how",
    "E": "suspected to be false",
}
HANDLING_WORDS = {"P": "Lawful sharing permitted", "C": "Lawful sharing permitted with conditions: ask the owner first"}
ADULT_AT = 18


def reference_of(person_id: int) -> str:
    return f"P-{person_id:07d}"


def person_id_of(reference: str) -> int | None:
    """The number in a reference such as P-0000123 or p123; None where it is not one."""
    digits = reference.strip().upper().removeprefix("P").removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 15:
        return None
    return int(digits)


def age_on(birth_on: date, day: date) -> int:
    """Whole years; a person born on 29 February is a year older on 1 March of other years."""
    return day.year - birth_on.year - ((day.month, day.day) < (birth_on.month, birth_on.day))


def surely_aged(birth_quality: str) -> bool:
    """Whether the day of birth is one that somebody gave, and not 1 January typed for want of one."""
    return birth_quality == "exact"


@dataclass(frozen=True)
class Births:
    """What several records say of one person's birth."""

    said: tuple[tuple[date, str], ...]
    """Birth date and its quality, one for each record that has a date."""

    def agreed(self) -> date | None:
        """The date most records give, an exact one before a default one; the later of two as common."""
        if not self.said:
            return None
        count: dict[tuple[bool, date], int] = {}
        for day, quality in self.said:
            key = (surely_aged(quality), day)
            count[key] = count.get(key, 0) + 1
        exact = {key: n for key, n in count.items() if key[0]} or count
        return max(exact, key=lambda key: (exact[key], key[1]))[1]

    def age(self, today: date) -> int | None:
        agreed = self.agreed()
        if agreed is None or agreed > today:
            return None
        return age_on(agreed, today)

    def may_be_a_child(self, today: date) -> bool:
        """Whether any record, exact or not, makes the person under 18: a child is protected on any doubt."""
        return any(day <= today and age_on(day, today) < ADULT_AT for day, _ in self.said)

    def disputed(self) -> bool:
        return len({day for day, _ in self.said}) > 1


def grade_words(grade: str) -> str:
    """ "1A" in words. Source: intelligence report 3x5x2 (docs/sources.md#intelligence-report)."""
    if len(grade) < 2:
        return ""
    return ", ".join(filter(None, (SOURCE_WORDS.get(grade[0], ""), ASSESSMENT_WORDS.get(grade[1], ""))))


COMPARISON_TITLES = {
    "prior": "Before anything is compared",
    "name": "Name",
    "forename": "Forename",
    "forenames": "Forenames",
    "surname": "Surname",
    "birth": "Date of birth",
    "birth_on": "Date of birth",
    "dob": "Date of birth",
    "sex": "Sex",
    "pnc": "PNC ID",
    "pnc_id": "PNC ID",
    "cro": "CRO number",
    "nino": "National Insurance number",
    "postcode": "Postcode",
    "address": "Address",
    "phone": "Phone",
    "identifier": "Identifiers",
    "identifiers": "Identifiers",
}


def comparison_title(comparison: str) -> str:
    return COMPARISON_TITLES.get(comparison, comparison.replace("_", " ").capitalize())


def reasons(waterfall: list[dict[str, Any]], *, at_least: float = 1.0) -> tuple[tuple[str, str], ...]:
    """What spoke for and against a match, strongest first: ("for" | "against", "Date of birth: the same day")."""
    spoken: list[tuple[float, str]] = []
    for step in waterfall:
        weight = float(step.get("weight") or 0) + float(step.get("tf_weight") or 0)
        comparison = str(step.get("comparison", ""))
        if comparison == "prior" or abs(weight) < at_least:
            continue
        spoken.append((weight, f"{comparison_title(comparison)}: {step.get('level') or 'compared'}"))
    spoken.sort(key=lambda one: -abs(one[0]))
    return tuple(("for" if weight > 0 else "against", words) for weight, words in spoken)


def percentage_words(probability: float) -> str:
    """A probability never shown as certain: 99.99 at most, in words where that is plainer."""
    if probability >= 0.9999:
        return "more than 99.99%"
    if probability <= 0.0001:
        return "less than 0.01%"
    return f"{probability * 100:.2f}".rstrip("0").rstrip(".") + "%"
