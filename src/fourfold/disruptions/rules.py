"""The rules of disruptions: what a record says, who may carry one, what the minimum standard asks, who passes it.

Each rule has a number and one sentence, written for the officer who meets it. What a region may set (which kinds of
threat, who records support, time limits, words, samples) is data with dates, and arrives as a `Standard`. A rule of
`SENTENCES` refuses; a rule of `FAULTS` leaves the record as recorded, says what to mend, and keeps it from passing.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from fourfold.plans.rules import P_NAMES, P
from fourfold.platform.errors import RuleBroken
from fourfold.platform.people.rules import may
from fourfold.threats import rules as threat_rules
from fourfold.threats.rules import Actor

RECORD = "disruption.record"
VALIDATE = "disruption.validate"
MODERATE = "disruption.moderate"

SENTENCES: Mapping[str, str] = {
    "DI1": "You do not have permission to record disruptions",
    "DI2": "Choose the threat that was disrupted: there is none called {threat} that you may see",
    "DI3": "Enter the day it happened",
    "DI4": "A disruption of {day} cannot be recorded against {kind}: {note}",
    "DI5": "The day it happened must be today or earlier",
    "DI6": "The record date must be the day it happened or later, and not after the day it was added",
    "DI7": "This threat was closed on {closed}, more than {days} days before: choose the threat it belongs to now",
    "DI8": "Choose the effect from the list",
    "DI9": "Choose which of Pursue, Prevent, Protect and Prepare it served most",
    "DI10": "Choose tactics from the list: {tactic} is not one of them",
    "DI12": "{agency} cannot record a disruption that it {did}: only {allowed} may",
    "DI13": "You record disruptions for your own organisation",
    "DI14": "Say whom the support was for, and how they gained from it",
    "DI15": "Choose agencies from the list: {agency} is not one of them",
    "DI16": "{fact} must be {shape}",
    "DI17": "{fact} is not a fact that is counted",
    "DI18": "Choose aims of this threat's own plan",
    "DI19": "Say how well each piece of evidence is known: one source grade and one assessment",
    "DI20": "This may be recorded already: {others}. Say what is different, in at least {words} words",
    "DI21": "One event has one lead for each threat, and {reference} leads this one",
    "DI22": "Choose the theme, programme, outcome and handling code from their lists",
    "DI23": "Somebody else changed this record while you had it open. What they changed is shown above what you typed: "
    "send yours again if it still holds",
    "DI24": "Say why, in at least {words} words",
    "DI25": "This record was withdrawn: nothing on it can be changed",
    "DI26": "You do not have permission to change this record",
    "DI27": "You do not have permission to pass this record",
    "DI28": "You recorded this one: somebody else passes it",
    "DI29": "This record does not meet the minimum standard yet: {faults}",
    "DI30": "A major disruption is moderated by the regional unit, not passed by a supervisor",
    "DI31": "You do not have permission to moderate disruptions",
    "DI32": "You recorded or passed this one: another moderator decides",
    "DI33": "A record that is {state} cannot be {verb}",
    "DI34": "Choose something different: the effect is already {value}",
    "DI35": "This record has no review of its effect that is due",
    "DI36": "Say whether the effect lasted",
    "DI37": "The end of the effect must not be before the day it happened",
    "DI38": "You may read this threat but not add to what its readers see: ask its owner to record the disruption",
    "DI39": "Enter at most {limit} characters",
    "DI40": "This record is not in the sample, or was looked at already",
    "DI41": "This proposal has been decided already",
    "DI43": "You changed what this record says since it was recorded: somebody else passes it",
    "DI42": "Choose one of the events that you may see: there is none called {event}",
}
CHANGED_MEANWHILE = "DI23"
MAY_BE_RECORDED = "DI20"

FAULTS: Mapping[str, str] = {
    "MS1": "Say what the threat can no longer do",
    "MS2": "Say for how long",
    "MS3": "Say how we know",
    "MS4": "Say it in at least {words} words in all: it has {said}",
    "MS5": "Add evidence graded {grade} or better: source {source}, assessment {assessment}",
    "MS6": "Name the outcome",
    "MS7": "Assess the effect: it is recorded as not yet assessed",
    "MS8": "Name at least one tactic",
}

REASON_WORDS = 3
TEXT_LIMIT = 4000
PLACE_LIMIT = 200
MONEY = re.compile(r"\d{1,12}(\.\d{1,2})?")
MEASURE = re.compile(r"\d{1,9}(\.\d{1,3})?")
WHOLE = re.compile(r"\d{1,9}")


def broken(code: str, field: str = "", **facts: object) -> RuleBroken:
    """The refusal for one numbered rule, its sentence filled in."""
    return RuleBroken(code, SENTENCES[code].format(**facts), field=field)


class Role(StrEnum):
    """Whether the agency whose record it is led the work or carried it out for another."""

    LEAD = "LEAD"
    SUPPORT = "SUPPORT"


class Category(StrEnum):
    """How much effect it had. PLATINUM is kept for records from elsewhere and given by nobody here."""

    MAJOR = "MAJOR"
    MODERATE = "MODERATE"
    MINOR = "MINOR"
    NO_NOTICEABLE = "NO_NOTICEABLE"
    NEGATIVE = "NEGATIVE"
    UNKNOWN = "UNKNOWN"
    NOT_ASSESSED = "NOT_ASSESSED"
    PLATINUM = "PLATINUM"


class State(StrEnum):
    """Where a record stands. An unfinished form is a draft of its author's, and not a disruption yet."""

    RECORDED = "RECORDED"
    VALIDATED = "VALIDATED"
    MODERATED = "MODERATED"
    RETURNED = "RETURNED"
    WITHDRAWN = "WITHDRAWN"


