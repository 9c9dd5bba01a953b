from django.apps import AppConfig


class PlansConfig(AppConfig):
    name = "fourfold.plans"
    label = "plans"
    verbose_name = "Plans"
