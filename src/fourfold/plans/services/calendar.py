"""The address of a person's calendar: made, ended, and whose it is."""

import hashlib
import secrets
from datetime import datetime

from django.db import transaction

from fourfold.plans.models import CalendarAddress
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.errors import NotThere
from fourfold.platform.people.models import User


@transaction.atomic
def make_calendar_address(*, actor: User, now: datetime) -> str:
    """A new private address of one's calendar; the one before stops working. It is told once and kept as a hash."""
    end_calendar_address(actor=actor, now=now)
    token = secrets.token_urlsafe(32)
    CalendarAddress.objects.create(user=actor, token_hash=hash_of(token), made_at=now)
    audit.note(Operation.ALTERATION, actor, change="calendar address made")
    return token


@transaction.atomic
def end_calendar_address(*, actor: User, now: datetime) -> int:
    ended = CalendarAddress.objects.filter(user=actor, ended_at=None).update(ended_at=now)
    if ended:
        audit.note(Operation.ALTERATION, actor, change="calendar address ended")
    return ended


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def calendar_user(token: str) -> User:
    """Whose calendar an address is. Raises `NotThere` for none, an ended one, and one of somebody who left."""
    found = (
        CalendarAddress.objects.filter(token_hash=hash_of(token), ended_at=None, user__is_active=True)
        .select_related("user__organisation")
        .first()
    )
    if found is None:
        raise NotThere
    return found.user
