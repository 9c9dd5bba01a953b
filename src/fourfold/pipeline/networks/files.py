"""Reads a network out of a file: a list of ties, or a table whose cells say how far row and column are tied.

What was odd about the file is noticed and told; nothing odd stops it that can be put right without guessing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from fourfold.pipeline.networks.graph import Network, of_arrays
from fourfold.pipeline.resolution import spreadsheets
from fourfold.pipeline.resolution.spreadsheets import FileRefused, heading_like, quoted

HEADINGS: Mapping[str, tuple[str, ...]] = {
    "source": (
        "source", "from", "start", "left", "tail", "ego", "caller", "sender", "person1", "personone", "nodea", "node1",
        "id1", "who", "leftid", "sourceid", "fromid", "v1", "src",
    ),
    "target": (
        "target", "to", "end", "right", "head", "alter", "called", "receiver", "recipient", "person2", "persontwo",
        "nodeb", "node2", "id2", "whom", "rightid", "targetid", "toid", "v2", "dst",
    ),
    "weight": ("weight", "value", "strength", "count", "calls", "times", "frequency", "number"),
}  # fmt: skip
"""What a column may be, and the headings it goes by: letters and digits only, in lower case."""

ARCHIVE = b"PK\x03\x04"
ENDS = 2
WITH_WEIGHT = 3
SHOWN = 12
ROWS_AT_ONCE = 200
NOTHING = frozenset({"", "0", "na", "nan", "n/a", "null", "none", "-", "."})
"""What a cell of a table says where there is no tie."""


@dataclass(frozen=True)
class Sheet:
    """A network as a file has it, and sentences on what was noticed."""

    network: Network
    noticed: tuple[str, ...]


def read(
    path: Path, *, named: Mapping[str, str] | None = None, nodes: Path | None = None, directed: bool = False
) -> Sheet:
    """The network in a file.

    Args:
        path: CSV or Parquet.
        named: Which column is what, such as {"source": "Caller"}: it goes before what a heading says.
        nodes: A file whose first column names nodes, which are there even if no tie has them.
        directed: Whether a tie leads one way only.

    Raises:
        FileRefused: the file cannot be read, or is no network; the sentence says why and what to do.
    """
    with tempfile.TemporaryDirectory() as spill, duckdb.connect() as connection:
        connection.execute("set temp_directory = $place", {"place": spill})
        connection.execute("create temp table tie (tail varchar, head varchar, weight double)")
        connection.execute("create temp table node (name varchar)")
        noticed = _take(connection, path, Path(spill), named or {})
        if nodes is not None:
            headings, _ = _sheet(connection, nodes, Path(spill))
            connection.execute(f"insert into node select {quoted(headings[0])} from sheet")
        noticed += list(_settle(connection, directed=directed))
        network = _network(connection, directed=directed)
    if not network.size:
        raise FileRefused("NW5", f"{path.name} has headings but no ties. Send a file with at least one.")
    return Sheet(network, (*noticed, *_parts(network)))


# What shape the file is


def _take(connection: duckdb.DuckDBPyConnection, path: Path, workplace: Path, named: Mapping[str, str]) -> list[str]:
    """Put every tie into `tie` and every node into `node`, and say how the file was taken."""
    headings, lost = _sheet(connection, path, workplace)
    noticed = [f"{counted(lost, 'line')} could not be read as rows of the table: left out."] if lost else []
    columns = _by_name(headings, named, path.name)
    if columns is None and (labels := _labels_of_table(connection, headings)) is not None:
        return noticed + _take_table(connection, headings, labels, path.name)
    columns = columns or _by_place(connection, headings, path.name)
    noticed += _first_line(connection, headings, columns)
    return noticed + list(_take_list(connection, columns))


def _sheet(connection: duckdb.DuckDBPyConnection, path: Path, workplace: Path) -> tuple[list[str], int]:
    """Make the table `sheet` of a file's rows as text. Its headings, and how many lines were not rows."""
    if path.is_file() and not path.stat().st_size:
        raise FileRefused("NW1", f"{path.name} is empty. Send a file with two columns that say who is tied to whom.")
    with path.open("rb") as opened:
        if opened.read(len(ARCHIVE)) == ARCHIVE:
            raise FileRefused("NW8", f"{path.name} is a workbook or an archive. Save the sheet with the ties as CSV.")
    given = spreadsheets.opened(connection, path, workplace)
    headings = spreadsheets.headings_of(connection, given)
    texts = ", ".join(f"nullif(trim({quoted(each)}::varchar), '') as {quoted(each)}" for each in headings)
    connection.execute(f"create or replace temp table sheet as select {texts} from {given}")
    if given != "opened":
        return headings, 0
    lost: int = connection.execute("select count(distinct line) from reject_errors").fetchall()[0][0]
    return headings, lost


