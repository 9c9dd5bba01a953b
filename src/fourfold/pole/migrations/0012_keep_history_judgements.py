from django.db import migrations

from fourfold.platform.history.operations import keep_history_v1

TABLES = ("pole_judgement", "pole_identityevent", "pole_placement", "pole_deconflictionanswer")


class Migration(migrations.Migration):
    """What people say of identity keeps its past: its labels may become narrower."""

    dependencies = [("pole", "0011_protect_judgements")]
    operations = [keep_history_v1(table) for table in TABLES]
