"""A CONNECT-like system: Lancashire's nominals, crimes, custody, stops, missing people and intelligence, as one XML."""

from collections.abc import Sequence

from fourfold.simulation.chance import Chance
from fourfold.simulation.delivery import Delivery, ExtractFile
from fourfold.simulation.happenings import Happening
from fourfold.simulation.holdings import Holding, spoilt_plate
from fourfold.simulation.moments import dashed, day_of, local, local_offset, minute_of, slashed, summer, utc_iso
from fourfold.simulation.names import Names
from fourfold.simulation.places import Address
from fourfold.simulation.reference import DRIFTED_OFFENCES, OPEN_STATUS
from fourfold.simulation.systems.system import PLANTED_TEXTS, Keeper, OpenCase
from fourfold.simulation.truth import Truth
from fourfold.simulation.world import Block, Vehicle

PLANTED_AT = "2025-06-01T09:00:00+01:00"
SECTIONS = ("Nominals", "Investigations", "Custody", "Stops", "Missing", "Intelligence")
NAME = "extract.xml"
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})


def esc(value: str) -> str:
    """Return the text safe within an element or an attribute."""
    return value.translate(_ESCAPES) if any(c in value for c in '&<>"') else value


def tag(name: str, value: str) -> str:
    """Return one element with text; an empty one where there is none to show."""
    return f"<{name}>{esc(value)}</{name}>" if value else f"<{name}/>"


def element(name: str, attributes: dict[str, str], *content: str) -> str:
    """Return one element with attributes and the elements in it."""
    start = " ".join([f'{key}="{esc(value)}"' for key, value in attributes.items()])
    inner = "".join(content)
    return f"<{name} {start}>{inner}</{name}>" if inner else f"<{name} {start}/>"


def birth_dashed(birth: tuple[int, int, int]) -> str:
    """Return a date of birth as typed."""
    year, month, day = birth
    return f"{year}-{month:02d}-{day:02d}" if year else ""


def mislabelled(minute: int) -> str:
    """Return a British wall clock's time written as if it were UTC."""
    return f"{utc_iso(local(minute))[:-1]}+00:00"


class Section(ExtractFile):
    """A part of the XML file, kept aside until the parts are joined."""


