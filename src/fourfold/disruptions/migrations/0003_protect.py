from django.db import migrations

from fourfold.platform.visibility.operations import protect_v1

TABLES = (
    "disruptions_disruption",
    "disruptions_disruptionaim",
    "disruptions_disruptionsupport",
    "disruptions_disruptionevidence",
    "disruptions_categoryreview",
    "disruptions_disruptionlead",
)
MINE = "author_id = nullif(current_setting('fourfold.actor', true), '')::bigint"


class Migration(migrations.Migration):
    """Records are read and written under their labels; what somebody has not sent yet, by that person alone."""

    dependencies = [("disruptions", "0002_disruptions"), ("visibility", "0003_scope")]
    operations = [
        *(protect_v1(table) for table in TABLES),
        migrations.RunSQL(
            f"""
            alter table disruptions_disruptiondraft enable row level security;
            alter table disruptions_disruptiondraft force row level security;
            create policy reads on disruptions_disruptiondraft for select using ({MINE});
            create policy adds on disruptions_disruptiondraft for insert with check ({MINE});
            create policy changes on disruptions_disruptiondraft for update using ({MINE}) with check ({MINE});
            """,
            """
            drop policy changes on disruptions_disruptiondraft;
            drop policy adds on disruptions_disruptiondraft;
            drop policy reads on disruptions_disruptiondraft;
            alter table disruptions_disruptiondraft no force row level security;
            alter table disruptions_disruptiondraft disable row level security;
            """,
        ),
    ]
