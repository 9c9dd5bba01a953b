"""The pages about plans: what each role finds, bad input, two editors, and nothing of what is hidden."""

from datetime import timedelta

import pytest

from fourfold.plans import selectors, services
from fourfold.platform import clock
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import selectors as pole
from fourfold.threats import services as threats
from tests.plans import conftest as made
from tests.threats.conftest import membership

pytestmark = pytest.mark.django_db
TODAY = clock.today()


def begun(universe, **change):
    """A threat and its plan, due from today on."""
    with acting_as(universe.merseyside_intelligence_manager):
        threat = made.nominate(universe, **{k: v for k, v in change.items() if k in {"audience", "name"}})
    due = TODAY + timedelta(days=20)
    with acting_as(universe.merseyside_analyst):
        plan = services.write_plan(
            actor=universe.merseyside_analyst,
            threat=threat,
            content=made.content(
                actions=(
                    made.action(due_on=due, owner=universe.merseyside_lro.pk, owner_name=""),
                    made.visit(due_on=due),
                ),
                consultations=(made.consultation(consulted_on=TODAY),),
            ),
            today=TODAY,
        )
    return threat, plan


def adopted(universe, **change):
    threat, plan = begun(universe, **change)
    with acting_as(universe.merseyside_sro):
        plan = selectors.plan(plan.reference)
        services.adopt_plan(actor=universe.merseyside_sro, plan=plan, why="It is ready now", today=TODAY)
    return threat, plan


def action_data(**change):
    said = {
        "title": "Refer the three youngest to mentoring",
        "p": "PREVENT",
        "aim": "1",
        "tactic": "",
        "why_this_threat": "They are fifteen and carry for this line",
        "measure": "Mentors met weekly",
        "owner": "",
        "owner_name": "Youth worker",
        "agency": "",
        "partner": "Youth justice service",
        "due_on_day": "1",
        "due_on_month": "3",
        "due_on_year": str(TODAY.year + 1),
    }
    return said | change


def test_a_plan_is_begun_on_its_threats_page(universe, client_for):
    with acting_as(universe.merseyside_intelligence_manager):
        threat = made.nominate(universe)
    client = client_for(universe.merseyside_lro)
    address = f"/threats/{threat.reference}/plan/"
    assert "No plan yet" in client.get(address).content.decode()
    assert client.post(f"{address}begin/").status_code == 302
    page = client.get(address).content.decode()
    assert "The plan has no aims yet" in page
    assert "The plan has no actions yet" in page
    other = client_for(universe.cumbria_lro)
    assert "Add an action" not in other.get(address).content.decode()
    assert other.post(f"{address}begin/").status_code == 404


def test_every_page_of_a_plan_opens(universe, client_for):
    threat, plan = adopted(universe)
    client = client_for(universe.merseyside_lro)
    for path in (
        f"/threats/{threat.reference}/plan/",
        f"/threats/{threat.reference}/plan/?as_recorded_on={TODAY - timedelta(days=1)}",
        "/plans/",
        "/plans/actions/",
        "/plans/actions/mine/",
        "/plans/calendar/",
        "/plans/shared-with-us/",
        "/tactics/",
        f"/plans/{plan.reference}/quality/",
        f"/plans/{plan.reference}/print/",
        f"/plans/{plan.reference}/versions/",
        f"/plans/{plan.reference}/versions/compare/?first=1&second=now",
        f"/plans/{plan.reference}/versions/1/",
        f"/plans/{plan.reference}/sections/finance/",
        f"/plans/{plan.reference}/aims/add/",
        f"/plans/{plan.reference}/consultations/add/",
        f"/plans/{plan.reference}/actions/add/?p=PREVENT",
        f"/plans/{plan.reference}/actions/1/",
        f"/plans/{plan.reference}/actions/1/change/",
        f"/plans/{plan.reference}/actions/1/report/",
        f"/plans/{plan.reference}/actions/1/ask/",
        f"/plans/{plan.reference}/reviews/begin/",
        f"/plans/{plan.reference}/share/",
        f"/plans/{plan.reference}/close/",
        "/",
    ):
        answer = client.get(path)
        expected = 404 if "as_recorded_on" in path else 200
        assert answer.status_code == expected, path


