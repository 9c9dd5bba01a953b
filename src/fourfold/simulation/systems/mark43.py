"""A Mark43-like system: Cumbria's report-centred records as JSON Lines, codes by number, times in UTC."""

import json
from collections.abc import Sequence

from fourfold.simulation.chance import Chance
from fourfold.simulation.delivery import Delivery
from fourfold.simulation.happenings import Happening
from fourfold.simulation.holdings import Holding, spoilt_plate
from fourfold.simulation.moments import dashed, day_of, local, summer, utc_iso
from fourfold.simulation.names import Names
from fourfold.simulation.places import Address
from fourfold.simulation.reference import (
    COLOURS,
    DISPOSALS,
    ETHNICITIES,
    OFFENCES,
    OPEN_STATUS,
    OUTCOMES,
    RISKS,
    ROLES,
    SEXES,
    STOP_OUTCOMES,
)
from fourfold.simulation.systems.connect import birth_dashed
from fourfold.simulation.systems.system import PLANTED_TEXTS, Keeper, OpenCase
from fourfold.simulation.truth import Truth
from fourfold.simulation.world import Block, Vehicle

FILES = ("persons", "locations", "items", "reports", "associations", "attributes")
TYPES = {
    "CRIME": "OFFENSE",
    "CUSTODY": "ARREST",
    "STOP": "FIELD_CONTACT",
    "MISSING": "MISSING",
    "INTELLIGENCE": "INTEL",
    "INCIDENT": "INCIDENT",
}
FIRST_IDS = {"persons": 100_000, "locations": 300_000, "items": 500_000, "reports": 700_000, "associations": 900_000}
ATTRIBUTES = [
    ("SEX", SEXES),
    ("ETHNICITY", ETHNICITIES),
    ("VEHICLE_COLOR", [(code, name) for code, name, _ in COLOURS]),
    ("OFFENSE_CODE", [(offence.code, offence.title) for offence in OFFENCES]),
    ("REPORT_STATUS", [OPEN_STATUS, *((code, name) for code, name, _ in OUTCOMES)]),
    ("REPORT_STATUS", [(f"D{n}", name) for n, name in enumerate(DISPOSALS)]),
    ("REPORT_STATUS", [(f"S{n}", name) for n, name in enumerate(STOP_OUTCOMES)]),
    ("REPORT_STATUS", [(f"R{n}", name) for n, name in enumerate(RISKS)]),
    ("LINK_ROLE", [(role, name) for _, name, role in ROLES]),
]
UNLISTED_ATTRIBUTE = 99_999


