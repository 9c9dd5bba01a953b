"""The page of a search: what was looked for, how many of each kind, the best of each and why."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil
from urllib.parse import urlencode

from django.urls import reverse

from fourfold.platform.ui import components as ui
from fourfold.platform.ui.jinja import plural, shown_date, shown_moment
from fourfold.platform.ui.pages import Link, Page
from fourfold.search.models import SavedSearch
from fourfold.search.rules import Query
from fourfold.search.selectors import WATCHED, Group, Hit, NewsOf

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
    keep: Link | None
    """To save this search and be told of anything new."""
    kept: Link


ADVICE = (
    "a name, in any order and spelt as you heard it, with a town or postcode if you know one: Smyht Jon Bolton",
    "a date, years or an age beside it: 27/03/1990, born 1988-1992, March 1990, aged 20-25",
    "a plate, with ? for one sign and * for any that you do not know: AB1? C*",
    "a phone number in any form, or its last six digits or more: +44 7700 900123, 900123",
    "an address or a postcode: 14 Mill Lane Bolton, Mill Lane BL1, L1 1AA",
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
        previous = Link("Previous page", address(asked, chosen.key, number - 1)) if number > 1 else None
        following = Link("Next page", address(asked, chosen.key, number + 1)) if number < pages else None
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
        keep=_keep(query, groups),
        kept=Link("Your saved searches", reverse("search:all_saved")),
        has_errors=bool(query.refusal and asked),
    )


def _keep(query: Query, groups: Sequence[Group]) -> Link | None:
    """Offered where something could be new later: also where nothing is found yet, but not where too much is."""
    if query.refusal or any(group.is_cut for group in groups):
        return None
    return Link(
        "Save this search and tell me of anything new", f"{reverse('search:save')}?{urlencode({'q': query.text})}"
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
    return Link(f"See all {group.words}", address(asked, group.key))


def _tabs(groups: Sequence[Group], asked: str, chosen: str) -> tuple[ui.Tab, ...]:
    if not groups:
        return ()
    everything = ui.Tab("All", address(asked), current=not chosen)
    return (
        everything,
        *(
            ui.Tab(each.many[:1].upper() + each.many[1:], address(asked, each.key), each.key == chosen, each.total)
            for each in groups
        ),
    )


def address(asked: str, group: str = "", page: int = 1) -> str:
    given = {"q": asked} | ({"group": group} if group else {}) | ({"page": str(page)} if page > 1 else {})
    return f"{reverse('search:search')}?{urlencode(given)}"


# Saved searches

HEADS = tuple(ui.Head(words) for words in ("Name", "Searches for", "New since you looked", "Until"))


@dataclass(frozen=True, kw_only=True)
class SavedListPage(Page):
    """What somebody keeps."""

    table: ui.Table | None
    lead: str


@dataclass(frozen=True)
class SavedGroup:
    """One kind of thing that a saved search finds: what is new, then what was there before."""

    key: str
    heading: str
    new: tuple[Hit, ...]
    known: tuple[Hit, ...]


@dataclass(frozen=True, kw_only=True)
class SavedPage(Page):
    """One saved search, as it finds now."""

    facts: tuple[ui.Fact, ...]
    sentence: str
    warning: str
    groups: tuple[SavedGroup, ...]
    looked: str
    """Where to say that it was looked at; empty where nothing is new."""
    until: str
    change: Link
    stop: str
    search: Link


def crumbs(*more: Link) -> tuple[Link, ...]:
    return (Link("Saved searches", reverse("search:all_saved")), *more)


def saved_list_page(kept: Sequence[NewsOf], *, today: date) -> SavedListPage:
    rows = tuple(
        (
            ui.Cell(each.saved.name, href=reverse("search:saved", args=[each.saved.pk])),
            ui.Cell(each.saved.text),
            ui.Cell(str(each.new) if each.new else "Nothing new"),
            ui.Cell(_until(each.saved, today)),
        )
        for each in kept
    )
    return SavedListPage(
        title="Saved searches",
        table=ui.Table("Saved searches", HEADS, rows, caption_hidden=True) if rows else None,
        lead="Each is searched again after every delivery and every night, for what you may see then."
        if rows
        else "Search for something, then choose “Save this search and tell me of anything new” under the results.",
    )


def saved_page(
    saved: SavedSearch, groups: Sequence[Group], *, new: Collection[tuple[str, str]], today: date
) -> SavedPage:
    """What it finds now; what its owner has not looked at yet stands first."""
    shown = tuple(_saved_group(group, new) for group in groups if group.key in WATCHED)
    fresh = sum(len(group.new) for group in shown)
    total = sum(len(group.new) + len(group.known) for group in shown)
    since = shown_moment(saved.looked_at)
    return SavedPage(
        title=saved.name,
        caption="Saved search",
        crumbs=crumbs(),
        facts=(
            ui.Fact("Searches for", saved.text),
            ui.Fact("Why", saved.reason),
            ui.Fact("Last searched for you", shown_moment(saved.run_at)),
            ui.Fact("Until", _until(saved, today)),
        ),
        sentence=(
            f"{plural(fresh, 'new match', 'new matches')} since you looked ({since})."
            if fresh
            else f"Nothing new since you looked ({since}). {plural(total, 'match', 'matches')} from before."
        ),
        warning=FULL if saved.is_full else "",
        groups=shown,
        looked=reverse("search:looked", args=[saved.pk]) if fresh else "",
        until=saved.run_at.isoformat(),
        change=Link("Change or keep longer", reverse("search:change_saved", args=[saved.pk])),
        stop=reverse("search:stop_saved", args=[saved.pk]),
        search=Link("Search for it now", address(saved.text)),
    )


FULL = (
    "This search now finds so much that something new may be missed. Save a narrower one, with a date of birth or a "
    "place, and stop this."
)


def _saved_group(group: Group, new: Collection[tuple[str, str]]) -> SavedGroup:
    fresh = tuple(hit for hit in group.hits if (group.key, hit.key) in new)
    known = tuple(hit for hit in group.hits if (group.key, hit.key) not in new)
    return SavedGroup(group.key, group.many[:1].upper() + group.many[1:], fresh, known)


def _until(saved: SavedSearch, today: date) -> str:
    day = shown_date(saved.ends_on)
    return f"Ended on {day}: it is not searched any more" if saved.ends_on < today else day
