"""Loading a region's folder. Safe to run again: what is new is added, what changed is changed, what vanished ends."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from fourfold.platform.errors import RuleBroken
from fourfold.platform.people.models import Organisation
from fourfold.platform.reference import rules
from fourfold.platform.reference.models import ReferenceTerm

ORGANISATIONS = "region.yaml"
WITHOUT_TERMS = frozenset({ORGANISATIONS, "sources.yaml"})


@dataclass(frozen=True)
class Loaded:
    """How many organisations and terms the folder has, and what loading it did to the terms."""

    organisations: int
    terms: int
    added: int
    changed: int
    ended: int


@transaction.atomic
def load(region: str, folder: Path, *, today: date) -> Loaded:
    """Load the organisations and terms of a region.

    Args:
        region: Name of the folder, such as `north_west`.
        folder: Where regions stand.
        today: The day on which terms that vanished from their file end.

    Raises:
        RuleBroken: R0 for a folder that is not there; R1 to R4 for a file that cannot be understood.
    """
    home = folder / region
    if not (home / ORGANISATIONS).is_file():
        raise RuleBroken("R0", f"{home} has no {ORGANISATIONS}. Check the region's name and FOURFOLD_REGIONS.")
    contents = {path.name: _read(path) for path in sorted(home.glob("*.yaml"))}
    organisations = _load_organisations(contents[ORGANISATIONS])
    files = [(name, content) for name, content in contents.items() if name not in WITHOUT_TERMS]
    wanted = [term for name, content in files for term in rules.terms_of(content, file=name)]
    added = changed = 0
    for term in wanted:
        made, differs = _load_term(term)
        added += made
        changed += differs
    return Loaded(organisations, len(wanted), added, changed, _end_vanished(wanted, today))


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as unreadable:
        raise RuleBroken("R1", f"{path.name} cannot be read: {' '.join(str(unreadable).split())}") from unreadable
    if not isinstance(content, dict):
        raise RuleBroken("R1", f"{path.name} has no keys. Start it with kind, source, mark, effective_from and items.")
    return content


def _load_organisations(content: dict[str, Any]) -> int:
    for item in content["organisations"]:
        facts = {
            "name": item["name"],
            "short_name": item.get("short_name", item["name"]),
            "kind": item["kind"],
            "region": content["code"],
            "police_code": item.get("police_code", ""),
            "ons_code": item.get("ons_code", ""),
        }
        made, is_new = Organisation.objects.get_or_create(code=item["code"], defaults=facts)
        if not is_new and any(getattr(made, key) != value for key, value in facts.items()):
            Organisation.objects.filter(pk=made.pk).update(**facts)
    return len(content["organisations"])


def _load_term(term: rules.Term) -> tuple[bool, bool]:
    facts = {
        "name": term.name,
        "detail": dict(term.detail),
        "source": term.source,
        "mark": term.mark,
        "effective_to": term.effective_to,
        "position": term.position,
    }
    key = {"kind": term.kind, "code": term.code, "effective_from": term.effective_from}
    kept, is_new = ReferenceTerm.objects.get_or_create(**key, defaults=facts)
    differs = not is_new and any(getattr(kept, name) != value for name, value in facts.items())
    if differs:
        ReferenceTerm.objects.filter(pk=kept.pk).update(**facts)
    return is_new, differs


def _end_vanished(wanted: list[rules.Term], today: date) -> int:
    """End, never delete: records that carry the code still show its name."""
    keys = {(t.kind, t.code, t.effective_from) for t in wanted}
    open_terms = ReferenceTerm.objects.filter(effective_to=None)
    vanished = [t for t in open_terms if (t.kind, t.code, t.effective_from) not in keys]
    for term in vanished:
        ReferenceTerm.objects.filter(pk=term.pk).update(effective_to=max(today, term.effective_from))
    return len(vanished)