class Act(StrEnum):
    """What can be done to a record."""

    CHANGE = "CHANGE"
    VALIDATE = "VALIDATE"
    MODERATE = "MODERATE"
    RETURN = "RETURN"
    WITHDRAW = "WITHDRAW"


class Passing(StrEnum):
    """Who says that a record meets the minimum standard."""

    RECORDER = "RECORDER"
    SUPERVISOR = "SUPERVISOR"
    MODERATOR = "MODERATOR"


class Lasted(StrEnum):
    """Whether the effect was still there when it was looked at again."""

    YES = "YES"
    PARTLY = "PARTLY"
    NO = "NO"
    NOT_KNOWN = "NOT_KNOWN"


class LeadState(StrEnum):
    """What became of a proposal of the finder."""

    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"


ROLE_NAMES: Mapping[Role, str] = {Role.LEAD: "Lead", Role.SUPPORT: "Support"}
STATE_NAMES: Mapping[State, str] = {
    State.RECORDED: "Recorded",
    State.VALIDATED: "Validated",
    State.MODERATED: "Moderated",
    State.RETURNED: "Returned",
    State.WITHDRAWN: "Withdrawn",
}
LASTED_NAMES: Mapping[Lasted, str] = {
    Lasted.YES: "Yes, it is still there",
    Lasted.PARTLY: "In part",
    Lasted.NO: "No, it is gone",
    Lasted.NOT_KNOWN: "Nobody can say",
}
COUNTED = frozenset({Category.MAJOR, Category.MODERATE, Category.MINOR})
PASSED = frozenset({State.VALIDATED, State.MODERATED})
HANDLING_NAMES: Mapping[str, str] = {
    "P": "Lawful sharing permitted",
    "C": "Lawful sharing permitted with conditions: ask the owner first",
}

# What may follow what. A change of what was said goes back to RECORDED, whatever it had passed.
TRANSITIONS: Mapping[tuple[State, Act], State] = {
    (State.RECORDED, Act.CHANGE): State.RECORDED,
    (State.RECORDED, Act.VALIDATE): State.VALIDATED,
    (State.RECORDED, Act.MODERATE): State.MODERATED,
    (State.RECORDED, Act.RETURN): State.RETURNED,
    (State.RECORDED, Act.WITHDRAW): State.WITHDRAWN,
    (State.VALIDATED, Act.CHANGE): State.RECORDED,
    (State.VALIDATED, Act.MODERATE): State.MODERATED,
    (State.VALIDATED, Act.RETURN): State.RETURNED,
    (State.VALIDATED, Act.WITHDRAW): State.WITHDRAWN,
    (State.MODERATED, Act.CHANGE): State.RECORDED,
    (State.MODERATED, Act.RETURN): State.RETURNED,
    (State.MODERATED, Act.WITHDRAW): State.WITHDRAWN,
    (State.RETURNED, Act.CHANGE): State.RECORDED,
    (State.RETURNED, Act.WITHDRAW): State.WITHDRAWN,
}
VERBS: Mapping[Act, str] = {
    Act.CHANGE: "changed",
    Act.VALIDATE: "validated",
    Act.MODERATE: "moderated",
    Act.RETURN: "returned",
    Act.WITHDRAW: "withdrawn",
}