def _by_name(headings: Sequence[str], named: Mapping[str, str], name: str) -> dict[str, str] | None:
    """Which column is what, by what the reader says or the headings say; None where they don't."""
    for heading in named.values():
        if heading not in headings:
            raise FileRefused("NW2", f"{name} has no column called “{heading}”. Its columns are: {_shown(headings)}.")
    found = dict(named)
    for role, known in HEADINGS.items():
        free = [heading for heading in headings if heading not in found.values()]
        known_as = None if role in found else heading_like(free, known)
        if known_as is not None:
            found[role] = known_as
    if {"source", "target"} <= found.keys():
        return found
    if named:
        missing = "target" if "source" in named else "source"
        raise FileRefused("NW3", f"Say also which column is the {missing}: --{missing} COLUMN.")
    return None


def _by_place(connection: duckdb.DuckDBPyConnection, headings: Sequence[str], name: str) -> dict[str, str]:
    """Two columns of any name are the two ends; a third that has only numbers is the weight."""
    if len(headings) == ENDS:
        return {"source": headings[0], "target": headings[1]}
    if len(headings) == WITH_WEIGHT and _only_numbers(connection, headings[2:]):
        return {"source": headings[0], "target": headings[1], "weight": headings[2]}
    raise FileRefused(
        "NW3",
        f"{name} does not say which columns are the two ends of a tie. Its columns are: {_shown(headings)}. Say which"
        " with --source COLUMN --target COLUMN.",
    )


def _only_numbers(connection: duckdb.DuckDBPyConnection, columns: Sequence[str]) -> bool:
    nothing = ", ".join(f"'{word}'" for word in sorted(NOTHING) if word)
    wrong = " or ".join(
        f"(try_cast({quoted(each)} as double) is null and lower({quoted(each)}) not in ({nothing}))" for each in columns
    )
    return not connection.execute(f"select exists (from sheet where {wrong})").fetchall()[0][0]


def _shown(headings: Sequence[str]) -> str:
    more = f" and {len(headings) - SHOWN:,} more" if len(headings) > SHOWN else ""
    return ", ".join(headings[:SHOWN]) + more


# A table of who with whom


def _labels_of_table(connection: duckdb.DuckDBPyConnection, headings: Sequence[str]) -> list[str] | None:
    """What the rows of a table of ties are called; None where the file is no such table.

    It is one where everything but the names of the rows is a number, and it has as many rows as columns or names them.
    """
    (rows,) = connection.execute("select count(*) from sheet").fetchall()[0]
    first, others = headings[0], headings[1:]
    if len(others) >= ENDS and _only_numbers(connection, others):
        labels = [str(label or "") for (label,) in connection.execute(f"select {quoted(first)} from sheet").fetchall()]
        named = all(labels) and len(set(labels)) == len(labels)
        if named and (set(labels) == set(others) or (len(others) > ENDS and not _are_numbers(labels))):
            return labels
    if rows == len(headings) > 1 and _only_numbers(connection, headings):
        return []
    return None


def _are_numbers(labels: Sequence[str]) -> bool:
    return all(label.replace(".", "", 1).isdigit() for label in labels)


