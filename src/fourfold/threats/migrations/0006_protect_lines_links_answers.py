from django.db import migrations

from fourfold.platform.visibility.operations import protect_v1

TABLES = ("threats_threatline", "threats_threatlink", "threats_handover", "threats_closing")


class Migration(migrations.Migration):
    """Lines, links, hand-overs and proposals to close are read and written under their labels."""

    dependencies = [("threats", "0005_lines_links_answers"), ("visibility", "0003_scope")]
    operations = [protect_v1(table) for table in TABLES]