@dataclass(frozen=True, kw_only=True)
class Support:
    """Another agency in it: who helped, or whom the support was for, and how they gained from it."""

    agency: str
    benefit: str = ""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What shows it: in words, its reference where it has one, and how well it is known, such as 2B."""

    text: str
    grade: str
    reference: str = ""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What an officer says when recording a disruption. A threat and agencies are named by reference and code.

    Args:
        record_date: The business date that figures go by; the day it happened where nothing is said.
        lead_agency: Code of the agency whose record it is; the recorder's own where nothing is said.
        facts: Outcome facts by code; whole numbers, or decimal numbers as text such as "1250.50".
        aims: Keys of the aims of the threat's plan that it serves.
        shared_event: Name of the event where one event disrupted several threats.
        different_because: Answers the prompt that this may be recorded already.
    """

    threat: str
    event_on: date | None
    category: str
    primary_p: str
    role: str = Role.LEAD
    record_date: date | None = None
    lead_agency: str = ""
    secondary_ps: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()
    theme: str = ""
    place: str = ""
    facts: Mapping[str, str | int] = field(default_factory=dict)
    happened: str = ""
    stopped: str = ""
    for_how_long: str = ""
    how_known: str = ""
    outcome: str = ""
    aims: tuple[int, ...] = ()
    supports: tuple[Support, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    effect_ends_on: date | None = None
    programme: str = ""
    shared_event: str = ""
    handling: str = "P"
    different_because: str = ""


@dataclass(frozen=True)
class Tactic:
    """One tactic of the menu and the Ps that it serves, the first most."""

    code: str
    name: str
    ps: tuple[P, ...]


@dataclass(frozen=True)
class CategoryWords:
    code: str
    name: str
    meaning: str = ""
    counted: bool = False
    disabled: bool = False


@dataclass(frozen=True)
class FactWords:
    code: str
    name: str
    unit: str


@dataclass(frozen=True)
class Vocabulary:
    """The region's words, each by its code and in the region's order; `ended` names those no longer offered."""

    categories: Mapping[str, CategoryWords]
    tactics: Mapping[str, Tactic]
    facts: Mapping[str, FactWords]
    outcomes: Mapping[str, str]
    programmes: Mapping[str, str]
    themes: Mapping[str, str]
    ended: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def category_name(self, code: str) -> str:
        return self.categories[code].name if code in self.categories else code

    def tactic_name(self, code: str) -> str:
        return self.tactics[code].name if code in self.tactics else self.ended.get(("tactic", code), code)

    def named(self, kind: str, code: str) -> str:
        words = {"disruption_outcome": self.outcomes, "programme": self.programmes, "theme": self.themes}[kind]
        return words.get(code) or self.ended.get((kind, code), code)


@dataclass(frozen=True)
class DatedRule:
    """One rule of the region's, for events on a day from `effective_from` to before `effective_to`."""

    code: str
    effective_from: date
    effective_to: date | None
    detail: Mapping[str, Any]
    mark: str = "D"
    name: str = ""
    source: str = ""


@dataclass(frozen=True)
class Standard:
    """The region's rules, each as it holds on the day of an event."""

    rules: tuple[DatedRule, ...]

    def on(self, code: str, day: date) -> Mapping[str, Any]:
        """What a rule says for events of a day; nothing where the region has none then."""
        held = self.rule_on(code, day)
        return held.detail if held else {}

    def rule_on(self, code: str, day: date) -> DatedRule | None:
        held = [
            rule
            for rule in self.rules
            if rule.code == code
            and rule.effective_from <= day
            and (rule.effective_to is None or day < rule.effective_to)
        ]
        return max(held, key=lambda rule: rule.effective_from, default=None)

    def types_on(self, day: date) -> frozenset[str]:
        return frozenset(self.on("threat_types", day).get("types", ()))

    def roles_of(self, kind: str, day: date) -> frozenset[str]:
        return frozenset(self.on("roles", day).get(kind, ()))

    def days(self, code: str, day: date) -> int:
        return int(self.on(code, day).get("days", 0))

    def words(self, day: date) -> int:
        return int(self.on("statement", day).get("words", 0))

    def passing(self, category: str, day: date) -> Passing:
        said = self.on("passing", day)
        return Passing(said.get(category, said.get("otherwise", Passing.SUPERVISOR)))

    def sample_per_cent(self, day: date) -> int:
        return int(self.on("passing", day).get("sample_per_cent", 0))


@dataclass(frozen=True)
class Target:
    """What a disruption is recorded against, as it stands."""

    reference: str
    threat_type: str
    closed_on: date | None = None


@dataclass(frozen=True)
class Agency:
    code: str
    name: str
    kind: str


@dataclass(frozen=True)
class Fault:
    """What keeps a record from passing: a numbered rule, what to mend, and the question it belongs to."""

    code: str
    sentence: str
    field: str = ""


@dataclass(frozen=True)
class Like:
    """A record that may be of the same event: same threat, a day near, a tactic in common."""

    reference: str
    event_on: date


def refusals(
    said: Said,
    *,
    target: Target,
    agency: Agency,
    words: Vocabulary,
    standard: Standard,
    today: date,
    added_on: date | None = None,
) -> tuple[RuleBroken, ...]:
    """Every rule that what was said breaks, in the order of the questions; one for each kind of rule.

    Args:
        said: The record.
        target: The threat as it stands.
        agency: Whose record it is.
        words: The region's words.
        standard: The region's rules.
        today: This day.
        added_on: The day the record was added, for one that is changed; today for a new one.
    """
    event_on = said.event_on
    if event_on is None:
        return (broken("DI3", "event_on"),)
    checks: tuple[Callable[[], None], ...] = (
        lambda: _check_dates(said, event_on=event_on, today=today, added_on=added_on or today),
        lambda: _check_target(target, event_on=event_on, standard=standard),
        lambda: _check_agency(said, agency=agency, event_on=event_on, standard=standard),
        lambda: _check_words(said, words),
        lambda: _check_facts(said.facts, words),
        lambda: _check_texts(said),
        lambda: _check_evidence(said),
    )
    found = []
    for check in checks:
        try:
            check()
        except RuleBroken as refused:
            found.append(refused)
    return tuple(found)


def _check_dates(said: Said, *, event_on: date, today: date, added_on: date) -> None:
    if event_on > today:
        raise broken("DI5", "event_on")
    if not event_on <= (said.record_date or event_on) <= added_on:
        raise broken("DI6", "record_date")
    if said.effect_ends_on is not None and said.effect_ends_on < event_on:
        raise broken("DI37", "effect_ends_on")


def _check_evidence(said: Said) -> None:
    if any(not threat_rules.is_grade(each.grade) or not each.text.strip() for each in said.evidence):
        raise broken("DI19", "evidence")


def _check_target(target: Target, *, event_on: date, standard: Standard) -> None:
    allowed = standard.on("threat_types", event_on)
    if target.threat_type not in allowed.get("types", ()):
        kind = threat_rules.TYPE_NAMES[threat_rules.ThreatType(target.threat_type)][1].lower()
        note = str(allowed.get("note", "no rule allows it on that day"))
        raise broken("DI4", "threat", day=_day(event_on), kind=kind, note=note[:1].lower() + note[1:])
    grace = standard.days("closed_grace", event_on)
    if target.closed_on is not None and event_on > target.closed_on + timedelta(days=grace):
        raise broken("DI7", "threat", closed=_day(target.closed_on), days=grace)


def _check_agency(said: Said, *, agency: Agency, event_on: date, standard: Standard) -> None:
    if said.role not in list(Role) or said.role not in standard.roles_of(agency.kind, event_on):
        rule = standard.on("roles", event_on)
        kinds = [name for kind, name in AGENCY_KINDS.items() if said.role in rule.get(kind, ())]
        did = "supported" if said.role == Role.SUPPORT else "led"
        raise broken("DI12", "role", agency=agency.name, did=did, allowed=_listed(kinds) or "nobody")
    if said.role == Role.SUPPORT and not any(each.agency and each.benefit.strip() for each in said.supports):
        raise broken("DI14", "supports")


AGENCY_KINDS: Mapping[str, str] = {
    "FORCE": "forces",
    "ROCU": "regional units",
    "AGENCY": "national agencies",
    "PARTNER": "partners",
}


def _check_words(said: Said, words: Vocabulary) -> None:
    category = words.categories.get(said.category)
    if category is None or category.disabled:
        raise broken("DI8", "category")
    if said.primary_p not in list(P) or not set(said.secondary_ps) <= set(P):
        raise broken("DI9", "primary_p")
    for code in said.tactics:
        if code not in words.tactics:
            raise broken("DI10", "tactics", tactic=code)
    for field_name, code, known in (
        ("theme", said.theme, words.themes),
        ("programme", said.programme, words.programmes),
        ("outcome", said.outcome, words.outcomes),
        ("handling", said.handling, HANDLING_NAMES),
    ):
        if code and code not in known:
            raise broken("DI22", field_name)


def _check_facts(facts: Mapping[str, str | int], words: Vocabulary) -> None:
    for code, value in facts.items():
        known = words.facts.get(code)
        if known is None:
            raise broken("DI17", "facts", fact=code)
        if not fact_holds(code, value, words):
            sentence = SHAPES.get(known.unit, SHAPES["number"])[1]
            raise broken("DI16", f"fact_{code}", fact=known.name, shape=sentence)


SHAPES: Mapping[str, tuple[re.Pattern[str], str]] = {
    "number": (WHOLE, "a whole number, like 3"),
    "money": (MONEY, "pounds and pence, like 1250.50"),
    "kilograms": (MEASURE, "kilograms, like 1.25"),
    "years": (MEASURE, "years, like 4.5"),
}


def fact_holds(code: str, value: str | int, words: Vocabulary) -> bool:
    """Whether a value has the form of the fact's unit."""
    known = words.facts.get(code)
    return known is not None and bool(SHAPES.get(known.unit, SHAPES["number"])[0].fullmatch(str(value)))


def _check_texts(said: Said) -> None:
    for field_name, text, limit in (
        ("happened", said.happened, TEXT_LIMIT),
        ("stopped", said.stopped, TEXT_LIMIT),
        ("for_how_long", said.for_how_long, TEXT_LIMIT),
        ("how_known", said.how_known, TEXT_LIMIT),
        ("different_because", said.different_because, TEXT_LIMIT),
        ("place", said.place, PLACE_LIMIT),
    ):
        if len(text) > limit:
            raise broken("DI39", field_name, limit=f"{limit:,}")


def tidy_facts(facts: Mapping[str, str | int], words: Vocabulary) -> dict[str, str | int]:
    """Facts as they are kept: counts as numbers, measures and money as exact decimal text; noughts left out."""
    kept: dict[str, str | int] = {}
    for code, value in facts.items():
        known = words.facts.get(code)
        if known is None or str(value).strip() == "":
            continue
        if known.unit == "number":
            if int(value):
                kept[code] = int(value)
        elif Decimal(str(value)):
            kept[code] = f"{Decimal(str(value)):.2f}" if known.unit == "money" else str(value)
    return kept


def read_fact(typed: str) -> str:
    """A number as people type it, "£1,250.50", without pounds, commas and spaces."""
    return re.sub(r"[£,\s]", "", typed)


def fact_amount(value: object) -> Decimal:
    """The exact amount of a kept fact; nought where it cannot be read."""
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)


