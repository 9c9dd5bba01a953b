"""`fourfold reference …`: a region as data."""

from pathlib import Path

import click

from fourfold.entry.setup import django_as


@click.group(name="reference")
def reference() -> None:
    """Load and check the region's terms, organisations, compartments and scoring models."""


@reference.command(name="load")
@click.option("--region", help="A folder under regions/. The region of the settings where not given.")
def load_region(region: str | None) -> None:
    """Load the region's folder. Safe to run again; a term that vanished from its file ends today."""
    django_as("app")
    from django.conf import settings

    from fourfold.assessments.services import load_shipped_models
    from fourfold.platform import clock
    from fourfold.platform.reference import services
    from fourfold.platform.visibility.services import load_compartments

    loaded = services.load(region or settings.REGION, settings.REGIONS, today=clock.today())
    circles = load_compartments()
    models = load_shipped_models(Path(settings.REGIONS) / (region or settings.REGION), now=clock.now())
    click.echo(
        f"{loaded.organisations} organisations, {loaded.terms} terms ({loaded.added} new, {loaded.changed} changed, "
        f"{loaded.ended} ended), {circles} compartments and {models} scoring models"
    )


COMMANDS = (reference,)
