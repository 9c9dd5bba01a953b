from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_protect"),
    ]

    operations = [
        migrations.CreateModel(
            name="Check",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "checked_at",
                    models.DateTimeField(
                        db_default=models.Func(function="audit_moment", output_field=models.DateTimeField())
                    ),
                ),
                ("blocks", models.PositiveBigIntegerField()),
                ("entries", models.PositiveBigIntegerField()),
                ("unsealed", models.PositiveBigIntegerField()),
                ("head", models.CharField(max_length=64)),
                ("faults", models.JSONField(default=list)),
            ],
        ),
        migrations.RunSQL(
            "revoke update on audit_check from fourfold_app", "grant update on audit_check to fourfold_app"
        ),
    ]
