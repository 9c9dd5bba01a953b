"""The test database: migrated and filled once into a template, then copied; connected to as the application's role.

The template's name is a hash of everything it is made from, so a second run of the tests starts at once and a
changed migration makes a new one.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connection

from fourfold.platform.database import roles, server, where

ROOT = Path(__file__).parents[1]
MADE_FROM = (
    "src/fourfold/**/migrations/*.py",
    "src/fourfold/**/sql/*.sql",
    "src/fourfold/**/models.py",
    "src/fourfold/platform/reference/*.py",
    "src/fourfold/assessments/rules/*.py",
    "src/fourfold/platform/people/services.py",
    "src/fourfold/platform/database/roles.py",
    "regions/**/*.yaml",
    "tests/universe.py",
    "tests/database.py",
    "tests/platform/sample.py",
)
SAMPLE = """
import django; django.setup()
from tests.platform import sample
sample.make_tables()
"""
FILL = """
import django; django.setup()
from django.conf import settings
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
from fourfold.platform import clock
from fourfold.platform.reference import services
from fourfold.platform.visibility.services import load_compartments
services.load(settings.REGION, settings.REGIONS, today=clock.today())
load_compartments()
from fourfold.assessments.services import load_shipped_models
load_shipped_models(settings.REGIONS / settings.REGION, now=clock.now())
from tests import universe
universe.build()
"""


@cache
def template_name() -> str:
    """Decided once: a file that changes while tests run is for the next run."""
    digest = hashlib.sha256()
    for path in sorted(p for pattern in MADE_FROM for p in ROOT.glob(pattern)):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    digest.update("\n".join(settings.INSTALLED_APPS).encode())
    return f"fourfold_template_{digest.hexdigest()[:12]}"


def test_name() -> str:
    return f"fourfold_test_{os.getpid()}"


def make_template() -> str:
    """Make the template unless it is there. Tests that start at the same time wait for the first of them."""
    server.start()
    name = template_name()
    with (where.data_folder() / "template.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if name in databases():
            return name
        for stale in databases():
            if stale.startswith("fourfold_template_") or (stale.startswith("fourfold_test_") and _is_left_over(stale)):
                roles.drop_database(stale)
        building = f"{name}_building"
        roles.drop_database(building)
        roles.prepare(name=building, simulation=True)
        environment = os.environ | {
            "FOURFOLD_DATABASE": building,
            "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", ""))),
            "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "fourfold.entry.settings"),
        }
        migrate = ["-m", "django", "migrate", "--skip-checks", "-v", "0"]
        for role, arguments in (("owner", migrate), ("owner", ["-c", SAMPLE]), ("app", ["-c", FILL])):
            done = subprocess.run(
                [sys.executable, *arguments],
                env=environment | {"FOURFOLD_DATABASE_ROLE": role},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            if done.returncode:
                raise RuntimeError(f"The test database could not be made:\n{done.stdout}")
        with psycopg.connect(**server.superuser().conninfo(), autocommit=True) as admin:
            admin.execute(f'alter database "{building}" rename to "{name}"')
    return name


def copy_template(template: str = "") -> None:
    """Point Django at a fresh copy of the template, or of another."""
    connection.close()
    template = template or make_template()
    roles.drop_database(test_name())
    roles.prepare(name=test_name(), template=template, simulation=True)
    connect_as("app")


def drop_copy() -> None:
    connection.close()
    roles.drop_database(test_name())


def connect_as(role: where.Role) -> None:
    """From the next query on, Django is logged in to the test database as `role`."""
    connection.close()
    place = where.place(role, name=test_name())
    connection.settings_dict.update({"NAME": place.name, "USER": place.user, "HOST": place.host, "PORT": place.port})


@contextmanager
def owner() -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection of the owning role to the test database: for tests of what even the owner cannot do, or must."""
    with psycopg.connect(**where.place("owner", name=test_name()).conninfo(), autocommit=True) as connected:
        yield connected


@contextmanager
def superuser() -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection that nothing holds back: for tests of tampering."""
    with psycopg.connect(**server.superuser(test_name()).conninfo(), autocommit=True) as connected:
        yield connected


def let_others_finish(patience_s: float = 600) -> None:
    """Wait until every transaction of the cluster that runs now has ended.

    Sealing stops at the oldest transaction that is still open, in whichever database; tests that run beside this one
    have some open.

    Raises:
        TimeoutError: one of them is open for longer than `patience_s`.
    """
    deadline = time.monotonic() + patience_s
    with superuser() as admin:
        (now,) = admin.execute("select pg_current_xact_id()::text::bigint").fetchone() or (0,)
        while admin.execute("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint <= %s", [now]).fetchone() == (
            True,
        ):
            if time.monotonic() > deadline:
                raise TimeoutError(f"a transaction older than {now} is still open")
            time.sleep(0.02)


def databases() -> list[str]:
    with psycopg.connect(**server.superuser().conninfo(), autocommit=True) as admin:
        return [row[0] for row in admin.execute("select datname from pg_database").fetchall()]


def _is_left_over(name: str) -> bool:
    pid = name.removeprefix("fourfold_test_")
    return not (pid.isdigit() and Path(f"/proc/{pid}").exists())


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fourfold.entry.settings")
    make_template()
