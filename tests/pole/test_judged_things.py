"""What people say of vehicles, phones, addresses and organisations: followed at once, held by every run, undone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from fourfold.platform import clock
from fourfold.platform.audit.models import Entry
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.visibility.scope import acting_as
from fourfold.platform.visibility.services import make_compartment
from fourfold.pole import services
from fourfold.pole.models import LocationRecord, ObjectRecord, ThingDeconflictionAnswer, ThingJudgement
from fourfold.pole.rules.identity import Answer, Verdict
from fourfold.pole.selectors import judged_things as selectors
from fourfold.pole.work import work_of
from tests.pole.canonical import Batch
from tests.pole.test_things import text_of
from tests.universe import Universe

pytestmark = pytest.mark.django_db
TRI, GMP = "niche_tri", "policeworks_gmp"
WHY = "The keeper showed us both cars"


@pytest.fixture
def cars(publish: Callable[..., Any], tmp_path: Path) -> Callable[..., None]:
    """Three blue Fords and a Kia of one plate from two forces, and a restricted record of theirs."""

    def delivered(*, more: bool = False) -> None:
        ours = Batch(tmp_path / f"ours-{more}")
        for key in ("a", "b", *(("later",) if more else ())):
            ours.thing(key, "VEHICLE", "AB12CDE", make="Ford", colour="Blue")
        ours.thing("phone", "PHONE", "+447700900001")
        publish(ours, grouped=True)
        theirs = Batch(tmp_path / f"theirs-{more}", force="gmp")
        theirs.thing("c", "VEHICLE", "AB12CDE", make="Ford", colour="Navy blue")
        theirs.thing("kia", "VEHICLE", "AB12CDE", make="Kia", colour="Red")
        theirs.thing("sealed", "VEHICLE", "AB12CDE", make="Ford", colour="Sealed colour", audience="OWN")
        publish(theirs, source=GMP, grouped=True)

    delivered()
    return delivered


@pytest.fixture
def found(as_intake: Callable[[], Any]) -> Callable[[], tuple[dict[str, int], dict[str, int | None]]]:
    """Records and the things they are of, by source key."""

    def now() -> tuple[dict[str, int], dict[str, int | None]]:
        with as_intake():
            rows = list(ObjectRecord.objects.values_list("source_key", "pk", "thing_id"))
        return {key: pk for key, pk, _ in rows}, {key: thing for key, _, thing in rows}

    return now


def together(found: Any) -> list[str]:
    of_each: dict[int, set[str]] = {}
    for key, thing in found()[1].items():
        of_each.setdefault(thing, set()).add(key)
    return sorted(" ".join(sorted(keys)) for keys in of_each.values())


def apart(actor: Any, found: Any, *keys: str, why: str = WHY) -> Any:
    records, _ = found()
    with acting_as(actor):
        return services.take_things_apart(
            actor=actor,
            end_kind="OBJECT",
            record=records[keys[0]],
            records=[records[key] for key in keys],
            why=why,
            now=clock.now(),
        )


def say(actor: Any, found: Any, left: str, right: str, verdict: Verdict = Verdict.SAME) -> ThingJudgement:
    records, _ = found()
    with acting_as(actor):
        return services.judge_things(
            actor=actor,
            end_kind="OBJECT",
            left=records[left],
            right=records[right],
            verdict=verdict,
            why=WHY,
            now=clock.now(),
        )


def undo(actor: Any, act: Any) -> None:
    with acting_as(actor):
        services.undo_of_things(actor=actor, act=act, why="The notes were of another day", now=clock.now())


ONE = ["a b c sealed", "kia", "phone"]


def test_taking_apart_follows_at_once_holds_through_a_run_and_is_undone(
    cars: Any, found: Any, universe: Universe
) -> None:
    assert together(found) == ONE
    _, before = found()
    act = apart(universe.merseyside_analyst, found, "a")
    assert together(found) == ["a", "b c sealed", "kia", "phone"]
    _, after = found()
    assert after["b"] == before["b"], "the larger share keeps the number"
    cars(more=True)
    assert together(found) == ["a", "b c later sealed", "kia", "phone"], "a new record goes with the larger side"
    assert found()[1]["a"] == after["a"]
    undo(universe.gmp_analyst, act)
    assert together(found) == ["a b c later sealed", "kia", "phone"]
    assert found()[1]["a"] == before["a"]
    cars(more=True)
    assert together(found) == ["a b c later sealed", "kia", "phone"]


def test_saying_same_stands_above_the_rule_that_keeps_them_apart(cars: Any, found: Any, universe: Universe) -> None:
    _, before = found()
    row = say(universe.merseyside_analyst, found, "a", "kia")
    assert row.evidence["code"] == "make_differs"
    assert together(found) == ["a b c kia sealed", "phone"]
    cars(more=True)
    assert together(found) == ["a b c kia later sealed", "phone"]
    undo(universe.merseyside_analyst, row.act)
    assert together(found) == ["a b c later sealed", "kia", "phone"]
    assert found()[1]["kia"] == before["kia"], "it takes back the number that it had"


def test_what_joins_across_forces_is_in_the_ledger_with_why(cars: Any, found: Any, universe: Universe) -> None:
    row = say(universe.merseyside_analyst, found, "a", "kia")
    with acting_as(universe.merseyside_analyst):
        entry = Entry.objects.get(operation="COMBINATION", actor=universe.merseyside_analyst)
        assert (entry.object_type, entry.details["change"], entry.details["why"]) == ("pole.thing", "JOINED", WHY)
        assert (entry.details["owners"], entry.details["judgements"]) == (["gmp", "merseyside"], [row.pk])


def test_what_is_refused(cars: Any, found: Any, universe: Universe) -> None:
    actor = universe.merseyside_analyst
    for code, act in (
        ("JT1", lambda: apart(universe.merseyside_sio, found, "a")),
        ("JT2", lambda: say(actor, found, "a", "phone")),
        ("JT4", lambda: say(actor, found, "a", "b", Verdict.DIFFERENT)),
        ("JT5", lambda: apart(actor, found, "a", "kia")),
        ("JU5", lambda: apart(actor, found, "a", why=" ")),
        ("JU6", lambda: apart(actor, found, "a", "b", "c")),
    ):
        with pytest.raises(RuleBroken) as refused:
            act()
        assert refused.value.code == code
    assert together(found) == ONE


def test_a_word_against_a_word_says_whose_it_is(cars: Any, found: Any, universe: Universe) -> None:
    say(universe.merseyside_analyst, found, "a", "kia")
    with pytest.raises(RuleBroken) as refused:
        apart(universe.gmp_analyst, found, "kia")
    assert refused.value.code == "JU3"
    assert f"{universe.merseyside_analyst.name} of" in refused.value.sentence
    assert "are the same vehicle" in refused.value.sentence
    with pytest.raises(RuleBroken) as refused:
        say(universe.gmp_analyst, found, "a", "kia")
    assert refused.value.code == "JU10"


def test_a_restricted_record_gives_way_and_what_is_said_of_it_is_for_its_readers(
    cars: Any, found: Any, universe: Universe
) -> None:
    _, before = found()
    act = apart(universe.gmp_analyst, found, "sealed")
    assert together(found) == ["a b c", "kia", "phone", "sealed"]
    assert found()[1]["a"] == before["a"]
    with acting_as(universe.merseyside_analyst):
        assert not ThingJudgement.objects.exists()
        with pytest.raises(NotThere):
            selectors.step(act)
        assert not Entry.objects.filter(operation="COMBINATION", actor=universe.gmp_analyst).exists()
    with pytest.raises(NotThere):
        say(universe.merseyside_analyst, found, "kia", "sealed")
    say(universe.gmp_analyst, found, "kia", "sealed")
    assert together(found) == ["a b c", "kia sealed", "phone"]
    cars(more=True)
    assert together(found) == ["a b c later", "kia sealed", "phone"]
    apart(universe.merseyside_analyst, found, "a")
    assert together(found) == ["a", "b c later", "kia sealed", "phone"]


def test_a_judgement_becomes_as_narrow_as_its_record(
    cars: Any, found: Any, publish: Callable[..., Any], universe: Universe, tmp_path: Path
) -> None:
    row = say(universe.merseyside_analyst, found, "a", "kia")
    theirs = Batch(tmp_path / "narrow", force="gmp")
    theirs.thing("kia", "VEHICLE", "AB12CDE", make="Kia", colour="Red", audience="OWN")
    publish(theirs, source=GMP, grouped=True)
    with acting_as(universe.merseyside_analyst):
        assert not ThingJudgement.objects.filter(pk=row.pk).exists()
    with acting_as(universe.gmp_analyst):
        assert ThingJudgement.objects.filter(pk=row.pk).exists()


# Pages ------------------------------------------------------------------------------------------------------------


def test_an_analyst_takes_a_car_apart_and_puts_it_together_again_from_its_page(
    cars: Any, found: Any, reading: Callable[..., Any], universe: Universe
) -> None:
    records, before = found()
    client = reading(universe.merseyside_analyst)
    page = text_of(client.get(reverse("pole:object", args=[records["a"]])))
    form = reverse("pole:object_take_apart", args=[records["a"]])
    assert f'href="{form}"' in page
    asked = text_of(client.get(form))
    assert "Records of another vehicle" in asked
    assert "Sealed colour" not in asked
    refused = client.post(form, {"records": [records["a"]], "why": ""})
    assert refused.status_code == 422
    answer = client.post(form, {"records": [records["a"]], "why": WHY})
    said = text_of(client.get(answer.url))
    assert "Taken apart" in said
    assert WHY in said
    page = text_of(client.get(reverse("pole:object", args=[records["b"]])))
    assert "What people said of these records" in page
    assert answer.url in page
    assert "May be the same" not in page, "nobody is asked again what was answered"
    done = client.post(answer.url, {"why": "The notes were of another day"})
    assert done.status_code == 302
    assert found()[1] == before
    assert "It was taken back since" in text_of(client.get(answer.url))
    assert "Withdrawn" in text_of(client.get(reverse("pole:object", args=[records["b"]])))


def test_two_cars_are_compared_by_number_and_said_to_be_one(
    cars: Any, found: Any, reading: Callable[..., Any], universe: Universe
) -> None:
    records, things = found()
    client = reading(universe.gmp_analyst)
    form = reverse("pole:object_compare", args=[records["a"]])
    for typed, sentence in (
        (f"V-{things['a']:07d}", "This is the number of the vehicle itself"),
        (f"T-{things['phone']:07d}", "No vehicle that you may see has this number"),
        ("V-9999999", "No vehicle that you may see has this number"),
    ):
        refused = client.post(form, {"reference": typed})
        assert refused.status_code == 422
        assert sentence in refused.content.decode()
    pair = client.post(form, {"reference": f"V-{things['kia']:07d}"}).url
    page = text_of(client.get(pair))
    assert "The plate is the same but the makes differ" in page
    assert f"/and/{records['kia']}/" in text_of(client.get(reverse("pole:object", args=[records["a"]])))
    answer = client.post(pair, {"verdict": "SAME", "why": WHY})
    assert answer.status_code == 302
    assert together(found) == ["a b c kia sealed", "phone"]
    again = client.post(pair, {"verdict": "SAME", "why": WHY})
    assert "are the same vehicle already" in again.content.decode()


def test_nobody_learns_of_a_hidden_record_and_only_judges_are_asked(
    cars: Any, found: Any, reading: Callable[..., Any], universe: Universe
) -> None:
    records, _ = found()
    act = apart(universe.gmp_analyst, found, "sealed")
    ours = reading(universe.merseyside_analyst)
    nowhere = records["a"] + 10_000
    for name, hidden, none in (
        ("pole:object_pair", [records["a"], records["sealed"]], [records["a"], nowhere]),
        ("pole:object_take_apart", [records["sealed"]], [nowhere]),
        ("pole:object_compare", [records["sealed"]], [nowhere]),
        ("pole:thing_step", [act], ["00000000-0000-4000-8000-000000000000"]),
    ):
        one, other = (ours.get(reverse(name, args=args)) for args in (hidden, none))
        assert one.status_code == other.status_code == 404
    number = found()[1]["sealed"]
    refused = ours.post(reverse("pole:object_compare", args=[records["a"]]), {"reference": f"V-{number:07d}"})
    assert "No vehicle that you may see has this number" in refused.content.decode()
    assert "What people said" not in text_of(ours.get(reverse("pole:object", args=[records["a"]])))
    theirs = reading(universe.gmp_analyst)
    assert "What people said" in text_of(theirs.get(reverse("pole:object", args=[records["a"]])))
    other = reading(universe.merseyside_sio)
    page = text_of(other.get(reverse("pole:object", args=[records["a"]])))
    assert "Take apart" not in page
    assert "Compare" not in page
    assert other.get(reverse("pole:object_take_apart", args=[records["a"]])).status_code == 404


def test_whoever_said_it_is_told_that_it_was_taken_back(cars: Any, found: Any, universe: Universe) -> None:
    actor = universe.merseyside_analyst
    act = apart(actor, found, "a")
    undo(universe.gmp_analyst, act)
    with acting_as(actor):
        (news,) = work_of(actor, clock.today()).news
    assert news.text.startswith(f"{universe.gmp_analyst.name} withdrew")


def test_an_address_is_taken_apart_on_its_own_page(
    publish: Callable[..., Any], reading: Callable[..., Any], universe: Universe, tmp_path: Path, as_intake: Any
) -> None:
    for number, (source, force) in enumerate(((TRI, "merseyside"), (GMP, "gmp"))):
        batch = Batch(tmp_path / source, force=force)
        batch.place(f"h{number}", ("12 Mill Road, Bootle", "12 Mill Rd, Bootle")[number], "L20 1AA")
        publish(batch, source=source, grouped=True)
    with as_intake():
        one, other = LocationRecord.objects.order_by("source_key")
        assert one.thing_id == other.thing_id
    client = reading(universe.merseyside_analyst)
    answer = client.post(reverse("pole:place_take_apart", args=[one.pk]), {"records": [other.pk], "why": WHY})
    assert answer.status_code == 302
    with as_intake():
        one, other = LocationRecord.objects.order_by("source_key")
        assert one.thing_id != other.thing_id
        assert other.thing.kind == "ADDRESS"
    assert "Different addresses" in text_of(client.get(reverse("pole:place", args=[one.pk])))


def test_the_owner_of_a_restricted_record_is_told_of_its_match_and_nobody_else(
    cars: Any, found: Any, reading: Callable[..., Any], universe: Universe
) -> None:
    told = reading(universe.gmp_analyst)
    page = text_of(told.get(reverse("pole:deconfliction")))
    assert "policeworks_gmp sealed" in page
    assert "Merseyside Police" in page
    assert "make, model and colour do not speak against it" in page
    ours = text_of(reading(universe.merseyside_analyst).get(reverse("pole:deconfliction")))
    assert "sealed" not in ours
    assert "No restricted record of a thing matches" in ours
    apart(universe.gmp_analyst, found, "sealed")
    assert "policeworks_gmp sealed" not in text_of(told.get(reverse("pole:deconfliction"))), "it is sorted out"


def test_the_owner_of_a_restricted_car_answers_and_nobody_else_learns_of_it(
    cars: Any, found: Any, reading: Callable[..., Any], universe: Universe
) -> None:
    records, _ = found()
    notice = reverse("pole:object_notice", args=[records["sealed"], "merseyside"])
    told = reading(universe.gmp_analyst)
    listed = text_of(told.get(reverse("pole:deconfliction")))
    assert f'href="{notice}"' in listed
    assert "matches of restricted records" in text_of(told.get("/"))
    page = text_of(told.get(notice))
    assert "intelligence_manager@merseyside.test" in page
    assert "2 records that may be of the same vehicle" in page
    compared = reverse("pole:object_pair", args=[records["sealed"], records["a"]])
    assert f'href="{compared}"' in page
    assert told.post(notice, {"answer": "CONTACTED", "why": ""}).status_code == 422
    assert told.post(notice, {"answer": "CONTACTED", "why": "Rang their desk"}).status_code == 302
    listed = text_of(told.get(reverse("pole:deconfliction")))
    assert "or all are answered" in listed
    assert "Rang their desk" in listed
    assert "matches of restricted records" not in text_of(told.get("/")).split("</nav>")[-1]
    with acting_as(universe.gmp_analyst):
        row = ThingDeconflictionAnswer.objects.get()
        assert (row.answer, row.by, row.label.audience) == ("CONTACTED", universe.gmp_analyst, "OWN")
        assert Entry.objects.filter(object_type="pole.thingdeconflictionanswer", operation="ALTERATION").count() == 1
    ours = reading(universe.merseyside_analyst)
    nowhere = reverse("pole:object_notice", args=[records["a"] + 10_000, "merseyside"])
    assert ours.get(notice).status_code == ours.get(nowhere).status_code == 404
    assert ours.post(notice, {"answer": "NO_ACTION", "why": "x"}).status_code == 404
    assert told.get(reverse("pole:place_notice", args=[records["sealed"], "merseyside"])).status_code == 404
    with acting_as(universe.merseyside_analyst):
        assert not ThingDeconflictionAnswer.objects.exists()
        assert not Entry.objects.filter(actor=universe.gmp_analyst, operation="ALTERATION").exists()


def test_what_was_done_about_a_car_becomes_as_narrow_as_its_record(
    cars: Any, found: Any, publish: Callable[..., Any], universe: Universe, tmp_path: Path
) -> None:
    ours, (records, _) = universe.gmp_analyst, found()
    with acting_as(ours):
        services.answer_deconfliction(
            actor=ours,
            end_kind="OBJECT",
            record=records["sealed"],
            organisation="merseyside",
            answer=Answer.NO_ACTION,
            why="Their car was crushed",
            now=clock.now(),
        )
    make_compartment(code="GMP-ROOM", name="A room", owner=universe.organisation("gmp"))
    later = Batch(tmp_path / "narrower", force="gmp")
    later.thing("sealed", "VEHICLE", "AB12CDE", make="Ford", audience="OWN", compartment="GMP-ROOM")
    publish(later, source=GMP, grouped=True)
    with acting_as(ours):
        assert not ThingDeconflictionAnswer.objects.exists()
