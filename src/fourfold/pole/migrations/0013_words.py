from pathlib import Path

from django.db import migrations

from fourfold.platform.visibility.operations import open_to_finder_v1

SQL = Path(__file__).parents[1] / "sql"
FINDERS = (
    "pole_find_people(text, integer, date, date)",
    "pole_find_places(text, integer)",
    "pole_find_objects(text, text, integer)",
)


class Migration(migrations.Migration):
    """A search reads a dictionary of words, so that a misspelt name is found as quickly among five million people."""

    dependencies = [("pole", "0012_keep_history_judgements")]
    operations = [
        migrations.RunSQL((SQL / "words_v1.sql").read_text(), (SQL / "unwords_v1.sql").read_text()),
        # The new one has its name and takes the same two arguments, so whoever calls it need not know.
        migrations.RunSQL(
            "-- squawk-ignore ban-drop-function\ndrop function pole_find_people(text, integer)",
            (SQL / "refind_people_v1.sql").read_text(),
        ),
        migrations.RunSQL((SQL / "search_v1.sql").read_text(), (SQL / "unsearch_v1.sql").read_text()),
        *(open_to_finder_v1(function) for function in FINDERS),
        migrations.RunSQL(
            "-- squawk-ignore require-concurrent-index-deletion\ndrop index person_record_names",
            "create index person_record_names on pole_personrecord using gin (names_key gin_trgm_ops)",
        ),
    ]
