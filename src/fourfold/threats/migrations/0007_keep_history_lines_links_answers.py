from django.db import migrations

from fourfold.platform.history.operations import keep_history_v1

TABLES = ("threats_threatline", "threats_threatlink", "threats_handover", "threats_closing")


class Migration(migrations.Migration):
    """Lines, links, hand-overs and proposals to close keep their past."""

    dependencies = [("threats", "0006_protect_lines_links_answers")]
    operations = [keep_history_v1(table) for table in TABLES]
