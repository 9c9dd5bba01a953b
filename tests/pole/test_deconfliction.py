"""A match between a record that others may not see and one that they may: its owner is told, and nobody else."""

import re
from datetime import date

import pytest
from django.urls import reverse

from fourfold.platform import clock
from fourfold.platform.audit.models import Entry
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import rules, services
from fourfold.pole.models import DeconflictionAnswer, IdentityEvent, Judgement, MatchEdge, Person, PersonRecord
from fourfold.pole.rules.identity import Answer, Verdict
from fourfold.pole.selectors import identity
from tests.pole.canonical import Batch

pytestmark = pytest.mark.django_db
LIST = "/picture/deconfliction/"
SECRETS = ("Hidden", "Johnny", "M9 9ZZ", "3 March 1991", "policeworks_gmp")


@pytest.fixture
def records(publish, tmp_path, as_intake):
    """Merseyside's man, whom a record that only Greater Manchester sees matches; and a wrong match of it beside him."""
    opened = Batch(tmp_path / "open")
    opened.person("1", "John Smith", date(1991, 5, 1), postcode="L1 1AA")
    opened.person("2", "Jack Smith", date(1992, 5, 1), postcode="L1 1AB")
    hidden = Batch(tmp_path / "hidden", force="gmp")
    hidden.person("h", "Johnny Hidden", date(1991, 3, 3), audience="OWN", postcode="M9 9ZZ")
    hidden.person("h2", "Jo Hidden", date(1991, 3, 3), audience="OWN")
    groups = [("niche_tri", "1", 1), ("niche_tri", "2", 2), ("policeworks_gmp", "h", 1), ("policeworks_gmp", "h2", 3)]
    edges = [
        ("niche_tri", "1", "policeworks_gmp", "h", 8.0, "LINKED"),
        ("niche_tri", "2", "policeworks_gmp", "h", 3.0, "PROPOSED"),
        ("policeworks_gmp", "h", "policeworks_gmp", "h2", 2.0, "PROPOSED"),
        ("niche_tri", "1", "niche_tri", "2", 1.0, "PROPOSED"),
    ]
    publish(opened, clusters=groups, edges=edges)
    publish(hidden, source="policeworks_gmp", clusters=groups, edges=edges)
    with as_intake():
        return {r.source_key: r.pk for r in PersonRecord.objects.all()}


def text_of(answer, status=200):
    assert answer.status_code == status, answer
    return answer.content.decode()


def one(records):
    return reverse("pole:notice", args=[records["h"], "merseyside"])


def test_the_owner_is_told_with_whom_to_ask(reading, universe, records):
    client = reading(universe.gmp_analyst)
    page = text_of(client.get(LIST))
    assert "Johnny Hidden" in page
    assert "Merseyside Police" in page
    assert "Jo Hidden" not in page, "a match within the force is no deconfliction"
    page = text_of(client.get(one(records)))
    assert "Merseyside intelligence manager" in page
    assert "intelligence_manager@merseyside.test" in page
    assert "Merseyside analyst" not in page
    assert "2 records that may be of the same person" in page
    assert "matches of restricted records" in text_of(client.get("/"))


def test_the_owner_answers_with_a_reason_and_it_waits_no_more(reading, universe, records):
    client = reading(universe.gmp_analyst)
    assert "There is a problem" in text_of(client.post(one(records), {"answer": "CONTACTED", "why": ""}), 422)
    assert client.post(one(records), {"answer": "NO_ACTION", "why": "Their man has died"}).status_code == 302
    page = text_of(client.get(LIST))
    assert "No match waits for an answer" in page
    assert "Their man has died" in page
    assert "matches of restricted records" not in text_of(client.get("/")).split("</nav>")[-1]
    with acting_as(universe.gmp_analyst):
        row = DeconflictionAnswer.objects.get()
        assert (row.answer, row.by, row.label.audience) == ("NO_ACTION", universe.gmp_analyst, "OWN")
        assert Entry.objects.filter(object_type="pole.deconflictionanswer", operation="ALTERATION").count() == 1


@pytest.mark.parametrize("who", ["merseyside_analyst", "merseyside_intelligence_manager", "nwrocu_analyst", "gmp_lro"])
def test_nobody_else_is_told(reading, universe, records, who):
    reader = universe.user(f"{who.split('_', 1)[1]}@{who.split('_', 1)[0]}.test")
    client = reading(reader)
    listed = client.get(LIST)
    assert listed.status_code == 404 or "Johnny" not in listed.content.decode()
    hidden, never = client.get(one(records)), client.get(reverse("pole:notice", args=[10**9, "merseyside"]))
    assert hidden.status_code == never.status_code == 404
    assert client.post(one(records), {"answer": "CONTACTED", "why": "x"}).status_code == 404
    with acting_as(reader):
        assert identity.notices(reader) == ()
        with pytest.raises((NotThere, RuleBroken)):
            services.answer_deconfliction(
                actor=reader,
                record=records["h"],
                organisation="merseyside",
                answer=Answer.CONTACTED,
                why="x",
                now=clock.now(),
            )


