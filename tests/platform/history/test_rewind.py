"""Looking back, on committed transactions."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.db.models import Count

from fourfold.platform import clock
from fourfold.platform.errors import RuleBroken
from fourfold.platform.history.rewind import as_recorded_on, diff, versions_of
from fourfold.platform.visibility.scope import acting_as
from tests import database
from tests.platform.sample import Case, Part, own_label, region_label

DAY = timedelta(days=1)
START = datetime(2023, 1, 2, 9, tzinfo=UTC)


def moment_between() -> datetime:
    """A moment after everything committed so far and before everything to come, by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        return cursor.fetchone()[0]


@pytest.fixture
def case(lasting_db, universe) -> Case:
    with acting_as(universe.merseyside_analyst, request_id="made"):
        return Case.objects.create(label=region_label("merseyside"), title="Blue van", size=1)


def change(user, case, **facts):
    with acting_as(user, request_id="changed"):
        assert Case.objects.filter(pk=case.pk).update(**facts) == 1


def test_a_changed_row_reads_as_it_was_recorded_before(case, universe):
    before = moment_between()
    change(universe.merseyside_analyst, case, title="Red van")
    with acting_as(universe.gmp_analyst):
        with as_recorded_on(before):
            assert Case.objects.get().title == "Blue van"
        assert Case.objects.get().title == "Red van"


def test_before_it_was_made_a_row_is_not_there(case, universe):
    with acting_as(universe.gmp_analyst), as_recorded_on(START):
        assert not Case.objects.exists()


def test_joins_counts_and_groups_read_the_past_too(case, universe):
    with acting_as(universe.merseyside_analyst):
        Part.objects.create(label=region_label("merseyside"), case=case, words="one")
    before = moment_between()
    with acting_as(universe.merseyside_analyst):
        Part.objects.create(label=region_label("merseyside"), case=case, words="two")
        Case.objects.update(title="Red van")
    with acting_as(universe.gmp_analyst):
        counted = Part.objects.annotate(n=Count("case")).select_related("case").order_by("pk")
        by_title = Part.objects.values_list("case__title").annotate(n=Count("pk"))
        with as_recorded_on(before):
            assert [(p.words, p.n, p.case.title) for p in counted] == [("one", 1, "Blue van")]
            assert list(by_title) == [("Blue van", 1)]
        assert list(by_title.all()) == [("Red van", 2)]


def test_what_a_reader_may_not_see_stays_hidden_in_the_past(case, universe):
    with acting_as(universe.merseyside_analyst):
        Case.objects.create(label=own_label("merseyside"), title="Hidden")
    now = moment_between()
    with acting_as(universe.gmp_analyst), as_recorded_on(now):
        assert [c.title for c in Case.objects.all()] == ["Blue van"]
        assert Case.objects.count() == 1


def test_restricting_a_record_restricts_its_past_and_says_what_it_was(case, universe):
    change(universe.merseyside_analyst, case, title="Red van")
    before = moment_between()
    with acting_as(universe.merseyside_analyst):
        restricted = own_label("merseyside")
        Case.objects.filter(pk=case.pk).update(label=restricted)
    with acting_as(universe.gmp_analyst):
        assert versions_of(case) == ()
        with as_recorded_on(before):
            assert not Case.objects.exists()
    with acting_as(universe.merseyside_analyst):
        with as_recorded_on(before):
            assert Case.objects.get().title == "Red van"
        with connection.cursor() as cursor:
            cursor.execute("select label_id, label_was from sample_case_was order by recorded_from")
            assert cursor.fetchall() == [(restricted.pk, case.label_id), (restricted.pk, case.label_id)]


def test_two_changes_in_one_request_are_one_version(case, universe):
    with acting_as(universe.merseyside_analyst, request_id="both"):
        Case.objects.filter(pk=case.pk).update(title="Red van")
        with transaction.atomic():
            Case.objects.filter(pk=case.pk).update(title="Green van")
    with acting_as(universe.merseyside_analyst):
        assert [v.fields["title"] for v in versions_of(case)] == ["Green van", "Blue van"]


