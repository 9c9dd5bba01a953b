from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parents[1] / "sql"


class Migration(migrations.Migration):
    """The database itself keeps models, decisions and sent scores as they are."""

    dependencies = [("assessments", "0004_references")]
    operations = [
        migrations.RunSQL((SQL / "sealed_v1.sql").read_text(), (SQL / "unsealed_v1.sql").read_text()),
    ]
