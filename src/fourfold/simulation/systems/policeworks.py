"""A PoliceWorks-like system: Greater Manchester's five flat files, where a person is typed again in every row."""

from collections.abc import Sequence

from fourfold.simulation.chance import Chance
from fourfold.simulation.delivery import Delivery
from fourfold.simulation.happenings import Happening
from fourfold.simulation.holdings import Holding, spoilt_plate
from fourfold.simulation.moments import day_of, local_half_day, slashed, summer
from fourfold.simulation.names import Names
from fourfold.simulation.reference import DRIFTED_OFFENCES, OPEN_STATUS
from fourfold.simulation.systems.niche import birth_slashed
from fourfold.simulation.systems.system import PLANTED_TEXTS, OpenCase, System
from fourfold.simulation.truth import Truth
from fourfold.simulation.world import Block, Person

HEADERS = {
    "crimes": (
        "CrimeNo,HOClass,Offence,DateFrom,DateTo,Reported,Address,PostCode,"
        "Outcome,Role,Name,DOB,Sex,PNC,Phone,VRM,"
        "PersonAddress,Notes"
    ),
    "custody": ("CustodyNo,Arrested,Station,ASN,Name,DOB,Sex,PNC,CRO,Offence,Disposal,Phone,Address,PostCode"),
    "stops": ("Ref,When,Where,Name,DOB,Sex,VRM,Object,Outcome"),
    "intel": ("Ref,When,Grade,Hand,Text,SubjectName,SubjectDOB,VRM,Phone,Restricted"),
    "missing": ("Ref,From,To,Name,DOB,Sex,Risk,Address,PostCode"),
}
NOTES_LENGTH = 100
# The column a defect needs to be seen in; a file without it does not show the defect.
SEEN_IN = {
    "PROTECTED_FIELD_NULL": "Sex",
    "INVALID_PNC": "PNC",
    "INVALID_NINO": "NINO",
    "MISSING_POSTCODE": "PostCode",
    "DELETED_BUT_LINKED": "Deleted",
}
FULL_NAME_SHARE = 0.82  # the rest write the name in the order it is spoken


def plain(values: Sequence[str]) -> str:
    """Return one row, in quotation marks only where a value needs them."""
    return ",".join(
        [
            f'"{value.replace(chr(34), chr(34) * 2)}"' if "," in value or '"' in value or "\n" in value else value
            for value in values
        ]
    )


