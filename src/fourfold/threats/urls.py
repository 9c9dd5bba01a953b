from django.urls import path

from fourfold.threats import views

app_name = "threats"
urlpatterns = [
    path("threats/", views.threat_list, name="list"),
    path("threats/nominate/", views.nominate, name="nominate"),
    path("threats/exceptions/", views.exception_overview, name="exceptions"),
    path("threats/exceptions/<slug:code>/", views.exception_list, name="exception"),
    path("threats/caseload/", views.caseload_list, name="caseload"),
    path("threats/hand-overs/", views.hand_over_list, name="hand_overs"),
    path("threats/closings/", views.closing_list, name="closings"),
    path("threats/<str:reference>/", views.detail, name="detail"),
    path("threats/<str:reference>/members/", views.members, name="members"),
    path("threats/<str:reference>/members/add/", views.find_member, name="find_member"),
    path("threats/<str:reference>/members/add/<int:record>/", views.add_member, name="add_member"),
    path("threats/<str:reference>/members/<int:pk>/end/", views.end_member, name="end_member"),
    path("threats/<str:reference>/people-to-protect/", views.protect, name="protect"),
    path("threats/<str:reference>/history/", views.history, name="history"),
    path("threats/<str:reference>/describe/", views.describe, name="describe"),
    path("threats/<str:reference>/places/add/", views.add_place, name="add_place"),
    path("threats/<str:reference>/places/<int:pk>/end/", views.end_place, name="end_place"),
    path("threats/<str:reference>/lines/add/", views.add_line, name="add_line"),
    path("threats/<str:reference>/lines/<int:pk>/end/", views.end_line, name="end_line"),
    path("threats/<str:reference>/links/add/", views.add_link, name="add_link"),
    path("threats/<str:reference>/links/<int:pk>/end/", views.end_link, name="end_link"),
    path("threats/<str:reference>/tier/", views.tier, name="tier"),
    path("threats/<str:reference>/phase/", views.phase, name="phase"),
    path("threats/<str:reference>/kind/", views.reclassify, name="type"),
    path("threats/<str:reference>/hand-over/", views.hand_over, name="hand_over"),
    path("threats/<str:reference>/hand-over/<int:pk>/", views.answer_hand_over, name="answer_hand_over"),
    path("threats/<str:reference>/merge/", views.merge, name="merge"),
    path("threats/<str:reference>/merge/rest/", views.move_rest, name="move_rest"),
    path("threats/<str:reference>/split/", views.split, name="split"),
    path("threats/<str:reference>/close/", views.close, name="close"),
    path("threats/<str:reference>/close/<int:pk>/", views.answer_closing, name="answer_closing"),
    path("threats/<str:reference>/reopen/", views.reopen, name="reopen"),
]
