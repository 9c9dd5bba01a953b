import django.contrib.postgres.fields
from django.db import migrations, models

from fourfold.platform.history.operations import pause_history_v1, refresh_history_v1

TABLE = "assessments_assessment"


class Migration(migrations.Migration):
    """Who scored is told apart from who checked: a checker may check again after it was returned."""

    dependencies = [("assessments", "0005_sealed")]
    operations = [
        pause_history_v1(TABLE),
        migrations.AddField(
            model_name="assessment",
            name="scored_by",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(),
                default=list,
                help_text="Everybody who scored or cited: none of them may check",
                size=None,
            ),
        ),
        refresh_history_v1(TABLE),
    ]
