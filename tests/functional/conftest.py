"""A small demonstration region built once for the browser tests, by the same command's code, and served."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from django.db import connections
from django.test.testcases import LiveServerThread, _StaticFilesHandler
from django.test.utils import override_settings

from fourfold.entry import demo_build
from tests import database

HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
PEOPLE = 300
UNTIL = date(2026, 10, 31)


@dataclass(frozen=True)
class Demonstration:
    """Where the site is, and what building it said."""

    address: str
    told: tuple[str, ...]


@pytest.fixture(scope="module")
def demonstration(
    chromium: Any, django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Demonstration]:
    """300 people, their extracts through the pipeline, nominations through the services; then the site is served."""
    told: list[str] = []
    folder = tmp_path_factory.mktemp("demonstration")
    with django_db_blocker.unblock(), override_settings(INTAKE_FOLDER=folder, PASSWORD_HASHERS=HASHERS):
        database.copy_template()
        database.connect_as("simulation")
        demo_build.build(people=PEOPLE, seed=1, tell=told.append, until=UNTIL)
        database.connect_as("app")
        thread = LiveServerThread("127.0.0.1", _StaticFilesHandler)
        thread.daemon = True
        thread.start()
        thread.is_ready.wait()
        if thread.error:
            raise thread.error
        yield Demonstration(f"http://127.0.0.1:{thread.port}", tuple(told))
        thread.terminate()
        for connected in connections.all():
            connected.close()
        database.copy_template()
