"""`fourfold assessment-model …`: scoring models as data."""

from pathlib import Path

import click

from fourfold.entry.setup import django_as


@click.group(name="assessment-model")
def assessment_model() -> None:
    """Check and load versions of scoring models."""


@assessment_model.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(file: Path) -> None:
    """Say everything that is wrong with a model's file, and where. Nothing is loaded."""
    django_as("app")
    from fourfold.assessments.rules.definition import faults_of
    from fourfold.assessments.services import read_model

    faults = faults_of(read_model(file.read_text(encoding="utf-8")))
    for fault in faults:
        click.echo(f"{fault.where}: {fault.what}")
    if faults:
        raise SystemExit(1)
    click.echo("This model can be loaded.")


@assessment_model.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load(file: Path) -> None:
    """Load a version of a model. A file that changed under the same code is refused: a version never changes."""
    django_as("app")
    from fourfold.assessments.services import load_model, read_model
    from fourfold.platform import clock

    kept, is_new = load_model(content=read_model(file.read_text(encoding="utf-8")), now=clock.now())
    click.echo(f"{kept.code} is loaded" if is_new else f"{kept.code} was loaded already, with the same contents")


COMMANDS = (assessment_model,)
