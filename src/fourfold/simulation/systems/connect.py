"""A CONNECT-like system: Lancashire's nominals, investigations, custody, stops, missing people and intelligence as one XML file."""

from collections.abc import Sequence

from fourfold.simulation.chance import Chance
from fourfold.simulation.delivery import Delivery, ExtractFile
from fourfold.simulation.happenings import Happening
from fourfold.simulation.holdings import Holding, spoilt_plate
from fourfold.simulation.moments import dashed, day_of, local, local_offset, minute_of, slashed, summer, utc_iso
from fourfold.simulation.names import Names
from fourfold.simulation.places import Address
from fourfold.simulation.reference import DRIFTED_OFFENCES, OPEN_STATUS
from fourfold.simulation.systems.base import OVERSIZE, System
from fourfold.simulation.truth import Truth
from fourfold.simulation.world import Block, Vehicle

SECTIONS = ("Nominals", "Investigations", "Custody", "Stops", "Missing", "Intelligence")
NAME = "extract.xml"
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})


def esc(value: str) -> str:
    """Return the text safe within an element or an attribute."""
    return value.translate(_ESCAPES) if any(c in value for c in '&<>"') else value


def tag(name: str, value: str) -> str:
    """Return one element with text, or nothing where there is none to show."""
    return f"<{name}>{esc(value)}</{name}>" if value else f"<{name}/>"


def birth_dashed(birth: tuple[int, int, int]) -> str:
    """Return a date of birth as typed."""
    year, month, day = birth
    return f"{year}-{month:02d}-{day:02d}" if year else ""


class Section(ExtractFile):
    """A part of the XML file, kept aside until the parts are joined."""


