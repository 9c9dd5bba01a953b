"""What disruptions put on a person's first page: what to mend, pass and look at, and what became of what they did."""

from datetime import date, timedelta

from django.urls import reverse

from fourfold.disruptions import lists, pages, rules, selectors
from fourfold.plans import selectors as plans
from fourfold.platform import clock
from fourfold.platform.people.models import User
from fourfold.platform.people.rules import may
from fourfold.platform.ui.components import Figure
from fourfold.platform.ui.my_work import Due, News, Work
from fourfold.threats.rules import READ, WHOLE_REGION

AHEAD = timedelta(days=28)
TOLD_FOR = timedelta(days=7)
MEND_IN = timedelta(days=7)
SHOWN = 50


def work_of(user: User, today: date) -> Work:
    """Nothing for those who have no part in disruptions."""
    if not may(user, READ):
        return Work()
    mends = _to_mend(user) if may(user, rules.RECORD) else []
    return Work((*mends, *_effects(user, today)), _waiting(user, today), _news(user, today))


def _to_mend(user: User) -> list[Due]:
    return [
        Due(
            each.recorded_from.astimezone(clock.LONDON).date() + MEND_IN,
            f"Mend {each.reference}, {each.threat.name}",
            pages.address(each, "change"),
            each.because if each.state == rules.State.RETURNED else "It does not meet the minimum standard yet",
        )
        for each in selectors.to_mend(user.pk)
    ]


def _effects(user: User, today: date) -> list[Due]:
    """Effects of the own organisation's records that a supervisor looks at again."""
    if not may(user, rules.VALIDATE):
        return []
    found = selectors.effects_due(until=today + AHEAD).filter(lead_agency=user.organisation).exclude(recorder=user)
    return [
        Due(
            each.review_due_on,
            f"Did the effect last? {each.reference}, {each.threat.name}",
            pages.address(each, "review") if each.review_due_on <= today else pages.address(each),
            f"Recorded by {each.recorder.name}",
        )
        for each in found[:SHOWN]
        if each.review_due_on is not None
    ]


def _waiting(user: User, today: date) -> tuple[Figure, ...]:
    figures: list[Figure] = []
    found = selectors.disruptions()
    if may(user, rules.VALIDATE):
        ours = found if may(user, WHOLE_REGION) else found.filter(label__owner=user.organisation)
        figures.append(
            Figure.of(
                lists.waiting_for(user, ours, today=today, value="validate").count(),
                "disruption to pass",
                "disruptions to pass",
                _queue("to-pass"),
            )
        )
    if may(user, rules.MODERATE):
        figures.append(
            Figure.of(
                lists.waiting_for(user, found, today=today, value="moderate").count(),
                "disruption to moderate",
                "disruptions to moderate",
                _queue("to-moderate"),
            )
        )
    if may(user, rules.RECORD) and may(user, "person.read"):
        owner = user.organisation
        missing = selectors.open_leads(today=today).filter(threat__owner=owner).count()
        address = f"{reverse('disruptions:missing')}?state=OPEN&force={owner.code}"
        figures.append(Figure.of(missing, "disruption that may be missing", "disruptions that may be missing", address))
    return tuple(figures)


def _queue(name: str) -> str:
    return reverse("disruptions:queue", kwargs={"queue": name})


def _news(user: User, today: date) -> tuple[News, ...]:
    """From the day after, what each record of the last week counted towards."""
    yesterday = clock.close_of(today - timedelta(days=1))
    recorded = selectors.recorded_by(user.pk, first=yesterday - TOLD_FOR, last=yesterday)
    if not recorded:
        return ()
    served = selectors.aims_by_disruption(each.pk for each in recorded)
    aims = {aim.pk: aim.text for aim in plans.aims({pk for found in served.values() for pk in found})}
    words = selectors.region_data().words
    return tuple(
        News(
            each.added_at.astimezone(clock.LONDON).date(),
            pages.counted_in_words(each, words, [aims[pk] for pk in served.get(each.pk, ()) if pk in aims]),
            pages.address(each),
            f"{each.threat.reference} {each.threat.name}",
        )
        for each in recorded
    )
