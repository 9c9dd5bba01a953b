"""`fourfold db …` and `fourfold manage …`: the database server, its schema, its backups."""

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from fourfold.entry.setup import django_as, makes_much_and_ends
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
    with roles.connect(where.place("owner")) as connection:
        roles.check_version(connection)
    makes_much_and_ends()
    django_as("owner")
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    click.echo("The schema is up to date")


# What squawk warns of that does not hold here, each with why.
SQUAWK_EXCLUDED = (
    "prefer-bigint-over-int",  # procrastinate-free tables use bigint; small enumerations and counts may be int
    "prefer-identity",  # Django writes identity columns already
    "prefer-text-field",  # a length is a rule of the domain, checked in forms and in the database alike
    "require-concurrent-index-creation",  # nothing is released yet: each table is made with its indexes while empty
    "adding-foreign-key-constraint",  # as above
    "constraint-missing-not-valid",  # as above
    "disallowed-unique-constraint",  # as above
    "changing-column-type",  # as above
    "ban-drop-column",  # as above
    "require-timeout-settings",  # `fourfold db migrate` sets lock_timeout for the session
    "prefer-robust-stmts",  # migrations run in one transaction
    "adding-not-nullable-field",  # as for indexes: tables are empty when their migration first runs
)


@db.command()
def check() -> None:
    """Check that every model change has its migration, and lint the SQL that the migrations send."""
    if where.is_embedded():
        server.start()
        roles.prepare(name=where.place().name, simulation=True)
    django_as("owner")
    from django.apps import apps
    from django.core.management import call_command
    from django.db.migrations.loader import MigrationLoader

    try:
        call_command("makemigrations", check=True, dry_run=True, verbosity=1)
    except SystemExit as missing:
        raise LookupError("A model changed without a migration: run `fourfold manage makemigrations`.") from missing
    ours = {config.label for config in apps.get_app_configs() if config.name.startswith("fourfold.")}
    with tempfile.TemporaryDirectory() as folder:
        written = []
        for app, name in sorted(MigrationLoader(None).disk_migrations or ()):
            if app in ours:
                sql = Path(folder) / f"{app}_{name}.sql"
                sql.write_text(str(call_command("sqlmigrate", app, name, no_color=True, stdout=io.StringIO())))
                written.append(str(sql))
        squawk = Path(sys.executable).with_name("squawk")
        linted = subprocess.run(  # noqa: S603
            [str(squawk), f"--exclude={','.join(SQUAWK_EXCLUDED)}", "--pg-version=17.0", *written],
            capture_output=True,
            text=True,
            check=False,
        )
    if linted.returncode:
        raise LookupError(f"The SQL of a migration would hurt a live database:\n{linted.stdout}{linted.stderr}")
    click.echo(f"{len(written)} migrations checked")


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
