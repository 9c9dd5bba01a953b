from django.db import migrations


class Migration(migrations.Migration):
    """A session ends when someone signs out: the only rows, with the queue's, that the application may remove."""

    dependencies = [("people", "0001_people"), ("sessions", "0001_initial"), ("visibility", "0001_grants")]
    operations = [
        migrations.RunSQL(
            "grant delete on django_session to fourfold_app", "revoke delete on django_session from fourfold_app"
        )
    ]
