from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parents[1] / "sql"
UNDO = """
drop policy adds on audit_entry;
drop policy reads on audit_entry;
alter table audit_entry no force row level security;
alter table audit_entry disable row level security;
"""


class Migration(migrations.Migration):
    """Added to as oneself, read by whom it concerns, changed by nobody."""

    dependencies = [("audit", "0001_ledger")]
    operations = [migrations.RunSQL((SQL / "policy_v1.sql").read_text(), UNDO)]
