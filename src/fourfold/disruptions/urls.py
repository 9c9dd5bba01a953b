from django.urls import path

from fourfold.disruptions.views import changing, leads, listing, passing, reading, recording

app_name = "disruptions"
urlpatterns = [
    path("disruptions/", listing.disruption_list, name="list"),
    path("disruptions/record/", recording.record, name="record"),
    path("disruptions/record/threats/", recording.find, name="find"),
    path("disruptions/record/<uuid:key>/", recording.form, name="form"),
    path("disruptions/record/<uuid:key>/keep/", recording.keep, name="keep"),
    path("disruptions/queues/<slug:queue>/", listing.queue, name="queue"),
    path("disruptions/missing/", leads.missing, name="missing"),
    path("disruptions/missing/precision/", leads.precision, name="precision"),
    path("disruptions/missing/<int:pk>/", leads.lead, name="lead"),
    path("disruptions/<str:reference>/", reading.detail, name="detail"),
    path("disruptions/<str:reference>/recorded/", recording.done, name="done"),
    path("disruptions/<str:reference>/change/", changing.change, name="change"),
    path("disruptions/<str:reference>/effect/", changing.category, name="category"),
    path("disruptions/<str:reference>/pass/", passing.validate, name="validate"),
    path("disruptions/<str:reference>/moderate/", passing.moderate, name="moderate"),
    path("disruptions/<str:reference>/send-back/", passing.send_back, name="return"),
    path("disruptions/<str:reference>/sample/", passing.sample, name="sample"),
    path("disruptions/<str:reference>/lasted/", passing.review, name="review"),
    path("disruptions/<str:reference>/withdraw/", changing.withdraw, name="withdraw"),
    path("threats/<str:reference>/disruptions/", listing.of_threat, name="of_threat"),
]
