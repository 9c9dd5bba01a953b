"""Small batches as the pipeline would deliver them: canonical Parquet of the contract, row by row."""

import json
from collections.abc import Iterable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fourfold.formats import names
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import selectors
from fourfold.pole.services import publish_batch
from tests.universe import Universe

KINDS = {
    "varchar": pa.string(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}
COMMON = {
    "record_key": "varchar",
    "owning_force": "varchar",
    "audience": "varchar",
    "marking": "varchar",
    "compartment": "varchar",
    "handling": "varchar",
    "source_file": "varchar",
    "source_line": "bigint",
    "created_at": "timestamp",
    "updated_at": "timestamp",
    "raw": "varchar",
}
TABLES = {
    "person": {
        **dict.fromkeys(("forenames", "surname", "full_name", "name_key", "aliases", "sex"), "varchar"),
        "birth_on": "date",
        **dict.fromkeys(
            ("birth_quality", "pnc_id", "cro", "nino", "ethnicity_code", "address_line", "postcode"), "varchar"
        ),
    },
    "object": {
        **dict.fromkeys(("kind", "value", "value_raw"), "varchar"),
        "valid": "boolean",
        **dict.fromkeys(("make", "model", "colour", "detail"), "varchar"),
    },
    "location": {
        **dict.fromkeys(("address_line", "postcode", "district"), "varchar"),
        "latitude": "double",
        "longitude": "double",
        "precision": "varchar",
        "name": "varchar",
    },
    "event": {
        **dict.fromkeys(("kind", "reference", "title", "category", "category_name"), "varchar"),
        "happened_at": "timestamp",
        "happened_on": "date",
        "happened_to": "timestamp",
        **dict.fromkeys(
            ("time_precision", "status", "status_name", "summary", "source_grade", "location_key"), "varchar"
        ),
    },
    "link": {
        **dict.fromkeys(("left_kind", "left_key", "right_kind", "right_key", "type"), "varchar"),
        "from_on": "date",
        "to_on": "date",
        "assertion": "varchar",
        "grade": "varchar",
    },
    "merge": {"loser_key": "varchar", "survivor_key": "varchar", "merged_at": "timestamp"},
}


def write(path: Path, columns: dict[str, str], rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    schema = pa.schema([(name, KINDS[kind]) for name, kind in columns.items()])
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
    return path


class Batch:
    """One batch of one source, put together row by row and written as its canonical folder."""

    def __init__(self, folder: Path, *, force: str = "merseyside") -> None:
        self.folder, self.force = folder, force
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}

    def _row(self, table: str, key: str, given: dict[str, Any], facts: dict[str, Any]) -> str:
        raw = {name: str(value) for name, value in facts.items() if value is not None}
        raw |= given.pop("raw", {})
        row = {
            "record_key": key,
            "owning_force": self.force,
            "audience": "REGION",
            "marking": "OFFICIAL-SENSITIVE",
            "source_file": f"{table}.csv",
            "source_line": len(self.rows[table]) + 2,
            **facts,
            "raw": json.dumps(raw),
            **given,
        }
        self.rows[table].append(row)
        return key

    def person(self, key: str, name: str = "", born: date | None = None, **given: Any) -> str:
        forenames, _, surname = name.rpartition(" ")
        facts = {
            "forenames": forenames,
            "surname": surname,
            "full_name": name,
            "name_key": names.key(name),
            "aliases": json.dumps(given.pop("aliases", [])),
            "sex": given.pop("sex", "M"),
            "birth_on": born,
            "birth_quality": given.pop("birth_quality", "exact" if born else "none"),
            **{
                fact: given.pop(fact, None)
                for fact in ("pnc_id", "cro", "nino", "ethnicity_code", "address_line", "postcode")
            },
        }
        return self._row("person", key, given, facts)

    def thing(self, key: str, kind: str, value: str, **given: Any) -> str:
        facts = {
            "kind": kind,
            "value": value,
            "value_raw": given.pop("value_raw", value),
            "valid": given.pop("valid", True),
            "make": given.pop("make", None),
            "model": None,
            "colour": given.pop("colour", None),
            "detail": json.dumps(given.pop("detail", {})),
        }
        return self._row("object", key, given, facts)

    def place(self, key: str, address_line: str = "", postcode: str = "", **given: Any) -> str:
        facts = {
            "address_line": address_line,
            "postcode": postcode,
            "district": postcode.split(" ", maxsplit=1)[0],
            "precision": "premise",
            **{fact: given.pop(fact, None) for fact in ("latitude", "longitude", "name")},
        }
        return self._row("location", key, given, facts)

    def event(self, key: str, kind: str, on: date | None, **given: Any) -> str:
        facts = {
            "kind": kind,
            "reference": given.pop("reference", key),
            "title": given.pop("title", None),
            "category": given.pop("category", "28A"),
            "category_name": given.pop("category_name", "Burglary"),
            "happened_at": datetime.combine(on, time(12, 30)) if on else None,
            "happened_on": on,
            "time_precision": given.pop("time_precision", "minute" if on else "none"),
            "status": "1",
            "status_name": "Charged",
            **{fact: given.pop(fact, None) for fact in ("summary", "source_grade", "location_key")},
        }
        return self._row("event", key, given, facts)

    def link(self, left: tuple[str, str], type_: str, right: tuple[str, str], **given: Any) -> str:
        facts = {
            "left_kind": left[0],
            "left_key": left[1],
            "right_kind": right[0],
            "right_key": right[1],
            "type": type_,
            "from_on": given.pop("from_on", None),
            "to_on": given.pop("to_on", None),
            "assertion": given.pop("assertion", "fact"),
            "grade": given.pop("grade", None),
        }
        return self._row("link", given.pop("key", f"{left[1]}-{type_}-{right[1]}"), given, facts)

    def merge(self, loser: str, survivor: str | None, at: datetime) -> None:
        self.rows["merge"].append({"loser_key": loser, "survivor_key": survivor, "merged_at": at})

    def written(self) -> Path:
        for table, facts in TABLES.items():
            columns = facts if table == "merge" else {**COMMON, **facts}
            write(self.folder / f"{table}.parquet", columns, self.rows[table])
        return self.folder


def published(
    universe: Universe, batch: Batch, *, keys: Iterable[str] = (), now: datetime, number: int = 1
) -> dict[str, int]:
    """Publish a delivery of the shared Niche in which nobody is matched. Returns the ids of the records of `keys`."""
    with acting_as(universe.service("intake")):
        publish_batch(
            batch_id=number,
            source_code="niche_tri",
            canonical_dir=batch.written(),
            clusters=None,
            edges=None,
            run=f"r-test-{number}",
            now=now,
        )
        return selectors.record_ids(source="niche_tri", keys=list(keys))


def clusters(path: Path, rows: list[tuple[str, str, int]]) -> Path:
    columns = {"source": "varchar", "record_key": "varchar", "cluster": "bigint"}
    return write(path, columns, [dict(zip(columns, row, strict=True)) for row in rows])


WATERFALL = [
    {"comparison": "prior", "level": "", "weight": -12.0, "tf_weight": 0},
    {"comparison": "name", "level": "same", "weight": 9.0, "tf_weight": 1.5},
    {"comparison": "birth", "level": "same", "weight": 8.0, "tf_weight": 0},
    {"comparison": "postcode", "level": "different", "weight": -1.5, "tf_weight": 0},
]


def edges(path: Path, rows: list[tuple[str, str, str, str, float, str]]) -> Path:
    columns = {
        **dict.fromkeys(("left_source", "left_key", "right_source", "right_key"), "varchar"),
        "match_weight": "double",
        "probability": "double",
        "waterfall": "varchar",
        "band": "varchar",
    }
    made = [
        {
            "left_source": a,
            "left_key": b,
            "right_source": c,
            "right_key": d,
            "match_weight": weight,
            "probability": 1 - 2 ** -max(weight, 0.1),
            "waterfall": json.dumps(WATERFALL),
            "band": band,
        }
        for a, b, c, d, weight, band in rows
    ]
    return write(path, columns, made)
