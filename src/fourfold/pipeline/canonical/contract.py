"""Canonical contract, version 1: the tables every source is turned into, and what their columns mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

ContractType = Literal["VARCHAR", "BIGINT", "BOOLEAN", "DOUBLE", "DATE", "TIMESTAMP"]

VERSION = 2


@dataclass(frozen=True)
class Column:
    """One column. TIMESTAMP is UTC without a zone. An optional column may be null."""

    name: str
    type: ContractType
    meaning: str
    required: bool = False


def _text(name: str, meaning: str, *, required: bool = False) -> Column:
    return Column(name, "VARCHAR", meaning, required)


ACCESS = (
    _text("owning_force", "code of the organisation that owns the record", required=True),
    _text("audience", "REGION, or OWN for the owning force only", required=True),
    _text("marking", "OFFICIAL or OFFICIAL-SENSITIVE", required=True),
    _text("compartment", "code of the compartment whose members alone may read it"),
)

LINEAGE = (
    _text("source_file", "file of the delivery", required=True),
    Column("source_line", "BIGINT", "line of the file, or ordinal of the element in XML and GeoJSON", required=True),
)

COMMON = (
    _text("record_key", "the source's own identifier, unique within source and table", required=True),
    *ACCESS,
    _text("handling", "P (may be shared) or C (with conditions)"),
    *LINEAGE,
    Column("created_at", "TIMESTAMP", "when the source made the record, UTC"),
    Column("updated_at", "TIMESTAMP", "when the source last changed it, UTC"),
    _text("raw", "all landed fields as delivered, JSON", required=True),
)

_ASIDE = (
    _text("rule_code", "rule of the catalogue", required=True),
    *LINEAGE,
    _text("column_name", "the column at fault, when it is one"),
    _text("value", "what was delivered there"),
    _text("sentence", "the rule's sentence", required=True),
    _text("row_json", 'the landed fields by column, or {"": the whole line} where it could not be split'),
    *ACCESS,
)

TABLES: Mapping[str, tuple[Column, ...]] = MappingProxyType(
    {
        "person": (
            *COMMON,
            _text("forenames", "forenames with single spaces"),
            _text("surname", "surname"),
            _text("full_name", "forenames and surname", required=True),
            _text("name_key", "upper ASCII letters and single spaces of full_name", required=True),
            _text("aliases", "list of {forenames, surname, birth_on}, JSON", required=True),
            _text("sex", "M, F or U", required=True),
            Column("birth_on", "DATE", "date of birth when it is whole"),
            _text("birth_quality", "exact, default (1 January), partial, invalid or none", required=True),
            _text("pnc_id", "PNC identifier, long form, check letter right"),
            _text("cro", "CRO number, check letter right"),
            _text("nino", "National Insurance number in a valid form"),
            _text("ethnicity_code", "for monitoring disparity only; never used to match or to score"),
            _text("address_line", "the newest home address in one line"),
            _text("postcode", "its postcode, OUT IN"),
        ),
        "object": (
            *COMMON,
            _text("kind", "VEHICLE, PHONE or ORGANISATION", required=True),
            _text("value", "plate without spaces, number in E.164, or name", required=True),
            _text("value_raw", "as delivered", required=True),
            Column("valid", "BOOLEAN", "whether it has the form of a real one", required=True),
            _text("make", "make of vehicle"),
            _text("model", "model of vehicle"),
            _text("colour", "colour of vehicle"),
            _text(
                "detail",
                "anything else, JSON; things are told apart by its vin, imei, imsi, company_number, trading_names (a "
                "list), address_line and postcode",
            ),
        ),
        "location": (
            *COMMON,
            _text("address_line", "address in one line without the postcode"),
            _text("postcode", "postcode, OUT IN"),
            _text("district", "postcode district or local authority"),
            Column("latitude", "DOUBLE", "degrees, WGS 84"),
            Column("longitude", "DOUBLE", "degrees, WGS 84"),
            _text("precision", "premise, street, postcode, district or none", required=True),
            _text("name", "name of the place"),
            _text("uprn", "unique property reference number"),
        ),
        "event": (
            *COMMON,
            _text("kind", "CRIME, CUSTODY, STOP, INTELLIGENCE, MISSING or INCIDENT", required=True),
            _text("reference", "number people use for it", required=True),
            _text("title", "what it is, in words"),
            _text("category", "code as the source has it"),
            _text("category_name", "the source's own name for the code"),
            Column("happened_at", "TIMESTAMP", "when it began, UTC"),
            Column("happened_on", "DATE", "day it began, Europe/London"),
            Column("happened_to", "TIMESTAMP", "when it ended, UTC"),
            _text("time_precision", "minute, day, month or none", required=True),
            _text("status", "code as the source has it"),
            _text("status_name", "the source's own name for the code"),
            _text("summary", "plain text"),
            _text("source_grade", "source and intelligence evaluation, such as 1A"),
            _text("location_key", "record_key of the location"),
        ),
        "link": (
            *COMMON,
            _text("left_kind", "PERSON, OBJECT, LOCATION or EVENT", required=True),
            _text("left_key", "record_key of the left end", required=True),
            _text("right_kind", "PERSON, OBJECT, LOCATION or EVENT", required=True),
            _text("right_key", "record_key of the right end", required=True),
            _text("type", "role of the left end", required=True),
            Column("from_on", "DATE", "first day"),
            Column("to_on", "DATE", "day it ended, when it has"),
            _text("assertion", "fact or assessment", required=True),
            _text("grade", "grading of the intelligence that says so"),
        ),
        "merge": (
            _text("loser_key", "person record the source withdrew", required=True),
            _text("survivor_key", "record that took its place; null when it was only deleted"),
            Column("merged_at", "TIMESTAMP", "when the source said so, UTC"),
            *ACCESS,
            *LINEAGE,
        ),
        "quarantine": _ASIDE,
        "held": _ASIDE,
        "warning": _ASIDE,
    }
)

ENTITIES = ("person", "object", "location", "event")

LINK_TYPES: Mapping[tuple[str, str], tuple[str, ...]] = MappingProxyType(
    {
        ("PERSON", "EVENT"): (
            "SUSPECT",
            "VICTIM",
            "WITNESS",
            "ARRESTED",
            "STOPPED",
            "SUBJECT",
            "MISSING_PERSON",
            "INVOLVED",
        ),
        ("PERSON", "OBJECT"): ("KEEPER_OF", "USES", "DIRECTOR_OF", "WORKS_FOR"),
        ("PERSON", "LOCATION"): ("LIVES_AT",),
        ("PERSON", "PERSON"): ("ASSOCIATE", "RELATIVE"),
        ("EVENT", "OBJECT"): ("INVOLVES",),
        ("EVENT", "LOCATION"): ("HAPPENED_AT",),
    }
)
