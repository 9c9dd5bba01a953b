"""What saved searches put on a person's first page: what is new, and which must be thought of again."""

from datetime import date, timedelta

from django.urls import reverse
from django.utils.timezone import localdate

from fourfold.platform.people.models import User
from fourfold.platform.people.rules import may
from fourfold.platform.ui.jinja import plural, shown_date
from fourfold.platform.ui.my_work import Due, News, Work
from fourfold.search import rules, selectors

AHEAD = timedelta(days=rules.DAYS_BEFORE)


def work_of(user: User, today: date) -> Work:
    """New things of this person's saved searches, and those that end soon or have ended."""
    if not may(user, rules.READ):
        return Work()
    kept = selectors.news_of(user)
    news = tuple(
        News(
            localdate(each.saved.run_at),
            f"{plural(each.new, 'new match', 'new matches')} for your saved search “{each.saved.name}”",
            reverse("search:saved", args=[each.saved.pk]),
            each.saved.reason,
        )
        for each in kept
        if each.new
    )
    due = tuple(
        Due(
            each.saved.ends_on,
            f"Say whether you still need your saved search “{each.saved.name}”",
            reverse("search:change_saved", args=[each.saved.pk]),
            f"It {'ended' if each.saved.ends_on < today else 'ends'} on {shown_date(each.saved.ends_on)}",
        )
        for each in kept
        if each.saved.ends_on <= today + AHEAD
    )
    return Work(due=due, news=news)