def _take_table(
    connection: duckdb.DuckDBPyConnection, headings: Sequence[str], labels: list[str], name: str
) -> list[str]:
    columns = list(headings[1:]) if labels else list(headings)
    rows = labels or columns
    tails: list[str] = []
    heads: list[str] = []
    weights: list[float] = []
    below = 0
    told = connection.execute(f"select {', '.join(quoted(each) for each in columns)} from sheet")
    number = 0
    while cells := told.fetchmany(ROWS_AT_ONCE):
        for row in cells:
            for column, cell in zip(columns, row, strict=True):
                if cell is None or cell.lower() in NOTHING:
                    continue
                weight = float(cell)
                below += weight < 0
                if weight > 0:
                    tails.append(rows[number])
                    heads.append(column)
                    weights.append(weight)
            number += 1
    given = pa.table({"tail": tails, "head": heads, "weight": pa.array(weights, pa.float64())})
    connection.register("given", given)
    connection.execute("insert into tie select tail, head, weight from given")
    connection.unregister("given")
    everybody = pa.table({"name": [*rows, *columns]})
    connection.register("everybody", everybody)
    connection.execute("insert into node select distinct name from everybody")
    connection.unregister("everybody")
    same = set(rows) == set(columns)
    taken = "who is tied to whom" if same else "what each row has to do with each column"
    said = [f"{name} was read as a table of {taken}: {len(rows):,} rows, {len(columns):,} columns."]
    if not same:
        said.append("Rows and columns name different things, so each row is tied to columns and to no other row.")
    return said + ([f"{counted(below, 'cell')} below 0: left out."] if below else [])


# A list of ties


def _first_line(
    connection: duckdb.DuckDBPyConnection, headings: Sequence[str], columns: Mapping[str, str]
) -> list[str]:
    """Where the headings are themselves two of the nodes, the file has no headings: the first line is a tie."""
    ends = [columns["source"], columns["target"]]
    if any(heading_like([end], HEADINGS["source"] + HEADINGS["target"]) for end in ends if not end.isdigit()):
        return []
    said = " union all ".join(f"select {quoted(end)} as name from sheet" for end in ends)
    (among,) = connection.execute(f"select count(distinct name) from ({said}) where name in (?, ?)", ends).fetchall()[0]
    if among < ENDS and not (among and all(end.isdigit() for end in ends)):
        return []
    weight = columns.get("weight", "")
    values = [heading if heading in ends or heading == weight else None for heading in headings]
    connection.execute(f"insert into sheet values ({', '.join('?' for _ in headings)})", values)
    return [f"The file has no headings: its first line, {ends[0]} and {ends[1]}, was taken as a tie."]


def _take_list(connection: duckdb.DuckDBPyConnection, columns: Mapping[str, str]) -> Iterator[str]:
    source, target = quoted(columns["source"]), quoted(columns["target"])
    said = f"{columns['source']} and {columns['target']} are the two ends of a tie"
    if "weight" not in columns:
        yield f"{said}; all ties weigh the same."
        connection.execute(f"insert into tie select {source}, {target}, null from sheet where {source} is not null")
    else:
        weight = quoted(columns["weight"])
        yield f"{said}; {columns['weight']} is its weight, which counts in pagerank and community."
        read = f"try_cast({weight} as double)"
        found = connection.execute(
            f"select count(*), any_value({weight}) from sheet where {weight} is not null and {source} is not null and"
            f" {target} is not null and ({read} is null or not isfinite({read}) or {read} <= 0)"
        ).fetchall()[0]
        if found[0]:
            yield f"{counted(found[0], 'tie')} left out: the weight, such as “{found[1]}”, is no number above 0."
        connection.execute(
            f"insert into tie select {source}, {target}, coalesce({read}, 1) from sheet where {source} is not null and"
            f" ({weight} is null or (isfinite({read}) and {read} > 0))"
        )
    alone, blank = connection.execute(
        f"select count(*) filter ({source} is null or {target} is null), count(*) filter ({source} is null and"
        f" {target} is null) from sheet"
    ).fetchall()[0]
    if alone - blank:
        yield f"{counted(alone - blank, 'line')} with one end only: kept as a node without that tie."
    if blank:
        yield f"{counted(blank, 'line')} with neither end: left out."
    connection.execute(f"insert into node select {source} from sheet union select {target} from sheet")


