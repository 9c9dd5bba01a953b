"""CONNECT: one XML document of nominals, investigations, custody records, stops, missing episodes and intelligence."""

from __future__ import annotations

from fourfold.pipeline.canonical import shared_things
from fourfold.pipeline.canonical.column_checks import (
    birth_checks,
    identifier_checks,
    offence_class_check,
    time_checks,
    unfinished_check,
)
from fourfold.pipeline.canonical.family import Check, Context, Family, Links, Make, Step, owned, unknown_restriction
from fourfold.pipeline.canonical.several_times import each_time, read_times
from fourfold.pipeline.canonical.shared_things import ACCESS, ROW, phone_key, place_key, vehicle_key
from fourfold.pipeline.delivery import Layout, Shape

_FILE = "extract.xml"
_PLACE = {"Line1": "", "Town": "", "Postcode": "", "Lat": "", "Lon": ""}
_NOMINAL: Shape = {
    "ref": "",
    "created": "",
    "restricted": "",
    "Name": {"Given": "", "Middle": "", "Family": ""},
    "Alias": [{"Given": "", "Family": ""}],
    "Sex": "",
    "DateOfBirth": "",
    "PncId": "",
    "Cro": "",
    "Nino": "",
    "Ethnicity": "",
    "Address": [{"from": "", "to": "", "Line1": "", "Town": "", "Postcode": ""}],
    "Telephone": [{"from": "", "text": ""}],
    "Vehicle": [{"vrm": "", "make": "", "model": "", "colour": "", "from": ""}],
    "Associate": [{"ref": "", "type": ""}],
}
_INVESTIGATION: Shape = {
    "ref": "",
    "created": "",
    "Offence": {"code": "", "title": ""},
    "Status": "",
    "Reported": "",
    "From": "",
    "To": "",
    "Location": _PLACE,
    "Narrative": "",
    "Involvement": [{"nominal": "", "role": ""}],
    "InvolvedVehicle": [{"vrm": ""}],
}
_CUSTODY: Shape = dict.fromkeys(("ref", "arrested", "station", "asn", "nominal", "offence", "created"), "")
_STOP: Shape = {
    **dict.fromkeys(("ref", "at", "nominal", "vrm", "object", "outcome", "created"), ""),
    "Location": _PLACE,
}
_MISSING: Shape = dict.fromkeys(("ref", "nominal", "from", "to", "risk", "created"), "")
_REPORT: Shape = {
    **dict.fromkeys(("urn", "at", "source", "assessment", "handling", "restricted", "Text"), ""),
    "Subject": [{"nominal": ""}],
    "SubjectVehicle": [{"vrm": ""}],
    "SubjectTelephone": [{"number": ""}],
}
PERSON_EVENT_ROLES = ("SUSPECT", "VICTIM", "WITNESS", "ARRESTED", "STOPPED", "SUBJECT", "MISSING_PERSON", "INVOLVED")


def _xml(table: str, record: str, shape: Shape) -> Layout:
    return Layout(table, _FILE, "xml", shape=shape, record=record)


class Connect(Family):
    """One force's XML extract. Telephones, vehicles and addresses stand inside the records that name them."""

    code = "connect"
    title = "NEC CONNECT, XML extract"
    implements = ("person", "object", "location", "event", "link")
    layouts = (
        _xml("nominal", "Nominals/Nominal", _NOMINAL),
        _xml("investigation", "Investigations/Investigation", _INVESTIGATION),
        _xml("custody", "Custody/Record", _CUSTODY),
        _xml("stop", "Stops/Stop", _STOP),
        _xml("missing", "Missing/Episode", _MISSING),
        _xml("report", "Intelligence/Report", _REPORT),
    )

    def steps(self, context: Context) -> tuple[Step, ...]:
        return (
            _nominal(context),
            _investigation(context),
            _custody(context),
            _stop(context),
            _missing(context),
            _report(context),
            *_things(),
        )

    def makes(self, context: Context) -> tuple[Make, ...]:
        events = ("investigation", "custody", "stop", "missing", "report")
        return (
            Make("person", "nominal"),
            Make("object", "phone"),
            Make("object", "vehicle"),
            Make("location", "place"),
            *(Make("event", event) for event in events),
        )

    def links(self, context: Context) -> tuple[Links, ...]:
        return _links()


