from django.db import migrations

TABLES = "procrastinate_jobs, procrastinate_events, procrastinate_periodic_defers, procrastinate_workers"


class Migration(migrations.Migration):
    """The worker removes finished jobs and workers that stopped answering."""

    initial = True
    dependencies = [("visibility", "0001_grants"), ("procrastinate", "0041_post_retry_failed_job")]
    operations = [
        migrations.RunSQL(f"grant delete on {TABLES} to fourfold_app", f"revoke delete on {TABLES} from fourfold_app")
    ]