def faults(said: Said, *, standard: Standard) -> tuple[Fault, ...]:
    """Everything that keeps the record from passing the minimum standard, in the order of the questions."""
    day = said.event_on or date.max
    found = [
        _fault(code, name)
        for code, name, text in (
            ("MS1", "stopped", said.stopped),
            ("MS2", "for_how_long", said.for_how_long),
            ("MS3", "how_known", said.how_known),
        )
        if not text.strip()
    ]
    count = statement_words(said)
    wanted = standard.words(day)
    if count < wanted:
        found.append(_fault("MS4", "stopped", words=wanted, said=count))
    asked = standard.on("evidence", day)
    if said.category in asked.get("categories", ()):
        source, assessment = str(asked["source"]), str(asked["assessment"])
        if not any(grade_is_at_least(each.grade, source, assessment) for each in said.evidence):
            found.append(_fault("MS5", "evidence", grade=f"{source}{assessment}", source=source, assessment=assessment))
    if said.category in standard.on("named_outcome", day).get("categories", ()) and not said.outcome:
        found.append(_fault("MS6", "outcome"))
    if said.category == Category.NOT_ASSESSED:
        found.append(_fault("MS7", "category"))
    if not said.tactics:
        found.append(_fault("MS8", "tactics"))
    return tuple(found)


