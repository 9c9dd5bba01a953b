"""Scoring models: read from a file, checked, kept once."""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from fourfold.assessments import rules
from fourfold.assessments.models import AssessmentModel
from fourfold.assessments.rules import broken
from fourfold.assessments.rules.definition import digest_of, faults_of, model_of
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.people.models import User
from fourfold.platform.visibility import scope

SHIPPED = "assessment_models"
FILE_LIMIT = 200_000
DEEPEST = 20


def read_model(text: str) -> Mapping[str, Any]:
    """The contents of a model's file. Raises `RuleBroken` MO5 where it is no YAML, or more than a model needs of it.

    A few lines that refer to each other can stand for gigabytes, and brackets without end for hours of reading, or,
    with PyYAML's quicker loader in C, for a process that stops. A file from outside may do neither.
    """
    depth = 0
    try:
        for event in yaml.parse(text):
            if isinstance(event, yaml.AliasEvent):
                raise broken("MO5", "file", why="it refers to another part of itself (*name): write that part out")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise broken("MO5", "file", why=f"more than {DEEPEST} of its parts lie in each other")
        content = yaml.safe_load(text)
    except yaml.YAMLError as unreadable:
        raise broken("MO5", "file", why=" ".join(str(unreadable).split())) from unreadable
    return content if isinstance(content, Mapping) else {"contents": content}


@transaction.atomic
def load_model(*, content: Mapping[str, Any], now: datetime, actor: User | None = None) -> tuple[AssessmentModel, bool]:
    """Keep a version of a model, and say whether it is new. The same file again changes nothing.

    Raises:
        RuleBroken: MO1 to MO3: not allowed, not usable, or another version under a code that is taken.
    """
    if actor is not None and not rules.may(actor, rules.MANAGE_MODELS):
        raise broken("MO1")
    faults = faults_of(content)
    if faults:
        raise broken("MO2", "file", faults="; ".join(f"{each.where} {each.what}" for each in faults))
    model, digest = model_of(content), digest_of(content)
    facts = {
        "kind": model.kind.value,
        "name": model.name,
        "definition": yaml_plain(content),
        "source": model.source,
        "mark": model.mark,
        "effective_from": model.effective_from,
        "digest": digest,
        "loaded_at": now,
        "loaded_by": actor,
    }
    kept, is_new = AssessmentModel.objects.get_or_create(code=model.code, defaults=facts)
    if kept.digest != digest:
        raise broken("MO3", "file", model=model.code)
    if is_new and scope.current() is not None:
        audit.note(Operation.COLLECTION, kept, reference=kept.code, change="model loaded", digest=digest)
    return kept, is_new


def load_shipped_models(folder: Path, *, now: datetime) -> int:
    """Load the models of a region's folder, and say how many it has. Safe to run again.

    Raises:
        RuleBroken: MO2, MO3 or MO5, for a file that cannot be used or that changed after it was loaded.
    """
    files = sorted((folder / SHIPPED).glob("*.yaml"))
    for path in files:
        load_model(content=read_model(path.read_text(encoding="utf-8")), now=now)
    return len(files)


def yaml_plain(content: Any) -> Any:
    """What YAML read, as JSON keeps it: dates become text."""
    if isinstance(content, Mapping):
        return {str(key): yaml_plain(value) for key, value in content.items()}
    if isinstance(content, list):
        return [yaml_plain(value) for value in content]
    return content.isoformat() if isinstance(content, date) else content
