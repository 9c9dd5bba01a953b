"""The pages: what they show, to whom they are there, and the way from a form to a record."""

import json
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from fourfold.disruptions import selectors, services
from fourfold.disruptions.pages import changes_of
from fourfold.disruptions.work import work_of
from fourfold.platform import clock
from fourfold.platform.history.rewind import Version
from fourfold.platform.visibility.scope import acting_as
from fourfold.search.rules import read
from fourfold.search.selectors import find
from tests.disruptions.conftest import EVIDENCE, FOR_HOW_LONG, HOW_KNOWN, STOPPED, WHY, nominate, record, tactic
from tests.disruptions.test_rules import WORDS

pytestmark = pytest.mark.django_db


def answers(threat, **change):
    given = {
        "act": "send",
        "threat": threat.reference,
        "often": [tactic("PURSUE")],
        "happened": "Warrant at the safe house",
        "when": "YESTERDAY",
        "primary_p": "PURSUE",
        "role": "LEAD",
        "category": "MINOR",
        "stopped": STOPPED,
        "for_how_long": FOR_HOW_LONG,
        "how_known": HOW_KNOWN,
        "fact_arrests": "2",
        "fact_cash_pounds": "£1,250.50",
    }
    return given | change


@pytest.fixture
def threat(universe):
    with acting_as(universe.merseyside_analyst):
        return nominate(universe)


def form_address():
    return reverse("disruptions:form", kwargs={"key": uuid4()})


def made(universe, by="merseyside_analyst"):
    with acting_as(universe.__getattr__(by)):
        return list(selectors.disruptions().order_by("pk"))


def test_a_form_sent_is_a_record_and_the_answer_says_what_happens_next(universe, client_for, threat):
    client = client_for(universe.merseyside_analyst)
    assert client.get(reverse("disruptions:record"), {"threat": threat.reference}).status_code == 200
    answer = client.post(form_address(), answers(threat), follow=True)
    page = answer.content.decode()
    (found,) = made(universe)
    assert f"Recorded as {found.reference}" in page
    assert "It counts in Pursue for Merseyside Police" in page
    assert found.facts == {"arrests": 2, "cash_pounds": "1250.50"}
    assert found.event_on == clock.today() - timedelta(days=1)
    with acting_as(universe.merseyside_analyst):
        assert not selectors.drafts_of(universe.merseyside_analyst.pk)


def test_a_form_sent_twice_is_one_record(universe, client_for, threat):
    client, address = client_for(universe.merseyside_analyst), form_address()
    first = client.post(address, answers(threat))
    second = client.post(address, answers(threat))
    assert first.headers["Location"] == second.headers["Location"]
    assert len(made(universe)) == 1


def test_what_a_rule_refuses_comes_back_with_everything_typed(universe, client_for, threat):
    client, address = client_for(universe.merseyside_analyst), form_address()
    client.post(form_address(), answers(threat))
    again = client.post(address, answers(threat))
    page = again.content.decode()
    assert again.status_code == 422
    assert "This may be recorded already" in page
    assert "Warrant at the safe house" in page
    assert "What is different from the record it resembles?" in page
    sent = client.post(address, answers(threat, different_because="Another car on another road"))
    assert sent.status_code == 302
    assert len(made(universe)) == 2


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"threat": ""}, "Choose the threat"),
        ({"category": ""}, "Choose the effect"),
        ({"primary_p": ""}, "Choose which of Pursue"),
        ({"when": "ANOTHER"}, "Enter the day it happened"),
        ({"fact_arrests": "two"}, "must be a whole number"),
    ],
)
def test_a_missing_answer_is_asked_for_at_its_question(universe, client_for, threat, change, sentence):
    given = answers(threat) | change
    answer = client_for(universe.merseyside_analyst).post(form_address(), given)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not made(universe)


def test_all_that_is_missing_is_asked_for_at_once(universe, client_for, threat):
    nothing = answers(threat) | {"threat": "", "primary_p": "", "category": "", "when": "ANOTHER"}
    page = client_for(universe.merseyside_analyst).post(form_address(), nothing).content.decode()
    for sentence in ("Choose the threat that was disrupted", "Choose which of Pursue", "Choose the effect"):
        assert sentence in page
    assert "Enter the day it happened" in page
    assert "there is none called" not in page


