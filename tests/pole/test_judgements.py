"""What people say of identity: what follows at once, what is refused, what nobody learns."""

from datetime import UTC, date, datetime

import pytest

from fourfold.platform import clock
from fourfold.platform.audit.models import Entry
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import selectors, services
from fourfold.pole.models import IdentityEvent, Judgement, PersonRecord
from fourfold.pole.rules.identity import Verdict
from fourfold.pole.selectors import identity
from tests.pole.canonical import Batch

pytestmark = pytest.mark.django_db
SAME, DIFFERENT, UNSURE, PROPOSED = Verdict.SAME, Verdict.DIFFERENT, Verdict.UNSURE, Verdict.PROPOSED
TRI, GMP = "niche_tri", "policeworks_gmp"


@pytest.fixture
def publish_people(publish, tmp_path):
    """Publish people of two forces, in the groups and with the matches that a run would give."""
    count = iter(range(1, 100))

    def published(groups, pairs, *, hidden=()):
        folder = tmp_path / str(next(count))
        tri, gmp = Batch(folder / "tri"), Batch(folder / "gmp", force="gmp")
        for key, _ in groups:
            audience = "OWN" if key in hidden else "REGION"
            (gmp if key.startswith("g") else tri).person(key, f"John {key} Smith", date(1990, 5, 1), audience=audience)
        rows = [(GMP if key.startswith("g") else TRI, key, number) for key, number in groups]
        edges = [
            (GMP if a.startswith("g") else TRI, a, GMP if b.startswith("g") else TRI, b, weight, band)
            for a, b, weight, band in pairs
        ]
        publish(tri, clusters=rows, edges=edges)
        publish(gmp, source=GMP, clusters=rows, edges=edges)

    return published


@pytest.fixture
def found(as_intake):
    """Records and the people they are of, by source key."""

    def now():
        with as_intake():
            rows = PersonRecord.objects.values_list("source_key", "pk", "person_id")
            return {key: pk for key, pk, _ in rows}, {key: person for key, _, person in rows}

    return now


@pytest.fixture
def say(found):
    """Judge two records by their source keys."""

    def said(actor, left, right, verdict, why=""):
        records, _ = found()
        with acting_as(actor):
            return services.judge(
                actor=actor, left=records[left], right=records[right], verdict=verdict, why=why, now=clock.now()
            )

    return said


def people(found):
    """Who is together, as sets of source keys."""
    _, persons = found()
    together = {}
    for key, person in persons.items():
        together.setdefault(person, set()).add(key)
    return sorted(map(sorted, together.values()))


TWO = [("1", 1), ("2", 1), ("3", 1), ("g1", 2), ("g2", 2)]
TIES = [("1", "2", 9.0, "LINKED"), ("2", "3", 7.0, "LINKED"), ("g1", "g2", 8.0, "LINKED"), ("1", "g1", 3.0, "PROPOSED")]


def test_saying_same_joins_at_once_and_the_larger_share_keeps_its_number(publish_people, found, say, universe):
    publish_people(TWO, TIES)
    _, before = found()
    row = say(universe.merseyside_analyst, "1", "g1", SAME)
    _, after = found()
    assert set(after.values()) == {before["1"]}
    with acting_as(universe.gmp_analyst):
        assert selectors.person_now(before["g1"]) == before["1"], "the old number leads to the new"
        (event,) = IdentityEvent.objects.all()
        assert (event.change, event.was_id, event.into_id) == ("JOINED", before["g1"], before["1"])
        assert (event.by, event.act) == (universe.merseyside_analyst, row.act)
    assert row.evidence["match_weight"] == 3.0
    assert row.why.startswith("From what was compared: For it: Same forename and surname; Born on the same day")


def test_joining_across_forces_is_noted_as_a_combination(publish_people, found, say, universe):
    publish_people(TWO, TIES)
    _, before = found()
    say(universe.merseyside_analyst, "1", "g1", SAME, "Same tattoo")
    with acting_as(universe.merseyside_analyst):
        entry = Entry.objects.get(operation="COMBINATION", actor=universe.merseyside_analyst)
    assert (entry.object_type, entry.object_id) == ("pole.person", str(before["1"]))
    assert entry.details["owners"] == ["gmp", "merseyside"]
    assert (entry.details["was"], entry.details["why"]) == (before["g1"], "Same tattoo")


