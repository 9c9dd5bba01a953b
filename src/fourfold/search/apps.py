from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "fourfold.search"
    label = "search"
    verbose_name = "Search"
