"""The scope on a real database: what the database shows and takes, and when it notices a change."""

from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import sleep

import pytest
from django.db import connection, transaction
from django.db.utils import InternalError, ProgrammingError

from fourfold.platform import clock
from fourfold.platform.errors import RuleBroken
from fourfold.platform.people import rules as people_rules
from fourfold.platform.people import services as people
from fourfold.platform.reference.models import ReferenceTerm
from fourfold.platform.visibility import scope, selectors, services
from fourfold.platform.visibility.scope import acting_as, current, narrowed
from tests import database
from tests.platform.sample import Case, own_label, region_label

TODAY = clock.today()
TOMORROW = TODAY + timedelta(days=1)


def titles(user) -> list[str]:
    with acting_as(user):
        return sorted(Case.objects.values_list("title", flat=True))


def record(user, label, title="Blue van") -> Case:
    with acting_as(user):
        return Case.objects.create(label=label(), title=title)


def setting(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("select current_setting(%s, true)", [f"fourfold.{name}"])
        return cursor.fetchone()[0] or ""


def test_outside_a_scope_there_are_no_rows(db, universe):
    record(universe.merseyside_analyst, lambda: region_label("merseyside"))
    assert not Case.objects.exists()
    assert Case.objects.count() == 0


def test_a_region_row_is_seen_by_every_force_and_by_no_partner(db, universe):
    record(universe.merseyside_analyst, lambda: region_label("merseyside"))
    assert titles(universe.gmp_analyst) == titles(universe.nwrocu_auditor) == ["Blue van"]
    assert titles(universe.hmpps_partner_analyst) == []


def test_an_own_row_is_seen_by_its_force_only(db, universe):
    record(universe.merseyside_analyst, lambda: own_label("merseyside"))
    assert titles(universe.merseyside_lro) == ["Blue van"]
    assert titles(universe.gmp_analyst) == titles(universe.nwrocu_rocu_lead) == []


def test_a_force_cannot_add_a_row_under_anothers_label(db, universe):
    with acting_as(universe.gmp_analyst):
        label = region_label("merseyside")
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            Case.objects.create(label=label, title="Forged")


def test_a_force_cannot_change_anothers_row_nor_take_it_over(db, universe):
    case = record(universe.merseyside_analyst, lambda: region_label("merseyside"))
    with acting_as(universe.gmp_analyst):
        assert Case.objects.filter(pk=case.pk).update(title="Changed") == 0
        assert Case.objects.filter(pk=case.pk).update(label=region_label("gmp")) == 0


def test_a_row_cannot_be_given_a_label_that_its_writer_may_not_write(db, universe):
    case = record(universe.merseyside_analyst, lambda: region_label("merseyside"))
    with acting_as(universe.merseyside_analyst):
        theirs = region_label("gmp")
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            Case.objects.filter(pk=case.pk).update(label=theirs)


def test_the_regions_moderator_writes_what_the_whole_region_reads(db, universe):
    case = record(universe.merseyside_analyst, lambda: region_label("merseyside"))
    with acting_as(universe.nwrocu_rocta_moderator):
        assert Case.objects.filter(pk=case.pk).update(title="Moderated") == 1


def test_an_inspector_reads_the_region_and_writes_nothing(db, universe):
    case = record(universe.merseyside_analyst, lambda: region_label("merseyside"))
    with acting_as(universe.nca_inspector) as acting:
        assert Case.objects.filter(pk=case.pk).exists()
        assert acting.writes == frozenset()
        assert Case.objects.filter(pk=case.pk).update(title="Changed") == 0


def test_nothing_is_deleted(db, universe):
    record(universe.merseyside_analyst, lambda: region_label("merseyside"))
    with (
        acting_as(universe.merseyside_analyst),
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
    ):
        Case.objects.all().delete()


def test_scopes_do_not_nest(db, universe):
    with acting_as(universe.gmp_analyst), pytest.raises(RuntimeError, match="nest"), acting_as(universe.gmp_lro):
        pass
    assert current() is None


def test_a_scope_is_not_opened_inside_a_transaction(lasting_db, universe):
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"), acting_as(universe.gmp_analyst):
        pass
    assert current() is None


def test_a_scope_that_fails_keeps_nothing_and_leaves_nothing_set(db, universe):
    def fail() -> None:
        with acting_as(universe.merseyside_analyst):
            Case.objects.create(label=region_label("merseyside"), title="Blue van")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (current(), setting("reads")) == (None, "")
    assert titles(universe.merseyside_analyst) == []


@pytest.mark.django_db
def test_inside_a_tests_own_transaction_the_settings_are_taken_back(universe):
    with acting_as(universe.merseyside_analyst):
        assert setting("actor") == str(universe.merseyside_analyst.pk)
    assert [setting(name) for name in scope.NAMES] == [""] * len(scope.NAMES)


def test_a_new_label_is_usable_at_once_by_those_who_may_hold_it(db, universe):
    with acting_as(universe.merseyside_analyst) as entered:
        label = own_label("merseyside")
        assert label.pk not in entered.reads
        assert label.pk in current().reads & current().writes
        Case.objects.create(label=label, title="Blue van")
        theirs = own_label("gmp")
        assert theirs.pk not in current().reads


def test_a_label_is_made_once(db, universe):
    prisons, revenue = universe.organisation("hmpps"), universe.organisation("hmrc")
    owner = universe.organisation("gmp")
    one = services.label_for(owner=owner, audience="NAMED", named=[prisons, revenue])
    two = services.label_for(owner=owner, audience="NAMED", named=[revenue, prisons])
    other = services.label_for(owner=owner, audience="NAMED", named=[revenue])
    assert one == two != other


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"marking": "SECRET"}, "V1"),
        ({"audience": "EVERYONE"}, "V2"),
        ({"audience": "NAMED"}, "V3"),
        ({"audience": "AGREEMENT"}, "V4"),
    ],
)
@pytest.mark.django_db
def test_a_label_that_makes_no_sense_is_refused(universe, facts, code):
    with pytest.raises(RuleBroken) as refused:
        services.label_for(owner=universe.organisation("gmp"), **facts)
    assert refused.value.code == code


