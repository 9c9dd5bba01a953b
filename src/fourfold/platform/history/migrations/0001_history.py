from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parents[1] / "sql"


class Migration(migrations.Migration):
    """The functions of history. Labels depend on it, so that every labelled table can have its stamps as defaults."""

    initial = True
    dependencies = [("visibility", "0001_grants")]
    operations = [
        migrations.RunSQL((SQL / "history_v1.sql").read_text(), (SQL / "unhistory_v1.sql").read_text()),
    ]
