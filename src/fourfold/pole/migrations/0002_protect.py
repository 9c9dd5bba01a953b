from django.db import migrations

from fourfold.platform.visibility.operations import protect_v1

TABLES = (
    "pole_personrecord",
    "pole_objectrecord",
    "pole_locationrecord",
    "pole_eventrecord",
    "pole_link",
    "pole_matchedge",
)


class Migration(migrations.Migration):
    """Every record is read and written under its label."""

    dependencies = [("pole", "0001_records"), ("visibility", "0003_scope")]
    operations = [protect_v1(table) for table in TABLES]