def test_a_row_made_and_changed_in_one_request_has_one_version(lasting_db, universe):
    with acting_as(universe.merseyside_analyst):
        case = Case.objects.create(label=region_label("merseyside"), title="Blue van")
        Case.objects.filter(pk=case.pk).update(title="Red van")
        assert [v.fields["title"] for v in versions_of(case)] == ["Red van"]


def test_a_restriction_after_another_change_in_the_same_request_reaches_the_past(case, universe):
    change(universe.merseyside_analyst, case, title="Red van")
    with acting_as(universe.merseyside_analyst):
        Case.objects.filter(pk=case.pk).update(title="Green van")
        Case.objects.filter(pk=case.pk).update(label=own_label("merseyside"))
    with acting_as(universe.gmp_analyst):
        assert versions_of(case) == ()


def test_an_update_that_changes_nothing_makes_no_version(case, universe):
    change(universe.merseyside_analyst, case, title="Blue van")
    with acting_as(universe.merseyside_analyst):
        (version,) = versions_of(case)
        assert version.recorded_in == "made"


def test_versions_say_who_changed_and_who_ended_them(case, universe):
    change(universe.merseyside_analyst, case, size=2)
    with acting_as(universe.merseyside_analyst):
        now, was = versions_of(case)
    actor = universe.merseyside_analyst.pk
    assert (was.recorded_by, was.recorded_in, was.ended_by, was.ended_in) == (actor, "made", actor, "changed")
    assert (now.recorded_in, now.recorded_to, was.recorded_to) == ("changed", None, now.recorded_from)
    assert was.fields["size"] == 1


def test_a_transaction_that_began_earlier_and_ends_later_counts_on(case, universe):
    """The waiting transaction's clock is behind the version that it ends: no version may be negative or lost."""
    with database.owner() as other:
        other.execute("begin")
        other.execute("select now()")
        change(universe.merseyside_analyst, case, title="Red van")
        settings = {"fourfold.reads": case.label_id, "fourfold.writes": case.label_id, "fourfold.request": "late"}
        for name, value in settings.items():
            other.execute("select set_config(%s, %s, true)", [name, str(value)])
        assert other.execute("update sample_case set title = 'Green van'").rowcount == 1
        other.execute("commit")
    with acting_as(universe.merseyside_analyst):
        now, middle, first = versions_of(case)
    assert [v.fields["title"] for v in (first, middle, now)] == ["Blue van", "Red van", "Green van"]
    assert first.recorded_from < first.recorded_to == middle.recorded_from < middle.recorded_to == now.recorded_from


def test_the_past_takes_no_writes_and_says_so(case, universe):
    with acting_as(universe.merseyside_analyst):
        now = moment_between()
        with pytest.raises(RuleBroken, match="Go back to today") as refused, transaction.atomic(), as_recorded_on(now):
            Case.objects.filter(pk=case.pk).update(title="Red van")
        assert refused.value.code == "H1"
        with pytest.raises(RuleBroken), transaction.atomic(), as_recorded_on(now):
            Case.objects.create(label_id=case.label_id, title="New")
        Case.objects.filter(pk=case.pk).update(title="Red van")
    with acting_as(universe.merseyside_analyst):
        assert Case.objects.get().title == "Red van"


def test_looking_back_needs_a_scope_and_a_time_zone(case, universe):
    with pytest.raises(RuntimeError, match="scope"), as_recorded_on(START):
        pass
    naive = START.replace(tzinfo=None)
    with acting_as(universe.gmp_analyst), pytest.raises(ValueError, match="time zone"), as_recorded_on(naive):
        pass


