from django.apps import AppConfig


class DisruptionsConfig(AppConfig):
    name = "fourfold.disruptions"
    label = "disruptions"
    verbose_name = "Disruptions"
