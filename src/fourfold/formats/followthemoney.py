"""A parcel as FollowTheMoney entities, one JSON object a line: what Aleph, OpenAleph and their kin read.

Format: https://followthemoney.tech (schemata of release 3.8; docs/sources.md#followthemoney). Each row of a delivered
file is a Document, and each entity names its documents as `proof`. Two keys are ours, which readers keep and do not
interpret: `provenance` of an entity or a link says for each value which documents say it, and `source` of a document
names the force, its system, its own number there and the handling code.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from fourfold.formats.entities import Bond, Parcel, Row, Side, Sort, Thing, Tie

MEDIA_TYPE = "application/x-ndjson"
SUFFIX = "ftm.jsonl"

SCHEMATA: Mapping[Sort, str] = {
    Sort.PERSON: "Person",
    Sort.VEHICLE: "Vehicle",
    Sort.PHONE: "Asset",
    Sort.PLACE: "Address",
    Sort.EVENT: "Event",
    Sort.ORGANISATION: "Organization",
    Sort.OBJECT: "Asset",
    Sort.THREAT: "Organization",
    Sort.DISRUPTION: "Event",
}
OF_THREATS: Mapping[str, str] = {"OCG": "Organization", "PRIORITY_INDIVIDUAL": "LegalEntity", "VULNERABILITY": "Event"}
"""A group has members and a topic of crime. A person or a place that is a threat has neither."""
OF_EVENTS: Mapping[str, str] = {
    "name": "name",
    "alias": "alias",
    "reference": "recordId",
    "type": "keywords",
    "theme": "keywords",
    "type_before": "description",
    "summary": "summary",
    "since": "startDate",
    "until": "endDate",
}
"""What is said of a vulnerability."""
PROPERTIES: Mapping[Sort, Mapping[str, str]] = {
    Sort.PERSON: {
        "name": "name",
        "alias": "alias",
        "born": "birthDate",
        "sex": "gender",
        "pnc_id": "idNumber",
        "cro": "idNumber",
        "nino": "idNumber",
        "address": "address",
        "phone": "phone",
    },
    Sort.VEHICLE: {"plate": "registrationNumber", "make": "type", "model": "model", "colour": "description"},
    Sort.PHONE: {"number": "alias"},
    Sort.ORGANISATION: {"name": "name", "number": "registrationNumber"},
    Sort.OBJECT: {"number": "alias", "kind": "keywords", "make": "summary", "model": "summary"},
    Sort.PLACE: {
        "address": "full",
        "street": "street",
        "postcode": "postalCode",
        "latitude": "latitude",
        "longitude": "longitude",
        "name": "summary",
    },
    Sort.EVENT: {
        "kind": "keywords",
        "category": "summary",
        "reference": "recordId",
        "happened": "date",
        "ended": "endDate",
        "status": "description",
        "place": "location",
    },
    Sort.THREAT: {
        "name": "name",
        "alias": "alias",
        "reference": "registrationNumber",
        "type": "legalForm",
        "type_before": "description",
        "theme": "sector",
        "phase": "status",
        "tier": "classification",
        "summary": "summary",
        "topic": "topics",
        "since": "incorporationDate",
        "until": "dissolutionDate",
    },
    Sort.DISRUPTION: {
        "reference": "recordId",
        "happened": "date",
        "recorded": "description",
        "effect": "summary",
        "effect_first": "description",
        "effect_ends": "description",
        "p": "keywords",
        "tactic": "keywords",
        "outcome": "keywords",
        "agency": "description",
        "support": "description",
        "fact": "description",
        "stopped": "description",
        "moved": "description",
        "reviewed": "description",
    },
}
"""Which property says which value. A value that no property fits is left out of the entity."""
WORDS: Mapping[tuple[str, str], str] = {("sex", "M"): "male", ("sex", "F"): "female"}
BONDS: Mapping[Tie, tuple[str, str, str, str]] = {
    Tie.MEMBER: ("Membership", "member", "organization", "role"),
    Tie.ASSOCIATE: ("Associate", "person", "associate", "relationship"),
    Tie.RELATIVE: ("Family", "person", "relative", "relationship"),
    Tie.OTHER: ("UnknownLink", "subject", "object", "role"),
}
NOT_SAID = "Name not recorded"

Entity = dict[str, Any]


def lines(parcel: Parcel) -> Iterator[str]:
    """The file, line by line. The first entity says what the file is and how it is to be handled."""
    for entity in entities(parcel):
        yield json.dumps(entity, ensure_ascii=False, sort_keys=True) + "\n"


def entities(parcel: Parcel) -> Iterator[Entity]:
    yield _about(parcel)
    documents = {row.key: row for row in parcel.rows}
    for row in parcel.rows:
        yield _document(row, parcel)
    for thing in parcel.things:
        yield _thing(thing, parcel, documents)
    things = {thing.key: thing for thing in parcel.things}
    for bond in parcel.bonds:
        yield _bond(bond, things, parcel, documents)


def identifier(parcel: Parcel, key: str) -> str:
    """What a thing, a bond or a row is called in every file of the region."""
    return str(parcel.identifier("ftm", key))


def document(parcel: Parcel, key: str) -> str:
    """What the document of a row is called: what was typed here is a thing and its own row."""
    return str(parcel.identifier("ftm", "row", key))


def _about(parcel: Parcel) -> Entity:
    said = [parcel.handling, *(f"{label}: {words}" for label, words in parcel.facts), *parcel.left_out]
    return _entity(
        identifier(parcel, f"file {parcel.title} {parcel.made_at.isoformat()}"),
        "Note",
        {
            "name": [f"{parcel.marking}: {parcel.title}"],
            "description": ["\n".join(said)],
            "entity": [identifier(parcel, key) for key in parcel.about],
            "publisher": [parcel.owner],
            "keywords": [parcel.marking],
            "createdAt": [_moment(parcel.made_at)],
        },
    )


def _document(row: Row, parcel: Parcel) -> Entity:
    digest = f"SHA-256 of the row as delivered: {row.digest}" if row.digest else ""
    made = _entity(
        document(parcel, row.key),
        "Document",
        {
            "fileName": [row.file or f"{row.system} {row.number}"],
            "title": [f"{row.system} {row.number}"],
            "summary": [row.where],
            "description": ["\n".join(filter(None, (row.conditions, digest)))],
            "publisher": [row.owner],
            "keywords": [parcel.marking],
            "modifiedAt": [_moment(row.recorded_at)],
        },
    )
    made["source"] = {"force": row.owner, "system": row.system, "record": row.number, "handling": row.handling}
    return made


def _schema(thing: Thing) -> str:
    code = next(iter(thing.said("type_code")), "")
    return OF_THREATS.get(code, SCHEMATA[thing.sort]) if thing.sort is Sort.THREAT else SCHEMATA[thing.sort]


def properties_of(thing: Thing) -> Mapping[str, str]:
    """Which property says which value of this thing."""
    names = PROPERTIES[thing.sort]
    if thing.sort is not Sort.THREAT or _schema(thing) == "Organization":
        return names
    if _schema(thing) == "Event":
        return OF_EVENTS
    return {name: said for name, said in names.items() if name != "topic"}


def _thing(thing: Thing, parcel: Parcel, documents: Mapping[str, Row]) -> Entity:
    properties: dict[str, list[str]] = defaultdict(list)
    provenance: dict[str, dict[str, list[str]]] = defaultdict(dict)
    names = properties_of(thing)
    for value in thing.values:
        name = names.get(value.name)
        text = WORDS.get((value.name, value.text), value.text)
        if name is None or not text or (value.name == "sex" and text == value.text):
            continue
        properties[name].append(text)
        at = provenance[name].setdefault(text, [])
        at.extend(document(parcel, key) for key in value.rows)
    if "name" not in properties:
        properties["name"] = [thing.title or NOT_SAID]
    properties["publisher"] = _owners(thing.rows, documents)
    properties["proof"] = [document(parcel, key) for key in thing.rows]
    properties["keywords"] += [parcel.marking, *thing.tags]
    properties["notes"] = [parcel.handling]
    made = _entity(identifier(parcel, thing.key), _schema(thing), properties)
    made["provenance"] = {
        name: {text: list(dict.fromkeys(said)) for text, said in sorted(values.items())}
        for name, values in sorted(provenance.items())
    }
    return made


def _bond(bond: Bond, things: Mapping[str, Thing], parcel: Parcel, documents: Mapping[str, Row]) -> Entity:
    is_of_group = bond.side in {None, Side.OFFENDER} and _schema(things[bond.right]) == "Organization"
    # Who is exploited, or only near a group, is joined to it and no member of it.
    schema, left, right, role = BONDS[Tie.OTHER if bond.tie is Tie.MEMBER and not is_of_group else bond.tie]
    found = [documents[key] for key in bond.rows]
    conditions = dict.fromkeys(row.conditions for row in found if row.conditions)
    made = _entity(
        identifier(parcel, bond.key),
        schema,
        {
            left: [identifier(parcel, bond.left)],
            right: [identifier(parcel, bond.right)],
            role: [bond.words],
            "startDate": [bond.from_on.isoformat()] if bond.from_on else [],
            "endDate": [bond.to_on.isoformat()] if bond.to_on else [],
            "summary": [bond.known],
            "description": ["\n".join((parcel.marking, *conditions))],
            "recordId": [f"{row.system} {row.number}: {row.where}" for row in found],
            "publisher": _owners(bond.rows, documents),
        },
    )
    rests_on = [document(parcel, key) for key in bond.rows]
    said = (left, right, role, "startDate", "endDate", "summary")
    made["provenance"] = {
        name: dict.fromkeys(made["properties"][name], rests_on) for name in sorted(said) if name in made["properties"]
    }
    return made


def _owners(keys: Sequence[str], documents: Mapping[str, Row]) -> list[str]:
    return sorted({documents[key].owner for key in keys})


def _moment(at: datetime) -> str:
    """As the format writes moments: UTC, without saying so."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"


def _entity(key: str, schema: str, properties: Mapping[str, Sequence[str]]) -> Entity:
    """An entity without empty values, each value once and in order."""
    said = {name: list(dict.fromkeys(filter(None, values))) for name, values in sorted(properties.items())}
    return {"id": key, "schema": schema, "properties": {name: values for name, values in said.items() if values}}