def test_a_draft_is_kept_at_each_step_for_its_author_alone_and_emptied_when_sent(universe, client_for, threat):
    client, key = client_for(universe.merseyside_analyst), uuid4()
    keep = reverse("disruptions:keep", kwargs={"key": key})
    form = reverse("disruptions:form", kwargs={"key": key})
    kept = client.post(keep, answers(threat))
    assert set(json.loads(kept.content)) == {"kept_at", "ended"}
    assert "Warrant at the safe house" in client.get(form).content.decode()
    other = client_for(universe.merseyside_lro)
    assert "Warrant at the safe house" not in other.get(form).content.decode()
    client.post(form, answers(threat))
    with acting_as(universe.merseyside_analyst):
        draft = selectors.draft(key, author_id=universe.merseyside_analyst.pk)
        assert (draft.said, bool(draft.ended_at), bool(draft.disruption_id)) == ({}, True, True)
    late = client.post(keep, answers(threat))
    assert json.loads(late.content)["ended"] is True
    with acting_as(universe.merseyside_analyst):
        assert selectors.draft(key, author_id=universe.merseyside_analyst.pk).said == {}


def test_opening_a_page_writes_nothing_and_the_next_form_that_is_kept_empties_old_ones(universe, client_for, threat):
    analyst, key = universe.merseyside_analyst, uuid4()
    client = client_for(analyst)
    client.post(reverse("disruptions:keep", kwargs={"key": key}), answers(threat))
    with acting_as(analyst):
        left = clock.now() - services.DRAFTS_KEPT - timedelta(days=1)
        selectors.drafts_of(analyst.pk).update(saved_at=left)
    assert client.get(reverse("disruptions:record")).status_code == 200
    with acting_as(analyst):
        assert selectors.draft(key, author_id=analyst.pk).said
    client.post(form_address(), answers(threat))
    with acting_as(analyst):
        assert selectors.draft(key, author_id=analyst.pk).said == {}


def test_an_old_draft_that_is_sent_again_keeps_what_was_typed(universe, client_for, threat):
    analyst, key = universe.merseyside_analyst, uuid4()
    client = client_for(analyst)
    form = reverse("disruptions:form", kwargs={"key": key})
    client.post(reverse("disruptions:keep", kwargs={"key": key}), answers(threat))
    with acting_as(analyst):
        selectors.drafts_of(analyst.pk).update(saved_at=clock.now() - services.DRAFTS_KEPT - timedelta(days=1))
    client.post(form, answers(threat) | {"act": "", "category": ""})
    with acting_as(analyst):
        assert selectors.draft(key, author_id=analyst.pk).ended_at is None


def test_a_draft_is_read_by_nobody_else_in_the_database_either(universe, client_for, threat):
    key = uuid4()
    client_for(universe.merseyside_analyst).post(reverse("disruptions:keep", kwargs={"key": key}), answers(threat))
    for by in ("merseyside_lro", "nwrocu_rocu_lead"):
        with acting_as(universe.__getattr__(by)):
            assert not selectors.DisruptionDraft.objects.filter(key=key).exists()
    with acting_as(universe.service("intake")):
        assert not selectors.DisruptionDraft.objects.filter(key=key).exists()


def test_the_nearest_threats_are_offered_and_hidden_ones_are_not(universe, client_for, threat):
    with acting_as(universe.merseyside_analyst):
        hidden = nominate(universe, audience="OWN", name="Harbour wall")
    found = reverse("disruptions:find")
    mine = json.loads(client_for(universe.merseyside_analyst).get(found, {"q": "harbour"}).content)["found"]
    theirs = json.loads(client_for(universe.gmp_analyst).get(found, {"q": "harbour"}).content)["found"]
    assert {each["reference"] for each in mine} == {threat.reference, hidden.reference}
    assert {each["reference"] for each in theirs} == {threat.reference}
    named = json.loads(client_for(universe.gmp_analyst).get(found, {"q": hidden.reference}).content)
    nothing = json.loads(client_for(universe.gmp_analyst).get(found, {"q": "SOC-9999"}).content)
    assert named == nothing == {"found": []}


