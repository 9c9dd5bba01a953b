"""The demonstration region played once for every test that wants it: a template database, and the files that arrived.

Tests that start at the same time wait for the first of them. What was made of other code is made again.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from django.db import connections
from django.test.utils import override_settings

from fourfold.entry import demo_build
from fourfold.platform.database import roles, server, where
from fourfold.simulation import oracle
from fourfold.simulation.run import simulate
from tests import database

PEOPLE, SEED, UNTIL = 300, 1, date(2026, 10, 31)
PROCESSES = 2
HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
MADE_FROM = ("src/fourfold/**/*.py", "src/fourfold/**/*.sql", "src/fourfold/**/data/*", "tests/played.py")
PLAY = f"""
import datetime, json, pathlib, sys
import django; django.setup()
from fourfold.entry import demo_build
told = []
until = datetime.date.fromisoformat({UNTIL.isoformat()!r})
demo_build.build(people={PEOPLE}, seed={SEED}, tell=told.append, until=until, processes={PROCESSES})
pathlib.Path(sys.argv[1]).write_text(json.dumps(told), encoding="utf-8")
"""
SAID = "said.json"


@dataclass(frozen=True)
class Played:
    """What building said, and every act that was played, for a replay in plain Python."""

    told: tuple[str, ...]
    acts: tuple[Mapping[str, Any], ...]

    def on(self, day: date) -> oracle.Replay:
        return oracle.replay(self.acts, day)


@contextmanager
def copied(folder: Path) -> Iterator[Played]:
    """Point Django at a copy of the region, in which transactions commit, and at a new test database afterwards.

    Args:
        folder: An empty folder for what arrived and for the acts.
    """
    kept = _files(_make())
    shutil.copytree(kept / "intake", folder / "intake")
    simulate(PEOPLE, SEED, folder / "acts", days=demo_build.delivery_days(UNTIL))
    with override_settings(INTAKE_FOLDER=folder / "intake", PASSWORD_HASHERS=HASHERS):
        database.copy_template(_name())
        try:
            told = tuple(json.loads((kept / SAID).read_text(encoding="utf-8")))
            yield Played(told, tuple(oracle.acts_of(folder / "acts")))
        finally:
            for connected in connections.all():
                connected.close()
            database.copy_template()


@cache
def _name() -> str:
    """Decided once, as the template's is."""
    digest = hashlib.sha256(database.template_name().encode())
    for path in sorted(p for pattern in MADE_FROM for p in database.ROOT.glob(pattern) if p.is_file()):
        digest.update(str(path.relative_to(database.ROOT)).encode() + b"\0" + path.read_bytes())
    return f"fourfold_played_{digest.hexdigest()[:12]}"


def _files(name: str) -> Path:
    return where.data_folder() / name


def _make() -> str:
    """Play the region unless it was."""
    template, name = database.make_template(), _name()
    with (where.data_folder() / "played.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if name in database.databases():
            return name
        for stale in database.databases():
            if stale.startswith("fourfold_played_"):
                roles.drop_database(stale)
                shutil.rmtree(_files(stale), ignore_errors=True)
        building = f"{name}_building"
        roles.prepare(name=building, template=template, simulation=True)
        shutil.rmtree(_files(name), ignore_errors=True)
        (_files(name) / "intake").mkdir(parents=True)
        environment = os.environ | {
            "FOURFOLD_DATABASE": building,
            "FOURFOLD_DATABASE_ROLE": "simulation",
            "FOURFOLD_INTAKE": str(_files(name) / "intake"),
            "PYTHONPATH": os.pathsep.join((str(database.ROOT / "src"), os.environ.get("PYTHONPATH", ""))),
            "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "fourfold.entry.settings"),
        }
        done = subprocess.run(
            [sys.executable, "-c", PLAY, str(_files(name) / SAID)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"The demonstration region could not be played:\n{done.stdout}")
        with psycopg.connect(**server.superuser().conninfo(), autocommit=True) as admin:
            admin.execute(f'alter database "{building}" rename to "{name}"')
    return name
