"""The pages of judging: the queue, two records side by side, taking apart, withdrawing, proposing."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fourfold.platform.audit.models import Entry
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import rules
from fourfold.pole.models import PersonRecord
from fourfold.pole.selectors import identity
from tests.pole.canonical import Batch

pytestmark = pytest.mark.django_db
QUEUE = "/picture/review/"


@pytest.fixture
def people(publish, tmp_path, as_intake):
    """Four records that may be two people's, in three pairs; what a decision is worth differs."""
    batch = Batch(tmp_path / "b")
    batch.person("1", "John Smith", date(1990, 5, 1), postcode="L1 1AA", pnc_id="1990/0000001X")
    batch.person("2", "Jon Smith", date(1990, 5, 1), postcode="L1 1AB")
    batch.person("3", "Jack Smith", date(2012, 5, 1), postcode="L1 1AA")
    batch.person("4", "Jim Smith", date(1990, 5, 1))
    other = Batch(tmp_path / "g", force="gmp")
    other.person("g1", "Johnny Smith", date(1990, 5, 1), postcode="M1 1AA")
    groups = [("niche_tri", "1", 1), ("niche_tri", "2", 1), ("niche_tri", "3", 2), ("niche_tri", "4", 3)]
    groups.append(("policeworks_gmp", "g1", 4))
    pairs = [
        ("niche_tri", "1", "niche_tri", "2", 9.0, "LINKED"),
        ("niche_tri", "1", "niche_tri", "3", 4.0, "PROPOSED"),
        ("niche_tri", "3", "niche_tri", "4", 4.2, "PROPOSED"),
        ("niche_tri", "1", "policeworks_gmp", "g1", 2.0, "PROPOSED"),
    ]
    publish(batch, clusters=groups, edges=pairs)
    publish(other, source="policeworks_gmp", clusters=groups, edges=pairs)
    with as_intake():
        return {r.source_key: r.pk for r in PersonRecord.objects.all()}


def person_of(pk, as_intake):
    with as_intake():
        return rules.reference_of(PersonRecord.objects.get(pk=pk).person_id)


def text_of(answer, status=200):
    assert answer.status_code == status, answer
    return answer.content.decode()


def post(client, people, left, right, verdict, **more):
    return client.post(
        reverse("pole:pair", args=[people[left], people[right]]), {"verdict": verdict, "force": "all", "at": 0, **more}
    )


def test_the_queue_begins_with_the_pair_that_is_worth_most(reading, universe, people):
    page = text_of(reading(universe.merseyside_analyst).get(QUEUE))
    assert "Pair 1 of 3, the one that is worth most first" in page
    assert "Jack" in page, "1 and 3: three records would be one, against two for the likelier 3 and 4"
    with acting_as(universe.merseyside_analyst):
        worth = [each.worth for each in identity.waiting(reader=universe.merseyside_analyst)]
    assert worth == sorted(worth, reverse=True)
    assert worth[0] == pytest.approx(4.0 + 1.585, abs=0.01)


def test_somebody_in_a_threat_makes_a_pair_worth_more(universe, people, monkeypatch):
    monkeypatch.setitem(identity._stakes, "threats", lambda records: {people["g1"]: 2})
    with acting_as(universe.gmp_analyst):
        first, *_ = identity.waiting(reader=universe.gmp_analyst)
    assert {first.left_id, first.right_id} == {people["1"], people["g1"]}
    assert first.members == 2


def test_a_page_says_what_differs_what_was_weighed_and_what_would_follow(reading, universe, people, as_intake):
    address = reverse("pole:pair", args=[people["1"], people["3"]])
    page = text_of(reading(universe.merseyside_analyst).get(address))
    assert "<mark>Jack</mark> Smith" in page
    assert "1 May <mark>2012</mark>" in page
    assert "One only" in page
    one, other = person_of(people["1"], as_intake), person_of(people["3"], as_intake)
    assert (
        f"Saying that they are the same joins {one} (2 records) and {other} (1 record): one person with 3 records"
        in page
    )
    assert f"{other} is or may be under 18, and the other is not." in page
    assert "In all +4.0: a probability of" in page
    assert f'aria-label="{one} as 2 records, {other} as 1 record, and the line that would join them"' in page


def test_a_verdict_is_kept_and_the_next_pair_comes(reading, universe, people):
    client = reading(universe.merseyside_analyst)
    answer = post(client, people, "1", "3", "DIFFERENT", why="One is a child")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{QUEUE}?force=all&at=0")
    page = text_of(client.get(answer.headers["Location"]))
    assert "Recorded: different people." in page
    assert "Pair 1 of 2" in page
    with acting_as(universe.gmp_analyst):
        said = identity.standing_on(people["1"], people["3"])
    assert (said.verdict, said.why, said.by) == ("DIFFERENT", "One is a child", "Merseyside analyst")


