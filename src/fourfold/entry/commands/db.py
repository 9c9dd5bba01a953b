"""`fourfold db …` and `fourfold manage …`: the database server, its schema, its backups."""

import os
import subprocess
import sys
from pathlib import Path

import click

from fourfold.entry.setup import django_as
from fourfold.platform.database import backup, roles, server, where


@click.group(name="db")
def db() -> None:
    """Start, stop, migrate, back up and restore the database."""


@db.command()
def start() -> None:
    """Start the embedded PostgreSQL and make its roles and database. Safe to run again."""
    started = server.start()
    new = roles.prepare(name=where.place().name, simulation=os.environ.get("FOURFOLD_PRODUCTION") != "1")
    state, kept = ("started" if started else "was running"), ("made" if new else "there")
    click.echo(f"PostgreSQL {state}; database {kept}: {where.place().host}")


@db.command()
def stop() -> None:
    """Stop the embedded PostgreSQL."""
    click.echo("PostgreSQL stopped" if server.stop() else "PostgreSQL was not running")


@db.command()
def migrate() -> None:
    """Bring the schema up to date, as the owner."""
    if where.is_embedded():
        server.start()
        roles.prepare(name=where.place().name, simulation=os.environ.get("FOURFOLD_PRODUCTION") != "1")
    django_as("owner")
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    click.echo("The schema is up to date")


@db.command()
def shell() -> None:
    """Open psql as the application role. Row-level security applies: without an actor it shows no governed row."""
    place = where.place()
    program = str(server.find().programs / "psql") if where.is_embedded() else "psql"
    environment = os.environ | {"PGPASSWORD": place.password}
    arguments = ["-h", place.host, "-U", place.user, "-d", place.name, *(["-p", place.port] if place.port else [])]
    sys.exit(subprocess.call([program, *arguments], env=environment))  # noqa: S603


@db.command(name="roles")
def print_roles() -> None:
    """Print the SQL that an administrator runs once on a production server."""
    click.echo(roles.ROLES_SQL.strip())
    for extension in roles.EXTENSIONS:
        click.echo(f"create extension if not exists {extension};")


@db.command(name="backup")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def make_backup(folder: Path) -> None:
    """Write the database and the received files to a new FOLDER, with totals to check a restore against."""
    if where.is_embedded():
        server.start()
    made = backup.backup(folder)
    click.echo(f"{made.rows} rows in {made.tables} tables and {made.files} received files written to {folder}")


@db.command(name="restore")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--into", "name", required=True, help="The new database's name. An existing one is never overwritten.")
@click.option(
    "--files", type=click.Path(file_okay=False, path_type=Path), help="Where received files go; a new folder."
)
def make_restore(folder: Path, name: str, files: Path | None) -> None:
    """Restore a backup into a new database and check every table's total against the backup's."""
    if where.is_embedded():
        server.start()
    made = backup.restore(folder, name=name, files=files)
    click.echo(f"{made.rows} rows in {made.tables} tables restored into {name}; every total agrees")


@click.command(name="manage", context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def manage(arguments: tuple[str, ...]) -> None:
    """Run one of Django's own commands as the owner, for example `fourfold manage makemigrations`."""
    if where.is_embedded():
        server.start()
        roles.prepare(name=where.place().name, simulation=os.environ.get("FOURFOLD_PRODUCTION") != "1")
    django_as("owner")
    from django.core.management import execute_from_command_line

    execute_from_command_line(["fourfold manage", *arguments])


COMMANDS = (db, manage)
