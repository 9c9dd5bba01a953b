from django.db import migrations


class Migration(migrations.Migration):
    """References come from a sequence: a count would differ between readers. The tables' default asks for the next."""

    initial = True
    dependencies = [("history", "0001_history")]
    operations = [
        migrations.RunSQL(
            """
            create sequence disruptions_reference;
            grant usage on sequence disruptions_reference to fourfold_app;
            create function disruptions_next_reference() returns text language sql volatile as
              $$ select 'DIS-' || lpad(nextval('public.disruptions_reference')::text, 6, '0') $$;
            create sequence disruptions_event;
            grant usage on sequence disruptions_event to fourfold_app;
            """,
            """
            drop sequence disruptions_event;
            drop function disruptions_next_reference();
            drop sequence disruptions_reference;
            """,
        )
    ]