def test_undo_takes_back_the_last_and_shows_that_pair_again(reading, universe, people):
    client = reading(universe.merseyside_analyst)
    post(client, people, "1", "3", "SAME")
    with acting_as(universe.merseyside_analyst):
        act = identity.standing_on(people["1"], people["3"]).act
    assert str(act) in text_of(client.get(f"{QUEUE}?force=all"))
    answer = client.post(reverse("pole:undo"), {"act": str(act), "force": "all", "at": 0})
    page = text_of(client.get(answer.headers["Location"]))
    assert "Undone. Nothing of it stands." in page
    assert "Jack" in page
    with acting_as(universe.merseyside_analyst):
        assert identity.standing_on(people["1"], people["3"]) is None
    again = client.post(reverse("pole:undo"), {"act": str(act), "force": "all", "at": 0}, follow=True)
    assert "This was withdrawn already" in text_of(again)


def test_what_somebody_else_said_since_is_not_undone_and_the_person_is_told(reading, universe, people):
    client, other = reading(universe.merseyside_analyst), reading(universe.gmp_analyst)
    post(client, people, "1", "g1", "UNSURE")
    with acting_as(universe.merseyside_analyst):
        act = identity.standing_on(people["1"], people["g1"]).act
    post(other, people, "1", "g1", "UNSURE")
    told = client.post(reverse("pole:undo"), {"act": str(act), "force": "all", "at": 0}, follow=True)
    assert "something else was said since" in text_of(told)


def test_nobody_undoes_what_somebody_else_said_by_the_key(reading, universe, people):
    post(reading(universe.gmp_analyst), people, "1", "g1", "SAME")
    with acting_as(universe.merseyside_analyst):
        act = identity.standing_on(people["1"], people["g1"]).act
    reading(universe.merseyside_analyst).post(reverse("pole:undo"), {"act": str(act), "force": "all", "at": 0})
    with acting_as(universe.merseyside_analyst):
        assert identity.standing_on(people["1"], people["g1"]) is not None


def test_a_contradiction_is_shown_with_what_was_typed_kept(reading, universe, people):
    post(reading(universe.gmp_analyst), people, "1", "g1", "DIFFERENT")
    answer = post(reading(universe.merseyside_analyst), people, "1", "g1", "SAME", why="Same scar on the left hand")
    page = text_of(answer, 422)
    assert "GMP analyst of GMP said on" in page
    assert "Same scar on the left hand" in page
    assert "Withdraw it" in page


def test_an_odd_verdict_or_a_judgement_of_nothing_is_refused(reading, universe, people):
    client = reading(universe.merseyside_analyst)
    assert post(client, people, "1", "3", "WITHDRAWN").status_code == 422
    assert client.post(reverse("pole:pair", args=[people["1"], people["1"]]), {"verdict": "SAME"}).status_code == 404
    assert client.get(reverse("pole:pair", args=[people["1"], 10**18])).status_code == 404
    for act in ("", "x", "00000000-0000-4000-8000-000000000000"):
        client.post(reverse("pole:undo"), {"act": act})
    assert client.get(f"{QUEUE}?at=99999999999999999999&force=nowhere").status_code == 200


def test_pairs_are_filtered_by_force_and_begin_with_the_own(reading, universe, people):
    page = text_of(reading(universe.gmp_analyst).get(QUEUE))
    assert "Pair 1 of 1" in page
    assert "Johnny" in page
    assert "Pair 1 of 3" in text_of(reading(universe.gmp_analyst).get(f"{QUEUE}?force=all"))
    assert "No pair waits" in text_of(reading(universe.gmp_analyst).get(f"{QUEUE}?force=cumbria"))
    assert "Pair 1 of 3" in text_of(reading(universe.nwrocu_analyst).get(QUEUE)), "the unit serves every force"


def test_who_may_not_judge_sees_no_buttons_and_no_queue(reading, universe, people, as_intake):
    client = reading(universe.merseyside_lro)
    assert client.get(QUEUE).status_code == 404
    page = text_of(client.get(reverse("pole:pair", args=[people["1"], people["3"]])))
    assert "Same person</button>" not in page
    assert 'name="verdict"' not in page
    assert post(client, people, "1", "3", "SAME").status_code == 404
    reference = person_of(people["1"], as_intake)
    page = text_of(client.get(reverse("pole:person", args=[reference])))
    assert "Take apart" not in page
    assert client.get(reverse("pole:take_apart", args=[reference])).status_code == 404
    page = text_of(reading(universe.merseyside_analyst).get(reverse("pole:person", args=[reference])))
    assert "Take apart" in page


