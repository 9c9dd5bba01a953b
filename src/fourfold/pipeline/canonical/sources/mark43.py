"""Mark43: JSON Lines of persons, locations, items, reports and associations, with codes as numbers of a list."""

from __future__ import annotations

from fourfold.pipeline.canonical import shared_things
from fourfold.pipeline.canonical.column_checks import birth_checks, time_checks, unfinished_check
from fourfold.pipeline.canonical.contract import LINK_TYPES
from fourfold.pipeline.canonical.family import Check, Context, Family, Links, Make, Step, owned, unknown_restriction
from fourfold.pipeline.canonical.several_times import each_time, read_times
from fourfold.pipeline.canonical.shared_things import ACCESS, ROW, phone_key
from fourfold.pipeline.delivery import Layout, Shape

KINDS = {
    "OFFENSE": ("CRIME", "Crime"),
    "ARREST": ("CUSTODY", "Arrest"),
    "FIELD_CONTACT": ("STOP", "Stop and search"),
    "MISSING": ("MISSING", "Missing person"),
    "INTEL": ("INTELLIGENCE", "Intelligence report"),
    "INCIDENT": ("INCIDENT", "Incident"),
}
ENDS = {
    "person": ("PERSON", ""),
    "report": ("EVENT", "report/"),
    "item": ("OBJECT", "item/"),
    "location": ("LOCATION", ""),
}
# Words the source shows for a role, where its code is not the contract's own.
ROLE_WORDS = {
    "ARRESTEE": "ARRESTED",
    "ARRESTED PERSON": "ARRESTED",
    "PERSON STOPPED": "STOPPED",
    "SUBJECT OF INTELLIGENCE": "SUBJECT",
    "MISSING PERSON": "MISSING_PERSON",
    "PERSON INVOLVED": "INVOLVED",
    "REGISTERED KEEPER": "KEEPER_OF",
    "KEEPER OF": "KEEPER_OF",
    "USER": "USES",
    "RESIDENT": "LIVES_AT",
    "LIVES AT": "LIVES_AT",
    "ASSOCIATE OF": "ASSOCIATE",
    "RELATIVE OF": "RELATIVE",
    "INVOLVED VEHICLE": "INVOLVES",
    "OBJECT INVOLVED": "INVOLVES",
    "HAPPENED AT": "HAPPENED_AT",
}
_TYPES = sorted({name for names in LINK_TYPES.values() for name in names})


def _texts(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "")


_PERSON: Shape = {
    **_texts("id", "created_utc", "updated_utc", "first_name", "middle_name", "last_name", "date_of_birth"),
    **_texts("sex_attr_id", "ethnicity_attr_id", "home_location_id", "restricted", "is_deleted"),
    "identifiers": [_texts("type", "value")],
    "aliases": [_texts("first_name", "last_name")],
    "phones": [_texts("number", "from")],
}


def _jsonl(table: str, shape: Shape) -> Layout:
    return Layout(table, f"{table}.jsonl", "jsonl", shape=shape)


