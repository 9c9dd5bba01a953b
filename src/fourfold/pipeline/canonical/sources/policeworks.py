"""PoliceWorks: five CSV tables without identifiers of people; a person's details are typed again in every row.

Each row that names someone is one person record: file, reference and row number are its key. Whether two rows are one
person is for the resolution to propose.
"""

from __future__ import annotations

from fourfold.pipeline.canonical import shared_things
from fourfold.pipeline.canonical.column_checks import birth_checks, offence_class_check, time_checks, unfinished_check
from fourfold.pipeline.canonical.family import Check, Context, Family, Links, Make, Step, owned, unknown_restriction
from fourfold.pipeline.canonical.several_times import each_time, read_times
from fourfold.pipeline.canonical.shared_things import ACCESS, ROW, phone_key, place_key, vehicle_key
from fourfold.pipeline.delivery import Layout

_NULL = "CAST(NULL AS VARCHAR)"
_CAR = f"{_NULL} AS make, {_NULL} AS model, {_NULL} AS colour"
_NOWHERE = "CAST(NULL AS DOUBLE) AS latitude, CAST(NULL AS DOUBLE) AS longitude"
_POSTCODE_AT_END = "[A-Za-z]{1,2}[0-9][0-9A-Za-z]? ?[0-9][A-Za-z]{2}$"
NOTES_LIMIT = 100
ROLES = ("SUSPECT", "VICTIM", "WITNESS", "ARRESTED", "INVOLVED")
TABLES = ("crimes", "custody", "stops", "intel", "missing")


def _csv(table: str, columns: str) -> Layout:
    return Layout(table, f"{table}.csv", "csv", tuple(columns.split(",")), encoding="latin-1")


class PoliceWorks(Family):
    """One force; crimes, custody, stops, intelligence and missing people, one row for each person named."""

    code = "policeworks"
    title = "PoliceWorks, CSV tables"
    implements = ("person", "object", "location", "event", "link")
    layouts = (
        _csv(
            "crimes",
            "CrimeNo,HOClass,Offence,DateFrom,DateTo,Reported,Address,PostCode,Outcome,Role,Name,DOB,Sex,PNC,Phone,VRM,"
            "PersonAddress,Notes",
        ),
        _csv(
            "custody",
            "CustodyNo,Arrested,Station,ASN,Name,DOB,Sex,PNC,CRO,Offence,Disposal,Phone,Address,PostCode",
        ),
        _csv("stops", "Ref,When,Where,Name,DOB,Sex,VRM,Object,Outcome"),
        _csv("intel", "Ref,When,Grade,Hand,Text,SubjectName,SubjectDOB,VRM,Phone,Restricted"),
        _csv("missing", "Ref,From,To,Name,DOB,Sex,Risk,Address,PostCode"),
    )

    def steps(self, context: Context) -> tuple[Step, ...]:
        return (
            *(_row_step(context, table) for table in TABLES),
            *(_person_step(table) for table in TABLES),
            *(_event_step(table) for table in TABLES),
            *(_repeat_step(table) for table in TABLES),
            *_things(),
        )

    def makes(self, context: Context) -> tuple[Make, ...]:
        return (
            *(Make("person", f"person_{table}") for table in TABLES),
            *(Make("event", f"event_{table}") for table in TABLES),
            Make("object", "phone"),
            Make("object", "vehicle"),
            Make("location", "place"),
        )

    def links(self, context: Context) -> tuple[Links, ...]:
        return tuple(link for table in TABLES for link in _links(table))


