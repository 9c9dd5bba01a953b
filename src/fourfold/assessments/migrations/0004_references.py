from django.db import migrations


class Migration(migrations.Migration):
    """References come from a sequence: a count would differ between readers."""

    dependencies = [("assessments", "0003_keep_history")]
    operations = [
        migrations.RunSQL(
            "create sequence assessments_reference; grant usage on sequence assessments_reference to fourfold_app",
            "drop sequence assessments_reference",
        )
    ]
