"""Reading the ledger: what someone did, who looked at something. The database shows each reader their part of it."""

from datetime import datetime

from django.db import models
from django.db.models import QuerySet

from fourfold.platform.audit.models import Check, Entry, Operation
from fourfold.platform.people.models import User
from fourfold.platform.visibility import scope


def entries() -> QuerySet[Entry]:
    """Every entry that the reader may see: their own, their organisation's, or the region's."""
    return Entry.objects.select_related("actor", "organisation")


def entries_about(subject: models.Model) -> QuerySet[Entry]:
    """Who did what to one record, as far as the reader may see."""
    return entries().filter(object_type=subject._meta.label_lower, object_id=str(subject.pk))


def last_looked(user: User) -> datetime | None:
    """When the user last did anything in an earlier session than this one."""
    acting = scope.current()
    earlier = Entry.objects.filter(actor=user).exclude(session=acting.session if acting else "")
    return earlier.order_by("-id").values_list("at", flat=True).first()


def last_consulted(user: User, subject: models.Model) -> datetime | None:
    """When the user last read one record in an earlier session than this one."""
    acting = scope.current()
    earlier = entries_about(subject).filter(actor=user, operation=Operation.CONSULTATION)
    earlier = earlier.exclude(session=acting.session if acting else "")
    return earlier.order_by("-id").values_list("at", flat=True).first()


def last_check() -> Check | None:
    """What the latest verification of the ledger found."""
    return Check.objects.order_by("-pk").first()
