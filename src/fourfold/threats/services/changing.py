"""What a threat is called and is: its words, tier, phase and kind."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction

from fourfold.platform.people.models import User
from fourfold.platform.visibility import scope
from fourfold.threats import rules, selectors
from fourfold.threats.models import Threat
from fourfold.threats.services.writing import alter, locked, to_develop, to_manage


@transaction.atomic
def describe_threat(
    *,
    actor: User,
    threat: Threat,
    name: str,
    aliases: Iterable[str],
    summary: str,
    themes: Iterable[str],
    reason: str,
    seen: datetime | None = None,
) -> Threat:
    """Change the words that describe a threat."""
    threat = to_develop(threat, actor=actor, reason=reason, seen=seen)
    themes, aliases = list(themes), list(aliases)
    rules.check_description(
        name=name, summary=summary, themes=themes, aliases=aliases, vocabulary=selectors.vocabulary()
    )
    return alter(threat, "described", reason, name=name, aliases=aliases, summary=summary, themes=themes)


@transaction.atomic
def change_tier(*, actor: User, threat: Threat, tier: str, reason: str, seen: datetime | None = None) -> Threat:
    threat = to_manage(threat, actor=actor, reason=reason, seen=seen)
    rules.check_new_tier(tier=tier, was=threat.tier, vocabulary=selectors.vocabulary())
    return alter(threat, "tier changed", reason, tier=tier)


@transaction.atomic
def set_tier_from_moderation(*, threat: Threat, tier: str, reason: str) -> Threat:
    """The tier that a moderated assessment gives, set by the moderator who acts; the same tier changes nothing.

    Needs no right to manage: moderating is what says how serious a threat is.

    Raises:
        RuleBroken: TH55 where the one who acts does not moderate; TH16 for a closed threat.
    """
    acting = scope.current()
    if acting is None:
        raise RuntimeError("set_tier_from_moderation needs a scope: open one with acting_as first")
    rules.check_may_moderate(acting.user)
    with scope.lent(threat.label_id):
        threat = locked(Threat, threat.pk)
        rules.check_open(closed_on=threat.closed_on)
        rules.check_reason(reason)
        if tier == threat.tier:
            return threat
        rules.check_new_tier(tier=tier, was=threat.tier, vocabulary=selectors.vocabulary())
        return alter(threat, "tier set by moderation", reason, tier=tier)


@transaction.atomic
def change_phase(
    *,
    actor: User,
    threat: Threat,
    phase: str,
    from_on: date,
    reason: str,
    today: date,
    seen: datetime | None = None,
) -> Threat:
    """Move a threat to another open phase."""
    threat = to_manage(threat, actor=actor, reason=reason, seen=seen)
    rules.check_new_phase(
        phase=phase,
        was=threat.phase,
        from_on=from_on,
        nominated_on=threat.nominated_on,
        vocabulary=selectors.vocabulary(),
        today=today,
    )
    return alter(threat, "phase changed", reason, phase=phase, phase_from=from_on)


@transaction.atomic
def reclassify(*, actor: User, threat: Threat, threat_type: str, reason: str, seen: datetime | None = None) -> Threat:
    """Say that a threat is of another kind. What it was called before stays in its history."""
    threat = to_manage(threat, actor=actor, reason=reason, seen=seen)
    rules.check_new_type(threat_type=threat_type, was=threat.threat_type)
    return alter(threat, "reclassified", reason, threat_type=threat_type)
