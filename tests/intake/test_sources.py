"""The sample extracts of all four families, and the open data, through the door."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from fourfold.entry.cli import root
from fourfold.entry.commands import intake as commands
from fourfold.intake import processing, rules, selectors
from fourfold.intake.rules import State
from fourfold.platform.people.services import service_user
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole.models import EventRecord, Link, ObjectRecord, PersonRecord
from tests.intake.conftest import bring

EXTRACTS = Path(__file__).parents[1] / "data" / "extracts" / "extracts"
FORCES = ("niche_tri", "connect_lancashire", "policeworks_gmp", "mark43_cumbria")
SAMPLES = Path(__file__).parents[1] / "data" / "open_data"


def test_every_family_is_received_matched_together_and_published(sources, store, desk):
    batches = [bring(next((EXTRACTS / s).iterdir()), store=store, source=s).batch.pk for s in FORCES]
    done = processing.process_batches(batch_ids=batches, desk=desk)
    assert [(b.source.code, b.state) for b in done] == [(s, State.PUBLISHED) for s in FORCES]
    with acting_as(service_user("intake")):
        counts = selectors.counts_of(batches)
        for batch in done:
            assert counts[batch.pk].read == counts[batch.pk].accounted > 0
            assert counts[batch.pk].quarantined >= 3, batch.source.code
        assert set(PersonRecord.objects.values_list("source", flat=True)) == set(FORCES)
        for model in (EventRecord, ObjectRecord, Link):
            assert model.objects.exists()
        runs = {r.run for b in done for r in selectors.runs_of(b) if r.step == "PUBLISH"}
        assert len(runs) == 1
        for batch in done:
            for row in selectors.not_loaded().filter(batch=batch):
                assert row.sentence
                assert row.row


@pytest.fixture
def open_data_folder(tmp_path):
    """The samples laid out as the open data are."""
    places = {
        "police_uk_street.parquet": "crime/police_uk_nw_street_2018-11_2019-01.parquet",
        "hmpps_prison_register.csv": "geo/hmpps_prison_register.csv",
        "police_force_areas_EW.geojson": "geo/police_force_areas_EW.geojson",
        "crime.nodes.csv": "networks/ucinet/crime.nodes.csv",
        "crime.edges.csv": "networks/ucinet/crime.edges.csv",
    }
    for name, place in places.items():
        (tmp_path / "open" / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SAMPLES / name, tmp_path / "open" / place)
    return tmp_path / "open"


@pytest.fixture
def command(monkeypatch):
    """Run `fourfold …` in this process, which is connected to the test database already."""
    monkeypatch.setattr(commands, "django_as", lambda: None)

    def run(*arguments):
        return CliRunner().invoke(root, list(arguments))

    return run


def test_open_data_come_through_the_same_door_and_totals_that_differ_are_said(
    db, store, command, open_data_folder, universe
):
    done = command("load-open-data", str(open_data_folder))
    assert done.exit_code == 1
    assert "DIFFERS from 141,134" in done.stdout
    assert "Q-CODE-02" in done.stdout or "Q-CODE-04" in done.stdout
    with acting_as(service_user("intake")):
        batches = list(selectors.batches())
        assert {b.state for b in batches} == {State.PUBLISHED}
        assert len(batches) == 4
        people = PersonRecord.objects.filter(source="st_louis_crimes")
        assert people.exists()
        assert {p.label.compartment.code for p in people} == {"research_networks"}
    with acting_as(universe.merseyside_intelligence_manager):
        assert not PersonRecord.objects.filter(source="st_louis_crimes").exists()
        assert selectors.batches().count() == 3
    again = command("load-open-data", str(open_data_folder))
    assert again.stdout.count("It was not loaded again") == 4


def test_open_data_that_are_not_there_are_said(db, store, command, tmp_path):
    done = command("load-open-data", str(tmp_path))
    assert done.exit_code == 1
    assert done.stdout.count("left out, because") == 4


def test_the_commands_register_receive_process_list_and_make_a_token(db, store, command):
    assert "niche_tri: Niche shared by" in command("intake", "sources").stdout
    folder = next((EXTRACTS / "mark43_cumbria").iterdir())
    received = command("intake", "receive", "mark43_cumbria", str(folder))
    assert received.exit_code == 0, received.output
    assert "was received and is waiting to be loaded" in received.stdout
    done = command("intake", "process")
    assert done.exit_code == 0, done.output
    assert "published:" in done.stdout
    assert "Nothing is waiting" in command("intake", "process").stdout
    listed = command("intake", "list", "--source", "mark43_cumbria").stdout
    assert listed.count("\n") == 1
    assert command("intake", "list", "--source", "niche_tri").stdout == ""
    token = command("intake", "token", "mark43_cumbria").stdout.strip()
    assert token.startswith("ffs_")
    unknown = command("intake", "receive", "no_such_source", str(folder))
    assert isinstance(unknown.exception, rules.RuleBroken)
    assert "Sources: connect_lancashire" in str(unknown.exception)
