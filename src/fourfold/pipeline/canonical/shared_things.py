"""SQL for sources that have no tables of phones, vehicles and places but name them inside other records.

The same value named twice is one thing; what a restricted record names is kept apart from what open records name.
"""

from __future__ import annotations

from collections.abc import Sequence

ACCESS = "owning_force, audience, marking, compartment"
ROW = "source_file, source_line, raw"
_APART = (
    "CASE WHEN compartment IS NOT NULL THEN '/' || compartment WHEN audience = 'OWN' THEN '/' || "
    "owning_force ELSE '' END"
)


def phone_key(number: str) -> str:
    return _phone_key_of(f"ff_phone({number})")


def _phone_key_of(value: str) -> str:
    return f"'phone/' || {value} || {_APART}"


def vehicle_key(plate: str) -> str:
    return f"'vehicle/' || ff_vrm({plate}) || {_APART}"


def place_key(line: str, town: str, postcode: str) -> str:
    """Key of a place: its words and postcode, whatever their case and spacing."""
    return _place_key_of(line, town, f"ff_postcode({postcode})")


def _place_key_of(line: str, town: str, postcode: str) -> str:
    words = f"ff_name_key_digits(concat_ws(' ', {line}, {town}, {postcode}))"
    return f"'place/' || nullif(left(sha256(nullif({words}, '')), 16), '') || {_APART}"


def phones(said: Sequence[str]) -> str:
    """Objects from relations that give the row, the access and `number`."""
    return f"""
      SELECT {ROW}, {ACCESS}, {_phone_key_of("value")} AS record_key, 'PHONE' AS kind, value,
        number AS value_raw, ff_phone_valid(value) AS valid
      FROM (SELECT *, ff_phone(number) AS value FROM ({_union(said)})) WHERE value <> ''
      QUALIFY row_number() OVER (PARTITION BY record_key ORDER BY source_file, source_line, number) = 1"""


def vehicles(said: Sequence[str]) -> str:
    """Objects from relations that give the row, the access, `plate`, make, model, colour; the fullest row is taken."""
    return f"""
      SELECT {ROW}, {ACCESS}, {vehicle_key("plate")} AS record_key, 'VEHICLE' AS kind, ff_vrm(plate) AS value,
        plate AS value_raw, ff_vrm_valid(ff_vrm(plate)) AS valid, make, model, colour
      FROM ({_union(said)}) WHERE ff_vrm(plate) <> ''
      QUALIFY row_number() OVER
        (PARTITION BY record_key ORDER BY make IS NULL, source_file, source_line, plate) = 1"""


def places(said: Sequence[str]) -> str:
    """Locations from relations that give the row, the access, line, town, postcode_said, latitude, longitude."""
    return f"""
      SELECT {ROW}, {ACCESS}, {_place_key_of("line", "town", "postcode")} AS record_key,
        nullif(concat_ws(', ', line, town), '') AS address_line, postcode,
        ff_district(postcode) AS district, latitude, longitude,
        CASE WHEN regexp_matches(line, '^(?:Flat|Apartment|Unit|[0-9])') THEN 'premise' WHEN line IS NOT NULL THEN
        'street'
          WHEN postcode IS NOT NULL THEN 'postcode' ELSE 'none' END AS "precision"
      FROM (SELECT *, ff_postcode(postcode_said) AS postcode FROM ({_union(said)})) WHERE record_key IS NOT NULL
      QUALIFY row_number() OVER
        (PARTITION BY record_key ORDER BY latitude IS NULL, source_file, source_line, line) = 1"""


def _union(said: Sequence[str]) -> str:
    return " UNION ALL ".join(f"({sql})" for sql in said)
