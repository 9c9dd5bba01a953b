import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """What was done about a match of a restricted record of a thing is kept, as it is of people's."""

    dependencies = [
        ("people", "0002_sessions"),
        ("pole", "0019_asked_of_things"),
        ("visibility", "0003_scope"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ThingDeconflictionAnswer",
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
                (
                    "answer",
                    models.CharField(choices=[("CONTACTED", "CONTACTED"), ("NO_ACTION", "NO_ACTION")], max_length=9),
                ),
                ("why", models.TextField()),
                ("answered_at", models.DateTimeField()),
                ("end_kind", models.TextField(help_text="OBJECT or LOCATION: the table of the record")),
                ("record_id", models.BigIntegerField(help_text="The restricted one")),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "label",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="visibility.accesslabel",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        help_text="Whose it matches",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.organisation",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(models.F("record_id"), models.F("end_kind"), name="thing_deconfliction_record"),
                    models.Index(models.F("label"), models.F("answered_at"), name="thing_deconfliction_label"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("answer__in", ["CONTACTED", "NO_ACTION"])), name="thing_deconfliction_known"
                    )
                ],
            },
        ),
    ]
