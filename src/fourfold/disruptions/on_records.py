"""What disruptions keep on source records of people, for when people are taken apart: was it the right person's?

A disruption that was recorded from something that happened to a person is against a threat because that person is in
it. Taken apart, the person of the happening may be somebody else than the person in the threat.
"""

from collections.abc import Collection

from fourfold.disruptions import rules, selectors, services
from fourfold.platform.people.models import User
from fourfold.platform.ui.jinja import shown_date
from fourfold.pole import selectors as pole
from fourfold.pole.selectors.identity import MadeOn


def found(actor: User, record_ids: Collection[int]) -> list[MadeOn]:
    """Disruptions that stand and were recorded from what happened to these records, as far as the reader may see."""
    kept = []
    for lead in selectors.leads_recorded(record_ids):
        made = lead.disruption
        if made is None:
            continue
        kept.append(
            MadeOn(
                key=lead.pk,
                record_id=lead.record_id,
                title=f"Disruption {made.reference} of {lead.threat.reference} {lead.threat.name}, "
                f"recorded from what happened on {shown_date(lead.happened_on)}",
                href=selectors.address_of(made.reference),
                made_at=made.added_at,
                label_id=lead.label_id,
                may_move=rules.may_change(actor, owner=made.label.owner.code, audience=made.label.audience),
            )
        )
    return kept


def move(actor: User, key: int, record: int, why: str) -> None:
    """Say that what a disruption was recorded from is another record's. The answer is kept with the taking apart."""
    services.doubt_lead(actor=actor, lead=selectors.lead(key), record=pole.person_record(record), reason=why)
