from django.db import migrations

from fourfold.platform.history.operations import keep_history_v1

TABLES = ("threats_threat", "threats_threatmember", "threats_threatplace")


class Migration(migrations.Migration):
    """Threats, memberships and places keep their past."""

    dependencies = [("threats", "0002_protect")]
    operations = [keep_history_v1(table) for table in TABLES]
