"""What a system holds of a person: never the truth, but what was said, heard and typed, by the habits of its family."""

from dataclasses import dataclass, field
from datetime import date

from fourfold.simulation.chance import Chance
from fourfold.simulation.names import SURNAME_FIRST, Names
from fourfold.simulation.places import Address
from fourfold.simulation.world import Person

KEYBOARD_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
KEYBOARD = {
    letter: row[max(0, at - 1) : at] + row[at + 1 : at + 2] for row in KEYBOARD_ROWS for at, letter in enumerate(row)
}


@dataclass(frozen=True, slots=True)
class Habits:
    """How often each slip occurs in a family's records; set by hand to be plausible, not measured."""

    typing: float
    swapped_names: float
    day_month: float
    default_birth: float
    no_birth: float
    partial_birth: float
    invalid_birth: float
    short_form: float
    other_spelling: float
    street_name: float
    birth_surname: float
    no_middle: float
    no_number: float
    wrong_check: float
    capitals: float
    lower: float
    no_postcode: float
    no_protected: float
    duplicate: float


HABITS = {
    "niche": Habits(
        typing=0.03,
        swapped_names=0.006,
        day_month=0.01,
        default_birth=0.015,
        no_birth=0.02,
        partial_birth=0.004,
        invalid_birth=0.0008,
        short_form=0.06,
        other_spelling=0.12,
        street_name=0.25,
        birth_surname=0.25,
        no_middle=0.25,
        no_number=0.06,
        wrong_check=0.003,
        capitals=0.16,
        lower=0.01,
        no_postcode=0.05,
        no_protected=0.2,
        duplicate=0.07,
    ),
    "connect": Habits(
        typing=0.02,
        swapped_names=0.004,
        day_month=0.008,
        default_birth=0.01,
        no_birth=0.015,
        partial_birth=0.0,
        invalid_birth=0.0005,
        short_form=0.05,
        other_spelling=0.1,
        street_name=0.2,
        birth_surname=0.2,
        no_middle=0.2,
        no_number=0.05,
        wrong_check=0.002,
        capitals=0.05,
        lower=0.005,
        no_postcode=0.04,
        no_protected=0.14,
        duplicate=0.03,
    ),
    "policeworks": Habits(
        typing=0.05,
        swapped_names=0.02,
        day_month=0.018,
        default_birth=0.03,
        no_birth=0.06,
        partial_birth=0.01,
        invalid_birth=0.002,
        short_form=0.1,
        other_spelling=0.15,
        street_name=0.25,
        birth_surname=0.3,
        no_middle=0.45,
        no_number=0.3,
        wrong_check=0.006,
        capitals=0.3,
        lower=0.06,
        no_postcode=0.14,
        no_protected=0.2,
        duplicate=0.0,
    ),
    "mark43": Habits(
        typing=0.018,
        swapped_names=0.004,
        day_month=0.007,
        default_birth=0.012,
        no_birth=0.02,
        partial_birth=0.0,
        invalid_birth=0.0004,
        short_form=0.05,
        other_spelling=0.1,
        street_name=0.2,
        birth_surname=0.2,
        no_middle=0.2,
        no_number=0.06,
        wrong_check=0.002,
        capitals=0.02,
        lower=0.01,
        no_postcode=0.05,
        no_protected=0.22,
        duplicate=0.04,
    ),
}


@dataclass(slots=True, eq=False)
class Holding:
    """A nominal record: one system's idea of a person. `birth` is year, month, day as typed; zero where not known."""

    key: str
    person: Person
    force: str
    forename: str
    middle: str
    surname: str
    sex: str
    birth: tuple[int, int, int]
    pnc: str
    cro: str
    nino: str
    ethnicity: str
    home: Address
    home_since: int
    postcode: str
    created: int
    updated: int
    restricted: str = ""
    aliases: list[tuple[str, str, tuple[int, int, int]]] = field(default_factory=list)
    phones: list[tuple[int, str]] = field(default_factory=list)
    earlier_homes: list[tuple[int, int, Address]] = field(default_factory=list)
    merged_into: "Holding | None" = None
    merged_at: int = 0
    deleted: bool = False
    changed: bool = True
    flaws: list[str] = field(default_factory=list)


