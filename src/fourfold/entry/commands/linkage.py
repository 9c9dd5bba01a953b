"""`fourfold linkage …`: match canonical files, train a model, measure against a simulated region whose truth is known.

Needs no database. `evaluate` and `train` read what `fourfold simulate` wrote, and bring it through landing and
canonical first. With `--spark` the steps run there: docs/how-to/run-on-spark.md.
"""

import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from fourfold.entry.on_spark import heap_option, running_on, spark_option, workplace_option

if TYPE_CHECKING:
    from fourfold.pipeline.engines.spark import SparkDatabase
    from fourfold.pipeline.resolution import Resolution
    from fourfold.pipeline.resolution.evaluation import Evaluation, Score

REGION = "regions/north_west"
MEMORY_MB = 4_096
WEIGHTS = (2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 16.0)

_folder = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group(name="linkage")
def linkage() -> None:
    """Measure and train the matching of people."""


@linkage.command()
@click.argument("simulated", type=_folder)
@click.option("--region", type=_folder, default=REGION, help="The folder of the region's data.")
@click.option("--train", is_flag=True, help="Train on these records instead of using the shipped model.")
@click.option("--thresholds", is_flag=True, help="Also run at other thresholds, which takes a run each.")
@spark_option
@heap_option
@workplace_option
def evaluate(
    simulated: Path,
    *,
    region: Path,
    train: bool,
    thresholds: bool,
    spark: str | None,
    heap_mb: int,
    workplace: Path | None,
) -> None:
    """Match the people in SIMULATED and print, in Markdown, how right the result is."""
    from fourfold.pipeline import resolution
    from fourfold.pipeline.resolution import evaluation

    truth = simulated / "truth" / "records.parquet"
    with tempfile.TemporaryDirectory(dir=workplace) as place, running_on(spark, Path(place), heap_mb) as database:
        made = Path(place)
        people = canonical_people(simulated, region, made, spark=database)
        started = time.perf_counter()
        run = resolution.resolve(people, previous=None, into=made / "run", train=train, spark=database)
        seconds = time.perf_counter() - started
        faults = simulated / "truth" / "defects.parquet"
        found = evaluation.evaluate(run, truth=truth, faults=faults, forces=people)
        for line in _told(run, found, seconds):
            click.echo(line)
        for line in _fairness(evaluation.by_group(run, truth=truth, people=simulated / "truth" / "people.parquet")):
            click.echo(line)
        if thresholds:
            settings = resolution.load_settings()
            lines = evaluation.at_thresholds(people, truth=truth, settings=settings, weights=WEIGHTS, workplace=made)
            for line in _thresholds(lines, settings.link_weight):
                click.echo(line)


@linkage.command()
@click.argument("people", nargs=-1, required=True, metavar="SOURCE=PERSON.parquet…")
@click.option("--into", type=click.Path(path_type=Path), required=True, help="The folder to make.")
@workplace_option
@spark_option
@heap_option
def resolve(people: tuple[str, ...], into: Path, workplace: Path | None, spark: str | None, heap_mb: int) -> None:
    """Match canonical person files, each named after its source, oldest first, and write clusters and edges.

    The merge, object and link files beside a person file are read with it: each delivery in a folder of its own.
    """
    from fourfold.pipeline import resolution

    if into.exists():
        raise click.ClickException(f"{into} is there already. Name a folder that is not, for nothing is written over.")
    files: dict[str, list[Path]] = {}
    for each in people:
        source, _, file = each.partition("=")
        if not file or not Path(file).is_file():
            raise click.ClickException(f"“{each}” names no file. Write it as SOURCE=PERSON.parquet.")
        files.setdefault(source, []).append(Path(file))
    with tempfile.TemporaryDirectory(dir=workplace) as place, running_on(spark, Path(place), heap_mb) as database:
        started = time.perf_counter()
        counts = resolution.resolve(files, previous=None, into=into, spark=database).counts
        seconds = time.perf_counter() - started
    click.echo(
        f"{counts.records:,} records of {counts.clusters:,} people in {seconds:.1f} seconds, {counts.proposed:,} pairs"
        f" for a person to decide. Written to {into}"
    )


@linkage.command()
@click.argument("simulated", type=_folder)
@click.option("--region", type=_folder, default=REGION, help="The folder of the region's data.")
@click.option("--name", required=True, help="What to call the model.")
@click.option("--trained-on", required=True, help="What it was trained on, in words.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write.")
def train(simulated: Path, region: Path, name: str, trained_on: str, out: Path) -> None:
    """Train a model on the people in SIMULATED, without looking at the truth, and write it to a file."""
    from fourfold.pipeline import resolution

    with tempfile.TemporaryDirectory() as place:
        people = canonical_people(simulated, region, Path(place))
        run = resolution.resolve(people, previous=None, into=Path(place) / "run", train=True)
        made = json.loads(run.clusters.with_name("model.json").read_text(encoding="utf-8"))
    out.write_text(json.dumps({**made, "name": name, "trained_on": trained_on}, indent=2) + "\n", encoding="utf-8")
    click.echo(f"{run.model_reason} Written to {out}")


