"""The committed sample that other tests use is exactly what the simulation writes today.

Make it again after a change of the world:
`fourfold simulate --people 60 --seed 37 --until 2024-06-30 --out tests/data/extracts`, then remove `casework.jsonl`:
it is large whatever the number of people, and `test_casework.py` looks at it.
"""

from datetime import date
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from fourfold.entry.commands.simulation import COMMANDS
from tests.simulation.test_defects import ONLY

NOT_KEPT = Path("casework.jsonl")
SAMPLE = Path(__file__).parents[1] / "data" / "extracts"


@pytest.fixture(scope="module")
def made_again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sample")
    arguments = ["--people", "60", "--seed", "37", "--until", date(2024, 6, 30).isoformat(), "--out", str(out)]
    result = CliRunner().invoke(COMMANDS[0], arguments)
    assert result.exit_code == 0, result.output
    assert "nominations: " in result.output
    return out


def test_the_sample_is_what_the_simulation_writes(made_again: Path) -> None:
    names = {path.relative_to(SAMPLE) for path in SAMPLE.rglob("*") if path.is_file()}
    written = {path.relative_to(made_again) for path in made_again.rglob("*") if path.is_file()}
    assert written == names | {NOT_KEPT}
    for name in sorted(names):
        if name.suffix != ".parquet":  # a Parquet file names the library that wrote it
            assert (SAMPLE / name).read_bytes() == (made_again / name).read_bytes(), name


def test_the_sample_is_small_and_shows_every_defect() -> None:

    assert sum(path.stat().st_size for path in SAMPLE.rglob("*") if path.is_file()) < 300_000
    found = duckdb.execute(f"select distinct source, code from '{SAMPLE}/truth/defects.parquet'").fetchall()
    for source, codes in ONLY.items():
        assert codes <= {code for origin, code in found if origin == source}, source
