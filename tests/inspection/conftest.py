"""The demonstration region's casework, played once through the services in simulated time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test.utils import override_settings

from fourfold.entry import demo_build
from fourfold.simulation import oracle
from fourfold.simulation.run import simulate
from tests import database

HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
PEOPLE = 100
SEED = 1
UNTIL = date(2026, 10, 31)


@dataclass(frozen=True)
class Region:
    """What building said, and every act that was played, for a replay in plain Python."""

    told: tuple[str, ...]
    acts: tuple[Any, ...]

    def on(self, day: date) -> oracle.Replay:
        return oracle.replay(self.acts, day)


@pytest.fixture(scope="module")
def region(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    told: list[str] = []
    with django_db_blocker.unblock(), override_settings(PASSWORD_HASHERS=HASHERS):
        database.copy_template()
        database.connect_as("simulation")
        demo_build.build(people=PEOPLE, seed=SEED, tell=told.append, until=UNTIL, extracts=False)
        database.connect_as("app")
        folder = Path(tmp_path_factory.mktemp("acts"))
        simulate(PEOPLE, SEED, folder, days=demo_build.delivery_days(UNTIL))
        yield Region(tuple(told), tuple(oracle.acts_of(folder)))
        for connected in connections.all():
            connected.close()
        database.copy_template()
