"""`fourfold exchange`: a file in and out as a person who may, refusals in words and exit code 1."""

import pytest
from click.testing import CliRunner

from fourfold.entry.commands import exchange as command
from fourfold.platform.errors import RuleBroken
from fourfold.platform.visibility.scope import acting_as
from fourfold.threats import selectors as threats
from tests.exchange.conftest import THREAT, cells_of, workbook

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("store")]
MANAGER = "intelligence_manager@merseyside.test"


@pytest.fixture
def run(universe, monkeypatch):
    monkeypatch.setattr(command, "django_as", lambda: None)  # the tests are connected already

    def ran(*arguments):
        return CliRunner().invoke(command.exchange, [str(each) for each in arguments], catch_exceptions=False)

    return ran


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "return.xlsx"
    path.write_bytes(workbook({"Threats": [THREAT | {"URN": "N-1"}, THREAT | {"URN": "N-2", "Tier": "Tier 9"}]}))
    return path


def count(universe):
    with acting_as(universe.merseyside_intelligence_manager):
        return threats.threats().count()


def test_a_dry_run_reports_and_imports_nothing(run, file, universe):
    told = run("import", file, "--as", MANAGER, "--dry-run")
    assert told.exit_code == 0
    assert (
        "threats: new 1, the same here 0, different here 0, changed to what the file says 0, refused 1" in told.stdout
    )
    assert "Threats | 3 | Refused | Tier | Tier 9 | EX21" in told.stdout
    assert count(universe) == 0


def test_refused_lines_stop_the_import_unless_they_are_left_out(run, file, universe):
    told = run("import", file, "--as", MANAGER)
    assert told.exit_code == 1
    assert "Nothing was imported: Some lines are refused" in told.stderr
    assert count(universe) == 0
    told = run("import", file, "--as", MANAGER, "--only-good")
    assert told.exit_code == 0
    assert "Imported as number" in told.stdout
    assert count(universe) == 1


def test_a_file_goes_out_with_its_reason(run, file, tmp_path):
    run("import", file, "--as", MANAGER, "--only-good")
    out = tmp_path / "out.xlsx"
    told = run("export", "--out", out, "--as", MANAGER, "--why", "For the monthly return")
    assert told.stdout.startswith("1 threat, 0 assessments, 0 disruptions written to")
    assert cells_of(out.read_bytes())["Threats"][1][0] == "N-1"


def test_nobody_is_told_from_somebody_by_a_sentence(run, file):
    with pytest.raises(RuleBroken, match="Nobody signs in as"):
        run("import", file, "--as", "nobody@nowhere.test")
