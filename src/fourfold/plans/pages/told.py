"""What every part of a plan's page is told by its view."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from fourfold.plans import rules, selectors
from fourfold.plans.models import Plan
from fourfold.plans.rules import State
from fourfold.threats.pages import Told


@dataclass(frozen=True, kw_only=True)
class PlanTold:
    """What the page of a plan is told by its view."""

    told: Told
    whole: selectors.Whole
    words: selectors.Words
    tactics: Mapping[str, str]
    today: date

    @property
    def plan(self) -> Plan:
        return self.whole.plan

    @property
    def is_open(self) -> bool:
        return self.plan.state != State.CLOSED and self.plan.threat.closed_on is None and self.told.rewind.on is None

    @property
    def may_write(self) -> bool:
        return self.is_open and rules.may_write(
            self.told.actor, owner=self.plan.threat.owner.code, audience=self.plan.label.audience
        )

    @property
    def may_reopen(self) -> bool:
        threat = self.plan.threat
        can_be = self.plan.state == State.CLOSED and threat.closed_on is None and self.told.rewind.on is None
        return can_be and rules.may_write(self.told.actor, owner=threat.owner.code, audience=self.plan.label.audience)

    @property
    def may_approve(self) -> bool:
        return self.is_open and rules.may_approve(
            self.told.actor, owner=self.plan.threat.owner.code, audience=self.plan.label.audience
        )

    @property
    def may_peer_review(self) -> bool:
        return self.is_open and rules.may_peer_review(
            self.told.actor, owner=self.plan.threat.owner.code, audience=self.plan.label.audience
        )
