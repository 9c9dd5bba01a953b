"""The app of the user interface."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "fourfold.platform.ui"
    label = "ui"

    def ready(self) -> None:
        from fourfold.platform.ui import checks  # noqa: F401, PLC0415  registers the system checks
