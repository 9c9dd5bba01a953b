"""Where things are: invented streets and house numbers in real wards and real postcode districts."""

import re
from dataclasses import dataclass

from fourfold.simulation.chance import Chance, Weighted
from fourfold.simulation.datafiles import read_rows

ORDINARY_STREETS = (
    "High Street",
    "Church Street",
    "Station Road",
    "Victoria Road",
    "Mill Lane",
    "Park Road",
    "Chapel Street",
    "Albert Street",
    "School Lane",
    "Church Lane",
    "The Crescent",
    "Manor Road",
    "Queen Street",
    "King Street",
    "Oak Avenue",
    "Moss Lane",
    "Beech Grove",
    "Hawthorn Avenue",
    "Bridge Street",
    "Alexandra Road",
    "Canal Street",
    "Cross Street",
    "Lime Grove",
    "Elm Road",
)
WELSH_STREETS = (
    "Stryd Fawr",
    "Ffordd yr Orsaf",
    "Lôn Las",
    "Stryd y Bont",
    "Maes y Coed",
    "Ffordd Newydd",
    "Heol y Parc",
    "Bryn Glas",
    "Stryd yr Eglwys",
    "Cae Mawr",
    "Tan y Bryn",
    "Ffordd Llŷn",
)
KINDS_OF_STREET = ("Road", "Street", "Avenue", "Close", "Drive", "Grove", "Lane", "Way", "Court", "Terrace")
UNIT_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
METRES_PER_DEGREE = 111_250
COSINE = 0.6  # of 53 degrees: near enough for a street's offset, and the same on every machine


@dataclass(slots=True, eq=False)
class Street:
    """A street of a ward with the one postcode its houses share."""

    name: str
    postcode: str
    east: int
    north: int


@dataclass(slots=True, eq=False)
class Ward:
    """A real ward with invented streets."""

    force: str
    authority: str
    name: str
    town: str
    district: str
    latitude: float
    longitude: float
    easting: int
    northing: int
    streets: list[Street]


@dataclass(slots=True, eq=False)
class Address:
    """An invented house."""

    ward: Ward
    street: Street
    house: str
    east: int
    north: int
    uprn: str

    @property
    def line(self) -> str:
        """Return house number and street."""
        return f"{self.house} {self.street.name}" if self.house else self.street.name

    @property
    def easting(self) -> int:
        """Return metres east on the national grid."""
        return self.ward.easting + self.east

    @property
    def northing(self) -> int:
        """Return metres north on the national grid."""
        return self.ward.northing + self.north

    @property
    def latitude(self) -> float:
        """Return degrees north."""
        return round(self.ward.latitude + self.north / METRES_PER_DEGREE, 6)

    @property
    def longitude(self) -> float:
        """Return degrees east (negative here)."""
        return round(self.ward.longitude + self.east / (METRES_PER_DEGREE * COSINE), 6)


def _streets(chance: Chance, force: str, ward: str, district: str) -> list[Street]:
    stems = [word for part in re.split(r",| and | with |/", ward) if (word := part.strip())]
    names = {f"{chance.pick(stems)} {chance.pick(KINDS_OF_STREET)}" for _ in range(6)}
    names |= {chance.pick(ORDINARY_STREETS) for _ in range(6)}
    if force == "north_wales":
        names |= {chance.pick(WELSH_STREETS) for _ in range(6)}
    return [
        Street(
            name,
            f"{district} {chance.upto(10)}{chance.pick(UNIT_LETTERS)}{chance.pick(UNIT_LETTERS)}",
            chance.between(-500, 500),
            chance.between(-500, 500),
        )
        for name in sorted(names)
    ]


class Places:
    """Every ward of the region; the streets are the same in every simulated world."""

    def __init__(self) -> None:
        chance = Chance("fourfold places")
        by_force: dict[str, list[tuple[Ward, int]]] = {}
        for row in read_rows("places.csv"):
            ward = Ward(
                row["force"],
                row["authority"],
                row["ward"],
                row["town"],
                row["district"],
                float(row["latitude"]),
                float(row["longitude"]),
                int(row["easting"]),
                int(row["northing"]),
                _streets(chance, row["force"], row["ward"], row["district"]),
            )
            by_force.setdefault(ward.force, []).append((ward, int(row["weight"])))
        self.wards = {force: Weighted(pairs) for force, pairs in by_force.items()}

    def ward(self, chance: Chance, force: str) -> Ward:
        """Return a ward of the force by its weight."""
        return chance.draw(self.wards[force])

    def house(self, chance: Chance, ward: Ward) -> Address:
        """Return an invented house in the ward."""
        street = chance.pick(ward.streets)
        number = chance.between(1, 180)
        house = f"Flat {chance.between(1, 12)}, {number}" if chance.yes(0.08) else str(number)
        return Address(
            ward,
            street,
            house,
            street.east + chance.between(-60, 60),
            street.north + chance.between(-60, 60),
            f"999{chance.upto(1_000_000_000):09d}",
        )

    def street(self, chance: Chance, ward: Ward) -> Address:
        """Return a point on a street of the ward, with no house."""
        street = chance.pick(ward.streets)
        return Address(ward, street, "", street.east, street.north, "")
