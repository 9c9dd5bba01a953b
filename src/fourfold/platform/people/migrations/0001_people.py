import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("visibility", "0001_grants")]

    operations = [
        migrations.CreateModel(
            name="Organisation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40, unique=True)),
                ("name", models.TextField()),
                (
                    "short_name",
                    models.TextField(blank=True, help_text="What officers call it; for lists and narrow columns"),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("FORCE", "Police force"),
                            ("ROCU", "Regional organised crime unit"),
                            ("AGENCY", "National agency"),
                            ("PARTNER", "Partner"),
                        ],
                        max_length=8,
                    ),
                ),
                ("region", models.CharField(blank=True, max_length=40)),
                ("police_code", models.CharField(blank=True, help_text="Home Office force number", max_length=4)),
                (
                    "ons_code",
                    models.CharField(blank=True, help_text="Office for National Statistics area code", max_length=9),
                ),
            ],
        ),
        migrations.CreateModel(
            name="FailedSignIn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email_hash", models.CharField(max_length=64)),
                ("address", models.CharField(max_length=45)),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["email_hash", "at"], name="failed_sign_in_person"),
                    models.Index(fields=["address", "at"], name="failed_sign_in_address"),
                ],
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("email", models.EmailField(max_length=254, unique=True)),
                ("name", models.TextField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("PERSON", "Person"),
                            ("SERVICE", "Part of this service"),
                            ("MIGRATOR", "Migration of data"),
                        ],
                        default="PERSON",
                        max_length=8,
                    ),
                ),
                (
                    "ceiling",
                    models.CharField(
                        choices=[("OFFICIAL", "OFFICIAL"), ("OFFICIAL-SENSITIVE", "OFFICIAL-SENSITIVE")],
                        default="OFFICIAL-SENSITIVE",
                        max_length=20,
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="users", to="people.organisation"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(django.db.models.functions.text.Lower("email"), name="user_email_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="RoleHeld",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.CharField(help_text="Code of reference kind role", max_length=40)),
                ("held_from", models.DateField()),
                ("held_to", models.DateField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="roles_held",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("held_to", None), ("held_to__gte", models.F("held_from")), _connector="OR"),
                        name="role_ends_after_it_starts",
                    )
                ],
            },
        ),
    ]
