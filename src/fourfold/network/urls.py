from django.urls import path

from fourfold.network import handing_out, views

app_name = "network"
urlpatterns = [
    path("network/", views.between, name="between"),
    path("network/around/<person:person_id>/", views.around, name="around"),
    path("network/around/<person:person_id>/take/", handing_out.person, name="take_person"),
    path("network/edge/<int:pk>/", views.lead, name="lead"),
    path("threats/<str:reference>/network/", views.of_threat, name="of_threat"),
    path("threats/<str:reference>/network/take/", handing_out.threat, name="take_threat"),
    path("threats/<str:reference>/network/edge/", views.edge, name="edge"),
]
