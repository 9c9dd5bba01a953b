from django.urls import path

from fourfold.threats import views

app_name = "threats"
urlpatterns = [
    path("threats/", views.threat_list, name="list"),
    path("threats/nominate/", views.nominate, name="nominate"),
    path("threats/<str:reference>/", views.detail, name="detail"),
    path("threats/<str:reference>/members/", views.members, name="members"),
    path("threats/<str:reference>/members/add/", views.find_member, name="find_member"),
    path("threats/<str:reference>/members/add/<int:record>/", views.add_member, name="add_member"),
    path("threats/<str:reference>/members/<int:pk>/end/", views.end_member, name="end_member"),
    path("threats/<str:reference>/people-to-protect/", views.protect, name="protect"),
    path("threats/<str:reference>/history/", views.history, name="history"),
    path("threats/<str:reference>/describe/", views.describe, name="describe"),
    path("threats/<str:reference>/places/add/", views.add_place, name="add_place"),
    path("threats/<str:reference>/tier/", views.tier, name="tier"),
    path("threats/<str:reference>/phase/", views.phase, name="phase"),
    path("threats/<str:reference>/kind/", views.reclassify, name="type"),
    path("threats/<str:reference>/hand-over/", views.hand_over, name="hand_over"),
    path("threats/<str:reference>/close/", views.close, name="close"),
]
