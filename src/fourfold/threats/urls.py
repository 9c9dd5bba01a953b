from django.urls import path

from fourfold.threats.views import closing, developing, handing_over, listing, reading, writing

app_name = "threats"
urlpatterns = [
    path("threats/", listing.threat_list, name="list"),
    path("threats/nominate/", writing.nominate, name="nominate"),
    path("threats/exceptions/", listing.exception_overview, name="exceptions"),
    path("threats/exceptions/<slug:code>/", listing.exception_list, name="exception"),
    path("threats/caseload/", listing.caseload_list, name="caseload"),
    path("threats/hand-overs/", listing.hand_over_list, name="hand_overs"),
    path("threats/closings/", listing.closing_list, name="closings"),
    path("threats/<str:reference>/", reading.detail, name="detail"),
    path("threats/<str:reference>/members/", reading.members, name="members"),
    path("threats/<str:reference>/members/add/", developing.find_member, name="find_member"),
    path("threats/<str:reference>/members/add/<int:record>/", developing.add_member, name="add_member"),
    path("threats/<str:reference>/members/<int:pk>/end/", developing.end_member, name="end_member"),
    path("threats/<str:reference>/people-to-protect/", reading.protect, name="protect"),
    path("threats/<str:reference>/history/", reading.history, name="history"),
    path("threats/<str:reference>/describe/", writing.describe, name="describe"),
    path("threats/<str:reference>/places/add/", developing.add_place, name="add_place"),
    path("threats/<str:reference>/places/<int:pk>/end/", developing.end_place, name="end_place"),
    path("threats/<str:reference>/lines/add/", developing.add_line, name="add_line"),
    path("threats/<str:reference>/lines/<int:pk>/end/", developing.end_line, name="end_line"),
    path("threats/<str:reference>/links/add/", developing.add_link, name="add_link"),
    path("threats/<str:reference>/links/<int:pk>/end/", developing.end_link, name="end_link"),
    path("threats/<str:reference>/tier/", writing.tier, name="tier"),
    path("threats/<str:reference>/phase/", writing.phase, name="phase"),
    path("threats/<str:reference>/kind/", writing.reclassify, name="type"),
    path("threats/<str:reference>/hand-over/", handing_over.hand_over, name="hand_over"),
    path("threats/<str:reference>/hand-over/<int:pk>/", handing_over.answer_hand_over, name="answer_hand_over"),
    path("threats/<str:reference>/merge/", closing.merge, name="merge"),
    path("threats/<str:reference>/merge/rest/", closing.move_rest, name="move_rest"),
    path("threats/<str:reference>/split/", closing.split, name="split"),
    path("threats/<str:reference>/close/", closing.close, name="close"),
    path("threats/<str:reference>/close/<int:pk>/", closing.answer_closing, name="answer_closing"),
    path("threats/<str:reference>/reopen/", closing.reopen, name="reopen"),
]
