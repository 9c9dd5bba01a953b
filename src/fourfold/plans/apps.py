from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from datetime import date

    from fourfold.platform.people.models import User
    from fourfold.platform.ui.my_work import Work


class PlansConfig(AppConfig):
    name = "fourfold.plans"
    label = "plans"
    verbose_name = "Plans"

    def ready(self) -> None:
        from fourfold.plans import on_threats, selectors, services  # noqa: PLC0415  models are loaded only now
        from fourfold.platform.audit.references import Referring, register  # noqa: PLC0415  models are loaded only now
        from fourfold.platform.ui import my_work  # noqa: PLC0415  models are loaded only now
        from fourfold.threats import rooms  # noqa: PLC0415  models are loaded only now

        rooms.register_tab(rooms.ThreatTab("plan", "Plan", "plans:threat", position=50))
        rooms.register_open_work("plans", on_threats.open_work)
        for exception in on_threats.EXCEPTIONS:
            rooms.register_exception(exception)
        rooms.register_relabel("plans", services.relabel)
        rooms.register_merging("plans", on_threats.Merging())
        my_work.register("plans", _work)
        register(Referring("plans.plan", on_threats.about, selectors.called))


def _work(user: "User", today: "date") -> "Work":
    from fourfold.plans.work import work_of  # noqa: PLC0415  pages are not needed to start

    return work_of(user, today)
