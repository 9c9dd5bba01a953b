"""`fourfold network FILE`: who is central in any list of ties, without a database."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from fourfold.pipeline.networks.measuring import Done

_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(name="network")
@click.argument("path", metavar="FILE", type=_file)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The CSV to write.")
@click.option("--source", metavar="COLUMN", help="The column with one end of a tie.")
@click.option("--target", metavar="COLUMN", help="The column with the other end.")
@click.option("--weight", metavar="COLUMN", help="The column with how strong the tie is.")
@click.option("--nodes", type=_file, help="A file whose first column names nodes, tied or not.")
@click.option("--directed", is_flag=True, help="A tie leads from its source to its target only.")
@click.option("--exact", is_flag=True, help="Follow paths from every node, however long it takes.")
def network(
    *,
    path: Path,
    out: Path,
    source: str | None,
    target: str | None,
    weight: str | None,
    nodes: Path | None,
    directed: bool,
    exact: bool,
) -> None:
    """Write degree, betweenness, closeness, PageRank, k-core and community of each node of FILE.

    FILE is CSV or Parquet: a list of ties with columns source, target and, if known, weight; two columns of any name;
    or a table of who with whom.
    """
    from fourfold.pipeline.networks import measuring
    from fourfold.pipeline.resolution.spreadsheets import FileRefused

    given = {"source": source, "target": target, "weight": weight}
    named = {role: column for role, column in given.items() if column is not None}
    try:
        done = measuring.measure_file(path, out=out, named=named, nodes=nodes, directed=directed, exact=exact)
    except FileRefused as refused:
        raise click.ClickException(str(refused)) from None
    for line in _told(done, out):
        click.echo(line)


def _told(done: "Done", out: Path) -> Iterator[str]:
    from fourfold.pipeline.networks.files import counted

    yield from done.noticed
    if done.starts:
        yield (
            f"The network is large: betweenness and closeness are estimated from {done.starts:,} nodes of each part."
            " --exact follows paths from every node."
        )
    yield f"{counted(done.communities, 'group')} by where ties are dense."
    if done.foremost:
        yield "Most between others:"
    for each in done.foremost:
        yield f"  {each.node}: betweenness {each.betweenness:.3f}, {counted(each.degree, 'tie')}."
    yield f"Written to {out}. To be central is a lead, not a fact: look at the ties before you act on it."


COMMANDS = (network,)