def test_named_organisations_see_and_others_do_not(db, universe):
    owner, prisons = universe.organisation("merseyside"), universe.organisation("hmpps")
    record(universe.merseyside_analyst, lambda: services.label_for(owner=owner, audience="NAMED", named=[prisons]))
    assert titles(universe.hmpps_partner_analyst) == ["Blue van"]
    assert titles(universe.hmrc_partner_analyst) == titles(universe.gmp_analyst) == []


def test_an_agreement_shows_from_its_first_day_and_nothing_from_its_last(db, universe):
    owner, prisons = universe.organisation("merseyside"), universe.organisation("hmpps")
    agreement = services.make_agreement(code="ISA-1", name="Prison intelligence", parties=[prisons], starts_on=TODAY)
    record(
        universe.merseyside_analyst,
        lambda: services.label_for(owner=owner, audience="AGREEMENT", agreement=agreement),
    )
    assert titles(universe.hmpps_partner_analyst) == ["Blue van"]
    assert titles(universe.hmrc_partner_analyst) == []
    services.end_agreement(agreement=agreement, ends_on=TODAY)
    assert titles(universe.hmpps_partner_analyst) == []
    assert titles(universe.merseyside_analyst) == ["Blue van"]


def test_a_compartment_shows_to_members_while_they_are_members(db, universe):
    circle = services.make_compartment(code="C1", name="Circle", owner=universe.organisation("merseyside"))
    services.let_into_compartment(compartment=circle, user=universe.merseyside_analyst, held_from=TODAY)
    services.let_into_compartment(compartment=circle, user=universe.gmp_analyst, held_from=TODAY)
    owner = universe.organisation("merseyside")
    record(universe.merseyside_analyst, lambda: services.label_for(owner=owner, compartment=circle))
    assert titles(universe.gmp_analyst) == ["Blue van"]
    assert titles(universe.merseyside_lro) == titles(universe.nwrocu_rocu_lead) == []
    services.put_out_of_compartment(compartment=circle, user=universe.gmp_analyst, held_to=TODAY)
    assert titles(universe.gmp_analyst) == []


