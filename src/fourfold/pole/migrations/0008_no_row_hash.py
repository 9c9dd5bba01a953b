from django.db import migrations, models

from fourfold.platform.history.operations import pause_history_v1, refresh_history_v1

MODELS = ("personrecord", "objectrecord", "locationrecord", "eventrecord", "link")


class Migration(migrations.Migration):
    """The hash of a row is worked out from the row where it is shown: the row itself is kept to the letter."""

    dependencies = [("pole", "0007_raw_as_text")]
    operations = [
        operation
        for model in MODELS
        for operation in (
            pause_history_v1(f"pole_{model}"),
            migrations.AlterField(model, "row_hash", models.TextField(default="")),
            migrations.RemoveField(model, "row_hash"),
            refresh_history_v1(f"pole_{model}"),
        )
    ]
