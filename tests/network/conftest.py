"""A small picture: a group of three, a boy at its edge, a child it exploits, and links that one force keeps."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from fourfold.platform import clock
from fourfold.platform.people.models import Organisation, User
from fourfold.platform.people.services import create_user
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import selectors as pole
from fourfold.pole.rules import reference_of
from fourfold.pole.services import publish_batch
from fourfold.threats import services as threats
from fourfold.threats.models import Threat
from tests.pole import canonical
from tests.pole.canonical import Batch
from tests.threats.conftest import EXPLOITED, membership, nomination
from tests.universe import PASSWORD, SINCE, Universe

AGO = timedelta(days=30)
SOURCE = "niche_tri"
Match = tuple[str, str, float, str]
"""Keys of two people's records, the weight and the band of a match between them."""
MATCHED: tuple[Match, ...] = (
    ("alpha", "bravo", 3.0, "PROPOSED"),
    ("alpha", "alone", 4.0, "PROPOSED"),
    ("alpha", "ghost", 9.0, "PROPOSED"),
    ("charlie", "elder", 2.0, "PROPOSED"),
    ("alpha", "edge", -6.0, "WITHIN"),
)


@dataclass(frozen=True)
class World:
    """People by their key in the batch, and the threat of three of them."""

    people: dict[str, int]
    records: dict[str, int]
    threat: Threat

    def reference(self, key: str) -> str:
        return reference_of(self.people[key])


def years_ago(years: int) -> date:
    today = clock.today()
    return today.replace(year=today.year - years, day=1)


def batch_of(folder: Path, *, hidden: bool = True) -> Batch:
    """The picture of Merseyside; with what only Merseyside may see, or without it."""
    today = clock.today()
    on = today - AGO
    batch = Batch(folder, force="merseyside")
    batch.person("alpha", "Alpha Dockside", years_ago(40))
    batch.person("bravo", "Bravo Dockside", years_ago(35))
    batch.person("charlie", "Charlie Dockside", years_ago(33))
    batch.person("edge", "Edge Harbour", years_ago(19))
    batch.person("child", "Quay Harbour", years_ago(14))
    batch.person("elder", "Elder Harbour", years_ago(50))
    batch.person("far", "Faraway Harbour", years_ago(45))
    batch.person("alone", "Lonely Harbour", years_ago(30))
    batch.thing("car", "VEHICLE", "AB12CDE")
    batch.thing("phone", "PHONE", "+447700900123")
    batch.place("flat", "1 Quay Street", "L1 1AA")
    batch.event("stop", "STOP", on)
    batch.event("custody", "CUSTODY", on)
    batch.event("robbery", "CRIME", on - timedelta(days=700))
    for key in ("alpha", "bravo"):
        batch.link(("PERSON", key), "USES", ("OBJECT", "car"), from_on=on - timedelta(days=400), to_on=on)
    batch.link(("PERSON", "bravo"), "ASSOCIATE", ("PERSON", "charlie"), assertion="assessment", grade="2B")
    batch.link(("PERSON", "alpha"), "STOPPED", ("EVENT", "stop"))
    batch.link(("PERSON", "edge"), "STOPPED", ("EVENT", "stop"))
    batch.link(("PERSON", "edge"), "USES", ("OBJECT", "phone"), from_on=on)
    batch.link(("PERSON", "bravo"), "USES", ("OBJECT", "phone"))
    batch.link(("PERSON", "elder"), "USES", ("OBJECT", "phone"))
    batch.link(("PERSON", "elder"), "ARRESTED", ("EVENT", "custody"))
    batch.link(("PERSON", "charlie"), "ARRESTED", ("EVENT", "custody"))
    batch.link(("PERSON", "child"), "VICTIM", ("EVENT", "robbery"))
    batch.link(("PERSON", "charlie"), "SUSPECT", ("EVENT", "robbery"))
    batch.link(("PERSON", "elder"), "ASSOCIATE", ("PERSON", "far"))
    batch.link(("PERSON", "alpha"), "LIVES_AT", ("LOCATION", "flat"))
    if hidden:
        batch.link(("PERSON", "alpha"), "ASSOCIATE", ("PERSON", "far"), audience="OWN")
        batch.link(("PERSON", "edge"), "LIVES_AT", ("LOCATION", "flat"), audience="OWN")
        batch.person("ghost", "Ghost Harbour", years_ago(20), audience="OWN")
        batch.link(("PERSON", "ghost"), "USES", ("OBJECT", "car"))
        batch.link(("PERSON", "ghost"), "STOPPED", ("EVENT", "stop"))
        batch.link(("PERSON", "far"), "ASSOCIATE", ("PERSON", "ghost"))
    return batch


