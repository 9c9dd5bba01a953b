import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """What people say of identity, what followed, and what they did about matches of restricted records."""

    dependencies = [
        ("people", "0002_sessions"),
        ("pole", "0009_counted_events"),
        ("visibility", "0003_scope"),
    ]

    operations = [
        migrations.CreateModel(
            name="DeconflictionAnswer",
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
                (
                    "record",
                    models.ForeignKey(
                        help_text="The restricted one",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pole.personrecord",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(models.F("label"), models.F("answered_at"), name="deconfliction_label")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("answer__in", ["CONTACTED", "NO_ACTION"])),
                        name="deconfliction_answer_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="IdentityEvent",
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
                ("change", models.CharField(choices=[("JOINED", "JOINED"), ("APART", "APART")], max_length=6)),
                ("act", models.UUIDField()),
                ("happened_at", models.DateTimeField()),
                ("why", models.TextField()),
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
                    "into",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pole.person"),
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.organisation",
                    ),
                ),
                (
                    "was",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pole.person"),
                ),
            ],
            options={
                "indexes": [models.Index(models.F("label"), models.F("happened_at"), name="identity_event_label")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("change__in", ["JOINED", "APART"])), name="identity_event_change_known"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Judgement",
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
                    "left",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pole.personrecord",
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
                    "right",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pole.personrecord"
                    ),
                ),
                (
                    "withdraws",
                    models.OneToOneField(
                        help_text="What this takes back",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withdrawal",
                        to="pole.judgement",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(models.F("left"), models.F("right"), name="judgement_pair"),
                    models.Index(models.F("label"), models.F("given_at"), name="judgement_label"),
                    models.Index(models.F("act"), name="judgement_act"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("left__lt", models.F("right"))), name="judgement_in_order"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("verdict__in", ["PROPOSED", "SAME", "DIFFERENT", "UNSURE", "WITHDRAWN"])),
                        name="judgement_verdict_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("verdict", "WITHDRAWN"), ("withdraws__isnull", False)),
                            models.Q(models.Q(("verdict", "WITHDRAWN"), _negated=True), ("withdraws__isnull", True)),
                            _connector="OR",
                        ),
                        name="judgement_withdraws_something",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Placement",
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
                ("act", models.UUIDField(help_text="The taking apart after which it was asked")),
                ("room", models.TextField(help_text="The room that keeps what was said, such as threats")),
                ("key", models.BigIntegerField(help_text="Its number there")),
                ("placed_at", models.DateTimeField()),
                ("why", models.TextField(blank=True)),
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
                    "record",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pole.personrecord",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(models.F("label"), models.F("placed_at"), name="placement_label"),
                    models.Index(models.F("act"), name="placement_act"),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="matchedge",
            index=models.Index(
                models.OrderBy(models.F("match_weight"), descending=True),
                condition=models.Q(("band__in", ["PROPOSED", "APART"]), ("state", "CURRENT")),
                name="match_edge_open",
            ),
        ),
        migrations.AddIndex(
            model_name="matchedge",
            index=models.Index(models.F("label"), condition=models.Q(("state", "CURRENT")), name="match_edge_label"),
        ),
    ]
