"""Small canonical person files with known truth, for the tests of the resolution."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fourfold.pipeline import resolution

PERSON = pa.schema(
    [
        ("record_key", pa.string()),
        ("owning_force", pa.string()),
        ("audience", pa.string()),
        ("marking", pa.string()),
        ("compartment", pa.string()),
        ("forenames", pa.string()),
        ("surname", pa.string()),
        ("full_name", pa.string()),
        ("aliases", pa.string()),
        ("sex", pa.string()),
        ("birth_on", pa.date32()),
        ("birth_quality", pa.string()),
        ("pnc_id", pa.string()),
        ("cro", pa.string()),
        ("nino", pa.string()),
        ("ethnicity_code", pa.string()),
        ("postcode", pa.string()),
    ]
)


@dataclass(frozen=True)
class Person:
    """One source record. `key` is unique in the source."""

    key: str
    forenames: str | None = "Marged"
    surname: str | None = "Prydderch"
    born: str | None = "1984-03-07"
    quality: str = "exact"
    sex: str = "F"
    pnc: str | None = None
    cro: str | None = None
    nino: str | None = None
    postcode: str | None = None
    aliases: tuple[tuple[str, str], ...] = ()
    force: str = "gmp"
    audience: str = "REGION"
    compartment: str | None = None
    ethnicity: str | None = None

    def row(self) -> dict[str, object]:
        return {
            "record_key": self.key,
            "owning_force": self.force,
            "audience": self.audience,
            "marking": "OFFICIAL-SENSITIVE",
            "compartment": self.compartment,
            "forenames": self.forenames,
            "surname": self.surname,
            "full_name": f"{self.forenames} {self.surname}",
            "aliases": json.dumps([{"forenames": f, "surname": s, "birth_on": None} for f, s in self.aliases]),
            "sex": self.sex,
            "birth_on": date.fromisoformat(self.born) if self.born else None,
            "birth_quality": self.quality if self.born else "none",
            "pnc_id": self.pnc,
            "cro": self.cro,
            "nino": self.nino,
            "ethnicity_code": self.ethnicity,
            "postcode": self.postcode,
        }


@dataclass
class Bench:
    """Writes batches of people and runs the resolution over all of them, keeping the numbers of the last run."""

    folder: Path
    batches: dict[str, list[Path]] = field(default_factory=dict)
    deliveries: int = 0
    runs: int = 0
    previous: Path | None = None
    next_cluster: int = 1

    def deliver(self, source: str, people: Iterable[Person], *, merged: Mapping[str, str] | None = None) -> None:
        self.deliveries += 1
        place = self.folder / f"delivery-{self.deliveries}"
        place.mkdir()
        pq.write_table(pa.Table.from_pylist([each.row() for each in people], schema=PERSON), place / "person.parquet")
        tombstones = [{"loser_key": loser, "survivor_key": kept} for loser, kept in (merged or {}).items()]
        schema = pa.schema([("loser_key", pa.string()), ("survivor_key", pa.string())])
        pq.write_table(pa.Table.from_pylist(tombstones, schema=schema), place / "merge.parquet")
        self.batches.setdefault(source, []).append(place / "person.parquet")

    def resolve(self, **options: object) -> resolution.Resolution:
        self.runs += 1
        result = resolution.resolve(
            self.batches,
            previous=self.previous,
            into=self.folder / f"run-{self.runs}",
            next_cluster=self.next_cluster,
            **options,  # type: ignore[arg-type]
        )
        self.previous, self.next_cluster = result.clusters, result.next_cluster
        return result


def clusters_of(result: resolution.Resolution) -> dict[tuple[str, str], int]:
    rows = pq.read_table(result.clusters).to_pylist()
    return {(row["source"], row["record_key"]): row["cluster"] for row in rows}


def edges_of(result: resolution.Resolution) -> list[dict[str, object]]:
    return pq.read_table(result.edges).to_pylist()


def groups_of(result: resolution.Resolution) -> set[frozenset[str]]:
    """Clusters as sets of record keys, whatever their numbers and sources."""
    found: dict[int, set[str]] = {}
    for (_, key), cluster in clusters_of(result).items():
        found.setdefault(cluster, set()).add(key)
    return {frozenset(keys) for keys in found.values()}
