from django.apps import AppConfig


class ThreatsConfig(AppConfig):
    name = "fourfold.threats"
    label = "threats"
    verbose_name = "Threats"

    def ready(self) -> None:
        from fourfold.pole.selectors import register_panel  # noqa: PLC0415  models are loaded only now
        from fourfold.threats.panels import roles_in_threats  # noqa: PLC0415

        register_panel("threats", roles_in_threats)
