"""Who has to do something about a plan, and who may be asked to."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date

from django.db.models import F, Q, QuerySet

from fourfold.plans import rules
from fourfold.plans.models import Action, CalendarAddress, Plan, Reminder, Report, Review
from fourfold.plans.rules import State
from fourfold.plans.selectors.reading import open_actions, plans
from fourfold.platform.people.models import Organisation, User, UserKind
from fourfold.platform.people.selectors import own_first
from fourfold.platform.visibility import selectors as visibility
from fourfold.platform.visibility.models import AccessLabel


def actions_of_person(user: User) -> QuerySet[Action]:
    """Open actions that somebody owns, the soonest due first and what has no date last."""
    return open_actions().filter(owner=user).order_by(F("due_on").asc(nulls_last=True), "pk")


def plans_to_review(user: User) -> QuerySet[Plan]:
    """Adopted plans of open threats that somebody leads, deputises for or investigates, the soonest due first."""
    answers = Q(threat__lro=user) | Q(threat__deputy=user) | Q(threat__sio=user)
    found = plans().filter(answers, state=State.ADOPTED, threat__closed_on=None)
    return found.order_by(F("next_review_on").asc(nulls_last=True), "pk")


def reviews_to_sign(user: User) -> tuple[Review, ...]:
    """Reviews under way that wait for this person's signature."""
    plan_of = "plan__threat"
    as_lro = Q(lro_signed_by=None) & (Q(**{f"{plan_of}__lro": user}) | Q(**{f"{plan_of}__deputy": user}))
    as_sio = Q(sio_signed_by=None) & Q(**{f"{plan_of}__sio": user})
    found = Review.objects.filter(as_lro | as_sio, completed_on=None).exclude(plan__state=State.CLOSED)
    found = found.exclude(Q(lro_signed_by=user) | Q(sio_signed_by=user)).select_related("plan__threat")
    return tuple(found.order_by("begun_on", "pk"))


def drafts_to_adopt(user: User) -> int:
    """How many drafts of open threats of somebody's organisation wait to be adopted."""
    found = Plan.objects.filter(state=State.DRAFT, threat__closed_on=None, threat__owner=user.organisation)
    return found.count()


def reports_waiting(user: User) -> tuple[Report, ...]:
    """Reports from other organisations on plans that this person leads, deputises for or investigates."""
    threat = "action__plan__threat"
    answers = Q(**{f"{threat}__lro": user}) | Q(**{f"{threat}__deputy": user}) | Q(**{f"{threat}__sio": user})
    found = Report.objects.filter(answers, answer=None).select_related("action__plan__threat")
    return tuple(found.order_by("reported_on", "pk"))


def called(ids: Collection[str]) -> Mapping[str, str]:
    """References by key, of the plans that the reader may see."""
    found = Plan.objects.filter(pk__in=[int(each) for each in ids]).values_list("pk", "reference") if ids else ()
    return {str(pk): reference for pk, reference in found}


def calendar_address(user: User) -> CalendarAddress | None:
    return CalendarAddress.objects.filter(user=user, ended_at=None).first()


def people_for(label: AccessLabel, *, today: date, own: int | None = None) -> tuple[User, ...]:
    """People who can own an action under this label, those of one organisation first: they can sign in and read it."""
    found = tuple(own_first(User.objects.filter(is_active=True, kind=UserKind.PERSON), own))
    reading = readers(label, [user.pk for user in found], today=today)
    return tuple(user for user in found if user.pk in reading)


def readers(label: AccessLabel, users: Collection[int], *, today: date) -> frozenset[int]:
    """Which of these users may read a plan under a label. No query where nobody is asked about."""
    return visibility.who_read(label, users, today=today) if users else frozenset()


def told_by(reminders: Iterable[Reminder], *, today: date) -> tuple[User, ...]:
    """Whom these reminders may be told to: only those who may read what they are about."""
    by_label: dict[int, list[Reminder]] = defaultdict(list)
    for reminder in reminders:
        by_label[reminder.label_id].append(reminder)
    told: dict[int, User] = {}
    for under in by_label.values():
        reading = visibility.who_read(under[0].label, {each.user_id for each in under}, today=today)
        told |= {each.user_id: each.user for each in under if each.user_id in reading}
    return tuple(told.values())


def organisations() -> QuerySet[Organisation]:
    """Organisations that can do something in a plan."""
    return Organisation.objects.exclude(code="fourfold").order_by("name")


def reminders_of(user: User, *, today: date) -> QuerySet[Reminder]:
    """Reminders that still hold: the action is open and due as it was, or the review is not done. The latest first."""
    standing = Q(action__status__in=rules.OPEN_STATUSES, action__due_on=F("due_on")) | Q(
        action=None, plan__next_review_on=F("due_on")
    )
    return (
        Reminder.objects.filter(standing, user=user, plan__threat__closed_on=None, made_on__lte=today)
        .exclude(plan__state=State.CLOSED)
        .select_related("plan__threat", "action")
        .order_by("due_on", "-made_on", "pk")
    )
