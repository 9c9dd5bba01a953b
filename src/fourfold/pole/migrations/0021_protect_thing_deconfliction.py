from django.db import migrations

from fourfold.platform.history.operations import keep_history_v1
from fourfold.platform.visibility.operations import protect_v1


class Migration(migrations.Migration):
    """What was done about a match is read and written under the restricted record's label, and keeps its past."""

    dependencies = [("pole", "0020_thing_deconfliction")]
    operations = [protect_v1("pole_thingdeconflictionanswer"), keep_history_v1("pole_thingdeconflictionanswer")]
