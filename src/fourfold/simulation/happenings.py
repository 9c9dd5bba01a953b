"""What happens in a block: crimes, custody, stops, missing episodes, incidents and intelligence, by time of report."""

from dataclasses import dataclass, field

from fourfold.simulation import identifiers
from fourfold.simulation.chance import Chance, Weighted
from fourfold.simulation.moments import DAY, EPOCH_ORDINAL, dashed
from fourfold.simulation.places import Address
from fourfold.simulation.reference import (
    ASSESSMENTS,
    DISPOSALS,
    FORCES,
    NEIGHBOURS,
    OFFENCES,
    OUTCOMES,
    RISKS,
    SOURCE_EVALUATIONS,
    STATIONS,
    STOP_OBJECTS,
    STOP_OUTCOMES,
    Offence,
)
from fourfold.simulation.world import Block, Builder, Group, Person, Vehicle

ORDINARY = Weighted([(offence, offence.weight) for offence in OFFENCES])
OUTCOME = Weighted([((code, name), weight) for code, name, weight in OUTCOMES])
EVALUATION = Weighted(SOURCE_EVALUATIONS)
ASSESSMENT = Weighted(ASSESSMENTS)
HOURS = Weighted([(hour, 2 if 2 <= hour < 7 else 7 if hour >= 16 else 4) for hour in range(24)])
YOUNG = 18
AGE_OF_RESPONSIBILITY = 10
OFFENDING = frozenset({"SUSPECT", "ARRESTED", "STOPPED", "SUBJECT"})
FIRST_COPIES = (("gmp", "lancashire"), ("lancashire", "cumbria"), ("merseyside", "gmp"))
# Of each hundred people, how many happenings of each kind an ordinary five years and ten months bring.
RATES = {"CRIME": 62, "STOP": 22, "INTELLIGENCE": 24, "MISSING": 4, "INCIDENT": 18}

CRIME_TEXTS = (
    "Victim reports that between the times stated a person known to them {did}. CCTV requested from {street}.",
    "Caller states that {did} near {street}. Two persons made off on foot towards {ward}. House-to-house completed.",
    "Reported online. {did} at {street}. No forensic opportunities identified. Neighbourhood team informed.",
    "Officers attended {street} following a report that {did}. Body worn video retained. Statement obtained.",
    "Victim attended the front counter to report that {did} in {ward}. Account recorded, risk assessed as standard.",
)
INTELLIGENCE_TEXTS = (
    "{who} is believed to be dealing crack and heroin from an address on {street}, {ward}. Many short visits.",
    "{who} has been seen in the company of {other} in the area of {ward}. They were travelling in a {vehicle}.",
    "{who} is holding drugs and cash for {other} and is said to be in debt to them.",
    "{who} is using a {vehicle} to move drugs between {ward} and {elsewhere}, early on Thursdays and Fridays.",
    "{who} has access to a firearm, thought to be a converted blank-firer. It is not kept at the home address.",
    "{who} is sending young people to {elsewhere} by train to deal. Phone in use is {phone}.",
    "{who} has moved into the home of a vulnerable person on {street} and is using it to package drugs.",
    "{who} is stealing high-value cars to order using a relay device; plates are changed within the hour near {ward}.",
    "{who} is cashing cheques and moving money through a takeaway business in {ward} for {other}.",
    "{who} was heard to say that they would sort out {other} over money owed. There is history between the two.",
)
GROUP_CRIMES = {
    theme: Weighted([(offence, offence.weight) for offence in OFFENCES if offence.theme.split(".")[0] == theme])
    for theme in {offence.theme.split(".")[0] for offence in OFFENCES if offence.theme}
}


@dataclass(slots=True, eq=False)
class Happening:
    """One true event, with who was in it and what the officer wrote."""

    number: int
    kind: str
    force: str
    at: int
    until: int
    reported: int
    people: list[tuple[Person, str]]
    place: Address | None = None
    offence: Offence | None = None
    status: tuple[str, str] = ("", "")
    resolved: int = 0
    vehicle: Vehicle | None = None
    phone: str = ""
    text: str = ""
    grade: str = ""
    handling: str = ""
    restricted: str = ""
    station: str = ""
    summons: str = ""
    objects: str = ""
    outcome: str = ""
    group: int = -1
    # The force that also records this crime, and when: a transfer, or a report made twice.
    copied_by: str = ""
    copied_at: int = 0
    truncated: bool = False
    keys: list[str] = field(default_factory=list)


