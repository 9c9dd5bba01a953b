from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("visibility", "0001_grants")]

    operations = [
        migrations.CreateModel(
            name="ReferenceTerm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=40)),
                ("code", models.CharField(max_length=80)),
                ("name", models.TextField()),
                ("detail", models.JSONField(default=dict)),
                ("source", models.TextField()),
                (
                    "mark",
                    models.CharField(
                        choices=[
                            ("S", "Stated in the sources"),
                            ("V", "Verified against the publisher"),
                            ("K", "From general knowledge, not checked"),
                            ("D", "Our own default"),
                        ],
                        max_length=1,
                    ),
                ),
                ("effective_from", models.DateField()),
                ("effective_to", models.DateField(null=True)),
                ("position", models.PositiveIntegerField(default=0, help_text="Where the term stands among its kind")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "code", "effective_from"), name="reference_term_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("effective_to", None), ("effective_to__gte", models.F("effective_from")), _connector="OR"
                        ),
                        name="reference_term_ends_after_it_starts",
                    ),
                ],
            },
        ),
    ]
