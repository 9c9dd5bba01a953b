"""`fourfold assets`: the styles and scripts of the pages."""

import click

from fourfold.platform.ui import assets as ui_assets


@click.command(name="assets")
@click.option("--again", is_flag=True, help="Build even when they are in place.")
def assets(*, again: bool) -> None:
    """Fetch and clean the styles and scripts of GOV.UK and MoJ that the pages use."""
    try:
        built = ui_assets.build_assets(again=again)
    except ui_assets.AssetsFailed as failed:
        raise click.ClickException(str(failed)) from failed
    click.echo("Styles and scripts built." if built else "Styles and scripts are in place.")


COMMANDS = (assets,)