class Teller:
    """Tells what happens in one block."""

    def __init__(self, builder: Builder, chance: Chance, block: Block) -> None:
        self.builder = builder
        self.chance = chance
        self.block = block
        self.told: list[Happening] = []
        self.victims = chance.shuffled(block.people)
        self.next_victim = 0
        self.by_force: dict[str, list[Person]] = {force: [] for force in FORCES}
        for person in block.people:
            for force in {person.force, *person.elsewhere} if person.activity else ():
                self.by_force[force].extend([person] * person.activity)
        for force, active in self.by_force.items():
            active.sort(key=lambda person: person.number)
            if not active:
                active.extend(person for person in block.people if person.force == force)
            if not active:
                active.extend(block.people)

    def tell(self) -> list[Happening]:
        """Return everything that happened, in the order it was reported."""
        size = len(self.block.people)
        for kind, rate in RATES.items():
            for turn in range(max(len(FORCES), size * rate // 100)):
                force = self.chance.draw(self.builder.force)
                if self.block.index == 0 and turn < len(FORCES):
                    force = tuple(FORCES)[turn]
                self.ordinary(kind, force, self.moment())
        for group in self.block.groups:
            self.follow(group)
        if self.block.index == 0:
            self.copy_first()
        until = self.builder.until + DAY
        self.told = [happening for happening in self.told if happening.at >= 0 and happening.reported < until]
        self.told.sort(key=lambda happening: (happening.reported, happening.number))
        return self.told

    def copy_first(self) -> None:
        """Let each system share at least one crime with another."""
        for force, other in FIRST_COPIES:
            for happening in self.told:
                if happening.kind == "CRIME" and happening.force == force and not happening.copied_by:
                    happening.copied_by, happening.copied_at = other, happening.reported + 90
                    break

    def moment(self, first: int = 0, last: int = 0) -> int:
        """Return a minute between two days, by the hours at which things happen; most to five minutes only."""
        low = max(0, first) // DAY
        high = min(last or self.builder.until, self.builder.until) // DAY
        minute = self.chance.upto(60)
        if self.chance.yes(0.6):
            minute -= minute % 5
        return self.chance.between(low, max(low, high)) * DAY + self.chance.draw(HOURS) * 60 + minute

    def ordinary(self, kind: str, force: str, at: int) -> None:
        """Tell one event outside any group."""
        chance = self.chance
        if kind == "CRIME":
            victim = self.victim(force)
            suspects = [chance.pick(self.by_force[victim.force])] if chance.yes(0.55) else []
            if suspects and chance.yes(0.2):
                suspects.append(chance.pick(self.by_force[victim.force]))
            self.crime(chance.draw(ORDINARY), victim.force, at, suspects, victim=victim)
        elif kind == "STOP":
            stopped = [chance.pick(self.by_force[force])]
            self.stop(
                force,
                at,
                stopped,
                self.driven(stopped[0], at, 0.5),
            )
        elif kind == "INTELLIGENCE":
            subject = chance.pick(self.by_force[force])
            others = [chance.pick(self.by_force[force])] if chance.yes(0.3) else []
            self.intelligence(force, at, [subject, *(other for other in others if other is not subject)], None)
        elif kind == "MISSING":
            young = [
                person for person in (chance.pick(self.block.people) for _ in range(12)) if 10 <= person.age(at) <= 19
            ]
            self.missing((young or [self.victim()])[0], at)
        else:
            self.incident(force, at, [self.victim(), chance.pick(self.by_force[force])][: chance.between(1, 2)])

    def victim(self, force: str = "") -> Person:
        """Return the next person something happens to; everybody has a turn before anybody has two.

        At the very start of a world each force has a turn too, so that even the smallest has crimes of every force.
        """
        at = self.next_victim
        self.next_victim += 1
        if self.block.index == 0 and force and at < min(len(FORCES), len(self.victims)):
            own = next((place for place in range(at, len(self.victims)) if self.victims[place].force == force), at)
            self.victims[at], self.victims[own] = self.victims[own], self.victims[at]
        return self.victims[at % len(self.victims)]

    def add(self, happening: Happening) -> Happening:
        """Add an event, once to a person, and no child under ten as an offender; told only if somebody remains."""
        roles: dict[int, tuple[Person, str]] = {}
        for person, role in happening.people:
            if role not in OFFENDING or person.age(happening.at) >= AGE_OF_RESPONSIBILITY:
                roles.setdefault(person.number, (person, role))
        if roles or not happening.people:
            happening.people = list(roles.values())
            self.told.append(happening)
        return happening

    def driven(self, person: Person, at: int, probability: float) -> Vehicle | None:
        """Return a vehicle of the person, this often."""
        vehicles = person.driven(at)
        return self.chance.pick(vehicles) if vehicles and self.chance.yes(probability) else None

    def number(self) -> int:
        """Return the next event's number, unlike any of another block."""
        return self.block.index * 1_000_000 + len(self.told)

    def where(self, person: Person | None, force: str, at: int) -> Address:
        """Return a place: near the person's home when that is in the force, else anywhere in the force."""
        chance, places = self.chance, self.builder.places
        if person is not None:
            home = person.home(at)[1]
            if home.ward.force == force and chance.yes(0.6):
                return home if chance.yes(0.45) else places.street(chance, home.ward)
        ward = places.ward(chance, force)
        return places.house(chance, ward) if chance.yes(0.3) else places.street(chance, ward)

    def crime(
        self,
        offence: Offence,
        force: str,
        at: int,
        suspects: list[Person],
        *,
        victim: Person | None,
        group: Group | None = None,
    ) -> None:
        """Tell a crime, the arrest that may follow and the copy another force may keep."""
        chance = self.chance
        place = self.where(victim or (suspects[0] if suspects else None), force, at)
        reported = at + (chance.between(5, 300) if chance.yes(0.75) else chance.between(1, 20) * DAY + chance.upto(DAY))
        people = [(person, "SUSPECT") for person in suspects]
        if victim is not None:
            people.append((victim, "VICTIM"))
        if chance.yes(0.18):
            people.append((chance.pick(self.block.people), "WITNESS"))
        vehicle = None
        if "vehicle" in offence.title.lower() and victim is not None:
            vehicle = self.driven(victim, at, 1)
        elif group is not None and chance.yes(0.25):
            vehicle = group.vehicle
        elif suspects:
            vehicle = self.driven(suspects[0], at, 0.12)
        happening = self.add(
            Happening(
                self.number(),
                "CRIME",
                force,
                at,
                at + (0 if chance.yes(0.7) else chance.between(10, 700)),
                reported,
                people,
                place,
                offence,
                chance.draw(OUTCOME),
                reported + chance.between(3, 200) * DAY,
                vehicle,
                text=chance.pick(CRIME_TEXTS).format(
                    did=f"an offence of {offence.title.lower()} was committed",
                    street=place.street.name,
                    ward=place.ward.name,
                ),
                group=group.number if group else -1,
            )
        )
        if chance.yes(0.012):
            happening.restricted = "F"
        if chance.yes(0.02):
            happening.copied_by = chance.pick(NEIGHBOURS[force])
            happening.copied_at = reported + chance.between(60, 6 * DAY)
        for suspect in suspects:
            if suspect.age(at) >= AGE_OF_RESPONSIBILITY and chance.yes(0.4):
                self.custody(suspect, force, reported + chance.between(30, 30 * DAY), offence, group)

    def custody(self, person: Person, force: str, at: int, offence: Offence, group: Group | None) -> None:
        """Tell an arrest and what came of it."""
        chance = self.chance
        station = chance.pick(STATIONS[force])
        unit = f"{STATIONS[force].index(station) + 1:02d}"
        sequence = self.block.index * 100_000 + len(self.told)
        year = int(dashed(EPOCH_ORDINAL + at // DAY)[:4])
        phone = person.phone(at) if chance.yes(0.6) else ""
        if group and chance.yes(0.25):
            phone = group.line
        self.add(
            Happening(
                self.number(),
                "CUSTODY",
                force,
                at,
                at + chance.between(180, 1430),
                at,
                [(person, "ARRESTED")],
                None,
                offence,
                station=station,
                summons=identifiers.arrest_summons(year, FORCES[force].number, unit, sequence),
                outcome=chance.pick(DISPOSALS),
                phone=phone,
                group=group.number if group else -1,
            )
        )

    def stop(self, force: str, at: int, stopped: list[Person], vehicle: Vehicle | None, group: int = -1) -> None:
        """Tell a stop and search of a person, and of those with them."""
        chance = self.chance
        self.add(
            Happening(
                self.number(),
                "STOP",
                force,
                at,
                at,
                at + chance.between(5, 600),
                [(person, "STOPPED") for person in stopped],
                self.builder.places.street(chance, self.builder.places.ward(chance, force)),
                vehicle=vehicle,
                objects=STOP_OBJECTS[min(chance.upto(9), 4)] if chance.yes(0.5) else STOP_OBJECTS[0],
                outcome=STOP_OUTCOMES[0] if chance.yes(0.72) else chance.pick(STOP_OUTCOMES),
                group=group,
            )
        )

    def missing(self, person: Person, at: int, found_in: str = "", group: int = -1) -> None:
        """Tell a missing episode, reported to the force of the person's home."""
        chance = self.chance
        home = person.home(at)[1]
        young = person.age(at) < YOUNG
        risk = RISKS[chance.between(2, 3)] if young or found_in else RISKS[chance.between(0, 3)]
        until = at + (chance.between(120, 1400) if chance.yes(0.7) else chance.between(1, 9) * DAY)
        text = f"Reported missing from home. Found in {found_in or home.ward.name}. Return interview offered."
        self.add(
            Happening(
                self.number(),
                "MISSING",
                home.ward.force,
                at,
                until,
                at + chance.between(60, 600),
                [(person, "MISSING_PERSON")],
                home,
                outcome=risk,
                text=text,
                group=group,
            )
        )

    def incident(self, force: str, at: int, people: list[Person]) -> None:
        """Tell a call for service."""
        chance = self.chance
        place = self.where(people[0], force, at)
        about = chance.pick(
            ("Domestic", "Concern for safety", "Suspicious vehicle", "Antisocial behaviour", "Suspicious activity")
        )
        self.add(
            Happening(
                self.number(),
                "INCIDENT",
                force,
                at,
                at,
                at + chance.between(1, 45),
                [(person, "INVOLVED") for person in people],
                place,
                objects=about,
                text=f"{about} reported at {place.street.name}. Patrol attended and gave advice.",
                vehicle=self.driven(people[0], at, 1 if about == "Suspicious vehicle" else 0),
            )
        )

    def intelligence(self, force: str, at: int, subjects: list[Person], group: Group | None) -> None:
        """Tell an intelligence report with its 3x5x2 grade."""
        chance = self.chance
        subject = subjects[0]
        place = (
            subject.home(at)[1]
            if chance.yes(0.5)
            else self.builder.places.street(chance, self.builder.places.ward(chance, force))
        )
        vehicle = group.vehicle if group and chance.yes(0.4) else self.driven(subject, at, 0.4)
        phone = (group.line if group and chance.yes(0.5) else subject.phone(at)) if chance.yes(0.4) else ""
        text = chance.pick(INTELLIGENCE_TEXTS).format(
            who=f"{subject.forename} {subject.surname}",
            other=f"{subjects[1].forename} {subjects[1].surname}" if len(subjects) > 1 else "others not named",
            street=place.street.name,
            ward=place.ward.name,
            phone=phone or "not known",
            vehicle=f"{vehicle.colour.lower()} {vehicle.make} {vehicle.plate}" if vehicle else "dark hatchback",
            elsewhere=group.premises[-1].ward.town if group else "another area",
        )
        restricted = "F" if chance.yes(0.05) else ""
        if group and group.compartment and chance.yes(0.3):
            restricted = group.compartment
        self.add(
            Happening(
                self.number(),
                "INTELLIGENCE",
                force,
                at,
                at,
                at + chance.between(60, 5 * DAY),
                [(person, "SUBJECT") for person in subjects],
                place,
                vehicle=vehicle,
                phone=phone,
                text=text,
                grade=f"{chance.draw(EVALUATION)}{chance.draw(ASSESSMENT)}",
                handling="C" if chance.yes(0.15) else "P",
                restricted=restricted,
                group=group.number if group else -1,
            )
        )

    def follow(self, group: Group) -> None:
        """Tell what the police come to know of a group over its life."""
        chance = self.chance
        first, last = max(group.started, 0), min(group.ended or self.builder.until, self.builder.until)
        months = (last - first) // (30 * DAY)
        for _ in range(chance.between(4, 8) + months * 3 // 5):
            at = self.moment(first, last)
            present = [m for m in group.members if m.since <= at and (m.until is None or at < m.until)] or group.members
            force = group.elsewhere if group.elsewhere and chance.yes(0.4) else group.force
            some = [member.person for member in chance.shuffled(present)[: chance.between(1, 4)]]
            exploited = [m.person for m in present if m.role == "EXPLOITED"]
            kind = chance.random()
            if kind < 0.45:
                self.intelligence(force, at, some[:3], group)
            elif kind < 0.65:
                self.stop(force, at, some, group.vehicle if chance.yes(0.7) else None, group.number)
            elif kind < 0.85 or not exploited:
                theme = group.themes[0].split(".")[0]
                offences = GROUP_CRIMES.get(theme, ORDINARY)
                suspects = [person for person in some if person not in exploited] or some
                victim = exploited[0] if exploited and theme in {"MSH", "CSA"} else None
                self.crime(chance.draw(offences), force, at, suspects, victim=victim, group=group)
            else:
                self.missing(chance.pick(exploited), at, group.premises[-1].ward.town, group.number)
