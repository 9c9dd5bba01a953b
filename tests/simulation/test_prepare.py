"""The data files of the simulation are what its own preparation makes from the openly licensed sources."""

import os
import shutil
from pathlib import Path

import pytest

from fourfold.simulation.datafiles import DATA
from fourfold.simulation.prepare import prepare

SOURCES = Path(os.environ.get("FOURFOLD_OPEN_DATA", Path(__file__).parents[3] / "shared" / "data"))
DERIVED = ("forenames_ons.csv", "names_by_country.csv", "nicknames.csv", "places.csv")


@pytest.mark.skipif(
    not (SOURCES / "names").is_dir(), reason="The openly licensed sources are not beside the repository."
)
def test_derived_files_are_made_from_the_sources(tmp_path: Path) -> None:
    into = tmp_path / "data"
    shutil.copytree(DATA, into, ignore=shutil.ignore_patterns(*DERIVED))
    prepare(SOURCES, into)

    for name in DERIVED:
        assert (into / name).read_bytes() == (DATA / name).read_bytes(), name


def test_data_files_stay_small() -> None:
    assert sum(path.stat().st_size for path in DATA.iterdir()) < 400_000
