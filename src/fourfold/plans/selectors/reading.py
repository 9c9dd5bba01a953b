"""Plans and their parts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import F, QuerySet

from fourfold.plans import rules
from fourfold.plans.models import (
    Action,
    Aim,
    AimReading,
    Consultation,
    PeerReview,
    Plan,
    PlanVersion,
    Report,
    Review,
    Section,
)
from fourfold.plans.rules import State
from fourfold.platform.errors import NotThere
from fourfold.threats import selectors as threats

if TYPE_CHECKING:
    from fourfold.threats.models import Threat


def plans() -> QuerySet[Plan]:
    return Plan.objects.select_related(
        "threat__owner",
        "threat__lro__organisation",
        "threat__deputy__organisation",
        "threat__sio__organisation",
        "author__organisation",
        "approved_by__organisation",
        "label__owner",
        "label__compartment",
        "label__agreement",
    )


def plan(reference: str) -> Plan:
    """The plan of that reference. Raises `NotThere` where there is none that the reader may see."""
    found = None if "\x00" in reference else plans().filter(reference=reference).first()
    if found is None:
        raise NotThere
    return found


def plan_of(threat: "Threat") -> Plan | None:
    return plans().filter(threat=threat).first()


@dataclass(frozen=True, kw_only=True)
class Whole:
    """A plan with everything in it, read once."""

    plan: Plan
    sections: Mapping[str, Section]
    aims: tuple[Aim, ...]
    readings: Mapping[int, tuple[AimReading, ...]]
    actions: tuple[Action, ...]
    consultations: tuple[Consultation, ...]

    def aim_number(self, pk: int | None) -> int | None:
        return next((aim.position for aim in self.aims if aim.pk == pk), None)


def whole(plan: Plan) -> Whole:
    """Five queries, however long the plan."""
    aims = tuple(Aim.objects.filter(plan=plan).order_by("position"))
    readings: dict[int, list[AimReading]] = defaultdict(list)
    for reading in AimReading.objects.filter(aim__in=[aim.pk for aim in aims]).order_by("read_on", "pk"):
        readings[reading.aim_id].append(reading)
    return Whole(
        plan=plan,
        sections={section.part: section for section in Section.objects.filter(plan=plan)},
        aims=aims,
        readings={pk: tuple(found) for pk, found in readings.items()},
        actions=tuple(
            Action.objects.filter(plan=plan).select_related("owner__organisation", "agency", "aim").order_by("number")
        ),
        consultations=tuple(Consultation.objects.filter(plan=plan).order_by("-consulted_on", "-pk")),
    )


def section(plan: Plan, part: str) -> Section | None:
    return Section.objects.filter(plan=plan, part=part).first()


def aim(pk: int, *, of: Plan) -> Aim:
    found = Aim.objects.filter(pk=pk, plan=of).first()
    if found is None:
        raise NotThere
    return found


def action(number: int, *, of: Plan) -> Action:
    found = (
        Action.objects.filter(plan=of, number=number)
        .select_related("owner__organisation", "agency", "aim", "plan__threat", "plan__label", "label")
        .first()
    )
    if found is None:
        raise NotThere
    return found


def review(pk: int, *, of: Plan) -> Review:
    found = reviews(of).filter(pk=pk).first()
    if found is None:
        raise NotThere
    return found


def reviews(of: Plan) -> QuerySet[Review]:
    people = ("begun_by__organisation", "lro_signed_by__organisation", "sio_signed_by__organisation")
    return Review.objects.filter(plan=of).select_related(*people).order_by("-begun_on", "-pk")


def open_review(of: Plan) -> Review | None:
    return reviews(of).filter(completed_on=None).first()


def peer_reviews(of: Plan) -> QuerySet[PeerReview]:
    people = ("reviewer__organisation", "answered_by__organisation")
    return PeerReview.objects.filter(plan=of).select_related(*people).order_by("-reviewed_on", "-pk")


def peer_review(pk: int, *, of: Plan) -> PeerReview:
    found = peer_reviews(of).filter(pk=pk).first()
    if found is None:
        raise NotThere
    return found


def versions(of: Plan) -> QuerySet[PlanVersion]:
    """Newest first."""
    return PlanVersion.objects.filter(plan=of).select_related("made_by__organisation").order_by("-number")


def version(number: int, *, of: Plan) -> PlanVersion:
    found = versions(of).filter(number=number).first()
    if found is None:
        raise NotThere
    return found


def reports_on(actions: Iterable[int]) -> tuple[Report, ...]:
    """What owners of other organisations say of these actions and nobody has answered yet, oldest first."""
    found = Report.objects.filter(action__in=list(actions), answer=None).select_related("reported_by__organisation")
    return tuple(found.order_by("reported_on", "pk"))


def report(pk: int, *, of: Action) -> Report:
    found = Report.objects.filter(pk=pk, action=of).select_related("reported_by__organisation").first()
    if found is None:
        raise NotThere
    return found


def actions() -> QuerySet[Action]:
    return Action.objects.select_related("plan__threat__owner", "owner__organisation", "agency", "aim")


def open_actions() -> QuerySet[Action]:
    """Actions still to be done, of open plans of open threats."""
    return (
        actions().filter(status__in=rules.OPEN_STATUSES, plan__threat__closed_on=None).exclude(plan__state=State.CLOSED)
    )


def offered_to(threat: "Threat") -> tuple[Action, ...]:
    """Actions of threats merged into this one that nobody has taken over or left out: their plans closed with them."""
    merged = threats.merged_here(threat).order_by().values("pk")
    found = actions().filter(plan__threat__in=merged, status__in=rules.OPEN_STATUSES, plan__state=State.CLOSED)
    found = found.filter(plan__closed_on=F("plan__threat__closed_on")).select_related("label__owner", "plan__label")
    return tuple(found.order_by("plan_id", "number"))


def health_of(threat_ids: Iterable[int]) -> Mapping[int, int]:
    """The score of each threat's plan, 0 to 100; threats without a plan are left out. One query."""
    return dict(Plan.objects.filter(threat__in=list(threat_ids)).values_list("threat_id", "score"))
