from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from fourfold.platform.visibility.models import AccessLabel
    from fourfold.threats.models import Threat


class ExchangeConfig(AppConfig):
    name = "fourfold.exchange"
    label = "exchange"
    verbose_name = "Exchange"

    def ready(self) -> None:
        from fourfold.threats.rooms import register_relabel  # noqa: PLC0415  models are loaded only now

        register_relabel("exchange", _relabel)


def _relabel(threat: "Threat", old: "AccessLabel", new: "AccessLabel", reason: str) -> None:
    from fourfold.exchange import services  # noqa: PLC0415  slow to load for workbooks, and not needed to start

    services.relabel(threat, old, new, reason)
