"""The HMPPS prison register with postcode-district positions: one CSV file.

A prison that is not active has no address in the register; it is published as a place without a position.
"""

from __future__ import annotations

from fourfold.pipeline.canonical.family import Check, Context, Family, Links, Make, Step, owned
from fourfold.pipeline.canonical.sources.repeated_keys import numbered, times_given
from fourfold.pipeline.delivery import Layout

_ADDRESS = "nullif(concat_ws(', ', address_line1, address_line2, town, county), '')"


class HmppsPrisons(Family):
    """Prisons as places. Positions are of the postcode district, never of the gate: `precision` says so."""

    code = "hmpps_prisons"
    title = "Prison register, Ministry of Justice"
    implements = ("location",)
    layouts = (
        Layout(
            table="prison",
            file="hmpps_prison_register.csv",
            format="csv",
            columns=(
                "prison_id",
                "name",
                "active",
                "address_line1",
                "address_line2",
                "town",
                "county",
                "postcode",
                "district",
                "lat_district",
                "lon_district",
            ),
            optional=(
                "male",
                "female",
                "contracted",
                "lthse",
                "prison_name_in_welsh",
                "country",
                "address_line1_in_welsh",
                "town_in_welsh",
                "county_in_welsh",
                "country_in_welsh",
                "types",
                "categories",
            ),
        ),
    )

    def steps(self, context: Context) -> tuple[Step, ...]:
        return (
            Step(
                "prison",
                "prison",
                key="key",
                select=f"""
                    SELECT *, {owned(context)},
                      {numbered("prison_id")} AS key, {times_given("prison_id")} AS times_given,
                      active = '1' AS is_active,
                      TRY_CAST(lat_district AS DOUBLE) AS latitude, TRY_CAST(lon_district AS DOUBLE) AS longitude
                    FROM landed_prison""",
                checks=(
                    Check("Q-VALUE-01", "name", "name IS NULL"),
                    Check("Q-KEY-03", "prison_id", "times_given > 1"),
                    Check("Q-CODE-02", "active", "coalesce(active, '') NOT IN ('0', '1')"),
                    Check("Q-CLOSED-01", "active", "NOT is_active"),
                    Check("Q-POST-01", "postcode", "postcode IS NOT NULL AND ff_postcode(postcode) IS NULL"),
                    Check("Q-POST-02", "postcode", "is_active AND postcode IS NULL"),
                    Check("Q-PLACE-01", "lat_district", "is_active AND (latitude IS NULL OR longitude IS NULL)"),
                ),
            ),
        )

    def makes(self, context: Context) -> tuple[Make, ...]:
        return (
            Make(
                "location",
                "prison",
                {
                    "record_key": "key",
                    "address_line": _ADDRESS,
                    "postcode": "ff_postcode(postcode)",
                    "district": "district",
                    "precision": "CASE WHEN latitude + longitude IS NOT NULL THEN 'district' ELSE 'none' END",
                    "name": "name",
                },
            ),
        )

    def links(self, context: Context) -> tuple[Links, ...]:
        return ()