class Connect(Keeper):
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
        """Write a nominal with all the system knows of it. A deleted one is simply gone; what points to it is not."""
        if not self.delivers(holding):
            self.flaw("Nominals", 0, "DELETED_BUT_LINKED", holding.key)
            return
        flaws = list(holding.flaws)
        parts = [
            "<Name>",
            tag("Given", holding.forename),
            tag("Middle", holding.middle),
            tag("Family", holding.surname),
            "</Name>",
        ]
        for forename, surname, _ in holding.aliases:
            parts += ["<Alias>", tag("Given", forename), tag("Family", surname), "</Alias>"]
        parts += [
            tag("Sex", holding.sex),
            tag("DateOfBirth", birth_dashed(holding.birth)),
            tag("PncId", holding.pnc),
            tag("Cro", holding.cro),
            tag("Nino", holding.nino),
            tag("Ethnicity", holding.ethnicity),
        ]
        for since, until, home in [*holding.earlier_homes, (holding.home_since, None, holding.home)]:
            span = {"from": dashed(day_of(since)), "to": "" if until is None else dashed(day_of(until))}
            postcode = holding.postcode if until is None else home.street.postcode
            lines = tag("Line1", home.line), tag("Town", home.ward.town), tag("Postcode", postcode)
            parts.append(element("Address", span, *lines))
        for since, number in holding.phones:
            parts.append(element("Telephone", {"from": dashed(day_of(since))}, number))
        for vehicle, since, plate in self.kept.get(holding.key, ()):
            shown = {"vrm": plate, "make": vehicle.make, "model": vehicle.model, "colour": vehicle.colour}
            parts.append(element("Vehicle", {**shown, "from": dashed(day_of(since))}))
            if " " in plate:
                flaws.append("PLATE_WITH_SPACES")
        for ref, kind in self.associates.get(holding.key, {}).items():
            parts.append(element("Associate", {"ref": ref, "type": kind}))
        head = {"ref": holding.key, "created": local_offset(holding.created), "restricted": holding.restricted}
        place = self.put("Nominals", element("Nominal", head, *parts))
        for flaw in flaws:
            self.flaw("Nominals", place, flaw, holding.key)

    def second(self, holding: Holding, known: list[Holding]) -> None:
        """Leave a duplicate: nobody merges here."""

    def delivers(self, holding: Holding) -> bool:
        """Return whether the nominal is still there to deliver."""
        return not holding.deleted

    def write_relation(self, one: Holding, other: Holding, kind: str, since: int) -> None:
        """Keep a link of two people; it is delivered with the nominal, again if need be."""
        self.associates.setdefault(one.key, {}).setdefault(other.key, kind.title())
        one.updated, one.changed = max(one.updated, since), True

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
                        self.write_relation(one, other, "RELATIVE", reported)

    def location(self, place: Address | None, *, exact: bool) -> str:
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

    def plate(self, happening: Happening) -> tuple[str, str]:
        """Return the plate of an event as typed, and what is wrong with it."""
        if happening.vehicle is None:
            return "", ""
        return spoilt_plate(self.chance, self.debts, happening.vehicle.plate)

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
        involved = "".join(
            element("Involvement", {"nominal": holding.key, "role": role.title()}) for holding, role in people
        )
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
        parts = [
            element("Offence", {"code": code, "title": offence.title}),
            tag("Status", OPEN_STATUS[1] if pending else happening.status[1]),
            tag("Reported", local_offset(reported)),
            tag("From", local_offset(happening.at)),
            tag("To", "" if happening.until == happening.at else local_offset(happening.until)),
            self.location(happening.place, exact=happening.number % 20 != 0),
            tag("Narrative", text),
            involved,
        ]
        plate, plate_flaw = self.plate(happening)
        if plate:
            parts.append(element("InvolvedVehicle", {"vrm": plate}))
        head = {"ref": key, "created": local_offset(reported + 15)}
        place = self.put("Investigations", element("Investigation", head, *parts))
        if pending:
            self.open_cases.append(OpenCase(happening, key, involved, reported))
        for flaw, shown in (
            ("CODE_DRIFT", drifted),
            ("TRUNCATED_NARRATIVE", cut),
            ("TWO_FORCES_COPY", bool(happening.copied_by)),
            (plate_flaw, bool(plate_flaw)),
        ):
            if shown:
                self.flaw("Investigations", place, flaw, key)

    def write_outcome(self, case: OpenCase) -> None:
        """Write an investigation again with its outcome."""
        self.investigation(case.happening, case.key, case.reported, case.detail)

    def write_custody(self, happening: Happening, reported: int, people: list[tuple[Holding, str]]) -> None:
        """Write a custody record; some stations stamp local time as if it were UTC."""
        key = f"04/{happening.station[:2].upper()}/{self.number('custody'):06d}/{slashed(day_of(reported))[-2:]}"
        self.event_truth(happening, key)
        wrong = summer(happening.at) and self.debts.due("UTC_V_LOCAL", self.chance.yes(0.02))
        arrested = mislabelled(happening.at) if wrong else local_offset(happening.at)
        record = {
            "ref": key,
            "arrested": arrested,
            "station": happening.station,
            "asn": happening.summons,
            "nominal": people[0][0].key,
            "offence": happening.offence.code if happening.offence else "",
        }
        place = self.put("Custody", element("Record", record))
        if wrong:
            self.flaw("Custody", place, "UTC_V_LOCAL", key)

    def write_stop(self, happening: Happening, reported: int, people: list[tuple[Holding, str]]) -> None:
        """Write one stop for each person stopped."""
        plate, flaw = self.plate(happening)
        wrong = summer(happening.at) and self.debts.due("UTC_V_LOCAL", self.chance.yes(0.01))
        for holding, _ in people:
            key = f"SS{self.number('stop'):07d}"
            self.event_truth(happening, key)
            stop = {
                "ref": key,
                "at": mislabelled(happening.at) if wrong else local_offset(happening.at),
                "nominal": holding.key,
                "vrm": plate,
                "object": happening.objects,
                "outcome": happening.outcome,
            }
            place = self.put("Stops", element("Stop", stop, self.location(happening.place, exact=False)))
            for code, shown in (("UTC_V_LOCAL", wrong), (flaw, flaw)):
                if shown:
                    self.flaw("Stops", place, code, key)
        if len(people) > 1 and self.chance.yes(0.5):
            self.write_relation(people[0][0], people[1][0], "ASSOCIATE", reported)

    def write_missing(self, happening: Happening, reported: int, people: list[tuple[Holding, str]]) -> None:
        """Write a missing episode."""
        key = f"MP{self.number('missing'):07d}"
        self.event_truth(happening, key)
        episode = {
            "ref": key,
            "nominal": people[0][0].key,
            "from": local_offset(happening.at),
            "to": local_offset(happening.until),
            "risk": happening.outcome,
        }
        self.put("Missing", element("Episode", episode))

    def write_intelligence(self, happening: Happening, reported: int, people: list[tuple[Holding, str]]) -> None:
        """Write an intelligence report."""
        key = f"04{self.number('intelligence'):07d}/{slashed(day_of(reported))[-2:]}"
        self.event_truth(happening, key)
        parts = [tag("Text", happening.text)]
        parts += [element("Subject", {"nominal": holding.key}) for holding, _ in people]
        if happening.vehicle:
            parts.append(element("SubjectVehicle", {"vrm": happening.vehicle.plate}))
        if happening.phone:
            parts.append(element("SubjectTelephone", {"number": happening.phone}))
        head = {
            "urn": key,
            "at": local_offset(reported),
            "source": happening.grade[0],
            "assessment": happening.grade[1],
            "handling": happening.handling,
            "restricted": happening.restricted,
        }
        self.put("Intelligence", element("Report", head, *parts))

    def plant(self) -> None:
        """Write the damaged elements: each a record of nobody. An undecodable byte would spoil the whole file, so the
        exporter's mark of one, U+FFFD, stands in its place."""
        self.turn = 0
        key = self.next_key()
        self.flaw("Nominals", self.put("Nominals", f'<Nominal ref="{key}"/>'), "TRUNCATED_ROW", key)
        key = f"SS{self.number('stop'):07d}"
        stop = {"ref": key, "at": PLANTED_AT, "nominal": "", "vrm": "", "object": "", "outcome": ""}
        place = self.put("Stops", element("Stop", stop, "<Location/>", tag("Column19", "spare")))
        self.flaw("Stops", place, "TOO_MANY_FIELDS", key)
        for code, text in (("UNDECODABLE_BYTE", "Seen by the Caf\ufffd on the corner."), *PLANTED_TEXTS):
            key = f"04{self.number('intelligence'):07d}/25"
            head = {"urn": key, "at": PLANTED_AT, "source": "2", "assessment": "D", "handling": "P", "restricted": ""}
            self.flaw("Intelligence", self.put("Intelligence", element("Report", head, tag("Text", text))), code, key)

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
