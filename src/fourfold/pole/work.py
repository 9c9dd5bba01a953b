"""What identity puts on a first page: pairs that wait, matches of restricted records, judgements taken back."""

from datetime import date, datetime, timedelta

from django.urls import reverse

from fourfold.platform import clock
from fourfold.platform.people.models import User
from fourfold.platform.ui.components import Figure
from fourfold.platform.ui.my_work import News, Work
from fourfold.pole.pages import judged_things as judged_pages
from fourfold.pole.pages.identity import own_force
from fourfold.pole.rules import identity
from fourfold.pole.selectors import asked_things, judged_things
from fourfold.pole.selectors import identity as selectors

TOLD_FOR = timedelta(days=14)


def work_of(user: User, today: date) -> Work:
    """Nothing for those who may not judge identity."""
    if not identity.may_judge(user):
        return Work()
    force = own_force(user)
    waiting = selectors.waiting_count(reader=user, force=force)
    figures = [Figure(_counted(waiting), "pair reviews", f"{reverse('pole:review')}?force={force or 'all'}")]
    if of_things := asked_things.waiting_count(reader=user, force=force):
        figures.append(
            Figure(
                _counted(of_things), "pair reviews of things", f"{reverse('pole:thing_review')}?force={force or 'all'}"
            )
        )
    restricted = sum(not each.answers for each in selectors.notices(user))
    restricted += sum(not each.answers for each in judged_things.notices(user))
    if restricted:
        figures.append(Figure(restricted, "matches of restricted records", reverse("pole:deconfliction")))
    return Work(waiting=tuple(figures), news=_taken_back(user, today))


def _counted(waiting: int) -> int | str:
    return f"{waiting:,} or more" if waiting >= selectors.COUNTED else waiting


def _taken_back(user: User, today: date) -> tuple[News, ...]:
    """What this person said that somebody else took back."""
    since = clock.close_of(today - TOLD_FOR)
    of_things = {said.act: (end_kind, said) for end_kind, said in judged_things.withdrawn_from(user, since=since)}
    return (*_of_people(user, since), *(_of_things(*each) for each in of_things.values()))


def _of_things(end_kind: str, said: selectors.Said) -> News:
    """One step that somebody took back."""
    what = "addresses" if end_kind == judged_things.LOCATION else "vehicles, phones or organisations"
    return News(
        said.on,
        f"{said.by} withdrew what you said of {what}",
        judged_pages.address("pair", end_kind, said.left_id, said.right_id),
        said.why,
    )


def _of_people(user: User, since: datetime) -> tuple[News, ...]:
    return tuple(
        News(
            clock.day_of(each.given_at),
            f"{each.by.name} withdrew what you said of two records",
            reverse("pole:pair", args=[each.left_id, each.right_id]),
            each.why,
        )
        for each in selectors.withdrawn_from(user, since=since)
    )
