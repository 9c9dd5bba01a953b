"""Niche: one database of several forces, delivered as CSV tables with code lists and tombstones of merged people."""

from __future__ import annotations

from fourfold.pipeline.canonical.column_checks import birth_checks, identifier_checks, time_checks
from fourfold.pipeline.canonical.family import (
    Check,
    Context,
    Family,
    Links,
    Make,
    Step,
    owned,
    owner_by_number,
    unknown_restriction,
)
from fourfold.pipeline.canonical.several_times import each_time, read_times
from fourfold.pipeline.delivery import Layout

_ROW = "l.source_file, l.source_line, l.raw"

KINDS = {"CR": "CRIME", "CU": "CUSTODY", "SS": "STOP", "MI": "MISSING", "IN": "INCIDENT"}
# Kind of record and prefix of its key, by the table an involvement names.
TABLES = {
    "person": ("PERSON", ""),
    "occurrence": ("EVENT", "occurrence/"),
    "intelligence": ("EVENT", "intelligence/"),
    "vehicle": ("OBJECT", "vehicle/"),
    "telephone": ("OBJECT", "telephone/"),
    "organisation": ("OBJECT", "organisation/"),
    "address": ("LOCATION", ""),
}
PERSON_EVENT_ROLES = {
    "SUSP": "SUSPECT",
    "VICT": "VICTIM",
    "WITN": "WITNESS",
    "ARRE": "ARRESTED",
    "ARR": "ARRESTED",
    "STOP": "STOPPED",
    "SUBJ": "SUBJECT",
    "MISP": "MISSING_PERSON",
    "INVO": "INVOLVED",
    "INVP": "INVOLVED",
}
OTHER_ROLES = {
    "OBJECT-PERSON": {"KEEP": "KEEPER_OF", "USES": "USES", "DIRE": "DIRECTOR_OF", "WORK": "WORKS_FOR"},
    "LOCATION-PERSON": {"LIVE": "LIVES_AT"},
    "PERSON-PERSON": {"ASSO": "ASSOCIATE", "RELA": "RELATIVE"},
    "EVENT-OBJECT": {"INVO": "INVOLVES", "INVV": "INVOLVES"},
    "EVENT-LOCATION": {"HAPP": "HAPPENED_AT"},
}

_PERSON_TIMES = {"created": "l.CreatedTime", "changed": "l.EffectiveFrom"}
_OCCURRENCE_TIMES = {
    "reported": "l.ReportedTime",
    "occurred_at": "l.OccurredFrom",
    "until": "l.OccurredTo",
    "created": "l.CreatedTime",
}
_REPORT_TIMES = {"reported": "l.ReportedTime", "created": "l.CreatedTime"}
_LINK_TIMES = {"since": "l.EffectiveFrom", "until": "l.EffectiveTo"}


def _cases(value: str, of: dict[str, str]) -> str:
    return f"CASE {value} " + " ".join(f"WHEN '{key}' THEN '{name}'" for key, name in of.items())


def _csv(table: str, columns: str, *, required: bool = True) -> Layout:
    return Layout(
        table,
        f"{table}.csv",
        "csv",
        tuple(columns.split(",")),
        encoding="windows-1252",
        required=required,
    )


