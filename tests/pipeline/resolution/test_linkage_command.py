"""`fourfold linkage` on a small simulated region: the figures in the documentation are made by these commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from fourfold.entry.commands.linkage import linkage
from fourfold.pipeline import resolution
from fourfold.simulation.run import simulate

ROOT = Path(__file__).parents[3]
REGION = str(ROOT / "regions" / "north_west")


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A region the shipped model was not trained on."""
    place = tmp_path_factory.mktemp("region")
    simulate(1_500, 77, place)
    return place


def row(told: str, name: str) -> list[str]:
    """The cells of the table row that starts with a name."""
    line = next(line for line in told.splitlines() if line.startswith(f"| {name} |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_shipped_model_is_precise_on_people_it_has_not_seen(region: Path) -> None:
    result = CliRunner().invoke(linkage, ["evaluate", str(region), "--region", REGION], catch_exceptions=False)
    assert result.exit_code == 0
    _, precision, recall, *_ = row(result.output, "pairs of records")
    assert float(precision) >= 0.99
    assert float(recall) >= 0.95
    assert float(row(result.output, "pairs across forces")[1]) >= 0.99
    assert f"Settings {resolution.load_settings().version}." in result.output
    assert row(result.output, "NICKNAME")[0] == "NICKNAME"
    sexes = [row(result.output, f"sex: {sex}") for sex in "MF"]
    assert abs(float(sexes[0][2]) - float(sexes[1][2])) < 0.05, "neither sex is found much worse than the other"


def test_a_model_is_trained_and_can_be_loaded(region: Path, tmp_path: Path) -> None:
    out = tmp_path / "model.json"
    told = ["train", str(region), "--region", REGION, "--name", "Ours", "--trained-on", "our people", "--out", str(out)]
    result = CliRunner().invoke(linkage, told, catch_exceptions=False)
    assert result.exit_code == 0
    model = resolution.load_model(out)
    assert (model.name, model.trained_on) == ("Ours", "our people")
    assert "needed to train" in result.output, "so few people give the shipped model back, and the command says so"
    assert json.loads(out.read_text())["levels"] == json.loads((resolution_data() / "model.json").read_text())["levels"]


def resolution_data() -> Path:
    return Path(resolution.__file__).parent / "data"
