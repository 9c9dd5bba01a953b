"""Addresses of the shell itself."""

from django.urls import path

from fourfold.platform.ui import views

app_name = "ui"
urlpatterns = [
    path("more/", views.more, name="more"),
    path("patterns/", views.patterns, name="patterns"),
]
