"""`fourfold figures …`: named figures as recorded on a date, and what changed between two dates."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fourfold.entry.setup import django_as

if TYPE_CHECKING:
    from fourfold.performance.printing import Sheet
    from fourfold.platform.people.models import User

DAY = click.DateTime(["%Y-%m-%d"])
EVERYTHING = "the service's own account, which sees every row whatever its label"

as_person = click.option("--as", "email", default="", help="Work it out from what this person may see.")
as_json = click.option("--json", "wanted", flag_value="json", help="Print JSON.")
as_csv = click.option("--csv", "wanted", flag_value="csv", help="Print CSV.")


@click.group(name="figures")
def figures() -> None:
    """Figures by name: as recorded on a date, with the rows behind each."""


@figures.command(name="inspection-2023")
@click.option("--as-recorded-on", "on", type=DAY, help="Every line as recorded on this day, not on its own.")
@as_person
@as_json
@as_csv
def inspection_2023(on: datetime | None, email: str, wanted: str | None) -> None:
    """The report's table beside ours, each line as recorded on its own published date of extraction."""
    django_as("app")
    from fourfold.performance import inspection, sheets
    from fourfold.performance.selectors import Asked
    from fourfold.platform import clock

    with _acting(email) as (reader, seen_as):
        asked = Asked(clock.today(), on.date() if on else None)
        lines = inspection.lines(today=asked.today, on=asked.on)
        sheet = sheets.inspection_sheet(lines, asked=asked, reader=reader)
        _say(sheet, wanted, seen_as, columns=(0, 1, 2, 3, 4, 7, 8, 9))


@figures.command(name="show")
@click.argument("code")
@click.option("--body", default="", help="Code of a force or of the unit; the region where none is given.")
@click.option("--as-recorded-on", "on", type=DAY)
@click.option("--reading", default="", help="Which reading of the source, such as literal.")
@as_person
@as_json
@as_csv
def show(code: str, *, body: str, on: datetime | None, reading: str, email: str, wanted: str | None) -> None:
    """One measure of every body."""
    django_as("app")
    from fourfold.performance import selectors, sheets
    from fourfold.platform import clock

    with _acting(email) as (reader, seen_as):
        of = _measure(code)
        known = _bodies(body)
        asked = selectors.Asked(clock.today(), on.date() if on else None, reading, body=body)
        sheet = sheets.measure_sheet(
            of, asked, selectors.figures_of(of, asked, bodies_known=known), known, reader=reader
        )
        _say(sheet, wanted, seen_as)


@figures.command(name="measures")
def measures() -> None:
    """The registry: every measure with the question it answers."""
    django_as("app")
    from fourfold.performance import selectors

    with _acting("") as _:
        for of in selectors.measures().values():
            click.echo(f"{of.code:<18} {of.question} ({of.unit}; extract {of.extract.code})")


@figures.command(name="diff")
@click.option("--from", "earlier", type=DAY, required=True)
@click.option("--to", "later", type=DAY, required=True)
@click.option("--measure", "codes", multiple=True, help="Such as THREATS; the measures of the inspection if not given.")
@click.option("--body", default="", help="Code of a force or of the unit; the region where none is given.")
@as_person
@as_json
@as_csv
def diff(
    *, earlier: datetime, later: datetime, codes: tuple[str, ...], body: str, email: str, wanted: str | None
) -> None:
    """Every row that came, went or changed between the ends of two days, and why."""
    django_as("app")
    from fourfold.performance import comparing, pages, rules, selectors, sheets
    from fourfold.platform import clock

    with _acting(email) as (reader, seen_as):
        today, known = clock.today(), _bodies(body)
        rules.check_moments(earlier.date(), later.date(), today=today)
        for code in codes or ("THREATS", "DISRUPTIONS"):
            of = _measure(code)
            period = rules.year_to(later.date()) if of.has_period else None
            then, now = (selectors.Asked(today, on=day.date(), period=period, body=body) for day in (earlier, later))
            found = comparing.compare(of, earlier=then, later=now, now=clock.now(), known=known)
            sheet = sheets.changes_sheet(found, known, reader=reader)
            if wanted:
                _say(sheet, wanted, seen_as)
                continue
            click.echo(f"{of.name}, {known.name(body)}. {pages.difference_in_words(found)}")
            for row in found.all:
                click.echo(f"\n{row.kind.value.lower():<8} {row.reference} {row.name}")
                for step in row.steps:
                    click.echo(f"         {pages.step_in_words(step)}")
            click.echo(f"\nWorked out as {seen_as}.\n")


