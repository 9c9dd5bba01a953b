from django.urls import URLPattern, path, register_converter

from fourfold.pole import rules, views
from fourfold.pole.views import judging, judging_things


class PersonReference:
    """P-0000123, in that one form."""

    regex = "P-[0-9]{7,15}"

    def to_python(self, value: str) -> int:
        person_id = rules.person_id_of(value)
        if person_id is None or rules.reference_of(person_id) != value:
            raise ValueError
        return person_id

    def to_url(self, value: str | int) -> str:
        return value if isinstance(value, str) else rules.reference_of(value)


register_converter(PersonReference, "person")


def _judged(name: str, end_kind: rules.Kind) -> list[URLPattern]:
    """Pages on which people say which records of one table are of one thing."""
    given = {"end_kind": end_kind.value}
    return [
        path(f"{name}/<int:pk>/take-apart/", judging_things.take_apart, given, name=f"{name}_take_apart"),
        path(f"{name}/<int:pk>/compare/", judging_things.compare, given, name=f"{name}_compare"),
        path(f"{name}/<int:left>/and/<int:right>/", judging_things.pair, given, name=f"{name}_pair"),
        path(
            f"picture/deconfliction/{name}/<int:record>/<slug:organisation>/",
            judging.notice,
            given,
            name=f"{name}_notice",
        ),
    ]


app_name = "pole"
urlpatterns = [
    path("picture/", views.event_list, name="events"),
    path("picture/review/", judging.queue, name="review"),
    path("picture/review/<int:left>/<int:right>/", judging.pair, name="pair"),
    path("picture/review/things/", judging_things.queue, name="thing_review"),
    path("picture/review/things/undo/", judging_things.undo, name="thing_undo"),
    path("picture/review/undo/", judging.undo, name="undo"),
    path("picture/review/withdraw/<int:judgement>/", judging.withdraw, name="withdraw"),
    path("picture/taken-apart/<uuid:act>/", judging.taken_apart, name="taken_apart"),
    path("picture/deconfliction/", judging.deconfliction, name="deconfliction"),
    path("picture/deconfliction/<int:record>/<slug:organisation>/", judging.notice, name="notice"),
    path("person/<person:person_id>/", views.person, name="person"),
    path("person/<person:person_id>/take-apart/", judging.take_apart, name="take_apart"),
    path("person/<person:person_id>/propose/", judging.propose, name="propose"),
    path("record/person/<int:record_id>/", views.person_record, name="person_record"),
    path("event/<int:event_id>/", views.event, name="event"),
    path("object/<int:object_id>/", views.thing, name="object"),
    path("place/<int:place_id>/", views.place, name="place"),
    path("picture/said/<uuid:act>/", judging_things.step, name="thing_step"),
    *_judged("object", rules.Kind.OBJECT),
    *_judged("place", rules.Kind.LOCATION),
]
