from django.urls import path

from fourfold.performance import views

app_name = "performance"
urlpatterns = [
    path("performance/", views.threats, name="threats"),
    path("performance/disruptions/", views.disruptions, name="disruptions"),
    path("performance/plans/", views.plans, name="plans"),
    path("performance/plan-on-a-page/", views.plan_on_a_page, name="quadrants"),
    path("performance/measures/", views.measures, name="measures"),
    path("performance/measures/<slug:code>/", views.measure, name="measure"),
    path("performance/measures/<slug:code>/rows/", views.rows, name="rows"),
    path("performance/measures/<slug:code>/trend/", views.trend, name="trend"),
    path("performance/measures/<slug:code>/changes/", views.changes, name="changes"),
    path("performance/inspection-2023/", views.inspected, name="inspection"),
    path("performance/other-regions/", views.regions, name="regions"),
    path("performance/other-regions/import/", views.import_regions, name="import_regions"),
    path("performance/tokens/", views.readers, name="readers"),
    path("performance/tokens/make/", views.make_reader, name="make_reader"),
    path("performance/tokens/<int:pk>/withdraw/", views.withdraw_reader, name="withdraw_reader"),
]
