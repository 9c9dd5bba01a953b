"""`fourfold link …`: which lines of a spreadsheet are one person, and how right that is where the truth is known."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fourfold.entry.on_spark import heap_option, running_on, spark_option, workplace_option

if TYPE_CHECKING:
    from fourfold.pipeline.resolution.judging import Judged
    from fourfold.pipeline.resolution.linking import Linked

_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_map = click.option(
    "--map",
    "mapped",
    multiple=True,
    metavar="WHAT=COLUMN",
    help="Which column is what, such as surname=Family_Name. May be given again.",
)


class FilesByDefault(click.Group):
    """`fourfold link FILE` links; any other word in that place is one of the commands."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["files", *args]
        return super().parse_args(ctx, args)


@click.group(name="link", cls=FilesByDefault)
def link() -> None:
    """Link the lines of one spreadsheet of people, or of two. `fourfold link FILE --out clusters.csv`"""


@link.command(name="files")
@click.argument("paths", nargs=-1, required=True, type=_file)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The CSV to write.")
@_map
@spark_option
@heap_option
@workplace_option
def files(
    paths: tuple[Path, ...],
    *,
    out: Path,
    mapped: tuple[str, ...],
    spark: str | None,
    heap_mb: int,
    workplace: Path | None,
) -> None:
    """Write record_id, entity_id and probability for each line of the file, or of the two files."""
    from fourfold.pipeline.resolution import linking, spreadsheets

    try:
        with tempfile.TemporaryDirectory(dir=workplace) as place, running_on(spark, Path(place), heap_mb) as database:
            done = linking.link(paths, out=out, named=_named(mapped), spark=database)
    except spreadsheets.FileRefused as refused:
        raise click.ClickException(str(refused)) from None
    for line in _told(done, out):
        click.echo(line)


@link.command()
@click.argument("clusters", type=_file)
@click.option("--truth", type=_file, required=True, help="CSV or Parquet that says who is who.")
@click.option("--of", "file", type=_file, help="The file that was linked, to say what the mistakes have in common.")
@_map
def evaluate(clusters: Path, truth: Path, file: Path | None, mapped: tuple[str, ...]) -> None:
    """Print, in Markdown, the precision, recall and F1 of CLUSTERS against the truth."""
    from fourfold.pipeline.resolution import judging, spreadsheets

    try:
        found = judging.judge(clusters, truth=truth, file=file, named=_named(mapped))
    except spreadsheets.FileRefused as refused:
        raise click.ClickException(str(refused)) from None
    for line in _judged(found):
        click.echo(line)


def _named(mapped: Sequence[str]) -> dict[str, str]:
    named = {}
    for each in mapped:
        what, equals, column = each.partition("=")
        if not (what and equals and column):
            raise click.BadParameter(f"“{each}” is not WHAT=COLUMN, such as surname=Family_Name.", param_hint="--map")
        named[what.strip()] = column.strip()
    return named


def _told(done: "Linked", out: Path) -> Iterator[str]:
    for sheet in done.files:
        taken = ", ".join(f"{heading} as {what}" for what, heading in sheet.columns.items())
        yield f"{sheet.path.name}: {sheet.lines:,} lines. Columns used: {taken}."
        if sheet.left_aside:
            yield f"  Not used: {', '.join(sheet.left_aside)}."
        if sheet.lines_left_out:
            yield f"  {sheet.lines_left_out:,} lines could not be read as rows of the table and were left out."
    yield done.model_reason
    for block in done.blocks:
        if block.keys_set_aside:
            yield (
                f"“{block.rule}” was not used where too many lines share it: {block.keys_set_aside:,} values,"
                f" {block.records_set_aside:,} lines."
            )
    if done.repeated_ids:
        yield f"{done.repeated_ids:,} lines have the id of an earlier line; each is written with the id it has."
    yield (
        f"{done.lines:,} lines are {done.entities:,} people; {done.joined:,} lines are with another line, at most"
        f" {done.largest:,} together. Compared: {', '.join(done.compared).lower()}."
    )
    yield f"Written to {out}. A match is a lead, not a fact: look before you act on it."


def _judged(found: "Judged") -> Iterator[str]:
    yield f"{found.records:,} records judged; {found.left_out:,} are not in the truth and were left out."
    yield ""
    yield "| measure | precision | recall | F1 | right | wrong | missed |"
    yield "|---|---|---|---|---|---|---|"
    for name, score in (("pairs of records", found.pairs), ("whole people, exactly", found.people)):
        shares = " | ".join(f"{share:.4f}" for share in (score.precision, score.recall, score.f1))
        yield f"| {name} | {shares} | {score.right:,} | {score.wrong:,} | {score.missed:,} |"
    if found.mistakes:
        yield ""
        yield "| what mistaken pairs have in common | missed | wrong |"
        yield "|---|---|---|"
        for each in found.mistakes:
            yield f"| {each.kind} | {each.missed:,} | {each.wrong:,} |"


COMMANDS = (link,)
