"""`fourfold exchange …`: take a file for the national system, or bring one, as a person who may."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fourfold.entry.setup import django_as

if TYPE_CHECKING:
    from fourfold.exchange.models import Import
    from fourfold.platform.people.models import User

DAY = click.DateTime(["%Y-%m-%d"])


@click.group(name="exchange")
def exchange() -> None:
    """Threats, assessments and disruptions to and from a workbook for the national system."""


@exchange.command(name="export")
@click.option("--out", type=click.Path(dir_okay=False, writable=True, path_type=Path), required=True)
@click.option("--as", "email", required=True, help="Whose view is exported: the address they sign in with.")
@click.option("--why", required=True, help="The reason that the ledger keeps.")
@click.option("--for", "recipient", default="", help="Who gets it, where it leaves the organisation.")
@click.option("--as-recorded-on", "on", type=DAY, help="As it was recorded at the end of this day.")
@click.option("--layout", "code", default="", help="Code of a layout; the region's first where not given.")
def export(*, out: Path, email: str, why: str, recipient: str, on: datetime | None, code: str) -> None:
    """Write what a person may see to --out: a workbook (.xlsx), or a zip of CSV files (.zip)."""
    django_as()
    from fourfold.exchange import rules, selectors, services
    from fourfold.platform import clock

    day: date | None = on.date() if on else None
    with _acting(email) as actor, out.open("wb") as stream:
        written = services.export(
            actor=actor,
            out=stream,
            form="zip" if out.suffix.lower() == ".zip" else "xlsx",
            layout=selectors.layout(code),
            wanted=rules.Wanted(),
            reason=why,
            recipient=recipient,
            as_recorded_on=day,
            now=clock.now(),
            today=clock.today(),
        )
    said = ", ".join(f"{count:,} {rules.KIND_NAMES[kind][count != 1]}" for kind, count in written.items())
    click.echo(f"{said} written to {out}")


@exchange.command(name="import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--as", "email", required=True, help="Who imports: the address they sign in with.")
@click.option("--dry-run", is_flag=True, help="Check and report; import nothing.")
@click.option("--only-good", is_flag=True, help="Leave refused lines out, instead of importing nothing.")
@click.option("--layout", "code", default="", help="Code of a layout; the region's first where not given.")
def bring(path: Path, email: str, dry_run: bool, only_good: bool, code: str) -> None:
    """Check the workbook, CSV file or zip at PATH line by line, and import it unless a line is refused."""
    django_as()
    from django.conf import settings

    from fourfold.exchange import selectors, services
    from fourfold.exchange.rules import State
    from fourfold.intake.storage import Store
    from fourfold.platform import clock
    from fourfold.platform.errors import RuleBroken

    store = Store(Path(settings.INTAKE_FOLDER))
    with _acting(email) as actor, path.open("rb") as stream:
        layout = selectors.layout(code)
        now, today = clock.now(), clock.today()
        came = services.receive(
            actor=actor, stream=stream, name=path.name, layout=layout, store=store, now=now, today=today
        )
        _print(came)
        if came.state == State.REFUSED or dry_run:
            refused = came.state == State.REFUSED
        else:
            try:
                done = services.confirm(
                    actor=actor, of=came, layout=layout, store=store, only_good=only_good, now=now, today=today
                )
            except RuleBroken as why:
                click.echo(f"Nothing was imported: {why.sentence}", err=True)
                refused = True
            else:
                refused = False
                click.echo(f"Imported as number {done.pk}")
    if refused:
        raise SystemExit(1)


COMMANDS = (exchange,)


@contextmanager
def _acting(email: str) -> "Iterator[User]":
    from fourfold.platform.errors import RuleBroken
    from fourfold.platform.people.models import User
    from fourfold.platform.visibility.scope import acting_as

    found = User.objects.select_related("organisation").filter(email__iexact=email, is_active=True).first()
    if found is None:
        raise RuleBroken("EX30", f"Nobody signs in as {email}")
    with acting_as(found):
        yield found


def _print(came: "Import") -> None:
    from fourfold.exchange import rules, selectors

    if came.sentence:
        click.echo(f"{came.name}: {came.sentence}", err=True)
    for note in came.notes:
        click.echo(note)
    for kind, counted in came.counts.items():
        said = ", ".join(f"{rules.FATE_NAMES[fate].lower()} {counted[fate.value]:,}" for fate in rules.Fate)
        click.echo(f"{kind}: {said}")
    for row in selectors.report_rows(selectors.lines_of(came).iterator()):
        click.echo("  " + " | ".join(str(cell) for cell in row if cell != ""))
