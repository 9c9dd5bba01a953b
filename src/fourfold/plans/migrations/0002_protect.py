from django.db import migrations

from fourfold.platform.visibility.operations import protect_v1

TABLES = (
    "plans_plan",
    "plans_section",
    "plans_aim",
    "plans_aimreading",
    "plans_action",
    "plans_consultation",
    "plans_review",
    "plans_peerreview",
    "plans_planversion",
    "plans_shared",
    "plans_asked",
    "plans_report",
    "plans_answer",
    "plans_reminder",
)


class Migration(migrations.Migration):
    """Plans and their parts are read and written under their labels."""

    dependencies = [("plans", "0001_plans"), ("visibility", "0003_scope")]
    operations = [protect_v1(table) for table in TABLES]
