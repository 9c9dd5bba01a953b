from pathlib import Path

from django.db import migrations

from fourfold.platform.visibility.operations import open_to_finder_v1

SQL = Path(__file__).parents[1] / "sql"


class Migration(migrations.Migration):
    """Search by name: an index of three-letter pieces, and the function that may use it."""

    dependencies = [("threats", "0007_keep_history_lines_links_answers")]
    operations = [
        migrations.RunSQL((SQL / "find_threats_v1.sql").read_text(), (SQL / "unfind_threats_v1.sql").read_text()),
        open_to_finder_v1("threats_find(text, integer)"),
    ]