class Mark43(Family):
    """One force's export, as its interface gives it."""

    code = "mark43"
    title = "Mark43 RMS, JSON Lines"
    implements = ("person", "object", "location", "event", "link", "merge")
    layouts = (
        _jsonl("attributes", _texts("id", "attribute_type", "display_value", "code", "expired_utc")),
        _jsonl("locations", _texts("id", "street_address", "locality", "postal_code", "latitude", "longitude")),
        _jsonl("persons", _PERSON),
        _jsonl("items", _texts("id", "item_type", "reg", "make", "model", "colour_attr_id")),
        _jsonl(
            "reports",
            _texts(
                "id",
                "reporting_event_number",
                "type",
                "offense_code_attr_id",
                "status_attr_id",
                "event_start_utc",
                "event_end_utc",
                "created_utc",
                "location_id",
                "summary",
                "narrative",
                "source_grade",
                "handling",
                "restricted",
            ),
        ),
        _jsonl(
            "associations",
            _texts("id", "from_type", "from_id", "to_type", "to_id", "role_attr_id", "start_date", "end_date"),
        ),
    )

    def steps(self, context: Context) -> tuple[Step, ...]:
        return (
            _attributes(context),
            _locations(context),
            _persons(context, deleted=False),
            _persons(context, deleted=True),
            _items(context),
            _reports(context),
            _phones(),
        )

    def makes(self, context: Context) -> tuple[Make, ...]:
        return (
            Make("person", "person"),
            Make("merge", "tombstone", {"loser_key": "id", "survivor_key": "NULL", "merged_at": "updated_at"}),
            Make("object", "item"),
            Make("object", "phone"),
            Make("location", "location"),
            Make("event", "report"),
        )

    def links(self, context: Context) -> tuple[Links, ...]:
        return (_associations(context), _person_phones())


def _attributes(context: Context) -> Step:
    return Step(
        "attribute",
        "attributes",
        f"SELECT *, {owned(context)} FROM landed_attributes",
        key="id",
        checks=(Check("Q-VALUE-01", "display_value", "display_value IS NULL OR attribute_type IS NULL"),),
        consumed=True,
    )


def _named(kind: str, column: str, name: str) -> str:
    return f"LEFT JOIN attribute {name} ON {name}.id = l.{column} AND {name}.attribute_type = '{kind}'"


_ROW = "l.source_file, l.source_line, l.raw"


def _locations(context: Context) -> Step:
    select = f"""
      SELECT *, ff_district(postcode) AS district,
        CASE WHEN regexp_matches(street_address, '^(?:Flat|Apartment|Unit|[0-9])') THEN 'premise'
          WHEN street_address IS NOT NULL THEN 'street' WHEN postcode IS NOT NULL THEN 'postcode' ELSE 'none' END
          AS "precision"
      FROM (
        SELECT {_ROW}, l.id, l.id AS record_key, {owned(context)}, l.street_address, l.postal_code,
          nullif(concat_ws(', ', l.street_address, l.locality), '') AS address_line, ff_postcode(l.postal_code) AS
          postcode,
          l.latitude AS latitude_said,
          CASE WHEN TRY_CAST(l.latitude AS DOUBLE) BETWEEN 49 AND 61 AND TRY_CAST(l.longitude AS DOUBLE) BETWEEN -9
          AND 2
            THEN TRY_CAST(l.latitude AS DOUBLE) END AS latitude,
          CASE WHEN latitude_said IS NOT NULL AND TRY_CAST(l.latitude AS DOUBLE) BETWEEN 49 AND 61
            AND TRY_CAST(l.longitude AS DOUBLE) BETWEEN -9 AND 2 THEN TRY_CAST(l.longitude AS DOUBLE) END AS longitude
        FROM landed_locations l)"""
    return Step(
        "location",
        "locations",
        select,
        key="id",
        checks=(
            Check("Q-VALUE-01", "street_address", "address_line IS NULL AND postal_code IS NULL AND latitude IS NULL"),
            Check("Q-POST-01", "postal_code", "postal_code IS NOT NULL AND postcode IS NULL"),
            Check("Q-POST-02", "postal_code", "postal_code IS NULL"),
            Check("Q-PLACE-01", "latitude", "latitude_said IS NOT NULL AND latitude IS NULL"),
        ),
    )


def _identifier(kind: str) -> str:
    return f"list_filter(l.identifiers, lambda i: i.type = '{kind}')[1].value"