def test_withdrawing_gives_back_the_groups_and_the_numbers(publish_people, found, say, universe):
    publish_people(TWO, TIES)
    before = found()
    row = say(universe.merseyside_analyst, "1", "g1", SAME)
    with acting_as(universe.gmp_analyst):
        services.withdraw(actor=universe.gmp_analyst, judgement=row.pk, why="Two cousins", now=clock.now())
    with acting_as(universe.gmp_analyst):
        assert identity.standing_on(row.left_id, row.right_id) is None
        assert [each.verdict for each, _ in identity.everything_said([row.left_id])] == [Verdict.WITHDRAWN, SAME]
        with pytest.raises(RuleBroken) as refused:
            services.withdraw(actor=universe.gmp_analyst, judgement=row.pk, why="Again", now=clock.now())
    assert refused.value.code == "JU8"
    assert people(found) == [["1", "2", "3"], ["g1", "g2"]]
    assert sorted(found()[1].values()) == sorted(before[1].values())


def test_withdrawing_needs_a_reason(publish_people, say, universe):
    publish_people(TWO, TIES)
    row = say(universe.merseyside_analyst, "1", "g1", SAME)
    with acting_as(universe.merseyside_analyst), pytest.raises(RuleBroken) as refused:
        services.withdraw(actor=universe.merseyside_analyst, judgement=row.pk, why="  ", now=clock.now())
    assert (refused.value.code, refused.value.field) == ("JU5", "why")


def test_saying_different_cuts_at_the_weakest_tie(publish_people, found, say, universe):
    publish_people(TWO, TIES)
    say(universe.merseyside_analyst, "1", "3", DIFFERENT)
    assert people(found) == [["1", "2"], ["3"], ["g1", "g2"]]
    with acting_as(universe.merseyside_analyst):
        assert IdentityEvent.objects.get().change == "APART"


def test_unsure_changes_nothing_and_leaves_the_pair_to_others(publish_people, found, say, universe):
    publish_people(TWO, TIES)
    say(universe.merseyside_analyst, "1", "g1", UNSURE)
    assert people(found) == [["1", "2", "3"], ["g1", "g2"]]
    for reader, waits in ((universe.merseyside_analyst, 0), (universe.gmp_analyst, 1)):
        with acting_as(reader):
            assert identity.waiting_count(reader=reader) == len(identity.waiting(reader=reader)) == waits


def take_apart(universe, found, keys, *, of, why="Father and son"):
    records, persons = found()
    with acting_as(universe.merseyside_analyst):
        return services.take_apart(
            actor=universe.merseyside_analyst,
            person=persons[of],
            records=[records[key] for key in keys],
            why=why,
            now=clock.now(),
        )


def test_one_step_takes_records_apart_and_one_step_undoes_it(publish_people, found, universe):
    publish_people(TWO, TIES)
    before = found()
    act = take_apart(universe, found, ["2"], of="1")
    assert people(found) == [["1"], ["2"], ["3"], ["g1", "g2"]], "nothing but 2 tied 1 and 3"
    assert before[1]["1"] in found()[1].values(), "one of them keeps the number"
    with acting_as(universe.gmp_analyst):
        assert services.undo(actor=universe.gmp_analyst, act=act, why="He was one man", now=clock.now()) == 2
    assert found() == before


def test_taking_apart_needs_some_to_go_and_some_to_stay(publish_people, found, universe):
    publish_people(TWO, TIES)
    for keys, code in (([], "JU6"), (["1", "2", "3"], "JU6"), (["g1"], "JU11")):
        with pytest.raises(RuleBroken) as refused:
            take_apart(universe, found, keys, of="1")
        assert refused.value.code == code


# Contradictions


def test_a_contradiction_says_which_judgement_and_whose(publish_people, say, universe):
    publish_people(TWO, TIES)
    say(universe.gmp_analyst, "1", "g1", DIFFERENT)
    with pytest.raises(RuleBroken) as refused:
        say(universe.merseyside_analyst, "1", "g1", SAME)
    assert refused.value.code == "JU3"
    today = f"{clock.today():%-d %B %Y}"
    assert refused.value.sentence.startswith(f"GMP analyst of GMP said on {today} that John 1 Smith (Merseyside, ")
    assert "and John g1 Smith (GMP, policeworks_gmp g1) are different people" in refused.value.sentence


def test_a_chain_contradicts_too(publish_people, say, universe):
    publish_people([("1", 1), ("2", 2), ("3", 3), ("g1", 4)], [])
    say(universe.merseyside_analyst, "1", "2", SAME)
    say(universe.gmp_analyst, "2", "3", SAME)
    with pytest.raises(RuleBroken) as refused:
        say(universe.merseyside_analyst, "1", "3", DIFFERENT)
    assert refused.value.code == "JU3"
    assert "Merseyside analyst" in refused.value.sentence
    assert "GMP analyst" in refused.value.sentence
    say(universe.merseyside_analyst, "3", "g1", DIFFERENT)
    with pytest.raises(RuleBroken) as refused:
        say(universe.gmp_analyst, "1", "g1", SAME)
    assert refused.value.code == "JU3", "1 is one person with 3, which is not g1"


