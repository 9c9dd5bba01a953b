"""Addresses of exchange."""

from django.urls import path

from fourfold.exchange import views

app_name = "exchange"
urlpatterns = [
    path("exchange/", views.start, name="start"),
    path("exchange/export/", views.take, name="take"),
    path("exchange/import/", views.bring, name="bring"),
    path("exchange/import/<int:pk>/", views.report, name="report"),
    path("exchange/import/<int:pk>/check/", views.check, name="check"),
    path("exchange/import/<int:pk>/choose/", views.choose, name="choose"),
    path("exchange/import/<int:pk>/confirm/", views.confirm, name="confirm"),
    path("exchange/import/<int:pk>/drop/", views.drop, name="drop"),
    path("exchange/import/<int:pk>/mend/", views.mend, name="mend"),
    path("exchange/import/<int:pk>/report.csv", views.report_file, name="report_file"),
    path("exchange/template/", views.template, name="template"),
    path("exchange/template/<slug:what>/", views.template_file, name="template_file"),
]
