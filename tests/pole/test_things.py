"""Vehicles, phones and places that several sources record: one page, stable numbers, reasons; two readers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from fourfold.pole import steps
from fourfold.pole.models import LocationRecord, ObjectRecord, Thing, ThingTie
from fourfold.pole.publishing import statements
from tests.pole.canonical import Batch
from tests.universe import Universe

pytestmark = pytest.mark.django_db


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer
    return str(answer.content.decode())


def _numbers(table: type[ObjectRecord] | type[LocationRecord]) -> dict[str, int | None]:
    return dict(table.objects.values_list("source_key", "thing_id"))


@pytest.fixture
def two_forces(publish: Callable[..., Any], tmp_path: Path) -> None:
    """A car, a house and a number as two forces have them; another car with the same plate; a restricted record."""
    ours = Batch(tmp_path / "ours")
    ours.thing("v1", "VEHICLE", "AB12CDE", make="Ford", colour="Blue", value_raw="AB12 CDE")
    ours.place("a1", "Flat 2, 12 Mill Rd, Bootle", "L20 1AA")
    ours.place("a2", "Flat 3, 12 Mill Road, Bootle", "L20 1AA")
    publish(ours, grouped=True)
    theirs = Batch(tmp_path / "theirs", force="gmp")
    theirs.thing("v2", "VEHICLE", "AB12CDE", make="FORD", colour="Navy blue")
    theirs.thing("v3", "VEHICLE", "AB12CDE", make="Toyota", colour="Red")
    theirs.thing("v4", "VEHICLE", "AB12CDE", make="Ford", colour="Sealed colour", audience="OWN")
    theirs.place("b1", "12 Mill Road, Flat 2, BOOTLE", "L20 1AA")
    publish(theirs, source="policeworks_gmp", grouped=True)


def test_one_car_of_two_forces_has_one_number_and_a_cloned_plate_another(
    two_forces: None, as_intake: Callable[[], Any]
) -> None:
    with as_intake():
        number = _numbers(ObjectRecord)
        assert number["v1"] == number["v2"] == number["v4"] is not None
        assert number["v3"] not in {number["v1"], None}
        place = _numbers(LocationRecord)
        assert place["a1"] == place["b1"] != place["a2"]
        assert Thing.objects.get(pk=number["v1"]).reference == f"V-{number['v1']:07d}"
        assert Thing.objects.get(pk=place["a1"]).kind == "ADDRESS"


def test_the_page_says_who_has_it_why_and_which_other_car_shows_the_plate(
    two_forces: None, reading: Callable[..., Any], universe: Universe, as_intake: Callable[[], Any]
) -> None:
    with as_intake():
        one = ObjectRecord.objects.get(source_key="v1")
    page = text_of(reading(universe.merseyside_analyst).get(reverse("pole:object", args=[one.pk])))
    assert "2 records" in page
    assert "The plate is the same, and make, model and colour do not speak against it" in page
    assert "Kept apart" in page
    assert "The plate is the same but the makes differ: it may be cloned, moved or misread" in page
    assert "Red Toyota" in page
    assert "Sealed colour" not in page


def test_who_may_read_the_restricted_record_sees_it_on_the_same_page(
    two_forces: None, reading: Callable[..., Any], universe: Universe, as_intake: Callable[[], Any]
) -> None:
    with as_intake():
        one, hidden = (ObjectRecord.objects.get(source_key=key) for key in ("v1", "v4"))
    theirs = reading(universe.gmp_analyst)
    page = text_of(theirs.get(reverse("pole:object", args=[one.pk])))
    assert "3 records" in page
    assert "Sealed colour" in page
    ours = reading(universe.merseyside_analyst)
    assert ours.get(reverse("pole:object", args=[hidden.pk])).status_code == 404
    with as_intake():
        narrow = set(ThingTie.objects.filter(left_id=hidden.pk).values_list("label_id", flat=True))
        narrow |= set(ThingTie.objects.filter(right_id=hidden.pk).values_list("label_id", flat=True))
        assert narrow == {hidden.label_id}


def test_a_place_shows_every_spelling_with_the_reason(
    two_forces: None, reading: Callable[..., Any], universe: Universe, as_intake: Callable[[], Any]
) -> None:
    with as_intake():
        one = LocationRecord.objects.get(source_key="a1")
    page = text_of(reading(universe.gmp_analyst).get(reverse("pole:place", args=[one.pk])))
    assert "12 Mill Road, Flat 2, BOOTLE" in page
    assert "Number, street and postcode are the same" in page
    assert "Flat 3" not in page


def test_a_number_stays_when_records_come_and_the_same_delivery_changes_nothing(
    two_forces: None, publish: Callable[..., Any], tmp_path: Path, as_intake: Callable[[], Any]
) -> None:
    with as_intake():
        before = _numbers(ObjectRecord)
        ties = ThingTie.objects.count()
    more = Batch(tmp_path / "more", force="cumbria")
    more.thing("v9", "VEHICLE", "AB12CDE", make="Ford")
    done = publish(more, source="mark43_cumbria", grouped=True)
    assert done.things_made == 0
    again = Batch(tmp_path / "again", force="cumbria")
    again.thing("v9", "VEHICLE", "AB12CDE", make="Ford")
    same = publish(again, source="mark43_cumbria", grouped=True)
    assert (same.things_made, same.things_moved, same.ties) == (0, 0, 0)
    with as_intake():
        after = _numbers(ObjectRecord)
        assert {key: after[key] for key in before} == before
        assert after["v9"] == before["v1"]
        assert ThingTie.objects.count() > ties


def test_a_correction_that_parts_two_records_gives_one_a_new_number_and_keeps_the_past(
    two_forces: None, publish: Callable[..., Any], tmp_path: Path, as_intake: Callable[[], Any]
) -> None:
    with as_intake():
        before = _numbers(ObjectRecord)
    corrected = Batch(tmp_path / "corrected", force="gmp")
    corrected.thing("v2", "VEHICLE", "AB12CDE", make="Kia", colour="Green")
    publish(corrected, source="policeworks_gmp", grouped=True)
    with as_intake():
        after = _numbers(ObjectRecord)
        assert after["v1"] == before["v1"]
        assert after["v2"] not in set(before.values())
        assert ThingTie.objects.filter(code="make_differs").count() >= 2


def test_before_things_were_grouped_equal_values_are_one_page_and_then_the_number_counts(
    publish: Callable[..., Any],
    reading: Callable[..., Any],
    universe: Universe,
    tmp_path: Path,
    as_intake: Callable[[], Any],
) -> None:
    for number, (source, force) in enumerate((("niche_tri", "merseyside"), ("policeworks_gmp", "gmp"))):
        batch = Batch(tmp_path / source, force=force)
        batch.thing(f"v{number}", "VEHICLE", "AB12CDE", make=("Ford", "Kia")[number])
        batch.place(f"a{number}", "12 Mill Road", "L20 1AA")
        publish(batch, source=source)
    with as_intake():
        assert set(_numbers(ObjectRecord).values()) == {None}
        car, house = ObjectRecord.objects.get(source_key="v0"), LocationRecord.objects.get(source_key="a0")
    theirs = reading(universe.merseyside_analyst)
    assert "2 records" in text_of(theirs.get(reverse("pole:object", args=[car.pk])))
    assert "2 records" in text_of(theirs.get(reverse("pole:place", args=[house.pk])))
    later = Batch(tmp_path / "later")
    later.thing("v9", "VEHICLE", "J12XYZ")
    publish(later, grouped=True)
    assert "Kept apart" in text_of(theirs.get(reverse("pole:object", args=[car.pk])))
    assert "2 records" in text_of(theirs.get(reverse("pole:place", args=[house.pk])))


def test_the_network_has_two_cars_of_one_plate_and_one_house_of_two_spellings(
    two_forces: None, universe: Universe, as_intake: Callable[[], Any]
) -> None:
    with as_intake():
        cars = dict(ObjectRecord.objects.values_list("source_key", "pk"))
        houses = dict(LocationRecord.objects.values_list("source_key", "pk"))
        records = [("OBJECT", pk) for pk in cars.values()] + [("LOCATION", pk) for pk in houses.values()]
        nodes = steps.nodes_of_records(records)
        assert nodes["OBJECT", cars["v1"]] == nodes["OBJECT", cars["v2"]] != nodes["OBJECT", cars["v3"]]
        assert nodes["LOCATION", houses["a1"]] == nodes["LOCATION", houses["b1"]] != nodes["LOCATION", houses["a2"]]
        assert steps.records_of_nodes(set(nodes.values())) == nodes


def test_a_delivery_that_changes_many_reasons_takes_stock_of_every_table(
    publish: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_intake: Any
) -> None:
    monkeypatch.setattr(statements, "STOCK_TAKEN_FROM", 1)
    batch = Batch(tmp_path / "large")
    for key in ("a", "b"):
        batch.thing(key, "VEHICLE", "AB12CDE", make="Ford")
        batch.place(key, "12 Mill Road", "L20 1AA")
    publish(batch, grouped=True)
    with as_intake():
        assert ThingTie.objects.count() == 2
