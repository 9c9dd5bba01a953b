from django.db import migrations, models

from fourfold.platform.history.operations import refresh_history_v1


class Migration(migrations.Migration):
    dependencies = [("performance", "0003_keep_history")]

    operations = [
        migrations.AddField(
            model_name="apireader",
            name="takes_files",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Takes people and threats as files too, and not figures alone",
            ),
        ),
        refresh_history_v1("performance_apireader"),
    ]
