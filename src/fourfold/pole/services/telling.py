"""What people said of identity and what stands, told to a run that begins."""

import json
from hashlib import sha256
from pathlib import Path

import duckdb

from fourfold.pole.selectors import identity, judged_things

KEYS = ("left_source", "left_key", "right_source", "right_key", "verdict")
END_KIND = "end_kind"
"""In front of the keys where the records are of things: the table of both."""


def write_judgements(path: Path, *, of_things: bool = False) -> str:
    """Write what stands as a Parquet file for a run. Returns a hash of what was written.

    Args:
        path: The file; its folder is made where there is none.
        of_things: What was said of vehicles, phones, addresses and organisations, not of people.
    """
    rows: list[tuple[str, ...]] = [*(judged_things.decided_keys() if of_things else identity.decided_keys())]
    columns = (END_KIND, *KEYS) if of_things else KEYS
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as duck:
        duck.execute(f"create table said ({', '.join(f'{name} varchar' for name in columns)})")
        if rows:
            duck.executemany(f"insert into said values ({', '.join('?' * len(columns))})", rows)
        quoted = str(path).replace("'", "''")
        duck.execute(f"copy (from said order by all) to '{quoted}' (format parquet)").fetchall()
    return sha256(json.dumps(rows).encode()).hexdigest()
