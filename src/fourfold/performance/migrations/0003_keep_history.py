from django.db import migrations

from fourfold.platform.history.operations import keep_history_v1

TABLES = ("performance_regioncount", "performance_apireader")


class Migration(migrations.Migration):
    """Counts of other regions and tokens of readers keep their past."""

    dependencies = [("performance", "0002_protect")]
    operations = [keep_history_v1(table) for table in TABLES]
