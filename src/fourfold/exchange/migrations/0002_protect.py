from django.db import migrations

from fourfold.platform.visibility.operations import protect_v1

TABLES = ("exchange_import", "exchange_importline", "exchange_kepturn")


class Migration(migrations.Migration):
    """Imports, their lines and what other systems call our records are read and written under their labels."""

    dependencies = [("exchange", "0001_exchange"), ("visibility", "0003_scope")]
    operations = [protect_v1(table) for table in TABLES]