# Each tie once


def _settle(connection: duckdb.DuckDBPyConnection, *, directed: bool) -> Iterator[str]:
    """Make `settled`: each tie once. Says what was written more than once, one way only, or of a node with itself."""
    connection.execute("delete from tie where tail is null or head is null")
    (loops,) = connection.execute("select count(*) from tie where tail = head").fetchall()[0]
    if loops:
        yield f"{counted(loops, 'tie')} from a node to itself: left out."
    (weighted,) = connection.execute("select coalesce(bool_or(weight is not null), false) from tie").fetchall()[0]
    connection.execute(
        "create temp table one_way as select tail, head, count(*) as times, coalesce(sum(weight), 1) as weight from tie"
        " where tail <> head group by all"
    )
    repeated, lines = connection.execute("select count(*), sum(times) from one_way where times > 1").fetchall()[0]
    if repeated:
        what = "weights added up" if weighted else "counted once"
        yield f"{counted(repeated, 'tie')} written more than once, on {int(lines):,} lines: {what}."
    both, single = connection.execute(
        "select count(*) filter (r.tail is not null), count(*) filter (r.tail is null) from one_way w left join one_way"
        " r on (r.tail = w.head and r.head = w.tail)"
    ).fetchall()[0]
    if directed:
        yield f"{counted(both // 2, 'tie')} both ways, {single:,} one way."
        connection.execute("create temp table settled as select tail, head, weight from one_way")
        return
    if both and single:
        yield (
            f"{counted(both // 2, 'tie')} written both ways and {single:,} one way only: all taken both ways, with the"
            " larger weight."
        )
    elif single:
        yield f"{counted(single, 'tie')} written one way only, none both ways: taken both ways."
    connection.execute(
        "create temp table settled as select least(tail, head) as tail, greatest(tail, head) as head,"
        " max(weight) as weight from one_way group by all"
    )
    alike = connection.execute(
        "select min(name), max(name), count(*) over () from node where name is not null group by"
        " lower(regexp_replace(name, '[^\\pL\\pN]', '', 'g')) having count(distinct name) > 1"
        " and lower(regexp_replace(min(name), '[^\\pL\\pN]', '', 'g')) <> '' order by 1 limit 1"
    ).fetchall()
    if alike:
        one, other, many = alike[0]
        yield (
            f"Names that differ only in capitals, spaces or points, such as “{one}” and “{other}”, were kept apart"
            f" ({many:,} in all)."
        )


def _network(connection: duckdb.DuckDBPyConnection, *, directed: bool) -> Network:
    connection.execute(
        "create temp table numbered as select name, row_number() over (order by name) - 1 as place from"
        " (select name from node union select tail from settled union select head from settled) where name is not null"
    )
    names = tuple(name for (name,) in connection.execute("select name from numbered order by place").fetchall())
    found = connection.execute(
        "select a.place as tail, b.place as head, weight from settled join numbered a on a.name = tail"
        " join numbered b on b.name = head order by a.place, b.place"
    ).fetchnumpy()
    tails, heads = (np.asarray(found[each], np.int64) for each in ("tail", "head"))
    return of_arrays(names, tails, heads, np.asarray(found["weight"], np.float64), directed=directed)


def _parts(network: Network) -> Iterator[str]:
    count, part = network.parts()
    sizes = np.bincount(part, minlength=count)
    alone = int((sizes == 1).sum())
    yield f"{counted(network.size, 'node')} and {counted(network.ties, 'tie')}, in {counted(count, 'part')}."
    if count > 1:
        yield (
            f"No tie leads from one part to another. The largest has {counted(int(sizes.max()), 'node')};"
            f" {counted(alone, 'node')} without any tie."
        )


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
