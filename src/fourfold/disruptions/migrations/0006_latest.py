from django.db import migrations, models


class Migration(migrations.Migration):
    """The list's own order, as it asks for it, in an index."""

    dependencies = [("disruptions", "0005_kept_for_ever")]
    operations = [
        migrations.RemoveIndex(
            model_name="disruption",
            name="disruption_label_date",
        ),
        migrations.RemoveIndex(
            model_name="disruption",
            name="disruption_date",
        ),
        migrations.AddIndex(
            model_name="disruption",
            index=models.Index(
                models.F("label"),
                models.OrderBy(models.F("record_date"), descending=True, nulls_last=True),
                models.OrderBy(models.F("id"), descending=True),
                name="disruption_label_latest",
            ),
        ),
        migrations.AddIndex(
            model_name="disruption",
            index=models.Index(
                models.OrderBy(models.F("record_date"), descending=True, nulls_last=True),
                models.OrderBy(models.F("id"), descending=True),
                name="disruption_latest",
            ),
        ),
        migrations.RemoveIndex(model_name="disruption", name="disruption_figures"),
        migrations.AddIndex(
            model_name="disruption",
            index=models.Index(
                fields=[
                    "record_date",
                    "role",
                    "category",
                    "state",
                    "primary_p",
                    "lead_agency",
                    "threat_type",
                    "event_on",
                    "added_at",
                    "late",
                    "label",
                    "recorded_from",
                    "programme",
                ],
                name="disruption_figures",
            ),
        ),
    ]
