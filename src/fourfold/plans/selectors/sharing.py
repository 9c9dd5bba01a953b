"""What partners are shown, asked and say."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db.models import F

from fourfold.plans.models import Asked, Plan, Report, Shared
from fourfold.platform.errors import NotThere
from fourfold.platform.people.models import Organisation


def shared_with(of: Plan) -> tuple[Shared, ...]:
    found = Shared.objects.filter(plan=of, ended_on=None).select_related("organisation", "shared_by__organisation")
    return tuple(found.order_by("organisation__name", "pk"))


def asked_of(actions: Iterable[int]) -> tuple[Asked, ...]:
    found = Asked.objects.filter(action__in=list(actions), ended_on=None).select_related("organisation")
    return tuple(found.order_by("organisation__name", "pk"))


def summaries_shared_with(organisation: Organisation) -> tuple[Shared, ...]:
    """Summaries that an organisation may read on their own, newest first."""
    found = Shared.objects.filter(organisation=organisation, ended_on=None).select_related("shared_by__organisation")
    return tuple(found.order_by("-shared_on", "-pk"))


def asked_for(organisation: Organisation) -> tuple[Asked, ...]:
    """What an organisation is asked to do, the soonest due first."""
    found = Asked.objects.filter(organisation=organisation, ended_on=None).select_related("asked_by__organisation")
    return tuple(found.order_by(F("due_on").asc(nulls_last=True), "pk"))


def asked(pk: int, *, of: Organisation) -> Asked:
    found = Asked.objects.filter(pk=pk, organisation=of, ended_on=None).select_related("asked_by__organisation").first()
    if found is None:
        raise NotThere
    return found


def reports_by(organisation: Organisation, actions: Iterable[int]) -> Mapping[int, tuple[Report, ...]]:
    """What people of an organisation have reported on these actions, newest first."""
    made: dict[int, list[Report]] = defaultdict(list)
    found = Report.objects.filter(action_id__in=list(actions), reported_by__organisation=organisation)
    for each in found.select_related("reported_by__organisation").order_by("-reported_on", "-pk"):
        made[each.action_id].append(each)
    return {pk: tuple(reports) for pk, reports in made.items()}
