"""The rules of the master list: what a threat and a membership must say, and who may change them.

Each rule has a number and one sentence, written for the officer who meets it. Lists of words (tiers, phases, themes,
member roles) are region data and arrive as a `Vocabulary`.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from fourfold.formats import phone, postcode
from fourfold.platform.errors import RuleBroken
from fourfold.platform.people.rules import may

READ = "threat.read"
NOMINATE = "threat.nominate"
MANAGE = "threat.manage"
MODERATE = "threat.moderate"
WHOLE_REGION = "region.write"

SENTENCES: Mapping[str, str] = {
    "TH1": "Choose which kind of threat this is",
    "TH2": "Enter a name for the threat",
    "TH3": "Enter a summary in at least {words} words: who, what, where and the harm it does",
    "TH4": "Choose at least one theme",
    "TH5": "Choose themes from the list: {theme} is not one of them",
    "TH6": "Choose a tier from the list",
    "TH7": "Choose a phase from the list",
    "TH8": "A threat cannot be nominated in a closed phase",
    "TH9": "The date of nomination must be today or earlier",
    "TH10": "Enter a name of at most {limit} characters",
    "TH11": "You can nominate threats only for your own organisation",
    "TH12": "You do not have permission to nominate a threat",
    "TH13": "Only the owning organisation or the regional unit can change this threat",
    "TH14": "You do not have permission to change threats",
    "TH15": "Say why, in at least {words} words",
    "TH16": "This threat is closed: nothing on it can be changed",
    "TH17": "Choose the ground for closing",
    "TH18": "The date of closing must be today or earlier, and not before the threat was nominated",
    "TH19": "Choose an open phase: to close a threat, use the page for closing it",
    "TH20": "Choose something different: the threat is already {value}",
    "TH21": "Choose a lead responsible officer and a deputy who are different people",
    "TH22": "Choose somebody who can sign in: {name} no longer can",
    "TH23": "The date must be today or earlier, and not before the threat was nominated",
    "TH24": "Enter the place",
    "TH25": "Somebody else changed this threat while you had it open. What they changed is shown above what you typed: "
    "send yours again if it still holds",
    "TH26": "Enter other names of at most {limit} characters each",
    "TH27": "Enter each place in at most {limit} characters",
    "TH28": "Choose another threat: a threat is not linked to itself",
    "TH29": "Enter the reference of a threat that you may see, such as SOC-0412",
    "TH30": "These two threats have been linked in this way since {since}",
    "TH31": "Choose how the two threats are linked",
    "TH32": "The two threats are restricted to different readers, so nobody could see that they are linked: ask the "
    "owner of one of them to share it first",
    "TH33": "This has ended already",
    "TH34": "The date on which it ended must be today or earlier, and not before it began",
    "TH35": "Enter a postcode such as L3 4AA, or leave it empty",
    "TH36": "Enter a phone number with its area or country code, such as 07700 900123",
    "TH37": "This line has been recorded on this threat since {since}",
    "TH38": "Enter what the line is called in at most {limit} characters",
    "TH39": "This threat is open: there is nothing to reopen",
    "TH40": "{reference} is closed: choose an open threat",
    "TH41": "Choose at least one person, phone line or place that belongs to the new threat",
    "TH42": "Choose people, lines and places that are in this threat now",
    "TH43": "This has been answered already",
    "TH44": "This threat already waits for an answer: what was asked on {since} is answered or withdrawn first",
    "TH45": "Nothing would change: choose another organisation or another lead responsible officer",
    "TH46": "Nobody at {organisation} may see this threat, so nobody there could accept it",
    "TH47": "Only the officer it is offered to, or somebody who may manage threats of {organisation}, can answer",
    "TH48": "You offered this threat: somebody else answers",
    "TH49": "This threat was changed hands since it was offered: ask for it to be offered again",
    "TH50": "You do not have permission to answer a proposal to close a threat",
    "TH51": "You proposed this closing: somebody else answers",
    "TH52": "You lead this threat: somebody who does not answers",
    "TH53": "A moderator who is not of the owning organisation answers",
    "TH54": "Only the organisation that asked can withdraw it",
    "TH55": "You do not have permission to set a tier by moderation",
    "TH56": "To merge a threat into another, use the page for merging it",
    "TM2": "Choose the role this person has in the threat",
    "TM3": "Enter the date from which the person has this role",
    "TM4": "The date from which the person has this role must be today or earlier",
    "TM5": "The date on which the role ended must be today or earlier, and not before it began",
    "TM6": "Choose how sure we are: one source grade and one assessment",
    "TM7": "Say whether this is a fact or an assessment",
    "TM8": "Choose what this person is in the eyes of the law: suspect, convicted, victim or witness",
    "TM9": "A person to protect is recorded as a victim or a witness, never as a suspect or an offender",
    "TM10": "This person already has this role in this threat from {since}",
    "TM11": "This role has already ended",
    "TM12": "The record and the threat are restricted to different readers, so nobody could see this membership: "
    "ask the owner of one of them to share it first",
    "TM14": "You may read this record but not add to what its readers see: ask its owner to add the person",
    "TM13": "Somebody counted as an offender is recorded as a suspect or as convicted",
}

CHANGED_MEANWHILE = "TH25"
SUMMARY_WORDS = 5
REASON_WORDS = 3
NAME_LIMIT = 120
PLACE_LIMIT = 200
BRAND_LIMIT = 120


def broken(code: str, field: str = "", **facts: object) -> RuleBroken:
    """The refusal for one numbered rule, its sentence filled in."""
    return RuleBroken(code, SENTENCES[code].format(**facts), field=field)


class ThreatType(StrEnum):
    """The three kinds of threat on one master list (docs/sources.md#inspection-2023)."""

    OCG = "OCG"
    PRIORITY_INDIVIDUAL = "PRIORITY_INDIVIDUAL"
    VULNERABILITY = "VULNERABILITY"


class Side(StrEnum):
    """Where a role stands. Only the first is ever counted as an offender."""

    OFFENDER = "OFFENDER"
    PERIPHERY = "PERIPHERY"
    PROTECT = "PROTECT"


class Category(StrEnum):
    """What a person is in this threat: Data Protection Act 2018 section 38(3)."""

    SUSPECT = "SUSPECT"
    CONVICTED = "CONVICTED"
    VICTIM = "VICTIM"
    WITNESS = "WITNESS"


class Assertion(StrEnum):
    """Fact or personal assessment: Data Protection Act 2018 section 38(2)."""

    FACT = "FACT"
    ASSESSMENT = "ASSESSMENT"


class LinkKind(StrEnum):
    """What one threat has to do with another; read from the one to the other."""

    RIVAL = "RIVAL"
    SUPPLIER = "SUPPLIER"
    FACILITATES = "FACILITATES"
    SUCCESSOR = "SUCCESSOR"
    RELATED = "RELATED"
    SPLIT_FROM = "SPLIT_FROM"
    MERGED_INTO = "MERGED_INTO"


class Answer(StrEnum):
    """What became of an offer or a proposal. A closing that was confirmed is accepted."""

    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"


TYPE_NAMES: Mapping[ThreatType, tuple[str, str]] = {
    ThreatType.OCG: ("Organised crime group", "Organised crime groups"),
    ThreatType.PRIORITY_INDIVIDUAL: ("Priority individual", "Priority individuals"),
    ThreatType.VULNERABILITY: ("Vulnerability", "Vulnerabilities"),
}
LINK_WORDS: Mapping[LinkKind, tuple[str, str]] = {
    LinkKind.RIVAL: ("Rival of", "Rival of"),
    LinkKind.SUPPLIER: ("Supplies", "Supplied by"),
    LinkKind.FACILITATES: ("Facilitates", "Facilitated by"),
    LinkKind.SUCCESSOR: ("Succeeded", "Succeeded by"),
    LinkKind.RELATED: ("Related to", "Related to"),
    LinkKind.SPLIT_FROM: ("Split from", "Was split into"),
    LinkKind.MERGED_INTO: ("Merged into", "Took in"),
}
"""How a link reads on the page of the one, and on the page of the other."""
CHOSEN_LINKS = (
    LinkKind.RIVAL,
    LinkKind.SUPPLIER,
    LinkKind.FACILITATES,
    LinkKind.SUCCESSOR,
    LinkKind.RELATED,
)
SYMMETRIC_LINKS = frozenset({LinkKind.RIVAL, LinkKind.RELATED})
CATEGORY_NAMES: Mapping[Category, str] = {
    Category.SUSPECT: "Suspect",
    Category.CONVICTED: "Convicted",
    Category.VICTIM: "Victim",
    Category.WITNESS: "Witness or other with information",
}
ASSERTION_NAMES: Mapping[Assertion, str] = {Assertion.FACT: "Fact", Assertion.ASSESSMENT: "Assessment"}

# 3x5x2 (College of Policing APP, intelligence report): source evaluation and intelligence assessment.
SOURCE_GRADES: Mapping[str, str] = {"1": "Reliable", "2": "Untested", "3": "Not reliable"}
ASSESSMENT_GRADES: Mapping[str, str] = {
    "A": "Known directly to the source",
    "B": "Known indirectly to the source but corroborated",
    "C": "Known indirectly to the source",
    "D": "Not known",
    "E": "Suspected to be false",
}


@dataclass(frozen=True)
class Tier:
    """How serious a threat is. That there are tiers is published; what each means is the region's (`tiers.yaml`).

    `lro_required`: a threat of this tier has a lead responsible officer.
    `review_months`: in how many months it is looked at again at the latest; 0 where the region says nothing.
    """

    code: str
    name: str
    meaning: str = ""
    lro_required: bool = False
    review_months: int = 0


@dataclass(frozen=True)
class Phase:
    """A phase of a threat's life. `merged`: the closed phase of a threat that lives on in another."""

    code: str
    name: str
    closed: bool
    merged: bool = False


@dataclass(frozen=True)
class MemberRole:
    """A role in a threat. `check_exploited`: many who are found in it are made to do it, so the form asks."""

    code: str
    name: str
    side: Side
    check_exploited: bool = False


@dataclass(frozen=True)
class TypeHelp:
    """The words that tell one kind of threat from the other two, shown where the choice is made."""

    question: str
    means: str
    examples: str
    not_when: str


@dataclass(frozen=True)
class Vocabulary:
    """The region's own words, each by its code and in the region's order."""

    tiers: Mapping[str, Tier]
    phases: Mapping[str, Phase]
    themes: Mapping[str, str]
    roles: Mapping[str, MemberRole]
    types: Mapping[str, TypeHelp]
    quiet_months: Mapping[str, int] = field(default_factory=dict)
    """After how many months without anything new a threat of a kind is called quiet (`quiet.yaml` of the region)."""

    ended: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Names of words that are no longer in force, by kind and code: offered to nobody, shown on old records."""

    def tier_name(self, code: str) -> str:
        return self.tiers[code].name if code in self.tiers else self.ended.get(("tier", code), code)

    def phase_name(self, code: str) -> str:
        return self.phases[code].name if code in self.phases else self.ended.get(("phase", code), code)

    @property
    def merged_ground(self) -> str:
        """The closed phase of a threat that was merged into another."""
        return next((phase.code for phase in self.phases.values() if phase.merged), "")

    def theme_name(self, code: str) -> str:
        """A theme of the second level, such as DRU.county_lines, is named with its parent."""
        name = self.themes.get(code) or self.ended.get(("theme", code), code)
        parent = self.themes.get(code.partition(".")[0], "")
        return f"{parent}: {name}" if parent and "." in code else name

    def role_name(self, code: str) -> str:
        return self.roles[code].name if code in self.roles else self.ended.get(("member_role", code), code)


@dataclass(frozen=True, kw_only=True)
class Nomination:
    """What an officer says when putting a threat on the list."""

    threat_type: str
    name: str
    summary: str
    themes: tuple[str, ...]
    tier: str
    phase: str
    nominated_on: date
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Membership:
    """What an officer says when putting a person in a threat."""

    role: str
    from_on: date | None
    grade: str
    assertion: str
    category: str
    to_on: date | None = None


def check_nomination(nomination: Nomination, *, vocabulary: Vocabulary, today: date) -> None:
    """Raise `RuleBroken` for the first rule the nomination breaks."""
    if nomination.threat_type not in list(ThreatType):
        raise broken("TH1", "threat_type")
    check_description(
        name=nomination.name,
        summary=nomination.summary,
        themes=nomination.themes,
        aliases=nomination.aliases,
        vocabulary=vocabulary,
    )
    if nomination.tier not in vocabulary.tiers:
        raise broken("TH6", "tier")
    phase = vocabulary.phases.get(nomination.phase)
    if phase is None:
        raise broken("TH7", "phase")
    if phase.closed:
        raise broken("TH8", "phase")
    if nomination.nominated_on > today:
        raise broken("TH9", "nominated_on")


def check_description(
    *, name: str, summary: str, themes: Iterable[str], vocabulary: Vocabulary, aliases: Iterable[str] = ()
) -> None:
    """Raise `RuleBroken` where the words that describe a threat are missing or not of the list."""
    themes = tuple(themes)
    if not name.strip():
        raise broken("TH2", "name")
    if len(name) > NAME_LIMIT:
        raise broken("TH10", "name", limit=NAME_LIMIT)
    if any(len(alias) > NAME_LIMIT for alias in aliases):
        raise broken("TH26", "aliases", limit=NAME_LIMIT)
    if len(summary.split()) < SUMMARY_WORDS:
        raise broken("TH3", "summary", words=SUMMARY_WORDS)
    if not themes:
        raise broken("TH4", "themes")
    for code in themes:
        if code not in vocabulary.themes:
            raise broken("TH5", "themes", theme=code)


def check_place(name: str, *, field: str) -> None:
    """Raise `RuleBroken` for a place that says nothing, or more than a place does."""
    if not name.strip():
        raise broken("TH24", field)
    if len(name.strip()) > PLACE_LIMIT:
        raise broken("TH27", field, limit=PLACE_LIMIT)


def postcode_in(text: str, *, field: str) -> str:
    """A postcode in one spelling; empty where nothing was typed. Raises `RuleBroken` for what is none."""
    if not text.strip():
        return ""
    found = postcode.normalise(text)
    if not found.valid:
        raise broken("TH35", field)
    return found.value


def postcode_at_end(text: str) -> str:
    """The postcode that the words of a place end with; empty where they end with none."""
    words = text.replace(",", " ").split()
    for taken in (2, 1):
        found = postcode.normalise("".join(words[-taken:])) if len(words) >= taken else None
        if found is not None and found.valid:
            return found.value
    return ""


def check_line(*, number: str, brand: str) -> str:
    """The number as E.164. Raises `RuleBroken` for one that cannot ring, or a name too long."""
    found = phone.normalise(number)
    if not found.valid:
        raise broken("TH36", "number")
    if len(brand.strip()) > BRAND_LIMIT:
        raise broken("TH38", "brand", limit=BRAND_LIMIT)
    return found.value


def check_from(from_on: date, *, today: date) -> None:
    if from_on > today:
        raise broken("TH23", "from_on")


def check_ended(*, to_on: date, from_on: date, ended_on: date | None, today: date) -> None:
    """A line, a place or a link ends once, on a day that can be true."""
    if ended_on is not None:
        raise broken("TH33")
    if not from_on <= to_on <= today:
        raise broken("TH34", "to_on")


def check_link(*, kind: str, one: int, other: int) -> LinkKind:
    """Merging and splitting make their own links; officers choose among the others."""
    if kind not in CHOSEN_LINKS:
        raise broken("TH31", "kind")
    check_another(one=one, other=other)
    return LinkKind(kind)


def no_such_threat() -> RuleBroken:
    """One answer for a reference that nobody has and for a threat that the reader may not see."""
    return broken("TH29", "other")


def check_another(*, one: int, other: int) -> None:
    if one == other:
        raise broken("TH28", "other")


def check_open_too(*, reference: str, closed_on: date | None, field: str) -> None:
    """The other threat of a merge or a split is open as well."""
    if closed_on is not None:
        raise broken("TH40", field, reference=reference)


def check_reopening(*, closed_on: date | None, phase: str, vocabulary: Vocabulary) -> None:
    """A closed threat goes on in one of the open phases."""
    if closed_on is None:
        raise broken("TH39")
    known = vocabulary.phases.get(phase)
    if known is None:
        raise broken("TH7", "phase")
    if known.closed:
        raise broken("TH19", "phase")


def check_reason(reason: str) -> None:
    """Every change to a threat says why."""
    if len(reason.split()) < REASON_WORDS:
        raise broken("TH15", "reason", words=REASON_WORDS)


def check_open(*, closed_on: date | None) -> None:
    """A closed threat keeps what it said."""
    if closed_on is not None:
        raise broken("TH16")


def check_closing(*, ground: str, closed_on: date, nominated_on: date, vocabulary: Vocabulary, today: date) -> None:
    """Closing needs one of the region's grounds and a date that can be true (docs/decisions/0083)."""
    phase = vocabulary.phases.get(ground)
    if phase is None or not phase.closed:
        raise broken("TH17", "ground")
    if not nominated_on <= closed_on <= today:
        raise broken("TH18", "closed_on")


def check_new_phase(
    *, phase: str, was: str, from_on: date, nominated_on: date, vocabulary: Vocabulary, today: date
) -> None:
    """A threat moves between open phases here; closing has its own page, and a ground."""
    known = vocabulary.phases.get(phase)
    if known is None:
        raise broken("TH7", "phase")
    if known.closed:
        raise broken("TH19", "phase")
    if phase == was:
        raise broken("TH20", "phase", value=known.name)
    if not nominated_on <= from_on <= today:
        raise broken("TH23", "from_on")


def check_new_tier(*, tier: str, was: str, vocabulary: Vocabulary) -> None:
    if tier not in vocabulary.tiers:
        raise broken("TH6", "tier")
    if tier == was:
        raise broken("TH20", "tier", value=vocabulary.tier_name(tier))


def check_new_type(*, threat_type: str, was: str) -> None:
    if threat_type not in list(ThreatType):
        raise broken("TH1", "threat_type")
    if threat_type == was:
        raise broken("TH20", "threat_type", value=type_name(was).lower())


def check_membership(membership: Membership, *, vocabulary: Vocabulary, today: date) -> MemberRole:
    """The role, if the membership keeps every rule; raise `RuleBroken` for the first it breaks.

    Somebody exploited is a victim or a witness here and on every count: rule TM9.
    """
    role = vocabulary.roles.get(membership.role)
    if role is None:
        raise broken("TM2", "role")
    if membership.from_on is None:
        raise broken("TM3", "from_on")
    if membership.from_on > today:
        raise broken("TM4", "from_on")
    if membership.to_on is not None:
        check_ending(to_on=membership.to_on, from_on=membership.from_on, today=today)
    if not is_grade(membership.grade):
        raise broken("TM6", "grade")
    if membership.assertion not in list(Assertion):
        raise broken("TM7", "assertion")
    if membership.category not in list(Category):
        raise broken("TM8", "category")
    if role.side is Side.PROTECT and membership.category not in {Category.VICTIM, Category.WITNESS}:
        raise broken("TM9", "category")
    if role.side is Side.OFFENDER and membership.category not in {Category.SUSPECT, Category.CONVICTED}:
        raise broken("TM13", "category")
    return role


def check_ending(*, to_on: date, from_on: date, today: date) -> None:
    if not from_on <= to_on <= today:
        raise broken("TM5", "to_on")


def review_due(*, tier: Tier, last_changed_on: date) -> date | None:
    """By when a threat of this tier is looked at again: so many months after its record last changed."""
    if not tier.review_months:
        return None
    months = last_changed_on.month - 1 + tier.review_months
    year, month = last_changed_on.year + months // 12, months % 12 + 1
    return date(year, month, min(last_changed_on.day, monthrange(year, month)[1]))


def months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or that month's last."""
    place = day.year * 12 + day.month - 1 - months
    year, month = place // 12, place % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def is_grade(grade: str) -> bool:
    """Whether the text is a source grade and an assessment, such as 2B."""
    return len(grade) == 2 and grade[0] in SOURCE_GRADES and grade[1] in ASSESSMENT_GRADES


def grade_in_words(grade: str) -> str:
    if not is_grade(grade):
        return "Not graded"
    return f"{grade}: {SOURCE_GRADES[grade[0]].lower()} source, {ASSESSMENT_GRADES[grade[1]].lower()}"


class Body(Protocol):
    @property
    def code(self) -> str: ...


class Actor(Protocol):
    """What these rules ask of the person who acts."""

    @property
    def capabilities(self) -> frozenset[str]: ...

    @property
    def organisation(self) -> Body: ...


class Person(Actor, Protocol):
    """The same, where it matters who exactly acts."""

    @property
    def pk(self) -> int: ...


@dataclass(frozen=True)
class Readers:
    """Whom a label is for, as far as two labels can be compared."""

    owner: int
    audience: str
    marking: str
    compartment: int | None = None


def narrower(one: Readers, other: Readers) -> Readers | None:
    """Whichever of the two has only readers whom the other has too; None where each has readers of its own."""
    if _is_within(one, other):
        return one
    return other if _is_within(other, one) else None


def _is_within(inner: Readers, outer: Readers) -> bool:
    if inner == outer:
        return True
    same_circle = outer.compartment in {None, inner.compartment}
    kept_in = inner.audience == outer.audience == "OWN" and inner.owner == outer.owner
    return same_circle and inner.marking >= outer.marking and (outer.audience == "REGION" or kept_in)


def check_unchanged(*, seen: datetime | None, recorded_from: datetime) -> None:
    """Two who edit one threat at once lose nothing: the second is told. `seen` is None where no form was open."""
    if seen is not None and seen != recorded_from:
        raise broken("TH25")


def may_nominate(actor: Actor, *, owner: str) -> bool:
    """Officers nominate for their own organisation; those who write for the region, for any."""
    return may(actor, NOMINATE) and may_write_for(actor, owner=owner, audience="REGION")


def may_develop(actor: Actor, *, owner: str, audience: str) -> bool:
    """Describe a threat and say who and what is in it: those who nominate and those who manage."""
    return (may(actor, NOMINATE) or may(actor, MANAGE)) and may_write_for(actor, owner=owner, audience=audience)


def may_manage(actor: Actor, *, owner: str, audience: str) -> bool:
    """Say how serious a threat is, of which kind, who leads it and when it ends."""
    return may(actor, MANAGE) and may_write_for(actor, owner=owner, audience=audience)


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A hand-over as the rules see it: who gave it, to whom, and where it stands."""

    offered_by: int
    to_organisation: str
    lro: int | None
    audience: str
    answered: bool


def needs_answer(*, actor: int, lro: int | None, was: int | None, owner_changes: bool) -> bool:
    """Whether somebody else has to accept: who takes a threat on, or leaves it with its leader, need not ask.

    Nobody can accept for nobody, so taking the leader away within one organisation is a change like any other.
    """
    if lro == actor:
        return False
    return owner_changes or lro not in {None, was}


def check_offer(*, owner_changes: bool, lro: int | None, was: int | None) -> None:
    if not owner_changes and lro in {None, was}:
        raise broken("TH45", "lro")


def may_answer_offer(actor: Person, offer: Offer) -> bool:
    """The officer it is offered to, and those who may manage for the receiving organisation; never who offered it."""
    if offer.answered or actor.pk == offer.offered_by:
        return False
    return actor.pk == offer.lro or may_manage(actor, owner=offer.to_organisation, audience=offer.audience)


def check_may_answer_offer(actor: Person, offer: Offer, *, organisation: str) -> None:
    if offer.answered:
        raise broken("TH43")
    if actor.pk == offer.offered_by:
        raise broken("TH48")
    if not may_answer_offer(actor, offer):
        raise broken("TH47", organisation=organisation)


@dataclass(frozen=True, kw_only=True)
class Proposed:
    """A proposal to close as the rules see it."""

    proposed_by: int
    owner: str
    audience: str
    leads: frozenset[int]
    answered: bool


def check_may_answer_closing(actor: Person, proposed: Proposed, *, is_of_unit: bool) -> None:
    """Who confirms or refuses a closing: a moderator, not of the owner, not who proposed it or leads it.

    The regional unit's own threats have no moderators but the unit's: there another of them answers. What only the
    owning organisation may see no moderator can see: there another who may manage it answers.

    Args:
        is_of_unit: The owning organisation is the regional unit.
    """
    if proposed.answered:
        raise broken("TH43")
    kept_in = proposed.audience == "OWN"
    if not (may_manage(actor, owner=proposed.owner, audience="OWN") if kept_in else may(actor, MODERATE)):
        raise broken("TH50")
    if actor.pk == proposed.proposed_by:
        raise broken("TH51")
    if actor.pk in proposed.leads:
        raise broken("TH52")
    if actor.organisation.code == proposed.owner and not is_of_unit and not kept_in:
        raise broken("TH53")


def may_answer_closing(actor: Person, proposed: Proposed, *, is_of_unit: bool) -> bool:
    try:
        check_may_answer_closing(actor, proposed, is_of_unit=is_of_unit)
    except RuleBroken:
        return False
    return True


def closes_unanswered(actor: Actor, *, owner: str) -> bool:
    """Whether a closing that somebody keys in was decided by those who answer for it, and needs no answer here."""
    return may(actor, WHOLE_REGION) or (may(actor, MODERATE) and actor.organisation.code != owner)


def check_may_moderate(actor: Actor) -> None:
    if not may(actor, MODERATE):
        raise broken("TH55")


def check_may_nominate(actor: Actor, *, owner: str, audience: str) -> None:
    if not may(actor, NOMINATE):
        raise broken("TH12")
    if not may_write_for(actor, owner=owner, audience=audience):
        raise broken("TH11", "owner")


def check_may_develop(actor: Actor, *, owner: str, audience: str) -> None:
    if not may(actor, NOMINATE) and not may(actor, MANAGE):
        raise broken("TH14")
    if not may_write_for(actor, owner=owner, audience=audience):
        raise broken("TH13")


def check_may_manage(actor: Actor, *, owner: str, audience: str) -> None:
    if not may(actor, MANAGE):
        raise broken("TH14")
    if not may_write_for(actor, owner=owner, audience=audience):
        raise broken("TH13")


def may_write_for(actor: Actor, *, owner: str, audience: str) -> bool:
    """The same answer as the database's: own organisation, or the region's own roles where all the region reads."""
    if actor.organisation.code == owner:
        return True
    return audience == "REGION" and may(actor, WHOLE_REGION)


def type_name(code: str) -> str:
    return TYPE_NAMES[ThreatType(code)][0]
