"""The rules of assessment and moderation: who may do which step, when it is due, who sees which scores.

`definition` says what a scoring model is, `scoring` what it makes of scores, `agreement` how far two sides agree; the
numbered sentences stand in `sentences`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Protocol

from fourfold.assessments.rules.definition import KIND_NAMES, Kind, Model
from fourfold.assessments.rules.scoring import (
    Evidence,
    Scored,
    Values,
    check_complete,
    check_values,
    confidence,
    faults_to_finish,
    months_before,
    score,
    shown,
    steps_to_other_tiers,
)
from fourfold.assessments.rules.sentences import SENTENCES, WORDS, broken, check_words, raise_all
from fourfold.platform.people.rules import may

__all__ = [
    "KIND_NAMES",
    "SENTENCES",
    "WORDS",
    "Evidence",
    "Kind",
    "Model",
    "Outcome",
    "Scored",
    "Side",
    "Status",
    "Values",
    "broken",
    "check_complete",
    "check_values",
    "check_words",
    "confidence",
    "faults_to_finish",
    "may",
    "months_before",
    "raise_all",
    "score",
    "shown",
    "steps_to_other_tiers",
]

ASSESS = "assessment.write"
CHECK = "assessment.check"
MODERATE = "threat.moderate"
DECIDE_APPEAL = "threat.appeal"
MANAGE_MODELS = "model.manage"
MANAGE_THREATS = "threat.manage"
EXCHANGE = "exchange.use"
WHOLE_REGION = "region.write"
UNIT = "ROCU"
REASON_LIMIT = 2000


class Status(StrEnum):
    """How far an assessment has come. What the published filter calls Moderated is `MODERATED`."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    IN_MODERATION = "IN_MODERATION"
    RETURNED = "RETURNED"
    MODERATED = "MODERATED"
    NOT_MODERATED = "NOT_MODERATED"
    SUPERSEDED = "SUPERSEDED"


STATUS_NAMES: Mapping[str, str] = {
    Status.DRAFT: "Draft",
    Status.SUBMITTED: "Submitted",
    Status.IN_MODERATION: "In moderation",
    Status.RETURNED: "Returned",
    Status.MODERATED: "Moderated",
    Status.NOT_MODERATED: "Not moderated",
    Status.SUPERSEDED: "Superseded",
}
OPEN = frozenset({Status.DRAFT, Status.SUBMITTED, Status.IN_MODERATION, Status.RETURNED})
WITH_THE_UNIT = frozenset({Status.SUBMITTED, Status.IN_MODERATION})
IN_HAND = frozenset({Status.DRAFT, Status.RETURNED})
DECIDED = frozenset({Status.MODERATED, Status.NOT_MODERATED, Status.SUPERSEDED})


class Side(StrEnum):
    """Whose scores: both are kept."""

    ASSESSOR = "ASSESSOR"
    MODERATOR = "MODERATOR"


class Outcome(StrEnum):
    """What moderation came to (docs/decisions/0093)."""

    AS_SUBMITTED = "AS_SUBMITTED"
    WITH_CHANGES = "WITH_CHANGES"
    RETURNED = "RETURNED"


OUTCOME_NAMES: Mapping[str, str] = {
    Outcome.AS_SUBMITTED: "Moderated as submitted",
    Outcome.WITH_CHANGES: "Moderated with changes",
    Outcome.RETURNED: "Returned",
}


class Body(Protocol):
    @property
    def code(self) -> str: ...

    @property
    def kind(self) -> str: ...


class Actor(Protocol):
    """What these rules ask of the person who acts."""

    @property
    def pk(self) -> int: ...

    @property
    def capabilities(self) -> frozenset[str]: ...

    @property
    def organisation(self) -> Body: ...


@dataclass(frozen=True, kw_only=True)
class Case:
    """What decides who may do what about one assessment."""

    owner: str
    audience: str
    status: str
    took_part: frozenset[int]
    scored_by: frozenset[int] = frozenset()
    moderator: int | None = None
    own_scores_saved: bool = False
    second_wanted: bool = False


def may_assess(actor: Actor, *, owner: str, audience: str) -> bool:
    """Officers assess what their own organisation owns; those who write for the region, what all the region reads."""
    return may(actor, ASSESS) and _writes_for(actor, owner=owner, audience=audience)


def check_may_assess(actor: Actor, *, owner: str, audience: str) -> None:
    if not may(actor, ASSESS):
        raise broken("AS1")
    if not _writes_for(actor, owner=owner, audience=audience):
        raise broken("AS2")


def check_may_record_elsewhere(
    actor: Actor, *, owner: str, audience: str, is_moderated: bool, replaces_own: bool = False
) -> None:
    """Those who exchange with the national system, for what they may write.

    Args:
        actor: Who brings the record.
        owner: Code of the organisation that owns the threat.
        audience: Who reads it.
        is_moderated: The record says that it was moderated, so that it stands: nobody says so who only assesses.
        replaces_own: It would take the place of a decision that moderators made here: the regional unit's to say.
    """
    if not may(actor, EXCHANGE):
        raise broken("AS1")
    if not _writes_for(actor, owner=owner, audience=audience):
        raise broken("AS2")
    if is_moderated and not may(actor, MANAGE_THREATS) and not may(actor, WHOLE_REGION):
        raise broken("AS35", "status")
    if replaces_own and not may(actor, WHOLE_REGION):
        raise broken("AS36", "status")


