from django.apps import AppConfig


class PerformanceConfig(AppConfig):
    name = "fourfold.performance"
    label = "performance"
    verbose_name = "Performance"
