from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from datetime import date

    from fourfold.platform.people.models import User
    from fourfold.platform.ui.my_work import Work


class DisruptionsConfig(AppConfig):
    name = "fourfold.disruptions"
    label = "disruptions"
    verbose_name = "Disruptions"

    def ready(self) -> None:
        from fourfold.disruptions import (  # noqa: PLC0415  models are loaded only now
            finding,
            on_records,
            on_threats,
            selectors,
            services,
        )
        from fourfold.plans.selectors import register_movers, register_prompts  # noqa: PLC0415  models are loaded only now
        from fourfold.platform.audit.references import Referring, register  # noqa: PLC0415  models are loaded only now
        from fourfold.platform.ui import my_work  # noqa: PLC0415  models are loaded only now
        from fourfold.pole.selectors import identity  # noqa: PLC0415  models are loaded only now
        from fourfold.pole.services import after_publication  # noqa: PLC0415  models are loaded only now
        from fourfold.threats import rooms  # noqa: PLC0415  models are loaded only now

        rooms.register_tab(
            rooms.ThreatTab("disruptions", "Disruptions", "disruptions:of_threat", position=60, count=on_threats.count)
        )
        rooms.register_open_work("disruptions", on_threats.open_work)
        for exception in on_threats.EXCEPTIONS:
            rooms.register_exception(exception)
        rooms.register_relabel("disruptions", services.relabel)
        register_movers(selectors.moved_aims)
        register_prompts(on_threats.prompts)
        identity.register_keeper("disruptions", identity.Keeper(on_records.found, on_records.move))
        after_publication(finding.ask_to_find)
        my_work.register("disruptions", _work)
        register(Referring("disruptions.disruption", selectors.entries_about, selectors.called))


def _work(user: "User", today: "date") -> "Work":
    from fourfold.disruptions.work import work_of  # noqa: PLC0415  pages are not needed to start

    return work_of(user, today)
