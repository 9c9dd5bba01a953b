"""The pages of the whole way, through a client that refuses a page a person could not use."""

import pytest

from fourfold.assessments import selectors, services
from fourfold.assessments.rules import Status
from fourfold.platform.visibility.scope import acting_as
from tests.assessments.conftest import COUNTERFEIT, COUNTY_LINE, NOW, TODAY, evidence, shipped, submitted, vector

pytestmark = pytest.mark.django_db


def main_of(answer):
    page = answer.content.decode()
    return page[page.index("<main") :]


def typed(values, **more):
    return {f"score-{key}": "u" if value is None else str(value) for key, value in values.items()} | more


def with_reason(client):
    client.post(
        "/reason/?next=/threats/", {"code": "SOC_THREAT", "text": "Scoring a threat", "operation_reference": ""}
    )


def test_the_whole_way_by_pages(universe, threat, client_for):
    analyst, manager = client_for(universe.merseyside_analyst), client_for(universe.merseyside_intelligence_manager)
    tab = analyst.get(f"/threats/{threat.reference}/assessment/")
    assert "No assessment stands yet" in main_of(tab)
    begun = analyst.post(f"/threats/{threat.reference}/assessment/begin/", {"soc": "yes"}, follow=True)
    matrix = main_of(begun)
    assert "default, not the national model" in matrix
    assert "Control of an estate or a market" in matrix
    with acting_as(universe.merseyside_analyst):
        draft = selectors.open_assessment_of(threat)
    address = f"/assessments/{draft.reference}"
    worked = analyst.post(f"{address}/score/", typed(vector(COUNTY_LINE), do="work"), follow=True)
    assert "66.1" in main_of(worked)
    assert "Physical: cite at least one graded record as evidence" in main_of(worked)
    refused = analyst.post(f"{address}/score/", typed(vector(COUNTY_LINE), do="send"), follow=True)
    assert "Saved, but not sent" in main_of(refused)
    with acting_as(universe.merseyside_analyst):
        services.cite(actor=universe.merseyside_analyst, assessment=draft, evidence=evidence(), today=TODAY)
    analyst.post(f"{address}/score/", typed(vector(COUNTY_LINE), do="send"))
    assert analyst.get(f"{address}/check/").status_code == 404
    assert "assessment of your organisation to check" in main_of(manager.get("/"))
    manager.post(f"{address}/check/", {"agreed": "yes"})
    moderator = client_for(universe.nwrocu_rocta_moderator)
    assert draft.reference in main_of(moderator.get("/moderation/"))
    assert main_of(moderator.post(f"{address}/take-up/", follow=True)).count("Score blind")
    changed = vector(COUNTY_LINE) | {"trend": 4}
    compared = moderator.post(f"{address}/score-blind/", typed(changed, do="send"), follow=True)
    assert "Where you differ: 1 of 17 criteria" in main_of(compared)
    bare = moderator.post(f"{address}/moderate/", {"outcome": "WITH_CHANGES"})
    assert bare.status_code == 422
    assert "Say why trend was changed from 3 to 4" in main_of(bare)
    said = {"outcome": "WITH_CHANGES", "reason-trend": "Two more lines since September"}
    done = moderator.post(f"{address}/moderate/", said, follow=True)
    assert "Moderated with changes" in main_of(done)
    tab = main_of(analyst.get(f"/threats/{threat.reference}/assessment/"))
    assert "Changed because: Two more lines since September" in tab
    assert "Tier 1" in tab
    assert "decided in four weeks" in main_of(analyst.get("/"))


def test_everything_that_is_missing_is_said_at_once(universe, waiting, client_for):
    moderator = client_for(universe.nwrocu_rocta_moderator)
    address = f"/assessments/{waiting.reference}"
    moderator.post(f"{address}/take-up/")
    bare = moderator.post(f"{address}/score-blind/", {"do": "send"})
    assert bare.status_code == 422
    wanted = [f"{each.name}: choose a score" for each in shipped().criteria]
    assert [sentence for sentence in wanted if sentence not in main_of(bare)] == []
    own = typed(vector(COUNTERFEIT)) | {"do": "send"}
    assert moderator.post(f"{address}/score-blind/", own).status_code == 302
    bare = moderator.post(f"{address}/moderate/", {"outcome": "WITH_CHANGES"})
    assert bare.status_code == 422
    for change in ("physical was changed from 4 to 1", "psychological was changed from 4 to 2"):
        assert f"Say why {change}" in main_of(bare)


@pytest.mark.parametrize(
    "address",
    ["/assessments/", "/themes/", "/scoring-models/", "/scoring-models/FF-TAC-1/", "/scoring-models/FF-THM-1/"],
)
def test_pages_for_everybody_who_reads_threats(universe, waiting, client_for, address):
    assert client_for(universe.nca_inspector).get(address).status_code == 200
    assert client_for(universe.gmp_data_protection_officer).get(address).status_code == 404