def test_my_work_counts_the_pairs_that_the_page_lists(reading, universe, people):
    client = reading(universe.merseyside_analyst)
    page = text_of(client.get("/"))
    assert "pair reviews" in page
    with acting_as(universe.merseyside_analyst):
        assert identity.waiting_count(reader=universe.merseyside_analyst, force="merseyside") == 3
        assert len(identity.waiting(reader=universe.merseyside_analyst, force="merseyside")) == 3
    assert "pair reviews" not in text_of(reading(universe.merseyside_sro).get("/"))


def test_the_next_pair_costs_a_fixed_number_of_queries(reading, universe, people):
    client = reading(universe.merseyside_analyst)
    client.get(f"{QUEUE}?force=all")
    with CaptureQueriesContext(connection) as asked:
        client.get(f"{QUEUE}?force=all")
    assert len(asked) <= 28
    post(client, people, "1", "3", "UNSURE")
    client.get(f"{QUEUE}?force=all")
    with CaptureQueriesContext(connection) as again:
        client.get(f"{QUEUE}?force=all")
    assert len(again) == len(asked)


def test_reading_a_pair_is_in_the_ledger_with_both_people(reading, universe, people):
    reading(universe.merseyside_analyst).get(reverse("pole:pair", args=[people["1"], people["3"]]))
    with acting_as(universe.merseyside_analyst):
        entry = Entry.objects.filter(operation="CONSULTATION").latest("id")
    assert len(entry.details["people"]) == 2
    assert entry.reason_code == "INVESTIGATION"


def test_take_apart_undo_and_what_the_person_page_says(reading, universe, people, as_intake):
    client = reading(universe.merseyside_analyst)
    reference = person_of(people["1"], as_intake)
    address = reverse("pole:take_apart", args=[reference])
    page = text_of(client.get(address))
    assert "Jon Smith, Merseyside" in page
    assert "There is a problem" in text_of(client.post(address, {"why": "Twins"}), 422)
    answer = client.post(address, {"records": [people["2"]], "why": "Twins, one left-handed"})
    page = text_of(client.get(answer.headers["Location"]))
    assert "Twins, one left-handed" in page
    assert "Nothing that was said of the person while the records were together waits" in page
    assert person_of(people["2"], as_intake) != person_of(people["1"], as_intake) == reference
    why = text_of(client.get(f"{reverse('pole:person', args=[reference])}?part=why"))
    assert "Twins, one left-handed" in why
    assert "1 record taken out of" in why
    assert "Records that may be of the same person" in text_of(client.get(reverse("pole:person", args=[reference])))
    undone = client.post(answer.headers["Location"], {"act": "undo"})
    assert undone.status_code == 302
    assert person_of(people["2"], as_intake) == reference
    assert client.get(answer.headers["Location"]).status_code == 404


def test_withdrawing_asks_why_and_tells_whoever_said_it(reading, universe, people):
    post(reading(universe.gmp_analyst), people, "1", "g1", "SAME")
    with acting_as(universe.gmp_analyst):
        said = identity.standing_on(people["1"], people["g1"])
    client = reading(universe.merseyside_analyst)
    address = reverse("pole:withdraw", args=[said.pk])
    assert "GMP analyst of GMP said on" in text_of(client.get(address))
    assert "Enter why" in text_of(client.post(address, {"why": ""}), 422)
    answer = client.post(address, {"why": "Different fingerprints"})
    assert answer.headers["Location"] == reverse("pole:pair", args=said.pair)
    home = text_of(reading(universe.gmp_analyst).get("/"))
    assert "withdrew what you said of two records" in home
    assert "Different fingerprints" in home
    assert client.post(address, {"why": "Again"}).status_code == 422
    assert reading(universe.merseyside_lro).get(address).status_code == 404


def test_proposing_a_person_that_is_not_there_says_what_it_says_of_a_hidden_one(reading, universe, people, as_intake):
    client = reading(universe.merseyside_lro)
    address = reverse("pole:propose", args=[person_of(people["1"], as_intake)])
    for typed in ("P-9999999", "P-99999999999"):
        answer = text_of(client.post(address, {"reference": typed, "why": "Seen together"}), 422)
        assert "Nobody that you may see has this number" in answer
    assert "Enter a number such as" in text_of(client.post(address, {"reference": "Smith", "why": "x"}), 422)
    answer = client.post(address, {"reference": person_of(people["4"], as_intake), "why": "Same nickname"})
    assert answer.status_code == 302
    with acting_as(universe.merseyside_analyst):
        assert identity.standing_on(people["1"], people["4"]).why == "Same nickname"
    assert reading(universe.merseyside_sro).get(address).status_code == 404
