from django.db import migrations

from fourfold.platform.visibility.operations import protect_v1

TABLES = ("search_savedsearch", "search_savedfinding")


class Migration(migrations.Migration):
    """Saved searches and what they found are read and written under their owner's label."""

    dependencies = [("search", "0001_saved_searches"), ("visibility", "0003_scope")]
    operations = [protect_v1(table) for table in TABLES]
