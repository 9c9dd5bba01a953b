"""The demonstration region, played by the same command's code, and served to browsers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test.testcases import LiveServerThread, _StaticFilesHandler

from tests import played
from tests.played import Played

PEOPLE = played.PEOPLE


@dataclass(frozen=True)
class Demonstration:
    """Where the site is, and what building it said."""

    address: str
    told: tuple[str, ...]


@pytest.fixture(scope="module")
def demonstration(chromium: Any, region: Played) -> Iterator[Demonstration]:
    thread = LiveServerThread("127.0.0.1", _StaticFilesHandler)
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    if thread.error:
        raise thread.error
    yield Demonstration(f"http://127.0.0.1:{thread.port}", region.told)
    thread.terminate()
