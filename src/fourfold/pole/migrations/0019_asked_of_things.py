from django.db import migrations, models

from fourfold.platform.history.operations import pause_history_v1

TABLE = "pole_thingtie"


class Migration(migrations.Migration):
    """Of two things that a rule finds alike, but not enough to join them, a person is asked."""

    dependencies = [("pole", "0018_organisations")]
    operations = [
        pause_history_v1(TABLE),
        migrations.AddField(
            model_name="thingtie",
            name="weight",
            field=models.FloatField(
                help_text="Where a person is asked: how much the rule says for the two being one, in bits", null=True
            ),
        ),
        # As `refresh_history_v1`, but undone by a pause: the column cannot go while the view and the trigger use it.
        migrations.RunSQL(f"select history_refresh_v1('{TABLE}', '{{}}')", f"select history_pause_v1('{TABLE}')"),
        migrations.AddIndex(
            "thingtie",
            models.Index(
                models.F("weight").desc(),
                name="thing_tie_asked",
                condition=models.Q(state="CURRENT", weight__isnull=False),
            ),
        ),
    ]
