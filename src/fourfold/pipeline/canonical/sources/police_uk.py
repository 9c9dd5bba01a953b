"""Street-level crime as published on data.police.uk: one Parquet or CSV file with the columns of its monthly download.

The publisher moves each event to a nearby map point and gives the month only. Rows without a place are published
without one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fourfold.pipeline.canonical.family import Check, Context, Family, Links, Make, Step, literal, owned
from fourfold.pipeline.canonical.sources.repeated_keys import numbered, times_given
from fourfold.pipeline.delivery import Layout

POLICE_NUMBERS: Mapping[str, str] = MappingProxyType(
    {
        "Metropolitan Police Service": "01",
        "Cumbria Constabulary": "03",
        "Lancashire Constabulary": "04",
        "Merseyside Police": "05",
        "Greater Manchester Police": "06",
        "Cheshire Constabulary": "07",
        "Northumbria Police": "10",
        "Durham Constabulary": "11",
        "North Yorkshire Police": "12",
        "West Yorkshire Police": "13",
        "South Yorkshire Police": "14",
        "Humberside Police": "16",
        "Cleveland Police": "17",
        "West Midlands Police": "20",
        "Staffordshire Police": "21",
        "West Mercia Police": "22",
        "Warwickshire Police": "23",
        "Derbyshire Constabulary": "30",
        "Nottinghamshire Police": "31",
        "Lincolnshire Police": "32",
        "Leicestershire Police": "33",
        "Northamptonshire Police": "34",
        "Cambridgeshire Constabulary": "35",
        "Norfolk Constabulary": "36",
        "Suffolk Constabulary": "37",
        "Bedfordshire Police": "40",
        "Hertfordshire Constabulary": "41",
        "Essex Police": "42",
        "Thames Valley Police": "43",
        "Hampshire Constabulary": "44",
        "Surrey Police": "45",
        "Kent Police": "46",
        "Sussex Police": "47",
        "City of London Police": "48",
        "Devon & Cornwall Police": "50",
        "Avon and Somerset Constabulary": "52",
        "Gloucestershire Constabulary": "53",
        "Wiltshire Police": "54",
        "Dorset Police": "55",
        "North Wales Police": "60",
        "Gwent Police": "61",
        "South Wales Police": "62",
        "Dyfed-Powys Police": "63",
        "British Transport Police": "93",
    }
)
"""Names the publisher uses, and the police number of each (docs/sources.md#police-numbers)."""

ANTI_SOCIAL = "Anti-social behaviour"

CRIME_TYPES = (
    ANTI_SOCIAL,
    "Bicycle theft",
    "Burglary",
    "Criminal damage and arson",
    "Drugs",
    "Other crime",
    "Other theft",
    "Possession of weapons",
    "Public order",
    "Robbery",
    "Shoplifting",
    "Theft from the person",
    "Vehicle crime",
    "Violence and sexual offences",
)
"""The publisher's categories since September 2013."""


class PoliceUkStreet(Family):
    """Events with a month, a category, an outcome and a nearby map point."""

    code = "police_uk_street"
    title = "Street-level crime, data.police.uk"
    implements = ("location", "event")
    layouts = (
        Layout(
            table="street",
            file="*street*.parquet",
            format="parquet",
            columns=(
                "Crime ID",
                "Month",
                "Reported by",
                "Falls within",
                "Longitude",
                "Latitude",
                "Location",
                "LSOA code",
                "LSOA name",
                "Crime type",
                "Last outcome category",
            ),
        ),
    )

    def steps(self, context: Context) -> tuple[Step, ...]:
        types = ", ".join(literal(each) for each in CRIME_TYPES)
        return (
            Step(
                "street",
                "street",
                key="event_key",
                select=_street_sql(context),
                checks=(
                    Check("Q-FORCE-01", "Reported by", "names_no_force"),
                    Check("Q-DATE-01", "Month", "month_on IS NULL"),
                    Check("Q-VALUE-01", "Crime type", '"Crime type" IS NULL'),
                    Check("Q-CODE-01", "Crime type", f'"Crime type" NOT IN ({types})'),
                    Check("Q-KEY-03", "Crime ID", '"Crime ID" IS NOT NULL AND times_given > 1'),
                    Check("Q-PLACE-02", "Location", "place_key IS NULL"),
                ),
            ),
        )

    def makes(self, context: Context) -> tuple[Make, ...]:
        return (
            Make(
                "location",
                "street",
                {
                    "record_key": "place_key",
                    "address_line": '"Location"',
                    "district": """regexp_replace("LSOA name", ' [0-9]{3}[A-Z]$', '')""",
                    "latitude": 'TRY_CAST("Latitude" AS DOUBLE)',
                    "longitude": 'TRY_CAST("Longitude" AS DOUBLE)',
                    "precision": "'street'",
                    "name": '"Location"',
                },
                where="place_key IS NOT NULL AND source_line = first_line_of_place",
            ),
            Make(
                "event",
                "street",
                {
                    "record_key": "event_key",
                    "kind": f"CASE WHEN \"Crime type\" = {literal(ANTI_SOCIAL)} THEN 'INCIDENT' ELSE 'CRIME' END",
                    "reference": "event_key",
                    "title": '"Crime type"',
                    "category": '"Crime type"',
                    "category_name": '"Crime type"',
                    "happened_on": "month_on",
                    "time_precision": "'month'",
                    "status": '"Last outcome category"',
                    "status_name": '"Last outcome category"',
                    "location_key": "place_key",
                },
            ),
        )

    def links(self, context: Context) -> tuple[Links, ...]:
        return ()


def _street_sql(context: Context) -> str:
    """Keys are made of what is published: the crime's identifier, or else the whole row. Either may repeat."""
    force = _force_sql(context)
    return f"""
        SELECT *, {owned(context, owner="force")},
          {numbered("identifier")} AS event_key, {times_given("identifier")} AS times_given,
          CASE WHEN place IS NOT NULL THEN 'place/' || left(sha256(concat_ws('|', force, place)), 16) END AS place_key,
          min(source_line) OVER (PARTITION BY source_file, force, place) AS first_line_of_place
        FROM (
          SELECT *, coalesce({force}, {literal(context.owner)}) AS force, {force} IS NULL AS names_no_force,
            coalesce("Crime ID", 'row/' || left(sha256(raw), 16)) AS identifier,
            CAST(TRY_STRPTIME("Month" || '-01', '%Y-%m-%d') AS DATE) AS month_on,
            CASE WHEN "Latitude" IS NOT NULL AND "Longitude" IS NOT NULL
              THEN concat_ws('|', "Longitude", "Latitude", "Location") END AS place
          FROM landed_street)"""


def _force_sql(context: Context) -> str:
    known = [(name, context.forces[number]) for name, number in POLICE_NUMBERS.items() if number in context.forces]
    if not known:
        return "CAST(NULL AS VARCHAR)"
    cases = " ".join(f"WHEN {literal(name)} THEN {literal(organisation)}" for name, organisation in known)
    return f'CASE "Reported by" {cases} END'
