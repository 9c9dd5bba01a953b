from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).parents[1] / "sql"
UNDO = "drop function audit_cluster(); drop function audit_transaction(); drop function audit_moment();"


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("people", "0001_people"),
        ("history", "0001_history"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL((SQL / "functions_v1.sql").read_text(), UNDO),
        migrations.CreateModel(
            name="Block",
            fields=[
                ("number", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("cluster", models.BigIntegerField()),
                ("from_xid", models.BigIntegerField()),
                ("to_xid", models.BigIntegerField()),
                ("entries", models.PositiveBigIntegerField()),
                ("previous", models.CharField(max_length=64)),
                ("digest", models.CharField(max_length=64)),
                (
                    "sealed_at",
                    models.DateTimeField(
                        db_default=models.Func(function="audit_moment", output_field=models.DateTimeField())
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "at",
                    models.DateTimeField(
                        db_default=models.Func(function="audit_moment", output_field=models.DateTimeField())
                    ),
                ),
                (
                    "xid",
                    models.BigIntegerField(
                        db_default=models.Func(function="audit_transaction", output_field=models.BigIntegerField())
                    ),
                ),
                (
                    "cluster",
                    models.BigIntegerField(
                        db_default=models.Func(function="audit_cluster", output_field=models.BigIntegerField())
                    ),
                ),
                ("role", models.TextField(help_text="Roles held at the time, in order")),
                ("session", models.CharField(help_text="Hash that names the session", max_length=16)),
                ("address", models.CharField(max_length=45)),
                (
                    "operation",
                    models.CharField(
                        choices=[
                            ("COLLECTION", "Collected"),
                            ("ALTERATION", "Changed"),
                            ("CONSULTATION", "Read"),
                            ("DISCLOSURE", "Disclosed"),
                            ("COMBINATION", "Combined"),
                            ("ERASURE", "Erased"),
                            ("SEARCH", "Searched"),
                            ("EXPORT", "Exported"),
                            ("PRINT", "Printed"),
                            ("SIGN_IN", "Signed in"),
                            ("SIGN_OUT", "Signed out"),
                        ],
                        max_length=12,
                    ),
                ),
                ("object_type", models.CharField(max_length=80)),
                ("object_id", models.CharField(max_length=80)),
                ("reason_code", models.CharField(max_length=40)),
                ("reason_text", models.TextField()),
                ("operation_reference", models.CharField(max_length=80)),
                ("details", models.JSONField(default=dict)),
                ("request", models.CharField(max_length=64)),
                (
                    "actor",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.organisation",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["object_type", "object_id", "id"], name="audit_entry_object"),
                    models.Index(fields=["actor", "id"], name="audit_entry_actor"),
                    models.Index(fields=["organisation", "id"], name="audit_entry_organisation"),
                    models.Index(fields=["cluster", "xid", "id"], name="audit_entry_order"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "operation__in",
                                [
                                    "COLLECTION",
                                    "ALTERATION",
                                    "CONSULTATION",
                                    "DISCLOSURE",
                                    "COMBINATION",
                                    "ERASURE",
                                    "SEARCH",
                                    "EXPORT",
                                    "PRINT",
                                    "SIGN_IN",
                                    "SIGN_OUT",
                                ],
                            )
                        ),
                        name="audit_operation_known",
                    )
                ],
            },
        ),
    ]
