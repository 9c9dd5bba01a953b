from django.db import migrations

from fourfold.platform.history.operations import keep_history_v1

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
    """Every change of intake keeps what was before it."""

    dependencies = [("intake", "0002_protect")]
    operations = [keep_history_v1(table) for table in TABLES]
