"""How right a linked file is, against a file that says who is who: pairs, whole people, and what the mistakes have in
common.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from fourfold.pipeline.resolution import spreadsheets
from fourfold.pipeline.resolution.evaluation import Score, pairs_in_one_cluster, whole_people
from fourfold.pipeline.resolution.spreadsheets import FileRefused

PEOPLE = ("entityid", "cluster", "clusterid", "trueperson", "truth", "groundtruth", "person", "entity", "label")
"""Headings that say who somebody is, letters and digits only, in lower case."""

KINDS: Mapping[str, tuple[str, ...]] = {
    "name": ("name_key",),
    "date of birth": ("birth_text",),
    "postcode": ("postcode",),
    "address": ("street", "house"),
    "place": ("place",),
    "phone number": ("phone",),
    "e-mail address": ("email",),
    "official number": ("identifier",),
}
PAIRS_LOOKED_AT = 2_000_000
PATTERNS = 15


@dataclass(frozen=True)
class Mistakes:
    """Pairs of one kind, such as "name differs, date of birth missing"."""

    kind: str
    missed: int
    wrong: int


@dataclass(frozen=True)
class Judged:
    """`left_out`: lines of the result that the truth says nothing about; they are in no count."""

    records: int
    left_out: int
    pairs: Score
    people: Score
    mistakes: tuple[Mistakes, ...]


def judge(clusters: Path, *, truth: Path, file: Path | None, named: Mapping[str, str]) -> Judged:
    """Compare a result with the truth.

    Args:
        clusters: What `link` wrote.
        truth: CSV or Parquet with a column that says who somebody is and one with the record's id. Without an id, or
            where the result itself is by line, its lines are those of the linked file, in order.
        file: The file that was linked, to say what the mistakes have in common; none leaves that out.
        named: Which column of the truth is what: "id" and "entity"; others name columns of the linked file.

    Raises:
        FileRefused: a file cannot be read, or the two have no record in common.
    """
    with tempfile.TemporaryDirectory() as place, duckdb.connect() as connection:
        workplace = Path(place)
        made = spreadsheets.opened(connection, clusters, workplace, needs=("record_id", "entity_id"))
        connection.execute(
            f"create table made as select row_number() over () as line, record_id, entity_id from {made}"
        )
        _read_truth(connection, truth, named, workplace)
        connection.execute("""
            create table judged as select m.line, m.entity_id as cluster, t.person as true_person
            from made m join truth t on t.record_id = m.record_id""")
        records, left_out = connection.execute(
            "select (select count(*) from judged), (select count(*) from made) - (select count(*) from judged)"
        ).fetchall()[0]
        if not records:
            raise FileRefused(
                "LK11",
                f"No record_id of {clusters.name} is in {truth.name}. Say which of its columns is the id with"
                " --map id=COLUMN, or leave the id out of both to go by line.",
            )
        mistakes = _mistakes(connection, file, named, workplace) if file else ()
        pairs, people = pairs_in_one_cluster(connection), whole_people(connection)
    return Judged(int(records), int(left_out), pairs, people, mistakes)


def _read_truth(connection: duckdb.DuckDBPyConnection, truth: Path, named: Mapping[str, str], workplace: Path) -> None:
    given = spreadsheets.opened(connection, truth, workplace)
    headings = spreadsheets.headings_of(connection, given)
    person = named.get("entity") or spreadsheets.heading_like(headings, PEOPLE)
    if person not in headings:
        raise FileRefused(
            "LK10",
            f"No column of {truth.name} says who somebody is. Its columns are: {', '.join(headings[:12])}."
            " Say which one it is with --map entity=COLUMN.",
        )
    key = named.get("id") or spreadsheets.heading_like(headings, spreadsheets.HEADINGS["id"])
    connection.execute(
        f"create table said as select row_number() over () as line,"
        f" {spreadsheets.quoted(key) if key in headings else 'null'}::varchar as record_id,"
        f" {spreadsheets.quoted(person)}::varchar as person from {given}"
    )
    by_line = connection.execute(
        "select bool_and(record_id = line::varchar) and count(*) = (select count(*) from said) from made"
    ).fetchall()[0][0]
    connection.execute(
        f"create table truth as select {'line::varchar' if by_line else 'record_id'} as record_id, person from said"
        " where person is not null"
    )


def _mistakes(
    connection: duckdb.DuckDBPyConnection, file: Path, named: Mapping[str, str], workplace: Path
) -> tuple[Mistakes, ...]:
    """What missed and wrong pairs have in common: in which of the things compared they differ or say nothing."""
    of_file = {role: heading for role, heading in named.items() if role in spreadsheets.HEADINGS and role != "id"}
    spreadsheets.read(connection, [file], named=of_file, workplace=workplace)
    columns = spreadsheets.filled(connection)
    compared = {kind: needed for kind, needed in KINDS.items() if set(needed) <= columns}
    said = " || ".join(
        f"case when {_any(needed, 'is null')} then '{kind} missing, '"
        f" when {_all_same(needed)} then '' else '{kind} differs, ' end"
        for kind, needed in compared.items()
    )
    rows = connection.execute(f"""
        with pair as (
          select l.line as one, r.line as other, false as found from judged l join judged r using (true_person)
            where l.line < r.line and l.cluster <> r.cluster
          union all
          select l.line, r.line, true from judged l join judged r using (cluster)
            where l.line < r.line and l.true_person <> r.true_person
          limit {PAIRS_LOOKED_AT})
        select coalesce(nullif(rtrim({said}, ', '), ''), 'nothing differs') as kind,
          count(*) filter (not found), count(*) filter (found)
        from pair join record l on l.id = pair.one join record r on r.id = pair.other
        group by kind order by count(*) desc, kind limit {PATTERNS}""").fetchall()
    return tuple(Mistakes(kind, missed, wrong) for kind, missed, wrong in rows)


def _any(columns: tuple[str, ...], condition: str) -> str:
    return "(" + " or ".join(f"l.{column} {condition} or r.{column} {condition}" for column in columns) + ")"


def _all_same(columns: tuple[str, ...]) -> str:
    return " and ".join(f"l.{column} = r.{column}" for column in columns)
