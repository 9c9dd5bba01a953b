"""What a typed search can mean. One text may be several things at once: each is looked for."""

import re
from dataclasses import dataclass
from datetime import date

from fourfold.formats import identifiers, names, phone, postcode, vrm

SHORTEST = 2
LONGEST = 200
SHORTEST_PREFIX = 3
SHORTEST_REFERENCE = 4
FIRST_YEAR = 1900
_DAY = re.compile(r"\b(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\b")
_ISO_DAY = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_YEAR = re.compile(r"\b(19\d\d|20\d\d)\b")
_POSTCODE = re.compile(r"\b([A-Z]{1,2}[0-9][0-9A-Z]?) ?([0-9][A-Z]{2})\b")
_DISTRICT = re.compile(r"\b([A-Z]{1,2}[0-9]{1,2}[A-Z]?)\b")
_PERSON = re.compile(r"^P-?\d{1,15}$")


@dataclass(frozen=True)
class Query:
    """A search as read. Empty parts were not found in the text."""

    text: str
    name: str = ""
    born: date | None = None
    born_in: int | None = None
    postcode: str = ""
    district: str = ""
    plates: tuple[str, ...] = ()
    phone: str = ""
    pnc: str = ""
    cro: str = ""
    nino: str = ""
    person_id: int | None = None
    reference: str = ""
    refusal: str = ""
    remark: str = ""

    @property
    def asks_for_people(self) -> bool:
        said = (self.name, self.born, self.born_in, self.postcode, self.pnc, self.cro, self.nino)
        return any(said) or self.person_id is not None


def read(typed: str, *, today: date) -> Query:
    """What to look for, or the sentence that says why nothing can be."""
    text = " ".join("".join(c if c.isprintable() else " " for c in typed).split())
    marks = sum(c.isalnum() for c in text)
    if not text:
        return Query("", refusal="Type a name, a date of birth, a plate, a phone number, a postcode or a reference.")
    if len(text) > LONGEST:
        return Query(text[:LONGEST], refusal=f"Use at most {LONGEST} characters.")
    if marks < SHORTEST:
        return Query(text, refusal=f"Type at least {SHORTEST} letters or digits.")
    upper = text.upper()
    if _PERSON.match(upper):
        return Query(text, person_id=int(upper.removeprefix("P").removeprefix("-")))
    plates = _plates(upper)
    born, rest, remark = _birth(upper, today)
    year, rest = (None, rest) if born or remark else _year(rest, today)
    found_postcode, district, rest = _place(rest)
    is_plate = any(vrm.normalise(plate).valid for plate in plates)
    name = names.key(rest) if _reads_as_name(rest) and not is_plate else ""
    number = phone.normalise(text)
    return Query(
        text,
        name=name if len(name.replace(" ", "")) >= SHORTEST else "",
        born=born,
        born_in=year,
        postcode=found_postcode,
        district=district,
        plates=plates,
        phone=number.value if number.valid else "",
        pnc=identifiers.pnc(text, latest_year=today.year).value,
        cro=identifiers.cro(text).value,
        nino=identifiers.nino(text).value,
        reference=_reference(upper),
        remark=remark,
    )


def _birth(upper: str, today: date) -> tuple[date | None, str, str]:
    for pattern, order in ((_DAY, (3, 2, 1)), (_ISO_DAY, (1, 2, 3))):
        found = pattern.search(upper)
        if found is None:
            continue
        rest = upper[: found.start()] + " " + upper[found.end() :]
        try:
            born = date(*(int(found.group(part)) for part in order))
        except ValueError:
            return None, rest, f"{found.group()} is not a day of the calendar, so it was left out."
        if born > today or born.year < FIRST_YEAR:
            return None, rest, f"{found.group()} cannot be a date of birth, so it was left out."
        return born, rest, ""
    return None, upper, ""


def _year(upper: str, today: date) -> tuple[int | None, str]:
    """A year by itself or beside letters; not one that is part of a number or reference."""
    found = _YEAR.search(upper)
    if found is None or int(found.group()) > today.year:
        return None, upper
    rest = upper[: found.start()] + " " + upper[found.end() :]
    if any(c.isdigit() or c == "/" for c in rest):
        return None, upper
    return int(found.group()), rest


def _place(upper: str) -> tuple[str, str, str]:
    whole = _POSTCODE.search(upper)
    if whole is not None and (value := postcode.normalise(whole.group())).valid:
        return value.value, value.district, upper[: whole.start()] + " " + upper[whole.end() :]
    part = _DISTRICT.search(upper)
    if part is not None and part.group() != upper.strip():
        return "", part.group(), upper[: part.start()] + " " + upper[part.end() :]
    return "", "", upper


def _reads_as_name(rest: str) -> bool:
    """Letters, with nothing that only numbers, references and plates have."""
    return not any(c.isdigit() for c in rest) and any(c.isalpha() for c in rest)


def _plates(upper: str) -> tuple[str, ...]:
    """The plate as typed and, where that fits no series, as 0 for O and 1 for I would make it fit one."""
    value = vrm.clean(upper)
    has_both = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
    if not has_both or not SHORTEST_PREFIX <= len(value) <= 8 or "/" in upper:
        return ()
    return tuple(dict.fromkeys([value, *(mark.value for mark in vrm.readings(value))]))


def _reference(upper: str) -> str:
    key = "".join(c for c in upper if c.isascii() and c.isalnum())
    return key if len(key) >= SHORTEST_REFERENCE and any(c.isdigit() for c in key) else ""


def swapped(day: date) -> date | None:
    """The date with day and month the other way round, where that is another date."""
    try:
        other = date(day.year, day.day, day.month)
    except ValueError:
        return None
    return other if other != day else None