def test_the_same_said_twice_is_refused_with_whose_it_was(publish_people, say, universe):
    publish_people(TWO, TIES)
    say(universe.gmp_analyst, "1", "g1", SAME)
    with pytest.raises(RuleBroken) as refused:
        say(universe.merseyside_analyst, "g1", "1", SAME)
    assert refused.value.code == "JU10"
    assert "GMP analyst of GMP" in refused.value.sentence


def test_who_may_not_judge_is_refused(publish_people, say, universe):
    publish_people(TWO, TIES)
    with pytest.raises(RuleBroken) as refused:
        say(universe.merseyside_lro, "1", "g1", SAME)
    assert refused.value.code == "JU1"
    say(universe.merseyside_lro, "1", "g1", PROPOSED, "Same nickname on the street")
    with pytest.raises(RuleBroken) as refused:
        say(universe.merseyside_sro, "1", "g1", PROPOSED, "He said so")
    assert refused.value.code == "JU14"


def test_a_record_with_itself_and_a_reason_too_long_are_refused(publish_people, say, universe):
    publish_people(TWO, TIES)
    for left, right, why, code in (("1", "1", "", "JU2"), ("1", "g1", "x" * 2_001, "JU12")):
        with pytest.raises(RuleBroken) as refused:
            say(universe.merseyside_analyst, left, right, SAME, why)
        assert refused.value.code == code


def test_what_somebody_proposes_waits_for_those_who_judge(publish_people, say, universe, found):
    publish_people(TWO, TIES)
    records, _ = found()
    say(universe.merseyside_lro, "3", "g2", PROPOSED, "Both were seen with the same dog")
    with acting_as(universe.gmp_analyst):
        found_waiting = {(w.left_id, w.right_id) for w in identity.waiting(reader=universe.gmp_analyst)}
        assert identity.waiting_count(reader=universe.gmp_analyst) == 2
    assert found_waiting == {(records["3"], records["g2"]), (records["1"], records["g1"])}


def test_a_pair_that_waits_already_waits_once_when_somebody_proposes_it(publish_people, say, universe):
    publish_people(TWO, TIES)
    say(universe.merseyside_lro, "1", "g1", PROPOSED, "Both were seen with the same dog")
    with acting_as(universe.gmp_analyst):
        waiting = identity.waiting(reader=universe.gmp_analyst)
        assert identity.waiting_count(reader=universe.gmp_analyst) == len(waiting) == 1


# Restricted records are leaves

HIDDEN = [("1", 1), ("2", 2), ("g1", 1), ("g9", 3)]
HIDDEN_TIES = [("1", "g1", 8.0, "LINKED"), ("2", "g1", 7.0, "PROPOSED"), ("1", "2", 2.0, "PROPOSED")]


def test_a_judgement_on_a_restricted_record_moves_it_alone_and_is_not_seen(publish_people, found, say, universe):
    publish_people(HIDDEN, HIDDEN_TIES, hidden={"g1", "g9"})
    _, before = found()
    with acting_as(universe.merseyside_analyst):
        seen = list(PersonRecord.objects.order_by("pk").values())
        entries = Entry.objects.count()
    say(universe.gmp_analyst, "1", "g1", DIFFERENT)
    assert people(found) == [["1"], ["2"], ["g1"], ["g9"]]
    say(universe.gmp_analyst, "2", "g1", SAME)
    assert people(found) == [["1"], ["2", "g1"], ["g9"]]
    _, after = found()
    assert (after["1"], after["2"]) == (before["1"], before["2"])
    with acting_as(universe.merseyside_analyst):
        assert list(PersonRecord.objects.order_by("pk").values()) == seen, "not even when it was changed"
        assert not Judgement.objects.exists()
        assert not IdentityEvent.objects.exists()
        assert Entry.objects.count() == entries
    with acting_as(universe.gmp_analyst):
        assert Judgement.objects.count() == 2
        assert IdentityEvent.objects.count() == 2


def test_a_hidden_judgement_neither_refuses_nor_shows(publish_people, found, say, universe):
    publish_people(HIDDEN, HIDDEN_TIES, hidden={"g1", "g9"})
    say(universe.gmp_analyst, "2", "g1", DIFFERENT)
    say(universe.merseyside_analyst, "1", "2", SAME)
    assert people(found) == [["1", "2"], ["g1"], ["g9"]], "the restricted record gives way"


