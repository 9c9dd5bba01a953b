"""The queue of vehicles, phones, addresses and organisations that may be one: ordered, judged by key, held, hidden."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fourfold.platform import clock
from fourfold.platform.audit.models import Entry
from fourfold.platform.errors import RuleBroken
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import services
from fourfold.pole.models import ObjectRecord, ThingJudgement
from fourfold.pole.rules.identity import Verdict
from fourfold.pole.selectors import asked_things, identity
from fourfold.pole.work import work_of
from tests.pole.canonical import Batch
from tests.pole.test_deconfliction import steady
from tests.pole.test_things import text_of
from tests.universe import Universe

pytestmark = pytest.mark.django_db
GMP = "policeworks_gmp"
QUEUE = "/picture/review/things/"


@pytest.fixture
def deliver(publish: Callable[..., Any], tmp_path: Path) -> Callable[..., dict[str, int]]:
    """Two numbers of one man a digit apart, a plate on two makes, a firm and its namesake; and a sealed number."""

    def delivered(universe: Universe, *, again: bool = False) -> dict[str, int]:
        ours = Batch(tmp_path / f"ours-{again}")
        ours.person("man", "John Smith")
        ours.thing("phone", "PHONE", "+447700900123")
        ours.link(("PERSON", "man"), "USES", ("OBJECT", "phone"))
        ours.thing("ford", "VEHICLE", "AB12CDE", make="Ford", colour="Blue")
        ours.thing("firm", "ORGANISATION", "Acme Ltd", detail={"company_number": "01234567", "postcode": "L1 1AA"})
        if again:
            ours.thing("ford2", "VEHICLE", "AB12CDE", make="Ford", colour="Blue")
        publish(ours, grouped=True)
        theirs = Batch(tmp_path / f"theirs-{again}", force="gmp")
        theirs.person("man", "John Smith")
        theirs.thing("phone", "PHONE", "+447700900132")
        theirs.link(("PERSON", "man"), "USES", ("OBJECT", "phone"))
        theirs.thing("kia", "VEHICLE", "AB12CDE", make="Kia", colour="Red")
        theirs.thing("kia2", "VEHICLE", "AB12CDE", make="Kia", colour="Red")
        theirs.thing("firm", "ORGANISATION", "Acme", detail={"company_number": "01234576", "postcode": "M1 1AA"})
        theirs.thing("sealed", "VEHICLE", "CD34EFG", make="Audi", colour="Sealed colour", audience="OWN")
        theirs.thing("seen", "VEHICLE", "CD34EFG", make="Saab", colour="Black")
        publish(theirs, source=GMP, grouped=True)
        with acting_as(universe.service("intake")):
            rows = ObjectRecord.objects.values_list("source", "source_key", "pk")
            return {f"{source[:1]} {key}": pk for source, key, pk in rows}

    return delivered


def asked(reader: Any, **given: str) -> list[tuple[int, int]]:
    with acting_as(reader):
        waiting = asked_things.waiting(reader=reader, **given)
        assert len(waiting) == asked_things.waiting_count(reader=reader, **given)
        return [(each.left_id, each.right_id) for each in waiting]


def pair(records: dict[str, int], one: str, other: str) -> tuple[int, int]:
    left, right = sorted((records[one], records[other]))
    return left, right


def address(both: tuple[int, int]) -> str:
    return reverse("pole:object_pair", args=both)


def test_what_is_likelier_and_would_join_more_comes_first_and_a_threat_before_it(
    deliver: Any, universe: Universe, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = deliver(universe)
    phones, plates, firms = (
        pair(records, "n phone", "p phone"),
        pair(records, "n ford", "p kia"),
        pair(records, "n firm", "p firm"),
    )
    reader = universe.merseyside_analyst
    assert asked(reader) == [phones, firms, plates], "of two cars one pair waits"
    assert asked(reader, kind="VEHICLE") == [plates]
    assert asked(reader, kind="ADDRESS") == []
    assert asked(reader, force="cumbria") == []
    with acting_as(universe.service("intake")):
        linked = ObjectRecord.objects.get(pk=records["n ford"])
    monkeypatch.setattr(asked_things, "threats_of", lambda end_kind, things: {linked.thing_id: 1})
    assert asked(reader)[0] == phones
    assert asked(reader)[1] == plates
    with acting_as(reader):
        first = asked_things.waiting(reader=reader, kind="VEHICLE")[0]
    assert (first.members, first.records, first.worth) == (1, 3, pytest.approx(-3 + 1.585 + 4, abs=0.01))


def test_the_people_of_a_thing_who_are_in_threats_make_it_worth_more(
    deliver: Any, universe: Universe, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(universe)
    monkeypatch.setitem(identity._stakes, "threats", lambda records: dict.fromkeys(records, 1))
    with acting_as(universe.merseyside_analyst):
        (first,) = asked_things.waiting(reader=universe.merseyside_analyst, kind="PHONE")
    assert first.members == 2


def test_a_verdict_holds_through_later_runs_and_nobody_is_asked_again(deliver: Any, universe: Universe) -> None:
    records = deliver(universe)
    reader = universe.merseyside_analyst

    def say(both: tuple[int, int], verdict: Verdict, actor: Any = reader) -> ThingJudgement:
        with acting_as(actor):
            return services.judge_things(
                actor=actor, end_kind="OBJECT", left=both[0], right=both[1], verdict=verdict, now=clock.now()
            )

    phones, firms, plates = asked(reader)
    row = say(phones, Verdict.SAME)
    assert row.why.startswith("From what was compared: One digit differs"), "what was compared stands in for a reason"
    say(plates, Verdict.DIFFERENT)
    say(firms, Verdict.UNSURE)
    assert asked(reader) == []
    assert firms in asked(universe.gmp_analyst), "who is unsure leaves it to somebody else"
    with pytest.raises(RuleBroken, match="cannot be told from what is recorded already"):
        say(firms, Verdict.UNSURE)
    say(firms, Verdict.DIFFERENT, universe.gmp_analyst)
    deliver(universe, again=True)
    assert asked(reader) == [], "nor of a later record of a car that somebody said is another"
    with acting_as(universe.service("intake")):
        things = dict(ObjectRecord.objects.values_list("pk", "thing_id"))
    assert things[phones[0]] == things[phones[1]]
    assert things[records["n ford"]] != things[records["p kia"]]


def test_a_pair_with_a_hidden_record_is_for_its_readers_alone(
    deliver: Any, reading: Callable[..., Any], universe: Universe
) -> None:
    records = deliver(universe)
    hidden = pair(records, "p sealed", "p seen")
    assert hidden in asked(universe.gmp_analyst)
    assert hidden not in asked(universe.merseyside_analyst)
    ours = reading(universe.merseyside_analyst)
    pages = [text_of(ours.get(f"{QUEUE}?force=all&at={at}")) for at in range(3)]
    assert all(f"Pair {at + 1} of 3" in page for at, page in enumerate(pages))
    assert not any("sealed" in page.lower() for page in pages)
    assert ours.get(address(hidden)).status_code == 404
    assert "Pair 1 of 4" in text_of(reading(universe.gmp_analyst).get(f"{QUEUE}?force=all"))


def test_what_is_said_and_done_about_a_hidden_record_changes_no_page_of_the_other_side(
    deliver: Any, reading: Callable[..., Any], universe: Universe
) -> None:
    records = deliver(universe)
    hidden = pair(records, "p sealed", "p seen")
    ours, client = universe.gmp_analyst, reading(universe.merseyside_analyst)
    addresses = ["/", QUEUE, f"{QUEUE}?force=all", f"{QUEUE}?force=all&at=2", f"{QUEUE}?kind=VEHICLE&force=gmp"]
    addresses += [reverse("pole:object", args=[records[key]]) for key in ("n ford", "p kia", "p seen")]
    addresses += [reverse("pole:deconfliction"), "/search/?q=CD34EFG", address(pair(records, "n ford", "p seen"))]

    def pages() -> list[str]:
        return [steady(text_of(client.get(each))) for each in addresses]

    before = pages()
    for verdict in (Verdict.UNSURE, Verdict.SAME):
        with acting_as(ours):
            row = services.judge_things(
                actor=ours, end_kind="OBJECT", left=hidden[0], right=hidden[1], verdict=verdict, now=clock.now()
            )
        assert pages() == before
    with acting_as(ours):
        services.undo_of_things(actor=ours, act=row.act, why="Not so", now=clock.now())
        services.judge_things(
            actor=ours, end_kind="OBJECT", left=hidden[0], right=hidden[1], verdict=Verdict.DIFFERENT, now=clock.now()
        )
    assert pages() == before
    assert "sealed" not in "".join(before).lower()


def test_pairs_are_looked_at_judged_and_undone_from_the_queue(
    deliver: Any, reading: Callable[..., Any], universe: Universe
) -> None:
    deliver(universe)
    reader = universe.merseyside_analyst
    phones, _, plates = asked(reader)
    client = reading(reader)
    page = text_of(client.get(f"{QUEUE}?force=all"))
    assert "Pair 1 of 3, the one that is worth most first" in page
    assert "+447700900<mark>1</mark>" in page or "+4477009001<mark>" in page
    assert "One digit differs, is missing or changed places with the next" in page
    assert "John Smith" in page, "whom both are recorded with stands beside the numbers"
    assert "one phone with 2 records from 2 forces" in page
    assert 'data-key="S"' in page
    with acting_as(reader):
        entry = Entry.objects.filter(operation="CONSULTATION", actor=reader).latest("id")
        assert (entry.details["records"], len(entry.details["people"])) == (sorted(phones), 2)
    answer = client.post(address(phones), {"verdict": "SAME", "why": "", "kind": "all", "force": "all", "at": "0"})
    assert answer.url == f"{QUEUE}?kind=all&force=all&at=0"
    page = text_of(client.get(answer.url))
    assert "Recorded: the two are the same phone." in page
    assert "Pair 1 of 2" in page
    with acting_as(reader):
        said = ThingJudgement.objects.latest("pk")
    undone = client.post(reverse("pole:thing_undo"), {"act": said.act, "kind": "all", "force": "all", "at": "0"})
    assert undone.url.startswith(address(phones))
    assert "Undone. Nothing of it stands." in text_of(client.get(undone.url))
    assert asked(reader)[0] == phones
    again = client.post(reverse("pole:thing_undo"), {"act": said.act})
    assert "This was withdrawn already" in text_of(client.get(again.url))
    answer = client.post(address(plates), {"verdict": "UNSURE", "why": "Two photographs are missing"})
    assert answer.url == f"/object/{plates[0]}/", "who came from the thing goes back to it"


def test_what_somebody_else_said_since_is_not_undone_and_the_person_is_told(
    deliver: Any, reading: Callable[..., Any], universe: Universe
) -> None:
    deliver(universe)
    phones, *_ = asked(universe.merseyside_analyst)
    clients = [reading(user) for user in (universe.merseyside_analyst, universe.gmp_analyst)]
    for client in clients:
        client.post(address(phones), {"verdict": "UNSURE", "why": "", "at": "0"})
    with acting_as(universe.merseyside_analyst):
        said = ThingJudgement.objects.earliest("pk")
    told = clients[0].post(reverse("pole:thing_undo"), {"act": said.act, "kind": "all", "force": "all", "at": "0"})
    assert told.url == f"{QUEUE}?kind=all&force=all&at=0"
    assert "something else was said since" in text_of(clients[0].get(told.url))
    assert "Take it back" not in text_of(clients[0].get(reverse("pole:thing_step", args=[said.act])))


def test_two_restricted_records_of_other_readers_are_not_asked_about(
    publish: Callable[..., Any], universe: Universe, tmp_path: Path
) -> None:
    """They may never be joined, so that nobody is asked; of one label they may."""
    batch = Batch(tmp_path / "b", force="gmp")
    for key, make, marking in (("a", "Ford", "OFFICIAL"), ("b", "Kia", None), ("c", "Saab", None)):
        marked = {"marking": marking} if marking else {}
        batch.thing(key, "VEHICLE", "AB12CDE", make=make, colour="Blue", audience="OWN", **marked)
    publish(batch, source=GMP, grouped=True)
    with acting_as(universe.service("intake")):
        keys = dict(ObjectRecord.objects.values_list("pk", "source_key"))
    found = [{keys[left], keys[right]} for left, right in asked(universe.gmp_analyst)]
    assert {"b", "c"} in found
    assert all("a" not in both for both in found)


def test_the_queue_is_for_judges_says_when_nothing_waits_and_stands_on_my_work(
    deliver: Any, reading: Callable[..., Any], universe: Universe
) -> None:
    reader = universe.merseyside_analyst
    client = reading(reader)
    page = text_of(client.get(QUEUE))
    assert "No pair waits" in page
    assert "one vehicle, phone, address or organisation" in page
    deliver(universe)
    with acting_as(reader):
        figures = work_of(reader, clock.today()).waiting
    assert ("pair reviews of things", 3) in [(each.label, each.number) for each in figures]
    assert reading(universe.merseyside_sio).get(QUEUE).status_code == 404
    client.get(f"{QUEUE}?force=all")
    with CaptureQueriesContext(connection) as queries:
        client.get(f"{QUEUE}?force=all")
    assert len(queries) <= 40
    _, plates, _ = asked(reader)
    client.post(address(plates), {"verdict": "UNSURE", "why": "", "at": "0"})
    client.get(f"{QUEUE}?force=all")
    with CaptureQueriesContext(connection) as fewer:
        client.get(f"{QUEUE}?force=all")
    assert len(fewer) == len(queries)


def test_a_pair_of_which_no_rule_says_anything_wants_a_reason(
    deliver: Any, reading: Callable[..., Any], universe: Universe
) -> None:
    records = deliver(universe)
    both = pair(records, "n ford", "p seen")
    client = reading(universe.merseyside_analyst)
    assert "No rule says anything of these two" in text_of(client.get(address(both)))
    refused = client.post(address(both), {"verdict": "SAME", "why": ""})
    assert refused.status_code == 422
    assert "Say why, so that the next person can weigh it" in refused.content.decode()
