import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("people", "0002_sessions"),
        ("visibility", "0003_scope"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Source",
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
                ("code", models.CharField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=120)),
                ("family", models.CharField(help_text="The class of the pipeline that reads it", max_length=40)),
                (
                    "forces",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        help_text="Codes of the organisations whose rows it may carry",
                    ),
                ),
                (
                    "agreement",
                    models.CharField(
                        help_text="Reference of the agreement or licence it is sent under", max_length=120
                    ),
                ),
                ("agreement_from", models.DateField()),
                (
                    "agreement_to",
                    models.DateField(help_text="First day on which nothing may be loaded; empty while open", null=True),
                ),
                (
                    "audience",
                    models.CharField(help_text="Who may see its rows where a row does not say", max_length=12),
                ),
                ("marking", models.CharField(max_length=24)),
                (
                    "compartment",
                    models.CharField(blank=True, help_text="Code of the compartment its rows go into", max_length=40),
                ),
                (
                    "cadence",
                    models.CharField(
                        choices=[
                            ("DAILY", "DAILY"),
                            ("WEEKLY", "WEEKLY"),
                            ("MONTHLY", "MONTHLY"),
                            ("YEARLY", "YEARLY"),
                            ("ONCE", "ONCE"),
                        ],
                        max_length=8,
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
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.organisation"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["label", "id"], name="intake_source_label")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("cadence__in", ["DAILY", "WEEKLY", "MONTHLY", "YEARLY", "ONCE"])),
                        name="intake_cadence_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("agreement_to", None), ("agreement_to__gt", models.F("agreement_from")), _connector="OR"
                        ),
                        name="intake_agreement_ends_after_start",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Batch",
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
                ("name", models.CharField(help_text="What the delivery was called when it came", max_length=200)),
                (
                    "content_hash",
                    models.CharField(help_text="SHA-256 over its files' names and their SHA-256", max_length=64),
                ),
                ("size", models.BigIntegerField(help_text="Bytes of all files")),
                (
                    "contents",
                    models.JSONField(
                        help_text="Its files: name, sha256, size; the bytes stand in the store under the hash"
                    ),
                ),
                ("received_at", models.DateTimeField()),
                (
                    "how",
                    models.CharField(
                        choices=[
                            ("COMMAND", "COMMAND"),
                            ("PAGE", "PAGE"),
                            ("SYSTEM", "SYSTEM"),
                            ("REPAIR", "REPAIR"),
                            ("WAITED", "WAITED"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("RECEIVED", "RECEIVED"),
                            ("LANDED", "LANDED"),
                            ("CANONICAL", "CANONICAL"),
                            ("RESOLVED", "RESOLVED"),
                            ("PUBLISHED", "PUBLISHED"),
                            ("REFUSED", "REFUSED"),
                            ("FAILED", "FAILED"),
                        ],
                        default="RECEIVED",
                        max_length=10,
                    ),
                ),
                ("mode", models.CharField(blank=True, help_text="full or delta, as the manifest says", max_length=8)),
                ("extracted_at", models.DateTimeField(null=True)),
                ("period_from", models.DateTimeField(null=True)),
                ("period_to", models.DateTimeField(null=True)),
                ("published_at", models.DateTimeField(null=True)),
                ("rule_code", models.CharField(blank=True, help_text="Why it was refused or stopped", max_length=20)),
                ("sentence", models.TextField(blank=True)),
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
                    "supplement_of",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="supplements",
                        to="intake.batch",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="batches", to="intake.source"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "batches",
                "indexes": [
                    models.Index(fields=["label", "id"], name="intake_batch_label"),
                    models.Index(fields=["source", "-received_at"], name="intake_batch_of_source"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("source", "content_hash"), name="intake_batch_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["RECEIVED", "LANDED", "CANONICAL", "RESOLVED", "PUBLISHED", "REFUSED", "FAILED"],
                            )
                        ),
                        name="intake_batch_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("published_at__isnull", False), ("state", "PUBLISHED")),
                            models.Q(models.Q(("state", "PUBLISHED"), _negated=True), ("published_at", None)),
                            _connector="OR",
                        ),
                        name="intake_published_has_moment",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["REFUSED", "FAILED"]), _negated=True),
                            models.Q(("sentence", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="intake_stopped_says_why",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Arrival",
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
                ("at", models.DateTimeField()),
                (
                    "how",
                    models.CharField(
                        choices=[
                            ("COMMAND", "COMMAND"),
                            ("PAGE", "PAGE"),
                            ("SYSTEM", "SYSTEM"),
                            ("REPAIR", "REPAIR"),
                            ("WAITED", "WAITED"),
                        ],
                        max_length=8,
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("idempotency_key", models.CharField(max_length=120, null=True)),
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
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="arrivals", to="intake.batch"
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="intake.source"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["label", "id"], name="intake_arrival_label")],
                "constraints": [
                    models.UniqueConstraint(fields=("source", "idempotency_key"), name="intake_idempotency_key")
                ],
            },
        ),
        migrations.CreateModel(
            name="SourceToken",
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
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("made_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
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
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tokens", to="intake.source"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["label", "id"], name="intake_token_label")],
            },
        ),
        migrations.CreateModel(
            name="StepRun",
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
                    "step",
                    models.CharField(
                        choices=[
                            ("LAND", "LAND"),
                            ("CANONICALISE", "CANONICALISE"),
                            ("RESOLVE", "RESOLVE"),
                            ("PUBLISH", "PUBLISH"),
                        ],
                        max_length=12,
                    ),
                ),
                ("run", models.CharField(help_text="The run of the pipeline, carried by what it made", max_length=40)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("RUNNING", "RUNNING"),
                            ("DONE", "DONE"),
                            ("REFUSED", "REFUSED"),
                            ("FAILED", "FAILED"),
                            ("BROKEN_OFF", "BROKEN_OFF"),
                        ],
                        default="RUNNING",
                        max_length=10,
                    ),
                ),
                ("input_hash", models.CharField(help_text="SHA-256 of what the step read", max_length=64)),
                ("code_version", models.CharField(max_length=80)),
                ("sentence", models.TextField(blank=True)),
                ("detail", models.JSONField(default=dict)),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="runs", to="intake.batch"
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
            ],
            options={
                "indexes": [
                    models.Index(fields=["label", "id"], name="intake_run_label"),
                    models.Index(fields=["batch", "step"], name="intake_run_of_batch"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at", None), ("outcome", "RUNNING")),
                            models.Q(models.Q(("outcome", "RUNNING"), _negated=True), ("ended_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="intake_ended_run_has_moment",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BatchFile",
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
                ("name", models.CharField(max_length=120)),
                ("read", models.BigIntegerField(help_text="Rows in the file as delivered, under this label")),
                ("loaded", models.BigIntegerField()),
                ("quarantined", models.BigIntegerField()),
                ("held", models.BigIntegerField()),
                (
                    "reference",
                    models.BigIntegerField(
                        help_text="Rows of code tables, aliases and tombstones, used to enrich others"
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="files", to="intake.batch"
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
            ],
            options={
                "indexes": [models.Index(fields=["label", "id"], name="intake_file_label")],
                "constraints": [
                    models.UniqueConstraint(fields=("batch", "name", "label"), name="intake_file_once_a_label"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "read",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("loaded"), "+", models.F("quarantined")
                                        ),
                                        "+",
                                        models.F("held"),
                                    ),
                                    "+",
                                    models.F("reference"),
                                ),
                            )
                        ),
                        name="intake_every_row_accounted_for",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BatchMeasure",
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
                ("owning_force", models.CharField(max_length=40)),
                ("code", models.CharField(max_length=40)),
                ("part", models.BigIntegerField()),
                ("whole", models.BigIntegerField()),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="measures", to="intake.batch"
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
            ],
            options={
                "indexes": [models.Index(fields=["label", "id"], name="intake_measure_label")],
                "constraints": [
                    models.UniqueConstraint(fields=("batch", "owning_force", "code"), name="intake_measure_once"),
                    models.CheckConstraint(
                        condition=models.Q(("part__gte", 0), ("part__lte", models.F("whole"))),
                        name="intake_measure_within",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BatchWarning",
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
                ("rule_code", models.CharField(max_length=20)),
                ("rows", models.BigIntegerField()),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="warnings", to="intake.batch"
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
            ],
            options={
                "indexes": [models.Index(fields=["label", "id"], name="intake_warning_label")],
                "constraints": [
                    models.UniqueConstraint(fields=("batch", "rule_code", "label"), name="intake_warning_once_a_label")
                ],
            },
        ),
        migrations.CreateModel(
            name="Quarantined",
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
                ("kind", models.CharField(choices=[("QUARANTINED", "QUARANTINED"), ("HELD", "HELD")], max_length=12)),
                ("rule_code", models.CharField(max_length=20)),
                ("file", models.CharField(max_length=120)),
                ("line", models.BigIntegerField()),
                ("column", models.CharField(blank=True, max_length=80)),
                ("value", models.TextField(blank=True)),
                ("sentence", models.TextField()),
                ("row", models.JSONField(help_text="The row as delivered: pairs of column and value, in order")),
                ("owning_force", models.CharField(max_length=40)),
                (
                    "state",
                    models.CharField(
                        choices=[("OPEN", "OPEN"), ("REPAIRED", "REPAIRED"), ("DISMISSED", "DISMISSED")],
                        default="OPEN",
                        max_length=10,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                ("reason", models.TextField(blank=True)),
                (
                    "corrected",
                    models.JSONField(
                        default=dict, help_text="Column to corrected value; the row itself stays as delivered"
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="not_loaded", to="intake.batch"
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
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
                    "supplement",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="repairs",
                        to="intake.batch",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "quarantined",
                "indexes": [
                    models.Index(fields=["label", "id"], name="intake_quarantine_label"),
                    models.Index(fields=["batch", "rule_code", "state"], name="intake_quarantine_by_rule"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("decided_by", None), ("state", "OPEN")),
                            models.Q(
                                models.Q(("state", "OPEN"), _negated=True),
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="intake_decision_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "REPAIRED"), _negated=True),
                            ("supplement__isnull", False),
                            _connector="OR",
                        ),
                        name="intake_repaired_by_a_supplement",
                    ),
                ],
            },
        ),
    ]