def test_a_role_that_ends_takes_everything_away_at_the_next_request(db, universe):
    record(universe.merseyside_analyst, lambda: region_label("merseyside"))
    assert titles(universe.gmp_analyst) == ["Blue van"]
    people.end_role(user=universe.gmp_analyst, role="analyst", held_to=TODAY)
    assert titles(universe.gmp_analyst) == []


def test_a_role_that_starts_tomorrow_shows_nothing_today(db, universe):
    record(universe.merseyside_analyst, lambda: region_label("merseyside"))
    newcomer = people.create_user(
        email="new@gmp.test",
        name="New",
        organisation=universe.organisation("gmp"),
        roles=["analyst"],
        held_from=TOMORROW,
    )
    assert titles(newcomer) == []
    with clock.told(clock.now() + timedelta(days=1)):
        assert titles(newcomer) == ["Blue van"]


def test_told_days_forwards_and_back_show_what_is_held_on_each(db, universe):
    """What is held is kept from one told day to the next, but never over a day on which something begins or ends."""
    record(universe.merseyside_analyst, lambda: region_label("merseyside"))
    newcomer = people.create_user(
        email="new@gmp.test",
        name="New",
        organisation=universe.organisation("gmp"),
        roles=["analyst"],
        held_from=TOMORROW,
    )
    people.end_role(user=newcomer, role="analyst", held_to=TODAY + timedelta(days=5))
    seen = {}
    for days in (0, 1, 2, 4, 5, 9, 3, 0):
        with clock.told(clock.now() + timedelta(days=days)):
            seen[days] = titles(newcomer)
    assert [days for days, found in seen.items() if found] == [1, 2, 4, 3]


def test_what_a_role_allows_is_what_the_region_says_of_it_on_the_day(db, universe):
    """What was read for one scope is not there for the next, whichever day it is of and whoever has the same role."""
    allowed = {"capabilities": ["record.write"]}
    one, other = universe.gmp_analyst, universe.merseyside_analyst
    words = ReferenceTerm.objects.filter(kind="role", code="analyst")

    def writes(days: int) -> set[bool]:
        with clock.told(clock.now() + timedelta(days=days)):
            found = set()
            for user in (one, other):
                with acting_as(user):
                    label = region_label(user.organisation.code)
                    found |= {people_rules.may(user, "record.write"), label.pk in current().writes}
            return found

    words.update(detail=allowed, effective_to=TODAY + timedelta(days=3))
    assert [writes(days) for days in (0, 2, 3, 5, 1)] == [{True}, {True}, {False}, {False}, {True}]
    words.update(detail={"capabilities": []})
    assert writes(0) == {False}
    before = transaction.savepoint_create()
    words.update(detail=allowed)
    assert writes(0) == {True}
    transaction.savepoint_rollback(before)
    assert writes(0) == {False}


def test_a_ceiling_hides_what_is_marked_above_it(db, universe):
    record(universe.merseyside_analyst, lambda: region_label("merseyside"))
    assert titles(universe.user("low_ceiling@merseyside.test")) == []


def test_a_closed_user_sees_nothing(db, universe):
    record(universe.merseyside_analyst, lambda: region_label("merseyside"))
    people.close_user(user=universe.gmp_analyst)
    assert titles(universe.gmp_analyst) == []


def test_a_service_reads_and_writes_every_label(db, universe):
    record(universe.merseyside_analyst, lambda: own_label("merseyside"))
    assert titles(universe.service("intake")) == ["Blue van"]
    record(universe.service("intake"), lambda: own_label("gmp"), title="Red van")
    assert titles(universe.service("intake")) == ["Blue van", "Red van"]


