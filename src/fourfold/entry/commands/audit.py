"""`fourfold audit …`: sealing the ledger and proving that it was not changed."""

import sys

import click

from fourfold.entry.setup import django_as


@click.group(name="audit")
def audit() -> None:
    """Seal the ledger, and find any change to it."""


@audit.command()
def seal() -> None:
    """Seal every finished entry. Write the digest down somewhere else: it proves later that nothing was cut off."""
    django_as("app")
    from fourfold.platform.audit import services
    from fourfold.platform.people.services import service_user
    from fourfold.platform.visibility.scope import acting_as

    with acting_as(service_user("audit")):
        blocks = services.seal()
    if not blocks:
        click.echo("Nothing new to seal")
        return
    head = blocks[-1]
    click.echo(f"Sealed {sum(b.entries for b in blocks)} entries. Latest block: {head.number} {head.digest}")


@audit.command()
@click.option("--expect", default="", help="The digest of a block that was written down elsewhere when it was sealed.")
def verify(expect: str) -> None:
    """Read every entry again and say what does not fit. Exit code 1 where something does not."""
    django_as("app")
    from fourfold.platform.audit import services
    from fourfold.platform.people.services import service_user
    from fourfold.platform.visibility.scope import acting_as

    with acting_as(service_user("audit")):
        verdict = services.check(expect=expect)
    for fault in verdict.faults:
        click.echo(fault, err=True)
    if not verdict.is_sound:
        sys.exit(1)
    click.echo(
        f"{verdict.blocks} blocks with {verdict.entries} entries are as they were sealed; {verdict.unsealed} entries "
        f"are not sealed yet. Latest digest: {verdict.head or 'none'}"
    )


COMMANDS = (audit,)
