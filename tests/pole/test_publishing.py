from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path

import pytest
from django.db import connection

from fourfold.platform import clock
from fourfold.platform.audit.models import Entry
from fourfold.platform.errors import RuleBroken
from fourfold.platform.history.rewind import versions_of
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import selectors, services
from fourfold.pole.models import EventRecord, Link, MatchEdge, ObjectRecord, Person, PersonRecord
from fourfold.pole.publishing import statements
from tests.pole.canonical import Batch, write

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)


@pytest.fixture(params=[20_000, 0], ids=["small batch", "large batch"])
def compared(request, monkeypatch):
    """Both ways of publishing: a large batch is compared with what is held before it is brought."""
    monkeypatch.setattr(services.publication, "COMPARED_FROM", request.param)


def burglary(folder: Path, *, force: str = "merseyside") -> Batch:
    batch = Batch(folder, force=force)
    batch.person("1", "John Smith", date(1990, 5, 1), postcode="L1 1AA", address_line="1 High Street")
    batch.person("2", "Jon Smith", date(1990, 5, 1), postcode="L1 1AB")
    batch.person("3", "Mary Jones", date(2012, 5, 1))
    batch.thing("v1", "VEHICLE", "AB12CDE", make="Ford")
    batch.place("a1", "1 High Street", "L1 1AA")
    batch.event("e1", "CRIME", date(2023, 1, 4), location_key="a1")
    batch.link(("PERSON", "1"), "SUSPECT", ("EVENT", "e1"))
    batch.link(("PERSON", "3"), "VICTIM", ("EVENT", "e1"))
    batch.link(("PERSON", "1"), "USES", ("OBJECT", "v1"), from_on=date(2022, 1, 1))
    batch.link(("PERSON", "1"), "LIVES_AT", ("LOCATION", "a1"))
    batch.link(("EVENT", "e1"), "INVOLVES", ("OBJECT", "v1"))
    return batch


def test_every_row_becomes_a_record_with_its_lineage(publish, as_intake, tmp_path):
    done = publish(burglary(tmp_path / "b"), batch_id=7)
    assert done.inserted == {"location": 1, "event": 1, "object": 1, "person": 3, "link": 5}
    assert (done.persons_made, done.links_unresolved) == (3, 0)
    with as_intake():
        john = PersonRecord.objects.get(source="niche_tri", source_key="1")
        assert (john.full_name, john.birth_on, john.postcode) == ("John Smith", date(1990, 5, 1), "L1 1AA")
        assert (john.batch_id, john.source_file, john.source_line) == (7, "person.csv", 2)
        assert john.delivered["surname"] == "Smith"
        assert john.owner.code == "merseyside"
        assert EventRecord.objects.get().location.address_line == "1 High Street"
        suspect = Link.objects.get(type="SUSPECT")
        assert (suspect.left_id, suspect.right_id) == (john.pk, EventRecord.objects.get().pk)


def test_a_repeat_changes_nothing(compared, publish, as_intake, tmp_path):
    groups = [("niche_tri", "1", 1), ("niche_tri", "2", 1), ("niche_tri", "3", 2)]
    pairs = [("niche_tri", "1", "niche_tri", "2", 7.0, "LINKED")]
    publish(burglary(tmp_path / "b"), batch_id=1, clusters=groups, edges=pairs)
    with as_intake():
        before = list(PersonRecord.objects.order_by("pk").values())
        ledger = Entry.objects.count()
    done = publish(burglary(tmp_path / "b"), batch_id=1, clusters=groups, edges=pairs)
    assert not any(done.inserted.values())
    assert not any(done.changed.values())
    assert done.unchanged == {"location": 1, "event": 1, "object": 1, "person": 3, "link": 5}
    assert (done.edges, done.persons_made, done.records_moved) == (0, 0, 0)
    with as_intake():
        assert list(PersonRecord.objects.order_by("pk").values()) == before
        assert Person.objects.count() == 2
        assert Entry.objects.count() == ledger + 1, "the delivery is noted, no combination is"


