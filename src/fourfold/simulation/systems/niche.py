"""A Niche-like system: one database of three forces, handed over as CSV tables with code lists and tombstones."""

import heapq
from collections.abc import Sequence

from fourfold.simulation.chance import Chance
from fourfold.simulation.delivery import Delivery
from fourfold.simulation.firms import DIRECTOR, WORKS_FOR, Firm, firms_of, said_of
from fourfold.simulation.happenings import Happening
from fourfold.simulation.holdings import Holding, spoilt_plate
from fourfold.simulation.moments import DAY, day_of, local_slashed, slashed, summer, utc_slashed
from fourfold.simulation.names import Names
from fourfold.simulation.places import Address
from fourfold.simulation.reference import (
    COLOURS,
    DISPOSALS,
    DRIFTED_OFFENCES,
    ETHNICITIES,
    FORCES,
    KINDS,
    OFFENCES,
    OPEN_STATUS,
    OUTCOMES,
    RISKS,
    ROLES,
    SEXES,
    STOP_OUTCOMES,
)
from fourfold.simulation.systems.system import PLANTED_TEXTS, Keeper, OpenCase
from fourfold.simulation.truth import Truth
from fourfold.simulation.world import Block, Vehicle

HEADERS = {
    "person": (
        "Id,OwningAgency,Surname,Forename1,Forename2,SexCode,DateOfBirth,PNCID,"
        "CRONumber,NINO,EthnicityCode,HomeAddressId,Restricted,CreatedTime,EffectiveFrom,Deleted,"
        "MergedIntoId"
    ),
    "person_alias": ("Id,PersonId,Surname,Forename1,DateOfBirth,CreatedTime"),
    "address": ("Id,OwningAgency,HouseNumber,Street,Locality,Town,Postcode,Easting,Northing,UPRN,CreatedTime"),
    "vehicle": ("Id,OwningAgency,Registration,Make,Model,ColourCode,CreatedTime"),
    "telephone": ("Id,OwningAgency,Number,TypeCode,CreatedTime"),
    "occurrence": (
        "Id,OwningAgency,OccurrenceNumber,TypeCode,OffenceCode,StatusCode,ReportedTime,OccurredFrom,"
        "OccurredTo,AddressId,Narrative,Restricted,CreatedTime"
    ),
    "intelligence": (
        "Id,OwningAgency,Urn,ReportedTime,SourceEvaluation,IntelligenceAssessment,Handling,Text,Restricted,CreatedTime"
    ),
    "involvement": ("Id,OwningAgency,FromTable,FromId,ToTable,ToId,RoleCode,EffectiveFrom,EffectiveTo"),
    "organisation": ("Id,OwningAgency,Name,TradingName,CompanyNumber,AddressId,CreatedTime"),
    "codes": ("CodeTable,Code,Description,ValidFrom,ValidTo"),
}
TYPE_CODES = {kind: code for code, _, kind in KINDS}
ROLE_CODES = {role: code for code, _, role in ROLES}
COLOUR_CODES = {name: code for code, name, _ in COLOURS}
DISPOSAL_CODES = {name: f"D{position}" for position, name in enumerate(DISPOSALS)}
STOP_CODES = {name: f"S{position}" for position, name in enumerate(STOP_OUTCOMES)}
RISK_CODES = {name: f"R{position}" for position, name in enumerate(RISKS)}
PHONE_TYPES = (("MOB", "Mobile telephone"), ("LAN", "Landline telephone"))
FIRST_IDS = {
    "person": 2_000_000,
    "person_alias": 1,
    "address": 4_000_000,
    "vehicle": 6_000_000,
    "telephone": 7_000_000,
    "occurrence": 8_000_000,
    "intelligence": 9_000_000,
    "involvement": 10_000_000,
    "organisation": 11_000_000,
    "firm_address": 5_000_000,
    "firm_involvement": 20_000_000,
}
FIRM_ROLES = {DIRECTOR: ("DIRE", "Director"), WORKS_FOR: ("WORK", "Employee")}
EARLY_AGENCY = 0.55  # how often an officer uses the nominal another of the three forces made


