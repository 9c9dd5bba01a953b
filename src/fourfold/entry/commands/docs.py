"""`fourfold docs`: the reference pages that are made from the code."""

import click

from fourfold.entry.setup import django_as


@click.command(name="docs")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where a page is out of date.")
@click.pass_context
def docs(context: click.Context, check: bool) -> None:
    """Write the data dictionary and the commands into docs/reference."""
    django_as("app")
    from fourfold.entry import documents
    from fourfold.platform.database.where import source_root

    root = context.find_root().command
    if not isinstance(root, click.Group):
        raise TypeError("the command `docs` belongs to the group `fourfold`")
    if check:
        stale = [p for p, text in documents.pages(root).items() if (source_root() / p).read_text() != text]
        if stale:
            raise LookupError(f"Out of date: {', '.join(map(str, stale))}. Run `make docs`.")
        return
    changed = documents.write(root)
    click.echo(f"{len(changed)} pages written" if changed else "Every page is up to date")


COMMANDS = (docs,)
