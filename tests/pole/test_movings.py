"""When records came to a person or left: told on the page, from what the reader's own records were."""

from datetime import date

import pytest
from django.urls import reverse

from fourfold.platform import clock
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import rules, services
from fourfold.pole import selectors as pole
from fourfold.pole.models import PersonRecord
from fourfold.pole.selectors import identity
from tests.pole.canonical import Batch

pytestmark = pytest.mark.django_db
KEYS = ("1", "2", "3")


@pytest.fixture
def joined(publish, tmp_path, as_intake):
    """Three records that were three people, until a delivery put them together; the third is one force's own."""

    def deliver(number, groups, pairs):
        batch = Batch(tmp_path / f"b{number}")
        for key in KEYS:
            batch.person(key, f"John {key} Smith", date(1990, 5, 1), audience="OWN" if key == "3" else "REGION")
        return publish(batch, clusters=[("niche_tri", key, group) for key, group in groups], edges=pairs)

    deliver(1, zip(KEYS, (1, 2, 3), strict=True), [])
    with as_intake():
        was = dict(PersonRecord.objects.values_list("source_key", "person_id"))
    pairs = [("niche_tri", "1", "niche_tri", key, 9.0, "LINKED") for key in ("2", "3")]
    deliver(2, zip(KEYS, (1, 1, 1), strict=True), pairs)
    with as_intake():
        person = PersonRecord.objects.get(source_key="1").person_id
    return was, person


def movings(user, person):
    with acting_as(user):
        return [(each.was, each.into, each.records, each.said) for each in identity.movings_of(person)]


def test_a_join_by_a_delivery_is_told_of_the_records_that_the_reader_sees(universe, joined):
    was, person = joined
    assert person == was["1"]
    assert movings(universe.gmp_analyst, person) == [(was["2"], person, 1, None)]
    assert sorted(movings(universe.merseyside_analyst, person)) == sorted(
        [(was["2"], person, 1, None), (was["3"], person, 1, None)]
    )


def test_it_stands_on_the_page_beside_what_people_said(universe, joined, reading):
    was, person = joined
    actor = universe.merseyside_analyst
    address = f"{reverse('pole:person', args=[rules.reference_of(person)])}?part=why"
    page = reading(universe.gmp_analyst).get(address).content.decode()
    assert "When records came together or apart" in page
    assert f"1 record of {rules.reference_of(was['2'])} came to {rules.reference_of(person)}" in page
    assert "A delivery" in page
    assert rules.reference_of(was["3"]) not in page
    with acting_as(actor):
        file = pole.person_file(person)
        second = next(record.pk for record in file.records if record.source_key == "2")
        services.take_apart(actor=actor, person=person, records=[second], why="Father and son", now=clock.now())
    page = reading(actor).get(address).content.decode()
    assert f"1 record taken out of {rules.reference_of(person)}: now {rules.reference_of(was['2'])}" in page
    assert "Father and son" in page


def test_a_person_whose_records_went_to_another_leads_there(reading, universe, publish, tmp_path):
    batch = Batch(tmp_path / "a")
    batch.person("1", "John Smith", date(1990, 5, 1))
    batch.person("2", "John Smith", date(1990, 5, 1))
    batch.person("3", "Jon Smith", date(1990, 5, 1), audience="OWN", owning_force="gmp")
    publish(batch, clusters=[("niche_tri", "1", 1), ("niche_tri", "2", 2), ("niche_tri", "3", 3)])
    with acting_as(universe.service("intake")):
        was = dict(PersonRecord.objects.values_list("source_key", "person_id"))
    publish(Batch(tmp_path / "n"), clusters=[("niche_tri", key, 1) for key in "123"])
    client = reading(universe.merseyside_analyst)
    answer = client.get(reverse("pole:person", args=[rules.reference_of(was["2"])]))
    assert answer.status_code == 302
    assert answer["Location"] == reverse("pole:person", args=[rules.reference_of(was["1"])])
    hidden = client.get(reverse("pole:person", args=[rules.reference_of(was["3"])]))
    assert hidden.status_code == 404, "a number that only a hidden record ever had leads nowhere"
