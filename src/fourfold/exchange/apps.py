from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    name = "fourfold.exchange"
    label = "exchange"
    verbose_name = "Exchange"

    def ready(self) -> None:
        from fourfold.exchange import services  # noqa: PLC0415  models are loaded only now
        from fourfold.threats.rooms import register_relabel  # noqa: PLC0415  models are loaded only now

        register_relabel("exchange", services.relabel)