def test_a_changed_row_is_one_new_version_and_its_neighbours_are_left_alone(compared, publish, as_intake, tmp_path):
    publish(burglary(tmp_path / "b"))
    later = burglary(tmp_path / "c")
    later.rows["person"][0]["postcode"] = "M1 1AA"
    done = publish(later)
    assert done.changed == {"location": 0, "event": 0, "object": 0, "person": 1, "link": 0}
    with as_intake():
        versions = versions_of(PersonRecord.objects.get(source_key="1"))
        assert [v.fields["postcode"] for v in versions] == ["M1 1AA", "L1 1AA"]
        assert len(versions_of(PersonRecord.objects.get(source_key="2"))) == 1


def test_a_change_beside_the_landed_row_is_a_change(publish, as_intake, tmp_path):
    """A person's row may be the same while the alias row beside it is new."""
    publish(burglary(tmp_path / "b"))
    later = burglary(tmp_path / "c")
    later.rows["person"][0]["aliases"] = '[{"forenames": "Jay", "surname": "Smythe-Jones"}]'
    assert publish(later).changed["person"] == 1
    with as_intake():
        assert PersonRecord.objects.get(source_key="1").names_key == "JOHN SMITH | JAY SMYTHE JONES"


def test_the_same_row_on_another_line_is_no_change(publish, tmp_path):
    publish(burglary(tmp_path / "b"))
    later = burglary(tmp_path / "c")
    for row in later.rows["person"]:
        row["source_line"] += 100
        row["source_file"] = "person_2.csv"
    assert publish(later).changed["person"] == 0


def test_a_failure_half_way_leaves_nothing(publish, universe, tmp_path, monkeypatch):
    batch = burglary(tmp_path / "b")

    def fails(*_: object) -> int:
        raise ConnectionError("the power went")

    with monkeypatch.context() as cut:
        cut.setattr(statements, "find_link_ends", fails)
        with pytest.raises(ConnectionError):
            publish(batch)
    with acting_as(universe.service("intake")):
        assert not PersonRecord.objects.exists()
        assert not EventRecord.objects.exists()
        assert not Person.objects.exists()
    assert publish(batch).inserted["person"] == 3


# Persons


def test_records_of_a_cluster_are_one_person(publish, as_intake, tmp_path):
    publish(burglary(tmp_path / "b"), clusters=[("niche_tri", "1", 1), ("niche_tri", "2", 1), ("niche_tri", "3", 2)])
    with as_intake():
        persons = dict(PersonRecord.objects.values_list("source_key", "person_id"))
        assert persons["1"] == persons["2"] != persons["3"]


def test_a_person_keeps_its_number_when_records_join_it(publish, as_intake, tmp_path):
    publish(burglary(tmp_path / "b"), clusters=[("niche_tri", "1", 1), ("niche_tri", "2", 1), ("niche_tri", "3", 2)])
    with as_intake():
        john = PersonRecord.objects.get(source_key="1").person_id
    more = Batch(tmp_path / "m", force="gmp")
    more.person("g1", "John Smith", date(1990, 5, 1))
    everyone = [("niche_tri", "1", 9), ("niche_tri", "2", 9), ("niche_tri", "3", 8), ("policeworks_gmp", "g1", 9)]
    done = publish(more, source="policeworks_gmp", clusters=everyone)
    assert (done.persons_made, done.records_moved) == (0, 0)
    with as_intake():
        assert PersonRecord.objects.get(source_key="g1").person_id == john


def test_two_persons_that_come_together_keep_the_number_of_the_larger_and_the_ledger_says_so(
    publish, as_intake, tmp_path
):
    publish(burglary(tmp_path / "b"), clusters=[("niche_tri", "1", 1), ("niche_tri", "2", 1), ("niche_tri", "3", 2)])
    with as_intake():
        was = dict(PersonRecord.objects.values_list("source_key", "person_id"))
    done = publish(
        Batch(tmp_path / "n"), clusters=[("niche_tri", "1", 1), ("niche_tri", "2", 1), ("niche_tri", "3", 1)]
    )
    assert (done.persons_combined, done.records_moved, done.persons_made) == (1, 1, 0)
    with as_intake():
        assert set(PersonRecord.objects.values_list("person_id", flat=True)) == {was["1"]}
        noted = Entry.objects.get(operation="COMBINATION", object_type="pole.person")
        assert noted.object_id == str(was["1"])
        assert noted.details["was"] == was["3"]
        assert selectors.person_now(was["3"]) == was["1"]


