"""The pages about threats, built whole before they are drawn."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.urls import reverse

from fourfold.platform.people.models import User
from fourfold.platform.ui.components import (
    Action,
    Alert,
    Cell,
    Colour,
    Empty,
    Fact,
    Head,
    IdentityBar,
    Link,
    Moment,
    Tab,
    Table,
    Tag,
)
from fourfold.platform.ui.jinja import plural, shown_date, shown_moment
from fourfold.platform.ui.lists import REWIND, Rewind
from fourfold.platform.ui.pages import Foot, Page
from fourfold.pole.selectors import NewLink, PersonLine, RecordLine
from fourfold.threats import rooms, rules, selectors
from fourfold.threats.forms import FindMemberForm
from fourfold.threats.models import Threat, ThreatMember, ThreatPlace
from fourfold.threats.rules import Assertion, Category, Side, ThreatType

NEW_SHOWN = 12
PLURALS = {"person": "people", "stop and search": "stops and searches"}
CHANGES_SHOWN = 8
LONGEST_IN_TITLE = 60
ADDED = "Added: "
TIER_COLOURS: Mapping[str, Colour] = {"1": "red", "2": "orange", "3": "yellow", "4": "blue", "5": "grey"}


def crumbs(threat: Threat | None = None) -> tuple[Link, ...]:
    found = (Link("My work", reverse("home:work")), Link("Threats", reverse("threats:list")))
    return found if threat is None else (*found, Link(threat.reference, address(threat)))


def address(threat: Threat, part: str = "detail", **more: object) -> str:
    return reverse(f"threats:{part}", kwargs={"reference": threat.reference, **more})


def tier_tag(code: str, words: rules.Vocabulary) -> Tag:
    return Tag(words.tier_name(code), TIER_COLOURS.get(code, "grey"))


def person_in_words(user: User | None) -> str:
    return "Nobody yet" if user is None else f"{user.name}, {user.organisation.name}"


@dataclass(frozen=True, kw_only=True)
class Told:
    """What every page of one threat is told by its view, beside the threat."""

    threat: Threat
    words: rules.Vocabulary
    actor: User
    rewind: Rewind
    alerts: tuple[Alert, ...] = ()

    @property
    def may_develop(self) -> bool:
        return self._open and rules.may_develop(
            self.actor, owner=self.threat.owner.code, audience=self.threat.label.audience
        )

    @property
    def may_manage(self) -> bool:
        return self._open and rules.may_manage(
            self.actor, owner=self.threat.owner.code, audience=self.threat.label.audience
        )

    @property
    def _open(self) -> bool:
        return self.threat.closed_on is None and self.rewind.on is None

    def part(self, name: str) -> str:
        """The address of another part of the threat, at the same past date."""
        return self._at(address(self.threat, name))

    def elsewhere(self, url_name: str) -> str:
        """The address of a part that another room draws, at the same past date."""
        return self._at(reverse(url_name, kwargs={"reference": self.threat.reference}))

    def _at(self, href: str) -> str:
        return href + (f"?{REWIND}={self.rewind.on}" if self.rewind.on else "")


@dataclass(frozen=True, kw_only=True)
class ThreatPage(Page):
    """What every part of a threat shows: who and what it is, and the way to the other parts."""

    identity: IdentityBar
    tabs: tuple[Tab, ...]
    moments: tuple[Moment, ...]
    rewind: Rewind


@dataclass(frozen=True, kw_only=True)
class SummaryPage(ThreatPage):
    facts: tuple[Fact, ...]
    summary: tuple[str, ...]
    places: Table
    new: "NewOnPicture | None"
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class NewOnPicture:
    """What the picture has gained about the people of a threat since a moment."""

    heading: str
    sentence: str
    items: tuple[Moment, ...]
    others: tuple[Link, ...]


@dataclass(frozen=True, kw_only=True)
class PersonRow:
    """One person in one role, as a line of a table."""

    name: str
    href: str
    about: str
    tags: tuple[Tag, ...]
    role: str
    category: str
    since: str
    grade: str
    known: str
    end: str


@dataclass(frozen=True, kw_only=True)
class PeoplePage(ThreatPage):
    heading: str
    lead: str
    now: tuple[PersonRow, ...]
    before: tuple[PersonRow, ...]
    empty: Empty
    actions: tuple[Action, ...]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One version of a record in words."""

    title: str
    at: datetime
    by: str
    why: str
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class HistoryPage(ThreatPage):
    changes: tuple[Change, ...]
    seen_by: str