@figures.command(name="import-regions")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--as", "email", required=True, help="Who imports: somebody who manages reference data.")
def import_regions(file: Path, email: str) -> None:
    """Keep what other regions have: a CSV with region, threats, extracted_on and source."""
    django_as("app")
    from fourfold.performance import rules, services
    from fourfold.platform import clock

    with _acting(email) as (reader, _):
        counts = rules.read_regions(file.read_text(encoding="utf-8-sig"), today=clock.today())
        kept = services.import_region_counts(actor=reader, counts=counts)
    click.echo(f"{kept} counts of other regions are kept.")


@figures.command(name="token")
@click.option("--for", "email", required=True, help="Whose rights the token has.")
@click.option("--name", required=True, help="What the token is for.")
@click.option("--until", type=DAY, required=True, help="The last day on which it is taken.")
@click.option("--takes-files", is_flag=True, help="It also takes people and threats as files.")
def token(email: str, name: str, until: datetime, *, takes_files: bool) -> None:
    """Make a token by which a program reads figures as somebody. It is printed once."""
    django_as("app")
    from fourfold.performance import services
    from fourfold.platform import clock

    owner = _person(email)
    with _acting("") as (actor, _):
        made = services.make_reader(
            actor=actor,
            owner=owner,
            name=name,
            expires_on=until.date(),
            takes_files=takes_files,
            now=clock.now(),
            today=clock.today(),
        )
    click.echo(made)


@contextmanager
def _acting(email: str) -> "Iterator[tuple[User, str]]":
    """The scope of a person, or of the service, with the words that say so."""
    from fourfold.platform.people.services import service_user
    from fourfold.platform.visibility.scope import acting_as

    actor = _person(email) if email else service_user("figures")
    words = f"{actor.name}, {actor.organisation.name}: the rows that they may see" if email else EVERYTHING
    with acting_as(actor):
        yield actor, words


def _person(email: str) -> "User":
    """Raises `RuleBroken` FG4."""
    from fourfold.platform.errors import RuleBroken
    from fourfold.platform.people.models import User

    found = User.objects.select_related("organisation").filter(email__iexact=email, is_active=True).first()
    if found is None:
        raise RuleBroken("FG4", f"Nobody here signs in as {email}")
    return found


def _bodies(code: str) -> Any:
    """The bodies of the region. Raises `RuleBroken` FG6 where none has the code that was given."""
    from fourfold.performance import selectors
    from fourfold.platform.errors import RuleBroken

    known = selectors.bodies()
    codes = [body.code for body in known.all]
    if code and code not in codes:
        raise RuleBroken("FG6", f"No body of the region has the code {code}. There are: {', '.join(codes)}")
    return known


def _measure(code: str) -> Any:
    """Raises `RuleBroken` FG5."""
    from fourfold.performance import selectors
    from fourfold.platform.errors import RuleBroken

    known = selectors.measures()
    found = known.get(code.upper())
    if found is None:
        raise RuleBroken("FG5", f"No measure is called {code}. There are: {', '.join(known)}")
    return found


def _say(sheet: "Sheet", wanted: str | None, seen_as: str, *, columns: tuple[int, ...] = ()) -> None:
    """Print a table, as JSON, as CSV, or for people. What leaves as a file is noted as an export."""
    from fourfold.platform.audit import services as audit
    from fourfold.platform.ui import exports

    if wanted == "json":
        rows = [dict(zip(sheet.heads, row, strict=True)) for row in sheet.rows]
        click.echo(json.dumps({"title": sheet.title, **dict(sheet.facts), "rows": rows}, default=_plain, indent=1))
    elif wanted == "csv":
        exports.write_csv(sys.stdout.buffer, sheet.heads, sheet.rows)
    else:
        _print_table(sheet, columns or tuple(range(len(sheet.heads))))
        click.echo(f"\nWorked out as {seen_as}.")
    audit.note(
        audit.Operation.EXPORT if wanted else audit.Operation.PRINT,
        object_type=f"performance {sheet.name}"[:80],
        format=wanted or "text",
        rows=len(sheet.rows),
    )


def _print_table(sheet: "Sheet", columns: tuple[int, ...]) -> None:
    table = [[sheet.heads[c] for c in columns]]
    table += [["" if row[c] is None else str(row[c]) for c in columns] for row in sheet.rows]
    widths = [max(len(row[at]) for row in table) for at in range(len(columns))]
    click.echo(f"{sheet.title}\n")
    for row in table:
        click.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)


COMMANDS = (figures,)