def statement_words(said: Said) -> int:
    return sum(len(text.split()) for text in (said.stopped, said.for_how_long, said.how_known))


def grade_is_at_least(grade: str, source: str, assessment: str) -> bool:
    """Whether a grade such as 2B is as good as a source grade and an assessment: 1 before 2, A before B."""
    return threat_rules.is_grade(grade) and grade[0] <= source and grade[1] <= assessment


def _fault(code: str, field_name: str, **facts: object) -> Fault:
    return Fault(code, FAULTS[code].format(**facts), field_name)


def is_late(*, event_on: date, added_on: date, standard: Standard) -> bool:
    """Whether it was added after the days that the standard allows. A late record is accepted, and says so."""
    allowed = standard.days("time_limit", event_on)
    return bool(allowed) and (added_on - event_on).days > allowed


def review_due(*, category: str, event_on: date, standard: Standard) -> date | None:
    """When the effect is looked at again; None for categories that are not."""
    asked = standard.on("category_review", event_on)
    if category not in asked.get("categories", ()):
        return None
    return event_on + timedelta(days=int(asked["days"]))


def is_sampled(key: str, *, per_cent: int) -> bool:
    """Whether a self-certified record is in the sample: the same answer every time, and nobody can choose it.

    Args:
        key: The record's reference with its number of passes, so that a changed record is drawn afresh.
        per_cent: The share that is looked at, 0 to 100.
    """
    drawn = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % 10_000
    return drawn < per_cent * 100


