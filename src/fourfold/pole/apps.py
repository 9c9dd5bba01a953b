from django.apps import AppConfig


class PoleConfig(AppConfig):
    name = "fourfold.pole"
    label = "pole"
    verbose_name = "People, objects, locations and events"
