from django.db import migrations

from fourfold.platform.history.operations import keep_history_v1

TABLES = ("exchange_import", "exchange_importline", "exchange_kepturn")


class Migration(migrations.Migration):
    """Imports, their lines and what other systems call our records keep their past."""

    dependencies = [("exchange", "0002_protect"), ("history", "0001_history")]
    operations = [keep_history_v1(table) for table in TABLES]
