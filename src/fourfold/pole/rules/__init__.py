"""What the words of the picture mean: kinds, roles, ages, how sure a birth date is. Plain Python."""

from collections.abc import Iterable, Mapping
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


class TieVerdict(StrEnum):
    """What a rule says of two records of things."""

    JOIN = "JOIN"
    MAYBE = "MAYBE"
    APART = "APART"


class EdgeState(StrEnum):
    CURRENT = "CURRENT"
    PAST = "PAST"


class Band(StrEnum):
    """How the resolution uses a match: it joins, asks a person, is too weak by itself, or the source said so.

    APART would join, were it not for what a person said.
    """

    LINKED = "LINKED"
    APART = "APART"
    PROPOSED = "PROPOSED"
    WITHIN = "WITHIN"
    TOMBSTONE = "TOMBSTONE"


JOINING = frozenset({Band.LINKED, Band.TOMBSTONE, Band.APART})
"""Matches that join two records unless somebody said that they are different."""
WAITING = frozenset({Band.PROPOSED, Band.APART})
"""Matches that wait for a person while their records are two people's."""
EVENT_KINDS = {
    "CRIME": "Crime",
    "CUSTODY": "Custody record",
    "STOP": "Stop and search",
    "INTELLIGENCE": "Intelligence report",
    "MISSING": "Missing episode",
    "INCIDENT": "Incident",
}
OBJECT_KINDS = {"VEHICLE": "Vehicle", "PHONE": "Phone", "ORGANISATION": "Organisation"}
THING_LETTERS = {"VEHICLE": "V", "PHONE": "T", "ADDRESS": "A", "ORGANISATION": "O"}
THING_NOUNS = {
    "VEHICLE": ("vehicle", "vehicles"),
    "PHONE": ("phone", "phones"),
    "ADDRESS": ("address", "addresses"),
    "ORGANISATION": ("organisation", "organisations"),
}
DETAIL_WORDS = {
    "vin": "Identification number (VIN)",
    "imei": "Handset (IMEI)",
    "imsi": "SIM card (IMSI)",
    "company_number": "Company number",
    "trading_names": "Trades as",
    "address_line": "Address",
    "postcode": "Postcode",
}
"""What a source may say of an object beside its number, and what that is called."""
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
    "DIRECTOR_OF": "Director",
    "WORKS_FOR": "Works for",
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
LONGEST_NUMBER = 15
"""Digits of the longest number that a reference may have."""


def reference_of(person_id: int) -> str:
    return f"P-{person_id:07d}"


def thing_reference(kind: str, thing_id: int) -> str:
    """How people name a thing's number, such as V-0000123."""
    return f"{THING_LETTERS.get(kind, 'X')}-{thing_id:07d}"


def person_id_of(reference: str) -> int | None:
    """The number in a reference such as P-0000123 or p123; None where it is not one."""
    digits = reference.strip().upper().removeprefix("P").removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > LONGEST_NUMBER:
        return None
    return int(digits)


def thing_of(reference: str) -> tuple[str, int] | None:
    """The kind and number in a reference such as V-0000123 or v123; None where it is not one."""
    text = reference.strip().upper()
    kind = next((kind for kind, letter in THING_LETTERS.items() if text[:1] == letter), None)
    digits = text[1:].removeprefix("-")
    if kind is None or not digits.isascii() or not digits.isdigit() or len(digits) > LONGEST_NUMBER:
        return None
    return kind, int(digits)


