"""The true world: people, households, homes, phones, vehicles and the groups they offend in, one block at a time.

A block is a few thousand people from all over the region who may know one another; nobody knows anybody of another
block. That is what lets a simulation of millions run in the memory of one block.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from fourfold.simulation import identifiers
from fourfold.simulation.chance import Chance, Weighted
from fourfold.simulation.datafiles import read_lines
from fourfold.simulation.moments import DAY, EPOCH_ORDINAL, minute_of
from fourfold.simulation.names import KEEPS_OWN_SURNAME, ORIGINS, Names
from fourfold.simulation.places import Address, Places
from fourfold.simulation.reference import COLOURS, FORCES, NEIGHBOURS

BLOCK = 2000
PEOPLE_PER_GROUP = 120
AGE_DAY = date(2024, 1, 1).toordinal()
HEAD_AGES = Weighted(
    [((16, 20), 10), ((21, 25), 18), ((26, 32), 22), ((33, 40), 20), ((41, 50), 14), ((51, 62), 10), ((63, 84), 6)]
)
HOUSEHOLDS = Weighted([("single", 40), ("couple", 22), ("family", 26), ("lone parent", 12)])
ACTIVITY = Weighted([(0, 60), (1, 28), (3, 9), (8, 3)])
OPERATIONS = [word for line in read_lines("operations.txt") for word in line]
GROUP_KINDS = Weighted(
    [
        (("DRU.county_lines",), 34),
        (("DRU.class_a_wholesale",), 12),
        (("DRU.cannabis", "MSH.labour"), 9),
        (("FIR.supply", "VIO"), 8),
        (("SAC.burglary", "SAC.vehicle"), 9),
        (("SAC.robbery",), 4),
        (("ECO.money_laundering",), 6),
        (("ECO.fraud_person",), 5),
        (("MSH.sexual",), 4),
        (("MSH.labour",), 3),
        (("OIC.facilitation",), 5),
        (("CSA",), 2),
        (("DRU.illicit_medicines",), 2),
        (("PRI.conveyance",), 2),
        (("ECO.illicit_tobacco",), 2),
    ]
)


@dataclass(slots=True, eq=False)
class Vehicle:
    """A vehicle, its plate and when it was first registered."""

    plate: str
    make: str
    model: str
    colour: str
    registered: int


@dataclass(slots=True, eq=False)
class Person:
    """A true person: what no system holds."""

    number: int
    origin: str
    sex: str
    born: int
    forename: str
    middle: str
    surname: str
    birth_surname: str
    ethnicity: str
    force: str
    household: int
    activity: int
    homes: list[tuple[int, Address]]
    phones: list[tuple[int, str]]
    pnc: str = ""
    cro: str = ""
    nino: str = ""
    street_name: tuple[str, str] | None = None
    vehicles: list[Vehicle] = field(default_factory=list)
    elsewhere: tuple[str, ...] = ()
    partner: "Person | None" = None

    def home(self, at: int) -> tuple[int, Address]:
        """Return the home at a moment and since when."""
        current = self.homes[0]
        for home in self.homes:
            if home[0] <= at:
                current = home
        return current

    def phone(self, at: int) -> str:
        """Return the phone used at a moment."""
        current = self.phones[0][1]
        for since, number in self.phones:
            if since <= at:
                current = number
        return current

    def driven(self, at: int) -> list[Vehicle]:
        """Return the vehicles the person may have at a moment."""
        return [vehicle for vehicle in self.vehicles if vehicle.registered <= at]

    def age(self, at: int) -> int:
        """Return whole years of age, to a few days."""
        return (EPOCH_ORDINAL + at // DAY - self.born) * 100 // 36525


@dataclass(frozen=True, slots=True)
class Family:
    """What the people of one home share."""

    number: int
    force: str
    origin: str
    surname: str
    home: Address
    since: int


@dataclass(slots=True, eq=False)
class Member:
    """A person's true part in a group."""

    person: Person
    role: str
    since: int
    until: int | None = None