def _nominal(context: Context) -> Step:
    times = {"made": "created"}
    select = f"""
      SELECT {each_time(times)}, (made).at AS created_at, concat_ws(' ', forenames, surname) AS full_name,
        ff_name_key(concat_ws(' ', forenames, surname)) AS name_key,
        (birth).birth_on AS birth_on, (birth).birth_quality AS birth_quality,
        nullif(concat_ws(', ', nullif(trim(home.Line1), ''), nullif(trim(home.Town), '')), '') AS address_line,
        ff_postcode(home.Postcode) AS postcode
      FROM (
        SELECT {ROW}, ref, ref AS record_key, restricted, {owned(context, restricted="restricted")},
          {read_times("ff_zoned", times)},
          nullif(ff_name(concat_ws(' ', nullif((Name).Given, ''), nullif((Name).Middle, ''))), '') AS forenames,
          nullif(ff_name((Name).Family), '') AS surname,
          Sex AS sex_said, ff_sex(Sex) AS sex, ff_birth_iso(DateOfBirth) AS birth,
          PncId AS pnc_said, ff_pnc(PncId) AS pnc_id, Cro AS cro_said, ff_cro(Cro) AS cro, Nino AS nino_said,
          ff_nino(Nino) AS nino, Ethnicity AS ethnicity_code,
          CAST(to_json(list_transform(coalesce(Alias, []), lambda a: {{'forenames': ff_name(a.Given),
            'surname': ff_name(a.Family), 'birth_on': CAST(NULL AS VARCHAR)}})) AS VARCHAR) AS aliases,
          coalesce(list_filter(Address, lambda a: coalesce(a."to", '') = '')[-1], Address[-1]) AS home,
          Address AS addresses, Telephone AS telephones, Vehicle AS vehicles, Associate AS associates
        FROM landed_nominal)"""
    return Step(
        "nominal",
        "nominal",
        select,
        key="ref",
        checks=(
            unknown_restriction(context, "restricted"),
            Check("Q-NAME-01", "Name", "full_name = ''"),
            *birth_checks("DateOfBirth"),
            *identifier_checks("PncId", "Cro", "Nino", pnc="pnc_said", cro="cro_said", nino="nino_said"),
            Check("Q-CODE-04", "Sex", "NOT ff_sex_known(sex_said)"),
            Check("Q-POST-02", "Address", "home IS NOT NULL AND coalesce(trim(home.Postcode), '') = ''"),
            Check("Q-POST-01", "Address", "trim(home.Postcode) <> '' AND postcode IS NULL"),
            Check("Q-DATE-05", "created", "(made).quality = 'invalid'"),
            Check("Q-VRM-01", "Vehicle", "len(list_filter(vehicles, lambda v: NOT ff_vrm_valid(ff_vrm(v.vrm)))) > 0"),
            Check(
                "Q-PHONE-01",
                "Telephone",
                'len(list_filter(telephones, lambda t: NOT ff_phone_valid(ff_phone(t."text")))) > 0',
            ),
        ),
    )


def _place(location: str) -> str:
    """The parts of a Location element, empty as null, and the key of the place."""
    parts = {"line": "Line1", "town": "Town", "postcode_said": "Postcode"}
    texts = ", ".join(f"nullif(trim(({location}).{part}), '') AS {name}" for name, part in parts.items())
    return (
        f"{texts}, TRY_CAST(({location}).Lat AS DOUBLE) AS latitude, TRY_CAST(({location}).Lon AS DOUBLE) AS longitude"
    )


_HAPPENED = "(happened).at AS happened_at, (happened).on_day AS happened_on, ff_precision(happened) AS time_precision"