def state_after_recording(said: Said, *, standard: Standard) -> State:
    """A record that its recorder may pass, and that meets the standard, is passed as it is recorded."""
    day = said.event_on or date.max
    passes = standard.passing(said.category, day) is Passing.RECORDER and not faults(said, standard=standard)
    return State.VALIDATED if passes else State.RECORDED


def follow(state: str, act: Act) -> State:
    """The state after an act. Raises `RuleBroken` where the act cannot follow."""
    found = TRANSITIONS.get((State(state), act))
    if found is None:
        if state == State.WITHDRAWN:
            raise broken("DI25")
        raise broken("DI33", state=STATE_NAMES[State(state)].lower(), verb=VERBS[act])
    return found


def check_passes(found: Collection[Fault]) -> None:
    """Nothing passes that does not meet the standard."""
    if found:
        raise broken("DI29", faults="; ".join(fault.sentence[:1].lower() + fault.sentence[1:] for fault in found))


def check_different(likes: Collection[Like], *, different_because: str) -> None:
    """Prompt where this may be recorded already, until the person says what is different."""
    if likes and len(different_because.split()) < REASON_WORDS:
        others = _listed([f"{like.reference} of {_day(like.event_on)}" for like in likes])
        raise broken("DI20", "different_because", others=others, words=REASON_WORDS)


def check_reason(reason: str, *, field: str = "reason") -> None:
    if len(reason.split()) < REASON_WORDS:
        raise broken("DI24", field, words=REASON_WORDS)


def check_unchanged(*, seen: datetime | None, recorded_from: datetime) -> None:
    """Two who edit one record at once lose nothing: the second is told. `seen` is None where no form was open."""
    if seen is not None and seen != recorded_from:
        raise broken("DI23")


def may_record(actor: Actor) -> bool:
    return may(actor, RECORD)


def check_may_record(actor: Actor, *, agency: str) -> None:
    """For the own organisation; those who write for the region, for any."""
    if not may(actor, RECORD):
        raise broken("DI1")
    if agency != actor.organisation.code and not may(actor, threat_rules.WHOLE_REGION):
        raise broken("DI13", "lead_agency")


