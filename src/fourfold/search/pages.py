"""The page of a search: what was looked for, how many of each kind, the best of each and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from urllib.parse import urlencode

from django.urls import reverse

from fourfold.platform.ui import components as ui
from fourfold.platform.ui.jinja import plural
from fourfold.platform.ui.pages import Link, Page
from fourfold.search.rules import Query
from fourfold.search.selectors import Group, Hit

FIRST_SHOWN = 5
PAGE_SIZE = 25


@dataclass(frozen=True)
class GroupShown:
    """One kind of thing, with the hits that this page shows."""

    key: str
    heading: str
    hits: tuple[Hit, ...]
    remark: str
    more: Link | None
    start: int
    """The number of the first hit shown."""


@dataclass(frozen=True, kw_only=True)
class SearchPage(Page):
    """Answers, or the sentence that says why there are none."""

    typed: str
    sentence: str
    problem: str
    tabs: tuple[ui.Tab, ...]
    groups: tuple[GroupShown, ...]
    previous: Link | None
    following: Link | None
    where: str
    advice: tuple[str, ...]


ADVICE = (
    "a name, with a date or year of birth, a postcode or a town if you know them: Jon Smyth 27/03/1990 Bolton",
    "a plate, whole or its beginning: AB12 CDE",
    "a phone number in any form: 07700 900123 or +44 7700 900123",
    "a postcode: L1 1AA",
    "a reference of a person, a crime, a report or a threat, or a PNC ID",
)


def search_page(query: Query, groups: Sequence[Group], *, group: str = "", page: int = 1) -> SearchPage:
    """Every group with its first hits, or one group a page at a time."""
    chosen = next((each for each in groups if each.key == group), None)
    total = sum(each.total for each in groups)
    asked = query.text
    previous = following = None
    where = ""
    if chosen is not None:
        pages = max(1, ceil(len(chosen.hits) / PAGE_SIZE))
        number = min(max(page, 1), pages)
        start = (number - 1) * PAGE_SIZE
        shown: tuple[GroupShown, ...] = (_shown(chosen, start, PAGE_SIZE, None),)
        where = f"Page {number} of {pages}" if pages > 1 else ""
        previous = Link("Previous page", _address(asked, chosen.key, number - 1)) if number > 1 else None
        following = Link("Next page", _address(asked, chosen.key, number + 1)) if number < pages else None
    else:
        shown = tuple(_shown(each, 0, FIRST_SHOWN, _more(each, asked)) for each in groups)
    return SearchPage(
        title=f"Search: {asked}" if asked else "Search",
        typed=asked,
        sentence=_sentence(query, total),
        problem=query.refusal,
        tabs=_tabs(groups, asked, chosen.key if chosen else ""),
        groups=shown,
        previous=previous,
        following=following,
        where=where,
        advice=ADVICE if query.refusal or not total else (),
        has_errors=bool(query.refusal and asked),
    )


def _sentence(query: Query, total: int) -> str:
    if query.refusal:
        return "" if query.text else query.refusal
    found = f"{plural(total, 'result', 'results')}." if total else "Nothing that you may see fits."
    return f"{found} {query.remark}".strip()


def _shown(group: Group, start: int, size: int, more: Link | None) -> GroupShown:
    remark = ""
    if group.is_cut:
        remark = f"There are more than {len(group.hits)}. Add a date of birth or a place to narrow it."
    return GroupShown(
        key=group.key,
        heading=group.words[:1].upper() + group.words[1:],
        hits=group.hits[start : start + size],
        remark=remark,
        more=more,
        start=start + 1,
    )


def _more(group: Group, asked: str) -> Link | None:
    if len(group.hits) <= FIRST_SHOWN:
        return None
    return Link(f"See all {group.words}", _address(asked, group.key))


def _tabs(groups: Sequence[Group], asked: str, chosen: str) -> tuple[ui.Tab, ...]:
    if not groups:
        return ()
    everything = ui.Tab("All", _address(asked), current=not chosen)
    return (
        everything,
        *(
            ui.Tab(each.many[:1].upper() + each.many[1:], _address(asked, each.key), each.key == chosen, each.total)
            for each in groups
        ),
    )


def _address(asked: str, group: str = "", page: int = 1) -> str:
    given = {"q": asked} | ({"group": group} if group else {}) | ({"page": str(page)} if page > 1 else {})
    return f"{reverse('search:search')}?{urlencode(given)}"
