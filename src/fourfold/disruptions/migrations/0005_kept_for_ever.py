from django.db import migrations


class Migration(migrations.Migration):
    """When a record was added is the database's word, and neither that nor what was first said of it ever changes."""

    dependencies = [("disruptions", "0004_keep_history")]
    operations = [
        migrations.RunSQL(
            """
            create function disruptions_added() returns trigger language plpgsql as $$
            begin
              new.added_at := public.history_moment();
              return new;
            end $$;
            create function disruptions_kept() returns trigger language plpgsql as $$
            begin
              raise exception 'When % was added and what was first said of it stay as they are', old.reference
                using errcode = 'check_violation', constraint = 'disruption_kept';
            end $$;
            create trigger disruption_added before insert on disruptions_disruption
              for each row execute function disruptions_added();
            create trigger disruption_kept before update on disruptions_disruption for each row
              when (old.added_at is distinct from new.added_at
                    or old.original_category is distinct from new.original_category
                    or old.reference is distinct from new.reference or old.recorder_id is distinct from new.recorder_id)
              execute function disruptions_kept();
            """,
            """
            drop trigger disruption_kept on disruptions_disruption;
            drop trigger disruption_added on disruptions_disruption;
            drop function disruptions_kept();
            drop function disruptions_added();
            """,
        )
    ]
