from django.db import migrations

from fourfold.platform.visibility.operations import protect_v1


class Migration(migrations.Migration):
    """Leads are read and written under their labels."""

    dependencies = [("network", "0001_edge_leads"), ("visibility", "0003_scope")]
    operations = [protect_v1("network_edgelead")]
