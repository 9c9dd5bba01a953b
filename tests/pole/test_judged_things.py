"""What people say of vehicles, phones, addresses and organisations: followed at once, held by every run, undone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fourfold.platform import clock
from fourfold.platform.audit.models import Entry
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import services
from fourfold.pole.models import ObjectRecord, ThingJudgement
from fourfold.pole.rules.identity import Verdict
from fourfold.pole.selectors import judged_things as selectors
from tests.pole.canonical import Batch
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


@pytest.mark.parametrize(
    ("code", "act"),
    [
        ("JT1", lambda u, f: apart(u.constable, f, "a")),
        ("JT2", lambda u, f: say(u.merseyside_analyst, f, "a", "phone")),
        ("JT4", lambda u, f: say(u.merseyside_analyst, f, "a", "b", Verdict.DIFFERENT)),
        ("JT5", lambda u, f: apart(u.merseyside_analyst, f, "a", "kia")),
        ("JU5", lambda u, f: apart(u.merseyside_analyst, f, "a", why=" ")),
        ("JU6", lambda u, f: apart(u.merseyside_analyst, f, "a", "b", "c")),
    ],
)
def test_what_is_refused(code: str, act: Any, cars: Any, found: Any, universe: Universe) -> None:
    with pytest.raises(RuleBroken) as refused:
        act(universe, found)
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
    records, before = found()
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
