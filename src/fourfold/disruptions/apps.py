from django.apps import AppConfig


class DisruptionsConfig(AppConfig):
    name = "fourfold.disruptions"
    label = "disruptions"
    verbose_name = "Disruptions"

    def ready(self) -> None:
        from fourfold.disruptions import selectors, services  # noqa: PLC0415  models are loaded only now
        from fourfold.plans.selectors import register_movers  # noqa: PLC0415  models are loaded only now
        from fourfold.platform.audit.references import Referring, register  # noqa: PLC0415  models are loaded only now
        from fourfold.threats import rooms  # noqa: PLC0415  models are loaded only now

        rooms.register_relabel("disruptions", services.relabel)
        register_movers(selectors.moved_aims)
        register(Referring("disruptions.disruption", selectors.entries_about, selectors.called))