def compact(value: object) -> str:
    """Return one JSON line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Mark43(Keeper):
    """Cumbria."""

    source = "mark43_cumbria"

    def __init__(self, names: Names, deliveries: Sequence[Delivery], truth: Truth) -> None:
        super().__init__(names, deliveries, truth)
        self.tables = [
            {name: delivery.open(f"{name}.jsonl", "utf-8", "\n") for name in FILES} for delivery in deliveries
        ]
        self.ids = dict(FIRST_IDS)
        self.event_number = 0
        self.attributes: dict[tuple[str, str], int] = {}
        self.locations: dict[int, int] = {}
        self.items: dict[int, int] = {}
        self.linked: set[tuple[str, int]] = set()
        for turn in range(len(deliveries)):
            self.turn = turn
            self.write_attributes()
        self.turn = 0

    def begin(self, block: Block, chance: Chance) -> None:
        """Start a block with nothing known."""
        super().begin(block, chance)
        self.locations, self.items, self.linked = {}, {}, set()

    def write_attributes(self) -> None:
        """Write the code list; every value has a number of its own."""
        number = 1000
        for kind, codes in ATTRIBUTES:
            for code, name in codes:
                number += 1
                self.attributes[kind, code] = number
                self.attributes[kind, name] = number
                self.put(
                    "attributes",
                    {"id": number, "attribute_type": kind, "display_value": name, "code": code, "expired_utc": None},
                )
        self.put(
            "attributes",
            {
                "id": number + 1,
                "attribute_type": "OFFENSE_CODE",
                "display_value": "Fraud, recorded before Action Fraud",
                "code": "53/99",
                "expired_utc": "2013-03-31T23:00:00Z",
            },
        )

    def put(self, table: str, value: dict[str, object]) -> int:
        """Write one line of a file and return its place."""
        return self.tables[self.turn][table].add(compact(value))

    def new_id(self, table: str) -> int:
        """Return the next id of a file."""
        self.ids[table] += 1
        return self.ids[table]

    def next_key(self) -> str:
        """Return the next person id."""
        return str(self.new_id("persons"))

    def second(self, holding: Holding, known: list[Holding]) -> None:
        """Delete some duplicates without a word of which record stays."""
        if self.chance.yes(0.3):
            holding.deleted = True
            holding.flaws.append("DELETED_BUT_LINKED")

    def location(self, address: Address, postcode: str | None = None) -> int:
        """Return the id of a location, entered if new."""
        known = self.locations.get(id(address))
        if known is None:
            known = self.locations[id(address)] = self.new_id("locations")
            shown = address.street.postcode if postcode is None else postcode
            self.put(
                "locations",
                {
                    "id": known,
                    "street_address": address.line,
                    "locality": address.ward.town,
                    "postal_code": shown or None,
                    "latitude": address.latitude,
                    "longitude": address.longitude,
                },
            )
        return known

    def item(self, vehicle: Vehicle) -> int:
        """Return the id of a vehicle, entered if new."""
        known = self.items.get(id(vehicle))
        if known is None:
            known = self.items[id(vehicle)] = self.new_id("items")
            plate, flaw = spoilt_plate(self.chance, self.debts, vehicle.plate)
            line = self.put(
                "items",
                {
                    "id": known,
                    "item_type": "VEHICLE",
                    "reg": plate,
                    "make": vehicle.make,
                    "model": vehicle.model,
                    "colour_attr_id": self.attributes["VEHICLE_COLOR", vehicle.colour],
                },
            )
            if flaw:
                self.defect("items.jsonl", line, flaw, str(known))
        return known

    def associate(
        self, left: tuple[str, int], right: tuple[str, int], role: str, since: int, until: int | None = None
    ) -> None:
        """Write one association."""
        self.put(
            "associations",
            {
                "id": self.new_id("associations"),
                "from_type": left[0],
                "from_id": left[1],
                "to_type": right[0],
                "to_id": right[1],
                "role_attr_id": self.attributes["LINK_ROLE", role],
                "start_date": dashed(day_of(since)),
                "end_date": None if until is None else dashed(day_of(until)),
            },
        )

    def write_holding(self, holding: Holding) -> None:
        """Write a person and the associations with homes."""
        homes = [*holding.earlier_homes, (holding.home_since, None, holding.home)]
        for since, until, home in homes:
            where = self.location(home, holding.postcode if until is None else None)
            if (holding.key, where) not in self.linked:
                self.linked.add((holding.key, where))
                self.associate(("person", int(holding.key)), ("location", where), "LIVES_AT", since, until)
        identifiers = [
            {"type": kind, "value": value}
            for kind, value in (("PNC", holding.pnc), ("CRO", holding.cro), ("NINO", holding.nino))
            if value
        ]
        line = self.put(
            "persons",
            {
                "id": int(holding.key),
                "created_utc": utc_iso(holding.created),
                "updated_utc": utc_iso(holding.updated),
                "first_name": holding.forename,
                "middle_name": holding.middle or None,
                "last_name": holding.surname,
                "date_of_birth": birth_dashed(holding.birth) or None,
                "sex_attr_id": self.attributes["SEX", holding.sex],
                "ethnicity_attr_id": self.attributes["ETHNICITY", holding.ethnicity] if holding.ethnicity else None,
                "identifiers": identifiers,
                "aliases": [{"first_name": forename, "last_name": surname} for forename, surname, _ in holding.aliases],
                "phones": [
                    {"number": f"+44{number[1:]}", "from": dashed(day_of(since))} for since, number in holding.phones
                ],
                "home_location_id": self.location(holding.home),
                "restricted": holding.restricted,
                "is_deleted": holding.deleted,
            },
        )
        for flaw in holding.flaws:
            self.defect("persons.jsonl", line, flaw, holding.key)

    def write_relation(self, one: Holding, other: Holding, kind: str, since: int) -> None:
        """Write a link of two people."""
        self.associate(("person", int(one.key)), ("person", int(other.key)), kind, since)

    def write_happening(self, happening: Happening, force: str, reported: int) -> None:
        """Write a report and its associations."""
        key = self.new_id("reports")
        self.event_truth(happening, str(key))
        self.event_number += 1
        number = f"CU{dashed(day_of(reported))[2:4]}-{self.event_number:06d}"
        self.write_report(happening, key, number, reported)
        report = "report", key
        people = [(self.nominal(person, force, reported), role) for person, role in happening.people]
        for holding, role in people:
            self.associate(("person", int(holding.key)), report, role, happening.at)
        if happening.vehicle is not None:
            item = self.item(happening.vehicle)
            self.associate(report, ("item", item), "INVOLVES", happening.at)
            keeper = people[0][0]
            if happening.vehicle in keeper.person.vehicles and (keeper.key, item) not in self.linked:
                self.linked.add((keeper.key, item))
                self.associate(("person", int(keeper.key)), ("item", item), "KEEPER_OF", happening.at)
        if happening.kind == "STOP" and len(people) > 1 and self.chance.yes(0.5):
            self.write_relation(people[0][0], people[1][0], "ASSOCIATE", happening.at)

    def status(self, happening: Happening) -> int | None:
        """Return the number of the status to show now."""
        if happening.kind == "CRIME":
            code = OPEN_STATUS[0] if self.still_open(happening) else happening.status[0]
            return self.attributes["REPORT_STATUS", code]
        return self.attributes.get(("REPORT_STATUS", happening.outcome))

    def write_report(self, happening: Happening, key: int, number: str, reported: int) -> None:
        """Write one report line."""
        chance, offence = self.chance, happening.offence
        code = self.attributes["OFFENSE_CODE", offence.code] if offence else None
        drifted = code is not None and self.debts.due("CODE_DRIFT", chance.yes(0.01))
        if drifted:
            code = UNLISTED_ATTRIBUTE
        start, end = happening.at, happening.until
        as_local = summer(start) and self.debts.due("UTC_V_LOCAL", chance.yes(0.02))
        if as_local:  # carried over from the earlier system with local time marked as UTC
            start, end = local(start), local(end)
        text = happening.text or (
            f"ASN {happening.summons}." if happening.summons else f"Search for {happening.objects.lower()}."
        )
        cut = len(text) > 60 and self.debts.due("TRUNCATED_NARRATIVE", chance.yes(0.008))
        if cut:
            text = text[:50]
        summary = offence.title if offence else happening.objects or happening.kind.title()
        status = self.status(happening)
        line = self.put(
            "reports",
            {
                "id": key,
                "reporting_event_number": number,
                "type": TYPES[happening.kind],
                "offense_code_attr_id": code,
                "status_attr_id": status,
                "event_start_utc": utc_iso(start),
                "event_end_utc": utc_iso(end) if end != start else None,
                "created_utc": utc_iso(reported),
                "location_id": self.location(happening.place) if happening.place else None,
                "summary": summary,
                "narrative": text,
                "source_grade": happening.grade or None,
                "handling": happening.handling or None,
                "restricted": happening.restricted,
            },
        )
        if status == self.attributes["REPORT_STATUS", OPEN_STATUS[0]]:
            self.open_cases.append(OpenCase(happening, str(key), number, reported))
        for flaw, shown in (
            ("CODE_DRIFT", drifted),
            ("UTC_V_LOCAL", as_local),
            ("TRUNCATED_NARRATIVE", cut),
            ("TWO_FORCES_COPY", bool(happening.copied_by)),
        ):
            if shown:
                self.defect("reports.jsonl", line, flaw, str(key))

    def write_outcome(self, case: OpenCase) -> None:
        """Write a report again with its outcome."""
        self.write_report(case.happening, int(case.key), case.detail, case.reported)

    def plant(self) -> None:
        """Write the damaged lines: each a record of nobody."""
        self.turn = 0
        tables = self.tables[0]
        key = self.new_id("items")
        line = tables["items"].add(f'{{"id":{key},"item_type":"VEHICLE","reg":"TU21')
        self.defect("items.jsonl", line, "TRUNCATED_ROW", str(key))
        key = self.new_id("locations")
        spare = {
            "street_address": "1 High Street",
            "locality": "Carlisle",
            "postal_code": None,
            "latitude": None,
            "longitude": None,
            "column19": "spare",
        }
        self.defect("locations.jsonl", self.put("locations", {"id": key, **spare}), "TOO_MANY_FIELDS", str(key))
        key = self.new_id("locations")
        del spare["column19"]
        bad = compact({"id": key, **spare, "street_address": "Caf@ corner"}).encode().replace(b"@", b"\xff")
        self.defect("locations.jsonl", tables["locations"].add_bytes(bad), "UNDECODABLE_BYTE", str(key))
        for code, text in PLANTED_TEXTS:
            key = self.new_id("reports")
            self.event_number += 1
            line = self.put(
                "reports",
                {
                    "id": key,
                    "reporting_event_number": f"CU25-{self.event_number:06d}",
                    "type": "INCIDENT",
                    "offense_code_attr_id": None,
                    "status_attr_id": None,
                    "event_start_utc": "2025-06-01T08:00:00Z",
                    "event_end_utc": None,
                    "created_utc": "2025-06-01T08:00:00Z",
                    "location_id": None,
                    "summary": "Log",
                    "narrative": text,
                    "source_grade": None,
                    "handling": None,
                    "restricted": "",
                },
            )
            self.defect("reports.jsonl", line, code, str(key))
