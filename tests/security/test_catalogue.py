"""What PostgreSQL's own catalogue says about every table, view, function and role of the product."""

import pytest
from django.db import connection

from tests.security.open_tables import OPEN_TABLES

pytestmark = pytest.mark.django_db
SAMPLE = ("sample_case", "sample_case_was", "sample_part", "sample_part_was")
DELETABLE = {
    "django_session",
    "procrastinate_jobs",
    "procrastinate_events",
    "procrastinate_periodic_defers",
    "procrastinate_workers",
}


def rows(query: str, *parameters: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()


def tables(condition: str = "true") -> set[str]:
    found = rows(
        "select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        f"where nspname in ('public', 'rewound') and relkind in ('r', 'p') and ({condition})"
    )
    return {row[0] for row in found}


def test_the_catalogue_has_the_tables_that_this_file_is_about():
    assert {"audit_entry", "people_user", "sample_case", "sample_case_was"} <= tables()


def test_every_table_is_under_a_forced_policy_or_open_with_a_reason():
    unprotected = tables("not (relrowsecurity and relforcerowsecurity)") - OPEN_TABLES.keys()
    assert not unprotected, f"protect_v1 is missing, or a line in tests/security/open_tables.py: {sorted(unprotected)}"


def test_open_tables_are_open_and_there_and_have_a_reason():
    assert not OPEN_TABLES.keys() - tables(), "OPEN_TABLES names tables that do not exist"
    assert not OPEN_TABLES.keys() & tables("relrowsecurity"), "OPEN_TABLES names tables that are under a policy"
    assert all(len(reason) > 10 for reason in OPEN_TABLES.values())


def test_every_protected_table_has_a_policy_to_read_and_none_to_delete():
    found = rows("select tablename, array_agg(cmd) from pg_policies where schemaname = 'public' group by 1")
    by_table = dict(found)
    assert by_table.keys() == tables("relrowsecurity")
    assert all("SELECT" in commands for commands in by_table.values())
    assert not [table for table, commands in by_table.items() if {"DELETE", "ALL"} & set(commands)]


def test_every_governed_table_has_the_one_policy_text():
    governed = rows(
        "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'label_id' "
        "join pg_namespace n on n.oid = c.relnamespace "
        "where n.nspname = 'public' and c.relkind = 'r' and c.relname !~ '_was$'"
    )
    texts = {
        (cmd, qual, check)
        for (table,) in governed
        for cmd, qual, check in rows(
            "select cmd, qual, with_check from pg_policies where tablename = %s and permissive = 'PERMISSIVE'", table
        )
    }
    assert len(governed) >= 2
    assert {cmd for cmd, _, _ in texts} == {"SELECT", "INSERT", "UPDATE"}
    assert len(texts) == 3, "a governed table has a policy of its own making"


def test_every_versioned_table_keeps_its_past():
    versioned = {
        row[0]
        for row in rows(
            "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a "
            "on a.attrelid = c.oid and a.attname = 'recorded_from' "
            "where n.nspname = 'public' and c.relkind = 'r'"
        )
    }
    now = {table for table in versioned if not table.endswith("_was")}
    assert {f"{table}_was" for table in now} == versioned - now
    checks: set[str] = set()
    for table in now:
        triggers = {r[0] for r in rows("select tgname from pg_trigger where tgrelid = %s::regclass", f"public.{table}")}
        assert {"history_stamp", "history_keep", "history_end"} <= triggers, table
        narrowing = rows(
            "select policyname, cmd, with_check from pg_policies where tablename = %s and permissive = 'RESTRICTIVE'",
            table,
        )
        if "history_check" in triggers:
            assert not narrowing, table
        else:
            ((policy, command, check),) = narrowing
            assert (policy, command) == ("stamps", "INSERT"), table
            checks.add(check)
        assert all(
            r[0] == "O"
            for r in rows("select tgenabled from pg_trigger where tgrelid = %s::regclass", f"public.{table}")
        )
    assert len(checks) == 1, "a table checks stamps in a way of its own"


def test_what_was_is_read_under_the_same_policy_as_what_is():
    for table, qual in rows(
        "select tablename, qual from pg_policies where policyname = 'reads' and tablename ~ '_was$'"
    ):
        of_now = rows(
            "select qual from pg_policies where policyname = 'reads' and tablename = %s", table.removesuffix("_was")
        )
        assert of_now == [(qual,)], table


def test_what_was_has_every_column_of_what_is():
    for (table,) in rows("select relname from pg_class where relname ~ '_was$' and relkind = 'r'"):
        columns = (
            "select attname, atttypid, atttypmod from pg_attribute "
            "where attrelid = %s::regclass and attnum > 0 and not attisdropped"
        )
        now, was = set(rows(columns, table.removesuffix("_was"))), set(rows(columns, table))
        assert now <= was, f"{table}: run refresh_history_v1 after the columns changed"


def test_every_view_asks_as_its_reader():
    found = rows(
        "select nspname || '.' || relname, coalesce(reloptions::text, '') from pg_class c "
        "join pg_namespace n on n.oid = c.relnamespace "
        "where relkind in ('v', 'm') and nspname in ('public', 'rewound') and not exists "
        "(select from pg_depend d where d.objid = c.oid and d.deptype = 'e')"
    )
    assert found
    assert not [name for name, options in found if "security_invoker=true" not in options]


def test_functions_that_act_as_their_owner_have_a_search_path_of_their_own():
    found = rows(
        "select p.oid::regprocedure::text, coalesce(proconfig::text, '') from pg_proc p "
        "join pg_namespace n on n.oid = p.pronamespace where prosecdef and nspname in ('public', 'rewound')"
    )
    assert found
    assert not [name for name, settings in found if "search_path" not in settings]


def test_nobody_but_the_owner_may_put_a_trigger_function_of_the_owner_on_a_table():
    found = rows(
        "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace "
        "where prosecdef and nspname = 'public' and prorettype = 'trigger'::regtype "
        "and has_function_privilege('fourfold_app', p.oid, 'execute')"
    )
    assert found == []


def test_the_application_role_owns_nothing_and_bypasses_nothing():
    assert rows(
        "select rolsuper, rolbypassrls, rolcreatedb, rolcreaterole from pg_roles where rolname = current_user"
    ) == [(False, False, False, False)]
    assert rows("select current_user, session_user") == [("fourfold_app", "fourfold_app")]
    for catalogue, owner in (("pg_class", "relowner"), ("pg_proc", "proowner"), ("pg_namespace", "nspowner")):
        assert rows(f"select count(*) from {catalogue} where {owner} = current_user::regrole") == [(0,)]
    assert rows("select count(*) from pg_auth_members where member = current_user::regrole") == [(0,)]


def test_the_application_deletes_sessions_and_jobs_and_nothing_else():
    may_delete = {
        row[0]
        for row in rows(
            "select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where nspname = 'public' "
            "and relkind = 'r' and has_table_privilege(c.oid, 'delete, truncate, trigger')"
        )
    }
    assert may_delete == DELETABLE


def test_the_application_makes_nothing_in_the_products_schemas():
    for schema in ("public", "rewound"):
        assert rows("select has_schema_privilege(%s, 'create')", schema) == [(False,)]


def test_what_was_and_the_ledger_cannot_be_changed_by_the_application():
    for (table,) in rows("select relname from pg_class where relname ~ '_was$' and relkind = 'r'"):
        assert rows("select has_table_privilege(%s, 'insert, update')", table) == [(False,)], table
    for table in ("audit_entry", "audit_block", "audit_check"):
        assert rows("select has_table_privilege(%s, 'update')", table) == [(False,)], table


def test_the_finder_logs_in_nowhere_and_owns_functions_only():
    assert rows("select rolcanlogin, rolsuper from pg_roles where rolname = 'fourfold_finder'") == [(False, False)]
    assert rows("select count(*) from pg_class where relowner = 'fourfold_finder'::regrole") == [(0,)]


def test_functions_that_look_past_the_policies_return_keys_or_statistics_only():
    """A finder's function gives candidate ids, which the query joins under the policy; never a column of a row."""
    found = rows(
        "select p.oid::regprocedure::text, pg_get_function_result(p.oid) from pg_proc p "
        "where proowner = 'fourfold_finder'::regrole"
    )
    assert found
    allowed = {"SETOF bigint", "SETOF uuid"}
    spread = "visibility_spread(regclass)"
    assert not [(name, result) for name, result in found if result not in allowed and name != spread]
