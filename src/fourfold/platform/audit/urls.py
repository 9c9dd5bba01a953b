from django.urls import path

from fourfold.platform.audit import views

app_name = "audit"
urlpatterns = [
    path("reason/", views.reason, name="reason"),
    path("ledger/", views.who_looked, name="who_looked"),
]
