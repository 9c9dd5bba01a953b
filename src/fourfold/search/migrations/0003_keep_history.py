from django.db import migrations

from fourfold.platform.history.operations import keep_history_v1

TABLES = ("search_savedsearch", "search_savedfinding")


class Migration(migrations.Migration):
    """Saved searches and what they found keep their past."""

    dependencies = [("search", "0002_protect"), ("history", "0001_history")]
    operations = [keep_history_v1(table) for table in TABLES]
