from django.urls import path

from fourfold.search import views

app_name = "search"
urlpatterns = [
    path("search/", views.search, name="search"),
    path("search/saved/", views.saved_searches, name="all_saved"),
    path("search/saved/new/", views.save_search, name="save"),
    path("search/saved/<int:key>/", views.saved_search, name="saved"),
    path("search/saved/<int:key>/change/", views.change_saved, name="change_saved"),
    path("search/saved/<int:key>/looked/", views.looked, name="looked"),
    path("search/saved/<int:key>/stop/", views.stop_saved, name="stop_saved"),
]
