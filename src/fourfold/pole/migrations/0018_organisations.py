from pathlib import Path

from django.db import migrations

from fourfold.platform.visibility.operations import open_to_finder_v1

SQL = Path(__file__).parents[1] / "sql"


class Migration(migrations.Migration):
    """Organisations are found by name, misspelt or in part, by what they trade as and by company number."""

    dependencies = [("pole", "0017_protect_thing_judgements")]
    operations = [
        migrations.RunSQL((SQL / "organisations_v1.sql").read_text(), (SQL / "unorganisations_v1.sql").read_text()),
        open_to_finder_v1("pole_find_organisations(text, text, integer)"),
    ]
