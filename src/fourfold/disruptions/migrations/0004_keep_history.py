from django.db import migrations

from fourfold.platform.history.operations import keep_history_v1

TABLES = (
    "disruptions_disruption",
    "disruptions_disruptionaim",
    "disruptions_disruptionsupport",
    "disruptions_disruptionevidence",
    "disruptions_categoryreview",
    "disruptions_disruptionlead",
)


class Migration(migrations.Migration):
    dependencies = [("disruptions", "0003_protect"), ("history", "0001_history")]
    operations = [keep_history_v1(table) for table in TABLES]