def test_the_lint_tells_off_and_is_mended_on_the_page(universe, client_for):
    threat, plan = begun(universe)
    client = client_for(universe.merseyside_lro)
    address = f"/plans/{plan.reference}/actions/add/"
    weak = action_data(
        title="Monitor the group", measure="", owner_name="", due_on_year="", due_on_day="", due_on_month=""
    )
    preview = client.post(address, weak | {"preview": "1"}).content.decode()
    assert "Action 3 says “monitor” without a measure" in preview
    assert 'value="Monitor the group"' in preview
    assert client.post(address, weak).status_code == 302
    page = client.get(f"/threats/{threat.reference}/plan/").content.decode()
    for fault in ("Action 3 has no owner.", "Action 3 has no date.", "Action 3 says “monitor” without a measure"):
        assert fault in page
    assert f'href="/plans/{plan.reference}/actions/3/change/#id_measure"' in page
    change = f"/plans/{plan.reference}/actions/3/change/"
    assert client.post(change, action_data()).status_code == 302
    assert "The rules find nothing to mend." in client.get(f"/threats/{threat.reference}/plan/").content.decode()
    checked = client.post(
        f"/plans/{plan.reference}/actions/3/check/", action_data(measure="", title="Liaise with schools")
    )
    assert checked.json() == {
        "faults": ["Action 3 says “liaise” without a measure. Say how you will know that it worked."]
    }