@dataclass(frozen=True, kw_only=True)
class FoundPerson:
    """Somebody found by name, with the records a membership could be made on."""

    person: PersonLine
    facts: tuple[Fact, ...]
    records: tuple[Link, ...]


@dataclass(frozen=True, kw_only=True)
class FindMemberPage(Page):
    form: FindMemberForm
    asked: bool
    found: tuple[FoundPerson, ...]
    empty: Empty
    back: Link


def summary_page(
    told: Told,
    *,
    changes: Iterable[Change],
    counts: selectors.Headcount,
    places: Iterable[ThreatPlace],
    new: NewOnPicture | None,
) -> SummaryPage:
    threat, words = told.threat, told.words
    facts = [
        Fact("Kind", rules.type_name(threat.threat_type), hint=words.types[threat.threat_type].means),
        Fact("Other names", ", ".join(threat.aliases)),
        Fact("Themes", ", ".join(words.theme_name(code) for code in threat.themes)),
        Fact("Tier", words.tier_name(threat.tier), hint=_tier_hint(threat.tier, words)),
        Fact("Phase", words.phase_name(threat.phase), hint=f"Since {shown_date(threat.phase_from)}"),
        Fact("Owner", threat.owner.name),
        Fact("Lead responsible officer", person_in_words(threat.lro)),
        Fact("Deputy", person_in_words(threat.deputy)),
        Fact("Senior investigating officer", person_in_words(threat.sio)),
        Fact("Nominated", threat.nominated_on, hint=f"By {person_in_words(threat.nominated_by)}"),
        Fact("Members", _members_in_words(counts), href=told.part("members")),
        Fact("People to protect", counts.protect, href=told.part("protect")),
    ]
    if threat.closed_on is not None:
        facts.append(Fact("Closed", threat.closed_on, hint=words.phase_name(threat.closing_ground)))
    around = frame(told, "detail", counts=counts, changes=changes)
    return SummaryPage(
        **around | {"alerts": (*around["alerts"], *_exceptions(told, counts))},
        facts=tuple(facts),
        summary=tuple(line for line in threat.summary.splitlines() if line.strip()),
        places=Table(
            "Places",
            (Head("Place"), Head("Since"), Head("Until")),
            tuple((Cell(place.name), Cell(place.from_on), _until(place.to_on)) for place in places),
            empty="No places are recorded yet.",
        ),
        new=new,
        actions=_actions(told),
    )


def members_page(
    told: Told, *, lines: Iterable[selectors.MemberLine], counts: selectors.Headcount, changes: Iterable[Change]
) -> PeoplePage:
    """Offenders, associates and those at the edge. Nobody who is to be protected is on this page."""
    lines = tuple(line for line in lines if line.member.side != Side.PROTECT)
    add = (Action("Add a member", told.part("find_member"), kind="primary"),) if told.may_develop else ()
    return PeoplePage(
        **frame(told, "members", counts=counts, changes=changes),
        heading="Members",
        lead=f"{_members_in_words(counts)}. People to protect are on a page of their own and are never counted as "
        "offenders.",
        now=tuple(_row(told, line) for line in lines if not line.ended),
        before=tuple(_row(told, line) for line in lines if line.ended),
        empty=Empty(
            "No members yet",
            "The people in this threat will be here, each with a role, the date it began and how well it is known.",
            Link("Add a member", add[0].href) if add else None,
        ),
        actions=add,
    )


