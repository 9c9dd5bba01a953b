from django.db import migrations

from fourfold.platform.visibility.operations import protect_v1

TABLES = ("pole_judgement", "pole_identityevent", "pole_placement", "pole_deconflictionanswer")


class Migration(migrations.Migration):
    """What people say of identity is read and written under the labels of the records it is about."""

    dependencies = [("pole", "0010_judgements"), ("visibility", "0003_scope")]
    operations = [protect_v1(table) for table in TABLES]