# What each table calls things. Text that is not there is null.
_NAMES = {
    "crimes": {
        "reference": "CrimeNo",
        "began_said": "DateFrom",
        "until_said": "DateTo",
        "told_said": "Reported",
        "name_said": "Name",
        "born_said": "DOB",
        "sex_said": "Sex",
        "pnc_said": "PNC",
        "number": "Phone",
        "plate": "VRM",
        "home_said": "PersonAddress",
        "place_said": "Address",
        "place_postcode": "PostCode",
        "role_said": "Role",
        "category": "HOClass",
        "category_name": "Offence",
        "title": "Offence",
        "status": "Outcome",
        "summary": "Notes",
    },
    "custody": {
        "reference": "CustodyNo",
        "began_said": "Arrested",
        "name_said": "Name",
        "born_said": "DOB",
        "sex_said": "Sex",
        "pnc_said": "PNC",
        "cro_said": "CRO",
        "number": "Phone",
        "home_said": "Address",
        "home_postcode": "PostCode",
        "category_name": "Offence",
        "status": "Disposal",
    },
    "stops": {
        "reference": "Ref",
        "began_said": '"When"',
        "name_said": "Name",
        "born_said": "DOB",
        "sex_said": "Sex",
        "plate": "VRM",
        "place_said": '"Where"',
        "status": "Outcome",
        "summary": '"Object"',
    },
    "intel": {
        "reference": "Ref",
        "began_said": '"When"',
        "name_said": "SubjectName",
        "born_said": "SubjectDOB",
        "number": "Phone",
        "plate": "VRM",
        "summary": '"Text"',
        "source_grade": "Grade",
        "handling": "Hand",
        "restricted": "Restricted",
    },
    "missing": {
        "reference": "Ref",
        "began_said": '"From"',
        "until_said": '"To"',
        "name_said": "Name",
        "born_said": "DOB",
        "sex_said": "Sex",
        "home_said": "Address",
        "home_postcode": "PostCode",
        "status": "Risk",
    },
}
_ALL_NAMES = sorted({name for names in _NAMES.values() for name in names})
_KIND = {
    "crimes": ("CRIME", "Crime"),
    "custody": ("CUSTODY", "'Custody at ' || coalesce(Station, 'a station not named')"),
    "stops": ("STOP", "'Stop and search'"),
    "intel": ("INTELLIGENCE", "'Intelligence report'"),
    "missing": ("MISSING", "'Missing person'"),
}
_ROLE = {"custody": "ARRESTED", "stops": "STOPPED", "intel": "SUBJECT", "missing": "MISSING_PERSON"}


def _row_step(context: Context, table: str) -> Step:
    """One delivered row with its times read; the event is shared by all rows of one reference."""
    names = _NAMES[table]
    said = ", ".join(f"{names.get(name, _NULL)} AS {name}" for name in _ALL_NAMES if name != "title")
    title = names.get("title", _KIND[table][1])
    role = "upper(replace(role_said, ' ', '_'))" if table == "crimes" else f"'{_ROLE[table]}'"
    pnc, cro = (f"ff_{name}({name}_said)" if f"{name}_said" in names else _NULL for name in ("pnc", "cro"))
    summary = "concat_ws('. ', category_name, 'Arrest summons number ' || ASN)" if table == "custody" else "summary"
    times = {name: f"{name}_said" for name in ("began", "until", "told")}
    select = f"""
      SELECT *, (happened).at AS happened_at, (happened).on_day AS happened_on,
        ff_precision(happened) AS time_precision, (until).at AS happened_to, (told).at AS created_at,
        {place_key("place_line", _NULL, "place_postcode")} AS place_at,
        {place_key("home_line", _NULL, "home_postcode_read")} AS home_at
      FROM (
        SELECT {each_time(times)}, CASE WHEN (began).quality = 'none' THEN told ELSE began END AS happened
        FROM (
          SELECT *, {owned(context, restricted="restricted_most")}, {read_times("ff_local_uk", times)},
            ff_birth_uk(CASE WHEN name_said IS NOT NULL THEN born_said END) AS birth, {pnc} AS pnc_id, {cro} AS cro,
            place_said AS place_line,
            coalesce(home_postcode, nullif(regexp_extract(home_said, '{_POSTCODE_AT_END}'), '')) AS home_postcode_read,
            nullif(trim(CASE WHEN home_postcode IS NULL THEN regexp_replace(home_said, '{_POSTCODE_AT_END}', '')
              ELSE home_said END, ' ,'), '') AS home_line,
            '{table}/' || reference AS event_key, '{table}/' || reference || '/' || source_row AS person_key,
            {role} AS role, {summary} AS summary_told,
            min(source_line) OVER (PARTITION BY reference) AS first_line
          FROM (
            SELECT {ROW}, source_row, {said}, {title} AS title, {"ASN, " if table == "custody" else ""}
              max({names.get("restricted", _NULL)}) OVER (PARTITION BY {names["reference"]}) AS restricted_most
            FROM landed_{table})))"""
    return Step(table, table, select, checks=_row_checks(context, table))