@pytest.mark.parametrize("part", ["", "agreement/", "changed/"])
def test_moderation_is_there_for_moderators_alone(universe, waiting, client_for, part):
    with acting_as(universe.nwrocu_rocta_moderator):
        services.record_moderated(actor=universe.nwrocu_rocta_moderator, assessment=waiting, now=NOW, today=TODAY)
    assert client_for(universe.nwrocu_rocta_head).get(f"/moderation/{part}").status_code == 200
    assert client_for(universe.merseyside_analyst).get(f"/moderation/{part}").status_code == 404


def test_two_editors_lose_nothing(universe, threat, client_for):
    with acting_as(universe.merseyside_analyst):
        draft = services.begin_assessment(actor=universe.merseyside_analyst, threat=threat, now=NOW, today=TODAY)
    address = f"/assessments/{draft.reference}/score/"
    one, other = client_for(universe.merseyside_analyst), client_for(universe.merseyside_intelligence_manager)
    other.post(address, {"score-physical": "4", "score-trend": "3", "why-trend": "As last year", "do": "save"})
    mine = {"score-physical": "2", "score-psych": "1", "why-physical": "One victim was treated", "do": "save"}
    clash = one.post(address, mine)
    assert clash.status_code == 422
    page = main_of(clash)
    assert "Somebody else chose 4, Life-changing or life-threatening." in page
    assert "One victim was treated" in page
    again = mine | {"first-physical": "4", "first-trend": "3", "firstwhy-trend": "As last year"}
    assert one.post(address, again).status_code == 302
    with acting_as(universe.merseyside_analyst):
        kept = selectors.said_in(selectors.scores_of(draft, "ASSESSOR"))
    assert kept == {"physical": (2, "One victim was treated"), "trend": (3, "As last year"), "psych": (1, "")}


def test_the_score_as_it_forms_and_what_would_change_it(universe, threat, client_for):
    with acting_as(universe.merseyside_analyst):
        draft = services.begin_assessment(actor=universe.merseyside_analyst, threat=threat, now=NOW, today=TODAY)
    client = client_for(universe.merseyside_analyst)
    part = client.post(f"/assessments/{draft.reference}/work-out/", typed(vector("1,2,4,4,2,3,4,3 5,2,4,4 2,2,1,1")))
    said = part.content.decode()
    assert "43.7" in said
    assert "One more point on physical makes it Tier 2." in said
    assert client_for(universe.gmp_analyst).post(f"/assessments/{draft.reference}/work-out/", {}).status_code == 404


def test_a_submitted_one_reads_as_such_for_its_force(universe, waiting, client_for):
    page = main_of(client_for(universe.merseyside_analyst).get(f"/assessments/{waiting.reference}/"))
    assert "As the force scored it" in page
    assert "4 of 5" in page
    with acting_as(universe.merseyside_analyst):
        assert selectors.assessment(waiting.reference).status == Status.SUBMITTED


def test_evidence_is_picked_or_typed(universe, threat, client_for):
    with acting_as(universe.merseyside_analyst):
        draft = services.begin_assessment(actor=universe.merseyside_analyst, threat=threat, now=NOW, today=TODAY)
    client = client_for(universe.merseyside_analyst)
    with_reason(client)
    address = f"/assessments/{draft.reference}/evidence/"
    assert client.get(address, {"for": "physical"}).status_code == 200
    bare = client.post(address, {"keys": ["physical"]})
    assert bare.status_code == 422
    said = {
        "reference": "IR/2026/77",
        "dated_on_day": "1",
        "dated_on_month": "9",
        "dated_on_year": "2026",
        "source_grade": "1",
        "assessment_grade": "B",
        "what": "A stabbing",
        "keys": ["physical", "psych"],
    }
    client.post(address, said)
    matrix = main_of(client.get(f"/assessments/{draft.reference}/score/"))
    assert matrix.count("IR/2026/77: A stabbing") >= 2


def test_a_second_open_one_is_refused(universe, threat, client_for):
    with acting_as(universe.merseyside_analyst):
        submitted(universe, threat)
    answer = client_for(universe.merseyside_analyst).post(
        f"/threats/{threat.reference}/assessment/begin/", {"soc": "yes"}
    )
    assert answer.status_code == 422
    assert "already an open assessment" in main_of(answer)


def test_the_search_box_finds_one_by_its_reference_for_those_who_may_see_it(universe, waiting, client_for):
    client = client_for(universe.merseyside_analyst)
    with_reason(client)
    for typed in (waiting.reference, waiting.reference.lower().replace("asm-", "asm ")):
        assert f"/assessments/{waiting.reference}/" in main_of(client.get("/search/", {"q": typed}))
