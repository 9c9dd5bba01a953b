from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    name = "fourfold.exchange"
    label = "exchange"
    verbose_name = "Exchange"