def test_a_person_that_comes_apart_keeps_its_number_with_most_of_its_records(compared, publish, as_intake, tmp_path):
    together = [("niche_tri", key, 1) for key in "123"]
    publish(burglary(tmp_path / "b"), clusters=together)
    with as_intake():
        was = PersonRecord.objects.get(source_key="1").person_id
    done = publish(
        Batch(tmp_path / "n"), clusters=[("niche_tri", "1", 5), ("niche_tri", "2", 5), ("niche_tri", "3", 6)]
    )
    assert (done.persons_made, done.records_moved, done.persons_combined) == (1, 1, 0)
    with as_intake():
        now = dict(PersonRecord.objects.values_list("source_key", "person_id"))
        assert now["1"] == now["2"] == was
        assert now["3"] != was


def test_a_restricted_record_never_gives_its_number_to_open_ones(publish, as_intake, tmp_path):
    hidden = Batch(tmp_path / "h")
    hidden.person("secret", "John Smith", date(1990, 5, 1), audience="OWN")
    publish(hidden, clusters=[("niche_tri", "secret", 1)])
    with as_intake():
        secret = PersonRecord.objects.get(source_key="secret").person_id
    opened = Batch(tmp_path / "o")
    opened.person("open", "John Smith", date(1990, 5, 1))
    publish(opened, clusters=[("niche_tri", "secret", 1), ("niche_tri", "open", 1)])
    with as_intake():
        persons = dict(PersonRecord.objects.values_list("source_key", "person_id"))
    assert persons["open"] == persons["secret"] != secret


def test_records_named_in_clusters_before_they_are_published_join_when_they_come(publish, as_intake, tmp_path):
    everyone = [("niche_tri", "1", 1), ("niche_tri", "2", 2), ("niche_tri", "3", 3), ("connect_lancashire", "NN1", 1)]
    pairs = [("connect_lancashire", "NN1", "niche_tri", "1", 9.0, "LINKED")]
    assert publish(burglary(tmp_path / "b"), clusters=everyone, edges=pairs).edges == 0
    lancashire = Batch(tmp_path / "l", force="lancashire")
    lancashire.person("NN1", "John Smith", date(1990, 5, 1))
    assert publish(lancashire, source="connect_lancashire", clusters=everyone, edges=pairs).edges == 1
    with as_intake():
        persons = dict(PersonRecord.objects.values_list("source_key", "person_id"))
        assert persons["NN1"] == persons["1"]


def test_a_source_s_own_merge_marks_the_record_and_keeps_it(publish, as_intake, tmp_path):
    publish(burglary(tmp_path / "b"))
    later = Batch(tmp_path / "c")
    later.merge("2", "1", datetime(2024, 5, 1, 9, tzinfo=UTC))
    later.merge("3", None, datetime(2024, 5, 2, 9, tzinfo=UTC))
    later.merge("never delivered", "1", datetime(2024, 5, 2, 9, tzinfo=UTC))
    assert publish(later).merged_by_source == 2
    assert publish(later).merged_by_source == 0
    with as_intake():
        two = PersonRecord.objects.get(source_key="2")
        assert two.merged_into.source_key == "1"
        three = PersonRecord.objects.get(source_key="3")
        assert three.closed_at is not None
        assert three.merged_into_id is None


# Edges


def test_an_edge_that_is_gone_is_past_and_one_that_comes_back_is_current(publish, as_intake, tmp_path):
    groups = [("niche_tri", "1", 1), ("niche_tri", "2", 1), ("niche_tri", "3", 2)]
    pairs = [("niche_tri", "1", "niche_tri", "2", 7.0, "LINKED"), ("niche_tri", "1", "niche_tri", "3", 2.0, "PROPOSED")]
    assert publish(burglary(tmp_path / "b"), clusters=groups, edges=pairs).edges == 2
    assert publish(Batch(tmp_path / "n"), clusters=groups, edges=pairs[:1]).edges == 1
    with as_intake():
        assert MatchEdge.objects.get(band="PROPOSED").state == "PAST"
    assert publish(Batch(tmp_path / "m"), clusters=groups, edges=pairs).edges == 1
    with as_intake():
        assert MatchEdge.objects.get(band="PROPOSED").state == "CURRENT"


