from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from datetime import date

    from fourfold.platform.people.models import User
    from fourfold.platform.ui.my_work import Work


class NetworkConfig(AppConfig):
    name = "fourfold.network"
    label = "network"
    verbose_name = "Links and networks"

    def ready(self) -> None:
        from fourfold.network import on_pages, on_records, services  # noqa: PLC0415  models are loaded only now
        from fourfold.platform.ui import my_work  # noqa: PLC0415  models are loaded only now
        from fourfold.pole.selectors import identity, register_panel  # noqa: PLC0415  models are loaded only now
        from fourfold.threats import rooms  # noqa: PLC0415  models are loaded only now

        identity.register_keeper("network", identity.Keeper(on_records.found, on_records.move))
        register_panel("network", on_pages.on_a_person)
        rooms.register_tab(
            rooms.ThreatTab("network", "Network", "network:of_threat", position=70, capability="person.read")
        )
        rooms.register_relabel("network", services.relabel)
        my_work.register("network", _work)


def _work(user: "User", today: "date") -> "Work":
    from fourfold.network.work import work_of  # noqa: PLC0415  pages are not needed to start

    return work_of(user, today)
