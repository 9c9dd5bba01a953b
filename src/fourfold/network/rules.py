"""How far a network is followed, what ties two people, and who is at the edge of a group. Plain Python."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Protocol

from fourfold.platform.errors import RuleBroken
from fourfold.platform.people.rules import may

READ = "person.read"
DECIDE = "safeguard.decide"

DEPTHS = (1, 2, 3)
USUAL_DEPTH = 2
LINKS_OF_A_HOP = 2
"""From one person to the next it is two links: to what they share, and from it."""
FURTHEST_EACH_WAY = 3
"""Links from each of two people within which what connects them is looked for."""
FOLLOWED = {"PERSON": 150, "OBJECT": 25, "LOCATION": 25, "EVENT": 25}
"""Links that a thing of a kind may have and still be followed. A custody suite, a hostel or a shared phone with more
joins people who have nothing to do with each other. Default, not the national model."""
MOST_NODES = 250
"""Nodes of one picture: more cannot be read. What is left out is said."""
MOST_BY_MATCH = 20
"""People that a match alone brings into a picture, the likeliest."""
MOST_PATHS = 20
MOST_SEARCHED = 2_000
"""Nodes that are looked at from each of two people."""
START_FOLLOWED = 1_000
"""Links of the person or group that the picture is about, at most."""
SHARED_BY = 12
"""People that one thing may tie with each other; with more of them it is a crowd."""

NOT_TOGETHER = frozenset({"VICTIM", "WITNESS", "MISSING_PERSON"})
"""Roles that tie nobody to the others in an event: a victim is not of the group of the suspects."""
BLAMED = frozenset({"SUSPECT", "ARRESTED"})
PROTECTED_ROLES = frozenset({"VICTIM", "MISSING_PERSON"})

KEY_PEOPLE = 10
FEWEST_FOR_GROUPS = 3


def broken(code: str, field: str = "", **facts: object) -> RuleBroken:
    return RuleBroken(code, SENTENCES[code].format(**facts), field)


SENTENCES = {
    "NT1": "Give two people, each by a reference such as P-0000123 or by choosing from the names found",
    "NT2": "Give two different people",
    "NT3": "The last day is before the first. Put them in order.",
    "NT10": "Only a safeguarding lead may decide about people at the edge of a group",
    "NT11": "This was decided already, or has expired",
    "NT12": "Say in at least {words} words why you decide so",
    "NT13": "The reason can have at most {limit} characters",
    "NT14": "Choose what is to happen",
    "NT15": "Nobody you may write for reads both this and that record. Ask the safeguarding lead of its owner",
}
REASON_WORDS = 4
REASON_LIMIT = 2_000


# Time


@dataclass(frozen=True)
class Period:
    """Days between which a link has to have been active. Either end may be open."""

    first: date | None = None
    last: date | None = None

    def __bool__(self) -> bool:
        return self.first is not None or self.last is not None

    def has(self, from_on: date | None, to_on: date | None) -> bool:
        """Whether a link with these days was active in the period. One without any day is kept: nobody knows."""
        if self.last is not None and from_on is not None and from_on > self.last:
            return False
        return self.first is None or to_on is None or to_on >= self.first


def check_period(period: Period) -> None:
    if period.first is not None and period.last is not None and period.last < period.first:
        raise broken("NT3", "last")


# People at the edge of a group (docs/decisions/0123)


class Outcome(StrEnum):
    """What became of a lead."""

    OPEN = "OPEN"
    OFFER_HELP = "OFFER_HELP"
    NOT_NOW = "NOT_NOW"
    NOT_RIGHT = "NOT_RIGHT"
    EXPIRED = "EXPIRED"


DECISIONS = (Outcome.OFFER_HELP, Outcome.NOT_NOW, Outcome.NOT_RIGHT)
OUTCOME_NAMES = {
    Outcome.OPEN: "Waits for a decision",
    Outcome.OFFER_HELP: "Help is to be offered",
    Outcome.NOT_NOW: "Not now",
    Outcome.NOT_RIGHT: "Not somebody at the edge of this group",
    Outcome.EXPIRED: "Expired without a decision",
}


@dataclass(frozen=True)
class EdgeRule:
    """Who is proposed. Ethnicity, nationality and how deprived an area is are no part of it and are never read.

    Args:
        version: Name of the rule, kept with every proposal.
        hops: People between the person and somebody in the group, counted with the last.
        links: Different things or links that tie the person on the way to the group, at least.
        assessments: Letters of the intelligence assessment that a graded link may have; a recorded fact has none.
        offences: Events in which the person was suspected or arrested within `months`, at most.
        months: How far back offences and signs of need are looked for.
        age_at_most: In years; somebody older needs a sign of need.
        signs: Roles in events that are a sign of need, with their words.
        days: After how many days without a decision a proposal expires.
    """

    version: str
    hops: int
    links: int
    assessments: frozenset[str]
    offences: int
    months: int
    age_at_most: int
    signs: Mapping[str, str]
    days: int


def edge_rule(detail: Mapping[str, Any], *, version: str) -> EdgeRule:
    """The rule as the region's folder of data has it."""
    return EdgeRule(
        version=version,
        hops=int(detail["hops"]),
        links=int(detail["links"]),
        assessments=frozenset(detail["assessments"]),
        offences=int(detail["offences"]),
        months=int(detail["months"]),
        age_at_most=int(detail["age_at_most"]),
        signs=dict(detail["signs"]),
        days=int(detail["days"]),
    )


@dataclass(frozen=True)
class AtEdge:
    """What is looked at for one person, and all that is."""

    hops: int
    links: int
    offences: int
    age: int | None
    signs: tuple[str, ...]
    in_threat: bool


def is_at_edge(person: AtEdge, rule: EdgeRule) -> bool:
    """Whether a person is proposed for help out of a group."""
    if person.in_threat or not 0 < person.hops <= rule.hops:
        return False
    if person.links < rule.links or person.offences > rule.offences:
        return False
    return (person.age is not None and person.age <= rule.age_at_most) or bool(person.signs)


def counts_as_tie(assertion: str, grade: str, rule: EdgeRule) -> bool:
    """A recorded fact counts, and a graded link whose assessment is good; an assessment without grade does not."""
    if len(grade) > 1:
        return grade[1] in rule.assessments
    return assertion != "assessment"


def expires_on(proposed_on: date, rule: EdgeRule) -> date:
    return proposed_on + timedelta(days=rule.days)


class Actor(Protocol):
    @property
    def capabilities(self) -> frozenset[str]: ...


def may_decide(actor: Actor) -> bool:
    return may(actor, DECIDE)


def check_decision(actor: Actor, *, outcome: str, decision: str, reason: str) -> Outcome:
    """What is decided about a lead that is still open, by somebody who may and who says why."""
    if not may_decide(actor):
        raise broken("NT10")
    if outcome != Outcome.OPEN:
        raise broken("NT11")
    if decision not in DECISIONS:
        raise broken("NT14", "decision")
    if len(reason.split()) < REASON_WORDS:
        raise broken("NT12", "reason", words=REASON_WORDS)
    if len(reason) > REASON_LIMIT:
        raise broken("NT13", "reason", limit=REASON_LIMIT)
    return Outcome(decision)


# Order


def nearest_first[Key](steps: Mapping[Key, int], ties: Mapping[Key, int]) -> list[Key]:
    """Nodes in the order in which they are kept where there are too many: the nearer, then the better tied."""
    return sorted(steps, key=lambda node: (steps[node], -ties.get(node, 0), str(node)))
