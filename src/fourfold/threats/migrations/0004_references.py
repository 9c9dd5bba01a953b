from django.db import migrations


class Migration(migrations.Migration):
    """References come from a sequence: a count would differ between readers."""

    dependencies = [("threats", "0003_keep_history")]
    operations = [
        migrations.RunSQL(
            "create sequence threats_reference; grant usage on sequence threats_reference to fourfold_app",
            "drop sequence threats_reference",
        )
    ]
