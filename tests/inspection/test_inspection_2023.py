"""The inspection’s table from the demonstration region: the published figures, at their own dates of extraction;

On others they differ, because the simulated recorders were late and corrected themselves.
"""

import csv
import io
import json
import os
import re
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.test import Client
from django.urls import reverse

from fourfold.entry.commands import figures as command
from fourfold.performance import comparing, inspection, rules, selectors, services
from fourfold.performance.selectors import REGION, Asked
from fourfold.platform import clock
from fourfold.platform.people.models import User
from fourfold.platform.people.services import service_user
from fourfold.platform.visibility.scope import acting_as
from tests.pages import PageClient

pytestmark = pytest.mark.slow

JANUARY, APRIL, JULY = date(2023, 1, 4), date(2023, 4, 1), date(2023, 7, 13)
FORCES = ("cheshire", "cumbria", "gmp", "lancashire", "merseyside", "north_wales")
PUBLISHED = {
    ("THREATS", REGION, JANUARY): 938,
    ("THREATS", "cheshire", JANUARY): 118,
    ("VULNERABILITIES", "cheshire", JANUARY): 0,
    ("VULNERABILITIES", "cheshire", APRIL): 37,
    ("THREATS", "lancashire", JANUARY): 243,
    ("DISRUPTIONS", "cheshire", JULY): 373,
    ("PURSUE", "cheshire", JULY): 312,
    ("DISRUPTIONS", "lancashire", JULY): 635,
    ("DISRUPTIONS", "gmp", JULY): 490,
}
SHARES = {
    ("PURSUE_SHARE", "cheshire"): 84,
    ("PURSUE_SHARE", "lancashire"): 85,
    ("PURSUE_SHARE", "gmp"): 70,
    ("PREVENT_SHARE", "cumbria"): 30,
}


@pytest.fixture
def acting(region, django_db_blocker):
    with django_db_blocker.unblock(), acting_as(service_user("figures")) as acting:
        yield acting


def figures(code, on, *, reading=""):
    return selectors.figures_of(selectors.measure(code), Asked(clock.today(), on, reading))


def test_the_published_figures_are_what_is_counted(acting):
    for (code, body, on), published in PUBLISHED.items():
        assert figures(code, on)[body].number == published, (code, body, on)
    for (code, body), published in SHARES.items():
        assert rules.whole(figures(code, JULY)[body].number) == published, (code, body)


def test_cumbrias_share_of_prevent_is_the_highest_and_north_wales_has_the_fewest(acting):
    shares, counts = figures("PREVENT_SHARE", JULY), figures("DISRUPTIONS", JULY)
    assert max(FORCES, key=lambda body: shares[body].number) == "cumbria"
    assert min(FORCES, key=lambda body: counts[body].number) == "north_wales"


def test_every_line_agrees_but_row_2_which_says_what_is_missing(acting):
    lines = {line.code: line for line in inspection.lines(today=clock.today())}
    assert len(lines) == 16
    assert {code for code, line in lines.items() if line.said.agrees} == lines.keys() - {"2"}
    assert lines["2"].said == rules.Said(None, "Counts of other regions have not been imported yet")


def test_row_2_agrees_once_other_regions_are_imported(acting):
    counts = [rules.RegionCount(f"Region {n}", 400 + n, JANUARY, "A letter") for n in range(8)]
    manager = User.objects.get(email__startswith="data-manager@")
    services.import_region_counts(actor=manager, counts=counts)
    (line,) = [each for each in inspection.lines(today=clock.today()) if each.code == "2"]
    assert line.said.agrees
    assert "Region 7 with 407" in line.said.why


@pytest.mark.parametrize("on", [date(2022, 7, 1), JANUARY, APRIL, JULY, date(2024, 1, 1)])
def test_any_other_date_gives_what_a_plain_replay_of_the_acts_gives(acting, region, on):
    replayed = region.on(on)
    threats, disruptions = replayed.counted_threats(), replayed.counted_disruptions(2022)
    counted = figures("THREATS", on)
    led, pursued = figures("DISRUPTIONS", on), figures("PURSUE", on)
    for body in (*FORCES, "nwrocu"):
        assert counted[body].number == sum(n for (owner, _), n in threats.items() if owner == body)
        assert led[body].number == sum(n for (lead, _), n in disruptions.items() if lead == body)
        assert pursued[body].number == disruptions[body, "PURSUE"]


def test_in_january_fewer_were_recorded_and_some_of_what_was_changed_later(acting):
    then, now = figures("DISRUPTIONS", JANUARY), figures("DISRUPTIONS", JULY)
    assert all(then[body].number < now[body].number for body in ("cheshire", "lancashire", "gmp"))
    lines = {line.code: line for line in inspection.lines(today=clock.today(), on=JANUARY)}
    assert all(line.asked.on == JANUARY for line in lines.values())
    differs = {code for code, line in lines.items() if line.said.agrees is False}
    assert {"4", "5a", "5b", "7a", "8a"} <= differs
    assert {"1", "3a", "3b", "6"}.isdisjoint(differs)


