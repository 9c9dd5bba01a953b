from django.db import migrations

from fourfold.platform.history.operations import keep_history_v1

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
    """Plans and their parts keep their past."""

    dependencies = [("plans", "0002_protect"), ("history", "0001_history")]
    operations = [keep_history_v1(table) for table in TABLES]
