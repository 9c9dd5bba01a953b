"""What plans put on a person's first page: their actions, reviews and signatures, and what was passed on to them."""

from datetime import date, timedelta

from django.urls import reverse

from fourfold.plans import pages, rules, selectors
from fourfold.platform.people.models import User
from fourfold.platform.people.rules import may
from fourfold.platform.ui.components import Figure
from fourfold.platform.ui.jinja import plural, shown_date
from fourfold.platform.ui.my_work import Due, Work
from fourfold.threats.rules import READ

AHEAD = timedelta(days=28)
PASSED_ON = ("TO_LRO", "TO_SRO", "REVIEW_TO_SRO")


def work_of(user: User, today: date) -> Work:
    """Everything in plans that this person is to do. Nothing for those who have no part in threats."""
    if not may(user, READ):
        return Work()
    return Work((*_actions(user, today), *_reviews(user, today), *_passed_on(user, today)), _waiting(user))


def _actions(user: User, today: date) -> list[Due]:
    return [
        Due(
            action.due_on,
            f"Do: {action.title}",
            pages.address(action.plan, "action", number=action.number),
            _hint(action.due_on, today, f"{action.plan.threat.name}, action {action.number}"),
        )
        for action in selectors.actions_of_person(user).filter(due_on__lte=today + AHEAD)
        if action.due_on is not None
    ]


def _reviews(user: User, today: date) -> list[Due]:
    return [
        Due(
            plan.next_review_on,
            f"Review the plan of {plan.threat.name}",
            pages.of_threat(plan),
            _hint(plan.next_review_on, today, plan.reference),
        )
        for plan in selectors.plans_to_review(user).filter(next_review_on__lte=today + AHEAD)
        if plan.next_review_on is not None
    ]


def _passed_on(user: User, today: date) -> list[Due]:
    """What is so long overdue that it was passed on to this person."""
    found = []
    for reminder in selectors.reminders_of(user, today=today).filter(kind__in=PASSED_ON):
        plan, action = reminder.plan, reminder.action
        days = plural((today - reminder.due_on).days, "day", "days")
        if action is None:
            text, href = f"Have the plan of {plan.threat.name} reviewed", pages.of_threat(plan)
        else:
            text = f"Ask after action {action.number} of {plan.threat.name}"
            href = pages.address(plan, "action", number=action.number)
        found.append(
            Due(reminder.due_on, text, href, f"{days} overdue, passed on to you on {shown_date(reminder.made_on)}")
        )
    return found


def _hint(due_on: date, today: date, about: str) -> str:
    left = (due_on - today).days
    if left < 0:
        return f"{about}. {plural(-left, 'day', 'days')} overdue"
    if left <= 1:
        return f"{about}. {'Today' if left == 0 else 'Tomorrow'}"
    return about


def _waiting(user: User) -> tuple[Figure, ...]:
    found = []
    if may(user, rules.SIGN):
        unsigned = selectors.reviews_to_sign(user)
        if unsigned:
            first = unsigned[0]
            to = (
                pages.address(first.plan, "review", pk=first.pk)
                if len(unsigned) == 1
                else f"{reverse('plans:list')}?lro={user.pk}"
            )
            found.append(Figure.of(len(unsigned), "plan review to sign", "plan reviews to sign", to))
    if may(user, rules.APPROVE):
        drafts = selectors.drafts_to_adopt(user)
        if drafts:
            to = f"{reverse('plans:list')}?state=DRAFT&open=yes&force={user.organisation.code}"
            found.append(
                Figure.of(
                    drafts,
                    "plan of your organisation not adopted yet",
                    "plans of your organisation not adopted yet",
                    to,
                )
            )
    if may(user, rules.ACT):
        asked = len(selectors.asked_for(user.organisation))
        if asked:
            found.append(
                Figure.of(
                    asked,
                    "thing your organisation is asked to do",
                    "things your organisation is asked to do",
                    reverse("plans:with_us"),
                )
            )
    if may(user, rules.WRITE):
        reports = selectors.reports_waiting(user)
        if reports:
            to = pages.of_threat(reports[0].action.plan) if len(reports) == 1 else reverse("plans:my_actions")
            found.append(
                Figure.of(
                    len(reports),
                    "report from another organisation to answer",
                    "reports from other organisations to answer",
                    to,
                )
            )
    return tuple(found)