def test_entering_a_scope_again_costs_one_round_trip(db, universe, django_assert_num_queries):
    user = universe.gmp_analyst
    titles(user)
    with django_assert_num_queries(4) as queries, acting_as(user):
        assert current() is not None
    # The last takes the settings back, which only a scope inside a test's own transaction has to do.
    words = [q["sql"].split()[0].lower() for q in queries.captured_queries]
    assert words == ["savepoint", "select", "release", "select"]


def test_a_label_made_by_somebody_else_is_seen_at_the_next_request(db, universe):
    assert titles(universe.gmp_lro) == []
    record(universe.merseyside_analyst, lambda: region_label("merseyside"))
    assert titles(universe.gmp_lro) == ["Blue van"]


def test_two_transactions_that_make_labels_do_not_wait_for_each_other(lasting_db, universe):
    gmp = universe.organisation("gmp")
    with database.owner() as other:
        other.execute("begin")
        other.execute("set local lock_timeout = '2s'")
        services.label_for(owner=gmp, audience="OWN")
        other.execute("update people_roleheld set held_to = held_to where false")
        other.execute("insert into visibility_compartment (code, name, owner_id) values ('X', 'X', %s)", [gmp.pk])
        services.label_for(owner=gmp, audience="OWN", marking="OFFICIAL")
        other.execute("commit")


def fill(universe, *, common: int) -> None:
    """Many rows of one label and two of another, with the planner's statistics up to date."""
    with acting_as(universe.service("intake")):
        wide, narrow = (
            region_label("merseyside"),
            services.label_for(
                owner=universe.organisation("merseyside"), audience="NAMED", named=[universe.organisation("hmpps")]
            ),
        )
        Case.objects.bulk_create(Case(label=wide, title=f"Case {n}") for n in range(common))
        Case.objects.bulk_create(Case(label=narrow, title=f"Shared {n}") for n in range(2))
    with database.superuser() as admin:
        admin.execute("analyze sample_case")


def test_a_narrow_readers_labels_are_spelt_out_and_a_wide_readers_are_not(lasting_db, universe):
    fill(universe, common=2_000)
    with acting_as(universe.hmpps_partner_analyst):
        found = narrowed(Case.objects.all())
        assert found.query.where
        assert found.count() == Case.objects.count() == 2
    with acting_as(universe.gmp_analyst):
        found = narrowed(Case.objects.all())
        assert not found.query.where
        assert found.count() == 2_000


def test_statistics_of_labels_are_read_past_the_policy_and_nothing_else_is(lasting_db, universe):
    fill(universe, common=100)
    with connection.cursor() as cursor:
        cursor.execute("select total, labels from visibility_spread('sample_case'::regclass)")
        total, labels = cursor.fetchone()
        assert (total, len(labels)) == (102, 2)
        cursor.execute("select count(*) from sample_case")
        assert cursor.fetchone() == (0,)


def test_after_a_broken_statement_the_scope_still_closes(lasting_db, universe):
    def fail() -> None:
        with acting_as(universe.gmp_analyst):
            with connection.cursor() as cursor, pytest.raises(ProgrammingError):
                cursor.execute("select no_such_function()")
            Case.objects.exists()

    with pytest.raises(InternalError):
        fail()
    assert current() is None


class Hesitating(OrderedDict):
    """Lets other threads in between keeping and moving, as Python may at any step."""

    def move_to_end(self, key, last=True):
        sleep(0.0001)
        super().move_to_end(key, last)


def test_threads_that_keep_holdings_at_once_do_not_lose_each_others(monkeypatch):
    monkeypatch.setattr(scope, "_kept", Hesitating())
    monkeypatch.setattr(scope, "KEPT_HOLDINGS", 2)
    held = ("stamp", TODAY, selectors.NOTHING_HELD)
    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(scope._keep, number % 16, held) for number in range(400)]:
            done.result()
    assert len(scope._kept) == 2