def test_bad_input_keeps_every_word(universe, client_for):
    _, plan = begun(universe)
    client = client_for(universe.merseyside_lro)
    answer = client.post(
        f"/plans/{plan.reference}/actions/add/", action_data(p="", due_on_month="13", resource="Two officers, one van")
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Choose Pursue, Prevent, Protect or Prepare" in page
    assert "Due date must be a real date" in page
    assert "Two officers, one van" in page
    answer = client.post(f"/plans/{plan.reference}/actions/1/report/", {"status": "DONE", "result": "Seized it all"})
    assert answer.status_code == 422
    assert "Seized it all" in answer.content.decode()


def test_the_second_of_two_editors_is_shown_both_texts_and_loses_nothing(universe, client_for):
    _, plan = begun(universe)
    first, second = client_for(universe.merseyside_lro), client_for(universe.merseyside_sio)
    for part, field in (("sections/summary", "text"),):
        address = f"/plans/{plan.reference}/{part}/"
        seen = first.get(address).content.decode().split('name="seen" value="')[1].split('"')[0]
        assert first.post(address, {"seen": seen, field: "What the first one wrote"}).status_code == 302
        answer = second.post(address, {"seen": seen, field: "What the second one wrote"})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "What the first one wrote" in page
        assert page.count("What the second one wrote") >= 2
        again = page.split('name="seen" value="')[1].split('"')[0]
        assert second.post(address, {"seen": again, field: "What both wrote"}).status_code == 302
    address = f"/plans/{plan.reference}/actions/1/change/"
    seen = first.get(address).content.decode().split('name="seen" value="')[1].split('"')[0]
    assert first.post(address, action_data(seen=seen, title="Train the landlords")).status_code == 302
    page = second.post(address, action_data(seen=seen, title="Visit the school")).content.decode()
    assert "Train the landlords" in page
    assert 'value="Visit the school"' in page


def test_two_new_texts_for_one_empty_section_lose_nothing(universe, client_for):
    _, plan = begun(universe)
    first, second = client_for(universe.merseyside_lro), client_for(universe.merseyside_sio)
    address = f"/plans/{plan.reference}/sections/finance/"
    assert first.post(address, {"seen": "", "text": "Restrain the house"}).status_code == 302
    answer = second.post(address, {"seen": "", "text": "Follow the cash"})
    assert answer.status_code == 422
    assert "Restrain the house" in answer.content.decode()
    assert "Follow the cash" in answer.content.decode()


def test_adopting_reviewing_and_comparing_in_the_browser(universe, client_for):
    _, plan = begun(universe)
    adopt = f"/plans/{plan.reference}/adopt/"
    assert client_for(universe.merseyside_lro).get(adopt).status_code == 404
    manager = client_for(universe.merseyside_sro)
    digest = manager.get(adopt).content.decode().split('name="digest" value="')[1].split('"')[0]
    lead = client_for(universe.merseyside_lro)
    assert lead.post(f"/plans/{plan.reference}/actions/add/", action_data()).status_code == 302
    refused = manager.post(adopt, {"digest": digest, "why": "It is ready now"})
    assert "This version changed since you opened it" in refused.content.decode()
    digest = manager.get(adopt).content.decode().split('name="digest" value="')[1].split('"')[0]
    assert manager.post(adopt, {"digest": digest, "why": "It is ready now"}).status_code == 302
    lead.post(f"/plans/{plan.reference}/actions/3/change/", action_data(due_on_day="20"))
    begin = lead.post(
        f"/plans/{plan.reference}/reviews/begin/",
        {"prompt": "DUE", "looked_at": "Mentoring starts later than we had hoped"},
    )
    page = lead.get(begin["Location"]).content.decode()
    assert f"Action 3: due date 1 March {TODAY.year + 1} → 20 March {TODAY.year + 1}" in page
    for client in (lead, client_for(universe.merseyside_sio)):
        digest = client.get(begin["Location"]).content.decode().split('name="digest" value="')[1].split('"')[0]
        assert client.post(begin["Location"], {"digest": digest}).status_code == 302
    assert "Version 2" in lead.get(begin["Location"]).content.decode()
    compared = lead.get(f"/plans/{plan.reference}/versions/compare/?first=1&second=2").content.decode()
    assert "1 difference." in compared
    assert "Action 3: due date 1 March" in compared
    assert lead.get(f"/plans/{plan.reference}/versions/compare/?first=9&second=x").status_code == 404


def test_a_hidden_plan_is_not_there_on_any_page(universe, client_for):
    threat, plan = adopted(universe, audience="OWN", name="Kept close")
    outsider = client_for(universe.cumbria_analyst)
    for path in (
        f"/threats/{threat.reference}/plan/",
        f"/plans/{plan.reference}/quality/",
        f"/plans/{plan.reference}/print/",
        f"/plans/{plan.reference}/versions/1/",
        f"/plans/{plan.reference}/actions/1/",
        f"/plans/{plan.reference}/actions/1/change/",
        f"/plans/{plan.reference}/adopt/",
    ):
        assert outsider.get(path).status_code == 404, path
    for path in ("/plans/", "/plans/actions/", "/plans/?q=kept"):
        assert "Kept close" not in outsider.get(path).content.decode()
        assert plan.reference not in outsider.get(path).content.decode()


def test_lists_ask_the_same_number_of_questions_however_long(universe, client_for, django_assert_max_num_queries):
    begun(universe)
    client = client_for(universe.merseyside_lro)
    client.get("/plans/")
    with django_assert_max_num_queries(32):
        assert client.get("/plans/").status_code == 200
    assert client.get("/plans/?export=csv").status_code == 200
    with django_assert_max_num_queries(20):
        assert client.get("/plans/actions/").status_code == 200


def test_a_change_of_tier_asks_for_a_review_with_its_reason(universe, client_for):
    threat, _ = adopted(universe)
    client = client_for(universe.merseyside_lro)
    address = f"/threats/{threat.reference}/plan/"
    assert "This plan should be reviewed" not in client.get(address).content.decode()
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        threats.change_tier(actor=manager, threat=threat, tier="1", reason="Two shootings this week")
    page = client.get(address).content.decode()
    assert "The threat went from Tier 2 to Tier 1 since the plan was last read." in page
    assert "reviews/begin/?prompt=TIER_CHANGE" in page
    assert "reviews/begin/?prompt=TIER_CHANGE" not in client_for(universe.cumbria_lro).get(address).content.decode()


def test_a_child_in_the_threat_is_told_to_who_may_see_it_and_not_scored(universe, client_for, picture):
    threat, _ = begun(universe)
    analyst = universe.merseyside_analyst
    child = membership(role="EXPLOITED", category="VICTIM")
    with acting_as(analyst):
        record = pole.person_record(picture["p3"])
        threats.add_member(
            actor=analyst, threat=threat, record=record, membership=child, reason="Carries for the line", today=TODAY
        )
    address = f"/threats/{threat.reference}/plan/"
    told = "Somebody in this threat may be under 18, and no action is under Prevent."
    pages_seen = {
        force: client_for(getattr(universe, f"{force}_analyst")).get(address).content.decode()
        for force in ("merseyside", "cumbria")
    }
    assert told in pages_seen["merseyside"]
    assert told not in pages_seen["cumbria"]
    assert all("100 of 100" in page for page in pages_seen.values())


def test_lists_are_rewound_and_exported(universe, client_for):
    threat, plan = begun(universe)
    client = client_for(universe.merseyside_lro)
    before = f"as_recorded_on={TODAY - timedelta(days=1)}"
    for path in ("/plans/", "/plans/actions/", "/plans/actions/mine/"):
        assert threat.name in client.get(path).content.decode()
        assert threat.name not in client.get(f"{path}?{before}").content.decode()
        sent = b"".join(client.get(f"{path}?export=csv")).decode()
        assert all(each in sent for each in (threat.name, threat.reference, plan.reference)), path
    for asked in (
        "health=good",
        "overdue=review",
        "overdue=action",
        "without=PREVENT",
        "fails=PL3",
        f"lro={universe.merseyside_lro.pk}",
        "force=merseyside",
        "open=yes",
    ):
        expected = asked.split("=")[0] not in {"overdue", "fails"}
        assert (f"{plan.reference} ·" in client.get(f"/plans/?{asked}").content.decode()) is expected, asked
    for asked in ("whose=mine", "when=month", "whose=led", "whose=ours", "p=PURSUE"):
        assert "Execute the warrant" in client.get(f"/plans/actions/?{asked}").content.decode(), asked
    for asked in ("when=overdue", "when=week", "when=none", "status=DONE"):
        assert "Execute the warrant" not in client.get(f"/plans/actions/?{asked}").content.decode(), asked
    assert "Mentoring" in client.get("/tactics/?q=steady+adult&p=PREVENT&area=LIFESTYLE").content.decode()