def protect_page(
    told: Told, *, lines: Iterable[selectors.MemberLine], counts: selectors.Headcount, changes: Iterable[Change]
) -> PeoplePage:
    """Exploited people, victims, witnesses and those at risk, apart from everybody else."""
    lines = tuple(line for line in lines if line.member.side == Side.PROTECT)
    add = (Action("Add a person to protect", told.part("find_member"), kind="primary"),) if told.may_develop else ()
    return PeoplePage(
        **frame(told, "protect", counts=counts, changes=changes),
        heading="People to protect",
        lead="Exploited people, victims, witnesses and people at risk. They are never counted as offenders.",
        now=tuple(_row(told, line) for line in lines if not line.ended),
        before=tuple(_row(told, line) for line in lines if line.ended),
        empty=Empty(
            "Nobody to protect is recorded yet",
            "People this threat exploits, harms or puts at risk will be here, apart from its members.",
            Link("Add a person to protect", add[0].href) if add else None,
        ),
        actions=add,
    )


def history_page(told: Told, *, counts: selectors.Headcount, changes: Iterable[Change]) -> HistoryPage:
    changes = tuple(changes)
    return HistoryPage(
        **frame(told, "history", counts=counts, changes=changes),
        changes=changes,
        seen_by=str(told.threat.label),
    )


def frame(told: Told, current: str, *, counts: selectors.Headcount, changes: Iterable[Change]) -> dict[str, Any]:
    """The fields of `ThreatPage`, the same on each part of a threat."""
    threat, words = told.threat, told.words
    changes = tuple(changes)
    last = changes[0] if changes else None
    own = (
        (10, "detail", "Summary", told.part("detail"), None),
        (20, "members", "Members", told.part("members"), counts.members),
        (30, "protect", "People to protect", told.part("protect"), counts.protect),
        (90, "history", "History", told.part("history"), None),
    )
    others = (
        (tab.position, tab.key, tab.text, told.elsewhere(tab.url_name), tab.count(threat) if tab.count else None)
        for tab in rooms.tabs()
    )
    parts = sorted((*own, *others), key=lambda part: part[0])
    return {
        "title": threat.name,
        "crumbs": crumbs(threat if current != "detail" else None),
        "alerts": told.alerts,
        "identity": IdentityBar(
            name=threat.name,
            reference=threat.reference,
            facts=(
                Fact("Kind", rules.type_name(threat.threat_type)),
                Fact("Owner", threat.owner.name),
                Fact("Lead responsible officer", "Nobody yet" if threat.lro is None else threat.lro.name),
                Fact("Phase", words.phase_name(threat.phase)),
            ),
            tags=(
                tier_tag(threat.tier, words),
                Tag("Closed", "grey") if threat.closed_on else Tag("Open", "green"),
            ),
        ),
        "tabs": tuple(Tab(text, href, current=key == current, count=n) for _, key, text, href, n in parts),
        "moments": tuple(
            Moment(change.title, change.at, by=change.by, text=change.why) for change in changes[:CHANGES_SHOWN]
        ),
        "rewind": told.rewind,
        "foot": Foot(
            changed=f"Last changed {shown_moment(last.at)} by {last.by}." if last else "",
            seen_by=f"{threat.label}.",
            links=(
                Link("Every change to this threat", told.part("history")),
                Link("Who looked", f"{reverse('audit:who_looked')}?record=threats.threat:{threat.pk}"),
            ),
        ),
    }


def _actions(told: Told) -> tuple[Action, ...]:
    found: list[Action] = []
    if told.may_develop:
        found += [
            Action("Change the description", told.part("describe")),
            Action("Add a place", told.part("add_place")),
        ]
    if told.may_manage:
        found += [
            Action("Change the tier", told.part("tier")),
            Action("Change the phase", told.part("phase")),
            Action("Change the kind", told.part("type")),
            Action("Hand over", told.part("hand_over")),
            Action("Close this threat", told.part("close")),
        ]
    return tuple(found)


def _exceptions(told: Told, counts: selectors.Headcount) -> tuple[Alert, ...]:
    """What is missing from this threat, said where it can be mended."""
    threat = told.threat
    if threat.closed_on is not None:
        return ()
    found: list[Alert] = []
    tier = told.words.tiers.get(threat.tier)
    if tier is not None and tier.lro_required and threat.lro is None:
        mend = Link("Choose one", told.part("hand_over")) if told.may_manage else None
        found.append(Alert("warning", f"A {tier.name} threat needs a lead responsible officer.", link=mend))
    if threat.threat_type != ThreatType.VULNERABILITY and counts == selectors.Headcount():
        mend = Link("Add a member", told.part("find_member")) if told.may_develop else None
        found.append(Alert("warning", "No members that you may see are recorded in this threat.", link=mend))
    return tuple(found)


