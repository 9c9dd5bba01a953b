import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """What people say of vehicles, phones, addresses and organisations: that two records are of one, or of two."""

    dependencies = [
        ("people", "0002_sessions"),
        ("pole", "0015_protect_things"),
        ("visibility", "0003_scope"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ThingJudgement",
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
                    "verdict",
                    models.CharField(
                        choices=[
                            ("PROPOSED", "PROPOSED"),
                            ("SAME", "SAME"),
                            ("DIFFERENT", "DIFFERENT"),
                            ("UNSURE", "UNSURE"),
                            ("WITHDRAWN", "WITHDRAWN"),
                        ],
                        max_length=9,
                    ),
                ),
                ("given_at", models.DateTimeField()),
                ("why", models.TextField(help_text="Their words, or what was compared where they added none")),
                ("evidence", models.JSONField(help_text="The match as it stood: weights, probability, band and run")),
                (
                    "act",
                    models.UUIDField(
                        help_text="The same for all that was said in one step, so that one step undoes it"
                    ),
                ),
                ("end_kind", models.TextField(help_text="OBJECT or LOCATION: the table of both records")),
                ("left_id", models.BigIntegerField()),
                ("right_id", models.BigIntegerField()),
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
                        help_text="Theirs at the time",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.organisation",
                    ),
                ),
                (
                    "withdraws",
                    models.OneToOneField(
                        help_text="What this takes back",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withdrawal",
                        to="pole.thingjudgement",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(models.F("left_id"), models.F("end_kind"), name="thing_judgement_left"),
                    models.Index(models.F("right_id"), models.F("end_kind"), name="thing_judgement_right"),
                    models.Index(models.F("label"), models.F("given_at"), name="thing_judgement_label"),
                    models.Index(models.F("act"), name="thing_judgement_act"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("left_id__lt", models.F("right_id"))), name="thing_judgement_in_order"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("verdict__in", ["PROPOSED", "SAME", "DIFFERENT", "UNSURE", "WITHDRAWN"])),
                        name="thing_judgement_verdict_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("verdict", "WITHDRAWN"), ("withdraws__isnull", False)),
                            models.Q(models.Q(("verdict", "WITHDRAWN"), _negated=True), ("withdraws__isnull", True)),
                            _connector="OR",
                        ),
                        name="thing_judgement_withdraws_something",
                    ),
                ],
            },
        ),
    ]
