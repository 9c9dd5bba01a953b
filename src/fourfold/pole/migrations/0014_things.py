import django.db.models.deletion
from django.db import migrations, models

from fourfold.platform.history.operations import pause_history_v1, refresh_history_v1


class Migration(migrations.Migration):
    """Vehicles, phones, addresses and organisations have numbers, as people have, and reasons for their records."""

    dependencies = [
        ("pole", "0013_words"),
        ("visibility", "0003_scope"),
    ]

    operations = [
        migrations.CreateModel(
            name="Thing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.TextField()),
                ("made_in", models.TextField()),
                ("made_at", models.DateTimeField()),
            ],
        ),
        pause_history_v1("pole_locationrecord"),
        pause_history_v1("pole_objectrecord"),
        migrations.AddField(
            model_name="locationrecord",
            name="thing",
            field=models.ForeignKey(
                db_constraint=False,
                help_text="What it is a record of; empty until things were first grouped",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="pole.thing",
            ),
        ),
        migrations.AddField(
            model_name="objectrecord",
            name="thing",
            field=models.ForeignKey(
                db_constraint=False,
                help_text="What it is a record of; empty until things were first grouped",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="pole.thing",
            ),
        ),
        refresh_history_v1("pole_locationrecord"),
        refresh_history_v1("pole_objectrecord"),
        migrations.CreateModel(
            name="ThingTie",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "recorded_from",
                    models.DateTimeField(
                        db_default=models.Func(function="history_moment", output_field=models.DateTimeField()),
                        editable=False,
                    ),
                ),
                (
                    "recorded_by",
                    models.BigIntegerField(
                        db_default=models.Func(function="history_actor", output_field=models.BigIntegerField()),
                        editable=False,
                        null=True,
                    ),
                ),
                (
                    "recorded_in",
                    models.TextField(
                        db_default=models.Func(function="history_request", output_field=models.TextField()),
                        editable=False,
                        null=True,
                    ),
                ),
                ("end_kind", models.TextField(help_text="OBJECT or LOCATION: the table of both records")),
                ("left_id", models.BigIntegerField()),
                ("right_id", models.BigIntegerField()),
                ("kind", models.TextField(help_text="VEHICLE, PHONE, ADDRESS or ORGANISATION")),
                ("verdict", models.TextField(help_text="JOIN, MAYBE or APART")),
                ("code", models.TextField(help_text="The rule")),
                ("words", models.TextField(help_text="The rule in words, as it stood")),
                ("run", models.TextField()),
                ("state", models.TextField(default="CURRENT")),
                (
                    "label",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="visibility.accesslabel",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(models.F("right_id"), models.F("end_kind"), name="thing_tie_right")],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("end_kind"), models.F("left_id"), models.F("right_id"), name="thing_tie_once"
                    )
                ],
            },
        ),
    ]