def under_18_words(*, surely: bool) -> str:
    return "Under 18" if surely else "May be under 18"


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

    def is_surely_a_child(self, today: date) -> bool:
        """Whether every record that has a date, exact ones all, makes the person under 18."""
        return bool(self.said) and all(
            surely_aged(quality) and day <= today and age_on(day, today) < ADULT_AT for day, quality in self.said
        )

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
    "birth": "Date of birth",
    "identifier": "PNC, CRO or National Insurance number",
    "postcode": "Home postcode",
    "contact": "Telephone or vehicle",
    "sex": "Sex",
    "group": "The person’s other records",
    "tombstone": "Merged by the source",
}
MATCH_WORDS = {
    ("name", "missing"): "A name is missing",
    ("name", "same"): "Same forename and surname",
    ("name", "whole"): "Same forenames, with a middle name, and surname",
    ("name", "middle_differs"): "Same forename and surname, but another middle name",
    ("name", "swapped"): "Same forename and surname, the other way round",
    ("name", "alias"): "One record gives the other's name as an alias",
    ("name", "nickname"): "Same surname, and one forename is a short form of the other",
    ("name", "middle"): "Same surname, and one forename is the other's middle name",
    ("name", "close"): "Forename and surname spelt almost the same",
    ("name", "initial"): "Same surname and first letter of the forename",
    ("name", "part"): "Same forename, and the surnames share a part",
    ("name", "surname"): "Same surname, but not forename",
    ("name", "forename"): "Same forename, but not surname",
    ("name", "different"): "Different names",
    ("birth", "missing"): "A date of birth is missing",
    ("birth", "twin"): "Born on the same day, as twins of one home may be",
    ("birth", "same"): "Born on the same day",
    ("birth", "swapped"): "Born on the same day, with day and month the other way round",
    ("birth", "year"): "Same day and month of birth, a year apart",
    ("birth", "near"): "Dates of birth differ by one digit",
    ("birth", "default"): "Same year of birth, and a date that stands for not known",
    ("birth", "different"): "Different dates of birth",
    ("identifier", "missing"): "No such number can be compared",
    ("identifier", "pnc"): "Same PNC ID",
    ("identifier", "cro"): "Same CRO number",
    ("identifier", "nino"): "Same National Insurance number",
    ("identifier", "different"): "Different PNC, CRO or National Insurance numbers",
    ("postcode", "missing"): "A home postcode is missing",
    ("postcode", "home"): "Same home postcode, as relatives of one surname may have",
    ("postcode", "same"): "Same home postcode",
    ("postcode", "sector"): "Homes in the same postcode sector",
    ("postcode", "district"): "Homes in the same postcode district",
    ("postcode", "different"): "Different home postcodes",
    ("contact", "missing"): "No telephone or vehicle can be compared",
    ("contact", "home"): "Same telephone or vehicle, as relatives of one surname may have",
    ("contact", "same"): "Same telephone or vehicle",
    ("contact", "different"): "Different telephones and vehicles",
    ("sex", "missing"): "A sex is not recorded",
    ("sex", "same"): "Same recorded sex",
    ("sex", "different"): "Different recorded sex",
    ("group", "fits"): "Fits this person best by far of everybody recorded, by how often and with whom each is",
    ("tombstone", "merged"): "Their own source made one record of the two",
}
"""What each outcome of a comparison means. A test holds it against the settings that the pipeline ships."""
SPOKEN_FROM = 0.5
"""Weight from which a comparison is worth a place in the words; the drawing has all of them."""


def comparison_title(comparison: str) -> str:
    return COMPARISON_TITLES.get(comparison, comparison.replace("_", " ").capitalize())


def match_words(comparison: str, level: str) -> str:
    """What a comparison found; an outcome that a later model adds is shown by its own name."""
    found = MATCH_WORDS.get((comparison, level))
    return found or f"{comparison_title(comparison)}: {level or 'compared'}"


def step_weight(step: Mapping[str, Any]) -> float:
    """What one comparison adds, with the adjustment for how common the value is."""
    return float(step.get("weight") or 0) + float(step.get("tf_weight") or 0)


def reasons(waterfall: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What speaks for a match and what against it, the strongest first."""
    spoken = [
        (step_weight(step), match_words(str(step.get("comparison", "")), str(step.get("level") or "")))
        for step in waterfall
        if step.get("comparison") != "prior"
    ]
    spoken.sort(key=lambda one: -abs(one[0]))
    return (
        tuple(words for weight, words in spoken if weight >= SPOKEN_FROM),
        tuple(words for weight, words in spoken if weight <= -SPOKEN_FROM),
    )


def percentage_words(probability: float) -> str:
    """A probability never shown as certain: 99.99 at most, in words where that is plainer."""
    if probability >= 0.9999:
        return "more than 99.99%"
    if probability <= 0.0001:
        return "less than 0.01%"
    return f"{probability * 100:.2f}".rstrip("0").rstrip(".") + "%"
