"""The rules of 4P plans: what a plan must say, who may write, sign and approve it, and how good it is.

Each rule that refuses has a number and one sentence, for the officer who meets it. The rules that mark a plan (the
lint) refuse nothing: each finds faults, each fault is a sentence with the place where it is mended, and the score is
the share of rules that a plan passes. Which of them apply, their words and their limits are region data.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from math import ceil

from rapidfuzz.distance import Indel

from fourfold.platform.errors import RuleBroken
from fourfold.platform.people.rules import may
from fourfold.threats import rules as threats
from fourfold.threats.rules import Actor

WRITE = "plan.write"
SIGN = "plan.sign"
APPROVE = "plan.approve"
PEER_REVIEW = "plan.peer_review"
ACT = "plan.act"

SENTENCES: Mapping[str, str] = {
    "PN1": "You do not have permission to write plans",
    "PN2": "Only the owning organisation or the regional unit can change this plan",
    "PN3": "This threat is closed, so its plan cannot be changed",
    "PN4": "This threat already has a plan. Open it and change it there",
    "PN5": "Enter what is to be done, beginning with a verb",
    "PN6": "Choose Pursue, Prevent, Protect or Prepare",
    "PN7": "Enter {what} in {limit:,} characters or fewer",
    "PN8": "A plan has at most {limit} aims. Close one before adding another",
    "PN9": "Enter the aim",
    "PN10": "Say why the action is {status}",
    "PN11": "Say what came of the action, and on which day it was done",
    "PN12": "The day it was done must be today or earlier",
    "PN13": "Somebody else changed this while you had it open. What is recorded now stands beside what you typed: "
    "send yours again if it still holds",
    "PN14": "Choose a tactic from the menu: {tactic} is not on it",
    "PN15": "You do not have permission to approve plans",
    "PN16": "Somebody else has to approve this plan: you wrote, lead or changed it",
    "PN17": "A plan needs at least one aim and one action before it can be adopted",
    "PN18": "Only the lead responsible officer, their deputy or the senior investigating officer of this threat can "
    "sign its review",
    "PN19": "One person cannot sign for both. The other signs for themselves",
    "PN20": "Only an adopted plan is reviewed. Have it adopted first",
    "PN21": "Say what was looked at and what changes, in at least {words} words",
    "PN22": "The date must be today or earlier",
    "PN23": "Somebody who has no part in this plan has to review it",
    "PN24": "You do not have permission to review other people's plans",
    "PN25": "This plan is closed: nothing in it can be changed",
    "PN26": "Enter who was consulted",
    "PN27": "Say what changed in the plan because of it, or that nothing did",
    "PN28": "Enter a number, like 12 or 3.5",
    "PN29": "Choose an action status from the list",
    "PN30": "Choose an aim of this plan",
    "PN31": "This review is already signed by both",
    "PN33": "There is a review under way already. Sign or change that one",
    "PN34": "Choose an organisation other than the one that owns the plan",
    "PN35": "Enter what the other organisation may read",
    "PN36": "You can report only on actions that are yours",
    "PN37": "This report has been answered already",
    "PN38": "The threat needs a {role} before its plan can be reviewed",
    "PN39": "Choose somebody who can sign in: {name} no longer can",
    "PN40": "Say why, in at least {words} words",
    "PN41": "This version changed since you opened it. Read it again before you decide",
    "PN42": "Choose a review reason from the list",
    "PN43": "This peer review has been answered already",
    "PN44": "Choose somebody who may read this plan: {name} may not",
    "PN45": "Choose at least one of the actions that are offered to this plan",
    "PN46": "This plan is open already",
}

CHANGED_MEANWHILE = "PN13"
AIMS_AT_MOST = 6
REASON_WORDS = 3
REVIEW_WORDS = 5
TITLE_LIMIT = 200
TEXT_LIMIT = 10_000
SHORT_LIMIT = 200


def broken(code: str, field: str = "", **facts: object) -> RuleBroken:
    """The refusal for one numbered rule, its sentence filled in."""
    return RuleBroken(code, SENTENCES[code].format(**facts), field=field)


class P(StrEnum):
    """The four Ps of the national strategies of 2013, 2018 and 2023 (docs/sources.md#soc-strategies)."""

    PURSUE = "PURSUE"
    PREVENT = "PREVENT"
    PROTECT = "PROTECT"
    PREPARE = "PREPARE"


P_NAMES: Mapping[P, tuple[str, str]] = {
    P.PURSUE: ("Pursue", "Prosecute and disrupt people in serious and organised crime"),
    P.PREVENT: ("Prevent", "Stop people from engaging in it"),
    P.PROTECT: ("Protect", "Make people and places harder to harm"),
    P.PREPARE: ("Prepare", "Reduce the harm where it happens"),
}


class State(StrEnum):
    """Where a plan stands."""

    DRAFT = "DRAFT"
    ADOPTED = "ADOPTED"
    CLOSED = "CLOSED"


class Status(StrEnum):
    """Where an action stands. The list is ours: none is published."""

    PROPOSED = "PROPOSED"
    AGREED = "AGREED"
    IN_PROGRESS = "IN_PROGRESS"
    BLOCKED = "BLOCKED"
    DONE = "DONE"
    NOT_DONE = "NOT_DONE"
    CANCELLED = "CANCELLED"


STATE_NAMES: Mapping[State, str] = {State.DRAFT: "Draft", State.ADOPTED: "Adopted", State.CLOSED: "Closed"}
STATUS_NAMES: Mapping[Status, str] = {
    Status.PROPOSED: "Proposed",
    Status.AGREED: "Agreed",
    Status.IN_PROGRESS: "In progress",
    Status.BLOCKED: "Blocked",
    Status.DONE: "Done",
    Status.NOT_DONE: "Not done",
    Status.CANCELLED: "Cancelled",
}
OPEN_STATUSES = frozenset({Status.PROPOSED, Status.AGREED, Status.IN_PROGRESS, Status.BLOCKED})
DROPPED_STATUSES = frozenset({Status.NOT_DONE, Status.CANCELLED})
NEEDS_REASON = frozenset({Status.BLOCKED, Status.NOT_DONE, Status.CANCELLED})


class AimState(StrEnum):
    OPEN = "OPEN"
    MET = "MET"
    DROPPED = "DROPPED"


AIM_STATE_NAMES: Mapping[AimState, str] = {AimState.OPEN: "Open", AimState.MET: "Met", AimState.DROPPED: "Dropped"}


class Part(StrEnum):
    """The written sections of a plan, in order, from what the inspection found (docs/sources.md#inspection-2023)."""

    SUMMARY = "SUMMARY"
    SANITISED = "SANITISED"
    INTELLIGENCE_GAPS = "INTELLIGENCE_GAPS"
    RISK = "RISK"
    ORDERS = "ORDERS"
    FINANCE = "FINANCE"
    EXIT = "EXIT"
    COMMUNITY = "COMMUNITY"
    COMMUNICATIONS = "COMMUNICATIONS"
    RESOURCES = "RESOURCES"
    DEBRIEF = "DEBRIEF"


PART_NAMES: Mapping[Part, tuple[str, str]] = {
    Part.SUMMARY: ("Threat summary", "Five lines: who, what, where, the harm it does, and why now."),
    Part.SANITISED: (
        "Summary for partners",
        "What a partner may read: no names, no sources, no methods. It can be shared on its own.",
    ),
    Part.INTELLIGENCE_GAPS: ("Intelligence picture and gaps", "What is not known, and who is asked to find it out."),
    Part.RISK: ("Risk", "Threat to life, children, staff, and the effect on the community."),
    Part.ORDERS: ("Ancillary orders considered", "Each order that was considered, for whom, and why or why not."),
    Part.FINANCE: ("Financial strategy", "What money and assets there are, and how they are to be taken."),
    Part.EXIT: ("Offender management and exit", "What happens on charge, in custody and on release; ways out."),
    Part.COMMUNITY: ("Community voice", "What people who live with it say, and how they were asked."),
    Part.COMMUNICATIONS: ("Communications", "Who is told what, by whom and when."),
    Part.RESOURCES: ("Resources", "People, money and equipment that the plan relies on."),
    Part.DEBRIEF: ("Closure and debrief", "What was learnt, for those who meet the next threat of this kind."),
}


class Prompt(StrEnum):
    """Why a plan is reviewed: its time has come, or something happened that may change it."""

    DUE = "DUE"
    MAJOR_DISRUPTION = "MAJOR_DISRUPTION"
    CRITICAL_INCIDENT = "CRITICAL_INCIDENT"
    ARREST_OR_RELEASE = "ARREST_OR_RELEASE"
    TIER_CHANGE = "TIER_CHANGE"
    PEER_REVIEW = "PEER_REVIEW"
    OTHER = "OTHER"


PROMPT_NAMES: Mapping[Prompt, str] = {
    Prompt.DUE: "The review is due",
    Prompt.MAJOR_DISRUPTION: "A major disruption",
    Prompt.CRITICAL_INCIDENT: "A critical incident",
    Prompt.ARREST_OR_RELEASE: "A key arrest or release",
    Prompt.TIER_CHANGE: "The tier changed",
    Prompt.PEER_REVIEW: "A peer review",
    Prompt.OTHER: "Another reason",
}


class VersionKind(StrEnum):
    ADOPTED = "ADOPTED"
    REVIEWED = "REVIEWED"
    CLOSED = "CLOSED"


VERSION_NAMES: Mapping[VersionKind, str] = {
    VersionKind.ADOPTED: "Adopted",
    VersionKind.REVIEWED: "Reviewed",
    VersionKind.CLOSED: "Closed",
}


@dataclass(frozen=True, kw_only=True)
class AimSaid:
    """What somebody says of an aim."""

    text: str
    measure: str = ""
    unit: str = ""
    baseline: Decimal | None = None
    target: Decimal | None = None
    target_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class ActionSaid:
    """What somebody says of an action.

    Args:
        p: One of `P`.
        title: What is to be done, verb first.
        owner: Key of the user who answers for it; or `owner_name` for somebody who does not sign in here.
        agency: Key of the organisation that does it; the owner's where none is given.
        aim: Position of the aim that it serves, 1 for the first.
        tactic: Code of reference kind `tactic`, or empty.
    """

    p: str
    title: str
    aim: int | None = None
    owner: int | None = None
    owner_name: str = ""
    agency: int | None = None
    partner: str = ""
    tactic: str = ""
    outcome_wanted: str = ""
    measure: str = ""
    due_on: date | None = None
    resource: str = ""
    legal_basis: str = ""
    why_this_threat: str = ""
    status: str = "PROPOSED"
    status_reason: str = ""
    result: str = ""
    evidence: str = ""
    done_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class ConsultationSaid:
    """Who was consulted, when, and what changed because of it."""

    partner: str
    consulted_on: date
    with_whom: str = ""
    said: str = ""
    changed: str = ""


@dataclass(frozen=True, kw_only=True)
class PlanContent:
    """A whole plan at once."""

    sections: Mapping[str, str] = field(default_factory=dict)
    aims: tuple[AimSaid, ...] = ()
    actions: tuple[ActionSaid, ...] = ()
    consultations: tuple[ConsultationSaid, ...] = ()


def check_may_write(actor: Actor, *, owner: str, audience: str) -> None:
    if not may(actor, WRITE):
        raise broken("PN1")
    if not may_write_for(actor, owner=owner, audience=audience):
        raise broken("PN2")


def may_write_for(actor: Actor, *, owner: str, audience: str) -> bool:
    """The same answer as the database's, for a threat and so for its plan."""
    return threats.may_write_for(actor, owner=owner, audience=audience)


def may_write(actor: Actor, *, owner: str, audience: str) -> bool:
    return may(actor, WRITE) and may_write_for(actor, owner=owner, audience=audience)


def may_approve(actor: Actor, *, owner: str, audience: str) -> bool:
    return may(actor, APPROVE) and may_write_for(actor, owner=owner, audience=audience)


def may_peer_review(actor: Actor, *, owner: str, audience: str) -> bool:
    return may(actor, PEER_REVIEW) and may_write_for(actor, owner=owner, audience=audience)


def check_open(*, state: str, threat_closed_on: date | None) -> None:
    """A plan changes while it and its threat are open."""
    if state == State.CLOSED:
        raise broken("PN25")
    if threat_closed_on is not None:
        raise broken("PN3")


def check_unchanged(*, seen: datetime | None, recorded_from: datetime) -> None:
    """Two who edit one thing at once lose nothing: the second is told. `seen` is None where no form was open."""
    if seen is not None and seen != recorded_from:
        raise broken(CHANGED_MEANWHILE)


def check_words(text: str, *, code: str, field: str, words: int) -> None:
    if len(text.split()) < words:
        raise broken(code, field, words=words)


def check_length(text: str, *, field: str, what: str, limit: int = TEXT_LIMIT) -> None:
    if len(text) > limit:
        raise broken("PN7", field, what=what, limit=limit)


def check_not_later(day: date | None, *, field: str, today: date) -> None:
    if day is None or day > today:
        raise broken("PN22", field)


def check_section(part: str, text: str) -> None:
    check_length(text, field="text", what=PART_NAMES[Part(part)][0].lower())


def check_aim(said: AimSaid) -> None:
    if not said.text.strip():
        raise broken("PN9", "text")
    check_length(said.text, field="text", what="the aim", limit=TITLE_LIMIT)
    check_length(said.measure, field="measure", what="the measure", limit=SHORT_LIMIT)


def check_action(said: ActionSaid, *, tactics: Iterable[str], aims: Iterable[int], today: date) -> None:
    """Raise `RuleBroken` for the first rule that the action breaks. What is only weak is left to the lint."""
    if not said.title.strip():
        raise broken("PN5", "title")
    check_length(said.title, field="title", what="what is to be done", limit=TITLE_LIMIT)
    if said.p not in list(P):
        raise broken("PN6", "p")
    if said.tactic and said.tactic not in tactics:
        raise broken("PN14", "tactic", tactic=said.tactic)
    if said.aim is not None and said.aim not in aims:
        raise broken("PN30", "aim")
    for name, what in (("measure", "the measure"), ("owner_name", "the name"), ("partner", "the partner")):
        check_length(getattr(said, name), field=name, what=what, limit=SHORT_LIMIT)
    check_report(status=said.status, reason=said.status_reason, result=said.result, done_on=said.done_on, today=today)


def check_report(*, status: str, reason: str, result: str, done_on: date | None, today: date) -> None:
    """A status that stops an action says why; one that ends it says what came of it and when."""
    if status not in list(Status):
        raise broken("PN29", "status")
    if status in NEEDS_REASON and not reason.strip():
        raise broken("PN10", "status_reason", status=STATUS_NAMES[Status(status)].lower())
    if status == Status.DONE:
        if done_on is None or not result.strip():
            raise broken("PN11", "result" if not result.strip() else "done_on")
        if done_on > today:
            raise broken("PN12", "done_on")


def check_consultation(said: ConsultationSaid, *, today: date) -> None:
    if not said.partner.strip():
        raise broken("PN26", "partner")
    check_length(said.partner, field="partner", what="the partner", limit=SHORT_LIMIT)
    check_not_later(said.consulted_on, field="consulted_on", today=today)
    if not said.changed.strip():
        raise broken("PN27", "changed")


def check_may_approve(actor: Actor, *, owner: str, audience: str, is_involved: bool) -> None:
    """Somebody senior adopts a plan: never who wrote it, leads it or changed it since the version before."""
    if not may(actor, APPROVE):
        raise broken("PN15")
    if not may_write_for(actor, owner=owner, audience=audience):
        raise broken("PN2")
    if is_involved:
        raise broken("PN16")


def check_adoptable(*, aims: int, actions: int) -> None:
    if not aims or not actions:
        raise broken("PN17")


def signs_as(*, actor: int, lro: int | None, deputy: int | None, sio: int | None) -> tuple[str, ...]:
    """For whom somebody can sign a review of the threat: "LRO", "SIO", both where one person is both, or nobody."""
    found = []
    if actor in {lro, deputy} - {None}:
        found.append("LRO")
    if actor == sio and sio is not None:
        found.append("SIO")
    return tuple(found)


def check_next_signature(*, actor: int, roles: Sequence[str], lro_signed: int | None, sio_signed: int | None) -> str:
    """For whom this signature counts. Two people sign a joint review, the one for the LRO and the other as SIO."""
    if not roles:
        raise broken("PN18")
    if lro_signed is not None and sio_signed is not None:
        raise broken("PN31")
    if actor in {lro_signed, sio_signed}:
        raise broken("PN19")
    free = {"LRO": lro_signed is None, "SIO": sio_signed is None}
    found = next((role for role in roles if free[role]), None)
    if found is None:
        raise broken("PN19")
    return found


def next_review(*, from_on: date, days: int) -> date:
    """By when a plan is reviewed again: so many days after it was adopted or last reviewed."""
    return from_on + timedelta(days=days)


# ---- near-copies ---------------------------------------------------------------------------------------------------
#
# Two texts are near-copies when nine tenths of their words, in order, are the same: rapidfuzz's normalised similarity
# of insertions and deletions, over words. To find them among many without comparing all, each text keeps a few of its
# pairs of neighbouring words as keys. How few is worked out so that two near-copies always share a key (prefix
# filtering: sets of a and b elements that share at least n meet in the first a - n + 1 and b - n + 1 of one order).

NEAR = 0.9
FEWEST_WORDS = 6
WORD = re.compile(r"\w+")


def words_of(*texts: str) -> tuple[str, ...]:
    """The words of what an action says, without case and punctuation."""
    return tuple(WORD.findall(" ".join(texts).casefold()))


def similarity(one: Sequence[str], other: Sequence[str]) -> float:
    """How much of two sequences of words is the same, 0 to 1."""
    return Indel.normalized_similarity(one, other)


def lengths_near(count: int) -> tuple[int, int]:
    """The fewest and the most words that a near-copy of a text of so many words can have."""
    return ceil(count * 9 / 11), count * 11 // 9


def keys_of(words: Sequence[str]) -> tuple[int, ...]:
    """Keys such that any two near-copies share one. Long words come first: they are rarer and find fewer others."""
    if len(words) < FEWEST_WORDS:
        return ()
    seen: Counter[tuple[str, str]] = Counter()
    pairs = []
    for pair in pairwise(words):
        seen[pair] += 1
        pairs.append((-len(pair[0]) - len(pair[1]), _number(*pair, seen[pair])))
    kept = len(pairs) - _shared_at_least(len(words)) + 1
    return tuple(sorted({number for _, number in sorted(pairs)[:kept]}))


def _shared_at_least(count: int) -> int:
    """How many pairs of neighbours a text of so many words shares with any near-copy.

    With `same` words in common, the pairs of these that stand together in both are at least `same - 1` less one for
    every word that only one of the two has.
    """
    low, high = lengths_near(count)
    least = count
    for other in range(low, high + 1):
        same = -(-9 * (count + other) // 20)  # ceil of nine tenths of the mean
        least = min(least, 3 * same - 1 - count - other)
    return max(1, least)


def _number(first: str, second: str, times: int) -> int:
    digest = hashlib.blake2b(f"{first}\x1f{second}\x1f{times}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big", signed=True)


# ---- the lint ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LintRule:
    """One rule as the region sets it: its number, its sentence for lists, its limits, whether it counts.

    Args:
        counts: Whether it is part of the score. What not every reader of a plan may see is told but never scored.
    """

    code: str
    name: str
    source: str = ""
    mark: str = "D"
    is_on: bool = True
    counts: bool = True
    limits: Mapping[str, object] = field(default_factory=dict)

    def number(self, name: str, otherwise: int) -> int:
        value = self.limits.get(name, otherwise)
        return int(str(value))

    def words(self, name: str) -> tuple[str, ...]:
        value = self.limits.get(name, ())
        return tuple(str(each) for each in value) if isinstance(value, (list, tuple)) else ()


@dataclass(frozen=True, kw_only=True)
class ActionFacts:
    """What the lint looks at in one action. `near` is the number of other plans with a near-copy of its words."""

    number: int
    pk: int | None
    p: str
    title: str
    measure: str
    why_this_threat: str
    has_owner: bool
    owner_left: str
    partner: str
    aim: int | None
    due_on: date | None
    status: str
    near: int = 0

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    @property
    def is_kept(self) -> bool:
        return self.status not in DROPPED_STATUSES


@dataclass(frozen=True, kw_only=True)
class AimFacts:
    """What the lint looks at in one aim; `key` is what `ActionFacts.aim` names."""

    number: int
    pk: int | None
    key: int
    text: str
    measure: str
    target: Decimal | None
    target_on: date | None
    is_open: bool


@dataclass(frozen=True, kw_only=True)
class PlanFacts:
    """Everything the lint looks at. `under_18`: somebody under 18 is a member, as far as the reader may see."""

    aims: tuple[AimFacts, ...]
    actions: tuple[ActionFacts, ...]
    consulted: int
    next_review_on: date | None
    under_18: bool = False


@dataclass(frozen=True)
class Fault:
    """One thing to mend, in a sentence, and where: "action", "aim", "new_action", "new_aim", "consult" or "review"."""

    rule: str
    sentence: str
    where: str
    pk: int | None = None
    p: str = ""


@dataclass(frozen=True)
class Lint:
    """What the rules found. `score` is the share of counted rules that the plan passes, 0 to 100."""

    faults: tuple[Fault, ...]
    passed: tuple[str, ...]
    failed: tuple[str, ...]
    score: int


type Found = list[Fault]


def lint(facts: PlanFacts, rules: Iterable[LintRule], *, today: date) -> Lint:
    """Hold a plan against every rule that is on. A rule about actions is not passed by a plan that has none."""
    faults: Found = []
    passed: list[str] = []
    failed: list[str] = []
    scored: list[bool] = []
    kept = tuple(action for action in facts.actions if action.is_kept)
    nothing = _nothing_yet(facts, kept)
    for rule in rules:
        judge = JUDGES.get(rule.code)
        if judge is None or not rule.is_on:
            continue
        needs, find = judge
        lacks = (needs == "actions" and not kept) or (needs == "aims" and not facts.aims)
        found = find(facts, kept, rule, today) if not lacks else []
        faults += found
        is_passed = not found and not lacks
        (passed if is_passed else failed).append(rule.code)
        if rule.counts:
            scored.append(is_passed)
    score = round(100 * sum(scored) / len(scored)) if scored else 100
    return Lint((*nothing, *faults), tuple(passed), tuple(failed), score)


def _nothing_yet(facts: PlanFacts, kept: Sequence[ActionFacts]) -> Found:
    found = []
    if not facts.aims:
        found.append(Fault("", "The plan has no aims yet. Say what it is to achieve.", "new_aim"))
    if not kept:
        found.append(Fault("", "The plan has no actions yet. Add the first.", "new_action"))
    return found


Judge = Callable[[PlanFacts, Sequence[ActionFacts], LintRule, date], Found]


def _no_owner(_facts: PlanFacts, kept: Sequence[ActionFacts], rule: LintRule, _today: date) -> Found:
    return [
        Fault(rule.code, f"Action {a.number} has no owner.", "action", a.pk)
        for a in kept
        if a.is_open and not a.has_owner
    ]


def _no_date(_facts: PlanFacts, kept: Sequence[ActionFacts], rule: LintRule, _today: date) -> Found:
    return [
        Fault(rule.code, f"Action {a.number} has no date.", "action", a.pk)
        for a in kept
        if a.is_open and a.due_on is None
    ]


def _date_past(_facts: PlanFacts, kept: Sequence[ActionFacts], rule: LintRule, today: date) -> Found:
    return [
        Fault(
            rule.code,
            f"Action {a.number} was due on {_day(a.due_on)}. Report on it, or change the date.",
            "action",
            a.pk,
        )
        for a in kept
        if a.is_open and a.due_on is not None and a.due_on < today
    ]


def vague_word(title: str, words: Iterable[str]) -> str:
    """The first word of the list that leads the title or one of its clauses, or nothing."""
    text = title.casefold()
    for word in words:
        if re.search(rf"(?:^|[,;:./&]|\band\b|\bthen\b|\bto\b)\s*{re.escape(word.casefold())}\b", text):
            return word
    return ""


def _vague(_facts: PlanFacts, kept: Sequence[ActionFacts], rule: LintRule, _today: date) -> Found:
    found = []
    for a in kept:
        word = "" if not a.is_open or a.measure.strip() else vague_word(a.title, rule.words("words"))
        if word:
            sentence = f"Action {a.number} says “{word}” without a measure. Say how you will know that it worked."
            found.append(Fault(rule.code, sentence, "action", a.pk))
    return found


def _copied(_facts: PlanFacts, kept: Sequence[ActionFacts], rule: LintRule, _today: date) -> Found:
    least = rule.number("plans", 3)
    return [
        Fault(
            rule.code,
            f"{a.near} other plans have nearly the same words as action {a.number}. Say what is particular here.",
            "action",
            a.pk,
        )
        for a in kept
        if a.near >= least
    ]


def _only_two_ps(_facts: PlanFacts, kept: Sequence[ActionFacts], rule: LintRule, _today: date) -> Found:
    if any(a.p in {P.PREVENT, P.PROTECT} for a in kept):
        return []
    return [Fault(rule.code, "No action is under Prevent or Protect.", "new_action", p=P.PREVENT)]


def _no_partner(facts: PlanFacts, kept: Sequence[ActionFacts], rule: LintRule, _today: date) -> Found:
    if facts.consulted or any(a.partner.strip() for a in kept):
        return []
    return [Fault(rule.code, "No partner was consulted, and none has a part in any action.", "consult")]


def _idle_aim(facts: PlanFacts, kept: Sequence[ActionFacts], rule: LintRule, _today: date) -> Found:
    served = {a.aim for a in kept}
    return [
        Fault(rule.code, f"No action serves aim {aim.number}: {aim.text}", "new_action", aim.pk)
        for aim in facts.aims
        if aim.is_open and aim.key not in served
    ]


def _aimless(_facts: PlanFacts, kept: Sequence[ActionFacts], rule: LintRule, _today: date) -> Found:
    return [
        Fault(rule.code, f"Action {a.number} serves no aim. Choose one.", "action", a.pk)
        for a in kept
        if a.is_open and a.aim is None
    ]


def _not_reviewed(facts: PlanFacts, _kept: Sequence[ActionFacts], rule: LintRule, today: date) -> Found:
    if facts.next_review_on is None or facts.next_review_on >= today:
        return []
    return [Fault(rule.code, f"The plan was to be reviewed by {_day(facts.next_review_on)}.", "review")]


def _owner_left(_facts: PlanFacts, kept: Sequence[ActionFacts], rule: LintRule, _today: date) -> Found:
    return [
        Fault(
            rule.code,
            f"{a.owner_left} owns action {a.number} and is no longer here. Choose somebody else.",
            "action",
            a.pk,
        )
        for a in kept
        if a.is_open and a.owner_left
    ]


def _child(facts: PlanFacts, kept: Sequence[ActionFacts], rule: LintRule, _today: date) -> Found:
    if not facts.under_18 or any(a.p == P.PREVENT for a in kept):
        return []
    return [
        Fault(
            rule.code,
            "Somebody in this threat may be under 18, and no action is under Prevent.",
            "new_action",
            p=P.PREVENT,
        )
    ]


def _unmeasured(facts: PlanFacts, _kept: Sequence[ActionFacts], rule: LintRule, _today: date) -> Found:
    found = []
    for aim in facts.aims:
        parts = (("a measure", aim.measure.strip()), ("a target", aim.target), ("a date", aim.target_on))
        lacks = [name for name, value in parts if value in {"", None}] if aim.is_open else []
        if lacks:
            found.append(Fault(rule.code, f"Aim {aim.number} lacks {_listed(lacks)}.", "aim", aim.pk))
    return found


def _not_tailored(_facts: PlanFacts, kept: Sequence[ActionFacts], rule: LintRule, _today: date) -> Found:
    least = rule.number("words", 4)
    return [
        Fault(rule.code, f"Action {a.number} does not say why it is for this threat.", "action", a.pk)
        for a in kept
        if a.is_open and len(a.why_this_threat.split()) < least
    ]


def _day(day: date | None) -> str:
    return f"{day:%-d %B %Y}" if day else ""


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


JUDGES: Mapping[str, tuple[str, Judge]] = {
    "PL1": ("actions", _no_owner),
    "PL2": ("actions", _no_date),
    "PL3": ("actions", _date_past),
    "PL4": ("actions", _vague),
    "PL5": ("actions", _copied),
    "PL6": ("actions", _only_two_ps),
    "PL7": ("", _no_partner),
    "PL8": ("aims", _idle_aim),
    "PL9": ("actions", _aimless),
    "PL10": ("", _not_reviewed),
    "PL11": ("actions", _owner_left),
    "PL12": ("", _child),
    "PL13": ("aims", _unmeasured),
    "PL14": ("actions", _not_tailored),
}


def is_reference(text: str) -> bool:
    """Whether a text is the reference of a plan, such as PLN-0412."""
    return re.fullmatch(r"PLN-\d{4,}", text) is not None
