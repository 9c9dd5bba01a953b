import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from fourfold.platform.history.operations import refresh_history_v1


class Migration(migrations.Migration):
    """Postcodes of places, phone lines, links between threats, hand-overs and proposals to close."""

    dependencies = [
        ("people", "0002_sessions"),
        ("threats", "0004_references"),
        ("visibility", "0003_scope"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Closing",
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
                ("ground", models.CharField(help_text="Code of a closed phase", max_length=40)),
                ("closed_on", models.DateField()),
                ("proposed_at", models.DateTimeField()),
                ("reason", models.TextField(help_text="Why it is proposed")),
                (
                    "answer",
                    models.CharField(
                        choices=[("ACCEPTED", "ACCEPTED"), ("DECLINED", "DECLINED"), ("WITHDRAWN", "WITHDRAWN")],
                        default="",
                        help_text="Empty while nobody has answered",
                        max_length=10,
                    ),
                ),
                ("answered_at", models.DateTimeField(null=True)),
                ("answer_reason", models.TextField(default="")),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "into",
                    models.ForeignKey(
                        help_text="Where it is to be merged into another",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="threats.threat",
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
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "threat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="closings", to="threats.threat"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["label", "threat"], name="closing_label_threat")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", ""), ("answered_at", None), ("answered_by", None)),
                            models.Q(
                                models.Q(("answer", ""), _negated=True),
                                ("answered_at__isnull", False),
                                ("answered_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="closing_answered_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer__in", ["ACCEPTED", "DECLINED"]), _negated=True),
                            models.Q(("answered_by", models.F("proposed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="closing_answered_by_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("into", None), models.Q(("into", models.F("threat")), _negated=True), _connector="OR"
                        ),
                        name="closing_into_another",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HandOver",
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
                ("offered_at", models.DateTimeField()),
                ("reason", models.TextField(help_text="Why it is offered")),
                (
                    "answer",
                    models.CharField(
                        choices=[("ACCEPTED", "ACCEPTED"), ("DECLINED", "DECLINED"), ("WITHDRAWN", "WITHDRAWN")],
                        default="",
                        help_text="Empty while nobody has answered",
                        max_length=10,
                    ),
                ),
                ("answered_at", models.DateTimeField(null=True)),
                ("answer_reason", models.TextField(default="")),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "deputy",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "from_lro",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "from_organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.organisation"
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
                    "lro",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "offered_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "sio",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "threat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="hand_overs", to="threats.threat"
                    ),
                ),
                (
                    "to_organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.organisation"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["label", "threat"], name="handover_label_threat")],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("threat"), condition=models.Q(("answer", "")), name="handover_one_open"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", ""), ("answered_at", None), ("answered_by", None)),
                            models.Q(
                                models.Q(("answer", ""), _negated=True),
                                ("answered_at__isnull", False),
                                ("answered_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="handover_answered_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("deputy", None),
                            ("lro", None),
                            models.Q(("deputy", models.F("lro")), _negated=True),
                            _connector="OR",
                        ),
                        name="handover_deputy_is_another",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ThreatLine",
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
                ("number", models.CharField(help_text="E.164, such as +447700900123", max_length=16)),
                ("brand", models.CharField(default="", help_text="What callers know the line as", max_length=120)),
                ("from_on", models.DateField()),
                ("to_on", models.DateField(null=True)),
                (
                    "because",
                    models.TextField(help_text="Why the record came to say this: the reason given for its last change"),
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
                    "threat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="threats.threat"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["label", "threat"], name="threatline_label_threat"),
                    models.Index(fields=["number"], name="threatline_number"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("number__regex", "^\\+[1-9][0-9]{6,14}$")), name="threatline_number_e164"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("to_on", None), ("to_on__gte", models.F("from_on")), _connector="OR"),
                        name="threatline_dates_in_order",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ThreatLink",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("RIVAL", "RIVAL"),
                            ("SUPPLIER", "SUPPLIER"),
                            ("FACILITATES", "FACILITATES"),
                            ("SUCCESSOR", "SUCCESSOR"),
                            ("RELATED", "RELATED"),
                            ("SPLIT_FROM", "SPLIT_FROM"),
                            ("MERGED_INTO", "MERGED_INTO"),
                        ],
                        max_length=12,
                    ),
                ),
                ("from_on", models.DateField()),
                ("to_on", models.DateField(null=True)),
                (
                    "because",
                    models.TextField(help_text="Why the record came to say this: the reason given for its last change"),
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
                    "one",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="links_from", to="threats.threat"
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="links_to", to="threats.threat"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["label", "one"], name="threatlink_label_one")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("one", models.F("other")), _negated=True), name="threatlink_of_two"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "RIVAL",
                                    "SUPPLIER",
                                    "FACILITATES",
                                    "SUCCESSOR",
                                    "RELATED",
                                    "SPLIT_FROM",
                                    "MERGED_INTO",
                                ],
                            )
                        ),
                        name="threatlink_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("to_on", None), ("to_on__gte", models.F("from_on")), _connector="OR"),
                        name="threatlink_dates_in_order",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="threatplace",
            name="postcode",
            field=models.CharField(
                db_default="", default="", help_text="With its space, such as L3 4AA; empty where none", max_length=8
            ),
        ),
        refresh_history_v1("threats_threatplace"),
        migrations.AlterField(
            model_name="threatplace",
            name="name",
            field=models.CharField(help_text="Town, estate, premises, route or what3words address", max_length=200),
        ),
        migrations.AddIndex(
            model_name="threatplace",
            index=models.Index(
                models.F("postcode"), condition=models.Q(("postcode", ""), _negated=True), name="threatplace_postcode"
            ),
        ),
    ]
