from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from fourfold.pole.selectors import Panel, Seen


class ThreatsConfig(AppConfig):
    name = "fourfold.threats"
    label = "threats"
    verbose_name = "Threats"

    def ready(self) -> None:
        from fourfold.pole.selectors import register_panel  # noqa: PLC0415  models are loaded only now

        register_panel("threats", _roles_in_threats)


def _roles_in_threats(seen: "Seen") -> "Panel | None":
    from fourfold.threats.panels import roles_in_threats  # noqa: PLC0415  pages are not needed to start

    return roles_in_threats(seen)
