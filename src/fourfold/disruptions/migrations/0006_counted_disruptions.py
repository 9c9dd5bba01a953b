from django.db import migrations, models


class Migration(migrations.Migration):
    """The list of disruptions counts its filters' choices from an index, without reading a row."""

    dependencies = [("disruptions", "0005_kept_for_ever")]
    operations = [
        migrations.AddIndex(
            "disruption",
            models.Index(
                fields=[
                    "label",
                    "primary_p",
                    "category",
                    "lead_agency",
                    "role",
                    "state",
                    "late",
                    "threat_type",
                    "programme",
                ],
                name="disruption_counted",
            ),
        ),
    ]