def publish(
    universe: Universe, batch: Batch, *, number: int = 1, matches: Iterable[Match] | None = None
) -> dict[str, int]:
    """Record ids by key, of all records that were published; with matches between them where a run had found some."""
    folder = batch.written()
    keys = [row["record_key"] for row in batch.rows["person"]]
    found = clusters = None
    if matches is not None:
        rows = [(SOURCE, one, SOURCE, other, weight, band) for one, other, weight, band in matches]
        found = canonical.edges(folder.parent / "edges.parquet", rows)
        groups = [(SOURCE, key, number) for number, key in enumerate(keys, start=1)]
        clusters = canonical.clusters(folder.parent / "clusters.parquet", groups)
    with acting_as(universe.service("intake")):
        publish_batch(
            batch_id=number,
            source_code=SOURCE,
            canonical_dir=folder,
            clusters=clusters,
            edges=found,
            run=f"run-{number}",
            now=clock.now(),
        )
        return pole.record_ids(source=SOURCE, keys=keys)


def people_of(universe: Universe, records: dict[str, int]) -> dict[str, int]:
    with acting_as(universe.service("intake")):
        person_of = {record: pk for pk, found in _persons(records).items() for record in found}
    return {key: person_of[record] for key, record in records.items()}


def _persons(records: dict[str, int]) -> dict[int, tuple[int, ...]]:
    lines = pole.people_of_records(records.values(), today=clock.today())
    return pole.records_of(line.person_id for line in lines.values())


def make_threat(universe: Universe, records: dict[str, int]) -> Threat:
    """A threat of alpha, bravo and charlie, which exploits the child."""
    actor, today = universe.merseyside_analyst, clock.today()
    with acting_as(actor):
        threat = threats.nominate_threat(
            actor=actor,
            nomination=nomination(nominated_on=today - timedelta(days=60)),
            owner=actor.organisation,
            reason="Three linked seizures this month",
            today=today,
        )
        for key, change in (("alpha", {}), ("bravo", {"role": "RUNNER"}), ("charlie", {}), ("child", EXPLOITED)):
            threats.add_member(
                actor=actor,
                threat=threat,
                record=pole.person_record(records[key]),
                membership=membership(from_on=today - timedelta(days=50), **change),
                reason="Named in two reports this month",
                today=today,
            )
    return threat


def make_world(universe: Universe, folder: Path, *, matches: Iterable[Match] | None = None) -> World:
    records = publish(universe, batch_of(folder / "canonical"), matches=matches)
    return World(people_of(universe, records), records, make_threat(universe, records))


@pytest.fixture
def world(db: None, universe: Universe, tmp_path: Path) -> World:
    return make_world(universe, tmp_path)


@pytest.fixture
def cyber(world: World, universe: Universe) -> Threat:
    """The same three people in a threat of cyber crime."""
    actor, today = universe.merseyside_analyst, clock.today()
    with acting_as(actor):
        threat = threats.nominate_threat(
            actor=actor,
            nomination=nomination(
                name="Ransom crew", themes=("CYB", "ECO.cryptoasset_theft"), nominated_on=today - timedelta(days=40)
            ),
            owner=actor.organisation,
            reason="Three firms were held to ransom",
            today=today,
        )
        for key in ("alpha", "bravo"):
            threats.add_member(
                actor=actor,
                threat=threat,
                record=pole.person_record(world.records[key]),
                membership=membership(from_on=today - timedelta(days=30)),
                reason="Named in two reports this month",
                today=today,
            )
    return threat


def safeguarding_lead(code: str) -> User:
    """The safeguarding lead of an organisation."""
    return create_user(
        email=f"safeguarding@{code}.test",
        name="Safeguarding lead",
        organisation=Organisation.objects.get(code=code),
        roles=["safeguarding_lead"],
        password=PASSWORD,
        held_from=SINCE,
    )


@pytest.fixture
def safeguarding(db: None) -> Callable[[str], User]:
    return safeguarding_lead
