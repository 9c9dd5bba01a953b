"""The demonstration region, played by the same command's code, and served to browsers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests import played
from tests.browser import served
from tests.played import Played

PEOPLE = played.PEOPLE


@dataclass(frozen=True)
class Demonstration:
    """Where the site is, and what building it said."""

    address: str
    told: tuple[str, ...]


@pytest.fixture(scope="module")
def demonstration(chromium: Any, region: Played) -> Iterator[Demonstration]:
    with served() as address:
        yield Demonstration(address, region.told)