# Keys, which are not constraints of the database: see docs/decisions/0053


KEYS = {
    "pole_personrecord": {"person_id": "pole_person", "merged_into_id": "pole_personrecord"},
    "pole_objectrecord": {},
    "pole_locationrecord": {},
    "pole_eventrecord": {"location_id": "pole_locationrecord"},
    "pole_link": {},
    "pole_matchedge": {"left_id": "pole_personrecord", "right_id": "pole_personrecord"},
}


def keys_that_lead_nowhere() -> dict[str, int]:
    found = {}
    with connection.cursor() as cursor:
        for table, keys in KEYS.items():
            for key, named in {**keys, "label_id": "visibility_accesslabel"}.items():
                cursor.execute(
                    f"select count(*) from {table} r where r.{key} is not null "
                    f"and not exists (select from {named} n where n.id = r.{key})"
                )
                found[f"{table}.{key}"] = cursor.fetchone()[0]
        for side, (kind, table) in product(("left", "right"), statements.ENDS.items()):
            cursor.execute(
                f"select count(*) from pole_link l where l.{side}_kind = %s "
                f"and not exists (select from {table} n where n.id = l.{side}_id)",
                [kind],
            )
            found[f"pole_link.{side}_id, {kind}"] = cursor.fetchone()[0]
    return found


def test_no_key_leads_nowhere_whatever_is_delivered(compared, publish, as_intake, tmp_path):
    groups = [("niche_tri", "1", 1), ("niche_tri", "2", 1), ("niche_tri", "never delivered", 1), ("other", "9", 2)]
    pairs = [
        ("niche_tri", "1", "niche_tri", "2", 7.0, "LINKED"),
        ("niche_tri", "1", "niche_tri", "never delivered", 9.0, "LINKED"),
    ]
    publish(burglary(tmp_path / "b"), clusters=groups, edges=pairs)
    later = burglary(tmp_path / "c")
    later.rows["person"][2] |= {"audience": "OWN"}
    later.rows["event"][0] |= {"location_key": "never delivered"}
    later.event("e2", "CRIME", date(2023, 1, 5), location_key="a1")
    later.link(("PERSON", "never delivered"), "SUSPECT", ("EVENT", "e2"))
    later.link(("PERSON", "2"), "SUSPECT", ("EVENT", "e2"))
    later.merge("2", "1", datetime(2024, 5, 1, 9, tzinfo=UTC))
    later.merge("3", "never delivered", datetime(2024, 5, 1, 9, tzinfo=UTC))
    publish(later, clusters=[("niche_tri", "1", 2), ("niche_tri", "2", 3), ("niche_tri", "3", 3)], edges=pairs[1:])
    with as_intake():
        assert Link.objects.count() == 6
        assert not {key: rows for key, rows in keys_that_lead_nowhere().items() if rows}


# Labels


def test_a_link_and_an_edge_take_the_narrower_label_of_their_ends(publish, as_intake, tmp_path):
    batch = burglary(tmp_path / "b")
    batch.rows["person"][2] |= {"audience": "OWN"}
    pairs = [("niche_tri", "1", "niche_tri", "3", 7.0, "LINKED")]
    publish(batch, clusters=[("niche_tri", "1", 1), ("niche_tri", "3", 1)], edges=pairs)
    with as_intake():
        assert Link.objects.get(type="VICTIM").label.audience == "OWN"
        assert Link.objects.get(type="SUSPECT").label.audience == "REGION"
        assert MatchEdge.objects.get().label.audience == "OWN"


def test_restricting_a_record_restricts_links_that_are_not_delivered_again(publish, as_intake, tmp_path):
    publish(burglary(tmp_path / "b"))
    later = Batch(tmp_path / "c")
    later.person("3", "Mary Jones", date(2012, 5, 1), audience="OWN")
    assert publish(later).links_narrowed == 1
    with as_intake():
        assert Link.objects.get(type="VICTIM").label.audience == "OWN"


