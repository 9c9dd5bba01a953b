"""`fourfold simulate`: writes a seeded synthetic region as four systems' extracts, with the truth apart."""

from datetime import date, datetime
from pathlib import Path

import click

from fourfold.simulation.run import UNTIL, simulate


@click.command(name="simulate")
@click.option(
    "--people", type=click.IntRange(20), default=60_000, show_default=True, help="How many people live in the region."
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed and number of people give the same files."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder to write to; made if need be.",
)
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    default=UNTIL.isoformat(),
    show_default=True,
    help="Last day simulated.",
)
@click.option(
    "--deliveries",
    type=click.IntRange(1, 24),
    default=1,
    show_default=True,
    help="A full extract, then changes month by month.",
)
def simulate_command(people: int, seed: int, out: Path, until: datetime, deliveries: int) -> None:
    """Write extracts of four record systems about invented people, what officers did, and the truth behind them."""
    day = date(until.year, until.month, until.day)
    written = simulate(people, seed, out, until=day, deliveries=deliveries)
    for source, by_day in written.rows.items():
        for delivered, files in by_day.items():
            click.echo(f"{source} {delivered}: {sum(files.values()):,} rows in {len(files)} files")
    click.echo(
        f"truth: {written.truth['people']:,} people, {written.truth['records']:,} records, "
        f"{written.truth['defects']:,} defects"
    )
    click.echo(f"nominations: {written.nominations:,}")
    click.echo(f"casework: {written.acts:,} acts")


COMMANDS = (simulate_command,)