class Niche(Family):
    """Cheshire, Merseyside and North Wales keep one database; each row names its force by its police number."""

    code = "niche"
    title = "Niche RMS, CSV tables"
    implements = ("person", "object", "location", "event", "link", "merge")
    layouts = (
        _csv("codes", "CodeTable,Code,Description,ValidFrom,ValidTo"),
        _csv(
            "address",
            "Id,OwningAgency,HouseNumber,Street,Locality,Town,Postcode,Easting,Northing,UPRN,CreatedTime",
        ),
        _csv(
            "person",
            "Id,OwningAgency,Surname,Forename1,Forename2,SexCode,DateOfBirth,PNCID,CRONumber,NINO,EthnicityCode,"
            "HomeAddressId,Restricted,CreatedTime,EffectiveFrom,Deleted,MergedIntoId",
        ),
        _csv("person_alias", "Id,PersonId,Surname,Forename1,DateOfBirth,CreatedTime"),
        _csv("vehicle", "Id,OwningAgency,Registration,Make,Model,ColourCode,CreatedTime"),
        _csv("telephone", "Id,OwningAgency,Number,TypeCode,CreatedTime"),
        _csv(
            "organisation",
            "Id,OwningAgency,Name,TradingName,CompanyNumber,AddressId,CreatedTime",
            required=False,
        ),
        _csv(
            "occurrence",
            "Id,OwningAgency,OccurrenceNumber,TypeCode,OffenceCode,StatusCode,ReportedTime,OccurredFrom,OccurredTo,"
            "AddressId,Narrative,Restricted,CreatedTime",
        ),
        _csv(
            "intelligence",
            "Id,OwningAgency,Urn,ReportedTime,SourceEvaluation,IntelligenceAssessment,Handling,Text,Restricted,"
            "CreatedTime",
        ),
        _csv("involvement", "Id,OwningAgency,FromTable,FromId,ToTable,ToId,RoleCode,EffectiveFrom,EffectiveTo"),
    )

    def steps(self, context: Context) -> tuple[Step, ...]:
        return (
            _codes(context),
            _address(context),
            _alias(context),
            _person(context, tombstones=False),
            _person(context, tombstones=True),
            _vehicle(context),
            _telephone(context),
            _organisation(context),
            _occurrence(context),
            _intelligence(context),
        )

    def makes(self, context: Context) -> tuple[Make, ...]:
        return (
            Make("person", "person"),
            Make(
                "merge",
                "tombstone",
                {"loser_key": "Id", "survivor_key": "MergedIntoId", "merged_at": "updated_at"},
            ),
            Make("object", "vehicle"),
            Make("object", "telephone"),
            Make("object", "organisation"),
            Make("location", "address"),
            Make("event", "occurrence"),
            Make("event", "intelligence"),
        )

    def links(self, context: Context) -> tuple[Links, ...]:
        return (_involvement(context),)


def _owned(context: Context, restricted: str | None = None) -> str:
    return owned(context, owner=owner_by_number(context, "l.OwningAgency"), restricted=restricted)


# What is read off a time stands outside the select that works it out: beside it, DuckDB would work it out again.
_FORCE = Check("Q-FORCE-01", "OwningAgency", "owning_force IS NULL")
_CREATED = Check("Q-DATE-05", "CreatedTime", "(created).quality IN ('invalid', 'skipped')")


def _codes(context: Context) -> Step:
    return Step(
        "code", "codes", f"SELECT l.*, {owned(context)} FROM landed_codes l", consumed=True,
        checks=(Check("Q-VALUE-01", "Code", "CodeTable IS NULL OR Code IS NULL"),),
    )  # fmt: skip


def _named(table: str, code: str, name: str) -> str:
    """A left join that brings the description of a code as `<name>.Description`."""
    return (
        f"LEFT JOIN (SELECT Code, any_value(Description) AS Description FROM code WHERE CodeTable = '{table}' "
        f"GROUP BY Code) {name} ON {name}.Code = {code}"
    )


