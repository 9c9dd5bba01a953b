"""`fourfold intake …` and `fourfold load-open-data`: sources, deliveries and open data at the same door."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fourfold.entry.setup import django_as

if TYPE_CHECKING:
    from fourfold.intake.models import Batch, Source
    from fourfold.intake.processing import Desk


@click.group(name="intake")
def intake() -> None:
    """Receive, load and list what source systems send."""


@intake.command(name="sources")
def register() -> None:
    """Make or change the sources as the region's data say."""
    django_as()
    for code, name in _register_sources():
        click.echo(f"{code}: {name}")


@intake.command(name="receive")
@click.argument("source")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--process", is_flag=True, help="Load it now, instead of leaving it to the worker.")
def receive(source: str, path: Path, process: bool) -> None:
    """Take the folder, zip or file at PATH as a delivery of SOURCE."""
    django_as()
    batch, sentence = _receive(source, path)
    click.echo(f"Batch {batch}: {sentence}")
    if process:
        _print_batches(_process([batch]))


@intake.command(name="process")
@click.argument("batches", nargs=-1, type=click.IntRange(min=1))
def process(batches: tuple[int, ...]) -> None:
    """Load BATCHES, or every batch that is waiting, and say what came of each."""
    django_as()
    found = _process(list(batches) or None)
    if not found:
        click.echo("Nothing is waiting")
    _print_batches(found)
    if any(b.state == "FAILED" for b in found):
        raise SystemExit(1)


@intake.command(name="list")
@click.option("--source", default="", help="Only this source.")
def list_batches(source: str) -> None:
    """List batches, newest first."""
    django_as()
    from fourfold.intake import selectors

    with _as_intake():
        found = selectors.batches()
        batches = list(found.filter(source__code=source) if source else found)
    _print_batches(batches)


@intake.command(name="token")
@click.argument("source")
def token(source: str) -> None:
    """Make a new bearer token for SOURCE and print it once. Earlier tokens stop working."""
    django_as()
    from fourfold.intake import services
    from fourfold.platform import clock

    with _as_intake():
        click.echo(services.make_token(source=_source(source), now=clock.now()))


@click.command(name="load-open-data")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def load_open_data(folder: Path) -> None:
    """Load the open data in FOLDER through the same door as a force's extracts, and print the totals."""
    django_as()
    from fourfold.pipeline.canonical.sources.open_data import DELIVERIES, totals

    _register_sources()
    batches = {}
    for code, delivery in DELIVERIES.items():
        paths = [folder / name for name in delivery.files]
        missing = [p for p in paths if not p.exists()]
        if missing:
            click.echo(f"{code}: left out, because {missing[0]} is not there")
            continue
        with _one_folder(paths) as together:
            batches[code], sentence = _receive(code, together, name=", ".join(p.name for p in paths))
        click.echo(f"{code}: {sentence}")
    found = {b.source.code: b for b in _process(list(batches.values()))}
    _print_batches(list(found.values()))
    disagree = 0
    for code in [c for c, b in found.items() if b.state == "PUBLISHED"]:
        for each in totals(code, _desk().canonical(found[code])):
            disagree += not each.agrees
            said = "agrees" if each.agrees else f"DIFFERS from {each.stated:,}"
            click.echo(f"  {code}  {each.name}: {each.found:,}  {said}")
        for rule, sentence, rows in _rules_broken(batches[code]):
            click.echo(f"  {code}  {rule} {sentence} {rows:,} rows")
    if disagree or not found or any(b.state != "PUBLISHED" for b in found.values()):
        raise SystemExit(1)


COMMANDS = (intake, load_open_data)


@contextmanager
def _one_folder(paths: list[Path]) -> Iterator[Path]:
    """Files that make one delivery, in a folder of their own."""
    with tempfile.TemporaryDirectory() as name:
        for path in paths:
            shutil.copyfile(path, Path(name) / path.name)
        yield Path(name)


def _rules_broken(batch_id: int) -> list[tuple[str, str, int]]:
    """Rules that rows of the batch broke, with the sentence and how many: not loaded, or loaded with a warning."""
    from fourfold.intake import selectors
    from fourfold.pipeline.canonical.rules import CATALOGUE

    with _as_intake():
        batch = selectors.batch_of(batch_id)
        found = [(line.rule_code, line.rows) for line in selectors.rule_lines(batch)] + list(
            selectors.warnings_of(batch)
        )
    return [(code, CATALOGUE.get(code, ""), rows) for code, rows in found]


@contextmanager
def _as_intake() -> Iterator[None]:
    from fourfold.platform.people.services import service_user
    from fourfold.platform.visibility.scope import acting_as

    with acting_as(service_user("intake")):
        yield


def _desk() -> "Desk":
    from django.conf import settings

    from fourfold.intake.processing import Desk
    from fourfold.intake.storage import Store
    from fourfold.platform import clock

    return Desk(store=Store(settings.INTAKE_FOLDER), clock=clock.now, tell=lambda line: click.echo(line, err=True))


def _register_sources() -> list[tuple[str, str]]:
    from django.conf import settings

    from fourfold.intake import region, services

    with _as_intake():
        facts = region.sources_in(Path(settings.REGIONS) / settings.REGION)
        made = [services.register_source(facts=f) for f in facts]
        return [(s.code, s.name) for s in made]


def _source(code: str) -> "Source":
    from fourfold.intake import selectors
    from fourfold.platform.errors import NotThere, RuleBroken

    try:
        return selectors.source_of(code)
    except NotThere:
        known = ", ".join(s.code for s in selectors.sources()) or "none; run fourfold intake sources"
        raise RuleBroken("IN6", f"There is no source {code}. Sources: {known}") from None


def _receive(code: str, path: Path, *, name: str | None = None) -> tuple[int, str]:
    from fourfold.intake import rules, services
    from fourfold.platform import clock

    with _as_intake():
        received = services.receive(
            source=_source(code),
            path=path,
            store=_desk().store,
            how=rules.How.COMMAND,
            now=clock.now(),
            today=clock.today(),
            name=name,
        )
        return received.batch.pk, received.sentence


def _process(batch_ids: list[int] | None) -> "list[Batch]":
    from fourfold.intake import processing, selectors

    if batch_ids is None:
        with _as_intake():
            batch_ids = list(selectors.waiting().values_list("pk", flat=True))
    return list(processing.process_batches(batch_ids=batch_ids, desk=_desk()))


def _print_batches(batches: "list[Batch]") -> None:
    from fourfold.intake import rules, selectors

    with _as_intake():
        counts = selectors.counts_of([b.pk for b in batches])
    for batch in batches:
        n = counts.get(batch.pk, rules.Counts())
        click.echo(
            f"{batch.pk}  {batch.source.code}  {batch.name}  {rules.STATE_NAMES[rules.State(batch.state)].lower()}: "
            f"{n.read:,} rows = {n.loaded:,} loaded + {n.quarantined:,} quarantined + {n.held:,} held "
            f"+ {n.reference:,} reference" + (f". {batch.sentence}" if batch.sentence else "")
        )