class Connect(System):
    """Lancashire."""

    source = "connect_lancashire"

    def __init__(self, names: Names, deliveries: Sequence[Delivery], truth: Truth) -> None:
        super().__init__(names, deliveries, truth)
        self.sections = [
            {name: Section(delivery.folder / f"{name}.part", "utf-8", "\n") for name in SECTIONS}
            for delivery in deliveries
        ]
        self.numbers = {
            "nominal": 0,
            "investigation": 1_000_000,
            "custody": 0,
            "stop": 0,
            "missing": 0,
            "intelligence": 0,
        }
        self.associates: dict[str, dict[str, str]] = {}
        self.kept: dict[str, list[tuple[Vehicle, int, str]]] = {}

    def begin(self, block: Block, chance: Chance) -> None:
        """Start a block with nothing known."""
        super().begin(block, chance)
        self.associates, self.kept = {}, {}

    def number(self, what: str) -> int:
        """Return the next number of a kind of record."""
        self.numbers[what] += 1
        return self.numbers[what]

    def next_key(self) -> str:
        """Return the next nominal reference."""
        return f"NN{self.number('nominal'):07d}"

    def put(self, section: str, element: str) -> int:
        """Write one element and return its place in its section."""
        return self.sections[self.turn][section].add(element)

    def flaw(self, section: str, place: int, code: str, key: str) -> None:
        """Note a defect of an element."""
        self.defect(f"{NAME}/{section}", place, code, key)

    def write_holding(self, holding: Holding) -> None:
        """Write a nominal with all the system knows of it."""
        homes = [*holding.earlier_homes, (holding.home_since, None, holding.home)]
        addresses = "".join(
            f'<Address from="{dashed(day_of(since))}" to="{"" if until is None else dashed(day_of(until))}">'
            f"{tag('Line1', home.line)}{tag('Town', home.ward.town)}"
            f"{tag('Postcode', holding.postcode if until is None else home.street.postcode)}</Address>"
            for since, until, home in homes
        )
        vehicles = []
        flaws = list(holding.flaws)
        for vehicle, since, plate in self.kept.get(holding.key, ()):
            vehicles.append(
                f'<Vehicle vrm="{esc(plate)}" make="{esc(vehicle.make)}" model="{esc(vehicle.model)}" colour="{vehicle.colour}" '
                f'from="{dashed(day_of(since))}"/>'
            )
            if " " in plate:
                flaws.append("PLATE_WITH_SPACES")
        place = self.put(
            "Nominals",
            f'<Nominal ref="{holding.key}" created="{local_offset(holding.created)}" restricted="{holding.restricted}"><Name>'
            f"{tag('Given', holding.forename)}{tag('Middle', holding.middle)}{tag('Family', holding.surname)}</Name>"
            + "".join(
                f"<Alias>{tag('Given', forename)}{tag('Family', surname)}</Alias>"
                for forename, surname, _ in holding.aliases
            )
            + f"<Sex>{holding.sex}</Sex>{tag('DateOfBirth', birth_dashed(holding.birth))}{tag('PncId', holding.pnc)}"
            f"{tag('Cro', holding.cro)}{tag('Nino', holding.nino)}{tag('Ethnicity', holding.ethnicity)}{addresses}"
            + "".join(
                f'<Telephone from="{dashed(day_of(since))}">{number}</Telephone>' for since, number in holding.phones
            )
            + "".join(vehicles)
            + "".join(
                f'<Associate ref="{ref}" type="{kind}"/>' for ref, kind in self.associates.get(holding.key, {}).items()
            )
            + "</Nominal>",
        )
        for flaw in flaws:
            self.flaw("Nominals", place, flaw, holding.key)

    def write_relation(self, one: Holding, other: Holding, kind: str, since: int) -> None:
        """Keep a link of two people; a nominal already delivered is delivered again with it."""
        self.associates.setdefault(one.key, {})[other.key] = kind.title()
        if not one.changed:
            one.changed = True
            one.updated = max(one.updated, since)
            self.write_holding(one)
            one.changed = False

    def relate(self, until: int) -> None:
        """Write no family ties here: they are kept as soon as both people are known, in `receive`."""

    def receive(self, happening: Happening, force: str, reported: int) -> None:
        """Record one event, then the family ties it brings to light."""
        if happening.kind != "INCIDENT":  # calls for service are in another system, which hands over no extract
            super().receive(happening, force, reported)
            for person, _ in happening.people:
                partner = person.partner
                if (
                    partner is not None
                    and partner.number in self.holdings
                    and (person.number, partner.number) not in self.related
                ):
                    self.related |= {(person.number, partner.number), (partner.number, person.number)}
                    if self.chance.yes(0.4):
                        one, other = self.holdings[person.number][-1], self.holdings[partner.number][0]
                        self.associates.setdefault(one.key, {})[other.key] = "Relative"
                        one.changed = True

    def location(self, place: Address | None, exact: bool) -> str:
        """Return a location element."""
        if place is None:
            return "<Location/>"
        position = f"<Lat>{place.latitude}</Lat><Lon>{place.longitude}</Lon>" if exact else "<Lat/><Lon/>"
        return (
            f"<Location>{tag('Line1', place.line)}{tag('Town', place.ward.town)}"
            f"{tag('Postcode', place.street.postcode if exact else '')}{position}</Location>"
        )

    def write_happening(self, happening: Happening, force: str, reported: int) -> None:
        """Write the element an event becomes."""
        people = [(self.nominal(person, force, reported), role) for person, role in happening.people]
        if happening.vehicle is not None:
            self.keep(people[0][0], happening.vehicle, reported)
        writer = {
            "CRIME": self.write_investigation,
            "CUSTODY": self.write_custody,
            "STOP": self.write_stop,
            "MISSING": self.write_missing,
            "INTELLIGENCE": self.write_intelligence,
        }[happening.kind]
        writer(happening, reported, people)

    def keep(self, holding: Holding, vehicle: Vehicle, at: int) -> None:
        """Add a vehicle to a nominal."""
        kept = self.kept.setdefault(holding.key, [])
        if vehicle in holding.person.vehicles and all(known is not vehicle for known, _, _ in kept):
            plate, flaw = spoilt_plate(self.chance, self.debts, vehicle.plate)
            kept.append((vehicle, at, plate))
            if flaw == "INVALID_PLATE":
                holding.flaws.append(flaw)
            holding.changed = True

    def write_investigation(self, happening: Happening, reported: int, people: list[tuple[Holding, str]]) -> None:
        """Write an investigation of a crime."""
        key = f"EM{self.number('investigation'):07d}"
        self.event_truth(happening, key)
        involved = "".join(f'<Involvement nominal="{holding.key}" role="{role.title()}"/>' for holding, role in people)
        self.investigation(happening, key, reported, involved)

    def investigation(self, happening: Happening, key: str, reported: int, involved: str) -> None:
        """Write one investigation element with the status known now."""
        offence = happening.offence
        if offence is None:
            return
        code = offence.code
        drifted = self.debts.due("CODE_DRIFT", self.chance.yes(0.01))
        if drifted:
            code = self.chance.pick(DRIFTED_OFFENCES)
        text = happening.text
        cut = self.debts.due("TRUNCATED_NARRATIVE", self.chance.yes(0.008))
        if cut:
            text = text[:60]
        pending = self.still_open(happening)
        status = OPEN_STATUS[1] if pending else happening.status[1]
        plate = f'<InvolvedVehicle vrm="{happening.vehicle.plate}"/>' if happening.vehicle else ""
        place = self.put(
            "Investigations",
            f'<Investigation ref="{key}" created="{local_offset(reported + 15)}"><Offence code="{code}" title="{esc(offence.title)}"/>'
            f"{tag('Status', status)}<Reported>{local_offset(reported)}</Reported><From>{local_offset(happening.at)}</From>"
            f"{tag('To', '' if happening.until == happening.at else local_offset(happening.until))}"
            f"{self.location(happening.place, happening.number % 20 != 0)}{tag('Narrative', text)}{involved}{plate}</Investigation>",
        )
        if pending:
            self.open_cases.append((happening, involved, f"{key} {reported}"))
        for flaw, shown in (
            ("CODE_DRIFT", drifted),
            ("TRUNCATED_NARRATIVE", cut),
            ("TWO_FORCES_COPY", bool(happening.copied_by)),
        ):
            if shown:
                self.flaw("Investigations", place, flaw, key)

    def write_outcome(self, happening: Happening, force: str, key: str) -> None:
        """Write an investigation again with its outcome; `force` carries the involvements."""
        reference, reported = key.split(" ")
        self.investigation(happening, reference, int(reported), force)

    def write_custody(self, happening: Happening, reported: int, people: list[tuple[Holding, str]]) -> None:
        """Write a custody record; some stations stamp local time as if it were UTC."""
        key = f"04/{happening.station[:2].upper()}/{self.number('custody'):06d}/{slashed(day_of(reported))[-2:]}"
        self.event_truth(happening, key)
        wrong = summer(happening.at) and self.debts.due("UTC_V_LOCAL", self.chance.yes(0.02))
        arrested = f"{utc_iso(local(happening.at))[:-1]}+00:00" if wrong else local_offset(happening.at)
        place = self.put(
            "Custody",
            f'<Record ref="{key}" arrested="{arrested}" station="{happening.station}" asn="{happening.summons}" '
            f'nominal="{people[0][0].key}" offence="{happening.offence.code if happening.offence else ""}"/>',
        )
        if wrong:
            self.flaw("Custody", place, "UTC_V_LOCAL", key)

    def write_stop(self, happening: Happening, reported: int, people: list[tuple[Holding, str]]) -> None:
        """Write one stop for each person stopped."""
        plate = happening.vehicle.plate if happening.vehicle else ""
        for holding, _ in people:
            key = f"SS{self.number('stop'):07d}"
            self.event_truth(happening, key)
            self.put(
                "Stops",
                f'<Stop ref="{key}" at="{local_offset(happening.at)}" nominal="{holding.key}" vrm="{plate}" '
                f'object="{esc(happening.objects)}" outcome="{esc(happening.outcome)}">{self.location(happening.place, False)}</Stop>',
            )
        if len(people) > 1 and self.chance.yes(0.5):
            self.associates.setdefault(people[0][0].key, {}).setdefault(people[1][0].key, "Associate")
            people[0][0].changed = True

    def write_missing(self, happening: Happening, reported: int, people: list[tuple[Holding, str]]) -> None:
        """Write a missing episode."""
        key = f"MP{self.number('missing'):07d}"
        self.event_truth(happening, key)
        self.put(
            "Missing",
            f'<Episode ref="{key}" nominal="{people[0][0].key}" from="{local_offset(happening.at)}" '
            f'to="{local_offset(happening.until)}" risk="{happening.outcome}"/>',
        )

    def write_intelligence(self, happening: Happening, reported: int, people: list[tuple[Holding, str]]) -> None:
        """Write an intelligence report."""
        key = f"04{self.number('intelligence'):07d}/{slashed(day_of(reported))[-2:]}"
        self.event_truth(happening, key)
        subjects = "".join(f'<Subject nominal="{holding.key}"/>' for holding, _ in people)
        plate = f'<SubjectVehicle vrm="{happening.vehicle.plate}"/>' if happening.vehicle else ""
        phone = f'<SubjectTelephone number="{happening.phone}"/>' if happening.phone else ""
        self.put(
            "Intelligence",
            f'<Report urn="{key}" at="{local_offset(reported)}" source="{happening.grade[0]}" assessment="{happening.grade[1]}" '
            f'handling="{happening.handling}" restricted="{happening.restricted}">{tag("Text", happening.text)}{subjects}{plate}{phone}'
            "</Report>",
        )

    def plant(self) -> None:
        """Write the damaged elements: each a record of nobody. An undecodable byte would spoil the whole file, so the
        exporter's mark of one, U+FFFD, stands in its place."""
        self.turn = 0
        key = self.next_key()
        self.flaw("Nominals", self.put("Nominals", f'<Nominal ref="{key}"/>'), "TRUNCATED_ROW", key)
        key = f"SS{self.number('stop'):07d}"
        place = self.put(
            "Stops",
            f'<Stop ref="{key}" at="2025-06-01T09:00:00+01:00" nominal="" vrm="" object="" outcome=""><Location/><Column19>spare</Column19></Stop>',
        )
        self.flaw("Stops", place, "TOO_MANY_FIELDS", key)
        for code, text in (
            ("UNDECODABLE_BYTE", "Seen outside the Caf\ufffd on the corner."),
            ("FORMULA_CELL", '=HYPERLINK("http://example.invalid/","see")'),
            ("OVERSIZE_FIELD", ("Log continues. " * (OVERSIZE // 15)).ljust(OVERSIZE, ".")),
        ):
            key = f"04{self.number('intelligence'):07d}/25"
            place = self.put(
                "Intelligence",
                f'<Report urn="{key}" at="2025-06-01T09:00:00+01:00" source="2" assessment="D" handling="P" restricted="">'
                f"{tag('Text', text)}</Report>",
            )
            self.flaw("Intelligence", place, code, key)

    def finish(self) -> dict[object, dict[str, int]]:  # type: ignore[override]
        """Join the parts of each delivery's file and close it."""
        for delivery, sections in zip(self.deliveries, self.sections, strict=True):
            file = delivery.open(NAME, "utf-8", "\n")
            at = local_offset(minute_of(delivery.period_to) + 1425)
            file.write(
                f'<?xml version="1.0" encoding="UTF-8"?>\n<ConnectExtract version="1" generated="{at}">\n'.encode()
            )
            for name, section in sections.items():
                section.close()
                file.write(f"<{name}>\n".encode())
                with section.path.open("rb") as part:
                    while chunk := part.read(1 << 20):
                        file.write(chunk)
                file.write(f"</{name}>\n".encode())
                file.rows += section.rows
                section.path.unlink()
            file.write(b"</ConnectExtract>\n")
        return super().finish()  # type: ignore[return-value]
