from django.urls import path

from fourfold.disruptions import views

app_name = "disruptions"
urlpatterns = [
    path("disruptions/", views.disruption_list, name="list"),
    path("disruptions/record/", views.record, name="record"),
    path("disruptions/record/threats/", views.find, name="find"),
    path("disruptions/record/<uuid:key>/", views.form, name="form"),
    path("disruptions/record/<uuid:key>/keep/", views.keep, name="keep"),
    path("disruptions/queues/<slug:queue>/", views.queue, name="queue"),
    path("disruptions/missing/", views.missing, name="missing"),
    path("disruptions/missing/precision/", views.precision, name="precision"),
    path("disruptions/missing/<int:pk>/", views.lead, name="lead"),
    path("disruptions/<str:reference>/", views.detail, name="detail"),
    path("disruptions/<str:reference>/recorded/", views.done, name="done"),
    path("disruptions/<str:reference>/change/", views.change, name="change"),
    path("disruptions/<str:reference>/effect/", views.category, name="category"),
    path("disruptions/<str:reference>/pass/", views.validate, name="validate"),
    path("disruptions/<str:reference>/moderate/", views.moderate, name="moderate"),
    path("disruptions/<str:reference>/send-back/", views.send_back, name="return"),
    path("disruptions/<str:reference>/sample/", views.sample, name="sample"),
    path("disruptions/<str:reference>/lasted/", views.review, name="review"),
    path("disruptions/<str:reference>/withdraw/", views.withdraw, name="withdraw"),
    path("threats/<str:reference>/disruptions/", views.of_threat, name="of_threat"),
]
