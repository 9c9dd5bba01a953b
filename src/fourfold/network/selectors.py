"""Networks as a reader sees them: worked out when read, from links that the reader may see and from nothing else."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from fourfold.network import rules
from fourfold.network.models import EdgeLead
from fourfold.network.rules import Outcome, Period
from fourfold.pipeline.networks.routes import shortest_routes
from fourfold.platform.errors import NotThere
from fourfold.platform.people.models import Organisation
from fourfold.platform.reference import selectors as reference
from fourfold.pole import selectors as pole
from fourfold.pole import steps
from fourfold.pole.selectors.matches import PeopleMatch, Sameness, matches_between
from fourfold.pole.steps import Called, Node, Tie
from fourfold.threats import selectors as threats
from fourfold.threats.rules import Side

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from fourfold.pipeline.networks.graph import Network
    from fourfold.pipeline.networks.key_players import KeyPlayer
    from fourfold.pipeline.networks.measures import Measured
    from fourfold.threats.models import Threat

START = dict.fromkeys(rules.FOLLOWED, rules.START_FOLLOWED)


# What surrounds people


@dataclass(frozen=True)
class Picture:
    """Nodes within some links of where it starts, and every link between them.

    Args:
        starts: The people it is about.
        away: How many links each node is from the nearest of them.
        ties: Links with both ends in the picture.
        hubs: Nodes with more links than are followed: they are shown, and what lies behind them is not.
        left_out: Nodes that were found and are not in the picture, because there were too many.
        matches: Who of its people may be whom, and what was said of it. No match is followed or counted as a tie.
        by_match: People whom no link brings into the picture: one of those it starts from may be the same person.
        unmatched: Further such people, who are not in the picture because there were too many.
    """

    starts: tuple[Node, ...]
    away: Mapping[Node, int]
    ties: tuple[Tie, ...]
    hubs: frozenset[Node]
    left_out: int = 0
    matches: tuple[PeopleMatch, ...] = ()
    by_match: frozenset[Node] = frozenset()
    unmatched: int = 0

    @property
    def people(self) -> tuple[Node, ...]:
        return tuple(sorted((node for node in self.away if node.is_person), key=lambda node: node.person_id))


def surroundings(person_ids: Iterable[int], *, depth: int, period: Period, most: int = rules.MOST_NODES) -> Picture:
    """What lies within `depth` links of some people. Twelve queries a step at most, however many the links.

    Args:
        person_ids: Where to start. Those without a visible record are not there.
        depth: Links from a start.
        period: Days between which a link has to have been active.
        most: Nodes of the picture; the starts are always in it.
    """
    records = steps.records_of_nodes({steps.person_node(person_id) for person_id in person_ids})
    starts = tuple(sorted(set(records.values()), key=lambda node: node.person_id))
    away: dict[Node, int] = dict.fromkeys(starts, 0)
    ties: dict[int, Tie] = {}
    hubs: set[Node] = set()
    left_out: set[Node] = set()
    front: Collection[Node] = starts
    for step in range(1, depth + 1):
        records = records if step == 1 else steps.records_of_nodes(front)
        taken = steps.step_from(records, follow=START if step == 1 else rules.FOLLOWED)
        hubs |= taken.hubs
        active = _active(taken.ties, period)
        ties |= {tie.link_id: tie for tie in active}
        found = Counter(node for tie in active for node in (tie.left, tie.right) if node not in away)
        kept = rules.nearest_first(dict.fromkeys(found, step), found)[: max(most - len(away), 0)]
        left_out |= found.keys() - set(kept)
        away |= dict.fromkeys(kept, step)
        front = kept
        if not front:
            break
    outermost = [node for node, far in away.items() if far == depth]
    between = steps.ties_between(outermost, follow=rules.FOLLOWED) if outermost else ()
    ties |= {tie.link_id: tie for tie in _active(between, period)}
    inside = tuple(tie for _, tie in sorted(ties.items()) if tie.left in away and tie.right in away)
    return Picture(starts, away, inside, frozenset(hubs & away.keys()), len(left_out - away.keys()))


def with_matches(picture: Picture) -> Picture:
    """The picture with who of it may be whom, and who else may be one of those it starts from. Four queries at most."""
    inside = {node.person_id for node in picture.people}
    found = matches_between(inside, beyond=[node.person_id for node in picture.starts])
    within = [each for each in found if {each.one, each.other} <= inside]
    outward = [each for each in found if not {each.one, each.other} <= inside and each.sameness is Sameness.PROPOSED]
    near = list(dict.fromkeys(pk for each in outward for pk in (each.one, each.other) if pk not in inside))
    shown = frozenset(near[: rules.MOST_BY_MATCH])
    matches = (*within, *(each for each in outward if {each.one, each.other} - inside <= shown))
    by_match = {steps.person_node(person_id): 1 for person_id in near if person_id in shown}
    return replace(
        picture,
        away={**picture.away, **by_match},
        matches=matches,
        by_match=frozenset(by_match),
        unmatched=len(near) - len(shown),
    )


def _active(ties: Iterable[Tie], period: Period) -> tuple[Tie, ...]:
    """Links that were active in the period. One with an event was active when that happened. One query at most."""
    ties = tuple(ties)
    if not period:
        return ties
    happened = steps.days_of_events({node for tie in ties for node in (tie.left, tie.right)})
    return tuple(tie for tie in ties if period.has(*days_of(tie, happened)))


def days_of(tie: Tie, happened: Mapping[Node, date | None]) -> tuple[date | None, date | None]:
    """From when to when a link was so: by its own days, else by the day of its event."""
    if tie.from_on is not None or tie.to_on is not None:
        return tie.from_on, tie.to_on
    day = happened.get(tie.left) or happened.get(tie.right)
    return day, day


# What connects two people


@dataclass(frozen=True)
class Route:
    """One way from the first person to the second: nodes in order, and between each two the links that join them."""

    nodes: tuple[Node, ...]
    ties: tuple[tuple[Tie, ...], ...]
    hubs: frozenset[Node]
    """Nodes on the way that have more links than are followed: that both are linked with one says little."""

    @property
    def through_hub(self) -> bool:
        return bool(self.hubs)


@dataclass(frozen=True)
class Connection:
    """All shortest ways between two people. `searched` says within how many links none was found."""

    ends: tuple[Node, Node]
    routes: tuple[Route, ...]
    searched: int
    is_cut: bool = False
    """There were too many nodes to look at all of them."""

    @property
    def shown(self) -> Picture:
        """All ways as one picture; the two people are in it even where nothing connects them."""
        away = dict(zip(self.ends, (0, 1), strict=True))
        away |= {node: place for route in self.routes for place, node in enumerate(route.nodes)}
        ties = {tie.link_id: tie for route in self.routes for between in route.ties for tie in between}
        hubs = frozenset(node for route in self.routes if route.through_hub for node in route.hubs)
        return Picture((), away, tuple(tie for _, tie in sorted(ties.items())), hubs)


def connection(one: int, other: int, *, period: Period) -> Connection:
    """What connects two people, within six links. Sixty queries at most, however many the links."""
    ends = steps.person_node(one), steps.person_node(other)
    sides: tuple[dict[Node, int], dict[Node, int]] = ({ends[0]: 0}, {ends[1]: 0})
    fronts: list[Collection[Node]] = [[ends[0]], [ends[1]]]
    ties: dict[int, Tie] = {}
    hubs: set[Node] = set()
    walked, is_cut = [0, 0], False
    while not (sides[0].keys() & sides[1].keys()):
        open_sides = [side for side in (0, 1) if fronts[side] and walked[side] < rules.FURTHEST_EACH_WAY]
        if not open_sides:
            break
        side = min(open_sides, key=lambda each: (len(fronts[each]), each))
        walked[side] += 1
        records = steps.records_of_nodes(fronts[side])
        taken = steps.step_from(records, follow=START if walked[side] == 1 else rules.FOLLOWED)
        hubs |= taken.hubs
        active = _active(taken.ties, period)
        ties |= {tie.link_id: tie for tie in active}
        found = Counter(node for tie in active for node in (tie.left, tie.right) if node not in sides[side])
        new = rules.nearest_first(dict.fromkeys(found, walked[side]), found)
        room = max(rules.MOST_SEARCHED - len(sides[side]), 0)
        is_cut |= len(new) > room
        sides[side].update(dict.fromkeys(new[:room], walked[side]))
        fronts[side] = new[:room]
    ways = shortest_routes(((t.left, t.right) for t in ties.values()), *ends, most=rules.MOST_PATHS)
    between: dict[frozenset[Node], list[Tie]] = defaultdict(list)
    for _, tie in sorted(ties.items()):
        between[frozenset((tie.left, tie.right))].append(tie)
    hubs |= steps.step_from(steps.records_of_nodes(_middle(ways)), follow=rules.FOLLOWED).hubs
    routes = [
        Route(way, tuple(tuple(between[frozenset(pair)]) for pair in _pairs(way)), frozenset(hubs & set(way[1:-1])))
        for way in ways
    ]
    routes.sort(key=lambda route: route.through_hub)
    return Connection(ends, tuple(routes), sum(walked), is_cut)


def _middle(ways: Iterable[tuple[Node, ...]]) -> set[Node]:
    return {node for way in ways for node in way[1:-1]}


def _pairs(way: tuple[Node, ...]) -> Iterable[tuple[Node, Node]]:
    return pairwise(way)


def people_named(text: str, *, today: date) -> tuple[pole.PersonLine, ...]:
    """People who could be meant by what was typed, best first."""
    return tuple(pole.people_matching(text, today=today, limit=10)) if text.strip() else ()


def person(person_id: int, *, today: date) -> pole.PersonLine:
    """Raises `NotThere` for somebody without a visible record."""
    found = pole.people_lines([person_id], today=today).get(person_id)
    if found is None:
        raise NotThere
    return found


# Who is key


@dataclass(frozen=True)
class Standing:
    """How one person stands among the people of a picture."""

    person_id: int
    degree: int
    betweenness: float
    k_core: int
    group: int


@dataclass(frozen=True)
class People:
    """The people of a picture and what ties them with each other.

    Args:
        network: Named by the numbers of people.
        standing: By the number of the person.
        key: Those without whom most is apart, in the order of choice.
        groups: Numbers of people, the largest group first; people whom nothing ties with others are in none.
    """

    network: "Network"
    standing: Mapping[int, Standing]
    key: tuple["KeyPlayer", ...]
    groups: tuple[tuple[int, ...], ...]


def people_of(picture: Picture, *, never_key: Collection[int] = ()) -> People:
    """Ties between people, and what follows from them. No query.

    Args:
        picture: Whose people.
        never_key: People who are in the network and are never named as key to it: those to be protected.
    """
    # NetworKit and SciPy take half a second to load, and most processes measure no network.
    from fourfold.pipeline.networks.graph import of_ties  # noqa: PLC0415
    from fourfold.pipeline.networks.key_players import key_players  # noqa: PLC0415
    from fourfold.pipeline.networks.measures import measure  # noqa: PLC0415

    network = of_ties(together(picture), alone=[node.key for node in picture.people if node not in picture.by_match])
    found = measure(network)
    standing = {
        int(name): Standing(
            int(name),
            int(found.degree[place]),
            float(found.betweenness[place]),
            int(found.k_core[place]),
            int(found.community[place]),
        )
        for place, name in enumerate(network.names)
    }
    among = [name for name in network.names if int(name) not in set(never_key)]
    return People(network, standing, key_players(network, most=3, among=among), _groups(network, found))


def together(picture: Picture) -> list[tuple[str, str, float]]:
    """How many different things tie each two people of a picture who are tied at all."""
    return [(str(one), str(other), float(len(why))) for (one, other), why in sorted(reasons(picture).items())]


def reasons(
    picture: Picture, *, counts: Callable[[Tie], bool] = lambda _: True
) -> dict[tuple[int, int], dict[str, tuple[Tie, ...]]]:
    """What ties two people: a link between them, or a thing that both have to do with, and the links that say so.

    A victim, a witness or a missing person is not tied to the others of an event by it, and a crowd is not tied at all.

    Args:
        picture: Whose people.
        counts: Which links count.
    """
    found: dict[tuple[int, int], dict[str, tuple[Tie, ...]]] = defaultdict(dict)
    around: dict[Node, dict[int, list[Tie]]] = defaultdict(lambda: defaultdict(list))
    for tie in picture.ties:
        if tie.type in rules.NOT_TOGETHER or not counts(tie):
            continue
        if tie.left.is_person and tie.right.is_person:
            pair = min(tie.left.person_id, tie.right.person_id), max(tie.left.person_id, tie.right.person_id)
            found[pair][tie.type] = (*found[pair].get(tie.type, ()), tie)
        elif tie.left.is_person or tie.right.is_person:
            someone, thing = (tie.left, tie.right) if tie.left.is_person else (tie.right, tie.left)
            around[thing][someone.person_id].append(tie)
    for thing, people in around.items():
        if thing not in picture.hubs and len(people) <= rules.SHARED_BY:
            for one, other in combinations(sorted(people), 2):
                found[one, other][thing.code] = (*people[one], *people[other])
    return found


def _groups(network: "Network", found: "Measured") -> tuple[tuple[int, ...], ...]:
    members: dict[int, list[int]] = defaultdict(list)
    for place, group in enumerate(found.community.tolist()):
        if found.degree[place]:
            members[group].append(int(network.names[place]))
    return tuple(tuple(sorted(people)) for _, people in sorted(members.items()))


# Who they are


@dataclass(frozen=True)
class Known:
    """What else is known of the people of a picture, for whoever reads it.

    Args:
        lines: As pole shows people.
        roles: Their roles now in the threat the picture is of, in words; empty where it is of no threat.
        protected: Those who are to be protected in some threat that the reader may see, or who may be under 18.
    """

    lines: Mapping[int, pole.PersonLine]
    roles: Mapping[int, tuple[str, ...]]
    protected: frozenset[int]


def known(picture: Picture, *, today: date, of: "Threat | None" = None) -> Known:
    """Four queries, and three more for a threat."""
    ids = [node.person_id for node in picture.people]
    lines = pole.people_lines(ids, today=today)
    records = pole.records_of(ids)
    person_of = {record: person_id for person_id, found in records.items() for record in found}
    protected = {person_id for person_id, line in lines.items() if line.may_be_a_child}
    roles: dict[int, tuple[str, ...]] = {}
    words = threats.vocabulary()
    for each in threats.memberships_of_records(person_of):
        person_id = person_of[each.record_id]
        if each.side == Side.PROTECT:
            protected.add(person_id)
        if of is not None and each.threat_id == of.pk and each.to_on is None:
            roles[person_id] = tuple(dict.fromkeys((*roles.get(person_id, ()), words.role_name(each.role))))
    return Known(lines, roles, frozenset(protected))


def members_of(threat: "Threat") -> tuple[int, ...]:
    """People now in the threat on any side, as far as the reader may see. One query."""
    sides = threats.members_sides([threat.pk]).get(threat.pk, ())
    return tuple(sorted({each.person_id for each in sides if each.to_on is None}))


def called(picture: Picture, *, today: date) -> Mapping[Node, Called]:
    return steps.called(picture.ties, also=picture.away, today=today)


def owners_of(ties: Iterable[Tie]) -> Mapping[int, str]:
    """Names of the organisations whose records the links are. One query."""
    wanted = {tie.owner_id for tie in ties}
    return dict(Organisation.objects.filter(pk__in=wanted).values_list("pk", "name"))


# People at the edge


def edge_rule() -> rules.EdgeRule:
    """The rule in force. Raises `NotThere` where the region's data has none."""
    term = next(iter(reference.terms("edge_of_group")), None)
    if term is None:
        raise NotThere
    return rules.edge_rule(term.detail, version=f"{term.code}, {term.effective_from:%Y-%m-%d}")