def test_a_link_follows_its_end_when_the_end_is_opened_again(compared, publish, as_intake, tmp_path):
    batch = burglary(tmp_path / "b")
    batch.rows["person"][2] |= {"audience": "OWN"}
    publish(batch)
    assert publish(burglary(tmp_path / "c")).changed == {"location": 0, "event": 0, "object": 0, "person": 1, "link": 1}
    with as_intake():
        assert Link.objects.get(type="VICTIM").label.audience == "REGION"


def test_labels_are_made_once_for_each_combination(publish, as_intake, tmp_path):
    publish(burglary(tmp_path / "b"))
    with as_intake():
        assert PersonRecord.objects.values("label").distinct().count() == 1
        assert Link.objects.values("label").distinct().count() == 1


# Refusals


def test_a_batch_of_a_force_that_is_not_of_the_region_is_refused(publish, tmp_path):
    batch = Batch(tmp_path / "b", force="atlantis")
    batch.person("1", "John Smith")
    with pytest.raises(RuleBroken, match="not an organisation of this region") as refused:
        publish(batch)
    assert refused.value.code == "POLE-1"


def test_a_compartment_that_does_not_exist_is_refused(publish, tmp_path):
    batch = Batch(tmp_path / "b")
    batch.person("1", "John Smith", compartment="nobody")
    with pytest.raises(RuleBroken, match="does not exist") as refused:
        publish(batch)
    assert refused.value.code == "POLE-2"


def test_nobody_publishes_without_acting(tmp_path):
    with pytest.raises(RuleBroken) as refused:
        services.publish_batch(
            batch_id=1, source_code="t", canonical_dir=tmp_path, clusters=None, edges=None, run="r", now=clock.now()
        )
    assert refused.value.code == "POLE-3"


def test_parquet_without_a_column_of_the_contract_is_refused(publish, as_intake, tmp_path):
    write(tmp_path / "b" / "person.parquet", {"record_key": "varchar"}, [])
    with as_intake(), pytest.raises(RuleBroken, match="no column") as refused:
        services.publish_batch(
            batch_id=1,
            source_code="t",
            canonical_dir=tmp_path / "b",
            clusters=None,
            edges=None,
            run="r",
            now=clock.now(),
        )
    assert refused.value.code == "POLE-4"


def test_a_record_twice_in_one_batch_is_refused(publish, tmp_path):
    batch = Batch(tmp_path / "b")
    batch.person("1", "John Smith")
    batch.person("1", "Jon Smith")
    with pytest.raises(RuleBroken, match="2 times") as refused:
        publish(batch)
    assert refused.value.code == "POLE-5"


def test_a_link_to_what_we_do_not_hold_is_counted_and_comes_when_its_end_does(publish, tmp_path):
    batch = burglary(tmp_path / "b")
    batch.link(("PERSON", "1"), "ASSOCIATE", ("PERSON", "9"))
    assert publish(batch).links_unresolved == 1
    later = Batch(tmp_path / "c")
    later.person("9", "Ned Kay")
    later.link(("PERSON", "1"), "ASSOCIATE", ("PERSON", "9"))
    done = publish(later)
    assert (done.links_unresolved, done.inserted["link"]) == (0, 1)


def test_text_is_kept_as_delivered_whatever_it_holds(publish, as_intake, tmp_path):
    odd = "=cmd|' /C calc'!A0 \"quoted\", \\N, line\nbreak, \u202eback, \U0001f600"
    batch = Batch(tmp_path / "b")
    batch.person("1", "John Smith", raw={"Note": odd, "Zero": "a\x00b"}, address_line=odd)
    batch.thing("v", "VEHICLE", "", value_raw=odd + "\x00", valid=False)
    publish(batch)
    with as_intake():
        john = PersonRecord.objects.get()
        assert john.delivered["Note"] == odd
        assert john.delivered["Zero"] == "a\ufffdb", "PostgreSQL holds no zero byte: it is shown as unreadable"
        assert john.address_line == odd
        assert ObjectRecord.objects.get().value_raw == odd + "\ufffd"


def test_an_empty_folder_publishes_nothing(publish, as_intake, tmp_path):
    with as_intake():
        done = services.publish_batch(
            batch_id=1, source_code="t", canonical_dir=tmp_path, clusters=None, edges=None, run="r", now=clock.now()
        )
    assert not any(done.inserted.values())
