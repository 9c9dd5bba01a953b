"""The St. Louis crimes of Rosenfeld and White: people and crime events from police records of the 1990s.

Real people stand behind the codes that replaced their names. Every row is put in the compartment
`research_networks`, so that it can be read for research only and never meets the records of a region.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fourfold.pipeline.canonical.family import (
    Check,
    Context,
    Family,
    Links,
    Make,
    Step,
    literal,
    owned,
    unknown_restriction,
)
from fourfold.pipeline.canonical.sources.repeated_keys import numbered, times_given
from fourfold.pipeline.delivery import Layout

COMPARTMENT = "research_networks"

ROLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"1": ("VICTIM",), "2": ("SUSPECT",), "3": ("WITNESS",), "4": ("SUSPECT", "VICTIM")}
)
"""The weight of an edge is the role. 4 is "dual": suspect and victim of the same crime, which makes two links."""


class StLouisCrimes(Family):
    """People, crime events and roles. Sex is not taken: the source does not say what its gender codes mean."""

    code = "st_louis_crimes"
    title = "St. Louis crimes, Rosenfeld and White"
    implements = ("person", "event", "link")
    layouts = (
        Layout(table="node", file="crime.nodes.csv", format="csv", columns=("name", "type", "gender")),
        Layout(table="edge", file="crime.edges.csv", format="csv", columns=("from", "to", "weight")),
    )

    def steps(self, context: Context) -> tuple[Step, ...]:
        access = owned(context, restricted=literal(COMPARTMENT))
        closed = unknown_restriction(context, literal(COMPARTMENT))
        return (
            Step(
                "participant",
                "node",
                key="name",
                select=f"SELECT *, {access} FROM landed_node WHERE type IS DISTINCT FROM 'True'",
                checks=(
                    closed,
                    Check("Q-CODE-02", "type", "type IS DISTINCT FROM 'False'"),
                    Check("Q-CODE-04", "gender", "gender IS NOT NULL"),
                ),
            ),
            Step(
                "crime",
                "node",
                key="key",
                select=f"""
                    SELECT *, {access}, {numbered("name")} AS key, {times_given("name")} AS times_given
                    FROM landed_node WHERE type = 'True'""",
                checks=(closed, Check("Q-KEY-03", "name", "times_given > 1")),
            ),
        )

    def makes(self, context: Context) -> tuple[Make, ...]:
        return (
            Make(
                "person",
                "participant",
                {
                    "record_key": "name",
                    "full_name": "name",
                    "name_key": "ff_name_key(name)",
                    "sex": "'U'",
                    "birth_quality": "'none'",
                },
            ),
            Make(
                "event",
                "crime",
                {
                    "record_key": "key",
                    "kind": "'CRIME'",
                    "reference": "name",
                    "title": "'Crime event'",
                    "time_precision": "'none'",
                },
            ),
        )

    def links(self, context: Context) -> tuple[Links, ...]:
        roles = ", ".join(f"({literal(code)}, {literal(role)})" for code, meant in ROLES.items() for role in meant)
        return (
            Links(
                "role",
                "edge",
                select=f"""
                    SELECT e.*, {owned(context, restricted=literal(COMPARTMENT))},
                      e."from" || '/' || e."to" || '/' || coalesce(r.role, 'unknown') AS record_key,
                      'PERSON' AS left_kind, e."to" AS left_key, 'EVENT' AS right_kind, e."from" AS right_key,
                      r.role AS type, 'fact' AS assertion,
                      e."from" IN (SELECT name FROM landed_node GROUP BY name HAVING count(*) > 1) AS name_shared
                    FROM landed_edge e
                    LEFT JOIN (VALUES {roles}) r(code, role) ON r.code = regexp_replace(e.weight, '[.]0+$', '')""",
                checks=(
                    unknown_restriction(context, literal(COMPARTMENT)),
                    Check("Q-CODE-02", "weight", "type IS NULL"),
                    Check("Q-LINK-07", "from", "name_shared"),
                ),
            ),
        )