def canonical_people(
    simulated: Path, region: Path, workplace: Path, *, spark: "SparkDatabase | None" = None
) -> dict[str, list[Path]]:
    """The canonical person files of every delivery, by source, oldest first."""
    from fourfold.pipeline import canonical, landing

    people: dict[str, list[Path]] = {}
    for told in _read(region / "sources.yaml")["items"]:
        deliveries = sorted((simulated / "extracts" / told["code"]).glob("*"))
        made: list[Path] = []
        for delivery in deliveries:
            place = workplace / told["code"] / delivery.name
            place.parent.mkdir(exist_ok=True)
            landed = landing.land(delivery, into=place.with_suffix(".landed"), family=told["family"])
            context = _context(region, simulated, told, known=made)
            canonical.canonicalise(landed, family=told["family"], into=place, context=context, spark=spark)
            made.append(place)
        if made:
            people[told["code"]] = [place / "person.parquet" for place in made]
    return people


def _context(region: Path, simulated: Path, told: Mapping[str, Any], *, known: Sequence[Path]) -> Any:
    from fourfold.pipeline.canonical.family import Context

    bodies = _read(region / "region.yaml")["organisations"]
    numbers = {each["police_code"]: each["code"] for each in bodies if each["police_code"]}
    with (simulated / "nominations.jsonl").open(encoding="utf-8") as lines:
        named = {json.loads(line).get("compartment") for line in lines}
    return Context(
        source=told["code"],
        owner=told["owner"],
        forces={number: force for number, force in numbers.items() if force in told["forces"]},
        compartments=frozenset(code for code in named if code),
        audience=told["audience"],
        marking=told["marking"],
        known=tuple(known),
        memory_mb=MEMORY_MB,
    )


def _read(path: Path) -> dict[str, Any]:
    return dict(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))


def _told(run: "Resolution", found: "Evaluation", seconds: float) -> Iterator[str]:
    counts = run.counts
    yield f"{counts.records:,} records ({counts.restricted:,} restricted) of {counts.clusters:,} people."
    yield f"Matched in {seconds:.1f} seconds."
    yield f"Settings {run.settings_version}. {run.model_reason}"
    yield from _table(
        ("measure", "precision", "recall", "F1", "right", "wrong", "missed"),
        [
            _scored("pairs of records", found.pairs),
            _scored("whole people, exactly", found.clusters),
            _scored("pairs across forces", found.across_forces),
            *(_scored(f"pairs within {force}", score) for force, score in found.by_force.items()),
        ],
    )
    yield from _table(
        ("fault in either record", "true pairs", "found", "recall"),
        [(each.kind, f"{each.pairs:,}", f"{each.found:,}", f"{each.recall:.3f}") for each in found.by_fault],
    )
    yield from _table(
        ("where missed pairs were lost", "pairs"), [(stage, f"{n:,}") for stage, n in found.missed_by_stage.items()]
    )
    yield from _table(
        ("levels of wrong links", "links"), [(pattern, f"{n:,}") for pattern, n in found.wrong_by_pattern]
    )
    yield from _table(
        ("blocking rule", "keys", "pairs", "largest", "keys set aside", "records set aside"),
        [
            (
                block.rule,
                f"{block.keys:,}",
                f"{block.pairs:,}",
                f"{block.largest:,}",
                f"{block.keys_set_aside:,}",
                f"{block.records_set_aside:,}",
            )
            for block in run.blocks
        ],
    )


def _fairness(groups: Mapping[str, Mapping[str, "Score"]]) -> Iterator[str]:
    yield from _table(
        ("group", "precision", "recall", "F1", "right", "wrong", "missed"),
        [_scored(f"{kind}: {name}", score) for kind, named in groups.items() for name, score in named.items()],
    )


def _thresholds(lines: Sequence[tuple[float, "Evaluation"]], shipped: float) -> Iterator[str]:
    yield from _table(
        ("link at", "precision", "across forces", "lowest of a force", "recall", "across forces", "F1"),
        [
            (
                f"{weight:g}{' (shipped)' if weight == shipped else ''}",
                f"{found.pairs.precision:.4f}",
                f"{found.across_forces.precision:.4f}",
                f"{min((score.precision for score in found.by_force.values()), default=1.0):.4f}",
                f"{found.pairs.recall:.4f}",
                f"{found.across_forces.recall:.4f}",
                f"{found.pairs.f1:.4f}",
            )
            for weight, found in lines
        ],
    )


def _scored(name: str, score: "Score") -> tuple[str, ...]:
    shares = (f"{share:.4f}" for share in (score.precision, score.recall, score.f1))
    return (name, *shares, *(f"{n:,}" for n in (score.right, score.wrong, score.missed)))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield ""
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


COMMANDS = (linkage,)
