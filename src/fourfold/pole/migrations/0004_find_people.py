from pathlib import Path

from django.db import migrations

from fourfold.platform.visibility.operations import open_to_finder_v1

SQL = Path(__file__).parents[1] / "sql"


class Migration(migrations.Migration):
    """Search by name: an index of three-letter pieces, and the function that may use it."""

    dependencies = [("pole", "0003_keep_history")]
    operations = [
        migrations.RunSQL(
            "create index person_record_names on pole_personrecord using gin (names_key gin_trgm_ops)",
            "drop index person_record_names",
        ),
        migrations.RunSQL((SQL / "find_people_v1.sql").read_text(), (SQL / "unfind_people_v1.sql").read_text()),
        open_to_finder_v1("pole_find_people(text, integer)"),
    ]
