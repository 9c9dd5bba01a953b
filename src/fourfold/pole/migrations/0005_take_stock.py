from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parents[1] / "sql"


class Migration(migrations.Migration):
    """A large batch is planned with true statistics: several follow each other faster than autovacuum looks."""

    dependencies = [("pole", "0004_find_people")]
    operations = [
        migrations.RunSQL((SQL / "take_stock_v1.sql").read_text(), "drop function pole_take_stock(text)"),
    ]
