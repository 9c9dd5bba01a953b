"""Aims, each with the latest reading of its measure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from fourfold.plans.models import Aim, AimReading
from fourfold.plans.rules import AimState

if TYPE_CHECKING:
    from fourfold.threats.models import Threat


@dataclass(frozen=True, kw_only=True)
class AimLine:
    """An aim as other rooms show it; `latest` is its measure as last read."""

    pk: int
    text: str
    measure: str
    unit: str
    baseline: Decimal | None
    target: Decimal | None
    target_on: date | None
    latest: Decimal | None
    state: str = AimState.OPEN
    position: int = 0


def aims_of(threat: "Threat") -> tuple[AimLine, ...]:
    """The aims of a threat's plan, in their order. Two queries."""
    return _aim_lines(Aim.objects.filter(plan__threat=threat).order_by("position"))


def aims(pks: Iterable[int]) -> tuple[AimLine, ...]:
    """These aims as far as the reader may see them. Two queries."""
    return _aim_lines(Aim.objects.filter(pk__in=list(pks)).order_by("plan_id", "position"))


def threats_of_aims(pks: Iterable[int]) -> Mapping[int, int]:
    """The threat of each of these aims, by key, as far as the reader may see them. One query."""
    return dict(Aim.objects.filter(pk__in=list(pks)).values_list("pk", "plan__threat_id"))


def _aim_lines(found: QuerySet[Aim]) -> tuple[AimLine, ...]:
    aims = tuple(found)
    read = AimReading.objects.filter(aim__in=[aim.pk for aim in aims]).order_by("read_on", "pk")
    latest: dict[int, Decimal] = dict(read.values_list("aim_id", "value"))
    return tuple(
        AimLine(
            pk=aim.pk,
            text=aim.text,
            measure=aim.measure,
            unit=aim.unit,
            baseline=aim.baseline,
            target=aim.target,
            target_on=aim.target_on,
            latest=latest.get(aim.pk),
            state=aim.state,
            position=aim.position,
        )
        for aim in aims
    )
