"""Reduces openly licensed name and place data to the small files the simulation reads.

Run by hand, once, when a source is renewed: `python -m fourfold.simulation.prepare SOURCE_FOLDER`. The files it writes
are kept in the repository, so that a simulation needs nothing but this package. Two runs on the same sources write the
same bytes.
"""

import csv
import json
import math
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb

from fourfold.simulation.datafiles import DATA, read_lines, read_sections

FORCES = {
    "Cheshire Constabulary": "cheshire",
    "Cumbria Constabulary": "cumbria",
    "Greater Manchester Police": "gmp",
    "Lancashire Constabulary": "lancashire",
    "Merseyside Police": "merseyside",
    "North Wales Police": "north_wales",
}
COUNTRIES = {
    "AL": "albanian",
    "BD": "bangladeshi",
    "CN": "chinese",
    "EG": "arabic",
    "IE": "irish",
    "IN": "indian",
    "IQ": "arabic",
    "IR": "iranian",
    "PK": "pakistani",
    "PL": "polish",
    "RO": "romanian",
    "SA": "arabic",
    "TR": "turkish",
    "VN": "vietnamese",
}
ERAS = {"british_1996": (1996, 2003), "british_2004": (2004, 2016)}
FORENAMES_PER_ERA = 450
SHARED = {"ADAM", "DAVID", "DANIEL", "GABRIEL", "ADRIAN", "SARA", "MARIA", "ANNA", "NINA", "KAI", "SAMUEL", "AMELIA"}
METRES_PER_DEGREE = 111_250
# The post town of each local authority, for the districts whose row names none.
TOWNS = {
    "E06000006": "Widnes",
    "E06000007": "Warrington",
    "E06000049": "Crewe",
    "E06000050": "Chester",
    "E07000026": "Workington",
    "E07000027": "Barrow-in-Furness",
    "E07000028": "Carlisle",
    "E07000029": "Whitehaven",
    "E07000030": "Penrith",
    "E07000031": "Kendal",
    "E08000001": "Bolton",
    "E08000002": "Bury",
    "E08000003": "Manchester",
    "E08000004": "Oldham",
    "E08000005": "Rochdale",
    "E08000006": "Salford",
    "E08000007": "Stockport",
    "E08000008": "Ashton-under-Lyne",
    "E08000009": "Sale",
    "E08000010": "Wigan",
    "E06000008": "Blackburn",
    "E06000009": "Blackpool",
    "E07000117": "Burnley",
    "E07000118": "Chorley",
    "E07000119": "Lytham St Annes",
    "E07000120": "Accrington",
    "E07000121": "Lancaster",
    "E07000122": "Nelson",
    "E07000123": "Preston",
    "E07000124": "Clitheroe",
    "E07000125": "Rossendale",
    "E07000126": "Leyland",
    "E07000127": "Skelmersdale",
    "E07000128": "Fleetwood",
    "E08000011": "Huyton",
    "E08000012": "Liverpool",
    "E08000013": "St Helens",
    "E08000014": "Bootle",
    "E08000015": "Birkenhead",
    "W06000001": "Holyhead",
    "W06000002": "Bangor",
    "W06000003": "Colwyn Bay",
    "W06000004": "Rhyl",
    "W06000005": "Flint",
    "W06000006": "Wrexham",
}
DISTRICT_TOWNS = {
    "WA7": "Runcorn",
    "WA8": "Widnes",
    "WA9": "St Helens",
    "WA10": "St Helens",
    "WA11": "St Helens",
    "WA12": "Newton-le-Willows",
    "WA13": "Lymm",
    "WA14": "Altrincham",
    "WA15": "Altrincham",
    "WA16": "Knutsford",
    "SK8": "Cheadle",
    "SK9": "Wilmslow",
    "SK10": "Macclesfield",
    "SK11": "Macclesfield",
    "SK12": "Stockport",
    "SK14": "Hyde",
    "SK15": "Stalybridge",
    "SK16": "Dukinfield",
    "CW1": "Crewe",
    "CW2": "Crewe",
    "CW5": "Nantwich",
    "CW6": "Tarporley",
    "CW7": "Winsford",
    "CW8": "Northwich",
    "CW9": "Northwich",
    "CW11": "Sandbach",
    "CW12": "Congleton",
    "CH1": "Chester",
    "CH2": "Chester",
    "CH3": "Chester",
    "CH4": "Chester",
    "CH5": "Deeside",
    "CH6": "Flint",
    "CH7": "Mold",
    "CH8": "Holywell",
    "CH44": "Wallasey",
    "CH45": "Wallasey",
    "CH46": "Wirral",
    "CH65": "Ellesmere Port",
    "CH66": "Ellesmere Port",
    "LL11": "Wrexham",
    "LL12": "Wrexham",
    "LL13": "Wrexham",
    "LL16": "Denbigh",
    "LL18": "Rhyl",
    "LL19": "Prestatyn",
    "LL22": "Abergele",
    "LL30": "Llandudno",
    "LL53": "Pwllheli",
    "LL54": "Caernarfon",
    "LL55": "Caernarfon",
    "LL57": "Bangor",
    "LL65": "Holyhead",
    "LL77": "Llangefni",
    "WN7": "Leigh",
    "OL10": "Heywood",
    "OL11": "Rochdale",
    "OL12": "Rochdale",
    "OL13": "Bacup",
    "PR8": "Southport",
    "PR9": "Southport",
    "PR5": "Preston",
    "PR6": "Chorley",
    "PR7": "Chorley",
    "L20": "Bootle",
    "L36": "Liverpool",
    "L37": "Liverpool",
    "L39": "Ormskirk",
    "L40": "Ormskirk",
    "M33": "Sale",
    "M41": "Manchester",
    "LA1": "Lancaster",
    "LA3": "Morecambe",
    "LA4": "Morecambe",
    "LA12": "Ulverston",
    "LA18": "Millom",
    "LA22": "Ambleside",
    "LA23": "Windermere",
    "CA7": "Wigton",
    "CA11": "Penrith",
    "CA12": "Keswick",
    "CA13": "Cockermouth",
    "CA15": "Maryport",
    "BB3": "Darwen",
    "BB8": "Colne",
    "BB4": "Rossendale",
    "FY5": "Thornton-Cleveleys",
}