def test_without_a_script_the_threat_is_found_by_a_button(universe, client_for, threat):
    client, address = client_for(universe.merseyside_analyst), form_address()
    found = client.post(address, {"act": "find", "q": "Quay line", "stopped": "Nothing moves"}, follow=True)
    page = found.content.decode()
    assert f'value="{threat.reference}"' in page
    assert "Nothing moves" in page
    kept = client.post(address, {"act": "save", "q": "Quay line", "stopped": "Nothing moves"}, follow=True)
    assert "only you can see it until you send it" in kept.content.decode()
    thrown = client.post(address, {"act": "throw"}, follow=True)
    assert "Nothing of it is kept" in thrown.content.decode()
    assert client.get(address).status_code == 302


def test_the_record_shows_what_it_says_and_to_mend_and_its_history(universe, client_for, threat):
    with acting_as(universe.merseyside_analyst):
        found = record(universe, threat, category="MAJOR", happened="Warrant at the safe house")
    with acting_as(universe.merseyside_lro):
        services.change_disruption(
            actor=universe.merseyside_lro, disruption=found, reason=WHY, today=clock.today(), place="Quay Street"
        )
    page = client_for(universe.gmp_analyst).get(reverse("disruptions:detail", args=[found.reference])).content.decode()
    assert "To meet the minimum standard: Name the outcome" in page
    assert "Where: Quay Street, before nothing" in page
    assert "Warrant at the safe house" in page
    assert "Mend it" not in page
    own = client_for(universe.merseyside_analyst).get(reverse("disruptions:detail", args=[found.reference]))
    assert "Mend it" in own.content.decode()


def test_the_record_of_another_force_s_own_threat_is_not_there(universe, client_for):
    with acting_as(universe.merseyside_analyst):
        found = record(universe, nominate(universe, audience="OWN"))
    client = client_for(universe.gmp_intelligence_manager)
    hidden = [
        client.get(reverse(f"disruptions:{part}", args=[found.reference])) for part in ("detail", "change", "validate")
    ]
    missing = client.get(reverse("disruptions:detail", args=["DIS-999999"]))
    assert {each.status_code for each in hidden} == {404} == {missing.status_code}


def test_the_desk_form_changes_everything_and_tells_the_second_of_two(universe, client_for, threat):
    with acting_as(universe.merseyside_analyst):
        found = record(universe, threat, category="MAJOR", evidence=EVIDENCE)
        found.refresh_from_db()
    address = reverse("disruptions:change", args=[found.reference])
    client = client_for(universe.merseyside_lro)
    page = client.get(address)
    assert page.status_code == 200
    day = found.event_on
    given = {
        "seen": found.recorded_from.isoformat(),
        **{f"event_on_{name}": getattr(day, name) for name in ("day", "month", "year")},
        **{f"record_date_{name}": getattr(day, name) for name in ("day", "month", "year")},
        "role": "LEAD",
        "primary_p": "PREVENT",
        "secondary_ps": ["PROTECT"],
        "category": "MAJOR",
        "tactics": [tactic("PREVENT")],
        "stopped": STOPPED,
        "for_how_long": FOR_HOW_LONG,
        "how_known": HOW_KNOWN,
        "outcome": "DISMANTLED",
        "fact_drugs_kg": "1.25",
        "evidence_0": "Custody record",
        "grade_0": "1A",
        "handling": "P",
        "reason": WHY,
    }
    assert client.post(address, given).status_code == 302
    with acting_as(universe.merseyside_analyst):
        now = selectors.disruption(found.reference)
        parts = selectors.parts_of(now)
        assert (now.primary_p, now.secondary_ps, now.outcome, now.facts) == (
            "PREVENT",
            ["PROTECT"],
            "DISMANTLED",
            {"drugs_kg": "1.25"},
        )
        assert [each.text for each in parts.evidence] == ["Custody record"]
    second = client_for(universe.merseyside_analyst).post(address, given | {"primary_p": "PURSUE"})
    assert second.status_code == 422
    assert "Served most: Prevent, before Pursue" in second.content.decode()


def test_a_moderator_s_queue_and_decision(universe, client_for, threat):
    with acting_as(universe.merseyside_analyst):
        found = record(universe, threat, category="MAJOR", evidence=EVIDENCE, outcome="DISMANTLED")
    queue = reverse("disruptions:queue", args=["to-moderate"])
    client = client_for(universe.nwrocu_rocta_moderator)
    assert found.reference in client.get(queue).content.decode()
    assert client_for(universe.merseyside_analyst).get(queue).status_code == 404
    decided = client.post(
        reverse("disruptions:moderate", args=[found.reference]), {"category": "MODERATE", "reason": WHY, "seen": ""}
    )
    assert decided.status_code == 302
    (now,) = made(universe)
    assert (now.state, now.category, now.original_category) == ("MODERATED", "MODERATE", "MAJOR")
    assert found.reference not in client.get(queue).content.decode()


