"""The 43 territorial police force areas of England and Wales, from the Office for National Statistics: one GeoJSON
file.
"""

from __future__ import annotations

from fourfold.pipeline.canonical.family import Check, Context, Family, Links, Make, Step, owned
from fourfold.pipeline.delivery import Layout


class OnsForceAreas(Family):
    """Force areas as places, keyed by their ONS code. The position is the middle the publisher gives, not a scene."""

    code = "ons_force_areas"
    title = "Police force areas, Office for National Statistics"
    implements = ("location",)
    layouts = (
        Layout(
            table="area",
            file="police_force_areas_EW.geojson",
            format="geojson",
            shape={"properties": {"PFA20CD": "", "PFA20NM": "", "LONG": "", "LAT": ""}, "geometry": {"type": ""}},
        ),
    )

    def steps(self, context: Context) -> tuple[Step, ...]:
        return (
            Step(
                "area",
                "area",
                key="code",
                select=f"""
                    SELECT *, {owned(context)}, properties.PFA20CD AS code, properties.PFA20NM AS area_name,
                      TRY_CAST(properties.LAT AS DOUBLE) AS latitude, TRY_CAST(properties.LONG AS DOUBLE) AS longitude
                    FROM landed_area""",
                checks=(
                    Check("Q-VALUE-01", "PFA20NM", "area_name IS NULL"),
                    Check("Q-CODE-02", "PFA20CD", "NOT regexp_full_match(code, '[EW][0-9]{8}')"),
                    Check("Q-PLACE-01", "LAT", "latitude IS NULL OR longitude IS NULL"),
                    Check("Q-PLACE-01", "geometry", "coalesce(geometry.type, '') NOT IN ('Polygon', 'MultiPolygon')"),
                ),
            ),
        )

    def makes(self, context: Context) -> tuple[Make, ...]:
        return (
            Make(
                "location",
                "area",
                {
                    "record_key": "code",
                    "district": "area_name",
                    "precision": "CASE WHEN latitude + longitude IS NOT NULL THEN 'district' ELSE 'none' END",
                    "name": "area_name || ' police force area'",
                },
            ),
        )

    def links(self, context: Context) -> tuple[Links, ...]:
        return ()
