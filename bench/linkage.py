"""Finding who is one person: Fourfold, plain Splink and `recordlinkage` over the same people in one run.

Quality after clustering, seconds and memory, each tool in a process of its own; then quality by sex, year of birth and
origin of the name on the simulated region; then, on invented people in number (`bench.people`), the seconds of Fourfold
and of Splink, and what adding one record in a hundred costs beside a full run. The published files are read from
`../shared/data/er` where that folder is. `recordlinkage` needs an older pandas than anything else here: `make
bench-linkage` installs it into `bench/out/peers`, beside the environment and not in it.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import duckdb
from bench.result import Result

HERE = Path(__file__).parent
PEERS = HERE / "out" / "peers"
PUBLISHED = HERE.parents[1] / "shared" / "data" / "er"
REGION = HERE.parent / "regions" / "north_west"
PEOPLE = 60_000
SIZES = (100_000, 1_000_000)
LONGEST = 600
TOOLS = ("fourfold", "splink", "recordlinkage")
ASKED = {"febrl 3": "F1 0.99", "historical, half A": "F1 0.90", "region": "F1 0.98, precision 0.995"}


def run(scale: float) -> list[Result]:
    found: list[Result] = []
    with tempfile.TemporaryDirectory() as place:
        workplace = Path(place)
        for name, folder in _data(workplace, scale):
            for tool in TOOLS:
                found += _measured(tool, name, folder)
        found += _fairness(workplace / "region")
        for size in SIZES:
            found += _at_size(workplace, int(size * scale))
    return found


def _data(workplace: Path, scale: float) -> Iterator[tuple[str, Path]]:
    """Each set of people: a folder with `people.parquet` or `people.json`, and `truth.parquet`."""
    if PUBLISHED.is_dir():
        for number in (1, 2, 3):
            file = PUBLISHED / f"febrl_dataset{number}.csv"
            folder = _prepared(workplace, file, truth="regexp_extract(rec_id, '[0-9]+')", out="rec_id, soc_sec_id")
            yield f"febrl {number}", folder
        file = PUBLISHED / "historical_50k_half_A.parquet"
        yield "historical, half A", _prepared(workplace, file, truth="cluster", out="cluster, unique_id")
    else:
        print(f"  {PUBLISHED} is not there: the published files are left out.", flush=True)
    yield "region", _region(workplace, int(PEOPLE * scale))


def _prepared(workplace: Path, file: Path, *, truth: str, out: str) -> Path:
    """The file without what gives the truth away, its lines numbered."""
    folder = workplace / file.stem
    folder.mkdir()
    with duckdb.connect() as connection:
        reader = "read_parquet" if file.suffix == ".parquet" else "read_csv"
        options = "" if file.suffix == ".parquet" else ", all_varchar = true"
        connection.execute(
            f"create table given as select row_number() over () as line, * from {reader}('{file}'{options})"
        )
        connection.execute(
            f"copy (select line as record_id, * exclude (line, {out}) from given order by line)"
            f" to '{folder / 'people.parquet'}' (format parquet)"
        )
        connection.execute(
            f"copy (select line as id, {truth}::varchar as person from given) to '{folder / 'truth.parquet'}'"
            " (format parquet)"
        )
    return folder


def _region(workplace: Path, people: int) -> Path:
    """A simulated region brought through landing and canonical, as a delivery is."""
    from fourfold.entry.commands.linkage import canonical_people  # noqa: PLC0415
    from fourfold.simulation.run import simulate  # noqa: PLC0415

    folder = workplace / "region"
    simulate(people, 2, folder)
    made = canonical_people(folder, REGION, workplace)
    (folder / "people.json").write_text(
        json.dumps({source: [str(path) for path in paths] for source, paths in made.items()})
    )
    return folder


def _measured(tool: str, name: str, folder: Path) -> list[Result]:
    said = _said(tool, folder)
    if isinstance(said, str):
        return [Result(f"{name}: {tool}", 0, "", note=said)]
    target = ASKED.get(name, "") if tool == "fourfold" else ""
    return [
        Result(f"{name}: {tool}, {said['records']:,} records", said["f1"], "F1", target=target, note=_in_words(said))
    ]


def _in_words(said: Mapping[str, float]) -> str:
    return (
        f"precision {said['precision']:.4f}, recall {said['recall']:.4f}, {said['seconds']:.1f} s"
        f" ({said['processor']:.1f} s of the processor), {said['mb']:,.0f} MB"
    )


def _said(tool: str, folder: Path) -> dict[str, float] | str:
    """What a tool measured in a process of its own, or a sentence saying why it did not."""
    paths = os.pathsep.join([str(HERE.parent), *([str(PEERS)] if tool == "recordlinkage" else [])])
    try:
        done = subprocess.run(
            [sys.executable, "-m", "bench.linkage", tool, str(folder)],
            env={**os.environ, "PYTHONPATH": paths},
            capture_output=True,
            text=True,
            check=True,
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired:
        return f"did not finish in {LONGEST} seconds and was stopped"
    except subprocess.CalledProcessError as failed:
        return (failed.stderr.strip().splitlines() or ["failed"])[-1][:120]
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _at_size(workplace: Path, size: int) -> list[Result]:
    """Seconds beside plain Splink's, and of adding a batch of one record in a hundred beside a full run's."""
    from bench import people  # noqa: PLC0415

    folder = workplace / f"people-{size}"
    made = people.write(folder, records=size)
    (folder / "people.json").write_text(json.dumps({s: [str(path) for path in paths] for s, paths in made.items()}))
    name = f"{size:,} invented records"
    ours, theirs, grown = (_said(tool, folder) for tool in ("fourfold", "splink", "grown"))
    found: list[Result] = []
    for tool, said in (("fourfold", ours), ("splink", theirs), ("grown", grown)):
        if isinstance(said, str):
            found.append(Result(f"{name}: {tool}", 0, "", note=said))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found.append(
            Result(
                f"{name}: seconds, reading included",
                ours["seconds"],
                "s",
                against="Splink, read and cleaned already",
                against_value=theirs["seconds"],
                ratio=ours["seconds"] / theirs["seconds"],
                target="at most 1x",
                note=f"{_in_words(ours)}; Splink {_in_words(theirs)}",
            )
        )
    if isinstance(grown, dict):
        found.append(
            Result(
                f"{name}: a batch of 1% added",
                grown["added"],
                "s",
                against="a full run",
                against_value=grown["full"],
                ratio=grown["added"] / grown["full"],
                target="at most 0.1x",
                note=(
                    f"processor {grown['added_processor'] / grown['full_processor']:.3f}x; pairs of one cluster:"
                    f" {grown['both']:,} by both, {grown['only_added']:,} by the batch alone,"
                    f" {grown['only_full']:,} by the full run alone"
                ),
            )
        )
    return found


def grown_child(folder: Path) -> dict[str, float]:
    """A full run over the first deliveries, the second added, and a full run over both."""
    from fourfold.pipeline import resolution  # noqa: PLC0415

    given = {s: [Path(p) for p in each] for s, each in json.loads((folder / "people.json").read_text()).items()}
    with tempfile.TemporaryDirectory() as place:
        workplace = Path(place)
        first = {source: paths[:1] for source, paths in given.items()}
        base = resolution.resolve(first, previous=None, into=workplace / "base")
        timed: dict[str, float] = {}
        for name, whole in (("added", False), ("full", True)):
            started, busy = time.perf_counter(), time.process_time()
            run = resolution.resolve(
                given,
                previous=base.clusters,
                into=workplace / name,
                next_cluster=base.next_cluster,
                whole=whole,
            )
            timed |= {name: time.perf_counter() - started, f"{name}_processor": time.process_time() - busy}
            if run.whole is not whole:
                raise SystemExit("the batch was not added to the run before it")
        return timed | _compared(workplace / "added" / "clusters.parquet", workplace / "full" / "clusters.parquet")


def _compared(added: Path, full: Path) -> dict[str, float]:
    """Pairs of records in one cluster: by both runs, and by one alone."""
    with duckdb.connect() as connection:
        both, one, other = (
            connection.execute(
                f"""select coalesce(sum(n * (n - 1) // 2), 0)::bigint from (
                  select count(*) as n from read_parquet(?) l join read_parquet(?) r using (source, record_key)
                  group by {by})""",
                [str(added), str(full)],
            ).fetchall()[0][0]
            for by in ("l.cluster, r.cluster", "l.cluster", "r.cluster")
        )
    return {"both": both, "only_added": one - both, "only_full": other - both}


def child(tool: str, folder: Path) -> dict[str, float]:
    """One tool over one set of people, in this process; what is timed is what the tool is asked for."""
    region = folder / "people.json"
    given = json.loads(region.read_text()) if region.exists() else None
    with duckdb.connect() as connection, tempfile.TemporaryDirectory() as place:
        if tool == "fourfold":
            busy = time.process_time()
            seconds = _ours(connection, folder, given, Path(place))
            processor = time.process_time() - busy
        else:
            _table_of_people(connection, folder, given, Path(place))
            from bench import peers  # noqa: PLC0415

            find: Callable[[duckdb.DuckDBPyConnection], Mapping[int, int]] = getattr(peers, tool)
            started, busy = time.perf_counter(), time.process_time()
            groups = find(connection)
            seconds, processor = time.perf_counter() - started, time.process_time() - busy
            connection.execute("create table found (id bigint, cluster bigint)")
            connection.execute(
                "insert into found select unnest(?::bigint[]), unnest(?::bigint[])",
                [list(groups), list(groups.values())],
            )
            connection.execute(
                "create table all_found as"
                " select id, coalesce(cluster, -id) as cluster from record left join found using (id)"
            )
            key = "r.source || '|' || r.record_key" if given else "r.given_id"
            connection.execute(
                f"create table made as select {key} as key, cluster from record r join all_found using (id)"
            )
        return _judged(connection, folder, given) | {
            "seconds": seconds,
            "processor": processor,
            "mb": _most_memory(),
        }


def _most_memory() -> float:
    """The most this process held, in MB. What Linux says of the process itself: the other figure begins with what the
    process that started it held.
    """
    status = Path("/proc/self/status")
    if status.exists():
        held = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(held.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _ours(
    connection: duckdb.DuckDBPyConnection, folder: Path, given: dict[str, list[str]] | None, place: Path
) -> float:
    from fourfold.pipeline import resolution  # noqa: PLC0415
    from fourfold.pipeline.resolution import linking  # noqa: PLC0415

    started = time.perf_counter()
    if given is None:
        linking.link([folder / "people.parquet"], out=place / "out.csv", named={})
        made = f"select record_id as key, entity_id as cluster from read_csv('{place / 'out.csv'}', all_varchar = true)"
    else:
        paths = {source: [Path(path) for path in each] for source, each in given.items()}
        run = resolution.resolve(paths, previous=None, into=place / "run")
        made = f"select source || '|' || record_key as key, cluster from read_parquet('{run.clusters}')"
    seconds = time.perf_counter() - started
    connection.execute(f"create table made as {made}")
    return seconds


def _table_of_people(
    connection: duckdb.DuckDBPyConnection, folder: Path, given: dict[str, list[str]] | None, place: Path
) -> None:
    from fourfold.pipeline.resolution import records, spreadsheets  # noqa: PLC0415

    if given is None:
        spreadsheets.read(connection, [folder / "people.parquet"], named={}, workplace=place)
        return
    records.load_records(connection, {source: [Path(path) for path in each] for source, each in given.items()})
    connection.execute("""
        create or replace table record as
        select *, birth_full as birth_text, null::varchar as place, null::varchar as street,
          null::varchar as occupation, contacts[1] as phone from record""")


def _judged(
    connection: duckdb.DuckDBPyConnection, folder: Path, given: dict[str, list[str]] | None
) -> dict[str, float]:
    from fourfold.pipeline.resolution.evaluation import pairs_in_one_cluster  # noqa: PLC0415

    truth = (
        f"select distinct source || '|' || record_key as key, true_person from '{folder / 'truth' / 'records.parquet'}'"
        if given
        else f"select id::varchar as key, person as true_person from '{folder / 'truth.parquet'}'"
    )
    connection.execute(f"create table judged as select cluster, true_person from made join ({truth}) using (key)")
    score = pairs_in_one_cluster(connection)
    count = connection.execute("select count(*) from judged").fetchall()[0][0]
    return {"records": count, "precision": score.precision, "recall": score.recall, "f1": score.f1}


def _fairness(folder: Path) -> list[Result]:
    """Recall of each group beside that of everybody; more than two points below is a finding."""
    from fourfold.pipeline import resolution  # noqa: PLC0415
    from fourfold.pipeline.resolution import evaluation  # noqa: PLC0415

    given = {s: [Path(p) for p in each] for s, each in json.loads((folder / "people.json").read_text()).items()}
    run = resolution.resolve(given, previous=None, into=folder / "run")
    truth = folder / "truth" / "records.parquet"
    everybody = evaluation.evaluate(run, truth=truth, faults=None, forces=given).pairs
    groups = evaluation.by_group(run, truth=truth, people=folder / "truth" / "people.parquet")
    return [
        Result(
            f"region: recall of {kind}, {name}",
            score.recall,
            "",
            against="everybody",
            against_value=everybody.recall,
            target="at most 0.02 less",
            note=f"precision {score.precision:.4f}; {'A FINDING' if everybody.recall - score.recall > 0.02 else ''}",
        )
        for kind, named in groups.items()
        for name, score in named.items()
    ]


if __name__ == "__main__":
    asked, at = sys.argv[1], Path(sys.argv[2])
    print(json.dumps(grown_child(at) if asked == "grown" else child(asked, at)))