def test_looking_back_inside_looking_back_returns_to_the_outer_moment(case, universe):
    before = moment_between()
    change(universe.merseyside_analyst, case, title="Red van")
    between = moment_between()
    change(universe.merseyside_analyst, case, title="Green van")
    with acting_as(universe.gmp_analyst):
        with as_recorded_on(between):
            with as_recorded_on(before):
                assert Case.objects.get().title == "Blue van"
            assert Case.objects.get().title == "Red van"
        assert Case.objects.get().title == "Green van"


def test_a_deleted_row_is_still_in_the_past(case, universe):
    """The application cannot delete; retention, as the owner, can."""
    before = moment_between()
    with database.superuser() as admin:
        admin.execute("delete from sample_case")
    with acting_as(universe.gmp_analyst):
        assert not Case.objects.exists()
        with as_recorded_on(before):
            assert Case.objects.get().title == "Blue van"
        assert [change.before["title"] for change in diff(Case, before, clock.now()).went] == ["Blue van"]


def test_the_simulation_says_when_and_history_believes_it(as_simulation, universe):
    user = universe.merseyside_analyst
    with clock.told(START), acting_as(user):
        case = Case.objects.create(label=region_label("merseyside"), title="Blue van")
    for days, title in ((10, "Red van"), (20, "Green van")):
        with clock.told(START + days * DAY), acting_as(user):
            Case.objects.filter(pk=case.pk).update(title=title)
    with acting_as(user):
        with as_recorded_on(clock.close_of((START + 12 * DAY).date())):
            assert Case.objects.get().title == "Red van"
        assert [v.recorded_from for v in versions_of(case)] == [START + n * DAY for n in (20, 10, 0)]


def test_requests_at_one_simulated_moment_keep_their_order(as_simulation, universe):
    user = universe.merseyside_analyst
    with clock.told(START), acting_as(user):
        case = Case.objects.create(label=region_label("merseyside"), title="Blue van")
    for title in ("Red van", "Green van"):
        with clock.told(START), acting_as(user):
            Case.objects.filter(pk=case.pk).update(title=title)
    with acting_as(user):
        assert [v.fields["title"] for v in versions_of(case)] == ["Green van", "Red van", "Blue van"]


def test_diff_says_what_came_what_changed_in_which_fields_and_by_whom(case, universe):
    earlier = moment_between()
    change(universe.merseyside_analyst, case, title="Red van", size=3)
    with acting_as(universe.merseyside_analyst, request_id="second"):
        came = Case.objects.create(label=region_label("merseyside"), title="Shop")
    later = moment_between()
    with acting_as(universe.gmp_analyst):
        changes = diff(Case, earlier, later)
    assert [(c.pk, c.request) for c in changes.came] == [(came.pk, "second")]
    (changed,) = changes.changed
    assert (changed.pk, changed.fields, changed.request) == (case.pk, ("title", "size"), "changed")
    assert (changed.before["title"], changed.after["title"]) == ("Blue van", "Red van")
    assert changed.changed_by == universe.merseyside_analyst.pk
    assert (changes.went, len(changes)) == ((), 2)


def test_diff_of_a_filtered_list_counts_a_row_that_stops_to_match_as_gone(case, universe):
    earlier = moment_between()
    change(universe.merseyside_analyst, case, size=9)
    later = moment_between()
    with acting_as(universe.gmp_analyst):
        changes = diff(Case.objects.filter(size=1), earlier, later)
    (went,) = changes.went
    assert (went.pk, went.before["size"], went.after, went.request) == (case.pk, 1, None, "changed")


def test_a_change_and_its_undoing_are_no_difference(case, universe):
    earlier = moment_between()
    change(universe.merseyside_analyst, case, title="Red van")
    change(universe.merseyside_analyst, case, title="Blue van")
    with acting_as(universe.gmp_analyst):
        assert len(diff(Case, earlier, moment_between())) == 0


def test_diff_refuses_moments_the_wrong_way_round(case, universe):
    with acting_as(universe.gmp_analyst), pytest.raises(ValueError, match="before"):
        diff(Case, START + DAY, START)
