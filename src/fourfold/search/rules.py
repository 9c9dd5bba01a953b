"""What a typed search can mean. One text may be several things at once: each is looked for."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from fourfold.formats import devices, identifiers, names, phone, postcode, vrm
from fourfold.platform.errors import RuleBroken

SHORTEST = 2
LONGEST = 200
SHORTEST_PREFIX = 3
SHORTEST_REFERENCE = 4
SHORTEST_ENDING = 6
MOST_WORDS = 8
LONGEST_WORD = 40
LONGEST_MARK = 8
LONGEST_COMPANY = 10
LEGAL_FORMS = frozenset({
    "LIMITED", "LTD", "PLC", "LLP", "LP", "CIC", "CIO", "CYF", "CYFYNGEDIG", "CCC", "INC", "UNLIMITED", "COMPANY", "CO",
    "THE", "AND", "UK",
})  # fmt: skip
"""Words of an organisation's name that say only what kind of body it is: Companies Act 2006 s.66."""
FIRST_YEAR = 1900
OLDEST = 120
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MONTH = (
    "JAN(?:UARY)?|FEB(?:RUARY)?|MAR(?:CH)?|APR(?:IL)?|MAY|JUNE?|JULY?|AUG(?:UST)?|SEPT?(?:EMBER)?|OCT(?:OBER)?|"
    "NOV(?:EMBER)?|DEC(?:EMBER)?"
)
_MOMENT = (
    r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{4}|[0-9]{4}-[0-9]{2}-[0-9]{2}"
    rf"|(?:[0-9]{{1,2}} )?(?:{_MONTH}) (?:19|20)[0-9]{{2}}|[0-9]{{1,2}}/(?:19|20)[0-9]{{2}}|(?:19|20)[0-9]{{2}}"
)
_BORN = r"(?:\b(?P<said>BORN|DOB|D\.O\.B\.?)\b[: ]*)?(?:\b(?:BETWEEN|FROM|IN|ON) )?"
_SPAN = re.compile(
    rf"{_BORN}(?<![0-9/])(?P<first>{_MOMENT})(?: ?(?:\.\.+|-|–|—) ?| (?:TO|AND|UNTIL) )(?P<last>{_MOMENT})(?![0-9/])"
)
_ONE = re.compile(rf"{_BORN}(?<![0-9/])(?P<first>{_MOMENT})(?![0-9/])")
_AGED = re.compile(r"\bAGED? (?P<first>[0-9]{1,3})(?:(?: ?(?:\.\.+|-|–) ?| (?:TO|AND) )(?P<last>[0-9]{1,3}))?\b")
_DAY = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})")
_ISO_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_WORDED = re.compile(rf"(?:([0-9]{{1,2}}) )?({_MONTH}) ([0-9]{{4}})")
_NUMBERED_MONTH = re.compile(r"([0-9]{1,2})/([0-9]{4})")
_POSTCODE = re.compile(r"\b([A-Z]{1,2}[0-9][0-9A-Z]?) ?([0-9][A-Z]{2})\b")
_DISTRICT = re.compile(r"\b([A-Z]{1,2}[0-9]{1,2}[A-Z]?)\b")
_MIXED = re.compile(r"(?=.*[0-9])(?:[0-9]*[A-Z]){4}")
_PERSON = re.compile(r"^P-?[0-9]{1,15}$")
_HOUSE = re.compile(r"^[0-9]{1,4}[A-Z]?$")
_PHONE_TEXT = re.compile(r"^[0-9+() .-]+$")
_MARK_TEXT = re.compile(r"^[A-Z0-9?* -]+$")
_PATTERN_SIGNS = re.compile(r"[?*]")
WAYS = {
    "ROAD": "RD", "STREET": "ST", "LANE": "LN", "AVENUE": "AVE", "CLOSE": "CL", "DRIVE": "DR", "COURT": "CT",
    "CRESCENT": "CRES", "PLACE": "PL", "SQUARE": "SQ", "TERRACE": "TERR", "GARDENS": "GDNS", "GROVE": "GR",
}  # fmt: skip
"""What streets are called and how it is shortened."""
_WAY_WORDS = {*WAYS, *WAYS.values(), "WAY", "WALK", "ROW", "HOUSE", "FLAT", "FLATS", "YARD", "MEWS", "HILL", "PARADE"}