def test_read_literally_the_filter_drops_the_first_of_january(acting):
    ours, literal = figures("DISRUPTIONS", JULY), figures("DISRUPTIONS", JULY, reading="literal")
    assert literal[REGION].number < ours[REGION].number
    lines = {line.code: line for line in inspection.lines(today=clock.today())}
    shown = [line for line in lines.values() if line.literal is not None]
    assert all(line.literal.number != line.ours.number or line.literal.of != line.ours.of for line in shown)


@pytest.mark.parametrize("code", ["THREATS", "DISRUPTIONS"])
def test_what_changed_makes_the_later_rows_of_the_earlier_and_says_why(acting, code):
    of, today = selectors.measure(code), clock.today()
    earlier, later = Asked(today, JANUARY), Asked(today, JULY)
    found = comparing.compare(of, earlier=earlier, later=later, now=clock.now())
    with earlier.applied():
        then = set(selectors.rows_of(of, earlier).values_list("pk", flat=True))
    with later.applied():
        now = set(selectors.rows_of(of, later).values_list("pk", flat=True))
    came, went = {row.pk for row in found.came}, {row.pk for row in found.went}
    assert (then | came) - went == now
    assert came
    assert went
    assert found.changed
    for row in found.all:
        assert row.steps, row
        assert all(step.by != "not recorded" and step.reason for step in row.steps), row


def test_a_reader_of_any_force_gets_the_same_figures(region, django_db_blocker):
    """The restricted threats of the demonstration are counted on neither date: everybody can check the table."""
    with django_db_blocker.unblock():
        for email in User.objects.filter(email__startswith="analyst@").values_list("email", flat=True):
            user = User.objects.get(email=email)
            if user.organisation.kind not in {"FORCE", "ROCU"}:
                continue
            with acting_as(user):
                lines = inspection.lines(today=clock.today())
                assert {line.code for line in lines if line.said.agrees is False} == set(), email


def test_the_command_prints_the_table_as_people_csv_and_json_read_it(region, django_db_blocker, monkeypatch):
    with django_db_blocker.unblock():
        monkeypatch.setattr(command, "django_as", lambda role="app": None)
        plain = CliRunner().invoke(command.figures, ["inspection-2023"], catch_exceptions=False)
        assert re.search(r"^1 +The region .* 938 +938 ", plain.output, re.MULTILINE), plain.output
        assert "Worked out as the service's own account" in plain.output
        rows = json.loads(CliRunner().invoke(command.figures, ["inspection-2023", "--json"]).output)["rows"]
        assert {row["Row"]: row["Ours"] for row in rows}["5c"] == "84%"
        other = ["inspection-2023", "--csv", "--as-recorded-on", "2023-01-04"]
        written = list(csv.DictReader(io.StringIO(CliRunner().invoke(command.figures, other).output.lstrip("\ufeff"))))
        assert {row["As recorded on"] for row in written} == {"2023-01-04"}
        said = CliRunner().invoke(
            command.figures,
            [
                "diff",
                "--from",
                "2023-01-04",
                "--to",
                "2023-07-13",
                "--measure",
                "VULNERABILITIES",
                "--body",
                "cheshire",
            ],
        )
        assert "SOC vulnerabilities, Cheshire Constabulary. 0 as recorded on 4 January 2023" in said.output
        assert "Kind: Organised crime group to Vulnerability" in said.output


def test_the_page_prints_each_figure_and_each_opens_as_many_rows(region, django_db_blocker):
    with django_db_blocker.unblock():
        client: Client = PageClient()
        client.force_login(User.objects.get(email__startswith="rocta-moderator@"))
        page = client.get(reverse("performance:inspection")).content.decode()
        opened = 0
        for address, number in re.findall(r'href="([^"]+/rows/[^"]+)">([\d,]+)</a>', page):
            rows = client.get(address.replace("&amp;", "&")).content.decode()
            found = re.search(r'class="ff-list__count"[^>]*>([\d,]+)', rows)
            assert (found[1] if found else "0") == number
            opened += 1
        assert opened >= 10


def test_no_published_figure_stands_in_the_code():
    """They are in the region's data, and in the simulation's stated calibration."""
    source = Path(__file__).parents[2] / "src" / "fourfold"
    wanted = re.compile(r"(?<![\d.#_])(938|373|635|490|243)(?![\d.])")
    found = [
        f"{path.relative_to(source)}: {line.strip()}"
        for path in sorted(source.rglob("*.py"))
        if "simulation" not in path.parts and "migrations" not in path.parts
        for line in path.read_text(encoding="utf-8").splitlines()
        if wanted.search(line)
    ]
    assert not found, os.linesep.join(found)
