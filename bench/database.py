"""A migrated database for a workload, and connections to it: as the application, and as one that no policy holds."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from fourfold.platform.database import roles, server, where

Connection = psycopg.Connection[tuple]


def make(name: str) -> None:
    """A database with the product's schema, under the roles that the product has."""
    server.start()
    roles.drop_database(name)
    roles.prepare(name=name, simulation=True)
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--skip-checks", "-v", "0"],
        env=os.environ
        | {
            "FOURFOLD_DATABASE": name,
            "FOURFOLD_DATABASE_ROLE": "owner",
            "DJANGO_SETTINGS_MODULE": "fourfold.entry.settings",
            "PYTHONPATH": str(Path(__file__).parents[1] / "src"),
        },
        check=True,
    )


def drop(name: str) -> None:
    roles.drop_database(name)


@contextmanager
def superuser(name: str) -> Iterator[Connection]:
    with psycopg.connect(**server.superuser(name).conninfo(), autocommit=True, prepare_threshold=None) as connected:
        yield connected


@contextmanager
def owner(name: str) -> Iterator[Connection]:
    place = where.place("owner", name=name)
    with psycopg.connect(**place.conninfo(), autocommit=True, prepare_threshold=None) as connected:
        yield connected


@contextmanager
def application(name: str) -> Iterator[Connection]:
    place = where.place("app", name=name)
    with psycopg.connect(**place.conninfo(), autocommit=True, prepare_threshold=None) as connected:
        yield connected


def act(connection: Connection, labels: list[int]) -> None:
    """Let the session read and write under the labels, as a scope does for a transaction."""
    held = ",".join(map(str, labels))
    for name, value in (("reads", held), ("writes", held), ("actor", "1"), ("request", "bench")):
        connection.execute("select set_config(%s, %s, false)", [f"fourfold.{name}", value])