def prepare(source: Path, into: Path = DATA) -> None:
    """Write every derived file from the folder of openly licensed sources."""
    write(into / "forenames_ons.csv", ["era", "sex", "name", "count"], ons_forenames(source))
    write(into / "names_by_country.csv", ["origin", "kind", "name"], names_by_country(source))
    write(into / "nicknames.csv", ["name", "nickname"], nicknames(source, into))
    write(
        into / "places.csv",
        ["force", "authority", "ward", "town", "district", "latitude", "longitude", "easting", "northing", "weight"],
        places(source),
    )


def write(path: Path, header: list[str], rows: Iterable[tuple[object, ...]]) -> None:
    """Write one comma-separated file with Unix line ends."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def ascii_upper(name: str) -> str:
    """Return the name without accents, in capitals."""
    return "".join(c for c in unicodedata.normalize("NFKD", name) if c.isascii()).upper()


def ons_forenames(source: Path) -> Iterator[tuple[object, ...]]:
    """Yield the commonest forenames of England and Wales by era and sex, without those given to another origin here."""
    sections = read_sections(DATA / "names_by_origin.txt")
    british = {
        ascii_upper(name)
        for (origin, kind), names in sections.items()
        if origin.startswith("british")
        for name in names
    }
    elsewhere = {
        ascii_upper(name)
        for (origin, kind), names in sections.items()
        if kind != "S" and not origin.startswith(("british", "irish", "welsh", "caribbean", "nigerian"))
        for name in names
    }
    other = {ascii_upper(line[0]) for line in read_lines("names_of_other_origins.txt")} | (elsewhere - british - SHARED)
    table = source / "names" / "ons_babynames_england_wales_1996_plus.parquet"
    for era, (first, last) in ERAS.items():
        found = duckdb.execute(
            f"select sex, name, sum(n)::bigint as n from '{table}' where year between {first} and {last} "
            "group by all order by sex, n desc, name"
        ).fetchall()
        kept: dict[str, int] = defaultdict(int)
        for sex, name, count in found:
            foreign = ascii_upper(name) in other or re.match(r"M[ou]ham", name) is not None
            if kept[sex] < FORENAMES_PER_ERA and not foreign and name[0].isupper():
                kept[sex] += 1
                yield era, sex, name, count


def names_by_country(source: Path) -> Iterator[tuple[object, ...]]:
    """Yield the names of the countries the region's people come from, in Latin letters."""
    seen = set()
    for file, kind_column in (
        ("common_forenames_by_country.csv", "Gender"),
        ("common_surnames_by_country.csv", ""),
    ):
        with (source / "names" / file).open(encoding="utf-8-sig", newline="") as rows:
            for row in csv.DictReader(rows):
                origin = COUNTRIES.get(row["Country"])
                local = row["Localized Name"]
                latin = local if all(ord(c) < 0x1F00 for c in local) else row["Romanized Name"]
                name = latin.split("/")[0].strip()
                if row["Country"] in {"CN", "IR", "IQ", "EG", "SA", "BD", "PK", "IN"}:
                    name = row["Romanized Name"].split("/")[0].strip()
                kind = row[kind_column] if kind_column else "S"
                if origin and kind in {"M", "F", "S"} and name and (origin, kind, name) not in seen:
                    seen.add((origin, kind, name))
                    yield origin, kind, name