def _address(context: Context) -> Step:
    select = f"""
      SELECT *, (created).at AS created_at, ff_district(postcode) AS district,
        (at_grid).latitude AS latitude, (at_grid).longitude AS longitude,
        CASE WHEN HouseNumber IS NOT NULL OR uprn IS NOT NULL THEN 'premise' WHEN Street IS NOT NULL THEN 'street'
          WHEN postcode IS NOT NULL THEN 'postcode' ELSE 'none' END AS "precision"
      FROM (
        SELECT {_ROW}, l.Id, l.Id AS record_key, {_owned(context)}, ff_local_uk(l.CreatedTime) AS created,
          l.Postcode AS delivered_postcode, l.HouseNumber, l.UPRN AS uprn, l.Street, l.Easting,
          nullif(concat_ws(', ', nullif(concat_ws(' ', l.HouseNumber, l.Street), ''), l.Locality, l.Town), '')
            AS address_line,
          ff_postcode(l.Postcode) AS postcode,
          ff_grid(TRY_CAST(l.Easting AS DOUBLE), TRY_CAST(l.Northing AS DOUBLE)) AS at_grid
        FROM landed_address l)"""
    return Step(
        "address",
        "address",
        select,
        key="Id",
        checks=(
            _FORCE,
            Check("Q-VALUE-01", "Street", "address_line IS NULL AND delivered_postcode IS NULL"),
            Check("Q-POST-01", "Postcode", "delivered_postcode IS NOT NULL AND postcode IS NULL"),
            Check("Q-POST-02", "Postcode", "delivered_postcode IS NULL"),
            Check("Q-PLACE-01", "Easting", "Easting IS NOT NULL AND latitude IS NULL"),
            _CREATED,
        ),
    )


def _alias(context: Context) -> Step:
    select = f"""
      SELECT l.*, {owned(context)}, ff_birth_uk(l.DateOfBirth).birth_on AS birth_on,
        p.Id IS NOT NULL AS has_person, e.record_key IS NOT NULL AS came_earlier
      FROM landed_person_alias l LEFT JOIN (SELECT DISTINCT Id FROM landed_person) p ON p.Id = l.PersonId
        LEFT JOIN earlier_person e ON e.record_key = l.PersonId"""
    return Step(
        "alias",
        "person_alias",
        select,
        consumed=True,
        checks=(
            Check("Q-NAME-01", "Surname", "Surname IS NULL AND Forename1 IS NULL"),
            Check("Q-LINK-08", "PersonId", "NOT has_person AND came_earlier"),
            Check("Q-LINK-01", "PersonId", "NOT has_person"),
        ),
    )


def _person(context: Context, *, tombstones: bool) -> Step:
    which = "l.Deleted = 'Y'" if tombstones else "coalesce(l.Deleted, 'N') <> 'Y'"
    row = f"""{_ROW}, l.Id, l.Id AS record_key, l.MergedIntoId, l.Restricted,
      {_owned(context, "l.Restricted")}, {read_times("ff_local_uk", _PERSON_TIMES)}"""
    told = f"{each_time(_PERSON_TIMES)}, (created).at AS created_at, (changed).at AS updated_at"
    if tombstones:
        return Step(
            "tombstone",
            "person",
            f"SELECT {told} FROM (SELECT {row} FROM landed_person l WHERE {which})",
            key="Id",
            checks=(_FORCE, unknown_restriction(context, "Restricted")),
            consumed=True,
        )
    aliases = """
      SELECT PersonId, list({'forenames': ff_name(Forename1), 'surname': ff_name(Surname),
        'birth_on': CAST(birth_on AS VARCHAR)} ORDER BY source_line) AS names FROM alias GROUP BY PersonId"""
    addresses = """
      SELECT record_key, address_line, postcode FROM address UNION ALL
      SELECT record_key, address_line, postcode FROM earlier_location e ANTI JOIN address USING (record_key)"""
    select = f"""
      SELECT {told}, concat_ws(' ', forenames, surname) AS full_name,
        ff_name_key(concat_ws(' ', forenames, surname)) AS name_key,
        (birth).birth_on AS birth_on, (birth).birth_quality AS birth_quality
      FROM (
        SELECT {row}, ff_name(concat_ws(' ', l.Forename1, l.Forename2)) AS forenames_or_empty,
          nullif(forenames_or_empty, '') AS forenames, ff_name(l.Surname) AS surname,
          l.SexCode, ff_sex(l.SexCode) AS sex, ff_birth_uk(l.DateOfBirth) AS birth,
          l.PNCID, ff_pnc(l.PNCID) AS pnc_id, l.CRONumber, ff_cro(l.CRONumber) AS cro, l.NINO AS delivered_nino,
          ff_nino(l.NINO) AS nino, l.EthnicityCode AS ethnicity_code, l.HomeAddressId,
          a.record_key AS home_key, a.address_line, a.postcode,
          CASE WHEN n.names IS NOT NULL THEN CAST(to_json(n.names) AS VARCHAR) ELSE coalesce(e.aliases, '[]') END AS
          aliases
        FROM landed_person l LEFT JOIN ({addresses}) a ON a.record_key = l.HomeAddressId
          LEFT JOIN ({aliases}) n ON n.PersonId = l.Id LEFT JOIN earlier_person e ON e.record_key = l.Id
        WHERE {which})"""
    return Step(
        "person",
        "person",
        select,
        key="Id",
        checks=(
            _FORCE,
            unknown_restriction(context, "Restricted"),
            Check("Q-NAME-01", "Surname", "full_name = ''"),
            *birth_checks("DateOfBirth"),
            *identifier_checks("PNCID", "CRONumber", "NINO", nino="delivered_nino"),
            Check("Q-CODE-04", "SexCode", "NOT ff_sex_known(SexCode)"),
            Check("Q-LINK-02", "HomeAddressId", "HomeAddressId IS NOT NULL AND home_key IS NULL"),
            _CREATED,
            Check("Q-DATE-05", "EffectiveFrom", "(changed).quality IN ('invalid', 'skipped')"),
        ),
    )


