from django.db import migrations

from fourfold.platform.visibility.operations import protect_v1

TABLES = (
    "intake_source",
    "intake_sourcetoken",
    "intake_batch",
    "intake_arrival",
    "intake_batchfile",
    "intake_batchmeasure",
    "intake_batchwarning",
    "intake_steprun",
    "intake_quarantined",
)


class Migration(migrations.Migration):
    """Sources, batches, their counts and the rows not loaded are read and written under their labels."""

    dependencies = [("intake", "0001_intake"), ("visibility", "0003_scope")]
    operations = [protect_v1(table) for table in TABLES]
