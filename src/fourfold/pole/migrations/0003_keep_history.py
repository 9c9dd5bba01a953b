from django.db import migrations

from fourfold.platform.history.operations import keep_history_v1

TABLES = (
    "pole_personrecord",
    "pole_objectrecord",
    "pole_locationrecord",
    "pole_eventrecord",
    "pole_link",
    "pole_matchedge",
)


class Migration(migrations.Migration):
    """Every record keeps its past."""

    dependencies = [("pole", "0002_protect")]
    operations = [keep_history_v1(table) for table in TABLES]