def leads_of(threat: "Threat", *, today: date) -> "QuerySet[EdgeLead]":
    """Open leads that have not expired, and what was decided; the soonest to expire first."""
    found = EdgeLead.objects.filter(threat=threat).exclude(state=Outcome.OPEN, expires_on__lt=today)
    return (
        found.exclude(state=Outcome.EXPIRED)
        .select_related("decided_by__organisation", "label")
        .order_by("expires_on", "pk")
    )


def open_leads(*, today: date) -> "QuerySet[EdgeLead]":
    """What waits for a safeguarding lead, the soonest to expire first."""
    found = EdgeLead.objects.filter(state=Outcome.OPEN, expires_on__gte=today).select_related("threat")
    return found.order_by("expires_on", "pk")


def decided_on(record_ids: Iterable[int]) -> "QuerySet[EdgeLead]":
    """What was decided about people at the edge, on some records. One query."""
    found = EdgeLead.objects.filter(record_id__in=list(record_ids), state__in=[each.value for each in rules.DECISIONS])
    return found.select_related("threat").order_by("pk")


def lead(pk: int) -> EdgeLead:
    try:
        return EdgeLead.objects.select_related("threat__owner", "threat__label", "decided_by", "label").get(pk=pk)
    except EdgeLead.DoesNotExist:
        raise NotThere from None