class PoliceWorks(System):
    """Greater Manchester."""

    source = "policeworks_gmp"

    def __init__(self, names: Names, deliveries: Sequence[Delivery], truth: Truth) -> None:
        super().__init__(names, deliveries, truth)
        self.tables = [
            {name: delivery.open(f"{name}.csv", "latin-1", "\n", header) for name, header in HEADERS.items()}
            for delivery in deliveries
        ]
        self.numbers = dict.fromkeys(HEADERS, 0)
        self.typed: dict[int, list[tuple[str, int, str]]] = {}
        self.shown: set[str] = set()
        for turn in range(len(deliveries)):
            self.turn = turn
            for name in HEADERS:
                self.defect(f"{name}.csv", 2, "TWELVE_HOUR_TIME")
        self.turn = 0

    def begin(self, block: Block, chance: Chance) -> None:
        """Start a block with nothing known."""
        super().begin(block, chance)
        self.typed = {}

    def members(self, person: Person) -> list[tuple[str, int, str]]:
        """Return key, moment and force of every row that names the person."""
        return self.typed.get(person.number, [])

    def reference(self, table: str, letter: str, at: int) -> str:
        """Return the next reference of a file."""
        self.numbers[table] += 1
        return f"{slashed(day_of(at))[-2:]}06{letter}{self.numbers[table]:07d}"

    def row(
        self, table: str, reference: str, values: Sequence[str], holding: Holding | None, flaws: Sequence[str]
    ) -> None:
        """Write one row, and note who it truly names and what is wrong with it."""
        file = self.tables[self.turn][table]
        line = file.add(plain([value.replace("\n", " ") for value in values]))
        key = f"{table}/{reference}/{file.rows}"
        if holding is not None:
            self.truth.add("records", self.source, key, holding.person.number)
            self.typed.setdefault(holding.person.number, []).append((key, holding.created, holding.force))
            for flaw in holding.flaws:
                if flaw not in SEEN_IN or SEEN_IN[flaw] in HEADERS[table].split(","):
                    self.defect(f"{table}.csv", line, flaw, key)
                    self.shown.add(flaw)
                elif flaw in self.debts.OWED and flaw not in self.shown:
                    self.debts.owed.add(flaw)  # a debt paid where nobody sees it is not paid
        for flaw in flaws:
            self.defect(f"{table}.csv", line, flaw, key)

    def typed_name(self, holding: Holding) -> str:
        """Return the name as typed in one box."""
        if self.chance.yes(FULL_NAME_SHARE):
            return f"{holding.surname.upper()}, {holding.forename} {holding.middle}".rstrip()
        return f"{holding.forename} {holding.middle} {holding.surname}".replace("  ", " ")

    def hold(self, person: Person, force: str, at: int) -> Holding:
        """Return the person as typed in this row; every row is a nominal of its own."""
        again = person.number in self.typed
        holding = self.recorder.hold(self.chance, person, force, at, "")
        if "PROTECTED_FIELD_NULL" in holding.flaws:
            holding.sex = ""  # there is no other protected field here
        if again and self.debts.due("DUPLICATE_NOMINAL", True):
            holding.flaws.append("DUPLICATE_NOMINAL")
        return holding

    def write_happening(self, happening: Happening, force: str, reported: int) -> None:
        """Write the rows an event becomes."""
        if happening.kind == "CRIME":
            reference = self.reference("crimes", "C", reported)
            self.event_truth(happening, reference)
            self.write_crime(happening, reference, reported)
        elif happening.kind != "INCIDENT":  # calls for service are in another system, which hands over no extract
            writer = {
                "CUSTODY": self.write_custody,
                "STOP": self.write_stop,
                "INTELLIGENCE": self.write_intelligence,
                "MISSING": self.write_missing,
            }
            writer[happening.kind](happening, reported)

    def write_crime(self, happening: Happening, reference: str, reported: int) -> None:
        """Write a crime: a row for each person in it, or one for none."""
        chance, offence, place = self.chance, happening.offence, happening.place
        if offence is None or place is None:
            return
        flaws = ["TWO_FORCES_COPY"] if happening.copied_by else []
        code = offence.code
        if self.debts.due("CODE_DRIFT", chance.yes(0.03)):
            code = chance.pick(DRIFTED_OFFENCES)
            flaws.append("CODE_DRIFT")
        shift = 0
        if summer(happening.at) and self.debts.due("UTC_V_LOCAL", chance.yes(0.015)):
            shift = -60
            flaws.append("UTC_V_LOCAL")
        notes = happening.text[:NOTES_LENGTH]
        if len(happening.text) > NOTES_LENGTH:
            flaws.append("TRUNCATED_NARRATIVE")
        postcode = place.street.postcode
        if chance.yes(0.18):
            postcode = ""
        if self.still_open(happening):
            outcome = OPEN_STATUS[1]
            self.open_cases.append(OpenCase(happening, reference, "", reported))
        else:
            outcome = happening.status[1]
        plate, plate_flaw = spoilt_plate(chance, self.debts, happening.vehicle.plate) if happening.vehicle else ("", "")
        plate_flaws = [plate_flaw] if plate_flaw else []
        until = "" if happening.until == happening.at else local_half_day(happening.until + shift)
        head = [
            reference,
            code,
            offence.title,
            local_half_day(happening.at + shift),
            until,
            local_half_day(reported + shift),
            f"{place.line}, {place.ward.name}, {place.ward.town}",
            postcode,
            outcome,
        ]
        for person, role in happening.people:
            holding = self.hold(person, "gmp", reported)
            phone = person.phone(reported) if chance.yes(0.45) else ""
            values = [
                *head,
                role,
                self.typed_name(holding),
                birth_slashed(holding.birth),
                holding.sex,
                holding.pnc,
                phone,
                plate if role != "WITNESS" else "",
                self.home(holding),
                notes,
            ]
            self.row("crimes", reference, values, holding, flaws if role == "WITNESS" else [*flaws, *plate_flaws])
        if not happening.people:
            self.row(
                "crimes", reference, [*head, "", "", "", "", "", "", plate, "", notes], None, [*flaws, *plate_flaws]
            )

    def home(self, holding: Holding) -> str:
        """Return the person's address as typed in one box, the postcode at its end where known."""
        home = holding.home
        return f"{home.line}, {home.ward.town} {holding.postcode}".rstrip()

    def write_outcome(self, case: OpenCase) -> None:
        """Write a crime again with its outcome, its people typed again."""
        self.write_crime(case.happening, case.key, case.reported)

    def write_custody(self, happening: Happening, reported: int) -> None:
        """Write a custody row."""
        reference = self.reference("custody", "K", reported)
        self.event_truth(happening, reference)
        holding = self.hold(happening.people[0][0], "gmp", reported)
        offence = happening.offence.title if happening.offence else ""
        values = [
            reference,
            local_half_day(happening.at),
            happening.station,
            happening.summons,
            self.typed_name(holding),
            birth_slashed(holding.birth),
            holding.sex,
            holding.pnc,
            holding.cro,
            offence,
            happening.outcome,
            happening.phone,
            f"{holding.home.line}, {holding.home.ward.town}",
            holding.postcode,
        ]
        self.row("custody", reference, values, holding, [])

    def write_stop(self, happening: Happening, reported: int) -> None:
        """Write a row for each person stopped."""
        place = happening.place
        plate, flaw = spoilt_plate(self.chance, self.debts, happening.vehicle.plate) if happening.vehicle else ("", "")
        for person, _ in happening.people:
            reference = self.reference("stops", "S", reported)
            self.event_truth(happening, reference)
            holding = self.hold(person, "gmp", reported)
            values = [
                reference,
                local_half_day(happening.at),
                f"{place.line}, {place.ward.town}" if place else "",
                self.typed_name(holding),
                birth_slashed(holding.birth),
                holding.sex,
                plate,
                happening.objects,
                happening.outcome,
            ]
            self.row("stops", reference, values, holding, [flaw] if flaw else [])

    def write_intelligence(self, happening: Happening, reported: int) -> None:
        """Write a row for each subject of a report."""
        reference = self.reference("intel", "N", reported)
        self.event_truth(happening, reference)
        plate = happening.vehicle.plate if happening.vehicle else ""
        for person, _ in happening.people:
            holding = self.hold(person, "gmp", reported)
            values = [
                reference,
                local_half_day(reported),
                happening.grade,
                happening.handling,
                happening.text,
                self.typed_name(holding),
                birth_slashed(holding.birth),
                plate,
                happening.phone,
                happening.restricted,
            ]
            self.row("intel", reference, values, holding, [])

    def write_missing(self, happening: Happening, reported: int) -> None:
        """Write a missing episode."""
        reference = self.reference("missing", "M", reported)
        self.event_truth(happening, reference)
        holding = self.hold(happening.people[0][0], "gmp", reported)
        values = [
            reference,
            local_half_day(happening.at),
            local_half_day(happening.until),
            self.typed_name(holding),
            birth_slashed(holding.birth),
            holding.sex,
            happening.outcome,
            f"{holding.home.line}, {holding.home.ward.town}",
            holding.postcode,
        ]
        self.row("missing", reference, values, holding, [])

    def plant(self) -> None:
        """Write the damaged rows: each a record of nobody."""
        self.turn = 0
        tables, at = self.tables[0], "01/06/2025 09:00 AM"
        reference = self.reference("stops", "S", 0)
        self.defect("stops.csv", tables["stops"].add(f"{reference},{at},Market Stre"), "TRUNCATED_ROW", reference)
        reference = self.reference("missing", "M", 0)
        line = tables["missing"].add(f"{reference},{at},{at},,,U,Low,,,spare,spare")
        self.defect("missing.csv", line, "TOO_MANY_FIELDS", reference)
        reference = self.reference("stops", "S", 0)
        line = tables["stops"].add_bytes(
            f"{reference},{at},Caf@ corner,,,U,,Stolen goods,Arrest".encode().replace(b"@", b"\x81")
        )
        self.defect("stops.csv", line, "UNDECODABLE_BYTE", reference)
        for code, text in PLANTED_TEXTS:
            reference = self.reference("intel", "N", 0)
            line = tables["intel"].add(plain([reference, at, "2D", "P", text, "", "", "", "", ""]))
            self.defect("intel.csv", line, code, reference)
