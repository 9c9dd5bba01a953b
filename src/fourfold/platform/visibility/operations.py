"""Migration operations that put a table under the policy. Frozen once released: new behaviour is a `_v2`."""

from pathlib import Path

from django.db.migrations.operations import RunSQL

SQL = Path(__file__).parent / "sql"


def protect_v1(table: str) -> RunSQL:
    """Put a table that has `label_id` under the policy: readers see rows of labels they hold, writers write theirs.

    The owning app adds an index that starts with `label_id`: readers who may see little are served from it.
    """
    return RunSQL(_filled("policy_v1.sql", table), _filled("unpolicy_v1.sql", table))


def open_to_finder_v1(signature: str) -> RunSQL:
    """Give a search function to the role that reads past the policies, and let the application call it.

    The function is `security definer`, sets its own `search_path`, has a limit, and returns candidate ids only; the
    query joins them under the policy. Where the server has no such role, the function stays with the owner.

    Args:
        signature: Name and argument types, such as `pole_find_names(text, integer)`.
    """
    return RunSQL(
        f"""
        revoke execute on function {signature} from public;
        grant execute on function {signature} to fourfold_app;
        do $$ begin
          if exists (select from pg_roles where rolname = 'fourfold_finder') then
            grant create on schema public to fourfold_finder;
            alter function {signature} owner to fourfold_finder;
            revoke create on schema public from fourfold_finder;
          end if;
        end $$;
        """,
        RunSQL.noop,
    )


def _filled(name: str, table: str) -> str:
    return (SQL / name).read_text().replace("{table}", f'"{table}"')