def _investigation(context: Context) -> Step:
    times = {"began": '"From"', "until": '"To"', "told": "Reported", "made": "created"}
    select = f"""
      SELECT {each_time(times)}, CASE WHEN (began).quality = 'none' THEN told ELSE began END AS happened, {_HAPPENED},
        (until).at AS happened_to, (made).at AS created_at,
        {place_key("line", "town", "postcode_said")} AS location_key
      FROM (
        SELECT {ROW}, ref, 'investigation/' || ref AS record_key, {owned(context)}, 'CRIME' AS kind, ref AS reference,
          (Offence).title AS title, nullif((Offence).code, '') AS category, nullif((Offence).title, '') AS
          category_name,
          Status AS status, Status AS status_name, Narrative AS summary, {_place("Location")},
          {read_times("ff_zoned", times)}, Involvement AS involvements,
          InvolvedVehicle AS involved_vehicles
        FROM landed_investigation)"""
    return Step(
        "investigation",
        "investigation",
        select,
        key="ref",
        checks=(
            *time_checks("From", "began", local=False),
            *time_checks("To", "until", local=False),
            *time_checks("Reported", "told", local=False),
            offence_class_check("Offence.code", "category"),
            Check("Q-DATE-06", "To", "(until).at < (happened).at"),
            Check("Q-DATE-08", "From", "(began).quality = 'none' AND (told).quality <> 'none'"),
            Check("Q-PLACE-02", "Location", "location_key IS NULL"),
            Check("Q-POST-02", "Location", "location_key IS NOT NULL AND postcode_said IS NULL"),
            unfinished_check("Narrative", "summary"),
            Check("Q-DATE-05", "created", "(made).quality = 'invalid'"),
        ),
    )


def _custody(context: Context) -> Step:
    times = {"happened": "arrested", "made": "created"}
    select = f"""
      SELECT {each_time(times)}, {_HAPPENED}, (made).at AS created_at FROM (
        SELECT {ROW}, ref, 'custody/' || ref AS record_key, {owned(context)}, 'CUSTODY' AS kind, ref AS reference,
          'Custody at ' || coalesce(station, 'a station not named') AS title, offence AS category, arrested,
          concat_ws(' ', 'Arrest summons number', asn) AS summary, nominal, {read_times("ff_zoned", times)}
        FROM landed_custody)"""
    return Step(
        "custody",
        "custody",
        select,
        key="ref",
        checks=(
            *time_checks("arrested", "happened", local=False),
            Check("Q-VALUE-01", "arrested", "(happened).quality = 'none'"),
            offence_class_check("offence", "category"),
            Check(
                "Q-TIME-03",
                "arrested",
                "ff_is_summer((happened).at) AND (ends_with(arrested, '+00:00') OR ends_with(arrested, 'Z'))",
            ),
        ),
    )


def _stop(context: Context) -> Step:
    times = {"happened": '"at"', "made": "created"}
    select = f"""
      SELECT {each_time(times)}, {_HAPPENED}, (made).at AS created_at,
        {place_key("line", "town", "postcode_said")} AS location_key FROM (
        SELECT {ROW}, ref, 'stop/' || ref AS record_key, {owned(context)}, 'STOP' AS kind, ref AS reference,
          'Stop and search' AS title, object AS summary, outcome AS status, outcome AS status_name,
          {_place("Location")}, nominal, vrm, {read_times("ff_zoned", times)}
        FROM landed_stop)"""
    return Step(
        "stop",
        "stop",
        select,
        key="ref",
        checks=(
            *time_checks("at", "happened", local=False),
            Check("Q-VALUE-01", "at", "(happened).quality = 'none'"),
            Check("Q-PLACE-02", "Location", "location_key IS NULL"),
            Check("Q-VRM-01", "vrm", "NOT ff_vrm_valid(ff_vrm(vrm))"),
        ),
    )


def _missing(context: Context) -> Step:
    times = {"happened": '"from"', "until": '"to"', "made": "created"}
    select = f"""
      SELECT {each_time(times)}, {_HAPPENED}, (until).at AS happened_to, (made).at AS created_at FROM (
        SELECT {ROW}, ref, 'missing/' || ref AS record_key, {owned(context)}, 'MISSING' AS kind, ref AS reference,
          'Missing person' AS title, risk AS status, risk AS status_name, nominal,
          {read_times("ff_zoned", times)}
        FROM landed_missing)"""
    return Step(
        "missing",
        "missing",
        select,
        key="ref",
        checks=(
            *time_checks("from", "happened", local=False),
            *time_checks("to", "until", local=False),
            Check("Q-VALUE-01", "from", "(happened).quality = 'none'"),
            Check("Q-DATE-06", "to", "(until).at < (happened).at"),
        ),
    )


