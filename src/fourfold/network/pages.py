"""The pages of networks: a drawing, and tables that say the same."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from fourfold.network import rules
from fourfold.network.forms import DecideForm
from fourfold.network.models import EdgeLead
from fourfold.network.rules import Outcome, Period
from fourfold.network.selectors import Connection, Known, People, Picture, Route, days_of
from fourfold.platform.ui import components as ui
from fourfold.platform.ui.jinja import plural, shown_date
from fourfold.platform.ui.lists import REWIND, Rewind
from fourfold.platform.ui.pages import Foot, Link, Page
from fourfold.pole import rules as pole_rules
from fourfold.pole.pages import words
from fourfold.pole.rules.identity import Verdict
from fourfold.pole.selectors import PersonLine
from fourfold.pole.selectors.identity import Said
from fourfold.pole.selectors.matches import PeopleMatch, Sameness
from fourfold.pole.steps import Called, Node, Tie, person_node
from fourfold.threats.pages import ThreatPage, Told

NOT_THERE = Called("record", "A record", "")
SEEN_BY = "Each reader sees what follows from the links that are shared with them."
DEPTH_WORDS = {1: "One link", 2: "Two links", 3: "Three links"}
LINKS_SHOWN = 400
GROUP_SHOWN = 12
NO_PERIOD = Period()
SAMENESS_WORDS = {
    Sameness.PROPOSED: "May be the same person",
    Sameness.DIFFERENT: "Said to be different people",
    Sameness.SAME: "Said to be the same person",
}
VERDICT_WORDS = {
    Verdict.PROPOSED: "May be the same",
    Verdict.SAME: "The same person",
    Verdict.DIFFERENT: "Different people",
    Verdict.UNSURE: "Cannot be told",
}


@dataclass(frozen=True)
class Drawing:
    """A network as it is drawn: what is in it as data, what that is in words, and which sorts of match it has."""

    words: str
    data: str
    matches: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Choice:
    value: str
    text: str
    on: bool


@dataclass(frozen=True)
class Asking:
    """What a reader asks of a network: how far, when, and against which past day."""

    depths: tuple[Choice, ...]
    first: str
    last: str
    recorded_on: str
    compare: str
    problem: str = ""
    kept: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Asked:
    """The same as read."""

    depth: int = rules.USUAL_DEPTH
    period: Period = NO_PERIOD
    compare: date | None = None
    problem: str = ""


@dataclass(frozen=True)
class Words:
    """What nodes, owners and events are called."""

    called: Mapping[Node, Called]
    owners: Mapping[int, str]

    def of(self, node: Node) -> Called:
        return self.called.get(node, NOT_THERE)

    @property
    def happened(self) -> dict[Node, date | None]:
        return {node: each.happened_on for node, each in self.called.items()}


@dataclass(frozen=True)
class Compared:
    """What came and what went since the picture was recorded as it was on a day."""

    since: date
    came: tuple[str, ...]
    went: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AroundPage(Page):
    """What surrounds one person."""

    identity: ui.IdentityBar
    asking: Asking
    drawing: Drawing | None
    lead: str
    tables: tuple[ui.Table, ...]
    compared: Compared | None
    take: Link
    empty: ui.Empty | None


@dataclass(frozen=True, kw_only=True)
class OfThreatPage(ThreatPage):
    """The network of a threat: who is key, which groups, and what surrounds its people."""

    asking: Asking
    drawing: Drawing | None
    lead: str
    key_sentence: str
    key_table: ui.Table
    groups: ui.Table
    tables: tuple[ui.Table, ...]
    compared: Compared | None
    edge: Link
    take: Link
    empty: ui.Empty | None


@dataclass(frozen=True)
class Found:
    """Somebody who could be meant, and the address that means them."""

    person_id: int
    name: str
    detail: str
    href: str


@dataclass(frozen=True)
class End:
    """One of the two people: what was typed, who is meant, or who could be."""

    name: str
    label: str
    typed: str
    person: PersonLine | None = None
    found: tuple[Found, ...] = ()

    @property
    def nobody(self) -> bool:
        """Something was typed, and nobody whom the reader may see is called that."""
        return bool(self.typed) and self.person is None and not self.found


@dataclass(frozen=True)
class RouteShown:
    heading: str
    remark: str
    table: ui.Table


@dataclass(frozen=True, kw_only=True)
class BetweenPage(Page):
    """What connects two people."""

    ends: tuple[End, End]
    asking: Asking
    drawing: Drawing | None
    sentence: str
    matches: tuple[ui.Table, ...]
    routes: tuple[RouteShown, ...]


@dataclass(frozen=True, kw_only=True)
class EdgePage(ThreatPage):
    """People at the edge of a group, for a safeguarding lead; what they decided, for those who lead the threat."""

    lead: str
    rule: tuple[ui.Fact, ...]
    may_look: bool
    open: ui.Table | None
    decided: ui.Table
    back: Link


@dataclass(frozen=True, kw_only=True)
class LeadPage(Page):
    """One lead: what was looked at, what it rests on, and the decision."""

    state: ui.Tag
    why: str
    facts: tuple[ui.Fact, ...]
    ties: ui.Table
    decided: str
    form: DecideForm | None


# Parts


def asking_of(
    asked: Asked, rewind: Rewind, *, typed: Mapping[str, str], kept: Sequence[tuple[str, str]] = ()
) -> Asking:
    return Asking(
        depths=tuple(Choice(str(d), DEPTH_WORDS[d], d == asked.depth) for d in rules.DEPTHS),
        first=typed.get("first", ""),
        last=typed.get("last", ""),
        recorded_on=rewind.typed,
        compare=typed.get("compare", ""),
        problem=asked.problem,
        kept=tuple(kept),
    )


def drawing_of(picture: Picture, said: Words, *, known: Known | None, what: str) -> Drawing | None:
    """Nodes and links as data for the drawing. None where there is nothing to draw."""
    if not picture.ties and not picture.matches:
        return None
    protected = known.protected if known else frozenset()
    drawn = [
        {
            "id": node.code,
            "label": said.of(node).title,
            "kind": node.kind if node.kind not in pole_rules.OBJECT_KINDS else "OBJECT",
            "away": far,
            "flag": _flag(node, protected, picture.hubs),
            "href": said.of(node).url,
        }
        for node, far in picture.away.items()
    ]
    between: dict[tuple[str, str], set[str]] = {}
    for tie in picture.ties:
        between.setdefault((tie.left.code, tie.right.code), set()).add(_type(tie.type))
    edges = [
        {"source": left, "target": right, "label": ", ".join(sorted(types))} for (left, right), types in between.items()
    ]
    matches = [
        {
            "source": person_node(each.one).code,
            "target": person_node(each.other).code,
            "label": _match_label(each),
            "match": each.sameness,
        }
        for each in picture.matches
        if each.sameness is not Sameness.SAME
    ]
    counted = [plural(len(drawn), "thing", "things"), plural(len(edges), "link", "links")]
    counted += [plural(len(matches), "match", "matches")] if matches else []
    told = f"{what}: {', '.join(counted[:-1])} and {counted[-1]}."
    sorts = sorted({Sameness(each["match"]) for each in matches})
    return Drawing(
        f"{told} The tables below say the same.",
        json.dumps({"nodes": drawn, "edges": edges + matches}, separators=(",", ":")),
        tuple((sort.lower(), SAMENESS_WORDS[sort]) for sort in sorts),
    )


def _match_label(match: PeopleMatch) -> str:
    words_of = SAMENESS_WORDS[match.sameness]
    if match.sameness is Sameness.PROPOSED and match.probability is not None:
        return f"{words_of}, {pole_rules.percentage_words(match.probability)}"
    return words_of


def _flag(node: Node, protected: frozenset[int], hubs: frozenset[Node]) -> str:
    if node.is_person and node.person_id in protected:
        return "protect"
    return "hub" if node in hubs else ""


def _type(code: str) -> str:
    return pole_rules.LINK_TYPES.get(code, code)


def people_tables(picture: Picture, people: People, known: Known, *, of_threat: bool) -> tuple[ui.Table, ...]:
    """Those to be protected first and apart, then everybody else; with their roles where the picture is of a threat."""
    role = (ui.Head("Role in this threat"),) if of_threat else ()
    heads = (ui.Head("Person"), ui.Head("Links away", numeric=True), ui.Head("Tied with", numeric=True), *role)
    protect: list[tuple[ui.Cell, ...]] = []
    others: list[tuple[ui.Cell, ...]] = []
    for node in sorted(picture.people, key=lambda each: (picture.away[each], each.person_id)):
        line = known.lines.get(node.person_id)
        if line is None:
            continue
        standing = people.standing.get(node.person_id)
        roles = ", ".join(known.roles.get(node.person_id, ())) or "None recorded"
        row = (
            _person_cell(line),
            ui.Cell("By a match" if node in picture.by_match else picture.away[node], numeric=True),
            ui.Cell(standing.degree if standing else "Not followed", numeric=True),
            *((ui.Cell(roles),) if of_threat else ()),
        )
        (protect if node.person_id in known.protected else others).append(row)
    found = [ui.Table("People", heads, tuple(others), empty="Nobody else.")]
    if protect:
        found.insert(0, ui.Table("People to protect", heads, tuple(protect)))
    return tuple(found)


def _person_cell(line: PersonLine) -> ui.Cell:
    tag = ui.Tag(line.under_18, "yellow") if line.under_18 else None
    return ui.Cell(line.name, line.url, hint=f"{line.reference}, {words.birth_words(line)}", tag=tag)


def match_tables(picture: Picture, known: Known) -> tuple[ui.Table, ...]:
    """Who may be whom, and what was said of it. None where there is no match."""
    rows = [row for each in picture.matches if (row := _match_row(each, known)) is not None]
    if not rows:
        return ()
    more = f": the likeliest {rules.MOST_BY_MATCH} of those outside the picture" if picture.unmatched else ""
    heads = ("Person", "And", "What is said", "Chance that they are one", "By whom", "Compare")
    return (ui.Table(f"Matches{more}", tuple(ui.Head(text) for text in heads), tuple(rows)),)


def _match_row(match: PeopleMatch, known: Known) -> tuple[ui.Cell, ...] | None:
    one, other = known.lines.get(match.one), known.lines.get(match.other)
    if one is None or other is None:
        return None
    chance = "Not worked out" if match.probability is None else pole_rules.percentage_words(match.probability)
    return (
        _person_cell(one),
        _person_cell(other) if match.one != match.other else ui.Cell("Another record of this person"),
        ui.Cell(SAMENESS_WORDS[match.sameness]),
        ui.Cell(chance if match.sameness is not Sameness.SAME else "Decided by a person"),
        ui.Cell("; ".join(_said(each) for each in match.said) or "By what was compared. Nobody has judged it"),
        ui.Cell("Side by side", reverse("pole:pair", args=match.records)),
    )


def _said(said: Said) -> str:
    return f"{VERDICT_WORDS[said.verdict]}: {said.by}, {said.organisation}, {shown_date(said.on)}"


def thing_tables(picture: Picture, said: Words) -> tuple[ui.Table, ...]:
    """Vehicles, phones, organisations and places; events; and every link with what it rests on."""
    things = [node for node in picture.away if not node.is_person]
    rows: dict[bool, list[tuple[ui.Cell, ...]]] = {True: [], False: []}
    for node in sorted(things, key=lambda each: (picture.away[each], each.kind, said.of(each).title, each.key)):
        about = said.of(node)
        hub = ui.Tag("Many links: not followed", "orange") if node in picture.hubs else None
        rows[node.kind == pole_rules.Kind.EVENT].append(
            (
                ui.Cell(about.title, about.url, tag=hub),
                ui.Cell(about.noun.capitalize()),
                ui.Cell(about.happened_on) if node.kind == pole_rules.Kind.EVENT else ui.Cell(_holders(picture, node)),
                ui.Cell(picture.away[node], numeric=True),
            )
        )
    end = ui.Head("Links away", numeric=True)
    return (
        ui.Table(
            "Vehicles, phones, organisations and places",
            (ui.Head("What"), ui.Head("Kind"), ui.Head("People in this picture"), end),
            tuple(rows[False]),
            empty="None.",
        ),
        ui.Table("Events", (ui.Head("Event"), ui.Head("Kind"), ui.Head("When"), end), tuple(rows[True]), empty="None."),
        links_table(picture.ties, said),
    )


def _holders(picture: Picture, node: Node) -> int:
    return len({tie.other(node) for tie in picture.ties if node in {tie.left, tie.right} and tie.other(node).is_person})


def links_table(ties: Iterable[Tie], said: Words, *, caption: str = "Links") -> ui.Table:
    ties = tuple(ties)
    if len(ties) > LINKS_SHOWN:
        caption = f"{caption}: the first {LINKS_SHOWN} of {len(ties)}"
    heads = ("From", "How", "To", "When", "How it is known", "Who says so")
    return ui.Table(
        caption,
        tuple(ui.Head(text) for text in heads),
        tuple(_link_row(tie, said) for tie in ties[:LINKS_SHOWN]),
        empty="No link is recorded.",
    )


def _link_row(tie: Tie, said: Words) -> tuple[ui.Cell, ...]:
    left, right = said.of(tie.left), said.of(tie.right)
    first, last = days_of(tie, said.happened)
    when = shown_date(first) if first is not None and first == last else words.period(first, last)
    return (
        ui.Cell(left.title, left.url, hint=left.detail or left.noun.capitalize()),
        ui.Cell(_type(tie.type)),
        ui.Cell(right.title, right.url, hint=right.detail or right.noun.capitalize()),
        ui.Cell(when),
        ui.Cell(words.assertion(tie.assertion, tie.grade)),
        ui.Cell(said.owners.get(tie.owner_id, ""), hint=tie.source),
    )


def limits(picture: Picture, asked: Asked, said: Words) -> tuple[ui.Alert, ...]:
    """What was not followed and what was left out, on the screen."""
    alerts = [ui.Alert("error", asked.problem)] if asked.problem else []
    if picture.hubs:
        named = sorted(said.of(node).title for node in picture.hubs)
        more = f" and {len(named) - 3} more" if len(named) > 3 else ""
        alerts.append(
            ui.Alert(
                "information",
                f"Not followed, because they have too many links to say that those behind them have to do with each"
                f" other: {', '.join(named[:3])}{more}. A person is followed up to {rules.FOLLOWED['PERSON']} links,"
                f" anything else up to {rules.FOLLOWED['EVENT']}.",
            )
        )
    if picture.left_out:
        alerts.append(
            ui.Alert(
                "warning",
                f"{plural(picture.left_out, 'thing is', 'things are')} left out: a picture holds {rules.MOST_NODES}."
                " The nearest and best tied are here. Ask for fewer links or a shorter time.",
            )
        )
    return tuple(alerts)


def compared(before: Picture, now: Picture, said: Words, *, since: date) -> Compared:
    """What is in one picture and not in the other: people and things, then links between what is in both."""

    def told(these: Picture, those: Picture) -> tuple[str, ...]:
        nodes = sorted(f"{said.of(n).title}, {said.of(n).noun}" for n in these.away.keys() - those.away.keys())
        pairs = {(t.left, t.right, t.type) for t in those.ties}
        links = sorted(
            f"{said.of(t.left).title}: {_type(t.type).lower()}, {said.of(t.right).title}"
            for t in these.ties
            if (t.left, t.right, t.type) not in pairs and {t.left, t.right} <= those.away.keys()
        )
        known = {(m.one, m.other, m.sameness) for m in those.matches}
        matches = sorted(
            f"{said.of(person_node(m.one)).title} and {said.of(person_node(m.other)).title}:"
            f" {SAMENESS_WORDS[m.sameness].lower()}"
            for m in these.matches
            if (m.one, m.other, m.sameness) not in known
        )
        return tuple(dict.fromkeys((*nodes, *links, *matches)))

    return Compared(since, told(now, before), told(before, now))


# What surrounds a person


def around_page(
    line: PersonLine,
    picture: Picture,
    people: People,
    known: Known,
    said: Words,
    *,
    asked: Asked,
    asking: Asking,
    rewind: Rewind,
    difference: Compared | None,
) -> AroundPage:
    title = f"What surrounds {line.name}"
    back = f"{line.url}?{urlencode({REWIND: rewind.on.isoformat()})}" if rewind.on else line.url
    return AroundPage(
        title=title,
        take=_take_link(reverse("network:take_person", args=[line.reference]), asked, rewind),
        crumbs=(words.PICTURE, Link(line.name, back)),
        identity=ui.IdentityBar(
            name=title,
            reference=line.reference,
            facts=(ui.Fact("Born", words.birth_words(line)), ui.Fact("Known to", words.forces_words(line.forces))),
            tags=(ui.Tag(line.under_18, "yellow"),) if line.under_18 else (),
        ),
        alerts=(*rewind.alerts, *limits(picture, asked, said)),
        asking=asking,
        drawing=drawing_of(picture, said, known=known, what=title),
        lead=_within(picture, asked),
        tables=_tables(picture, people, known, said),
        compared=difference,
        empty=None if picture.ties or picture.matches else _no_links("this person"),
        foot=Foot(seen_by=SEEN_BY),
    )


def _tables(
    picture: Picture, people: People, known: Known, said: Words, *, of_threat: bool = False
) -> tuple[ui.Table, ...]:
    """What is drawn, as tables."""
    if not picture.ties and not picture.matches:
        return ()
    return (
        *people_tables(picture, people, known, of_threat=of_threat),
        *match_tables(picture, known),
        *thing_tables(picture, said),
    )


def _take_link(address: str, asked: Asked, rewind: Rewind) -> Link:
    """The way to the same network as a file, as far as a file reaches."""
    days = {"first": asked.period.first, "last": asked.period.last, REWIND: rewind.on}
    said = {name: day.isoformat() for name, day in days.items() if day is not None}
    return Link("Take this network as a file", f"{address}?{urlencode({'depth': min(asked.depth, 2), **said})}")


def _within(picture: Picture, asked: Asked) -> str:
    others = len(picture.people) - len(picture.starts) - len(picture.by_match)
    things = len(picture.away) - len(picture.people)
    when = f", active {_period(asked.period)}" if asked.period else ""
    return (
        f"Within {DEPTH_WORDS[asked.depth].lower()}{when}: {plural(others, 'other person', 'other people')},"
        f" {plural(things, 'thing, place or event', 'things, places and events')},"
        f" {plural(len(picture.ties), 'link', 'links')}.{_matched(picture)}"
    )


def _matched(picture: Picture) -> str:
    """What matches say in the sentence above a drawing."""
    between = sum(each.sameness is not Sameness.SAME for each in picture.matches)
    if not between:
        return ""
    beyond = len(picture.by_match)
    here = f" {plural(beyond, 'person is', 'people are')} here by a match alone." if beyond else ""
    return f" {plural(between, 'match', 'matches')}: a match says who may be whom, and is no link.{here}"


def _period(period: Period) -> str:
    if period.first and period.last:
        return f"from {shown_date(period.first)} to {shown_date(period.last)}"
    return f"since {shown_date(period.first)}" if period.first else f"until {shown_date(period.last)}"


def _no_links(whom: str) -> ui.Empty:
    return ui.Empty(
        "No links",
        f"Nothing that you may see links {whom} with anybody or anything. Ask for a longer time, or look later.",
    )


# The network of a threat


def of_threat_page(
    frame: Mapping[str, Any],
    told: Told,
    picture: Picture,
    *,
    people: People,
    known: Known,
    said: Words,
    asked: Asked,
    asking: Asking,
    difference: Compared | None,
) -> OfThreatPage:
    alerts = (*frame["alerts"], *limits(picture, asked, said))
    reference = told.threat.reference
    return OfThreatPage(
        **{**frame, "alerts": alerts},
        asking=asking,
        drawing=drawing_of(picture, said, known=known, what=f"The network of {told.threat.name}"),
        lead=_of_whom(picture, asked),
        key_sentence=_key_sentence(people, known),
        key_table=_key_table(people, known),
        groups=_groups_table(people, known),
        tables=_tables(picture, people, known, said, of_threat=True),
        compared=difference,
        take=_take_link(reverse("network:take_threat", args=[reference]), asked, told.rewind),
        edge=Link("People at the edge of this group", told.at(reverse("network:edge", args=[reference]))),
        empty=None if picture.ties or picture.matches else _no_links("the people in this threat"),
    )


def _of_whom(picture: Picture, asked: Asked) -> str:
    if not picture.starts:
        return "Nobody is recorded in this threat whom you may see."
    starts = plural(len(picture.starts), "person", "people")
    return f"Starting from {starts} now in this threat. {_within(picture, asked)}"


def _key_sentence(people: People, known: Known) -> str:
    if not people.key:
        return "Nobody holds this network together alone: whoever goes, those who are left still reach each other."
    named = [known.lines[int(each.name)].name for each in people.key if int(each.name) in known.lines]
    apart = people.key[-1].fragmentation
    return (
        f"Key players: {', '.join(named)}. Without {'them' if len(named) > 1 else 'this person'}, {apart:.0%} of the"
        " pairs of people who are left would no longer reach each other."
    )


def _key_table(people: People, known: Known) -> ui.Table:
    """The foremost by what lies between others. Nobody who is to be protected is named."""
    key = {int(each.name) for each in people.key}
    foremost = sorted(
        (s for s in people.standing.values() if s.degree and s.person_id not in known.protected),
        key=lambda s: (-s.betweenness, -s.degree, s.person_id),
    )
    return ui.Table(
        "Key people",
        (
            ui.Head("Person"),
            ui.Head("Role in this threat"),
            ui.Head("Tied with", numeric=True),
            ui.Head("Between others", numeric=True),
            ui.Head("Core", numeric=True),
            ui.Head("Key player"),
        ),
        tuple(
            (
                _person_cell(known.lines[s.person_id]),
                ui.Cell(", ".join(known.roles.get(s.person_id, ())) or "None recorded"),
                ui.Cell(s.degree, numeric=True),
                ui.Cell(f"{s.betweenness:.3f}", numeric=True),
                ui.Cell(s.k_core, numeric=True),
                ui.Cell("Yes" if s.person_id in key else "No"),
            )
            for s in foremost[: rules.KEY_PEOPLE]
            if s.person_id in known.lines
        ),
        empty="No two people of this picture are tied with each other.",
    )


def _groups_table(people: People, known: Known) -> ui.Table:
    rows = []
    for number, group in enumerate(people.groups, start=1):
        if len(group) < rules.FEWEST_FOR_GROUPS:
            continue
        names = [known.lines[person_id].name for person_id in group if person_id in known.lines]
        more = f" and {len(names) - GROUP_SHOWN} more" if len(names) > GROUP_SHOWN else ""
        protect = sum(person_id in known.protected for person_id in group)
        rows.append(
            (
                ui.Cell(f"Group {number}"),
                ui.Cell(len(group), numeric=True),
                ui.Cell(protect, numeric=True),
                ui.Cell(", ".join(names[:GROUP_SHOWN]) + more),
            )
        )
    heads = (ui.Head("Group"), ui.Head("People", numeric=True), ui.Head("To protect", numeric=True), ui.Head("Who"))
    return ui.Table("Groups", heads, tuple(rows), empty="No three people are tied more closely than the rest.")


# What connects two people


def between_page(
    ends: tuple[End, End],
    found: Connection | None,
    shown: Picture | None,
    said: Words,
    known: Known | None,
    *,
    asked: Asked,
    asking: Asking,
    rewind: Rewind,
) -> BetweenPage:
    one, other = ends
    title = "What connects two people"
    if one.person is not None and other.person is not None:
        title = f"What connects {one.person.name} and {other.person.name}"
    routes = found.routes if found else ()
    problem = (ui.Alert("error", asked.problem),) if asked.problem else ()
    return BetweenPage(
        title=title,
        crumbs=(words.PICTURE,),
        alerts=(*rewind.alerts, *problem),
        ends=ends,
        asking=asking,
        drawing=drawing_of(shown, said, known=known, what=title) if shown else None,
        sentence=f"{_same(found, shown)}{_connected(found)}" if found is not None and shown is not None else "",
        matches=match_tables(shown, known) if shown is not None and known is not None else (),
        routes=tuple(_route(number, route, said) for number, route in enumerate(routes, start=1)),
        foot=Foot(seen_by=SEEN_BY),
    )


def _same(found: Connection, shown: Picture) -> str:
    """That the two may be one, before what connects them."""
    ends = {node.person_id for node in found.ends}
    match = next((each for each in shown.matches if {each.one, each.other} == ends), None)
    if match is None:
        return ""
    if match.sameness is Sameness.DIFFERENT:
        return "Somebody said that they are different people. "
    chance = ""
    if match.probability is not None:
        chance = f": on what was compared the chance is {pole_rules.percentage_words(match.probability)}"
    return f"They may be the same person{chance}. "


def _connected(found: Connection) -> str:
    cut = " There was too much to look at all of it: try a shorter time." if found.is_cut else ""
    if not found.routes:
        return f"Nothing that you may see connects them within {plural(found.searched, 'link', 'links')}.{cut}"
    length = len(found.routes[0].nodes) - 1
    ways = len(found.routes)
    more = f"The first {ways} ways" if ways == rules.MOST_PATHS else plural(ways, "shortest way", "shortest ways")
    return (
        f"They are {plural(length, 'link', 'links')} apart. {more}, with what"
        f" {'it rests' if ways == 1 else 'they rest'} on.{cut}"
    )


def _route(number: int, route: Route, said: Words) -> RouteShown:
    titles = " → ".join(said.of(node).title for node in route.nodes)
    remark = "Leads through something with very many links, which says little." if route.through_hub else ""
    ties = [tie for between in route.ties for tie in between]
    return RouteShown(f"Way {number}", remark, links_table(ties, said, caption=titles))


# People at the edge of a group


def edge_page(
    frame: Mapping[str, Any],
    told: Told,
    *,
    rule: rules.EdgeRule,
    leads: Sequence[EdgeLead],
    lines: Mapping[int, PersonLine],
    may_look: bool,
) -> EdgePage:
    """`lines` by the key of the record that a lead names."""
    waiting = [lead for lead in leads if lead.state == Outcome.OPEN]
    decided = [lead for lead in leads if may_look or lead.state == Outcome.OFFER_HELP]
    return EdgePage(
        **frame,
        lead=(
            "People near this group who may be helped out of it before they are of it. A lead changes no record and"
            " starts nothing: a safeguarding lead looks at it first, decides and says why."
        ),
        rule=_rule_facts(rule),
        may_look=may_look and told.rewind.on is None and told.threat.closed_on is None,
        open=_open_table(waiting, lines) if may_look else None,
        decided=_decided_table([lead for lead in decided if lead.state != Outcome.OPEN], lines, opens=True),
        back=Link("The network of this threat", told.at(reverse("network:of_threat", args=[told.threat.reference]))),
    )


def _rule_facts(rule: rules.EdgeRule) -> tuple[ui.Fact, ...]:
    letters = sorted(rule.assessments)
    return (
        ui.Fact("Rule", f"{rule.version}. Default, not a national model."),
        ui.Fact("Near the group", f"Tied with somebody in it, {_away(rule.hops).lower()} at most"),
        ui.Fact(
            "Ties",
            f"At least {plural(rule.links, 'different thing or link', 'different things or links')}, recorded as fact"
            f" or assessed {', '.join(letters[:-1])} or {letters[-1]}",
        ),
        ui.Fact(
            "Own offending",
            f"Suspected or arrested in at most {plural(rule.offences, 'event', 'events')} in {rule.months} months",
        ),
        ui.Fact("Age or need", f"{rule.age_at_most} or younger, or {' or '.join(rule.signs.values()).lower()}"),
        ui.Fact("Never looked at", "Ethnicity, nationality, how deprived an area is"),
    )


def _open_table(leads: Sequence[EdgeLead], lines: Mapping[int, PersonLine]) -> ui.Table:
    heads = ("Person", "Tied with the group", "Ties", "Own offending", "Expires", "Decide")
    return ui.Table(
        "Wait for a decision",
        tuple(ui.Head(text) for text in heads),
        tuple(
            (
                _person_cell(lines[lead.record_id]),
                ui.Cell(_away(int(lead.found["hops"]))),
                ui.Cell(int(lead.found["links"])),
                ui.Cell(plural(int(lead.found["offences"]), "event", "events")),
                ui.Cell(lead.expires_on),
                ui.Cell("Look and decide", reverse("network:lead", args=[lead.pk])),
            )
            for lead in leads
            if lead.record_id in lines
        ),
        empty="Nobody waits for a decision.",
    )


def _decided_table(leads: Sequence[EdgeLead], lines: Mapping[int, PersonLine], *, opens: bool) -> ui.Table:
    return ui.Table(
        "Decided",
        (ui.Head("Person"), ui.Head("Decision"), ui.Head("When and by whom"), ui.Head("Why")),
        tuple(
            (
                _person_cell(lines[lead.record_id]),
                ui.Cell(
                    rules.OUTCOME_NAMES[Outcome(lead.state)],
                    reverse("network:lead", args=[lead.pk]) if opens else "",
                ),
                ui.Cell(lead.decided_on, hint=_by(lead)),
                ui.Cell(lead.reason),
            )
            for lead in leads
            if lead.record_id in lines
        ),
        empty="Nothing has been decided yet.",
    )


def _away(hops: int) -> str:
    """How a person is tied with a group: themselves, or through others."""
    return "Directly" if hops == 1 else f"Through {plural(hops - 1, 'other person', 'other people')}"


def _by(lead: EdgeLead) -> str:
    by = lead.decided_by
    return f"{by.name}, {by.organisation.name}" if by is not None else ""


def lead_page(
    lead: EdgeLead, line: PersonLine, rule: rules.EdgeRule, ties: ui.Table, *, state: Outcome, form: DecideForm | None
) -> LeadPage:
    found, reference = lead.found, lead.threat.reference
    signs = [rule.signs.get(code, code) for code in found["signs"]]
    return LeadPage(
        title=f"{line.name}, at the edge of {lead.threat.name}",
        crumbs=(
            Link("Threats", reverse("threats:list")),
            Link(reference, reverse("threats:detail", args=[reference])),
            Link("People at the edge", reverse("network:edge", args=[reference])),
        ),
        state=ui.Tag(rules.OUTCOME_NAMES[state], "blue" if state == Outcome.OPEN else "grey"),
        why=(
            f"{line.name} is not in this threat. {plural(int(found['links']), 'tie leads', 'different ties lead')} to"
            f" somebody who is, {_away(int(found['hops'])).lower()}. That may be chance. Look at what it rests on"
            " before you decide."
        ),
        facts=(
            ui.Fact("Person", line.name, line.url, hint=line.reference),
            ui.Fact("Age", found["age"], hint="When this was proposed"),
            ui.Fact("Own offending", f"Suspected or arrested in {plural(int(found['offences']), 'event', 'events')}"),
            ui.Fact("Signs of need", ", ".join(signs) or "None recorded"),
            ui.Fact("Rule", lead.rule),
            ui.Fact("Proposed", lead.proposed_on),
            ui.Fact("Expires", lead.expires_on),
            ui.Fact("Never looked at", "Ethnicity, nationality, how deprived an area is"),
        ),
        ties=ties,
        decided=f"{rules.OUTCOME_NAMES[state]}. {shown_date(lead.decided_on)}, {_by(lead)}: {lead.reason}"
        if lead.decided_on
        else "",
        form=form,
        has_errors=bool(form and form.errors),
        foot=Foot(
            seen_by=f"{lead.label}.",
            links=(Link("Who looked", f"{reverse('audit:who_looked')}?record=network.edgelead:{lead.pk}"),),
        ),
    )