def _vehicle(context: Context) -> Step:
    select = f"""
      SELECT *, ff_vrm_valid(value) AS valid, (created).at AS created_at
      FROM (SELECT {_ROW}, l.Id, 'vehicle/' || l.Id AS record_key, {_owned(context)}, 'VEHICLE' AS kind,
        ff_vrm(l.Registration) AS value, l.Registration AS value_raw,
        l.Make AS make, l.Model AS model, coalesce(c.Description, l.ColourCode) AS colour, l.ColourCode,
        c.Code IS NULL AS colour_unknown, ff_local_uk(l.CreatedTime) AS created
      FROM landed_vehicle l {_named("COLOUR", "l.ColourCode", "c")})"""
    return Step(
        "vehicle",
        "vehicle",
        select,
        key="Id",
        checks=(
            _FORCE,
            Check("Q-VALUE-01", "Registration", "coalesce(value, '') = ''"),
            Check("Q-VRM-01", "Registration", "NOT valid"),
            Check("Q-CODE-01", "ColourCode", "ColourCode IS NOT NULL AND colour_unknown"),
            _CREATED,
        ),
    )


def _telephone(context: Context) -> Step:
    select = f"""
      SELECT *, ff_phone_valid(value) AS valid, (created).at AS created_at
      FROM (SELECT {_ROW}, l.Id, 'telephone/' || l.Id AS record_key, {_owned(context)}, 'PHONE' AS kind,
        ff_phone(l.Number) AS value, l.Number AS value_raw,
        CAST(to_json({{'type': coalesce(c.Description, l.TypeCode)}}) AS VARCHAR) AS detail,
        ff_local_uk(l.CreatedTime) AS created
      FROM landed_telephone l {_named("PHONE", "l.TypeCode", "c")})"""
    return Step(
        "telephone",
        "telephone",
        select,
        key="Id",
        checks=(
            _FORCE,
            Check("Q-VALUE-01", "Number", "coalesce(value, '') = ''"),
            Check("Q-PHONE-01", "Number", "NOT valid"),
            _CREATED,
        ),
    )


