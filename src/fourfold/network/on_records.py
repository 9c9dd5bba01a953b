"""What networks keep on source records of people, for when people are taken apart: who was to be helped?"""

from collections.abc import Collection

from fourfold.network import rules, selectors, services
from fourfold.network.rules import Outcome
from fourfold.platform.people.models import User
from fourfold.platform.visibility import scope
from fourfold.pole import selectors as pole
from fourfold.pole.selectors.identity import MadeOn
from fourfold.threats import pages as threat_pages


def found(actor: User, record_ids: Collection[int]) -> list[MadeOn]:
    """Decisions about people at the edge of a group, made on these records, for those who may read the decision."""
    may_decide, acting = rules.may_decide(actor), scope.current()
    writes = acting.writes if acting else frozenset()
    return [
        MadeOn(
            key=lead.pk,
            record_id=lead.record_id,
            title=f"At the edge of {lead.threat.reference} {lead.threat.name}: "
            f"{rules.OUTCOME_NAMES[Outcome(lead.state)].lower()}",
            href=threat_pages.address(lead.threat),
            made_at=lead.recorded_from,
            label_id=lead.label_id,
            may_move=may_decide and lead.label_id in writes,
        )
        for lead in selectors.decided_on(record_ids)
        if may_decide or lead.state == Outcome.OFFER_HELP
    ]


def move(actor: User, key: int, record: int, why: str) -> None:
    """Put a decision on another record."""
    services.move_lead(actor=actor, lead=selectors.lead(key), record=pole.person_record(record), reason=why)