def may_change(actor: Actor, *, owner: str, audience: str) -> bool:
    """Those who record for the organisation that owns the record; those who pass and moderate; the region's own."""
    does = any(may(actor, capability) for capability in (RECORD, VALIDATE, MODERATE))
    return does and threat_rules.may_write_for(actor, owner=owner, audience=audience)


def may_validate(actor: Actor, *, owner: str, audience: str) -> bool:
    return may(actor, VALIDATE) and threat_rules.may_write_for(actor, owner=owner, audience=audience)


def may_moderate(actor: Actor, *, owner: str, audience: str) -> bool:
    return may(actor, MODERATE) and threat_rules.may_write_for(actor, owner=owner, audience=audience)


def check_may_change(actor: Actor, *, owner: str, audience: str) -> None:
    if not may_change(actor, owner=owner, audience=audience):
        raise broken("DI26")


def check_may_validate(
    actor: Actor,
    *,
    owner: str,
    audience: str,
    is_recorder: bool,
    has_changed: bool,
    category: str,
    event_on: date,
    standard: Standard,
) -> None:
    """A supervisor passes what others recorded and wrote; never a category that the regional unit moderates."""
    if not may_validate(actor, owner=owner, audience=audience):
        raise broken("DI27")
    if is_recorder:
        raise broken("DI28")
    if has_changed:
        raise broken("DI43")
    if standard.passing(category, event_on) is Passing.MODERATOR:
        raise broken("DI30")


def check_may_moderate(actor: Actor, *, owner: str, audience: str, had_part: bool, has_changed: bool = False) -> None:
    """An independent moderator neither recorded nor passed the record, and wrote nothing of what it says."""
    if not may_moderate(actor, owner=owner, audience=audience):
        raise broken("DI31")
    if had_part:
        raise broken("DI32")
    if has_changed:
        raise broken("DI43")


@dataclass(frozen=True)
class FinderRule:
    """Which happening about whom points to a disruption that nobody may have recorded."""

    code: str
    name: str
    event: str
    links: frozenset[str]
    sides: frozenset[str]
    p: P
    tactic: str
    days: int
    why: str
    status: tuple[str, ...] = ()
    ended: bool = False
    vehicle: bool = False


@dataclass(frozen=True)
class Happening:
    """What the finder reads of an event: nothing of who somebody is but their side in the threat."""

    kind: str
    link: str
    side: str
    happened_on: date
    status: str = ""
    has_ended: bool = False
    has_vehicle: bool = False


def points_to(rule: FinderRule, happening: Happening, *, today: date) -> bool:
    """Whether a happening points to a disruption by this rule."""
    near = today - timedelta(days=rule.days) < happening.happened_on <= today
    said = happening.status.lower()
    return (
        near
        and happening.kind == rule.event
        and happening.link in rule.links
        and happening.side in rule.sides
        and (not rule.status or any(word in said for word in rule.status))
        and (not rule.ended or happening.has_ended)
        and (not rule.vehicle or happening.has_vehicle)
    )


def expires_on(rule: FinderRule, happened_on: date) -> date:
    return happened_on + timedelta(days=rule.days)


def precision(accepted: int, declined: int) -> float | None:
    """The share of decided proposals that were accepted; None before anybody decided."""
    return accepted / (accepted + declined) if accepted + declined else None


def narrowest(readers: Iterable[threat_rules.Readers]) -> threat_rules.Readers | None:
    """Whichever has only readers whom all the others have; None where each has readers of its own."""
    kept: threat_rules.Readers | None = None
    for each in readers:
        if kept is None or each == kept:
            kept = each
            continue
        if not {each.audience, kept.audience} <= {"OWN", "REGION"}:
            return None
        kept = threat_rules.narrower(kept, each)
        if kept is None:
            return None
    return kept


def role_name(code: str) -> str:
    return ROLE_NAMES[Role(code)]


def p_name(code: str) -> str:
    return P_NAMES[P(code)][0]


def _day(day: date) -> str:
    return f"{day:%-d %B %Y}"


def _listed(items: Iterable[str]) -> str:
    items = list(items)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""