def _bare(column: str) -> str:
    return column.strip('"')


def _row_checks(context: Context, table: str) -> tuple[Check, ...]:
    names = {name: _bare(column) for name, column in _NAMES[table].items()}
    checks = [
        Check("Q-KEY-01", names["reference"], "reference IS NULL"),
        *_times(names["began_said"], "began"),
    ]
    if table != "crimes":
        checks.append(Check("Q-VALUE-01", names["began_said"], "(began).quality = 'none'"))
    if "until_said" in names:
        checks += [*_times(names["until_said"], "until"),
                   Check("Q-DATE-06", names["until_said"], "(until).at < (happened).at")]  # fmt: skip
    if "home_said" in names:
        home = names.get("home_postcode", names["home_said"])
        checks.append(Check("Q-POST-02", home, "home_said IS NOT NULL AND home_postcode_read IS NULL"))
    if table == "crimes":
        checks += [
            *_times("Reported", "told"),
            offence_class_check("HOClass", "category"),
            Check("Q-DATE-08", "DateFrom", "(began).quality = 'none' AND (told).quality <> 'none'"),
            Check("Q-POST-02", "PostCode", "place_postcode IS NULL"),
            Check("Q-POST-01", "PostCode", "place_postcode IS NOT NULL AND ff_postcode(place_postcode) IS NULL"),
            Check("Q-PLACE-02", "Address", "place_at IS NULL"),
            unfinished_check("Notes", "summary", NOTES_LIMIT),
            Check("Q-CODE-03", "Role", f"name_said IS NOT NULL AND coalesce(role NOT IN {ROLES}, true)"),
        ]
    if table == "intel":
        checks += [
            unknown_restriction(context, "restricted_most"),
            Check("Q-HANDLING-01", "Hand", "handling IS NULL OR handling NOT IN ('P', 'C')"),
            Check("Q-VALUE-01", "Text", "summary IS NULL"),
            Check("Q-GRADE-01", "Grade", "coalesce(NOT regexp_full_match(source_grade, '[1-3][A-E]'), true)"),
        ]
    return (*checks, *_value_checks(names), *birth_checks(names["born_said"]))


def _value_checks(names: dict[str, str]) -> tuple[Check, ...]:
    """Faults of values several tables have."""
    faults = {
        "pnc_said": ("Q-ID-01", "pnc_said IS NOT NULL AND pnc_id IS NULL"),
        "cro_said": ("Q-ID-01", "cro_said IS NOT NULL AND cro IS NULL"),
        "sex_said": ("Q-CODE-04", "name_said IS NOT NULL AND NOT ff_sex_known(sex_said)"),
        "plate": ("Q-VRM-01", "NOT ff_vrm_valid(ff_vrm(plate))"),
        "number": ("Q-PHONE-01", "NOT ff_phone_valid(ff_phone(number))"),
    }
    return tuple(Check(rule, names[name], when) for name, (rule, when) in faults.items() if name in names)


def _times(column: str, moment: str) -> tuple[Check, ...]:
    """This source writes the 12-hour clock as agreed; only a time with its zone is out of the way."""
    return tuple(
        Check(check.rule, check.column, check.when.replace("IN ('universal', 'twelve_hour')", "= 'universal'"))
        for check in time_checks(column, moment)
    )


def _person_step(table: str) -> Step:
    select = f"""
      SELECT *, (birth).birth_on AS birth_on, (birth).birth_quality AS birth_quality,
        concat_ws(' ', forenames, surname) AS full_name, ff_name_key(concat_ws(' ', forenames, surname)) AS name_key
      FROM (
        SELECT {ROW}, {ACCESS}, created_at, person_key AS record_key,
          nullif(ff_typed_forenames(name_said), '') AS forenames, nullif(ff_typed_surname(name_said), '') AS surname,
          ff_sex(sex_said) AS sex, birth, pnc_id, cro, home_line AS address_line,
          ff_postcode(home_postcode_read) AS postcode
        FROM {table} WHERE ff_name(name_said) NOT IN ('', ','))"""
    return Step(f"person_{table}", table, select)


