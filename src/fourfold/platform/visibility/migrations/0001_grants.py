from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parents[1] / "sql"


class Migration(migrations.Migration):
    """What the application role may do with every table, whichever app makes it."""

    initial = True
    operations = [migrations.RunSQL((SQL / "grants_v1.sql").read_text(), migrations.RunSQL.noop)]
