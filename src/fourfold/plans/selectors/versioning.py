"""What a version of a plan keeps, and who changed the plan since."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from fourfold.plans.models import Action, Aim, AimReading, Consultation, Plan, PlanVersion, Section
from fourfold.plans.selectors.reading import Whole
from fourfold.platform.history.models import Versioned
from fourfold.platform.people.models import User

KEPT_OF_ACTION = (
    "partner",
    "tactic",
    "outcome_wanted",
    "measure",
    "due_on",
    "resource",
    "legal_basis",
    "why_this_threat",
    "status",
    "status_reason",
    "result",
    "evidence",
    "done_on",
)
PARTS_WRITTEN: tuple[type[Versioned], ...] = (Section, Aim, AimReading, Action, Consultation)
NOT_SAID = frozenset({"label_id", *(field.column for field in Versioned._meta.local_fields)})


def content_of(whole: Whole) -> dict[str, Any]:
    """The whole plan as a version keeps it: plain values, people and organisations by name."""
    threat = whole.plan.threat
    content: dict[str, Any] = {
        "header": {
            "threat": threat.reference,
            "name": threat.name,
            "tier": threat.tier,
            "owner": threat.owner.name,
            "lro": _person(threat.lro),
            "deputy": _person(threat.deputy),
            "sio": _person(threat.sio),
        },
        "sections": {part: section.text for part, section in sorted(whole.sections.items()) if section.text},
        "aims": {
            str(aim.position): {
                "text": aim.text,
                "measure": aim.measure,
                "unit": aim.unit,
                "baseline": aim.baseline,
                "target": aim.target,
                "target_on": aim.target_on,
                "state": aim.state,
                "readings": {reading.read_on.isoformat(): reading.value for reading in whole.readings.get(aim.pk, ())},
            }
            for aim in whole.aims
        },
        "actions": {
            str(action.number): {
                "p": action.p,
                "title": action.title,
                "aim": whole.aim_number(action.aim_id),
                "owner": _person(action.owner) if action.owner_id else action.owner_name,
                "agency": action.agency.name if action.agency else "",
                **{name: getattr(action, name) for name in KEPT_OF_ACTION},
            }
            for action in whole.actions
        },
        "consultations": {
            str(each.pk): {
                "partner": each.partner,
                "with_whom": each.with_whom,
                "consulted_on": each.consulted_on,
                "said": each.said,
                "changed": each.changed,
            }
            for each in whole.consultations
        },
    }
    kept: dict[str, Any] = json.loads(json.dumps(content, cls=DjangoJSONEncoder))
    return kept


def digest_of(content: Mapping[str, Any]) -> str:
    """Names what was signed: the same plan gives the same digest."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, cls=DjangoJSONEncoder).encode()).hexdigest()


def _person(user: User | None) -> str:
    return "" if user is None else f"{user.name}, {user.organisation.short_name or user.organisation.name}"


def changed_by_since_version(plan: Plan, user: User) -> bool:
    """Whether somebody said anything in the plan after its latest version, also where another wrote over it since.

    Saying counts, not touching: who took the threat over put its plan under their own label, and wrote none of it.
    """
    latest = PlanVersion.objects.filter(plan=plan).order_by("-number").values_list("recorded_from", flat=True).first()
    return any(_said_differently(part, plan, user, latest) for part in PARTS_WRITTEN)


def _said_differently(part: type[Versioned], plan: Plan, user: User, after: datetime | None) -> bool:
    """Whether a person wrote a version of one kind of part that says something else than the one before it."""
    of_plan = "plan_id = %(plan)s"
    if part is AimReading:
        of_plan = f"aim_id in (select id from {Aim._meta.db_table} where {of_plan})"
    said = ", ".join(f'"{field.column}"' for field in part._meta.concrete_fields if field.column not in NOT_SAID)
    table = part._meta.db_table
    versions = " union all ".join(
        f'select id, recorded_from, recorded_by, row({said})::text as said from public."{each}" where {of_plan}'
        for each in (table, f"{table}_was")
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from (select *, lag(said) over (partition by id order by recorded_from) as was "
            f"from ({versions}) as versions) as compared where recorded_by = %(user)s and said is distinct from was "
            "and recorded_from > coalesce(%(after)s, '-infinity'::timestamptz))",
            {"plan": plan.pk, "user": user.pk, "after": after},
        )
        return bool(cursor.fetchone()[0])