def _persons(context: Context, *, deleted: bool) -> Step:
    times = {"made": "l.created_utc", "changed": "l.updated_utc"}
    which = f"coalesce(l.is_deleted, 'false') {'=' if deleted else '<>'} 'true'"
    row = f"""{_ROW}, l.id, l.id AS record_key, l.restricted, {owned(context, restricted="l.restricted")},
      {read_times("ff_zoned", times)}"""
    told = f"{each_time(times)}, (made).at AS created_at, (changed).at AS updated_at"
    if deleted:
        select = f"SELECT {told} FROM (SELECT {row} FROM landed_persons l WHERE {which})"
        checks = (unknown_restriction(context, "restricted"),)
        return Step("tombstone", "persons", select, key="id", checks=checks, consumed=True)
    homes = """
      SELECT record_key, address_line, postcode FROM location UNION ALL
      SELECT record_key, address_line, postcode FROM earlier_location e ANTI JOIN location USING (record_key)"""
    select = f"""
      SELECT {told}, concat_ws(' ', forenames, surname) AS full_name,
        ff_name_key(concat_ws(' ', forenames, surname)) AS name_key,
        (birth).birth_on AS birth_on, (birth).birth_quality AS birth_quality
      FROM (
        SELECT {row}, nullif(ff_name(concat_ws(' ', l.first_name, l.middle_name)), '') AS forenames,
          ff_name(l.last_name) AS surname, l.sex_attr_id, coalesce(s.code, s.display_value) AS sex_said,
          ff_sex(coalesce(s.code, s.display_value)) AS sex, ff_birth_iso(l.date_of_birth) AS birth,
          {_identifier("PNC")} AS pnc_said, ff_pnc(pnc_said) AS pnc_id, {_identifier("CRO")} AS cro_said,
          ff_cro(cro_said) AS cro, {_identifier("NINO")} AS nino_said, ff_nino(nino_said) AS nino,
          h.code AS ethnicity_code, l.ethnicity_attr_id, h.id IS NULL AS ethnicity_unknown,
          CAST(to_json(list_transform(coalesce(l.aliases, []), lambda a: {{'forenames': ff_name(a.first_name),
            'surname': ff_name(a.last_name), 'birth_on': CAST(NULL AS VARCHAR)}})) AS VARCHAR) AS aliases,
          l.home_location_id, p.record_key AS home_key, p.address_line, p.postcode, l.phones
        FROM landed_persons l {_named("SEX", "sex_attr_id", "s")} {_named("ETHNICITY", "ethnicity_attr_id", "h")}
          LEFT JOIN ({homes}) p ON p.record_key = l.home_location_id
        WHERE {which})"""
    return Step(
        "person",
        "persons",
        select,
        key="id",
        checks=(
            unknown_restriction(context, "restricted"),
            Check("Q-NAME-01", "last_name", "full_name = ''"),
            *birth_checks("date_of_birth"),
            Check("Q-ID-01", "identifiers", "pnc_said IS NOT NULL AND pnc_id IS NULL"),
            Check("Q-ID-01", "identifiers", "cro_said IS NOT NULL AND cro IS NULL"),
            Check("Q-ID-01", "identifiers", "nino_said IS NOT NULL AND nino IS NULL"),
            Check(
                "Q-CODE-04",
                "sex_attr_id",
                "sex_attr_id IS NOT NULL AND (sex_said IS NULL OR NOT ff_sex_known(sex_said))",
            ),
            Check("Q-CODE-01", "ethnicity_attr_id", "ethnicity_attr_id IS NOT NULL AND ethnicity_unknown"),
            Check("Q-LINK-02", "home_location_id", "home_location_id IS NOT NULL AND home_key IS NULL"),
            Check(
                "Q-PHONE-01",
                "phones",
                "len(list_filter(phones, lambda p: NOT ff_phone_valid(ff_phone(p.number)))) > 0",
            ),
            Check("Q-DATE-05", "created_utc", "(made).quality = 'invalid'"),
            Check("Q-DATE-05", "updated_utc", "(changed).quality = 'invalid'"),
        ),
    )