def _organisation(context: Context) -> Step:
    select = f"""
      SELECT *, value <> '' AS valid, (created).at AS created_at
      FROM (SELECT {_ROW}, l.Id, 'organisation/' || l.Id AS record_key, {_owned(context)}, 'ORGANISATION' AS kind,
        ff_name(l.Name) AS value, l.Name AS value_raw, l.AddressId, a.record_key AS address_key,
        CAST(to_json({{'company_number': l.CompanyNumber, 'trading_names':
          CASE WHEN l.TradingName IS NOT NULL THEN [l.TradingName] END, 'address_line': a.address_line,
          'postcode': a.postcode}}) AS VARCHAR) AS detail,
        ff_local_uk(l.CreatedTime) AS created
      FROM landed_organisation l LEFT JOIN (
        SELECT record_key, address_line, postcode FROM address UNION ALL
        SELECT record_key, address_line, postcode FROM earlier_location e ANTI JOIN address USING (record_key)) a
        ON a.record_key = l.AddressId)"""
    return Step(
        "organisation",
        "organisation",
        select,
        key="Id",
        checks=(
            _FORCE,
            Check("Q-VALUE-01", "Name", "coalesce(value, '') = ''"),
            Check("Q-LINK-02", "AddressId", "AddressId IS NOT NULL AND address_key IS NULL"),
            _CREATED,
        ),
    )  # fmt: skip


def _occurrence(context: Context) -> Step:
    select = f"""
      SELECT {each_time(_OCCURRENCE_TIMES)},
        coalesce(nullif((occurred_at).quality, 'none') IS NOT NULL, false) AS says_when,
        CASE WHEN says_when THEN occurred_at ELSE reported END AS happened,
        (happened).at AS happened_at, (happened).on_day AS happened_on, ff_precision(happened) AS time_precision,
        (until).at AS happened_to, (created).at AS created_at
      FROM (
        SELECT {_ROW}, l.Id, 'occurrence/' || l.Id AS record_key, l.Restricted, {_owned(context, "l.Restricted")},
          l.TypeCode, {_cases("l.TypeCode", KINDS)} END AS kind, coalesce(l.OccurrenceNumber, l.Id) AS reference,
          coalesce(o.Description, t.Description) AS title, l.OffenceCode AS category, o.Description AS category_name,
          l.StatusCode AS status, s.Description AS status_name, ff_plain(l.Narrative) AS summary, l.Narrative,
          l.AddressId, a.record_key AS location_key,
          {read_times("ff_local_uk", _OCCURRENCE_TIMES)}
        FROM landed_occurrence l {_named("OFFENCE", "l.OffenceCode", "o")} {_named("STATUS", "l.StatusCode", "s")}
          {_named("OCCTYPE", "l.TypeCode", "t")}
          LEFT JOIN (SELECT record_key FROM address UNION SELECT record_key FROM earlier_location) a
            ON a.record_key = l.AddressId)"""
    return Step(
        "occurrence",
        "occurrence",
        select,
        key="Id",
        checks=(
            _FORCE,
            unknown_restriction(context, "Restricted"),
            Check("Q-CODE-02", "TypeCode", "kind IS NULL"),
            *time_checks("OccurredFrom", "occurred_at"),
            *time_checks("OccurredTo", "until"),
            *time_checks("ReportedTime", "reported"),
            Check("Q-DATE-06", "OccurredTo", "(until).at < happened_at"),
            Check("Q-DATE-08", "OccurredFrom", "NOT says_when AND (reported).quality <> 'none'"),
            Check("Q-CODE-01", "OffenceCode", "category IS NOT NULL AND category_name IS NULL"),
            Check("Q-CODE-01", "StatusCode", "status IS NOT NULL AND status_name IS NULL"),
            Check("Q-LINK-02", "AddressId", "AddressId IS NOT NULL AND location_key IS NULL"),
            Check("Q-PLACE-02", "AddressId", "AddressId IS NULL AND kind IN ('CRIME', 'STOP', 'INCIDENT')"),
            Check("Q-TEXT-02", "Narrative", r"starts_with(Narrative, '{\rtf') AND NOT ends_with(Narrative, '}')"),
            _CREATED,
        ),
    )


