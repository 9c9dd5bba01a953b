"""What worked before, on threats of the same kind."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from math import sqrt
from typing import TYPE_CHECKING

from django.db.models import Count, Q, QuerySet

from fourfold.plans.models import Action
from fourfold.plans.rules import Status
from fourfold.plans.selectors.rooms import movers_of

if TYPE_CHECKING:
    from fourfold.threats.models import Threat

RESULTS_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Worked:
    """What one tactic did on other threats of the same kind: how often it was done, what came of it."""

    tactic: str
    p: str
    done: int
    not_done: int
    threats: int
    results: tuple[tuple[str, str, str, date], ...]
    moved: int

    @property
    def sureness(self) -> float:
        """The lower end of what the share of done actions may truly be (Wilson, 95 in 100): few tries rank low."""
        tried = self.done + self.not_done
        return wilson_low(self.done, tried)


def wilson_low(good: int, of: int) -> float:
    if not of:
        return 0.0
    z = 1.96
    share = good / of
    middle = share + z * z / (2 * of)
    margin = z * sqrt((share * (1 - share) + z * z / (4 * of)) / of)
    return (middle - margin) / (1 + z * z / of)


def what_worked(threat: "Threat", *, p: str = "", limit: int = 5) -> tuple[Worked, ...]:
    """Tactics by what they did on other threats of the same type with a theme in common, that the reader may see.

    Those that were done most surely come first. Two queries and those of the rooms that know what moved an aim.
    """
    found = Action.objects.filter(
        plan__threat__threat_type=threat.threat_type,
        plan__threat__themes__overlap=threat.themes,
        status__in=(Status.DONE, Status.NOT_DONE),
    )
    return _worked(found.exclude(plan__threat=threat).exclude(tactic=""), p=p, limit=limit)


def what_tactic_did(code: str) -> Worked | None:
    """The same for one tactic on any threat that the reader may see."""
    found = _worked(Action.objects.filter(tactic=code, status__in=(Status.DONE, Status.NOT_DONE)), p="", limit=1)
    return found[0] if found else None


def _worked(found: QuerySet[Action], *, p: str, limit: int) -> tuple[Worked, ...]:
    if p:
        found = found.filter(p=p)
    tried = (
        found.order_by()
        .values("tactic")
        .annotate(
            done=Count("pk", filter=Q(status=Status.DONE)),
            not_done=Count("pk", filter=Q(status=Status.NOT_DONE)),
            threats=Count("plan", distinct=True, filter=Q(status=Status.DONE)),
        )
    )
    ranked = sorted(
        (row for row in tried if row["done"]),
        key=lambda row: (-wilson_low(row["done"], row["done"] + row["not_done"]), -row["done"], row["tactic"]),
    )[:limit]
    chosen = [row["tactic"] for row in ranked]
    told: dict[str, list[Action]] = defaultdict(list)
    done = found.filter(status=Status.DONE, tactic__in=chosen).exclude(result="").select_related("plan__threat", "aim")
    for each in done.order_by("-done_on", "pk")[: 40 * limit]:
        told[each.tactic].append(each)
    moved = movers_of({a.aim_id for acts in told.values() for a in acts if a.aim_id})
    return tuple(
        Worked(
            tactic=row["tactic"],
            p=told[row["tactic"]][0].p if told[row["tactic"]] else "",
            done=row["done"],
            not_done=row["not_done"],
            threats=row["threats"],
            results=tuple(
                (a.plan.threat.reference, a.plan.threat.name, a.result, a.done_on)
                for a in told[row["tactic"]][:RESULTS_SHOWN]
                if a.done_on
            ),
            moved=sum(bool(moved.get(pk)) for pk in {a.aim_id for a in told[row["tactic"]] if a.aim_id}),
        )
        for row in ranked
    )
