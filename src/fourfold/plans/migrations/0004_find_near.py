from pathlib import Path

from django.db import migrations

from fourfold.platform.visibility.operations import open_to_finder_v1

SQL = Path(__file__).parents[1] / "sql"
FIND_NEAR = "plans_find_near(integer[], integer, integer, bigint, bigint[], integer)"


class Migration(migrations.Migration):
    """References from a sequence, versions that stay, and near-copies found by their keys."""

    dependencies = [("plans", "0003_keep_history")]
    operations = [
        migrations.RunSQL(
            "create sequence plans_reference; grant usage on sequence plans_reference to fourfold_app",
            "drop sequence plans_reference",
        ),
        migrations.RunSQL(
            (SQL / "keep_versions_v1.sql").read_text(),
            "drop trigger version_stays on plans_planversion; drop function plans_version_stays_v1()",
        ),
        # Without a list of entries yet to be merged: reading it through would cost more than it saves.
        migrations.RunSQL(
            "create index action_keys on plans_action using gin (keys) with (fastupdate = off)",
            "drop index action_keys",
        ),
        migrations.RunSQL((SQL / "find_near_v1.sql").read_text(), f"drop function {FIND_NEAR}"),
        open_to_finder_v1(FIND_NEAR),
    ]
