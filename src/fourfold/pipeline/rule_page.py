"""The reference page of the quarantine rules, written from the catalogue: `python -m fourfold.pipeline.rule_page`."""

from __future__ import annotations

import sys

from fourfold.pipeline.catalogue import RULES, Effect

_GROUPS = {
    "FILE": "Files",
    "ZIP": "Zip files",
    "MANIFEST": "The manifest",
    "FAMILY": "The source family",
    "ROW": "Rows as text",
    "KEY": "Identifiers",
    "FORCE": "Owner",
    "RESTRICT": "Restriction",
    "CLOSED": "Places that have closed",
    "DATE": "Dates",
    "TIME": "Times",
    "CODE": "Codes",
    "ID": "Identifiers of people",
    "VRM": "Registrations",
    "PHONE": "Telephone numbers",
    "POST": "Postcodes",
    "PLACE": "Places",
    "NAME": "Names",
    "VALUE": "Values",
    "GRADE": "Grading",
    "HANDLING": "Handling",
    "TEXT": "Text",
    "LINK": "Links",
    "MERGE": "Merges",
}


def page() -> str:
    """The page as Markdown."""
    lines = [
        "# Quarantine rules",
        "",
        "Made from the catalogue in `src/fourfold/pipeline/catalogue.py`; do not edit. A test checks that it is "
        "current.",
        "",
        "Words in braces are filled in with what was found. What a rule does:",
        "",
        *(f"- **{effect}**: {effect.label}." for effect in Effect),
    ]
    group = ""
    for rule in sorted(RULES, key=lambda rule: list(_GROUPS).index(rule.code.split("-")[1])):
        name = _GROUPS[rule.code.split("-")[1]]
        if name != group:
            group = name
            lines += ["", f"## {name}", "", "| rule | does | what a person reads | what to do |", "|---|---|---|---|"]
        lines.append(f"| {rule.code} | {rule.effect} | {rule.sentence} | {rule.advice} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