def _report(context: Context) -> Step:
    select = f"""
      SELECT *, {_HAPPENED} FROM (
        SELECT {ROW}, urn, 'report/' || urn AS record_key, restricted, {owned(context, restricted="restricted")},
          'INTELLIGENCE' AS kind, urn AS reference, 'Intelligence report' AS title, "Text" AS summary, handling,
          concat(source, assessment) AS source_grade, ff_zoned("at") AS happened, Subject AS subjects,
          SubjectVehicle AS subject_vehicles, SubjectTelephone AS subject_telephones
        FROM landed_report)"""
    return Step(
        "report",
        "report",
        select,
        key="urn",
        checks=(
            unknown_restriction(context, "restricted"),
            Check("Q-HANDLING-01", "handling", "handling IS NULL OR handling NOT IN ('P', 'C')"),
            Check("Q-VALUE-01", "Text", "summary IS NULL"),
            *time_checks("at", "happened", local=False),
            Check("Q-GRADE-01", "source", "NOT regexp_full_match(source_grade, '[1-3][A-E]')"),
        ),
    )


def _each(relation: str, items: str, columns: str) -> str:
    """One row for each item of a list column, `item` being the item and `n` its place."""
    return (
        f"SELECT {ROW}, {ACCESS}, record_key AS of_key, {columns} FROM (SELECT *, unnest({items}) AS item, "
        f"generate_subscripts({items}, 1) AS n FROM {relation})"
    )


_ADDRESS = """nullif(trim((item).Line1), '') AS line, nullif(trim((item).Town), '') AS town,
  nullif(trim((item).Postcode), '') AS postcode_said"""
_NO_CAR = "CAST(NULL AS VARCHAR) AS make, CAST(NULL AS VARCHAR) AS model, CAST(NULL AS VARCHAR) AS colour"


def _things() -> tuple[Step, ...]:
    row = f"{ROW}, {ACCESS}, record_key AS of_key"
    said_phones = (
        _each("nominal", "telephones", '(item)."text" AS number'),
        _each("report", "subject_telephones", "(item).number AS number"),
    )
    said_vehicles = (
        _each(
            "nominal",
            "vehicles",
            "(item).vrm AS plate, nullif((item).make, '') AS make, nullif((item).model, '') AS model, "
            "nullif((item).colour, '') AS colour",
        ),
        _each("investigation", "involved_vehicles", f"(item).vrm AS plate, {_NO_CAR}"),
        f"SELECT {row}, vrm AS plate, {_NO_CAR} FROM stop",
        _each("report", "subject_vehicles", f"(item).vrm AS plate, {_NO_CAR}"),
    )
    nowhere = "CAST(NULL AS DOUBLE) AS latitude, CAST(NULL AS DOUBLE) AS longitude"
    said_places = (
        _each("nominal", "addresses", f"{_ADDRESS}, {nowhere}"),
        f"SELECT {row}, line, town, postcode_said, latitude, longitude FROM investigation",
        f"SELECT {row}, line, town, postcode_said, latitude, longitude FROM stop",
    )
    return (
        Step("phone", "nominal", shared_things.phones(said_phones)),
        Step("vehicle", "nominal", shared_things.vehicles(said_vehicles)),
        Step("place", "nominal", shared_things.places(said_places)),
    )


