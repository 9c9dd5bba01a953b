"""Figures for programs, over HTTP as they use them: the same numbers, the same rights, nothing else."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from fourfold.performance import selectors, services
from fourfold.performance.models import ApiReader
from fourfold.platform import clock
from fourfold.platform.audit.models import Entry
from fourfold.platform.errors import RuleBroken
from fourfold.platform.people.services import close_user
from fourfold.platform.visibility.scope import acting_as
from tests import invented

ROOT = "/api/figures"
NOW = datetime(2023, 12, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def today(filled):
    with clock.told(NOW):
        yield


def token_for(world, user, *, expires_on=date(2024, 1, 31)):
    with acting_as(world.universe.service("demo")) as acting:
        today = clock.today()
        return services.make_reader(
            actor=acting.user, owner=user, name="Weekly report", expires_on=expires_on, now=clock.now(), today=today
        )


def get(address, token="", **query):
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return Client().get(f"{ROOT}{address}", query, headers=headers)


def assert_problem(answer, status, code=""):
    assert answer.status_code == status, answer.content
    assert answer["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert answer.json()["code"] == code


def test_a_token_reads_what_its_owner_may_and_the_ledger_says_so(filled, today):
    universe = filled.universe
    token = token_for(filled, universe.gmp_analyst)
    body = get("/measures/THREATS", token, as_recorded_on="2023-01-04").json()
    figures = {each["body"]: each["number"] for each in body["figures"]}
    assert (figures[""], figures["cheshire"], figures["gmp"]) == (3, 2, 1)
    assert body["read_by"] == "GMP analyst"
    assert "Tier is not Tier 5" in body["measure"]["filter"]
    with acting_as(universe.service("demo")):
        entry = Entry.objects.filter(object_type="performance threats").latest("id")
        assert (entry.actor, entry.operation) == (universe.gmp_analyst, "EXPORT")
        assert token not in ApiReader.objects.get().token_hash


def test_a_signed_in_person_reads_with_the_session(filled, today, client_for):
    answer = client_for(filled.universe.cheshire_lro).get(f"{ROOT}/measures")
    assert answer.status_code == 200
    assert {"THREATS", "DISRUPTIONS", "PURSUE_SHARE"} <= {each["code"] for each in answer.json()}
    assert_problem(client_for(filled.universe.nwrocu_auditor).get(f"{ROOT}/measures"), 404)


def test_without_a_token_or_with_one_that_is_not_taken_nothing_is_answered(filled, today):
    universe = filled.universe
    withdrawn = token_for(filled, universe.gmp_analyst)
    with acting_as(universe.gmp_analyst):
        services.withdraw_reader(actor=universe.gmp_analyst, pk=ApiReader.objects.get().pk, now=clock.now())
    late = token_for(filled, universe.gmp_analyst, expires_on=date(2023, 12, 5))
    closed = token_for(filled, universe.cumbria_analyst)
    close_user(user=universe.cumbria_analyst)
    for wrong in ("", "ffr_wrong", withdrawn, closed, "x" * 5000):
        answer = get("/measures", wrong)
        assert_problem(answer, 401)
        assert answer["www-authenticate"] == "Bearer"
    assert get("/measures", late).status_code == 200
    with clock.told(NOW + timedelta(days=5)):
        assert_problem(get("/measures", late), 401)


def test_rows_come_a_part_at_a_time_and_their_number_is_the_figure(filled, today):
    token = token_for(filled, filled.universe.nwrocu_analyst)
    first = get("/measures/DISRUPTIONS/rows", token, as_recorded_on="2023-01-04", limit=3).json()
    assert (first["total"], len(first["items"]), first["next_offset"]) == (4, 3, 3)
    rest = get("/measures/DISRUPTIONS/rows", token, as_recorded_on="2023-01-04", limit=3, offset=3).json()
    assert (len(rest["items"]), rest["next_offset"]) == (1, None)
    assert {row["reference"] for row in first["items"]}.isdisjoint(row["reference"] for row in rest["items"])
    assert first["items"][0]["facts"]["p"] == "Pursue"
    literal = get("/measures/DISRUPTIONS/rows", token, reading="literal").json()
    assert literal["total"] == 3


def test_changes_say_why(filled, today):
    token = token_for(filled, filled.universe.nwrocu_analyst)
    found = get("/measures/DISRUPTIONS/changes", token, earlier="2023-01-04", later="2023-07-13").json()
    assert (found["then"], found["now"], found["came"], found["went"], found["changed"]) == (4, 3, 1, 2, 0)
    went = {row["reference"]: row["steps"][-1] for row in found["items"] if row["kind"] == "WENT"}
    assert {(step["field"], step["after"]) for step in went.values()} == {
        ("State", "Withdrawn"),
        ("Category", "No noticeable effect"),
    }
    assert all(step["reason"] for step in went.values())


def test_the_inspections_table_is_there_too(filled, today):
    token = token_for(filled, filled.universe.nwrocu_analyst)
    lines = {line["code"]: line for line in get("/inspection-2023", token).json()}
    assert len(lines) == 16
    assert (lines["1"]["says"], lines["1"]["number"], lines["1"]["agrees"]) == ("938", 3, False)
    assert lines["2"]["agrees"] is None
    assert "not been imported" in lines["2"]["why"]


@pytest.mark.parametrize(
    ("address", "query", "answer"),
    [
        ("/measures/NOTHING", {}, (404, "")),
        ("/measures/nothing", {}, (422, "")),
        ("/measures/THREATS", {"as_recorded_on": "2099-01-01"}, (422, "FG3")),
        ("/measures/THREATS", {"as_recorded_on": "yesterday"}, (422, "")),
        ("/measures/THREATS", {"reading": "literal"}, (422, "FG7")),
        ("/measures/LEAD_DISRUPTIONS", {"period_from": "2022-01-01"}, (422, "FG2")),
        ("/measures/THREATS/rows", {"body": "atlantis"}, (404, "")),
        ("/measures/THREATS/rows", {"limit": "1001"}, (422, "")),
        ("/measures/THREATS/changes", {"earlier": "2023-01-04", "later": "2022-01-04"}, (422, "FG3")),
        ("/measures/THREATS/changes", {"earlier": "2023-01-04"}, (422, "")),
    ],
)
def test_what_cannot_be_answered_is_a_problem(db, universe, address, query, answer):
    with acting_as(universe.service("demo")) as acting:
        token = services.make_reader(
            actor=acting.user,
            owner=universe.gmp_analyst,
            name="Weekly report",
            expires_on=clock.today() + timedelta(days=9),
            now=clock.now(),
            today=clock.today(),
        )
    assert_problem(get(address, token, **query), *answer)


def test_nobody_can_make_a_token_for_somebody_else_or_for_ever(db, universe):
    analyst, inspector = universe.gmp_analyst, universe.nca_inspector
    today = clock.today()
    soon = today + timedelta(days=9)
    for actor, owner, last, code in (
        (analyst, universe.gmp_lro, soon, "AR3"),
        (inspector, inspector, soon, "AR3"),
        (analyst, analyst, today + timedelta(days=91), "AR2"),
        (analyst, analyst, today, "AR2"),
    ):
        with acting_as(actor), pytest.raises(RuleBroken) as refused:
            services.make_reader(actor=actor, owner=owner, name="Report", expires_on=last, now=clock.now(), today=today)
        assert refused.value.code == code


def test_nothing_that_a_machine_can_invent_breaks_the_api(lasting_db, universe):
    """Schemathesis sends what the document allows and what it forbids: no answer may be a fault or undocumented.

    It sends a token that is taken beside a cookie that is not, and would have both refused: left out, and tried above.
    """
    with acting_as(universe.service("demo")) as acting:
        token = services.make_reader(
            actor=acting.user,
            owner=universe.gmp_analyst,
            name="Machine",
            expires_on=clock.today() + timedelta(days=9),
            takes_files=True,
            now=clock.now(),
            today=clock.today(),
        )
        assert selectors.measures()
    unchecked = ("unsupported_method", "positive_data_acceptance", "ignored_auth")
    assert not invented.faults("/api/(figures|files/people)", token, examples=15, unchecked=unchecked)
