"""Intake as a Django app."""

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """Registers the app under the label `intake`."""

    name = "fourfold.intake"
    label = "intake"
    default_auto_field = "django.db.models.BigAutoField"