def test_two_restricted_records_that_one_person_says_are_one_stay_leaves(publish_people, found, say, universe):
    publish_people(HIDDEN, HIDDEN_TIES, hidden={"g1", "g9"})
    say(universe.gmp_analyst, "g1", "g9", SAME)
    assert people(found) == [["1", "g1", "g9"], ["2"]]


def test_a_restricted_record_stands_beside_one_person_only(publish_people, say, universe):
    publish_people(HIDDEN, HIDDEN_TIES, hidden={"g1", "g9"})
    say(universe.gmp_analyst, "1", "g1", SAME)
    with pytest.raises(RuleBroken) as refused:
        say(universe.gmp_analyst, "2", "g1", SAME)
    assert refused.value.code == "JU9"


def test_a_record_that_is_hidden_cannot_be_judged(publish_people, say, universe):
    publish_people(HIDDEN, HIDDEN_TIES, hidden={"g1", "g9"})
    with pytest.raises(NotThere):
        say(universe.merseyside_analyst, "1", "g1", SAME)


# Later batches


def test_what_was_said_holds_when_a_batch_does_not_know_of_it(publish_people, found, say, universe):
    publish_people(TWO, TIES)
    say(universe.merseyside_analyst, "1", "g1", SAME)
    say(universe.merseyside_analyst, "1", "3", DIFFERENT)
    publish_people([*TWO, ("4", 1)], [*TIES, ("3", "4", 9.5, "LINKED")])
    assert people(found) == [["1", "2", "g1", "g2"], ["3", "4"]]
    publish_people([*TWO, ("4", 1)], [*TIES, ("3", "4", 9.5, "LINKED")])
    assert people(found) == [["1", "2", "g1", "g2"], ["3", "4"]]


def test_a_tie_that_a_judgement_cut_ties_again_when_that_is_withdrawn_after_a_later_batch(
    publish_people, found, say, universe
):
    """A run leaves a judged pair out, and proposes what would join the two sides."""
    publish_people(TWO, [*TIES, ("1", "3", 6.5, "LINKED")])
    row = say(universe.merseyside_analyst, "1", "3", DIFFERENT)
    apart = [("1", 1), ("2", 1), ("3", 3), ("g1", 2), ("g2", 2)]
    publish_people(apart, [TIES[0], ("2", "3", 7.0, "PROPOSED"), *TIES[2:]])
    assert people(found) == [["1", "2"], ["3"], ["g1", "g2"]]
    with acting_as(universe.merseyside_analyst):
        waiting = {(each.left_id, each.right_id) for each in identity.waiting(reader=universe.merseyside_analyst)}
        assert len(waiting) == 1, "nobody is asked again what was answered"
        services.withdraw(actor=universe.merseyside_analyst, judgement=row.pk, why="A slip", now=clock.now())
    assert people(found) == [["1", "2", "3"], ["g1", "g2"]]


def test_what_was_said_follows_a_record_that_becomes_restricted(publish_people, say, universe):
    publish_people(TWO, TIES)
    say(universe.gmp_analyst, "1", "g1", SAME)
    with acting_as(universe.merseyside_analyst):
        assert Judgement.objects.exists()
        assert IdentityEvent.objects.exists()
    publish_people(TWO, TIES, hidden={"g1"})
    with acting_as(universe.merseyside_analyst):
        assert not Judgement.objects.exists()
        assert not IdentityEvent.objects.exists()
    with acting_as(universe.gmp_analyst):
        assert Judgement.objects.exists()
        assert IdentityEvent.objects.exists()


def test_the_open_records_keep_a_number_that_more_restricted_ones_have(publish_people, found, universe):
    publish_people([("1", 1), ("g1", 1), ("g2", 1)], [], hidden={"g1", "g2"})
    _, before = found()
    publish_people([("1", 1), ("g1", 2), ("g2", 2)], [], hidden={"g1", "g2"})
    _, after = found()
    assert after["1"] == before["1"] != after["g1"]


def test_moments_are_kept(publish_people, say, universe):
    publish_people(TWO, TIES)
    row = say(universe.merseyside_analyst, "1", "g1", SAME)
    assert abs((datetime.now(UTC) - row.given_at).total_seconds()) < 60
    with acting_as(universe.merseyside_analyst):
        stands = identity.standing_on(row.left_id, row.right_id)
    assert stands is not None
    assert (stands.by, stands.organisation, stands.on) == ("Merseyside analyst", "Merseyside", clock.today())
