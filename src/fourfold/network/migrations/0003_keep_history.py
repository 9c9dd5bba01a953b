from django.db import migrations

from fourfold.platform.history.operations import keep_history_v1


class Migration(migrations.Migration):
    dependencies = [("network", "0002_protect"), ("history", "0001_history")]
    operations = [keep_history_v1("network_edgelead")]