def slip(chance: Chance, name: str) -> str:
    """Return the name with one slip of the fingers: a letter doubled, dropped, exchanged or struck beside its key."""
    if len(name) < 4:
        return name
    at = chance.between(1, len(name) - 2)
    kind = chance.upto(4)
    if kind == 0:
        return name[:at] + name[at] + name[at:]
    if kind == 1:
        return name[:at] + name[at + 1 :]
    if kind == 2:
        return name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    near = KEYBOARD.get(name[at].lower())
    return name[:at] + chance.pick(near) + name[at + 1 :] if near else name


PATIENCE = 3


class Debts:
    """Defects every extract must show at least once: the first fitting row pays what chance has not."""

    OWED = (
        "DOB_DEFAULT",
        "DOB_INVALID",
        "MIXED_CASE",
        "MISSING_POSTCODE",
        "PROTECTED_FIELD_NULL",
        "DUPLICATE_NOMINAL",
        "DELETED_BUT_LINKED",
        "CODE_DRIFT",
        "PLATE_WITH_SPACES",
        "INVALID_PLATE",
        "UTC_V_LOCAL",
        "TRUNCATED_NARRATIVE",
        "NAMES_SWAPPED",
        "DAY_MONTH_SWAPPED",
        "INVALID_PNC",
        "INVALID_NINO",
    )

    RARE = frozenset({"PLATE_WITH_SPACES", "INVALID_PLATE", "UTC_V_LOCAL", "INVALID_PNC", "INVALID_NINO"})

    def __init__(self) -> None:
        self.owed = set(self.OWED)
        self.wait = 0

    def due(self, code: str, by_chance: bool) -> bool:
        """Return whether this row shows the defect: by chance, or because none has yet and some rows have passed."""
        self.wait -= 1
        if code in self.owed and (by_chance or self.wait <= 0 or code in self.RARE):
            self.owed.discard(code)
            self.wait = PATIENCE
            return True
        return by_chance