@dataclass(frozen=True)
class Span:
    """Days of birth from the first to the last, and how that is said."""

    first: date
    last: date
    words: str

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True)
class Query:
    """A search as read. Empty parts were not found in the text."""

    text: str
    name: str = ""
    """Words of a name; those of a place may stand beside them."""
    address: str = ""
    """Words and numbers of an address, where the text reads as one."""
    born: date | None = None
    born_within: Span | None = None
    postcode: str = ""
    district: str = ""
    plates: tuple[str, ...] = ()
    plate_pattern: str = ""
    """A plate with % for some signs and _ for one that nobody knows."""
    phone: str = ""
    phone_ending: str = ""
    pnc: str = ""
    cro: str = ""
    nino: str = ""
    company: str = ""
    """A company number, as the register writes it."""
    organisation: str = ""
    """Words of the name of an organisation, without those that only say what kind of body it is."""
    person_id: int | None = None
    reference: str = ""
    refusal: str = ""
    remark: str = ""

    @property
    def asks_for_people(self) -> bool:
        said = (self.wanted, self.born, self.born_within, self.postcode, self.pnc, self.cro, self.nino)
        return any(said) or self.person_id is not None

    @property
    def wanted(self) -> tuple[str, ...]:
        """The words that a person's name and address are to hold."""
        words = (self.address or self.name).split()
        return tuple(words + ([self.district] if words and self.district and not self.postcode else []))


def read(typed: str, *, today: date) -> Query:
    """What to look for, or the sentence that says why nothing can be."""
    text = " ".join("".join(c if c.isprintable() else " " for c in typed).split())
    marks = sum(c.isalnum() for c in text)
    if not text:
        return Query("", refusal="Type a name, a date of birth, a plate, a phone number, an address or a reference.")
    if len(text) > LONGEST:
        return Query(text[:LONGEST], refusal=f"Use at most {LONGEST} characters.")
    if marks < SHORTEST:
        return Query(text, refusal=f"Type at least {SHORTEST} letters or digits.")
    upper = text.upper()
    if _PERSON.match(upper):
        return Query(text, person_id=int(upper.removeprefix("P").removeprefix("-")))
    if _reads_as_pattern(upper):
        return _pattern(text, upper)
    return _read(text, upper.replace("*", " ").replace("?", " "), today)


def _read(text: str, upper: str, today: date) -> Query:
    plates = _plates(upper)
    number = phone.normalise(text)
    ending = "" if number.valid else _ending(text)
    birth = Birth(rest=upper) if ending or number.valid else read_birth(upper, today)
    found_postcode, district, rest = _place(birth.rest)
    is_plate = any(vrm.normalise(plate).valid for plate in plates)
    name = names.key(rest) if _reads_as_name(rest) and not is_plate else ""
    address = "" if is_plate else _address(rest, has_place=bool(district))
    return Query(
        text,
        name=_first_words(name) if len(name.replace(" ", "")) >= SHORTEST else "",
        address=address,
        born=birth.day,
        born_within=birth.span,
        postcode=found_postcode,
        district=district,
        plates=plates,
        phone=number.value if number.valid else "",
        phone_ending=ending,
        pnc=identifiers.pnc(text, latest_year=today.year).value,
        cro=identifiers.cro(text).value,
        nino=identifiers.nino(text).value,
        company=_company(upper),
        organisation="" if is_plate else _organisation(address, rest),
        reference=_reference(upper),
        remark=birth.remark,
    )


# When somebody was born


@dataclass(frozen=True)
class Birth:
    """What a text says of a birth, and the text without it."""

    rest: str
    day: date | None = None
    span: Span | None = None
    remark: str = ""


def read_birth(upper: str, today: date) -> Birth:
    """A day, or days from one to another: two dates, months or years, or an age in years.

    A year by itself counts only where nothing else has digits: it is then no part of a number or reference.
    """
    if (aged := _AGED.search(upper)) is not None:
        return _age(upper, aged, today)
    if (span := _SPAN.search(upper)) is not None and _stands_alone(upper, span):
        return _within(upper, span, today)
    if (one := _ONE.search(upper)) is not None and _stands_alone(upper, one):
        return _moment(upper, one, today)
    return Birth(upper)


def _stands_alone(upper: str, found: re.Match[str]) -> bool:
    parts = [part for part in (found["first"], found.groupdict().get("last")) if part]
    if found["said"] or any(_days_of(part) is None or len(part) > len("12/1990") for part in parts):
        return True
    rest = _POSTCODE.sub(" ", _without(upper, found))
    return not any(c.isdigit() or c == "/" for c in _DISTRICT.sub(" ", rest))


def _without(upper: str, found: re.Match[str]) -> str:
    return f"{upper[: found.start()]} {upper[found.end() :]}"


def _days_of(moment: str) -> tuple[date, date] | None:
    """First and last day of a day, a month or a year; None where the calendar has no such day."""
    year, month, day = _parts_of(moment)
    try:
        if day:
            only = date(year, month, day)
            return only, only
        return _month(year, month) if month else (date(year, 1, 1), date(year, 12, 31))
    except ValueError:
        return None


