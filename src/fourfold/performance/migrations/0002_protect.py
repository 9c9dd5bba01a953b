from django.db import migrations

from fourfold.platform.visibility.operations import protect_v1

TABLES = ("performance_regioncount", "performance_apireader")


class Migration(migrations.Migration):
    """Counts of other regions and tokens of readers are read and written under their labels."""

    dependencies = [("performance", "0001_figures"), ("visibility", "0003_scope")]
    operations = [protect_v1(table) for table in TABLES]
