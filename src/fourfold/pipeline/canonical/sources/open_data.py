"""Open data that goes through the same door as a force's extract: which files make a delivery, and the totals its
publisher states.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import duckdb

from fourfold.pipeline.canonical.sources.st_louis import COMPARTMENT


@dataclass(frozen=True)
class Figure:
    """One total: how it is counted over the canonical folder, and what its publisher or our inventory states.

    `sql` reads the views person, object, location, event, link, quarantine, held and warning.
    """

    name: str
    stated: int
    sql: str


@dataclass(frozen=True)
class Total:
    """A total as found, beside the total stated for the whole published file."""

    name: str
    found: int
    stated: int

    @property
    def agrees(self) -> bool:
        return self.found == self.stated


@dataclass(frozen=True)
class OpenData:
    """One open-data source. `files` are relative to the folder of shared data; `owner` owns rows that name no force."""

    source: str
    title: str
    files: tuple[str, ...]
    owner: str
    licence: str
    figures: tuple[Figure, ...]
    compartment: str | None = None
    marking: str = "OFFICIAL"


def _events_of(force: str, stated: int) -> Figure:
    return Figure(
        f"events of {force.replace('_', ' ').title()}",
        stated,
        f"SELECT count(*) FROM event WHERE owning_force = '{force}'",
    )


def _role(name: str, code: str, stated: int) -> Figure:
    counted = f"count(DISTINCT source_line) FROM link WHERE json_extract_string(raw, '$.weight') = '{code}.0'"
    return Figure(name, stated, f"SELECT {counted}")


SOURCES: tuple[OpenData, ...] = (
    OpenData(
        source="police_uk_street",
        title="Street-level crime of five forces, November 2018 to January 2019",
        files=("crime/police_uk_nw_street_2018-11_2019-01.parquet",),
        owner="nwrocu",
        licence="data.police.uk, Open Government Licence v3",
        figures=(
            Figure("events", 141_134, "SELECT count(*) FROM event"),
            Figure("events without a location", 2_925, "SELECT count(*) FROM event WHERE location_key IS NULL"),
            _events_of("cheshire", 25_845),
            _events_of("cumbria", 10_938),
            _events_of("lancashire", 47_916),
            _events_of("merseyside", 39_501),
            _events_of("north_wales", 16_934),
        ),
    ),
    OpenData(
        source="hmpps_prisons",
        title="Prison register",
        files=("geo/hmpps_prison_register.csv",),
        owner="hmpps",
        licence="Ministry of Justice prison register, MIT",
        figures=(
            Figure("prisons", 174, "SELECT count(*) FROM location"),
            Figure("active prisons", 126, "SELECT count(*) FROM location WHERE raw->>'$.active' = '1'"),
        ),
    ),
    OpenData(
        source="ons_force_areas",
        title="Police force areas of England and Wales",
        files=("geo/police_force_areas_EW.geojson",),
        owner="nwrocu",
        licence="Office for National Statistics and Ordnance Survey, Open Government Licence v3",
        figures=(Figure("force areas", 43, "SELECT count(*) FROM location"),),
    ),
    OpenData(
        source="st_louis_crimes",
        title="St. Louis crimes (research only)",
        files=("networks/ucinet/crime.nodes.csv", "networks/ucinet/crime.edges.csv"),
        owner="nwrocu",
        licence="Rosenfeld and White via networkdata, MIT",
        compartment=COMPARTMENT,
        figures=(
            Figure("people", 870, "SELECT count(*) FROM person"),
            Figure("crime events", 557, "SELECT count(*) FROM event"),
            _role("appearances as victim", "1", 569),
            _role("appearances as suspect", "2", 682),
            _role("appearances as witness", "3", 195),
            _role("appearances as suspect and victim", "4", 41),
            Figure("links (each double role makes two)", 1_528, "SELECT count(*) FROM link"),
        ),
    ),
)

DELIVERIES: Mapping[str, OpenData] = MappingProxyType({each.source: each for each in SOURCES})

_VIEWS = ("person", "object", "location", "event", "link", "quarantine", "held", "warning")


def totals(source: str, canonical: Path) -> tuple[Total, ...]:
    """The totals of a canonical folder made from an open-data source, beside those stated for the published file."""
    with duckdb.connect() as connection:
        for view in _VIEWS:
            path = canonical / f"{view}.parquet"
            if path.exists():
                place = str(path).replace("'", "''")
                connection.execute(f"CREATE VIEW {view} AS SELECT * FROM read_parquet('{place}')")
        return tuple(
            Total(figure.name, int(connection.execute(figure.sql).fetchall()[0][0]), figure.stated)
            for figure in DELIVERIES[source].figures
        )