def _items(context: Context) -> Step:
    select = f"""
      SELECT {_ROW}, l.id, 'item/' || l.id AS record_key, {owned(context)}, l.item_type, 'VEHICLE' AS kind,
        ff_vrm(l.reg) AS value, l.reg AS value_raw, ff_vrm_valid(ff_vrm(l.reg)) AS valid, l.make AS make,
        l.model AS model, c.display_value AS colour, l.colour_attr_id
      FROM landed_items l {_named("VEHICLE_COLOR", "colour_attr_id", "c")}"""
    return Step(
        "item",
        "items",
        select,
        key="id",
        checks=(
            Check("Q-CODE-02", "item_type", "coalesce(item_type, '') <> 'VEHICLE'"),
            Check("Q-VALUE-01", "reg", "coalesce(value, '') = ''"),
            Check("Q-VRM-01", "reg", "NOT valid"),
            Check("Q-CODE-01", "colour_attr_id", "colour_attr_id IS NOT NULL AND colour IS NULL"),
        ),
    )


def _reports(context: Context) -> Step:
    kinds = " ".join(f"WHEN '{code}' THEN '{kind}'" for code, (kind, _) in KINDS.items())
    titles = " ".join(f"WHEN '{code}' THEN '{title}'" for code, (_, title) in KINDS.items())
    times = {"began": "l.event_start_utc", "until": "l.event_end_utc", "made": "l.created_utc"}
    select = f"""
      SELECT {each_time(times)}, CASE WHEN (began).quality = 'none' THEN made ELSE began END AS happened,
        (happened).at AS happened_at, (happened).on_day AS happened_on, ff_precision(happened) AS time_precision,
        (until).at AS happened_to, (made).at AS created_at
      FROM (
        SELECT {_ROW}, l.id, 'report/' || l.id AS record_key, l.restricted, {owned(context, restricted="l.restricted")},
          l.type AS type_said, CASE l.type {kinds} END AS kind, coalesce(l.reporting_event_number, l.id) AS reference,
          coalesce(o.display_value, CASE l.type {titles} END) AS title, l.offense_code_attr_id,
          coalesce(o.code, l.offense_code_attr_id) AS category, o.display_value AS category_name, l.status_attr_id,
          coalesce(s.code, l.status_attr_id) AS status, s.display_value AS status_name,
          coalesce(l.narrative, l.summary) AS summary, l.narrative, l.source_grade, l.handling,
          {read_times("ff_zoned", times)}, l.location_id, p.record_key AS location_key
        FROM landed_reports l {_named("OFFENSE_CODE", "offense_code_attr_id", "o")}
          {_named("REPORT_STATUS", "status_attr_id", "s")}
          LEFT JOIN (SELECT record_key FROM location UNION SELECT record_key FROM earlier_location) p
            ON p.record_key = l.location_id)"""
    return Step(
        "report",
        "reports",
        select,
        key="id",
        checks=(
            unknown_restriction(context, "restricted"),
            Check("Q-CODE-02", "type", "kind IS NULL"),
            *time_checks("event_start_utc", "began", local=False),
            *time_checks("event_end_utc", "until", local=False),
            Check(
                "Q-HANDLING-01",
                "handling",
                "kind = 'INTELLIGENCE' AND (handling IS NULL OR handling NOT IN ('P', 'C'))",
            ),
            Check(
                "Q-GRADE-01",
                "source_grade",
                "kind = 'INTELLIGENCE' AND coalesce(NOT regexp_full_match(source_grade, '[1-3][A-E]'), true)",
            ),
            Check("Q-CODE-01", "offense_code_attr_id", "offense_code_attr_id IS NOT NULL AND category_name IS NULL"),
            Check("Q-CODE-01", "status_attr_id", "status_attr_id IS NOT NULL AND status_name IS NULL"),
            Check("Q-DATE-06", "event_end_utc", "(until).at < (happened).at"),
            Check("Q-DATE-08", "event_start_utc", "(began).quality = 'none' AND (made).quality <> 'none'"),
            Check("Q-LINK-02", "location_id", "location_id IS NOT NULL AND location_key IS NULL"),
            Check("Q-PLACE-02", "location_id", "location_id IS NULL AND kind IN ('CRIME', 'STOP', 'INCIDENT')"),
            unfinished_check("narrative", "narrative"),
            Check("Q-DATE-05", "created_utc", "(made).quality = 'invalid'"),
        ),
    )  # fmt: skip


