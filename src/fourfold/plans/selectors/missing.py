"""Conditions by which threats and plans stand out."""

from datetime import date

from django.db.models import Q

from fourfold.plans.models import Plan
from fourfold.plans.rules import State


def has_plan() -> Q:
    """A condition on `Threat`."""
    return Q(pk__in=Plan.objects.exclude(state=State.CLOSED).values("threat"))


def has_adopted() -> Q:
    return Q(pk__in=Plan.objects.filter(version__gt=0).exclude(state=State.CLOSED).values("threat"))


def review_overdue(today: date) -> Q:
    return Q(pk__in=Plan.objects.filter(state=State.ADOPTED, next_review_on__lt=today).values("threat"))
