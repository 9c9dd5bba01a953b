"""`fourfold demo …`: the demonstration region."""

import os
import subprocess
import sys

import click

from fourfold.entry.setup import django_as, makes_much_and_ends

PEOPLE = 1_200


@click.group(name="demo")
def demo() -> None:
    """Build the demonstration region, and say who can sign in to it."""


@demo.command()
@click.option(
    "--people",
    type=click.IntRange(100, 1_000_000),
    default=lambda: int(os.environ.get("FOURFOLD_DEMO_PEOPLE", PEOPLE)),
    show_default=f"FOURFOLD_DEMO_PEOPLE or {PEOPLE:,}",
    help="How many people live in the simulated region.",
)
@click.option("--seed", default=1, show_default=True, help="Another seed gives another region.")
@click.option(
    "--extracts/--no-extracts",
    default=True,
    show_default=True,
    help="Without extracts the master list, scores, plans and disruptions are there, and no people.",
)
@click.option(
    "--processes",
    type=click.IntRange(0, 16),
    default=lambda: min(4, os.cpu_count() or 1),
    show_default="as many as there are processors, up to 4",
    help="How many processes play the acts of officers side by side.",
)
def build(people: int, seed: int, extracts: bool, processes: int) -> None:
    """Build the demonstration through the door that every extract takes. Does nothing where it is built already."""
    migrated = subprocess.run([sys.executable, "-m", "fourfold.entry.cli", "db", "migrate"], check=False)
    if migrated.returncode:
        sys.exit(migrated.returncode)
    makes_much_and_ends()
    django_as("simulation")
    from fourfold.entry import demo as built

    if built.is_built():
        click.echo("The demonstration is built already.")
        return
    from fourfold.entry import demo_build

    demo_build.build(people=people, seed=seed, tell=click.echo, extracts=extracts, processes=processes)


@demo.command()
def who() -> None:
    """Print who can sign in to the demonstration, with the password."""
    django_as("app")
    from fourfold.entry import demo as built

    lines = built.who_to_sign_in_as()
    click.echo("\n".join(lines) if lines else "The demonstration is not built yet. Run: fourfold demo build")


COMMANDS = (demo,)
