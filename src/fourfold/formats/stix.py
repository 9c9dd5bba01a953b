"""A parcel as a STIX 2.1 bundle, for threats whose theme is cyber.

Format: OASIS, STIX Version 2.1 (docs/sources.md#stix). People are identities, threats are threat actors (a
vulnerability is a campaign), telephones and vehicles are infrastructure, places are locations, events are incidents,
disruptions are courses of action.
Every object carries the marking with its handling sentence and TLP:AMBER, and names the rows that say it as external
references.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from fourfold.formats.entities import Bond, Parcel, Row, Side, Sort, Thing

MEDIA_TYPE = "application/stix+json;version=2.1"
SUFFIX = "stix.json"

TLP_AMBER: Mapping[str, Any] = {
    "type": "marking-definition",
    "spec_version": "2.1",
    "id": "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
    "created": "2017-01-20T00:00:00.000Z",
    "definition_type": "tlp",
    "name": "TLP:AMBER",
    "definition": {"tlp": "amber"},
}
"""As the standard defines it, to the letter. What is OFFICIAL-SENSITIVE is for those who need it: our own default."""
TYPES: Mapping[Sort, str] = {
    Sort.PERSON: "identity",
    Sort.VEHICLE: "infrastructure",
    Sort.PHONE: "infrastructure",
    Sort.PLACE: "location",
    Sort.EVENT: "incident",
    Sort.ORGANISATION: "identity",
    Sort.OBJECT: "infrastructure",
    Sort.THREAT: "threat-actor",
    Sort.DISRUPTION: "course-of-action",
}
CREATED = datetime(2020, 1, 1, tzinfo=UTC)
"""When any object of ours was created. The standard has it never change, and readers see different first rows."""
LAST_DAY = date(9999, 12, 31)
VULNERABILITY = "VULNERABILITY"
INDIVIDUAL = "PRIORITY_INDIVIDUAL"
ACTOR_TYPES = {"OCG": "crime-syndicate", "PRIORITY_INDIVIDUAL": "criminal"}
LONGEST_NAME = 200

Object = dict[str, Any]


def text(parcel: Parcel) -> str:
    """The file: one bundle."""
    return json.dumps(bundle(parcel), ensure_ascii=False, indent=2) + "\n"


def bundle(parcel: Parcel) -> Object:
    return {
        "type": "bundle",
        "id": f"bundle--{parcel.identifier('bundle', parcel.title, parcel.made_at.isoformat())}",
        "objects": list(_Writer(parcel).objects()),
    }


class _Writer:
    """What every object of one bundle has in common."""

    def __init__(self, parcel: Parcel) -> None:
        self.parcel = parcel
        self.rows = {row.key: row for row in parcel.rows}
        self.things = {thing.key: thing for thing in parcel.things}
        self.marking = self._id("marking-definition", "marking", parcel.marking, parcel.handling)
        self.author = self._id("identity", "region")
        self.blamed: dict[str, set[str]] = {}
        for bond in parcel.bonds:
            if bond.side is Side.OFFENDER:
                self.blamed.setdefault(bond.right, set()).add(bond.left)

    def objects(self) -> Iterator[Object]:
        parcel, made_at = self.parcel, moment(self.parcel.made_at)
        yield {
            "type": "marking-definition",
            "spec_version": "2.1",
            "id": self.marking,
            "created": moment(CREATED),
            "name": parcel.marking,
            "definition_type": "statement",
            "definition": {"statement": f"{parcel.marking}. {parcel.handling}"},
        }
        yield dict(TLP_AMBER)
        yield self._common("identity", self.author, (), name=f"Fourfold, {parcel.region}", identity_class="system")
        told = [self._thing(thing) for thing in parcel.things]
        told += [self._relationship(bond) for bond in parcel.bonds]
        yield from told
        said = [*(f"{label}: {words}" for label, words in parcel.facts), *parcel.left_out]
        yield self._common(
            "report",
            self._id("report", parcel.title, made_at),
            (),
            name=short(parcel.title),
            description="\n".join(said),
            report_types=["threat-report"],
            published=made_at,
            object_refs=[each["id"] for each in told] or [self.author],
        )

    def _thing(self, thing: Thing) -> Object:
        facts = FACTS[thing.sort](thing)
        return self._common(self._type(thing), self._of(thing.key), thing.rows, **facts, labels=list(thing.tags))

    def _relationship(self, bond: Bond) -> Object:
        left, right = self.things[bond.left], self.things[bond.right]
        turned, kind = self._kind(bond, left, right)
        source, target = (right, left) if turned else (left, right)
        return self._common(
            "relationship",
            self._id("relationship", bond.key),
            bond.rows,
            relationship_type=kind,
            description=f"{bond.words}. {bond.known}" if bond.known else bond.words,
            source_ref=self._of(source.key),
            target_ref=self._of(target.key),
            start_time=moment(bond.from_on) if bond.from_on else "",
            stop_time=moment(bond.to_on + timedelta(days=1)) if _ends(bond) and bond.to_on else "",
        )

    def _kind(self, bond: Bond, left: Thing, right: Thing) -> tuple[bool, str]:
        """Whether the relationship reads from right to left, and its type: one that the standard has for its ends."""
        if bond.side is Side.OFFENDER and self._type(right) == "threat-actor":
            # That an actor really is somebody is said of one person who is the threat, and of nobody in a group.
            is_the_actor = INDIVIDUAL in right.said("type_code") and len(self.blamed[right.key]) == 1
            return (True, "attributed-to") if is_the_actor else (False, "member-of")
        if bond.side is Side.PROTECT:
            return True, "targets"
        ends = self._type(left), TYPES[right.sort]
        if ends in {("threat-actor", "infrastructure"), ("campaign", "infrastructure")}:
            return False, "uses"
        if ends in {("threat-actor", "location"), ("identity", "location")}:
            return False, "located-at"
        return False, "related-to"

    def _type(self, thing: Thing) -> str:
        return "campaign" if VULNERABILITY in thing.said("type_code") else TYPES[thing.sort]

    def _of(self, key: str) -> str:
        return self._id(self._type(self.things[key]), key)

    def _id(self, kind: str, *parts: str) -> str:
        return f"{kind}--{self.parcel.identifier('stix', *parts)}"

    def _common(self, kind: str, key: str, rows: Sequence[str], **facts: Any) -> Object:
        """An object with its times, its author, its markings and the rows it rests on; without empty facts."""
        rests_on = [self.rows[each] for each in rows]
        common = {
            "type": kind,
            "spec_version": "2.1",
            "id": key,
            "created": moment(min(CREATED, self.parcel.made_at)),
            "modified": moment(self.parcel.made_at),
            "created_by_ref": self.author if key != self.author else "",
            "object_marking_refs": [self.marking, TLP_AMBER["id"]],
            "external_references": [_reference(row) for row in rests_on],
        }
        return {name: value for name, value in (common | facts).items() if value is not None and value not in ("", [])}


def _ends(bond: Bond) -> bool:
    """Whether the end of a bond can be said: sources write the last of all days for none, and some the wrong order."""
    return bond.to_on is not None and bond.to_on < LAST_DAY and (bond.from_on is None or bond.to_on >= bond.from_on)


def _reference(row: Row) -> Object:
    handling = row.handling and f"handling code {row.handling}"
    said = "; ".join(filter(None, (row.where, row.conditions, handling, row.digest and f"SHA-256 {row.digest}")))
    return {"source_name": f"{row.owner}, {row.system}", "external_id": row.number, "description": said}


def _person(thing: Thing) -> Object:
    said = [f"{label}: {', '.join(thing.said(name))}" for name, label in PERSON_LABELS.items() if thing.said(name)]
    return {"name": short(thing.title), "identity_class": "individual", "description": "\n".join(said)}


PERSON_LABELS = {
    "alias": "Also known as",
    "born": "Date of birth",
    "sex": "Sex",
    "pnc_id": "PNC ID",
    "cro": "CRO number",
    "nino": "National Insurance number",
    "address": "Address",
    "phone": "Telephone",
}


def _threat(thing: Thing) -> Object:
    code = next(iter(thing.said("type_code")), "")
    actor = ACTOR_TYPES.get(code)
    return {
        "name": short(thing.title),
        "description": "\n".join((*thing.said("summary"), *thing.said("type_before"))),
        "aliases": list(thing.said("alias")),
        "threat_actor_types": [actor] if actor else [],
        "resource_level": "individual" if code == INDIVIDUAL else "",
    }


def _vehicle(thing: Thing) -> Object:
    look = " ".join(word for name in ("colour", "make", "model") for word in thing.said(name)[:1])
    return {"name": f"Vehicle {short(thing.title)}", "description": look}


def _place(thing: Thing) -> Object:
    latitude, longitude = (next(iter(thing.said(name)), "") for name in ("latitude", "longitude"))
    postcode = next(iter(thing.said("postcode")), "")
    at = {"latitude": float(latitude), "longitude": float(longitude)} if latitude and longitude else {}
    return {
        "name": short(thing.title),
        "country": "GB" if postcode else "",
        "region": "" if postcode or at else "northern-europe",
        "street_address": next(iter(thing.said("street")), ""),
        "postal_code": postcode,
        **at,
    }


def _event(thing: Thing) -> Object:
    said = [", ".join(thing.said(name)) for name in ("kind", "category", "reference", "happened", "status", "place")]
    return {"name": short(thing.title), "description": "\n".join(filter(None, said))}


def _disruption(thing: Thing) -> Object:
    days = [f"Happened on {day}" for day in thing.said("happened")]
    said = dict.fromkeys(value.text for value in thing.values if value.name not in {"happened", "reference"})
    return {"name": short(thing.title), "description": "\n".join((*days, *said))}


FACTS = {
    Sort.PERSON: _person,
    Sort.VEHICLE: _vehicle,
    Sort.PHONE: lambda thing: {"name": f"Telephone {short(thing.title)}"},
    Sort.PLACE: _place,
    Sort.EVENT: _event,
    Sort.ORGANISATION: lambda thing: {"name": short(thing.title), "identity_class": "organization"},
    Sort.OBJECT: lambda thing: {"name": short(thing.title), "description": ", ".join(thing.said("kind"))},
    Sort.THREAT: _threat,
    Sort.DISRUPTION: _disruption,
}


def moment(at: date | datetime) -> str:
    """As the standard writes moments: UTC, to the millisecond; a day begins at midnight."""
    full = at if isinstance(at, datetime) else datetime.combine(at, time(), tzinfo=UTC)
    return f"{full.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{full.microsecond // 1000:03d}Z"


def short(words: str) -> str:
    return words if len(words) <= LONGEST_NAME else f"{words[: LONGEST_NAME - 1]}…"