def pages_of_the_other_side(client, records, people):
    """Every page and answer that could show the match, the restricted record, or what was said of them."""
    addresses = ["/", "/picture/", "/search/?q=john+smith", "/search/?q=hidden", LIST, "/api/figures/measures"]
    addresses += [f"/picture/review/?force={force}" for force in ("all", "merseyside", "gmp")]
    addresses.append(reverse("pole:pair", args=[records["1"], records["2"]]))
    for key in ("1", "2"):
        person = reverse("pole:person", args=[people[key]])
        addresses += [f"{person}?part={part}" for part in ("overview", "records", "why", "events", "links")]
        addresses += [reverse("pole:person_record", args=[records[key]]), f"{person}take-apart/", f"{person}propose/"]
    found = {}
    for address in addresses:
        answer = client.get(address)
        found[address] = (answer.status_code, steady(text_of(answer)))
    for address in (
        reverse("pole:pair", args=[records["1"], records["h"]]),
        reverse("pole:person_record", args=[records["h"]]),
        one(records),
    ):
        found[address] = (client.get(address).status_code, "")
    return found


def steady(page):
    """A page without what differs between two looks at it: nonces, tokens, the moments of looking."""
    page = re.sub(r'nonce="[^"]*"|value="[A-Za-z0-9]{64}"', "", page)
    return re.sub(r"\d+:\d\d[ap]m|\d+ entries|\d+ to \d+ of \d+", "", page)


def test_the_other_side_sees_the_same_with_the_match_and_without_it(reading, universe, records, as_intake):
    """Two people: the one judges, answers, takes back; every page and count of the other stays as it was."""
    with as_intake():
        people = {r.source_key: rules.reference_of(r.person_id) for r in PersonRecord.objects.all()}
    theirs = reading(universe.merseyside_analyst)
    before = pages_of_the_other_side(theirs, records, people)
    for _, page in before.values():
        assert not [word for word in SECRETS if word in page.replace('value="gmp"', "")]
    ours = universe.gmp_analyst
    for left, right, verdict in (("2", "h", Verdict.UNSURE), ("1", "h", Verdict.DIFFERENT), ("h", "h2", Verdict.SAME)):
        with acting_as(ours):
            row = services.judge(
                actor=ours, left=records[left], right=records[right], verdict=verdict, now=clock.now(), why="Told"
            )
    with acting_as(ours):
        services.withdraw(actor=ours, judgement=row.pk, why="Not so", now=clock.now())
        services.judge(actor=ours, left=records["2"], right=records["h"], verdict=Verdict.SAME, now=clock.now())
    with acting_as(ours):
        services.answer_deconfliction(
            actor=ours,
            record=records["h"],
            organisation="merseyside",
            answer=Answer.CONTACTED,
            why="Rang them",
            now=clock.now(),
        )
    assert pages_of_the_other_side(theirs, records, people) == before
    for record in (f"pole.person:{rules.person_id_of(people['1'])}", f"pole.personrecord:{records['1']}", ""):
        assert "GMP analyst" not in text_of(theirs.get(reverse("audit:who_looked"), {"record": record}, follow=True))
    with acting_as(universe.merseyside_analyst):
        for model in (Judgement, IdentityEvent, DeconflictionAnswer):
            assert not model.objects.exists(), model
        assert MatchEdge.objects.count() == 1
        assert identity.waiting_count(reader=universe.merseyside_analyst) == 1
        (waiting,) = identity.waiting(reader=universe.merseyside_analyst)
        assert waiting.records == 2, "the restricted record counts for nothing"
    with acting_as(universe.merseyside_data_protection_officer):
        assert not Entry.objects.filter(actor=ours).exists()
    assert Person.objects.exists()


def test_a_join_past_a_hidden_contradiction_looks_like_any_other(reading, universe, records):
    """The owner said that the restricted record is not the second man; the other side joins both men all the same."""
    ours, theirs = universe.gmp_analyst, universe.merseyside_analyst
    with acting_as(ours):
        services.judge(actor=ours, left=records["2"], right=records["h"], verdict=Verdict.DIFFERENT, now=clock.now())
    answer = reading(theirs).post(
        reverse("pole:pair", args=[records["1"], records["2"]]), {"verdict": "SAME", "force": "all", "at": 0}
    )
    assert answer.status_code == 302
    with acting_as(theirs):
        event = IdentityEvent.objects.get()
        assert PersonRecord.objects.values("person_id").distinct().count() == 1
    with acting_as(ours):
        assert event in IdentityEvent.objects.all()
        apart = PersonRecord.objects.get(pk=records["h"]).person_id
        assert apart != PersonRecord.objects.get(pk=records["1"]).person_id, "the restricted record gave way"