def _event_step(table: str) -> Step:
    kind, _ = _KIND[table]
    select = f"""
      SELECT {ROW}, {ACCESS}, created_at, event_key AS record_key, '{kind}' AS kind, reference, title, category,
        category_name, happened_at, happened_on, happened_to, time_precision, status, status AS status_name,
        summary_told AS summary, source_grade, handling, place_at AS location_key
      FROM {table}
      QUALIFY row_number() OVER (PARTITION BY reference ORDER BY source_line) = 1"""
    return Step(f"event_{table}", table, select)


def _repeat_step(table: str) -> Step:
    """Rows after the first of a reference. One that names nobody, and nothing new, makes nothing: it counts as read."""
    select = f"SELECT {ROW}, {ACCESS} FROM {table} WHERE source_line > first_line"
    return Step(f"repeat_{table}", table, select, consumed=True)


def _things() -> tuple[Step, ...]:
    row = f"{ROW}, {ACCESS}"
    phones = [f"SELECT {row}, number FROM {table}" for table in TABLES]
    vehicles = [f"SELECT {row}, plate, {_CAR} FROM {table}" for table in TABLES]
    places = [
        f"SELECT {row}, {line} AS line, {_NULL} AS town, {postcode} AS postcode_said, {_NOWHERE} FROM {table}"
        for table in TABLES
        for line, postcode in (("place_line", "place_postcode"), ("home_line", "home_postcode_read"))
    ]
    return (
        Step("phone", "crimes", shared_things.phones(phones)),
        Step("vehicle", "crimes", shared_things.vehicles(vehicles)),
        Step("place", "crimes", shared_things.places(places)),
    )


def _links(table: str) -> tuple[Links, ...]:
    row = f"{ROW}, {ACCESS}"
    person = "ff_name(name_said) NOT IN ('', ',')"
    said = "'assessment' AS assertion, source_grade AS grade, handling" if table == "intel" else "'fact' AS assertion"
    role = f"CASE WHEN role IN {ROLES} THEN role ELSE 'INVOLVED' END" if table == "crimes" else "role"
    found = [
        Links(
            f"link_{table}_person",
            table,
            f"""SELECT {row}, person_key || '/event' AS record_key, 'PERSON' AS left_kind, person_key AS left_key,
              'EVENT' AS right_kind, event_key AS right_key, {role} AS type, {said} FROM {table} WHERE {person}""",
        ),
        Links(
            f"link_{table}_home",
            table,
            f"""SELECT {row}, person_key || '/home' AS record_key, 'PERSON' AS left_kind, person_key AS left_key,
              'LOCATION' AS right_kind, home_at AS right_key, 'LIVES_AT' AS type FROM {table}
              WHERE {person} AND home_at IS NOT NULL""",
        ),
        Links(
            f"link_{table}_vehicle",
            table,
            f"""SELECT {row}, {vehicle_key("plate")} AS right_key, event_key || '/' || right_key AS record_key,
              'EVENT' AS left_kind, event_key AS left_key, 'OBJECT' AS right_kind, 'INVOLVES' AS type, {said} FROM
              {table}
              WHERE ff_vrm(plate) <> ''
              QUALIFY row_number() OVER (PARTITION BY event_key, right_key ORDER BY source_line) = 1""",
        ),
    ]
    if table == "intel":
        found.append(
            Links(
                f"link_{table}_phone",
                table,
                f"""SELECT {row}, {phone_key("number")} AS right_key, event_key || '/' || right_key AS record_key,
                  'EVENT' AS left_kind, event_key AS left_key, 'OBJECT' AS right_kind, 'INVOLVES' AS type, {said}
                  FROM {table} WHERE ff_phone(number) <> ''
                  QUALIFY row_number() OVER (PARTITION BY event_key, right_key ORDER BY source_line) = 1""",
            )
        )
    else:
        found.append(
            Links(
                f"link_{table}_phone",
                table,
                f"""SELECT {row}, person_key || '/phone' AS record_key, 'PERSON' AS left_kind, person_key AS left_key,
                  'OBJECT' AS right_kind, {phone_key("number")} AS right_key, 'USES' AS type FROM {table}
                  WHERE {person} AND ff_phone(number) <> ''""",
            )
        )
    return tuple(found)