def _phones() -> Step:
    said = f"SELECT {ROW}, {ACCESS}, (unnest(phones)).number AS number FROM person"
    return Step("phone", "persons", shared_things.phones([said]))


def _associations(context: Context) -> Links:
    def end(side: str) -> str:
        kinds = " ".join(f"WHEN '{name}' THEN '{kind}'" for name, (kind, _) in ENDS.items())
        prefixes = " ".join(f"WHEN '{name}' THEN '{prefix}'" for name, (_, prefix) in ENDS.items())
        where = {"left": "from", "right": "to"}[side]
        return (
            f"CASE l.{where}_type {kinds} END AS {side}_kind, "
            f"CASE l.{where}_type {prefixes} END || l.{where}_id AS {side}_key"
        )

    words = " ".join(f"WHEN '{word}' THEN '{name}'" for word, name in ROLE_WORDS.items())
    own = ", ".join(f"'{name}'" for name in _TYPES)
    select = f"""
      SELECT {_ROW}, l.id, 'association/' || l.id AS record_key, {owned(context)}, {end("left")}, {end("right")},
        least(left_kind, right_kind) || '-' || greatest(left_kind, right_kind) AS pair,
        CASE WHEN upper(r.code) IN ({own}) THEN upper(r.code) WHEN upper(r.display_value) IN ({own})
          THEN upper(r.display_value) ELSE CASE upper(r.display_value) {words} END END AS role,
        CASE WHEN role IS NULL AND pair = 'EVENT-PERSON' THEN 'INVOLVED' ELSE role END AS type,
        l.start_date, ff_day_iso(l.start_date) AS from_on, l.end_date, ff_day_iso(l.end_date) AS to_on,
        CASE WHEN i.id IS NOT NULL THEN 'assessment' ELSE 'fact' END AS assertion, i.source_grade AS grade,
        i.handling AS handling
      FROM landed_associations l {_named("LINK_ROLE", "role_attr_id", "r")}
        LEFT JOIN (SELECT id, source_grade, handling FROM report WHERE kind = 'INTELLIGENCE') i
          ON i.id = CASE 'report' WHEN l.from_type THEN l.from_id WHEN l.to_type THEN l.to_id END"""
    return Links(
        "association",
        "associations",
        select,
        key="id",
        checks=(
            Check("Q-VALUE-01", "from_id", "left_key IS NULL OR right_key IS NULL"),
            Check("Q-CODE-02", "role_attr_id", "type IS NULL"),
            Check("Q-DATE-01", "start_date", "start_date IS NOT NULL AND from_on IS NULL"),
            Check("Q-DATE-01", "end_date", "end_date IS NOT NULL AND to_on IS NULL"),
            Check("Q-CODE-03", "role_attr_id", "role IS NULL"),
        ),
    )


def _person_phones() -> Links:
    return Links(
        "person_phone",
        "persons",
        f"""SELECT {ROW}, {ACCESS}, {phone_key("(item).number")} AS right_key, of_key || '/' || right_key AS record_key,
          'PERSON' AS left_kind, of_key AS left_key, 'OBJECT' AS right_kind, 'USES' AS type,
          ff_day_iso((item)."from") AS from_on
        FROM (SELECT {ROW}, {ACCESS}, record_key AS of_key, unnest(phones) AS item FROM person)
        WHERE ff_phone((item).number) <> ''
        QUALIFY row_number() OVER (PARTITION BY of_key, right_key ORDER BY from_on) = 1""",
    )