def _members_in_words(counts: selectors.Headcount) -> str:
    associates = plural(counts.periphery, "associate or person at the edge", "associates or people at the edge")
    return f"{plural(counts.offender, 'offender', 'offenders')}, {associates}"


def _tier_hint(code: str, words: rules.Vocabulary) -> str:
    return words.tiers[code].meaning if code in words.tiers else ""


def _until(day: date | None) -> Cell:
    return Cell("Still so") if day is None else Cell(day)


def _row(told: Told, line: selectors.MemberLine) -> PersonRow:
    member, person = line.member, line.person
    born = f"born {shown_date(person.born)}" if person.born else "date of birth not recorded"
    age = "" if person.age is None else f", {person.age} years old"
    since = shown_date(member.from_on) + (f" to {shown_date(member.to_on)}" if member.to_on else "")
    records = plural(person.records, "record", "records")
    is_open = told.may_develop and not line.ended
    return PersonRow(
        name=person.name,
        href=person.url,
        about=f"{person.reference}, {born}{age}. {records} from {', '.join(person.forces)}.",
        tags=(Tag("May be under 18", "orange"),) if person.may_be_a_child else (),
        role=line.role_name,
        category=rules.CATEGORY_NAMES[Category(member.category)],
        since=since,
        grade=member.grade,
        known=f"{rules.ASSERTION_NAMES[Assertion(member.assertion)]}; {rules.grade_in_words(member.grade)[4:]}",
        end=address(told.threat, "end_member", pk=member.pk) if is_open else "",
    )


USER_FIELDS = {
    "lro_id": "Lead responsible officer",
    "deputy_id": "Deputy",
    "sio_id": "Senior investigating officer",
}


def changed_meanwhile(changes: Iterable[Change]) -> str:
    """What others recorded since a form was opened, in one text."""
    said = (f"{c.by}, {shown_moment(c.at)}: {'; '.join((c.title, *c.lines))}. Why: {c.why}" for c in changes)
    return " ".join(("Changed while you had this open.", *said))


def changes_of(recorded: Iterable[selectors.Recorded], words: rules.Vocabulary) -> tuple[Change, ...]:
    """Versions in words, newest first. Nobody in a threat is named: only the pages that ask for a reason do that."""
    recorded = tuple(recorded)
    asked: set[int | None] = {each.by for each in recorded}
    for each in recorded:
        asked |= {said[name] for said in (each.fields, each.before or {}) for name in USER_FIELDS if name in said}
    names = selectors.users_in_words(asked)
    organisations = {organisation.pk: organisation.name for organisation in selectors.owners()}
    changes = (_change(each, words, names, organisations) for each in recorded)
    return tuple(_together(list(same)) for _, same in groupby(changes, key=_added_at_once))


def _change(
    each: selectors.Recorded,
    words: rules.Vocabulary,
    names: Mapping[int, str],
    organisations: Mapping[int, str],
) -> Change:
    said, before = each.fields, each.before
    if each.of is ThreatMember:
        role = words.role_name(said["role"])
        title = f"{ADDED}{role.lower()}" if before is None else f"Changed: {role.lower()}"
        lines = [f"In this role from {shown_date(said['from_on'])}"]
        if said["to_on"] is not None:
            title, lines = f"Ended: {role.lower()}", [*lines, f"Until {shown_date(said['to_on'])}"]
    elif each.of is ThreatPlace:
        title = f"Place added: {said['name']}" if before is None else f"Place changed: {said['name']}"
        lines = [f"From {shown_date(said['from_on'])}"]
    elif before is None:
        title = "Nominated"
        lines = [f"{label}: {show(said)}" for label, _, show in _threat_facts(words, names, organisations)]
    else:
        changed = [
            (label, show(before), show(said))
            for label, columns, show in _threat_facts(words, names, organisations)
            if any(said[column] != before[column] for column in columns)
        ]
        title = "Closed" if said["closed_on"] and not before["closed_on"] else _title(changed)
        lines = [f"{label}: from “{was}” to “{now}”" for label, was, now in changed]
    return Change(
        title=title,
        at=each.at,
        by=names.get(each.by, "the service") if each.by is not None else "the service",
        why=said["because"],
        lines=tuple(lines),
    )


