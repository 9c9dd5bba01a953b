from django.db import migrations

from fourfold.platform.visibility.operations import protect_v1

TABLES = ("threats_threat", "threats_threatmember", "threats_threatplace")


class Migration(migrations.Migration):
    """Threats, memberships and places are read and written under their labels."""

    dependencies = [("threats", "0001_threats"), ("visibility", "0003_scope")]
    operations = [protect_v1(table) for table in TABLES]
