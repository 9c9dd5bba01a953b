"""What threats keep on source records of people, for when people are taken apart: is it on the right record?"""

from collections.abc import Collection

from fourfold.platform.people.models import User
from fourfold.pole import selectors as pole
from fourfold.pole.selectors.identity import MadeOn
from fourfold.threats import pages, rules, selectors, services


def found(actor: User, record_ids: Collection[int]) -> list[MadeOn]:
    """Roles in open threats on these records, as far as the reader may see them."""
    words = selectors.vocabulary()
    return [
        MadeOn(
            key=member.pk,
            record_id=member.record_id,
            title=f"{words.role_name(member.role)} in {member.threat.reference} {member.threat.name}",
            href=pages.address(member.threat, "members"),
            made_at=member.recorded_from,
            label_id=member.label_id,
            may_move=rules.may_develop(actor, owner=member.threat.owner.code, audience=member.threat.label.audience),
        )
        for member in selectors.memberships_open_now(record_ids)
    ]


def move(actor: User, key: int, record: int, why: str) -> None:
    """Put a membership on another record."""
    services.move_member(
        actor=actor, member=selectors.member_by_key(key), record=pole.person_record(record), reason=why
    )
