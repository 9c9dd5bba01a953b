"""Layouts for tests that need no database: the region's own, and another one that a region might load."""

from pathlib import Path
from typing import Any

import yaml

from fourfold.disruptions.rules import FactWords
from fourfold.exchange import rules
from fourfold.exchange.rules import Kind, Layout, Words
from fourfold.exchange.sheets.assessments import FIELDS as ASSESSMENT_FIELDS
from fourfold.exchange.sheets.disruptions import fields as disruption_fields
from fourfold.exchange.sheets.threats import FIELDS as THREAT_FIELDS

REGION = Path(__file__).parents[2] / "regions" / "north_west"


def _facts() -> dict[str, FactWords]:
    items = yaml.safe_load((REGION / "disruption_facts.yaml").read_text())["items"]
    return {i["code"]: FactWords(i["code"], i["name"], i["detail"]["unit"]) for i in items}


FIELDS = {
    Kind.THREATS: THREAT_FIELDS,
    Kind.ASSESSMENTS: ASSESSMENT_FIELDS,
    Kind.DISRUPTIONS: disruption_fields(_facts()),
}
DEFINITION: dict[str, Any] = yaml.safe_load((REGION / "exchange_layout.yaml").read_text())["items"][0]["detail"]
# Another body's: other names, order, words, dates, and its own mark between things; fewer columns.
OTHER: dict[str, Any] = {
    "version": "7",
    "dates": ["%Y.%m.%d", "%Y-%m-%d"],
    "separator": "|",
    "yes_word": "Y",
    "no_word": "N",
    "sheets": [
        {
            "holds": "disruptions",
            "name": "DSR",
            "columns": [
                {"field": "event_on", "heading": "WHEN", "required": True},
                {"field": "category", "heading": "IMPACT", "values": {"MAJOR": "1", "MODERATE": "2", "MINOR": "3"}},
                {"field": "primary_p", "heading": "FOUR P", "values": {"PURSUE": "PU", "PREVENT": "PV"}},
                {"field": "threat", "heading": "THREAT NO", "required": True},
                {"field": "reference", "heading": "NO"},
                {"field": "late", "heading": "LATE"},
            ],
        },
        {
            "holds": "threats",
            "name": "MASTER",
            "columns": [
                {"field": "name", "heading": "TITLE", "required": True},
                {"field": "themes", "heading": "THEMES", "values": {"DRU.county_lines": "CL", "FIR": "GUNS"}},
                {"field": "reference", "heading": "NO"},
                {"field": "threat_type", "heading": "CLASS", "values": {"OCG": "A", "PRIORITY_INDIVIDUAL": "B"}},
                {"field": "summary", "heading": "WORDS"},
                {"field": "phase", "heading": "STAGE"},
                {"field": "nominated_on", "heading": "FIRST SEEN"},
            ],
        },
    ],
}
WORDS: Words = {
    "threat_type": {"OCG": "Organised crime group", "VULNERABILITY": "Vulnerability"},
    "tier": {"1": "Tier 1", "2": "Tier 2", "UNTIERED": "Untiered"},
    "phase": {"DEVELOPMENT": "Development", "CLOSED_DORMANT": "Closed – dormant"},
    "theme": {"DRU": "Drugs", "DRU.county_lines": "Drugs: County lines", "CYB": "Cyber-dependent crime"},
    "organisation": {"gmp": "GMP", "merseyside": "Merseyside", "north_wales": "North Wales"},
    "p": {"PURSUE": "Pursue", "PREVENT": "Prevent"},
    "disruption_category": {"MAJOR": "Major", "MINOR": "Minor"},
}


def layout(definition: dict[str, Any] | None = None) -> Layout:
    return rules.layout_of(
        definition or DEFINITION, code="T", name="A layout", source="tests", is_our_default=True, fields=FIELDS
    )
