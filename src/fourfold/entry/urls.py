"""Every address. A room's own addresses stand in its `urls.py`."""

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

ROOMS = (
    "fourfold.platform.people",
    "fourfold.platform.audit",
    "fourfold.platform.reference",
    "fourfold.platform.ui",
    "fourfold.pole",
    "fourfold.intake",
    "fourfold.threats",
    "fourfold.assessments",
    "fourfold.plans",
    "fourfold.disruptions",
    "fourfold.exchange",
    "fourfold.performance",
    "fourfold.search",
    "fourfold.network",
    "fourfold.entry.home",
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(f"{room}.urls" if room != "fourfold.entry.home" else room))
    for room in ROOMS
    if find_spec(f"{room}.urls" if room != "fourfold.entry.home" else room)
]
if find_spec("fourfold.entry.api"):
    urlpatterns.append(path("api/", import_module("fourfold.entry.api").api.urls))

handler400 = "fourfold.platform.ui.errors.bad_request"
handler404 = "fourfold.platform.ui.errors.not_found"
handler403 = "fourfold.platform.ui.errors.not_found"
handler500 = "fourfold.platform.ui.errors.server_error"