class Recorder:
    """Turns people into holdings by the habits of one family."""

    def __init__(self, family: str, names: Names, debts: Debts) -> None:
        self.family = family
        self.habits = HABITS[family]
        self.names = names
        self.debts = debts

    def hold(self, chance: Chance, person: Person, force: str, at: int, key: str) -> Holding:
        """Return what is entered when this person comes to notice at this moment."""
        habits, flaws = self.habits, list[str]()
        home_since, home = person.home(at)
        forename, surname = self.called(chance, person, flaws)
        middle = person.middle
        if middle and chance.yes(habits.no_middle):
            middle = ""
        pnc, cro, nino = self.numbers(chance, person, flaws)
        ethnicity = person.ethnicity
        if self.debts.due("PROTECTED_FIELD_NULL", chance.yes(habits.no_protected)):
            ethnicity = ""
            flaws.append("PROTECTED_FIELD_NULL")
        elif chance.yes(0.06):
            ethnicity = "NS"
        postcode = home.street.postcode
        if self.debts.due("MISSING_POSTCODE", chance.yes(habits.no_postcode)):
            postcode = ""
            flaws.append("MISSING_POSTCODE")
        sex = person.sex
        if chance.yes(0.012):
            sex = "U"
        holding = Holding(
            key,
            person,
            force,
            forename,
            middle,
            surname,
            sex,
            self.birth(chance, person, flaws),
            pnc,
            cro,
            nino,
            ethnicity,
            home,
            home_since,
            postcode,
            at,
            at,
            flaws=flaws,
        )
        self.cased(chance, holding)
        self.known_as(chance, holding)
        return holding

    def called(self, chance: Chance, person: Person, flaws: list[str]) -> tuple[str, str]:
        """Return the forename and surname as given and typed."""
        habits, names = self.habits, self.names
        forename, surname = person.forename, person.surname
        if person.street_name and chance.yes(habits.street_name):
            forename, surname = person.street_name
            flaws.append("ALIAS_USED")
        elif person.birth_surname != surname and chance.yes(habits.birth_surname):
            surname = person.birth_surname
            flaws.append("BIRTH_SURNAME")
        draw = chance.random()
        if draw < habits.short_form:
            short = names.short_form(chance, forename)
            if short != forename:
                forename = short
                flaws.append("NICKNAME")
        elif draw < habits.short_form + habits.other_spelling:
            spelt = names.other_spelling(chance, forename), names.other_spelling(chance, surname)
            if spelt != (forename, surname):
                forename, surname = spelt
                flaws.append("OTHER_SPELLING")
        if chance.yes(habits.typing):
            if chance.yes(0.4):
                forename = slip(chance, forename)
            else:
                surname = slip(chance, surname)
            flaws.append("TYPING_SLIP")
        if self.debts.due(
            "NAMES_SWAPPED", chance.yes(0.12 if person.origin in SURNAME_FIRST else habits.swapped_names)
        ):
            forename, surname = surname, forename
            flaws.append("NAMES_SWAPPED")
        return forename, surname

    def birth(self, chance: Chance, person: Person, flaws: list[str]) -> tuple[int, int, int]:
        """Return the date of birth as entered."""
        habits = self.habits
        true = date.fromordinal(person.born)
        draw = chance.random()
        swappable = true.day <= 12 and true.day != true.month
        for share, flaw in (
            (habits.default_birth, "DOB_DEFAULT"),
            (habits.no_birth, "DOB_MISSING"),
            (habits.partial_birth, "DOB_PARTIAL"),
            (habits.invalid_birth, "DOB_INVALID"),
            (habits.day_month if swappable else 0.0, "DAY_MONTH_SWAPPED"),
            (habits.typing / 2, "DOB_SLIP"),
        ):
            if (flaw != "DAY_MONTH_SWAPPED" or swappable) and self.debts.due(flaw, draw < share):
                break
            draw -= share
        else:
            return true.year, true.month, true.day
        flaws.append(flaw)
        return {
            "DOB_DEFAULT": (true.year, 1, 1),
            "DOB_MISSING": (0, 0, 0),
            "DOB_PARTIAL": (true.year, 0, 0),
            "DOB_INVALID": (true.year, 2, 31),
            "DAY_MONTH_SWAPPED": (true.year, true.day, true.month),
            "DOB_SLIP": (true.year + (1 if true.day % 2 else -1), true.month, true.day),
        }[flaw]

    def numbers(self, chance: Chance, person: Person, flaws: list[str]) -> tuple[str, str, str]:
        """Return the PNC, CRO and National Insurance numbers as entered."""
        habits = self.habits
        pnc = "" if chance.yes(habits.no_number) else person.pnc
        cro = "" if chance.yes(habits.no_number * 2) else person.cro
        nino = person.nino if chance.yes(0.3) or "INVALID_NINO" in self.debts.owed else ""
        if pnc and self.debts.due("INVALID_PNC", chance.yes(habits.wrong_check)):
            pnc = pnc[:-2] + str((int(pnc[-2]) + 1) % 10) + pnc[-1]
            flaws.append("INVALID_PNC")
        elif pnc and chance.yes(0.1):
            pnc = pnc[2:]  # the short form: two-digit year
        if nino and self.debts.due("INVALID_NINO", chance.yes(habits.wrong_check)):
            nino = f"QQ{nino[2:]}"
            flaws.append("INVALID_NINO")
        return pnc, cro, nino

    def cased(self, chance: Chance, holding: Holding) -> None:
        """Put the name in capitals or small letters where the typist did."""
        draw = chance.random()
        if self.debts.due("MIXED_CASE", draw < self.habits.capitals):
            holding.surname = holding.surname.upper()
            if draw < self.habits.capitals / 2:
                holding.forename, holding.middle = holding.forename.upper(), holding.middle.upper()
            holding.flaws.append("MIXED_CASE")
        elif draw < self.habits.capitals + self.habits.lower:
            holding.forename, holding.surname = holding.forename.lower(), holding.surname.lower()
            holding.flaws.append("MIXED_CASE")

    def known_as(self, chance: Chance, holding: Holding) -> None:
        """Add the other names on the record."""
        person = holding.person
        if person.street_name and chance.yes(0.4) and person.street_name != (holding.forename, holding.surname):
            holding.aliases.append((*person.street_name, holding.birth))
        if person.birth_surname != person.surname and chance.yes(0.3) and holding.surname != person.birth_surname:
            holding.aliases.append((person.forename, person.birth_surname, holding.birth))
        if chance.yes(0.03):
            short = self.names.short_form(chance, person.forename)
            if short != person.forename:
                holding.aliases.append((short, person.surname, holding.birth))


def spoilt_plate(chance: Chance, debts: Debts, plate: str) -> tuple[str, str]:
    """Return a plate as typed, and the defect it shows: most are right."""
    if debts.due("INVALID_PLATE", chance.yes(0.006)):
        return f"{plate[:2]}O{plate[3:]}", "INVALID_PLATE"
    if debts.due("PLATE_WITH_SPACES", chance.yes(0.25)):
        return f"{plate[:-3]} {plate[-3:]}", "PLATE_WITH_SPACES"
    return plate, ""
