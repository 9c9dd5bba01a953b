"""What needs transactions that commit: what others see meanwhile, and the past."""

from datetime import date, datetime

from django.db import connection
from django.urls import reverse

from fourfold.platform import clock
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import rules, services
from fourfold.pole.models import PersonRecord
from tests.pole.canonical import Batch


def john(folder, postcode):
    batch = Batch(folder)
    batch.person("1", "John Smith", date(1990, 5, 1), postcode=postcode)
    return batch


def text_of(answer):
    assert answer.status_code == 200, answer
    return answer.content.decode()


def test_nothing_of_a_batch_shows_before_it_is_committed(lasting_db, universe, tmp_path):
    """A second connection sees none of the batch until the whole of it is there."""
    folder = john(tmp_path / "b", "L1 1AA").written()
    with acting_as(universe.service("intake")):
        services.publish_batch(
            batch_id=1, source_code="t", canonical_dir=folder, clusters=None, edges=None, run="r", now=clock.now()
        )
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("begin")
            cursor.execute(
                "select set_config('fourfold.reads', string_agg(id::text, ','), true) from visibility_accesslabel"
            )
            cursor.execute("select count(*) from pole_personrecord")
            assert cursor.fetchone() == (0,)
            cursor.execute("select count(*) from pole_person")
            assert cursor.fetchone() == (0,)
            cursor.execute("rollback")
        other.close()


def test_a_person_is_shown_as_recorded_on_a_past_day(as_simulation, universe, publish, reading, tmp_path):
    with clock.told(datetime(2024, 1, 10, 12, tzinfo=clock.LONDON)):
        publish(john(tmp_path / "a", "L1 1AA"))
    with clock.told(datetime(2024, 2, 10, 12, tzinfo=clock.LONDON)):
        publish(john(tmp_path / "b", "M1 1AA"))
    with acting_as(universe.service("intake")):
        record_id, person_id = PersonRecord.objects.values_list("pk", "person_id").get()
    address = reverse("pole:person", args=[rules.reference_of(person_id)])
    client = reading(universe.merseyside_analyst)
    assert "M1 1AA" in text_of(client.get(address))
    then = text_of(client.get(address, {"as_recorded_on": "2024-01-31"}))
    assert "L1 1AA" in then
    assert "M1 1AA" not in then
    assert client.get(address, {"as_recorded_on": "2023-12-31"}).status_code == 404
    versions = text_of(client.get(reverse("pole:person_record", args=[record_id])))
    assert "L1 1AA" in versions
    assert "M1 1AA" in versions


def test_a_link_that_leads_to_another_person_stays_in_the_past(as_simulation, universe, publish, reading, tmp_path):
    batch = Batch(tmp_path / "a")
    batch.person("1", "John Smith", date(2008, 5, 1))
    batch.person("2", "John Smith", date(2008, 5, 1))
    with clock.told(datetime(2024, 1, 10, 12, tzinfo=clock.LONDON)):
        publish(batch, clusters=[("niche_tri", "1", 1), ("niche_tri", "2", 2)])
    with acting_as(universe.service("intake")):
        was = dict(PersonRecord.objects.values_list("source_key", "person_id"))
    with clock.told(datetime(2024, 2, 10, 12, tzinfo=clock.LONDON)):
        publish(Batch(tmp_path / "n"), clusters=[("niche_tri", "1", 1), ("niche_tri", "2", 1)])
    client = reading(universe.merseyside_analyst)
    asked = {"as_recorded_on": "2024-02-20", "part": "records"}
    answer = client.get(reverse("pole:person", args=[rules.reference_of(was["2"])]), asked)
    kept = reverse("pole:person", args=[rules.reference_of(was["1"])])
    assert answer["Location"] == f"{kept}?as_recorded_on=2024-02-20&part=records"
    with clock.told(datetime(2030, 1, 1, 12, tzinfo=clock.LONDON)):
        client = reading(universe.merseyside_analyst)
        assert "Under 18" in text_of(client.get(kept, {"as_recorded_on": "2024-02-20"}))
        assert "Under 18" not in text_of(client.get(kept))
