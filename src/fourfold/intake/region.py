"""The region's sources as data: `regions/<region>/sources.yaml`."""

from pathlib import Path
from typing import Any

import yaml

from fourfold.intake.rules import SOURCE_CODE, Cadence, SourceFacts
from fourfold.platform.errors import RuleBroken

FILE = "sources.yaml"


def sources_in(folder: Path) -> tuple[SourceFacts, ...]:
    """The sources that a region's folder describes, in its order.

    Raises:
        RuleBroken: IN6 the file is missing or an entry is not whole, saying which.
    """
    path = folder / FILE
    if not path.exists():
        raise RuleBroken("IN6", f"The region has no file {path.name} that describes its sources")
    items = (yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}).get("items", [])
    return tuple(_facts(item) for item in items)


def _facts(item: dict[str, Any]) -> SourceFacts:
    code = str(item.get("code", ""))
    if not SOURCE_CODE.fullmatch(code):
        raise RuleBroken("IN6", f"A source has the code {code!r}; use small letters, digits and underscores")
    try:
        agreement = item["agreement"]
        return SourceFacts(
            code=code,
            name=item["name"],
            family=item["family"],
            owner=item["owner"],
            forces=tuple(item["forces"]),
            agreement=agreement["reference"],
            agreement_from=agreement["from"],
            agreement_to=agreement.get("to"),
            audience=item["audience"],
            marking=item["marking"],
            compartment=item.get("compartment", ""),
            cadence=Cadence(item["cadence"]),
        )
    except (KeyError, ValueError) as missing:
        raise RuleBroken("IN6", f"The source {code} in {FILE} lacks or misspells {missing}") from missing
