from django.apps import AppConfig


class VisibilityConfig(AppConfig):
    name = "fourfold.platform.visibility"
    label = "visibility"
    default_auto_field = "django.db.models.BigAutoField"