def may_check(actor: Actor, *, owner: str, audience: str, scored_by: Collection[int]) -> bool:
    """A supervisor of the owner's side who did not score it."""
    return may(actor, CHECK) and _writes_for(actor, owner=owner, audience=audience) and actor.pk not in scored_by


def check_may_check(actor: Actor, *, owner: str, audience: str, scored_by: Collection[int]) -> None:
    if not may(actor, CHECK):
        raise broken("AS13")
    if not _writes_for(actor, owner=owner, audience=audience):
        raise broken("AS2")
    if actor.pk in scored_by:
        raise broken("AS12")


def may_moderate(actor: Actor, case: Case) -> bool:
    """Whether this person may moderate it at all: the regional unit, never own work, never own force's."""
    return _moderating_refused(actor, case) is None


def check_may_moderate(actor: Actor, case: Case) -> None:
    """Raise `RuleBroken` for somebody who may not moderate this one (docs/decisions/0093).

    What the regional unit owns is moderated within the unit, by somebody who took no part: nobody outside it moderates.
    """
    code = _moderating_refused(actor, case)
    if code is not None:
        raise broken(code)


def is_own_units(actor: Actor, case: Case) -> bool:
    """Whether the unit moderates what it owns itself: allowed, and said on the page."""
    return actor.organisation.code == case.owner and actor.organisation.kind == UNIT


def _moderating_refused(actor: Actor, case: Case) -> str | None:
    if not may(actor, MODERATE):
        return "AM1"
    if actor.pk in case.took_part:
        return "AM2"
    if actor.organisation.code == case.owner and actor.organisation.kind != UNIT:
        return "AM3"
    return None


def sees_scores(actor: Actor, case: Case) -> bool:
    """Whether the force's scores are shown to this person now.

    A draft is its owner's. A moderator scores blind: until an assessment is decided, nobody who moderates sees what its
    assessor chose, neither on its page nor as a number made from it, unless they took part in it, or their own scores
    are saved, or they are asked as the second moderator.
    """
    if case.status in DECIDED or actor.pk in case.took_part:
        return True
    if case.status in IN_HAND:
        return not may(actor, MODERATE) and actor.organisation.code == case.owner
    if not may(actor, MODERATE):
        return True
    if case.status != Status.IN_MODERATION or not case.own_scores_saved:
        return False
    return actor.pk == case.moderator or case.second_wanted


def sees_moderators_scores(actor: Actor, case: Case) -> bool:
    """Before a decision only the moderators see what the moderator chose."""
    if case.status in DECIDED or actor.pk == case.moderator:
        return True
    return case.second_wanted and may_moderate(actor, case)


def tier_change_wants_second(*, was: str, now: str) -> bool:
    return was != now


def check_second(actor: Actor, case: Case) -> None:
    """The second moderator is another person whom nothing else keeps from moderating it."""
    check_may_moderate(actor, case)
    if actor.pk == case.moderator:
        raise broken("AM10")


def working_days_after(day: date, days: int, holidays: Collection[date]) -> date:
    """The working day so many after `day`: Saturdays, Sundays and bank holidays of England and Wales do not count."""
    left = days
    while left:
        day += timedelta(days=1)
        if day.weekday() < 5 and day not in holidays:
            left -= 1
    return day


def differences(assessor: Values, moderator: Values) -> tuple[str, ...]:
    """Criteria on which the two sides differ, unknown on one side included, in the assessor's order."""
    keys = dict.fromkeys((*assessor, *moderator))
    return tuple(key for key in keys if assessor.get(key) != moderator.get(key))


def merged[Said](
    *, first: Mapping[str, Said], mine: Mapping[str, Said], theirs: Mapping[str, Said]
) -> tuple[dict[str, Said], tuple[str, ...]]:
    """Two people's scores of one draft joined: what each changed since both opened it, and where they disagree.

    Args:
        first: What the draft said when this person opened it.
        mine: What this person sends.
        theirs: What the draft says now.
    """
    joined = dict(theirs)
    clash = []
    for key, said in mine.items():
        was, now = first.get(key), theirs.get(key)
        if said == was:
            continue
        if now not in (was, said):
            clash.append(key)
            continue
        joined[key] = said
    return joined, tuple(clash)


def control_strategy(
    ranked: Collection[tuple[str, object]], *, top: int, must_have: Collection[str]
) -> Mapping[str, str]:
    """Which of the ranked themes the control strategy takes, each with why: the highest, and what policy requires."""
    chosen: dict[str, str] = {}
    for place, (theme, _) in enumerate(ranked, start=1):
        if place <= top:
            chosen[theme] = f"Ranked {place}"
    for theme, _ in ranked:
        needed = theme in must_have or theme.partition(".")[0] in must_have
        if needed and theme not in chosen:
            chosen[theme] = "Required by national policy"
    return chosen


def _writes_for(actor: Actor, *, owner: str, audience: str) -> bool:
    if actor.organisation.code == owner:
        return True
    return audience == "REGION" and may(actor, WHOLE_REGION)
