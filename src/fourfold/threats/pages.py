"""The pages about threats, built whole before they are drawn."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from textwrap import shorten
from typing import Any

from django.urls import reverse

from fourfold.platform.clock import LONDON
from fourfold.platform.people.models import User
from fourfold.platform.people.rules import may
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
from fourfold.platform.ui.fields import Choice
from fourfold.platform.ui.jinja import plural, shown_date, shown_moment
from fourfold.platform.ui.lists import REWIND, Rewind
from fourfold.platform.ui.pages import Foot, Page
from fourfold.pole.selectors import NewLink, PersonLine, RecordLine
from fourfold.threats import rooms, rules, selectors
from fourfold.threats.forms import FindMemberForm
from fourfold.threats.models import Closing, HandOver, Threat, ThreatLine, ThreatLink, ThreatPlace
from fourfold.threats.rules import Assertion, Category, Side
from fourfold.threats.story import Change

NEW_SHOWN = 12
WORDS_SHOWN = 300
"""Characters of a reason beside a record; the history has the whole of it."""
READS_PEOPLE = "person.read"
PLURALS = {"person": "people", "stop and search": "stops and searches"}
CHANGES_SHOWN = 8
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
    def reads_people(self) -> bool:
        """Whether the pages that name people are there for this reader."""
        return may(self.actor, READS_PEOPLE)

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
    def may_reopen(self) -> bool:
        is_closed = self.threat.closed_on is not None and self.rewind.on is None
        return is_closed and rules.may_manage(
            self.actor, owner=self.threat.owner.code, audience=self.threat.label.audience
        )

    @property
    def may_finish_merge(self) -> bool:
        return self.rewind.on is None and rules.may_develop(
            self.actor, owner=self.threat.owner.code, audience=self.threat.label.audience
        )

    @property
    def _open(self) -> bool:
        return self.threat.closed_on is None and self.rewind.on is None

    def part(self, name: str) -> str:
        """The address of another part of the threat, at the same past date."""
        return self.at(address(self.threat, name))

    def elsewhere(self, url_name: str) -> str:
        """The address of a part that another room draws, at the same past date."""
        return self.at(reverse(url_name, kwargs={"reference": self.threat.reference}))

    def at(self, href: str) -> str:
        """An address at the same past date."""
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
    links: Table
    lines: Table
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
class HistoryPage(ThreatPage):
    phases: Table
    changes: tuple[Change, ...]
    seen_by: str


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What stands on a threat beside its members, and what waits for an answer."""

    places: tuple[ThreatPlace, ...] = ()
    lines: tuple[ThreatLine, ...] = ()
    links: tuple[ThreatLink, ...] = ()
    offered: HandOver | None = None
    closing: Closing | None = None
    missing: tuple[rooms.ThreatException, ...] = ()
    left_behind: int = 0


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
    standing: Standing,
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
        *people_facts(told, counts),
    ]
    if threat.closed_on is not None:
        facts.append(Fact("Closed", threat.closed_on, hint=words.phase_name(threat.closing_ground)))
    around = frame(told, "detail", counts=counts, changes=changes)
    return SummaryPage(
        **around | {"alerts": (*told.alerts, *_waiting(told, standing), *_exceptions(told, standing.missing))},
        facts=tuple(facts),
        summary=tuple(line for line in threat.summary.splitlines() if line.strip()),
        links=links_table(told, standing.links),
        lines=lines_table(told, standing.lines),
        places=places_table(told, standing.places),
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
        lead=f"{members_in_words(counts)}. People to protect are on a page of their own and are never counted as "
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


def history_page(
    told: Told, *, counts: selectors.Headcount, changes: Iterable[Change], recorded: Iterable[selectors.Recorded]
) -> HistoryPage:
    changes = tuple(changes)
    return HistoryPage(
        **frame(told, "history", counts=counts, changes=changes),
        phases=phases_table(recorded, told.words),
        changes=changes,
        seen_by=str(told.threat.label),
    )


def phases_table(recorded: Iterable[selectors.Recorded], words: rules.Vocabulary) -> Table:
    """Every phase the threat has been in, closed ones too: a threat that was reopened keeps both parts of its life."""
    phases: list[tuple[str, date, datetime]] = []
    for each in sorted((each for each in recorded if each.of is Threat), key=lambda each: each.at):
        said = (each.fields["phase"], each.fields["phase_from"])
        if not phases or phases[-1][:2] != said:
            phases.append((*said, each.at))
    ends = [since for _, since, _ in phases[1:]] + [None]
    return Table(
        "Phases",
        (Head("Phase"), Head("From"), Head("Until"), Head("Recorded")),
        tuple(
            (Cell(words.phase_name(phase)), Cell(since), _until(end), Cell(at.astimezone(LONDON).date()))
            for (phase, since, at), end in zip(phases, ends, strict=True)
        ),
    )


def frame(told: Told, current: str, *, counts: selectors.Headcount, changes: Iterable[Change]) -> dict[str, Any]:
    """The fields of `ThreatPage`, the same on each part of a threat."""
    threat, words = told.threat, told.words
    changes = tuple(changes)
    last = changes[0] if changes else None
    people = (
        (20, "members", "Members", told.part("members"), counts.members),
        (30, "protect", "People to protect", told.part("protect"), counts.protect),
    )
    own = (
        (10, "detail", "Summary", told.part("detail"), None),
        *(people if told.reads_people else ()),
        (90, "history", "History", told.part("history"), None),
    )
    others = (
        (tab.position, tab.key, tab.text, told.elsewhere(tab.url_name), tab.count(threat) if tab.count else None)
        for tab in rooms.tabs()
        if not tab.capability or may(told.actor, tab.capability)
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
            Moment(change.title, change.at, by=change.by, text=shorten(change.why, WORDS_SHOWN, placeholder=" …"))
            for change in changes[:CHANGES_SHOWN]
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


def parts_to_choose(
    members: Iterable[selectors.MemberLine], lines: Iterable[ThreatLine], places: Iterable[ThreatPlace]
) -> dict[str, list[tuple[str, Any]]]:
    """Who and what is now in a threat, as choices."""
    return {
        "members": [
            (str(line.member.pk), Choice(line.person.name, hint=f"{line.role_name}, {line.person.reference}"))
            for line in members
        ],
        "lines": [
            (str(line.pk), " ".join(filter(None, (line.number, line.brand)))) for line in lines if line.to_on is None
        ],
        "places": [(str(place.pk), place.name) for place in places if place.to_on is None],
    }


def links_table(told: Told, links: Iterable[ThreatLink], *, ends: bool = True) -> Table:
    """What this threat has to do with others, read from here. `ends` shows the way to say that one has ended."""
    rows = []
    for link in links:
        here, there = rules.LINK_WORDS[rules.LinkKind(link.kind)]
        is_one = link.one_id == told.threat.pk
        other = link.other if is_one else link.one
        may_end = ends and told.may_develop and link.to_on is None and link.kind in rules.CHOSEN_LINKS
        rows.append(
            (
                Cell(here if is_one else there),
                Cell(other.name, href=told.at(address(other)), hint=f"{other.reference}, {other.owner.name}"),
                Cell(link.from_on),
                _until(link.to_on, address(told.threat, "end_link", pk=link.pk) if may_end else ""),
            )
        )
    heads = (Head("How"), Head("Threat"), Head("Since"), Head("Until"))
    return Table("Links to other threats", heads, tuple(rows), empty="No links to other threats are recorded yet.")


def lines_table(told: Told, lines: Iterable[ThreatLine], *, ends: bool = True) -> Table:
    return Table(
        "Phone lines",
        (Head("Number"), Head("Known as"), Head("Since"), Head("Until")),
        tuple(
            (
                Cell(line.number),
                Cell(line.brand or "No name"),
                Cell(line.from_on),
                _until(line.to_on, address(told.threat, "end_line", pk=line.pk) if ends and told.may_develop else ""),
            )
            for line in lines
        ),
        empty="No phone lines are recorded yet.",
    )


def places_table(told: Told, places: Iterable[ThreatPlace], *, ends: bool = True) -> Table:
    return Table(
        "Places",
        (Head("Place"), Head("Postcode"), Head("Since"), Head("Until")),
        tuple(
            (
                Cell(place.name),
                Cell(place.postcode or "No postcode"),
                Cell(place.from_on),
                _until(
                    place.to_on, address(told.threat, "end_place", pk=place.pk) if ends and told.may_develop else ""
                ),
            )
            for place in places
        ),
        empty="No places are recorded yet.",
    )


def _actions(told: Told) -> tuple[Action, ...]:
    found: list[Action] = []
    if told.may_develop:
        found += [
            Action("Change the description", told.part("describe")),
            Action("Add a place", told.part("add_place")),
            Action("Add a phone line", told.part("add_line")),
            Action("Link to another threat", told.part("add_link")),
        ]
    if told.may_manage:
        found += [
            Action("Change the tier", told.part("tier")),
            Action("Change the phase", told.part("phase")),
            Action("Change the kind", told.part("type")),
            Action("Hand over", told.part("hand_over")),
            Action("Merge into another threat", told.part("merge")),
            Action("Split this threat", told.part("split")),
            Action("Close this threat", told.part("close")),
        ]
    if told.may_reopen:
        found.append(Action("Reopen this threat", told.part("reopen")))
    return tuple(found)


def _waiting(told: Told, standing: Standing) -> tuple[Alert, ...]:
    """What somebody has asked and nobody has answered, and what a merge left behind."""
    found: list[Alert] = []
    if (offered := standing.offered) is not None:
        to = offered.to_organisation.name if offered.lro is None else person_in_words(offered.lro)
        text = f"Offered to {to} on {shown_date(offered.offered_at)}. Nothing changes until it is accepted."
        page = address(told.threat, "answer_hand_over", pk=offered.pk)
        found.append(Alert("information", text, link=Link("Read what is open and answer", page)))
    if (closing := standing.closing) is not None:
        ground = told.words.phase_name(closing.ground)
        asked = f"merging this threat into {closing.into.reference}" if closing.into else f"closing as “{ground}”"
        text = f"On {shown_date(closing.proposed_at)} {person_in_words(closing.proposed_by)} proposed {asked}."
        page = address(told.threat, "answer_closing", pk=closing.pk)
        found.append(Alert("information", text, link=Link("Read and answer", page)))
    if standing.left_behind:
        people = plural(standing.left_behind, "person was", "people were")
        text = f"{people} not moved when this threat was merged, because who merged it may not see them."
        mend = Link("Move them", address(told.threat, "move_rest")) if told.may_finish_merge else None
        found.append(Alert("warning", text, link=mend))
    return tuple(found)


def _exceptions(told: Told, missing: Iterable[rooms.ThreatException]) -> tuple[Alert, ...]:
    """What is missing from this threat, said where it can be mended."""
    return tuple(
        Alert("warning", " ".join(filter(None, (each.sentence, each.note))), link=way_to_mend(each, told))
        for each in missing
    )


def way_to_mend(missing: rooms.ThreatException, told: Told) -> Link | None:
    if told.rewind.on is not None or (missing.may is not None and not missing.may(told.actor, told.threat)):
        return None
    return Link(missing.do, told.elsewhere(missing.mend))


def people_facts(told: Told, counts: selectors.Headcount) -> tuple[Fact, ...]:
    """How many people, leading to them for who may read of people."""
    members, protect = (told.part(part) if told.reads_people else "" for part in ("members", "protect"))
    return (Fact("Members", members_in_words(counts), href=members), Fact("People to protect", counts.protect, protect))


def members_in_words(counts: selectors.Headcount) -> str:
    associates = plural(counts.periphery, "associate or person at the edge", "associates or people at the edge")
    return f"{plural(counts.offender, 'offender', 'offenders')}, {associates}"


def _tier_hint(code: str, words: rules.Vocabulary) -> str:
    return words.tiers[code].meaning if code in words.tiers else ""


def _until(day: date | None, end: str = "") -> Cell:
    """When it ended, or that it is still so, with the way to say that it has ended."""
    if day is not None:
        return Cell(day)
    return Cell("Still so: say when it ended", href=end) if end else Cell("Still so")


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


def new_on_picture(links: Iterable[NewLink], *, since: datetime, today: date, opens: bool) -> NewOnPicture:
    """Counts by kind in words, and each thing, with its address where it opens; people are counted and not named."""
    links = tuple(links)
    counted = Counter(link.noun for link in links)
    parts = [plural(number, noun, PLURALS.get(noun, f"{noun}s")) for noun, number in counted.most_common()]
    return NewOnPicture(
        heading=f"New on the picture since {shown_date(since)}",
        sentence=", ".join(parts) if parts else "Nothing new about the people in this threat.",
        items=tuple(
            Moment(
                link.title,
                link.happened_on or link.recorded_from,
                text=link.noun.capitalize(),
                href=link.url if opens else "",
            )
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
