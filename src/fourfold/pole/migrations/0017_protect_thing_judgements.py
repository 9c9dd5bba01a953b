from django.db import migrations

from fourfold.platform.history.operations import keep_history_v1
from fourfold.platform.visibility.operations import protect_v1


class Migration(migrations.Migration):
    """What people say of things is read and written under the labels of the records, and keeps its past."""

    dependencies = [("pole", "0016_thing_judgements")]
    operations = [protect_v1("pole_thingjudgement"), keep_history_v1("pole_thingjudgement")]
