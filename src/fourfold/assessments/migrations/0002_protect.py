from django.db import migrations

from fourfold.platform.visibility.operations import protect_v1

TABLES = (
    "assessments_assessment",
    "assessments_criterionscore",
    "assessments_criterionevidence",
    "assessments_scoresheet",
    "assessments_appeal",
)


class Migration(migrations.Migration):
    """Assessments, scores, evidence, sheets and appeals are read and written under their labels."""

    dependencies = [("assessments", "0001_assessments"), ("visibility", "0003_scope")]
    operations = [protect_v1(table) for table in TABLES]