def nicknames(source: Path, into: Path) -> Iterator[tuple[object, ...]]:
    """Yield the short forms of the forenames the simulation uses."""
    with (into / "forenames_ons.csv").open(encoding="utf-8", newline="") as rows:
        known = {row["name"].lower() for row in csv.DictReader(rows)}
    for (_, kind), names in read_sections(DATA / "names_by_origin.txt").items():
        if kind != "S":
            known |= {name.lower() for name in names}
    with (source / "names" / "nicknames_en.csv").open(encoding="utf-8", newline="") as rows:
        pairs = {(row["name1"], row["name2"]) for row in csv.DictReader(rows) if row["name1"] in known}
    for name, short in sorted(pairs):
        if name != short and short.isalpha():
            yield name.title(), short.title()


def places(source: Path) -> Iterator[tuple[object, ...]]:
    """Yield the wards with their post town, postcode district, position and weight (small areas nearest to them)."""
    geo = source / "geo"
    wards = [
        f["properties"]
        for f in json.loads((geo / "wards_2013_nw_six_forces_simplified.geojson").read_text())["features"]
    ]
    areas = [
        f["properties"]
        for f in json.loads((geo / "lsoa_2011_nw_six_forces_simplified.geojson").read_text())["features"]
    ]
    by_authority = defaultdict(list)
    for ward in wards:
        by_authority[ward["lad"]].append(ward)
    weights: dict[str, int] = defaultdict(int)
    for area in areas:
        weights[min(by_authority[area["lad"]], key=lambda w: (apart(w, area), w["WD13CD"]))["WD13CD"]] += 1
    districts = []
    with (geo / "uk_postcode_districts_centroids.csv").open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            if (
                re.match(r"^(CH|L|M|PR|BB|FY|LA|CA|LL|WA|CW|SK|OL|BL|WN|SY|DG)\d", row["postcode"])
                and row["eastings"] != "0"
            ):
                row["clon"], row["clat"] = row["longitude"], row["latitude"]
                districts.append(row)
    for ward in sorted(wards, key=lambda w: (FORCES[w["force"]], w["WD13CD"])):
        near = min(districts, key=lambda d: (apart(d, ward), d["postcode"]))
        latitude, longitude = float(ward["clat"]), float(ward["clon"])
        easting, northing = grid(near, latitude, longitude)
        yield (
            FORCES[ward["force"]],
            ward["lad"],
            ward["WD13NM"].replace("’", "'"),
            DISTRICT_TOWNS.get(near["postcode"], TOWNS[ward["lad"]]),
            near["postcode"],
            f"{latitude:.5f}",
            f"{longitude:.5f}",
            easting,
            northing,
            max(1, weights[ward["WD13CD"]]),
        )


def apart(one: dict[str, str], other: dict[str, str]) -> float:
    """Return a number that grows with the distance of two points; longitude counts less at 53 degrees north."""
    north = float(one["clat"]) - float(other["clat"])
    east = (float(one["clon"]) - float(other["clon"])) * 0.6
    return north * north + east * east


def grid(near: dict[str, str], latitude: float, longitude: float) -> tuple[int, int]:
    """Return the national grid position, carried over from the nearest district's published one."""
    north = (latitude - float(near["latitude"])) * METRES_PER_DEGREE
    east = (longitude - float(near["longitude"])) * METRES_PER_DEGREE * math.cos(math.radians(latitude))
    turn = math.radians((longitude + 2) * math.sin(math.radians(latitude)))
    easting = float(near["eastings"]) + east * math.cos(turn) - north * math.sin(turn)
    northing = float(near["northings"]) + north * math.cos(turn) + east * math.sin(turn)
    return round(easting), round(northing)


if __name__ == "__main__":
    prepare(Path(sys.argv[1]))
