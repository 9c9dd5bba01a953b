from django.db import migrations

from fourfold.platform.history.operations import keep_history_v1

TABLES = (
    "assessments_assessment",
    "assessments_criterionscore",
    "assessments_criterionevidence",
    "assessments_scoresheet",
    "assessments_appeal",
)


class Migration(migrations.Migration):
    """Assessments and all that belongs to them keep their past."""

    dependencies = [("assessments", "0002_protect")]
    operations = [keep_history_v1(table) for table in TABLES]