def _links() -> tuple[Links, ...]:
    row = f"{ROW}, {ACCESS}"
    person = "'PERSON' AS left_kind, of_key AS left_key"
    event = "'EVENT' AS left_kind, of_key AS left_key"
    said = "'assessment' AS assertion, grade, handling"
    roles = ", ".join(f"'{role}'" for role in PERSON_EVENT_ROLES)
    of_report = (
        f"{ROW}, {ACCESS}, record_key, source_grade AS grade, handling, subjects, subject_vehicles, subject_telephones"
    )

    def each(relation: str, items: str, columns: str, kind: str) -> str:
        said_each = f"SELECT {row}, record_key AS of_key, item, n{columns} FROM (SELECT *, unnest({items}) AS item, "
        return (
            f"SELECT *, of_key || '/{kind}/' || n AS record_key FROM "
            f"({said_each}generate_subscripts({items}, 1) AS n FROM {relation}))"
        )

    home = each("nominal", "addresses", f", {_ADDRESS}", "home")
    phone = each("nominal", "telephones", "", "phone")
    vehicle = each("nominal", "vehicles", "", "vehicle")
    associate = each("nominal", "associates", "", "associate")
    involved = each("investigation", "involvements", "", "involved")
    involved_vehicle = each("investigation", "involved_vehicles", "", "vehicle")
    report = f"(SELECT {of_report} FROM report)"
    graded = ", grade, handling"
    return (
        Links(
            "link_home",
            "nominal",
            f"""SELECT {row}, record_key, {person}, 'LOCATION' AS right_kind,
              {place_key("line", "town", "postcode_said")} AS right_key, 'LIVES_AT' AS type,
              ff_day_iso((item)."from") AS from_on, ff_day_iso((item)."to") AS to_on FROM ({home})
              WHERE coalesce(line, town, postcode_said) IS NOT NULL""",
        ),
        Links(
            "link_phone",
            "nominal",
            f"""SELECT {row}, record_key, {person}, 'OBJECT' AS right_kind, {phone_key('(item)."text"')} AS right_key,
              'USES' AS type, ff_day_iso((item)."from") AS from_on FROM ({phone})
              WHERE ff_phone((item)."text") <> ''""",
        ),
        Links(
            "link_vehicle",
            "nominal",
            f"""SELECT {row}, record_key, {person}, 'OBJECT' AS right_kind, {vehicle_key("(item).vrm")} AS right_key,
              'USES' AS type, ff_day_iso((item)."from") AS from_on FROM ({vehicle}) WHERE ff_vrm((item).vrm) <> ''""",
        ),
        Links(
            "link_associate",
            "nominal",
            f"""SELECT {row}, record_key, {person}, 'PERSON' AS right_kind, nullif((item).ref, '') AS right_key,
              CASE upper((item).type) WHEN 'ASSOCIATE' THEN 'ASSOCIATE' WHEN 'RELATIVE' THEN 'RELATIVE' END AS type
              FROM ({associate})""",
        ),
        Links(
            "link_involved",
            "investigation",
            f"""SELECT {row}, record_key, 'PERSON' AS left_kind, nullif((item).nominal, '') AS left_key,
              'EVENT' AS right_kind, of_key AS right_key, upper(replace((item).role, ' ', '_')) AS role,
              CASE WHEN role IN ({roles}) THEN role ELSE 'INVOLVED' END AS type FROM ({involved})""",
            checks=(Check("Q-CODE-03", "Involvement", f"coalesce(role NOT IN ({roles}), true)"),),
        ),
        Links(
            "link_involved_vehicle",
            "investigation",
            f"""SELECT {row}, record_key, {event}, 'OBJECT' AS right_kind, {vehicle_key("(item).vrm")} AS right_key,
              'INVOLVES' AS type FROM ({involved_vehicle}) WHERE ff_vrm((item).vrm) <> ''""",
        ),
        *(
            Links(
                f"link_{name}",
                name,
                f"""SELECT {row}, record_key || '/person' AS record_key, 'PERSON' AS left_kind, nominal AS left_key,
                  'EVENT' AS right_kind, record_key AS right_key, '{role}' AS type FROM {name}
                  WHERE nominal IS NOT NULL""",
            )
            for name, role in (("custody", "ARRESTED"), ("stop", "STOPPED"), ("missing", "MISSING_PERSON"))
        ),
        Links(
            "link_stop_vehicle",
            "stop",
            f"""SELECT {row}, record_key || '/vehicle' AS record_key, 'EVENT' AS left_kind, record_key AS left_key,
              'OBJECT' AS right_kind, {vehicle_key("vrm")} AS right_key, 'INVOLVES' AS type FROM stop
              WHERE ff_vrm(vrm) <> ''""",
        ),
        Links(
            "link_subject",
            "report",
            f"""SELECT {row}, record_key, 'PERSON' AS left_kind, nullif((item).nominal, '') AS left_key,
              'EVENT' AS right_kind, of_key AS right_key, 'SUBJECT' AS type, {said}
              FROM ({each(report, "subjects", graded, "subject")})""",
        ),
        Links(
            "link_subject_vehicle",
            "report",
            f"""SELECT {row}, record_key, {event}, 'OBJECT' AS right_kind, {vehicle_key("(item).vrm")} AS right_key,
              'INVOLVES' AS type, {said} FROM ({each(report, "subject_vehicles", graded, "vehicle")})
              WHERE ff_vrm((item).vrm) <> ''""",
        ),
        Links(
            "link_subject_phone",
            "report",
            f"""SELECT {row}, record_key, {event}, 'OBJECT' AS right_kind, {phone_key("(item).number")} AS right_key,
              'INVOLVES' AS type, {said} FROM ({each(report, "subject_telephones", graded, "phone")})
              WHERE ff_phone((item).number) <> ''""",
        ),
    )
