"""Vehicles, numbers, addresses and firms as six forces would each have them, with the truth: for measuring the rules.

Written as canonical rows, not as extracts: what is asked here is which records are of one thing, and not whether a file
can be read. How often each slip occurs is set by hand to be plausible, not measured.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fourfold.simulation import identifiers
from fourfold.simulation.chance import Chance
from fourfold.simulation.firms import FIRM_TRADES, FIRM_WORDS, FORMS, LETTERS, slipped
from fourfold.simulation.places import Address
from fourfold.simulation.reference import FORCES
from fourfold.simulation.world import Builder, Vehicle

COMMON = [(name, pa.string()) for name in ("record_key", "owning_force", "audience", "compartment")]
OBJECT = pa.schema(
    [
        *COMMON,
        *((name, pa.string()) for name in ("kind", "value", "value_raw", "make", "model", "colour", "detail")),
        ("valid", pa.bool_()),
    ]
)
LOCATION = pa.schema(
    [
        *COMMON,
        *((name, pa.string()) for name in ("address_line", "postcode", "name", "uprn")),
        *((name, pa.float64()) for name in ("latitude", "longitude")),
    ]
)
TRUTH = pa.schema([(name, pa.string()) for name in ("source", "record_key", "kind", "true_thing", "slip")])
SHORT_STREETS = {"Road": "Rd", "Street": "St", "Avenue": "Ave", "Close": "Cl", "Drive": "Dr.", "Lane": "Ln",
                 "Grove": "Gr", "Court": "Ct", "Terrace": "Terr"}  # fmt: skip
OTHER_MAKES = {"Volkswagen": "VW", "Mercedes-Benz": "MERC", "Land Rover": "LANDROVER", "Citroen": "CITREON"}
OTHER_COLOURS = {"Grey": "Gray", "Blue": "Dark blue", "Silver": "Silver grey", "Red": "Maroon"}
VIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Said:
    """One record of a thing, and the slip in it."""

    row: Row
    slip: str


def simulate_things(count: int, seed: int, out: Path) -> int:
    """Write so many true things of each kind, as the forces that know them have them. Returns the records written.

    In `out`: a folder a force with object.parquet and location.parquet, and truth.parquet beside them.
    """
    builder, chance = Builder(date(2026, 10, 31)), Chance(f"things {seed}")
    rows: dict[str, dict[str, list[Row]]] = {force: {"object": [], "location": []} for force in FORCES}
    truth: list[Row] = []
    for kind, table, make in (
        ("VEHICLE", "object", _vehicles),
        ("PHONE", "object", _phones),
        ("ADDRESS", "location", _addresses),
        ("ORGANISATION", "object", _organisations),
    ):
        for number, (name, record) in enumerate(make(builder, chance, count)):
            for force in _knowing(chance):
                said = record(chance)
                key = f"{kind.lower()}/{number}/{len(rows[force][table])}"
                access = {"record_key": key, "owning_force": force, "audience": "REGION", "compartment": None}
                rows[force][table].append({**access, **said.row})
                truth.append({"source": force, "record_key": key, "kind": kind, "true_thing": name, "slip": said.slip})
    for force, tables in rows.items():
        (out / force).mkdir(parents=True)
        for table, schema in (("object", OBJECT), ("location", LOCATION)):
            given = [{name: row.get(name) for name in schema.names} for row in tables[table]]
            pq.write_table(pa.Table.from_pylist(given, schema=schema), out / force / f"{table}.parquet")
    pq.write_table(pa.Table.from_pylist(truth, schema=TRUTH), out / "truth.parquet")
    return len(truth)


Made = Iterator[tuple[str, Callable[[Chance], Said]]]


def _knowing(chance: Chance) -> Sequence[str]:
    """The forces that have a record of a thing, some of them twice."""
    forces = list(chance.shuffled(tuple(FORCES)))[: chance.between(1, 3)]
    return [*forces, forces[0]] if chance.yes(0.15) else forces


# Vehicles ---------------------------------------------------------------------------------------------------------


def _vehicles(builder: Builder, chance: Chance, count: int) -> Made:
    for number in range(count):
        vehicle = builder.vehicle(chance)
        vin = "".join(chance.pick(VIN_LETTERS) for _ in range(17))
        yield f"vehicle {number}", _saying_vehicle(vehicle, vehicle.plate, vin)
        if chance.yes(0.02):  # the plate on another car
            other = builder.vehicle(chance)
            while other.make == vehicle.make:
                other = builder.vehicle(chance)
            own = "".join(chance.pick(VIN_LETTERS) for _ in range(17))
            yield f"vehicle {number} cloned", _saying_vehicle(other, vehicle.plate, own)


def _saying_vehicle(vehicle: Vehicle, plate: str, vin: str) -> Callable[[Chance], Said]:
    def said(chance: Chance) -> Said:
        row: dict[str, Any] = {"kind": "VEHICLE", "value": plate, "valid": True, "make": vehicle.make}
        row |= {"model": vehicle.model, "colour": vehicle.colour, "value_raw": plate}
        if chance.yes(0.3):
            row["detail"] = f'{{"vin": "{vin}"}}'
        slip = ""
        draw = chance.random()
        if draw < 0.25:
            row["make"] = row["model"] = row["colour"] = None
            slip = "plate only"
        elif draw < 0.35 and vehicle.make in OTHER_MAKES:
            row["make"], slip = OTHER_MAKES[vehicle.make], "make in short"
        elif draw < 0.45 and vehicle.colour in OTHER_COLOURS:
            row["colour"], slip = OTHER_COLOURS[vehicle.colour], "shade of colour"
        elif draw < 0.5:
            row["model"], slip = f"{vehicle.model} SE", "trim in the model"
        elif draw < 0.53:
            row["colour"], slip = "Black" if vehicle.colour != "Black" else "White", "other colour"
        elif draw < 0.56:
            row["value"], row["valid"] = f"{plate[:2]}O{plate[3:]}", False
            slip = "plate misread"
        return Said(row, slip)

    return said


# Numbers ----------------------------------------------------------------------------------------------------------


def _phones(_builder: Builder, chance: Chance, count: int) -> Made:
    for number in range(count):
        imei, imsi = _imei(chance), f"23415{chance.upto(10_000_000_000):010d}"
        yield f"phone {number}", _saying_phone(f"+44{identifiers.mobile(2_000 + number * 5)[1:]}", imei, imsi)


def _imei(chance: Chance) -> str:
    digits = [chance.upto(10) for _ in range(14)]
    doubled = [digit * (1 + place % 2) for place, digit in enumerate(digits)]
    return "".join(map(str, digits)) + str(-sum(d // 10 + d % 10 for d in doubled) % 10)


def _saying_phone(number: str, imei: str, imsi: str) -> Callable[[Chance], Said]:
    def said(chance: Chance) -> Said:
        known = [f'"imei": "{imei}"' if chance.yes(0.2) else "", f'"imsi": "{imsi}"' if chance.yes(0.2) else ""]
        detail = "{" + ", ".join(filter(None, known)) + "}"
        wrong = chance.yes(0.02)
        value = number[:-1] + str((int(number[-1]) + 1) % 10) if wrong else number
        row = {"kind": "PHONE", "value": value, "value_raw": value, "valid": True, "detail": detail}
        return Said(row, "digit wrong" if wrong else "")

    return said


# Addresses --------------------------------------------------------------------------------------------------------


def _addresses(builder: Builder, chance: Chance, count: int) -> Made:
    seen: set[str] = set()
    while len(seen) < count:
        ward = builder.places.ward(chance, chance.pick(tuple(FORCES)))
        house = builder.places.house(chance, ward)
        name = f"{house.line}, {house.street.postcode}"
        if name not in seen:
            seen.add(name)
            yield name, _saying_address(house)


def _saying_address(house: Address) -> Callable[[Chance], Said]:
    def said(chance: Chance) -> Said:
        flat, _, number = house.house.rpartition(", ")
        street, town, slip = house.street.name, house.ward.town, ""
        postcode: str | None = house.street.postcode
        draw = chance.random()
        last = street.rsplit(" ", 1)[-1]
        if draw < 0.12 and last in SHORT_STREETS:
            street, slip = street.removesuffix(last) + SHORT_STREETS[last], "street in short"
        elif draw < 0.17:
            street, slip = slipped(chance, street, LETTERS), "street misspelt"
        elif draw < 0.20:
            postcode, slip = slipped(chance, house.street.postcode, "ABDEFGH")[:-1] + "X", "postcode wrong twice"
        elif draw < 0.24:
            postcode = house.street.postcode[:-1] + chance.pick("ABDEFGHJ".replace(house.street.postcode[-1], ""))
            slip = "postcode slip"
        elif draw < 0.32:
            postcode, slip = None, "no postcode"
        parts = [flat, f"{number} {street}"] if chance.yes(0.7) else [f"{number} {street}", flat]
        if chance.yes(0.3):
            parts.append(house.ward.name)
        parts.append(town.upper() if chance.yes(0.3) else town)
        uprn = house.uprn if chance.yes(0.25) else None
        row = {"address_line": ", ".join(filter(None, parts)), "postcode": postcode, "uprn": uprn}
        return Said(row, slip)

    return said


# Firms ------------------------------------------------------------------------------------------------------------


def _organisations(builder: Builder, chance: Chance, count: int) -> Made:
    for number in range(count):
        ward = builder.places.ward(chance, chance.pick(tuple(FORCES)))
        name = f"{chance.pick(FIRM_WORDS)} {ward.town} {chance.pick(FIRM_TRADES)}"
        house = builder.places.house(chance, ward)
        trading = f"{chance.pick(FIRM_WORDS)} {chance.pick(FIRM_TRADES)}" if chance.yes(0.2) else ""
        yield f"firm {number}", _saying_firm(name, trading, f"{9_000_000 + number:08d}", house)


def _saying_firm(name: str, trading: str, company: str, house: Address) -> Callable[[Chance], Said]:
    def said(chance: Chance) -> Said:
        called, slip = f"{name} {chance.pick(FORMS)}".strip(), ""
        draw = chance.random()
        if trading and draw < 0.3:
            called, slip = trading, "trading name"
        elif draw > 0.94:
            called, slip = slipped(chance, name, LETTERS), "name misspelt"
        facts = [f'"address_line": "{house.line}"']
        if chance.yes(0.35):
            facts.append(f'"company_number": "{company.lstrip("0")}"')
        if chance.yes(0.8):
            facts.append(f'"postcode": "{house.street.postcode}"')
        if trading and chance.yes(0.4):
            facts.append(f'"trading_names": ["{trading}"]')
        row = {"kind": "ORGANISATION", "value": called, "value_raw": called, "valid": True}
        return Said(row | {"detail": "{" + ", ".join(facts) + "}"}, slip)

    return said