def quoted(*values: object) -> str:
    """Return one row with every value in quotation marks."""
    texts = [str(value) for value in values]
    row = '"' + '","'.join(texts) + '"'
    if row.count('"') == 2 * len(texts):
        return row
    return '"' + '","'.join([text.replace('"', '""') for text in texts]) + '"'


def birth_slashed(birth: tuple[int, int, int]) -> str:
    """Return a date of birth as typed; an unknown day or month is two noughts."""
    year, month, day = birth
    return f"{day:02d}/{month:02d}/{year}" if year else ""


class Niche(Keeper):
    """Cheshire, Merseyside and North Wales in one database."""

    source = "niche_tri"

    def __init__(self, names: Names, deliveries: Sequence[Delivery], truth: Truth) -> None:
        super().__init__(names, deliveries, truth)
        self.tables = [
            {
                name: delivery.open(f"{name}.csv", "cp1252", "\r\n", quoted(*header.split(",")))
                for name, header in HEADERS.items()
            }
            for delivery in deliveries
        ]
        self.ids = dict(FIRST_IDS)
        self.references = dict.fromkeys(self.forces, 0)
        self.addresses: dict[tuple[int, str], int] = {}
        self.vehicles: dict[tuple[int, str], int] = {}
        self.telephones: dict[tuple[str, str], int] = {}
        self.linked: set[tuple[int, int, str]] = set()
        self.firm_rows: list[tuple[str, tuple[object, ...]]] = []
        for turn in range(len(deliveries)):
            self.turn = turn
            self.write_codes()
        self.turn = 0

    def begin(self, block: Block, chance: Chance) -> None:
        """Start a block with nothing known."""
        super().begin(block, chance)
        self.addresses, self.vehicles, self.telephones, self.linked = {}, {}, {}, set()

    def deliver(self, turn: int) -> None:
        """End one delivery of the block; firms come with the first."""
        if turn == 0:
            self.note_firms()
        super().deliver(turn)

    def note_firms(self) -> None:
        """Note what the forces know of the block's firms, to be written behind everything else."""
        until = self.end_of(0)
        for firm in firms_of(self.block, self.holdings):
            chance = Chance(f"firm {firm.company} {firm.name}")
            own = firm.people[0][0].force
            others = chance.shuffled([force for force in self.forces if force != own])
            for force in [own, *others[: chance.upto(3)]]:
                self.note_firm(firm, force, chance, until)

    def note_firm(self, firm: Firm, force: str, chance: Chance, until: int) -> None:
        """Note one force's record of a firm, where it is and who runs it or works there."""
        said, number = said_of(chance, firm), FORCES[force].number
        at, where = firm.at, self.new_id("firm_address")
        made = local_slashed(min(firm.since + chance.between(40, 1_000) * DAY, until - DAY))
        house = (at.house, at.street.name, at.ward.name, at.ward.town, at.street.postcode, at.easting, at.northing, "")
        self.firm_rows.append(("address", (where, number, *house, made)))
        key = self.new_id("organisation")
        self.firm_rows.append(("organisation", (key, number, said.name, said.trading, said.company, where, made)))
        for held, role in firm.people:
            if held.force == force or chance.yes(0.3):
                ends = ("person", held.key, "organisation", key, FIRM_ROLES[role][0], slashed(day_of(firm.since)), "")
                self.firm_rows.append(("involvement", (self.new_id("firm_involvement"), number, *ends)))

    def write_firms(self) -> None:
        """Write the firms behind all other rows, which stay as they are."""
        self.turn = 0
        for code, name in FIRM_ROLES.values():
            self.row("codes", "ROLE", code, name, "01/04/2016", "")
        for table, values in self.firm_rows:
            self.row(table, *values)

    def new_id(self, table: str) -> int:
        """Return the next Id of a table."""
        self.ids[table] += 1
        return self.ids[table]

    def next_key(self) -> str:
        """Return the next person Id."""
        return str(self.new_id("person"))

    def row(self, table: str, *values: object) -> int:
        """Write one row and return its line."""
        return self.tables[self.turn][table].add(quoted(*values))

    def write_codes(self) -> None:
        """Write the code tables."""
        lists: list[tuple[str, Sequence[tuple[str, str]]]] = [
            ("SEX", SEXES),
            ("ETHNICITY", ETHNICITIES),
            ("COLOUR", [(code, name) for code, name, _ in COLOURS]),
            ("OFFENCE", [(offence.code, offence.title) for offence in OFFENCES]),
            ("STATUS", [OPEN_STATUS, *((code, name) for code, name, _ in OUTCOMES)]),
            (
                "STATUS",
                [(code, name) for table in (DISPOSAL_CODES, STOP_CODES, RISK_CODES) for name, code in table.items()],
            ),
            ("OCCTYPE", [(code, name) for code, name, _ in KINDS]),
            ("ROLE", [(code, name) for code, name, _ in ROLES]),
            ("PHONE", PHONE_TYPES),
        ]
        for table, codes in lists:
            for code, description in codes:
                self.row("codes", table, code, description, "01/04/2016", "")
        self.row("codes", "OFFENCE", "53/99", "Fraud, recorded before Action Fraud", "01/04/2006", "31/03/2013")

    def found(self, known: list[Holding], force: str) -> Holding | None:
        """Return the own force's nominal first; another force's only sometimes."""
        own = [holding for holding in known if holding.force == force]
        if not own and (not known or not self.chance.yes(EARLY_AGENCY)):
            return None
        return super().found(own or known, force)

    def second(self, holding: Holding, known: list[Holding]) -> None:
        """Merge some duplicates later: the loser stays as a tombstone."""
        if self.chance.yes(0.45):
            survivor = next(other for other in known if other.force == holding.force)
            when = holding.created + self.chance.between(20, 400) * DAY
            heapq.heappush(self.merges, (when, int(holding.key), holding, survivor))

    def address(self, address: Address, force: str, at: int) -> int:
        """Return the Id of an address, entered if new."""
        known = self.addresses.get((id(address), force))
        if known is None:
            known = self.addresses[id(address), force] = self.new_id("address")
            postcode = address.street.postcode
            missing = self.debts.due("MISSING_POSTCODE", self.chance.yes(0.05))
            town = address.ward.town.upper() if self.chance.yes(0.3) else address.ward.town
            line = self.row(
                "address",
                known,
                FORCES[force].number,
                address.house,
                address.street.name,
                address.ward.name,
                town,
                "" if missing else postcode.replace(" ", "") if self.chance.yes(0.1) else postcode,
                address.easting,
                address.northing,
                address.uprn,
                local_slashed(at),
            )
            if missing:
                self.defect("address.csv", line, "MISSING_POSTCODE", str(known))
        return known

    def vehicle(self, vehicle: Vehicle, force: str, at: int) -> int:
        """Return the Id of a vehicle, entered if new."""
        known = self.vehicles.get((id(vehicle), force))
        if known is None:
            known = self.vehicles[id(vehicle), force] = self.new_id("vehicle")
            plate, flaw = spoilt_plate(self.chance, self.debts, vehicle.plate)
            line = self.row(
                "vehicle",
                known,
                FORCES[force].number,
                plate,
                vehicle.make.upper(),
                vehicle.model,
                COLOUR_CODES[vehicle.colour],
                local_slashed(at),
            )
            if flaw:
                self.defect("vehicle.csv", line, flaw, str(known))
        return known

    def telephone(self, number: str, force: str, at: int) -> int:
        """Return the Id of a telephone, entered if new."""
        known = self.telephones.get((number, force))
        if known is None:
            known = self.telephones[number, force] = self.new_id("telephone")
            draw = self.chance.random()
            shown = number if draw < 0.6 else f"{number[:5]} {number[5:]}" if draw < 0.85 else f"+44 {number[1:]}"
            self.row("telephone", known, FORCES[force].number, shown, "MOB", local_slashed(at))
        return known

    def involve(
        self,
        force: str,
        left: tuple[str, object],
        right: tuple[str, object],
        role: str,
        since: int,
        *,
        until: int | None = None,
    ) -> int:
        """Write one involvement link."""
        return self.row(
            "involvement",
            self.new_id("involvement"),
            FORCES[force].number,
            *left,
            *right,
            ROLE_CODES[role],
            slashed(day_of(since)),
            "" if until is None else slashed(day_of(until)),
        )

    def write_holding(self, holding: Holding) -> None:
        """Write a person row, and the aliases, homes and telephones the system has of them."""
        at = local_slashed(holding.created)
        merged = holding.merged_into
        line = self.row(
            "person",
            holding.key,
            FORCES[holding.force].number,
            holding.surname,
            holding.forename,
            holding.middle,
            holding.sex,
            birth_slashed(holding.birth),
            holding.pnc,
            holding.cro,
            holding.nino,
            holding.ethnicity,
            self.address(holding.home, holding.force, holding.updated),
            holding.restricted,
            at,
            local_slashed(holding.updated),
            "Y" if holding.deleted else "N",
            merged.key if merged else "",
        )
        for flaw in holding.flaws:
            if flaw != "MISSING_POSTCODE":
                self.defect("person.csv", line, flaw, holding.key)
        holding.flaws = [flaw for flaw in holding.flaws if flaw == "DUPLICATE_NOMINAL"]
        for forename, surname, birth in holding.aliases:
            self.row(
                "person_alias", self.new_id("person_alias"), holding.key, surname, forename, birth_slashed(birth), at
            )
        holding.aliases = []
        person = "person", holding.key
        homes = [*holding.earlier_homes, (holding.home_since, None, holding.home)]
        for since, until, home in homes:
            where = self.address(home, holding.force, holding.updated)
            if (int(holding.key), where, str(until)) not in self.linked:
                self.linked.add((int(holding.key), where, str(until)))
                self.involve(holding.force, person, ("address", where), "LIVES_AT", since, until=until)
        for since, number in holding.phones:
            telephone = self.telephone(number, holding.force, since)
            if (int(holding.key), telephone, "") not in self.linked:
                self.linked.add((int(holding.key), telephone, ""))
                self.involve(holding.force, person, ("telephone", telephone), "USES", since)

    def write_relation(self, one: Holding, other: Holding, kind: str, since: int) -> None:
        """Write a link of two people."""
        self.involve(one.force, ("person", one.key), ("person", other.key), kind, since)

    def reference(self, force: str, at: int) -> str:
        """Return the next occurrence number or report number of a force."""
        self.references[force] += 1
        return f"{FORCES[force].number}{self.references[force]:07d}/{slashed(day_of(at))[-2:]}"

    def write_happening(self, happening: Happening, force: str, reported: int) -> None:
        """Write an occurrence or an intelligence report with its involvements."""
        table = "intelligence" if happening.kind == "INTELLIGENCE" else "occurrence"
        key = self.new_id(table)
        self.event_truth(happening, str(key))
        if table == "intelligence":
            self.write_intelligence(happening, force, reported, key)
        else:
            status = self.status(happening)
            self.write_occurrence(
                happening, force, reported, key=str(key), reference=self.reference(force, reported), status=status
            )
        since = happening.at
        left = table, key
        people = [(self.nominal(person, force, reported), role) for person, role in happening.people]
        for holding, role in people:
            self.involve(force, ("person", holding.key), left, role, since)
        if happening.vehicle is not None:
            vehicle = self.vehicle(happening.vehicle, force, reported)
            self.involve(force, left, ("vehicle", vehicle), "INVOLVES", since)
            keeper, _ = people[0]
            if (int(keeper.key), vehicle, "") not in self.linked and self.chance.yes(0.6):
                self.linked.add((int(keeper.key), vehicle, ""))
                kind = "KEEPER_OF" if happening.vehicle in keeper.person.vehicles else "USES"
                self.involve(force, ("person", keeper.key), ("vehicle", vehicle), kind, since)
        if happening.phone:
            self.involve(
                force, left, ("telephone", self.telephone(happening.phone, force, reported)), "INVOLVES", since
            )
        if table == "intelligence" and happening.place is not None:
            self.involve(force, left, ("address", self.address(happening.place, force, reported)), "HAPPENED_AT", since)
        if happening.kind == "STOP" and len(people) > 1 and self.chance.yes(0.5):
            self.write_relation(people[0][0], people[1][0], "ASSOCIATE", since)

    def status(self, happening: Happening) -> str:
        """Return the status code to show now; a crime's may come with a later delivery."""
        if happening.kind == "CRIME":
            return OPEN_STATUS[0] if self.still_open(happening) else happening.status[0]
        codes = {"CUSTODY": DISPOSAL_CODES, "STOP": STOP_CODES, "MISSING": RISK_CODES}.get(happening.kind, {})
        return codes.get(happening.outcome, "")

    def write_occurrence(
        self, happening: Happening, force: str, reported: int, *, key: str, reference: str, status: str
    ) -> None:
        """Write one occurrence row."""
        chance = self.chance
        code = happening.offence.code if happening.offence else ""
        drifted = bool(code) and self.debts.due("CODE_DRIFT", chance.yes(0.012))
        if drifted:
            code = chance.pick(DRIFTED_OFFENCES)
        moment = local_slashed
        in_utc = summer(happening.at) and self.debts.due("UTC_V_LOCAL", chance.yes(0.012))
        if in_utc:
            moment = utc_slashed
        text = happening.text or self.told(happening)
        narrative = f"{{\\rtf1\\ansi\\deff0{{\\fonttbl{{\\f0 Arial;}}}}\\f0\\fs20 {text}\\par}}"
        cut = len(text) > 60 and self.debts.due("TRUNCATED_NARRATIVE", chance.yes(0.01))
        if cut:
            narrative = narrative[: chance.between(70, 110)]
        line = self.row(
            "occurrence",
            key,
            FORCES[force].number,
            reference,
            TYPE_CODES[happening.kind],
            code,
            status,
            moment(reported),
            moment(happening.at),
            "" if happening.until == happening.at else moment(happening.until),
            "" if happening.place is None else self.address(happening.place, force, reported),
            narrative,
            happening.restricted,
            local_slashed(reported + 20),
        )
        if status == OPEN_STATUS[0]:
            self.open_cases.append(OpenCase(happening, key, f"{force} {reference}", reported))
        for flaw, shown in (
            ("CODE_DRIFT", drifted),
            ("UTC_V_LOCAL", in_utc),
            ("TRUNCATED_NARRATIVE", cut),
            ("TWO_FORCES_COPY", bool(happening.copied_by)),
        ):
            if shown:
                self.defect("occurrence.csv", line, flaw, key)

    def told(self, happening: Happening) -> str:
        """Return words for an event whose officer wrote none."""
        if happening.kind == "CUSTODY":
            return f"Arrested and taken to {happening.station}. ASN {happening.summons}. Disposal: {happening.outcome}."
        return f"Object of search: {happening.objects}. Outcome: {happening.outcome}."

    def write_outcome(self, case: OpenCase) -> None:
        """Write a crime again with its outcome."""
        force, reference = case.detail.split(" ")
        status = case.happening.status[0]
        self.write_occurrence(case.happening, force, case.reported, key=case.key, reference=reference, status=status)

    def write_intelligence(self, happening: Happening, force: str, reported: int, key: int) -> None:
        """Write one intelligence report."""
        self.row(
            "intelligence",
            key,
            FORCES[force].number,
            f"I{self.reference(force, reported)}",
            local_slashed(reported),
            happening.grade[0],
            happening.grade[1],
            happening.handling,
            f"{{\\rtf1\\ansi {happening.text}\\par}}",
            happening.restricted,
            local_slashed(reported + 30),
        )

    def plant(self) -> None:
        """Write the damaged rows: each a record of nobody."""
        self.turn = 0
        number, time = FORCES["merseyside"].number, "01/06/2025 09:00:00"
        tables = self.tables[0]
        key = self.new_id("vehicle")
        line = tables["vehicle"].add(quoted(key, number, "TU21"))
        self.defect("vehicle.csv", line, "TRUNCATED_ROW", str(key))
        key = self.new_id("telephone")
        line = tables["telephone"].add(quoted(key, number, "07700900000", "MOB", time, "", "spare"))
        self.defect("telephone.csv", line, "TOO_MANY_FIELDS", str(key))
        key = self.new_id("address")
        bad = (
            quoted(key, number, "1", "Caf@ Street", "", "Liverpool", "", "", "", "", time)
            .encode()
            .replace(b"@", b"\x81")
        )
        line = tables["address"].add_bytes(bad)
        self.defect("address.csv", line, "UNDECODABLE_BYTE", str(key))
        for code, text in PLANTED_TEXTS:
            key = self.new_id("occurrence")
            reference = self.reference("merseyside", 0)
            line = self.row("occurrence", key, number, reference, "IN", "", "", time, time, "", "", text, "", time)
            self.defect("occurrence.csv", line, code, str(key))
        self.write_firms()
