"""Files that leave: whatever is in a parcel, the libraries of both formats read it, and lose nothing of it."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import stix2
from followthemoney import model
from hypothesis import given
from hypothesis import strategies as st

from fourfold.formats import followthemoney, stix
from fourfold.formats.entities import Bond, Parcel, Row, Side, Sort, Thing, Tie, Value

MADE_AT = datetime(2026, 3, 1, 9, 30, 15, 250_000, tzinfo=UTC)
WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp")), min_size=1, max_size=30
)
SPOKEN = WORDS.map(lambda text: f"a {' '.join(text.split())}".strip())
NAMES = {
    sort: [name for name in names if name not in {"topic", "latitude", "longitude", "phone", "sex"}]
    for sort, names in followthemoney.PROPERTIES.items()
}
DAYS = st.dates(date(1900, 1, 1), date(2026, 1, 1))


def value_of(sort, name, draw, rows):
    text = draw(DAYS).isoformat() if name in {"born", "happened", "ended", "since", "until"} else draw(SPOKEN)
    return Value(name, text, tuple(draw(st.lists(st.sampled_from(rows), min_size=1, max_size=2, unique=True))))


@st.composite
def parcels(draw):
    rows = [
        Row(
            f"row:{n}",
            draw(SPOKEN),
            "niche_tri",
            f"K{n}",
            MADE_AT - timedelta(days=n),
            "person.csv",
            n,
            1,
            "ab12",
            handling=draw(st.sampled_from(["", "P", "C"])),
        )
        for n in range(draw(st.integers(1, 3)))
    ]
    keys = [row.key for row in rows]
    things = []
    for n, sort in enumerate(draw(st.lists(st.sampled_from(list(Sort)), min_size=1, max_size=5))):
        names = draw(st.lists(st.sampled_from(NAMES[sort]), max_size=4))
        values = tuple(value_of(sort, name, draw, keys) for name in names)
        things.append(Thing(f"{sort}:{n}", sort, draw(SPOKEN), values, (draw(st.sampled_from(keys)),)))
    people = [thing for thing in things if thing.sort is Sort.PERSON]
    threats = [thing for thing in things if thing.sort is Sort.THREAT]
    ends = [(one, other, Tie.OTHER, None) for one in things for other in things if one is not other]
    ends += [(p, t, Tie.MEMBER, side) for p in people for t in threats for side in Side]
    ends += [(p, o, Tie.ASSOCIATE, None) for p in people for o in people if o is not p]
    bonds = []
    for n, (left, right, tie, side) in enumerate(draw(st.lists(st.sampled_from(ends), max_size=4)) if ends else []):
        first = draw(st.none() | DAYS)
        last = draw(st.none() | st.just(first or date(2000, 1, 1)))
        bonds.append(Bond(f"b:{n}", tie, left.key, right.key, "Uses", "Fact", (keys[0],), first, last, side))
    return Parcel(
        region="north_west",
        title=draw(SPOKEN),
        marking="OFFICIAL-SENSITIVE",
        handling="Ask the owner.",
        facts=(("Taken by", "An analyst"),),
        made_at=MADE_AT,
        owner="A force",
        about=(things[0].key,),
        things=tuple(things),
        bonds=tuple(bonds),
        rows=tuple(rows),
    )


def sorted_values(properties):
    return {name: sorted(values) for name, values in properties.items()}


@given(parcels())
def test_followthemoney_reads_whatever_is_written_and_writes_the_same_again(parcel):
    written = [json.loads(line) for line in "".join(followthemoney.lines(parcel)).splitlines()]
    assert len(written) == 1 + len(parcel.rows) + len(parcel.things) + len(parcel.bonds)
    assert len({each["id"] for each in written}) == len(written)
    for said in written:
        proxy = model.get_proxy(said, cleaned=True)
        proxy.schema.validate(said)
        again = proxy.to_dict()
        assert (again["id"], again["schema"]) == (said["id"], said["schema"])
        assert sorted_values(again["properties"]) == sorted_values(said["properties"])
        assert again.get("provenance") == said.get("provenance")
    ids = {each["id"] for each in written}
    for each in written:
        for values in each.get("provenance", {}).values():
            assert all(rows and set(rows) <= ids for rows in values.values())


def read_ftm(text):
    """What a file tells to the library: things with values, links with their ends and days, each with its rows."""
    proxies = {proxy.id: proxy for proxy in (model.get_proxy(json.loads(line)) for line in text.splitlines())}
    source = {
        key: tuple(each.context["source"][name] for name in ("force", "system", "record", "handling"))
        for key, each in proxies.items()
        if each.schema.name == "Document"
    }
    things, links = {}, {}
    for key, each in proxies.items():
        said = {
            (name, text, source[row])
            for name, values in each.context.get("provenance", {}).items()
            for text, rows in values.items()
            for row in rows
        }
        if each.schema.edge:
            links[key] = said
        elif each.schema.name not in {"Note", "Document"}:
            things[key] = (said, {source[row] for row in each.get("proof")})
    return things, links


def meant(parcel):
    """The same, from what was to be written."""
    source = {row.key: (row.owner, row.system, row.number, row.handling) for row in parcel.rows}
    at = {thing.key: followthemoney.identifier(parcel, thing.key) for thing in parcel.things}
    things = {
        at[thing.key]: (
            {
                (name, followthemoney.WORDS.get((value.name, value.text), value.text), source[row])
                for value in thing.values
                if (name := followthemoney.properties_of(thing).get(value.name))
                for row in value.rows
            },
            {source[row] for row in thing.rows},
        )
        for thing in parcel.things
    }
    links = {}
    for bond in parcel.bonds:
        days = {day.isoformat() for day in (bond.from_on, bond.to_on) if day}
        said = {at[bond.left], at[bond.right], bond.words, bond.known, *days}
        links[followthemoney.identifier(parcel, bond.key)] = {(text, source[row]) for text in said for row in bond.rows}
    return things, links


@given(parcels())
def test_what_followthemoney_reads_is_what_was_meant_each_value_with_its_force_system_record_and_handling(parcel):
    things, links = read_ftm("".join(followthemoney.lines(parcel)))
    assert (things, {key: {told[1:] for told in said} for key, said in links.items()}) == meant(parcel)


@given(parcels())
def test_stix_reads_back_what_joins_what_from_when_to_when_and_who_says_so(parcel):
    bundle = stix2.parse(stix.text(parcel), allow_custom=False)
    objects = {each["id"]: each for each in bundle.objects}
    told = {
        (
            frozenset(objects[each[end]]["name"] for end in ("source_ref", "target_ref")),
            each["description"],
            each["start_time"].date() if "start_time" in each else None,
            frozenset((ref["source_name"], ref["external_id"]) for ref in each["external_references"]),
        )
        for each in objects.values()
        if each["type"] == "relationship"
    }
    names = {thing.key: stix.FACTS[thing.sort](thing)["name"] for thing in parcel.things}
    rows = {row.key: (f"{row.owner}, {row.system}", row.number) for row in parcel.rows}
    assert told == {
        (
            frozenset((names[bond.left], names[bond.right])),
            f"{bond.words}. {bond.known}",
            bond.from_on,
            frozenset(rows[key] for key in bond.rows),
        )
        for bond in parcel.bonds
    }
    for row in parcel.rows:
        said = [
            ref["description"]
            for each in objects.values()
            for ref in each.get("external_references", ())
            if ref["external_id"] == row.number
        ]
        assert all((f"handling code {row.handling}" in each) is bool(row.handling) for each in said)


@given(parcels())
def test_stix_reads_whatever_is_written_and_every_object_is_marked(parcel):
    bundle = stix2.parse(stix.text(parcel), allow_custom=False)
    ids = {each["id"] for each in bundle.objects}
    names = {each["name"] for each in bundle.objects if "name" in each}
    assert all(any(thing.title in name for name in names) for thing in parcel.things)
    for each in bundle.objects:
        if each["type"] == "marking-definition":
            continue
        assert len(each["object_marking_refs"]) == 2
        if each["type"] == "relationship":
            assert {each["source_ref"], each["target_ref"]} <= ids
    assert sum(each["type"] == "relationship" for each in bundle.objects) == len(parcel.bonds)


def a_parcel(region="north_west", *, made_at=MADE_AT, side=Side.OFFENDER, kind="OCG"):
    row = Row("threat:SOC-1", "A force", "Fourfold", "SOC-1", MADE_AT)
    said = (Value("type_code", kind, (row.key,)), Value("topic", "crime.cyber", (row.key,)))
    threat = Thing("threat:SOC-1", Sort.THREAT, "Ransom crew", said, (row.key,))
    person = Thing("PERSON:1", Sort.PERSON, "Ann Example", (Value("sex", "F", (row.key,)),), (row.key,))
    bond = Bond("member:1", Tie.MEMBER, person.key, threat.key, "Runner", "Fact", (row.key,), side=side)
    things = (threat, person)
    return Parcel(region, "Ransom crew", "OFFICIAL", "Ask.", (), made_at, "A force", (), things, (bond,), (row,))


def ids_of(parcel):
    made = [json.loads(line)["id"] for line in followthemoney.lines(parcel)][1:]
    return made + [each["id"] for each in stix.bundle(parcel)["objects"] if each["type"] != "report"]


def test_ids_are_the_same_in_every_file_of_a_region_and_in_no_other_region():
    one, later = ids_of(a_parcel()), ids_of(a_parcel(made_at=MADE_AT + timedelta(days=30)))
    assert one == later
    elsewhere = set(ids_of(a_parcel("yorkshire"))) - {stix.TLP_AMBER["id"]}
    assert not elsewhere & set(one)


def test_what_a_member_is_to_a_threat_is_said_in_the_words_of_stix():
    def said(**given):
        objects = stix.bundle(a_parcel(**given))["objects"]
        found = next(each for each in objects if each["type"] == "relationship")
        return found["source_ref"].split("--")[0], found["relationship_type"], found["target_ref"].split("--")[0]

    assert said() == ("identity", "member-of", "threat-actor"), "in a group nobody is said to be the group"
    assert said(kind="PRIORITY_INDIVIDUAL") == ("threat-actor", "attributed-to", "identity")
    assert said(side=Side.PROTECT) == ("threat-actor", "targets", "identity")
    assert said(side=Side.PERIPHERY) == ("identity", "related-to", "threat-actor")
    assert said(kind="VULNERABILITY") == ("identity", "related-to", "campaign")


@pytest.mark.parametrize(
    ("kind", "side", "schema", "link"),
    [
        ("OCG", Side.OFFENDER, "Organization", "Membership"),
        ("OCG", Side.PERIPHERY, "Organization", "UnknownLink"),
        ("OCG", Side.PROTECT, "Organization", "UnknownLink"),
        ("PRIORITY_INDIVIDUAL", Side.OFFENDER, "LegalEntity", "UnknownLink"),
        ("VULNERABILITY", Side.OFFENDER, "Event", "UnknownLink"),
    ],
)
def test_only_offenders_are_members_and_only_of_a_group(kind, side, schema, link):
    written = list(followthemoney.entities(a_parcel(kind=kind, side=side)))
    made = {each["schema"]: model.get_proxy(each, cleaned=False) for each in written}
    assert {schema, link} <= made.keys()
    assert ("topics" in made[schema].properties) is (schema == "Organization")
    assert "OFFICIAL" in made[link].first("description")


@pytest.mark.parametrize(("from_on", "to_on"), [(None, date(9999, 12, 31)), (date(2026, 1, 2), date(2026, 1, 1))])
def test_an_end_that_cannot_be_is_not_said(from_on, to_on):
    parcel = a_parcel()
    bond = replace(parcel.bonds[0], from_on=from_on, to_on=to_on)
    bundle = stix2.parse(stix.text(replace(parcel, bonds=(bond,))))
    assert not any("stop_time" in each for each in bundle.objects)


def test_moments_are_written_as_each_format_wants_them():
    summer = datetime(2026, 7, 1, 0, 30, tzinfo=UTC).astimezone()
    assert stix.moment(summer) == "2026-07-01T00:30:00.000Z"
    assert stix.moment(date(2026, 7, 1)) == "2026-07-01T00:00:00.000Z"
