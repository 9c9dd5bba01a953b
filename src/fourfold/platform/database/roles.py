"""The roles and databases of Fourfold, as SQL that an administrator can read, and as calls that make them.

- `fourfold_owner` owns every table and migrates. Row-level security is forced, so it sees no governed row by itself.
- `fourfold_app` is what the web and the worker connect as: owns nothing, bypasses nothing.
- `fourfold_finder` owns the search functions that return candidate ids past the policies. Nobody logs in as it.
- `fourfold_simulation` may say what time it is. It exists in demonstrations and tests only; production refuses to start
  where it exists.
"""

import psycopg
from psycopg import sql

from fourfold.platform.database import server, where

EXTENSIONS = ("pg_trgm", "fuzzystrmatch", "unaccent", "btree_gin")

ROLES_SQL = """
do $$ begin
  if not exists (select from pg_roles where rolname = 'fourfold_owner') then
    create role fourfold_owner login nosuperuser nocreaterole nobypassrls;
  end if;
  if not exists (select from pg_roles where rolname = 'fourfold_app') then
    create role fourfold_app login nosuperuser nocreaterole nocreatedb nobypassrls;
  end if;
  if not exists (select from pg_roles where rolname = 'fourfold_finder') then
    create role fourfold_finder nologin nosuperuser bypassrls;
  end if;
end $$;
grant fourfold_finder to fourfold_owner;
-- A row with its label, owners and officers joins up to seventeen tables, each by its key. Tried in every order, as by
-- default up to eight at once, planning takes 20 to 60 ms and reading the row less than one. Statements written by hand
-- name their tables in an order that is good as it stands; a filter of Django joins before what is only shown.
alter role fourfold_app set join_collapse_limit = 4;
"""
SIMULATION_SQL = """
do $$ begin
  if not exists (select from pg_roles where rolname = 'fourfold_simulation') then
    create role fourfold_simulation login nosuperuser nocreaterole nobypassrls in role fourfold_app;
  end if;
end $$;
alter role fourfold_simulation set join_collapse_limit = 4;
"""


class WrongServer(Exception):
    """The server that answers cannot be used. The message is a sentence."""


def connect(place: where.Place, *, autocommit: bool = False) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(**place.conninfo(), autocommit=autocommit, connect_timeout=10)  # type: ignore[arg-type]


def check_version(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Raises `WrongServer` for a PostgreSQL older than the oldest that has what the history and the policies need."""
    major = connection.info.server_version // 10_000
    if major < where.MINIMUM_VERSION:
        raise WrongServer(
            f"The database is PostgreSQL {major}; Fourfold needs {where.MINIMUM_VERSION} or later. "
            "Point DATABASE_URL at a newer server, or unset it to use the embedded one."
        )


def check_production(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Raises `WrongServer` where somebody could backdate history or see past the policies."""
    row = connection.execute(
        "select current_user, rolsuper or rolbypassrls, "
        "exists (select from pg_roles where rolname = 'fourfold_simulation') from pg_roles where rolname = current_user"
    ).fetchone()
    if row is None:
        raise WrongServer("The database does not say who it is connected as. Check DATABASE_URL.")
    user, sees_past, simulates = row
    if sees_past:
        raise WrongServer(
            f"The role {user} sees past row-level security. Connect as a role that cannot, such as fourfold_app."
        )
    if simulates:
        raise WrongServer(
            "This server has the role fourfold_simulation, which can set the time that history records. "
            "Use a server that never held a demonstration, or drop that role."
        )


def prepare(*, name: str = "fourfold", template: str | None = None, simulation: bool) -> bool:
    """Make the roles and one database on the embedded server. True where the database is new. Safe to call again."""
    with connect(server.superuser(), autocommit=True) as connection:
        check_version(connection)
        connection.execute("select pg_advisory_lock(4404)")
        connection.execute(ROLES_SQL)
        if simulation:
            connection.execute(SIMULATION_SQL)
        found = connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone()
        if found:
            return False
        copied = sql.SQL(" template {}").format(sql.Identifier(template)) if template else sql.SQL("")
        connection.execute(sql.SQL("create database {} owner fourfold_owner{}").format(sql.Identifier(name), copied))
    if template is None:
        with connect(server.superuser(name), autocommit=True) as connection:
            for extension in EXTENSIONS:
                connection.execute(sql.SQL("create extension if not exists {}").format(sql.Identifier(extension)))
            connection.execute("alter schema public owner to fourfold_owner")
            # A function that is given to the finder must be made where the finder may make things.
            connection.execute("grant usage, create on schema public to fourfold_finder")
    return True


def drop_database(name: str) -> None:
    """Remove a database of the embedded server, with whoever is connected to it. For tests and restore drills."""
    with connect(server.superuser(), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
