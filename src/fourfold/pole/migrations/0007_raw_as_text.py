from django.db import migrations, models

from fourfold.platform.history.operations import pause_history_v1, refresh_history_v1

MODELS = ("personrecord", "objectrecord", "locationrecord", "eventrecord", "link")


class Migration(migrations.Migration):
    """The delivered row is kept as the text it came as: taking JSON apart cost half of bringing a row in."""

    dependencies = [("pole", "0006_bulk")]
    operations = [
        operation
        for model in MODELS
        for operation in (
            pause_history_v1(f"pole_{model}"),
            migrations.AlterField(
                model,
                "raw",
                models.TextField(
                    help_text="The row as it was delivered: JSON, kept as text because nothing searches in it"
                ),
            ),
            refresh_history_v1(f"pole_{model}"),
        )
    ]