@dataclass(slots=True, eq=False)
class Group:
    """People who offend together."""

    number: int
    name: str
    brand: str
    force: str
    elsewhere: str
    themes: tuple[str, ...]
    members: list[Member]
    premises: list[Address]
    line: str
    vehicle: Vehicle
    started: int
    ended: int | None
    compartment: str


@dataclass(slots=True, eq=False)
class Block:
    """One block of the world."""

    index: int
    people: list[Person]
    groups: list[Group]
    relations: list[tuple[Person, Person]]


class Builder:
    """Builds blocks; holds the pools that all blocks share."""

    def __init__(self, until: date) -> None:
        self.names = Names()
        self.places = Places()
        self.until = minute_of(until)
        self.force = Weighted([(force.code, force.share) for force in FORCES.values()])
        self.colours = Weighted([(name, weight) for _, name, weight in COLOURS])
        self.models: dict[str, list[str]] = {}
        weights = []
        for weight, make, *models in read_lines("car_models.txt"):
            self.models[make.replace("_", " ")] = [model.replace("_", " ") for model in models]
            weights.append((make.replace("_", " "), int(weight)))
        self.makes = Weighted(weights)

    def block(self, chance: Chance, index: int, size: int) -> Block:
        """Return the block of this index with this many people."""
        people: list[Person] = []
        relations: list[tuple[Person, Person]] = []
        while len(people) < size:
            household = self.household(chance, index * BLOCK + len(people), size - len(people))
            relations.extend((household[0], other) for other in household[1:])
            people.extend(household)
        wanted = range(max(2, size // PEOPLE_PER_GROUP))
        groups = [group for at in wanted if (group := self.group(chance, index, at, people)) is not None]
        for person in people:
            self.settle(chance, person)
        return Block(index, people, groups, relations)

    def household(self, chance: Chance, number: int, room: int) -> list[Person]:
        """Return the people of one home."""
        force = chance.draw(self.force)
        origin = chance.draw(self.names.origins[force])
        kind = chance.draw(HOUSEHOLDS)
        low, high = chance.draw(HEAD_AGES)
        age = chance.between(low, high)
        home = self.places.house(chance, self.places.ward(chance, force))
        since = minute_of(date(2021, 1, 1)) - chance.between(0, 3000) * DAY
        family = Family(number, force, origin, self.names.surname(chance, origin), home, since)
        sex = "F" if chance.yes(0.75 if kind == "lone parent" else 0.33) else "M"
        people = [self.person(chance, family, number, sex, age)]
        if kind in {"couple", "family"} and age >= 18:
            other = "M" if sex == "F" else "F"
            partner = self.person(chance, family, number + 1, other, max(17, age + chance.between(-5, 4)))
            wife = partner if other == "F" else people[0]
            if origin in KEEPS_OWN_SURNAME or chance.yes(0.35):
                partner.surname = partner.birth_surname = self.names.surname(chance, origin)
            elif age > 22:
                wife.birth_surname = self.names.surname(chance, origin)
            people[0].partner, partner.partner = partner, people[0]
            people.append(partner)
        if kind in {"family", "lone parent"} and age >= 26:
            for _ in range(chance.between(1, 3)):
                child = "M" if chance.yes(0.55) else "F"
                child_age = min(age - 17, chance.between(3, 22))
                people.append(self.person(chance, family, number + len(people), child, child_age))
        return people[:room]

    def person(self, chance: Chance, family: Family, number: int, sex: str, age: int) -> Person:
        """Return one person, not yet moved, phoned or entered anywhere."""
        origin = family.origin
        born = AGE_DAY - age * 1461 // 4 - chance.between(0, 364)
        year = AGE_DAY * 400 // 146097 - age
        forename = self.names.forename(chance, origin, sex, year)
        middle = self.names.forename(chance, origin, sex, year) if chance.yes(0.45) else ""
        surname = family.surname
        if origin == "polish" and sex == "F" and surname.endswith("ski"):
            surname = f"{surname[:-1]}a"
        ethnicity = ORIGINS[origin][0]
        if origin == "british" and chance.yes(0.05):
            ethnicity = chance.pick(("M1", "M2", "M3", "M9", "B9", "A9"))
        return Person(
            number=number,
            origin=origin,
            sex=sex,
            born=born,
            forename=forename,
            middle="" if middle == forename else middle,
            surname=surname,
            birth_surname=surname,
            ethnicity=ethnicity,
            force=family.force,
            household=family.number,
            activity=chance.draw(ACTIVITY) if age >= 12 else 0,
            homes=[(family.since, family.home)],
            phones=[],
        )

    def settle(self, chance: Chance, person: Person) -> None:
        """Give a person moves, phones, vehicles, numbers and names of the street."""
        self.move(chance, person)
        person.phones = [(-6000 * DAY, identifiers.mobile(person.number * 4))]
        for slot in (1, 2):
            if chance.yes(0.45 if person.activity > 1 else 0.15):
                person.phones.append((chance.between(30, 2000) * DAY, identifiers.mobile(person.number * 4 + slot)))
        person.phones.sort()
        if (person.born < AGE_DAY - 6300) and chance.yes(0.55):
            person.vehicles.append(self.vehicle(chance))
            if person.activity > 1 and chance.yes(0.4):
                person.vehicles.append(self.vehicle(chance))
        self.enter(chance, person)
        if person.activity > 1 and chance.yes(0.12):
            other = self.names.forename(chance, person.origin, person.sex, 1990)
            surname = self.names.surname(chance, person.origin) if chance.yes(0.5) else person.surname
            person.street_name = other, surname

    def move(self, chance: Chance, person: Person) -> None:
        """Let a person move house, at times to another force's area, or be active where they do not live."""
        at = 0
        while chance.yes(0.22) and len(person.homes) < 5:
            at += chance.between(90, 900) * DAY
            if at >= self.until:
                break
            force = person.force
            if chance.yes(0.15):
                force = chance.pick(NEIGHBOURS[force])
                person.elsewhere = tuple(sorted({*person.elsewhere, force}))
            person.homes.append((at, self.places.house(chance, self.places.ward(chance, force))))
        if chance.yes(0.035) and person.activity:
            force = chance.draw(self.force)
            if force != person.force:
                person.elsewhere = tuple(sorted({*person.elsewhere, force}))

    def enter(self, chance: Chance, person: Person) -> None:
        """Give a person the national numbers they would have."""
        if person.activity and chance.yes(0.75):
            fourteen = person.born * 400 // 146097 + 15
            year = min(2026, max(fourteen + chance.upto(12), 1985))
            person.pnc = identifiers.pnc_id(person.number, year)
            if chance.yes(0.7):
                person.cro = identifiers.cro_number(person.number, max(year, 1996))
        if person.born < AGE_DAY - 5900 and chance.yes(0.8):
            person.nino = identifiers.nino(person.number)

    def vehicle(self, chance: Chance, latest: int = 2026) -> Vehicle:
        """Return a vehicle whose plate is right for its age, registered by the latest year at most."""
        make = chance.draw(self.makes)
        year = chance.between(1998, 2001) if chance.yes(0.015) else latest - min(chance.upto(20), chance.upto(20))
        autumn = chance.yes(0.5)
        plate = identifiers.plate(chance, year, autumn)
        registered = minute_of(date(year, 9 if autumn else 3, 1))
        return Vehicle(plate, make, chance.pick(self.models[make]), chance.draw(self.colours), registered)

    def group(self, chance: Chance, index: int, position: int, people: Sequence[Person]) -> Group | None:
        """Return an offending group of the block, led by one of its people; none where nobody fits."""
        number = index * (BLOCK // PEOPLE_PER_GROUP) + position
        force = tuple(FORCES)[position] if position < len(FORCES) else chance.draw(self.force)
        themes = chance.draw(GROUP_KINDS)
        while "DRU.county_lines" in themes and force in {
            "cumbria",
            "north_wales",
        }:  # lines run into these, not from them
            themes = chance.draw(GROUP_KINDS)
        county = "DRU.county_lines" in themes
        if county:
            elsewhere = chance.pick(
                ("cumbria", "north_wales", "lancashire", "cheshire") if force in {"merseyside", "gmp"} else ("cumbria",)
            )
        else:
            elsewhere = chance.pick(NEIGHBOURS[force]) if chance.yes(0.5) else ""
        members = self.members(chance, people, force, county or "MSH" in themes[0])
        if not members:
            return None
        started = chance.between(-700, 1500) * DAY
        ended = started + chance.between(300, 1500) * DAY if chance.yes(0.4) else None
        for member in members:
            member.since = max(started, started + chance.between(0, 500) * DAY)
            if chance.yes(0.15):
                member.until = member.since + chance.between(60, 700) * DAY
            if elsewhere and (county or chance.yes(0.5)) and member.role not in {"FINANCIER", "FACILITATOR"}:
                member.person.elsewhere = tuple(sorted({*member.person.elsewhere, elsewhere}))
            if member.role not in {"EXPLOITED", "FACILITATOR"}:
                member.person.activity = max(member.person.activity, 3)
        word = OPERATIONS[number % len(OPERATIONS)]
        suffix = f" {number // len(OPERATIONS) + 1}" if number >= len(OPERATIONS) else ""
        ward = self.places.ward(chance, force)
        premises = [self.places.house(chance, ward)]
        if elsewhere:
            premises.append(self.places.house(chance, self.places.ward(chance, elsewhere)))
        compartment = f"NWC{chance.between(1, 3):02d}" if chance.yes(0.12) else ""
        brand = self.names.forename(chance, "british", "M", 2000) if county else ""
        line = identifiers.mobile(members[0].person.number * 4 + 3)
        return Group(
            number,
            f"Op {word}{suffix}",
            brand,
            force,
            elsewhere,
            themes,
            members,
            premises,
            line,
            self.vehicle(chance, latest=2020 + started // (366 * DAY)),
            started,
            ended,
            compartment,
        )

    def members(self, chance: Chance, people: Sequence[Person], force: str, exploiting: bool) -> list[Member]:
        """Return the members of a group, leaders first; children are only ever exploited."""
        wanted = [
            ("LEADER", 1),
            ("LIEUTENANT", chance.between(1, 3)),
            ("RUNNER", chance.between(1, 5)),
            ("ENFORCER", chance.upto(2)),
        ]
        wanted += [
            ("DRIVER", chance.upto(2)),
            ("FACILITATOR", chance.yes(0.3)),
            ("FINANCIER", chance.yes(0.3)),
            ("SUPPLIER", chance.yes(0.3)),
        ]
        wanted += [("MONEY_MULE", chance.upto(2)), ("ARMOURER", chance.yes(0.1)), ("CORRUPT_INSIDER", chance.yes(0.05))]
        wanted += [("ASSOCIATE", chance.upto(4)), ("PERIPHERY", chance.upto(3))]
        if exploiting:
            wanted += [("LINE_HOLDER", chance.between(1, 2)), ("EXPLOITED", chance.between(1, 4))]
        taken: set[int] = set()
        members = []
        for role, count in wanted:
            for _ in range(count):
                if person := self.candidate(chance, people, force, role, taken):
                    taken.add(person.number)
                    members.append(Member(person, role, 0))
        return members

    def candidate(
        self, chance: Chance, people: Sequence[Person], force: str, role: str, taken: set[int]
    ) -> Person | None:
        """Return somebody of fitting age and force for a role, looking a while and then not at all."""
        low, high = {"LEADER": (24, 55), "LIEUTENANT": (20, 45), "EXPLOITED": (12, 18), "RUNNER": (18, 32)}.get(
            role, (18, 60)
        )
        found = None
        for attempt in range(160):
            person = chance.pick(people)
            age = (AGE_DAY - person.born) // 365
            if person.number in taken or not low <= age <= high:
                continue
            found = person
            if (person.force == force or attempt > 90 or role == "SUPPLIER") and (
                person.sex == "M" or chance.yes(0.15)
            ):
                return person
        return found
