"""Addresses of intake."""

from django.urls import path

from fourfold.intake import views

app_name = "intake"
urlpatterns = [
    path("intake/", views.sources, name="sources"),
    path("intake/batch/<int:batch_id>/", views.batch, name="batch"),
    path("intake/batch/<int:batch_id>/run-again/", views.run_again, name="run_again"),
    path("intake/batch/<int:batch_id>/not-loaded/", views.not_loaded, name="not_loaded"),
    path("intake/batch/<int:batch_id>/not-loaded/dismiss/", views.dismiss, name="dismiss"),
    path("intake/batch/<int:batch_id>/not-loaded/<int:row_id>/", views.row, name="row"),
    path("intake/source/<slug:code>/", views.source, name="source"),
    path("intake/source/<slug:code>/not-loaded/", views.not_loaded_of_source, name="not_loaded_of_source"),
    path("intake/source/<slug:code>/upload/", views.upload, name="upload"),
]
