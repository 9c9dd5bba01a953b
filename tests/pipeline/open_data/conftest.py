from __future__ import annotations

from pathlib import Path

import pytest
from tests.pipeline.resolution.people import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    place = tmp_path / "people"
    place.mkdir()
    return Bench(place)
