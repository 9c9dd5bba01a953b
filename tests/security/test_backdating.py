"""Nobody can say that something was recorded at another time or by somebody else. Each way of trying, refused."""

from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from fourfold.platform.history.rewind import versions_of
from fourfold.platform.visibility.scope import acting_as
from tests import database
from tests.platform.sample import Case, Part, region_label

PAST = "2020-01-01 09:00:00+00"
REFUSAL = (
    "permission denied|must be owner|database alone says|cannot insert into view|row-level security policy .stamps"
)


def run(query: str, *parameters: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)


@pytest.fixture
def case(lasting_db, universe) -> Case:
    with acting_as(universe.merseyside_analyst):
        return Case.objects.create(label=region_label("merseyside"), title="Blue van")


REFUSED = {
    "insert with a time": "insert into sample_case (label_id, title, recorded_from) values ({label}, 'x', '{past}')",
    "insert as somebody": "insert into sample_case (label_id, title, recorded_by) values ({label}, 'x', 1)",
    "insert in a request": "insert into sample_case (label_id, title, recorded_in) values ({label}, 'x', 'other')",
    "write what was": "insert into sample_case_was (id, label_id, title, recorded_from, recorded_to, label_was) "
    "values (1, {label}, 'x', '{past}', now(), {label})",
    "change what was": "update sample_case_was set recorded_from = '{past}'",
    "delete what is": "delete from sample_case",
    "truncate what was": "truncate sample_case_was",
    "disable the trigger": "alter table sample_case disable trigger history_stamp",
    "drop the trigger": "drop trigger history_keep on sample_case",
    "replace the clock": "create or replace function public.history_moment() returns timestamptz language sql "
    "as $$ select '{past}'::timestamptz $$",
    "a clock found earlier": "create function pg_catalog.now() returns timestamptz language sql "
    "as $$ select '{past}'::timestamptz $$",
    "another default": "alter table sample_case alter recorded_from set default '{past}'",
    "play a replica": "set session_replication_role = replica",
    "become the owner": "set role fourfold_owner",
    "become the simulation": "set role fourfold_simulation",
    "log in as the simulation": "set session authorization fourfold_simulation",
    "feed the keeper": "create temp table mine (like sample_case); create trigger t after update on mine "
    "referencing old table as old_rows new table as new_rows for each statement execute function sample_case_keeps()",
    "feed the ender": "create temp table mine (like sample_case); create trigger t after delete on mine "
    "referencing old table as old_rows for each statement execute function sample_case_ends()",
    "write through the rewound view": "insert into rewound.sample_case (label_id, title) values ({label}, 'x')",
    "stop keeping history": "select history_forget_v1('sample_case')",
    "a ledger entry at another time": "insert into audit_entry (at, actor_id) values ('{past}', null)",
    "a ledger entry in another transaction": "insert into audit_entry (xid, actor_id) values (1, null)",
    "change the ledger": "update audit_entry set at = '{past}'",
    "delete from the ledger": "delete from audit_entry",
    "change a seal": "update audit_block set digest = 'x'",
}


@pytest.mark.parametrize("query", REFUSED.values(), ids=REFUSED.keys())
def test_the_database_refuses(case, universe, query):
    filled = query.replace("{label}", str(case.label_id)).replace("{past}", PAST)
    with acting_as(universe.merseyside_analyst), pytest.raises(DatabaseError, match=REFUSAL), transaction.atomic():
        run(filled)
    with acting_as(universe.merseyside_analyst):
        assert [v.fields["title"] for v in versions_of(case)] == ["Blue van"]


FORGED = {
    "a time": ("recorded_from", "'{past}'"),
    "somebody": ("recorded_by", "1"),
    "nobody": ("recorded_by", "null"),
    "another request": ("recorded_in", "'other'"),
    "no request": ("recorded_in", "null"),
}


@pytest.mark.parametrize(("column", "value"), FORGED.values(), ids=FORGED.keys())
def test_a_table_filled_in_bulk_refuses_a_forged_stamp_too(case, universe, column, value):
    into = f"insert into sample_part (label_id, case_id, words, {column}) values (%s, %s, 'x', {{}})"
    with acting_as(universe.merseyside_analyst), transaction.atomic():
        run(into.format("default"), case.label_id, case.pk)
    with acting_as(universe.merseyside_analyst):
        with pytest.raises(DatabaseError, match=REFUSAL), transaction.atomic():
            run(into.format(value.replace("{past}", PAST)), case.label_id, case.pk)
        assert Part.objects.count() == 1


IGNORED: dict[str, Callable[[Case], object]] = {
    "update the stamps": lambda case: run(
        "update sample_case set title = 'x', recorded_from = %s, recorded_by = 1", PAST
    ),
    "through the model": lambda case: Case.objects.filter(pk=case.pk).update(title="x", recorded_from=PAST),
    "say what time it is": lambda case: (
        run("select set_config('fourfold.simulated_now', %s, true)", PAST),
        run("update sample_case set title = 'x'"),
    ),
    "by an upsert": lambda case: run(
        "insert into sample_case (id, label_id, title) values (%s, %s, 'x') "
        "on conflict (id) do update set title = 'x', recorded_from = %s",
        case.pk,
        case.label_id,
        PAST,
    ),
    "by a merge": lambda case: run(
        "merge into sample_case c using (values (%s)) v (id) on c.id = v.id "
        "when matched then update set title = 'x', recorded_from = %s",
        case.pk,
        PAST,
    ),
    "with another clock in the path": lambda case: (
        run("create temp table history_moment (x int)"),
        run("set local search_path = pg_temp, public, pg_catalog"),
        run("update public.sample_case set title = 'x', recorded_from = %s", PAST),
    ),
}


@pytest.mark.parametrize("attempt", IGNORED.values(), ids=IGNORED.keys())
def test_the_database_puts_its_own_stamp_whatever_is_asked(case, universe, attempt):
    with acting_as(universe.merseyside_analyst, request_id="attempt"):
        attempt(case)
    with acting_as(universe.merseyside_analyst):
        now, was = versions_of(case)
        assert (now.fields["title"], now.recorded_by, now.recorded_in) == (
            "x",
            universe.merseyside_analyst.pk,
            "attempt",
        )
        assert now.recorded_from > was.recorded_from
        with connection.cursor() as cursor:
            cursor.execute("select %s > now() - interval '1 minute'", [now.recorded_from])
            assert cursor.fetchone() == (True,)


def test_the_simulations_clock_moves_only_where_the_simulation_logged_in(case, universe):
    with database.owner() as owner:
        owner.execute("begin")
        owner.execute("select set_config('fourfold.simulated_now', %s, true)", [PAST])
        assert owner.execute("select history_moment() = now()").fetchone() == (True,)
        owner.execute("rollback")
    with database.superuser() as admin:
        admin.execute("begin")
        admin.execute("set role fourfold_simulation")
        admin.execute("select set_config('fourfold.simulated_now', %s, true)", [PAST])
        assert admin.execute("select history_moment() = now()").fetchone() == (True,)
        admin.execute("rollback")


def test_an_entry_cannot_be_made_in_another_persons_name(case, universe):
    other = universe.gmp_analyst.pk
    with acting_as(universe.merseyside_analyst), pytest.raises(DatabaseError, match="row-level"), transaction.atomic():
        run(
            "insert into audit_entry (actor_id, organisation_id, role, session, address, operation, object_type, "
            "object_id, reason_code, reason_text, operation_reference, details, request) "
            "values (%s, null, '', '', '', 'SEARCH', '', '', '', '', '', '{}', '')",
            other,
        )
