"""`fourfold`: every command. A room's commands stand in `entry/commands/<room>.py` as a tuple called `COMMANDS`."""

import os
import sys
from importlib import import_module
from pkgutil import iter_modules

import click

from fourfold.entry import commands


class Rooms(click.Group):
    """Finds commands in the rooms' modules, and turns an expected refusal into its sentence and exit code 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_found()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or _found().get(cmd_name)


def _found() -> dict[str, click.Command]:
    """Commands by name. A module that needs Django sets it up inside its commands, not when it is imported."""
    return {
        str(command.name): command
        for module in iter_modules(commands.__path__, f"{commands.__name__}.")
        for command in import_module(module.name).COMMANDS
    }


@click.group(cls=Rooms, context_settings={"help_option_names": ["-h", "--help"]})
def root() -> None:
    """One picture of serious and organised crime threats for every force in a region."""


def main() -> None:
    """Run a command; an expected refusal is one sentence on standard error and exit code 1, never a traceback."""
    from fourfold.platform.database.roles import WrongServer
    from fourfold.platform.database.server import CannotStart
    from fourfold.platform.errors import RuleBroken

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fourfold.entry.settings")
    try:
        root(standalone_mode=True)
    except (RuleBroken, CannotStart, WrongServer, LookupError) as refused:
        click.echo(str(refused), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