def _intelligence(context: Context) -> Step:
    select = f"""
      SELECT {each_time(_REPORT_TIMES)}, (reported).at AS happened_at, (reported).on_day AS happened_on,
        ff_precision(reported) AS time_precision, (created).at AS created_at
      FROM (SELECT {_ROW}, l.Id, 'intelligence/' || l.Id AS record_key, l.Restricted, {_owned(context, "l.Restricted")},
        'INTELLIGENCE' AS kind, coalesce(l.Urn, l.Id) AS reference, 'Intelligence report' AS title,
        ff_plain(l.Text) AS summary, l.Text, l.Handling AS handling,
        concat(l.SourceEvaluation, l.IntelligenceAssessment) AS source_grade,
        {read_times("ff_local_uk", _REPORT_TIMES)}
      FROM landed_intelligence l)"""
    return Step(
        "intelligence",
        "intelligence",
        select,
        key="Id",
        checks=(
            _FORCE,
            unknown_restriction(context, "Restricted"),
            Check("Q-HANDLING-01", "Handling", "handling IS NULL OR handling NOT IN ('P', 'C')"),
            Check("Q-VALUE-01", "Text", "summary IS NULL"),
            *time_checks("ReportedTime", "reported"),
            Check("Q-GRADE-01", "SourceEvaluation", "NOT regexp_full_match(source_grade, '[1-3][A-E]')"),
            Check("Q-TEXT-02", "Text", r"starts_with(Text, '{\rtf') AND NOT ends_with(Text, '}')"),
            _CREATED,
        ),
    )


def _involvement(context: Context) -> Links:
    kinds = {table: kind for table, (kind, _) in TABLES.items()}
    prefixes = {table: prefix for table, (_, prefix) in TABLES.items()}
    others = " ".join(f"WHEN '{pair}' THEN {_cases('l.RoleCode', roles)} END" for pair, roles in OTHER_ROLES.items())
    select = f"""
      SELECT {each_time(_LINK_TIMES)}, (since).on_day AS from_on, (until).on_day AS to_on FROM (
      SELECT {_ROW}, l.Id AS record_key, {_owned(context)}, l.RoleCode,
        {_cases("l.FromTable", kinds)} END AS left_kind, {_cases("l.FromTable", prefixes)} END || l.FromId AS left_key,
        {_cases("l.ToTable", kinds)} END AS right_kind, {_cases("l.ToTable", prefixes)} END || l.ToId AS right_key,
        least(left_kind, right_kind) || '-' || greatest(left_kind, right_kind) AS pair,
        CASE pair WHEN 'EVENT-PERSON' THEN {_cases("l.RoleCode", PERSON_EVENT_ROLES)} ELSE 'INVOLVED' END {others} END
          AS type,
        {read_times("ff_local_uk", _LINK_TIMES)},
        i.Id IS NOT NULL AS from_intelligence,
        CASE WHEN i.Id IS NOT NULL THEN 'assessment' ELSE 'fact' END AS assertion, i.source_grade AS grade,
        i.handling AS handling
      FROM landed_involvement l LEFT JOIN intelligence i
        ON i.Id = CASE 'intelligence' WHEN l.FromTable THEN l.FromId WHEN l.ToTable THEN l.ToId END)"""
    roles = ", ".join(f"'{role}'" for role in PERSON_EVENT_ROLES)
    return Links(
        "involvement",
        "involvement",
        select,
        key="record_key",
        checks=(
            _FORCE,
            Check("Q-VALUE-01", "FromId", "left_key IS NULL OR right_key IS NULL"),
            Check("Q-CODE-02", "RoleCode", "type IS NULL AND pair IN "
                  f"({', '.join(repr(pair) for pair in OTHER_ROLES)})"),
            Check("Q-DATE-01", "EffectiveFrom", "(since).quality = 'invalid'"),
            Check("Q-DATE-01", "EffectiveTo", "(until).quality = 'invalid'"),
            Check("Q-CODE-03", "RoleCode", f"pair = 'EVENT-PERSON' AND coalesce(RoleCode NOT IN ({roles}), true)"),
        ),
    )  # fmt: skip