def _added_at_once(change: Change) -> object:
    """People added in one go are told as one change; every other change is told alone."""
    return (change.at, change.by, change.why) if change.title.startswith(ADDED) else id(change)


def _together(changes: list[Change]) -> Change:
    first = changes[0]
    if len(changes) == 1:
        return first
    counted = Counter(change.title.removeprefix(ADDED) for change in changes)
    roles = ", ".join(role if number == 1 else f"{role} ({number})" for role, number in counted.items())
    lines = tuple(f"{change.title.removeprefix(ADDED).capitalize()}: {change.lines[0].lower()}" for change in changes)
    return replace(first, title=f"{len(changes)} people added: {roles}", lines=lines)


def _title(changed: list[tuple[str, str, str]]) -> str:
    if len(changed) == 1:
        label, _, now = changed[0]
        return f"{label} changed" if len(now) > LONGEST_IN_TITLE else f"{label}: {now}"
    labels = [label.lower() for label, _, _ in changed]
    return f"{', '.join(labels)} changed".capitalize() if labels else "Recorded again"


Show = Callable[[Mapping[str, Any]], str]


def _threat_facts(
    words: rules.Vocabulary, names: Mapping[int, str], organisations: Mapping[int, str]
) -> tuple[tuple[str, tuple[str, ...], Show], ...]:
    """What of a threat is told in its history: label, the columns it depends on, and how it reads."""

    def who(column: str) -> Show:
        return lambda said: names.get(said[column], "nobody") if said[column] else "nobody"

    return (
        ("Kind", ("threat_type",), lambda said: rules.type_name(said["threat_type"])),
        ("Name", ("name",), lambda said: str(said["name"])),
        ("Other names", ("aliases",), lambda said: ", ".join(said["aliases"]) or "none"),
        ("Summary", ("summary",), lambda said: str(said["summary"])),
        ("Themes", ("themes",), lambda said: ", ".join(words.theme_name(code) for code in said["themes"])),
        ("Owner", ("owner_id",), lambda said: organisations.get(said["owner_id"], "not known")),
        ("Tier", ("tier",), lambda said: words.tier_name(said["tier"])),
        ("Phase", ("phase",), lambda said: words.phase_name(said["phase"])),
        *((label, (column,), who(column)) for column, label in USER_FIELDS.items()),
    )


def new_on_picture(links: Iterable[NewLink], *, since: datetime, today: date) -> NewOnPicture:
    """Counts by kind in words, and each thing with its address; people are counted and not named."""
    links = tuple(links)
    counted = Counter(link.noun for link in links)
    parts = [plural(number, noun, PLURALS.get(noun, f"{noun}s")) for noun, number in counted.most_common()]
    return NewOnPicture(
        heading=f"New on the picture since {shown_date(since)}",
        sentence=", ".join(parts) if parts else "Nothing new about the people in this threat.",
        items=tuple(
            Moment(link.title, link.happened_on or link.recorded_from, text=link.noun.capitalize(), href=link.url)
            for link in [each for each in links if each.kind != "PERSON"][:NEW_SHOWN]
        ),
        others=tuple(
            Link(f"Look back {words}", f"?since={(today - timedelta(days=days)).isoformat()}")
            for words, days in (("a week", 7), ("a month", 30), ("a year", 365))
        ),
    )


def found_people(
    matches: Iterable[tuple[PersonLine, tuple[RecordLine, ...]]], *, threat: Threat
) -> tuple[FoundPerson, ...]:
    """People found by name, each with the records that a membership can be made on."""
    return tuple(
        FoundPerson(
            person=person,
            facts=(
                Fact("Born", person.born),
                Fact("Other names", ", ".join(person.other_names)),
                Fact("Known to", ", ".join(person.forces)),
            ),
            records=tuple(
                Link(
                    f"{line.name}, {line.owner} record {line.key}",
                    address(threat, "add_member", record=line.record_id),
                )
                for line in records
            ),
        )
        for person, records in matches
    )
