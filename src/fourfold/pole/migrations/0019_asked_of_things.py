from django.db import migrations, models

from fourfold.platform.history.operations import refresh_history_v1


class Migration(migrations.Migration):
    """Of two things that a rule finds alike, but not enough to join them, a person is asked."""

    dependencies = [("pole", "0018_organisations")]
    operations = [
        migrations.AddField(
            model_name="thingtie",
            name="weight",
            field=models.FloatField(
                help_text="Where a person is asked: how much the rule says for the two being one, in bits", null=True
            ),
        ),
        refresh_history_v1("pole_thingtie"),
        migrations.AddIndex(
            "thingtie",
            models.Index(
                models.F("weight").desc(),
                name="thing_tie_asked",
                condition=models.Q(state="CURRENT", weight__isnull=False),
            ),
        ),
    ]
