from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parents[1] / "sql"


class Migration(migrations.Migration):
    """A publication that changes many ties takes their statistics anew, where it stopped with an error."""

    dependencies = [("pole", "0021_protect_thing_deconfliction")]
    operations = [
        migrations.RunSQL(
            (SQL / "take_stock_v2.sql").read_text(),
            (SQL / "take_stock_v1.sql").read_text().replace("create function", "create or replace function"),
        ),
    ]