def _parts_of(moment: str) -> tuple[int, int, int]:
    """Year, month and day as they were typed; 0 for what was not. Month 13 is none, and left to the calendar."""
    if (found := _DAY.fullmatch(moment)) is not None:
        return int(found[3]), int(found[2]) or 13, int(found[1]) or 32
    if (found := _ISO_DAY.fullmatch(moment)) is not None:
        return int(found[1]), int(found[2]) or 13, int(found[3]) or 32
    if (found := _WORDED.fullmatch(moment)) is not None:
        return int(found[3]), MONTHS.index(found[2][:3]) + 1, int(found[1] or 0)
    if (found := _NUMBERED_MONTH.fullmatch(moment)) is not None:
        return int(found[2]), int(found[1]) or 13, 0
    return int(moment), 0, 0


def _month(year: int, month: int) -> tuple[date, date]:
    first = date(year, month, 1)
    following = date(year + month // 12, month % 12 + 1, 1)
    return first, following - timedelta(days=1)


def _moment(upper: str, found: re.Match[str], today: date) -> Birth:
    rest, days = _without(upper, found), _days_of(found["first"])
    if days is None:
        return Birth(rest, remark=f"{found['first']} is not a day of the calendar, so it was left out.")
    if days[0] > today and len(found["first"]) == len("1990") and not found["said"]:
        return Birth(upper)
    if days[0] > today or days[0].year < FIRST_YEAR:
        return Birth(rest, remark=f"{found['first']} cannot be a date of birth, so it was left out.")
    if days[0] == days[1]:
        return Birth(rest, day=days[0])
    return Birth(rest, span=Span(*days, words=f"born in {found['first'].title()}"))


def _within(upper: str, found: re.Match[str], today: date) -> Birth:
    rest, read_days = _without(upper, found), []
    for said in (found["first"], found["last"]):
        days = _days_of(said)
        if days is None:
            return Birth(rest, remark=f"{said} is not a day of the calendar, so the dates were left out.")
        if days[0] > today or days[0].year < FIRST_YEAR:
            return Birth(rest, remark=f"{said} cannot be a date of birth, so the dates were left out.")
        read_days.append(days)
    first, last = sorted(read_days)
    turned = "The dates were turned round, the earlier first." if read_days != [first, last] else ""
    return Birth(rest, span=Span(first[0], last[1], "born between these dates"), remark=turned)


def _age(upper: str, found: re.Match[str], today: date) -> Birth:
    rest = _without(upper, found)
    youngest, oldest = sorted((int(found["first"]), int(found["last"] or found["first"])))
    if oldest > OLDEST:
        return Birth(rest, remark=f"Nobody is {oldest} years old, so the age was left out.")
    first = _years_before(today, oldest + 1) + timedelta(days=1)
    words = f"aged {youngest}" if youngest == oldest else f"aged {youngest} to {oldest}"
    return Birth(rest, span=Span(first, _years_before(today, youngest), words))


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def swapped(day: date) -> date | None:
    """The date with day and month the other way round, where that is another date."""
    try:
        other = date(day.year, day.day, day.month)
    except ValueError:
        return None
    return other if other != day else None


# Where somebody lives


def _place(upper: str) -> tuple[str, str, str]:
    whole = _POSTCODE.search(upper)
    if whole is not None and (value := postcode.normalise(whole.group())).valid:
        return value.value, value.district, upper[: whole.start()] + " " + upper[whole.end() :]
    part = _DISTRICT.search(upper)
    if part is not None and part.group() != upper.strip():
        return "", part.group(), upper[: part.start()] + " " + upper[part.end() :]
    return "", "", upper


def _address(rest: str, *, has_place: bool) -> str:
    """Words of an address, where the text has a house number, a street's word, or a place behind it."""
    cleaned = "".join("" if c in f"{names.DROPPED}." else c for c in rest)
    words = re.sub(r"[^A-Z0-9]+", " ", _unaccented(cleaned)).split()
    lettered = [word for word in words if word.isalpha() and len(word) > SHORTEST]
    numbers = [word for word in words if any(c.isdigit() for c in word)]
    if not lettered or any(not _HOUSE.match(number) for number in numbers) or len(numbers) > SHORTEST:
        return ""
    reads_as_address = numbers or _WAY_WORDS & set(words[1:])
    if not reads_as_address or len(words) + has_place < SHORTEST:
        return ""
    return _first_words(" ".join(words))


def _unaccented(text: str) -> str:
    return "".join(names.key(c) or c if not c.isascii() else c for c in text)


# Names, plates, numbers


def _first_words(text: str) -> str:
    return " ".join(word[:LONGEST_WORD] for word in text.split()[:MOST_WORDS])


def _reads_as_name(rest: str) -> bool:
    """Letters, with nothing that only numbers, references and plates have."""
    return not any(c.isdigit() for c in rest) and any(c.isalpha() for c in rest)


def _reads_as_pattern(upper: str) -> bool:
    """A plate of which some signs are not known, not a name of which the end is not: a digit makes it one."""
    has_sign = _PATTERN_SIGNS.search(upper) is not None and _MARK_TEXT.match(upper) is not None
    known = [c for c in upper if c.isalnum()]
    return (
        has_sign and len(known) < LONGEST_MARK and (any(c.isdigit() for c in known) or "?" in upper or upper[0] == "*")
    )


def _pattern(text: str, upper: str) -> Query:
    signs = re.sub(r"\*+", "*", re.sub(r"[ -]", "", upper))
    pieces = re.split(r"[?*]+", signs)
    held = [len(piece) for piece in pieces]
    held[0] += signs[0] not in "?*"
    held[-1] += signs[-1] not in "?*"
    if max(held) < SHORTEST_PREFIX:
        return Query(
            text,
            refusal="Give at least three signs of the plate side by side, or two at its beginning or end: "
            "so many plates would fit this that none would help.",
        )
    name = names.key(upper) if not any(c.isdigit() for c in upper) else ""
    return Query(text, plate_pattern=signs.replace("?", "_").replace("*", "%"), name=_first_words(name))


def _plates(upper: str) -> tuple[str, ...]:
    """The plate as typed and, where that fits no series, as 0 for O and 1 for I would make it fit one."""
    value = vrm.clean(upper)
    has_both = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
    if not has_both or not SHORTEST_PREFIX <= len(value) <= LONGEST_MARK or "/" in upper:
        return ()
    return tuple(dict.fromkeys([value, *(mark.value for mark in vrm.readings(value))]))


def _ending(text: str) -> str:
    """The last digits of a phone, where a text of digits is no whole number. A date is none."""
    digits = "".join(c for c in text if c.isdigit())
    looks_so = _PHONE_TEXT.match(text) and not _DAY.search(text) and not _ISO_DAY.search(text)
    is_years = re.fullmatch(r"(19|20)[0-9]{2} ?(-|\.\.+) ?(19|20)[0-9]{2}", text)
    return digits if looks_so and not is_years and len(digits) >= SHORTEST_ENDING and digits.isascii() else ""


def _company(upper: str) -> str:
    """A company number, where the text is one and no more: of digits at least six, as fewer are many other things."""
    digits = sum(c.isdigit() for c in upper)
    return devices.company_number(upper) if digits >= SHORTEST_ENDING and len(upper) <= LONGEST_COMPANY else ""


def _organisation(address: str, rest: str) -> str:
    """What is left of a text to look for an organisation by: "A.B.C." is one word, and "Cash4Gold" is one."""
    dotless = rest.replace(".", "")
    words = address or (names.key(dotless) if _reads_as_name(dotless) else _mixed(dotless))
    return _first_words(" ".join(word for word in words.split() if word not in LEGAL_FORMS))


def _mixed(rest: str) -> str:
    """The words, where one is of letters and digits, and of more letters than a plate or a reference has."""
    words = re.findall(r"[A-Z0-9]+", _unaccented(rest))
    return " ".join(words) if any(_MIXED.match(word) for word in words) else ""


def _reference(upper: str) -> str:
    key = "".join(c for c in upper if c.isascii() and c.isalnum())
    return key if len(key) >= SHORTEST_REFERENCE and any(c.isdigit() for c in key) else ""


# Saved searches

READ = "person.read"
DAYS_KEPT = 183
DAYS_BEFORE = 14
MOST_KEPT = 50


def check_may_keep(query: Query, *, is_cut: bool, kept: int, ends_on: date, today: date) -> None:
    """Raise `RuleBroken` where a search cannot be kept.

    Args:
        query: The search as read.
        is_cut: It finds more than a search weighs: what is new could not be told from what was left out.
        kept: How many its owner keeps already.
    """
    if query.refusal:
        raise RuleBroken("SS1", query.refusal)
    if is_cut:
        raise RuleBroken("SS2", "This finds too much to notice what is new. Add a date of birth or a place first.")
    if kept >= MOST_KEPT:
        raise RuleBroken("SS3", f"You keep {MOST_KEPT} searches. Stop one that you no longer need.")
    check_ends(ends_on, today=today)


def check_ends(ends_on: date, *, today: date) -> None:
    """Raise `RuleBroken` unless a search ends within half a year: then somebody says again why it is needed."""
    if ends_on < today:
        raise RuleBroken("SS4", "The last day must be today or later", field="ends_on")
    if ends_on > today + timedelta(days=DAYS_KEPT):
        raise RuleBroken(
            "SS5", f"The last day must be within {DAYS_KEPT} days, to be thought of again", field="ends_on"
        )