def test_a_threat_has_its_disruptions_in_a_tab_and_as_they_were(universe, client_for, threat):
    with acting_as(universe.merseyside_analyst):
        found = record(universe, threat)
    address = reverse("disruptions:of_threat", args=[threat.reference])
    page = client_for(universe.gmp_analyst).get(address).content.decode()
    assert found.reference in page
    yesterday = (clock.today() - timedelta(days=1)).isoformat()
    whole = client_for(universe.gmp_analyst).get(reverse("disruptions:list"), {"as_recorded_on": yesterday})
    assert found.reference not in whole.content.decode()


def test_the_list_filters_counts_and_is_a_file(universe, client_for, threat, django_assert_max_num_queries):
    with acting_as(universe.merseyside_analyst):
        for number in range(3):
            record(universe, threat, event_on=clock.today() - timedelta(days=10 + 10 * number))
    with acting_as(universe.cheshire_analyst):
        record(universe, nominate(universe, by="cheshire_analyst", audience="OWN"), by="cheshire_analyst")
    client = client_for(universe.gmp_analyst)
    with django_assert_max_num_queries(32):
        page = client.get(reverse("disruptions:list"), {"p": "PURSUE", "late": "True"})
    assert page.status_code == 200
    agencies = page.content.decode().split('name="agency"')
    assert len(agencies) == 2, "of all agencies only those with a record that the reader may see"
    assert "Merseyside Police" in agencies[1].split("</div>")[0]
    nothing = client.get(reverse("disruptions:list"), {"agency": "gmp"}).content.decode()
    assert "Nothing matches" in nothing
    assert re.search(r'value="gmp" checked', nothing), "what is ticked stays, so that it can be taken away"
    file = client.get(reverse("disruptions:list"), {"export": "csv"})
    text = file.content.decode("utf-8-sig")
    assert text.splitlines()[0].startswith("Reference,Threat,Name of threat")
    assert len(text.splitlines()) == 4


def test_search_finds_a_record_by_its_reference(universe, client_for, threat):
    with acting_as(universe.merseyside_analyst):
        found = record(universe, threat)
        hidden = record(universe, nominate(universe, audience="OWN"))
    with acting_as(universe.gmp_analyst):
        asked = read(found.reference.lower(), today=clock.today())
        groups = find(asked, today=clock.today())
        assert [group.hits[0].href for group in groups] == [reverse("disruptions:detail", args=[found.reference])]
        assert selectors.disruptions_matching(found.reference.lower(), limit=5)[0] == 1
        assert selectors.disruptions_matching(hidden.reference, limit=5)[0] == 0


def test_the_recorder_is_told_the_day_after_what_it_counted_towards(universe, threat):
    with acting_as(universe.merseyside_analyst):
        found = record(universe, threat)
        assert not work_of(universe.merseyside_analyst, clock.today()).news
        (news,) = work_of(universe.merseyside_analyst, clock.today() + timedelta(days=1)).news
        assert news.text == f"{found.reference} counted in Pursue for Merseyside Police, no aim of its plan"


def test_a_form_with_a_null_character_is_refused_in_words_and_keeps_the_rest(universe, client_for, threat):
    client = client_for(universe.merseyside_analyst)
    answer = client.post(form_address(), answers(threat) | {"threat": "", "q": "Quay\x00 crew"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Null characters are not allowed." in page
    assert "Warrant at the safe house" in page
    assert made(universe) == []


def test_a_version_that_was_changed_says_so_and_quotes_what_was_typed():
    day = clock.now()

    def version(at, **fields):
        return Version({"because": "Imported"} | fields, at, 1, None, None, None, None)

    told = changes_of(
        [
            version(day, state="RECORDED", how_known="Nobody was seen."),
            version(day - timedelta(days=1), state="MODERATED", how_known="Two were seen."),
        ],
        WORDS,
        {1: "Force analyst"},
        until=None,
    )
    assert [each.title for each in told] == ["Changed, to be passed again", "Recorded"]
    assert told[0].lines == (
        "How we know: “Nobody was seen.”, before “Two were seen.”",
        "State: Recorded, before Moderated",
    )
