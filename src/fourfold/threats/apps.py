from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from fourfold.pole.selectors import Panel, Seen


class ThreatsConfig(AppConfig):
    name = "fourfold.threats"
    label = "threats"
    verbose_name = "Threats"

    def ready(self) -> None:
        from fourfold.platform.audit.references import Referring, register  # noqa: PLC0415  models are loaded only now
        from fourfold.platform.ui import my_work  # noqa: PLC0415  models are loaded only now
        from fourfold.pole.selectors import identity, register_panel  # noqa: PLC0415  models are loaded only now
        from fourfold.threats import (  # noqa: PLC0415  models are loaded only now
            exceptions,
            on_records,
            rooms,
            selectors,
            waiting,
        )

        register_panel("threats", _roles_in_threats)
        identity.register_stakes("threats", selectors.threats_of_records)
        identity.register_keeper("threats", identity.Keeper(on_records.found, on_records.move))
        register(Referring("threats.threat", selectors.entries_about, selectors.called))
        my_work.register("threats", waiting.work_of)
        for each in exceptions.OWN:
            rooms.register_exception(each)


def _roles_in_threats(seen: "Seen") -> "Panel | None":
    from fourfold.threats.panels import roles_in_threats  # noqa: PLC0415  pages are not needed to start

    return roles_in_threats(seen)
