"""An effect that was to last is looked at again."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import transaction

from fourfold.disruptions import rules, selectors
from fourfold.disruptions.models import CategoryReview, Disruption
from fourfold.disruptions.rules import State
from fourfold.disruptions.services.changing import say_again
from fourfold.disruptions.services.writing import alter_all, locked_all
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.people.models import User


@dataclass(frozen=True)
class Look:
    """What somebody finds who looks at an effect again; `category` is None where it stays as it is."""

    disruption: Disruption
    lasted: str
    reason: str
    category: str | None = None


def review_category(
    *,
    actor: User,
    disruption: Disruption,
    lasted: str,
    category: str,
    reason: str,
    today: date,
    seen: datetime | None = None,
) -> CategoryReview:
    """Look again at an effect that was to last. The category as first recorded stays as it was."""
    look = Look(disruption, lasted, reason, category)
    (review,) = review_many(actor=actor, entries=[look], today=today, seen=seen)
    return review


@transaction.atomic
def review_many(
    *, actor: User, entries: Iterable[Look], today: date, seen: datetime | None = None
) -> tuple[CategoryReview, ...]:
    """Look again at some effects, all or none."""
    entries = list(entries)
    found = locked_all(entry.disruption for entry in entries)
    for entry, each in zip(entries, found, strict=True):
        _check_look(actor, each, entry, today=today, seen=seen)
    reviews = [
        CategoryReview(
            label=each.label,
            disruption=each,
            due_on=each.review_due_on or today,
            reviewed_on=today,
            reviewed_by=actor,
            lasted=entry.lasted,
            category_was=each.category,
            category_now=entry.category or each.category,
            reason=entry.reason,
        )
        for entry, each in zip(entries, found, strict=True)
    ]
    for entry, each in zip(entries, found, strict=True):
        if entry.category and entry.category != each.category:
            parts = selectors.parts_of(each)
            before = selectors.said_of(each, parts)
            said = replace(before, category=entry.category)
            say_again(
                actor,
                each,
                said,
                before=before,
                parts=parts,
                reason=entry.reason,
                change="effect looked at again",
                today=today,
            )
    looked = [(each, entry.reason, {"review_due_on": None}) for entry, each in zip(entries, found, strict=True)]
    alter_all("effect looked at again", looked)
    made = CategoryReview.objects.bulk_create(reviews)
    audit.note_all(
        Operation.COLLECTION,
        [
            (each, {"reference": each.disruption.reference, "change": "effect looked at again", "lasted": each.lasted})
            for each in made
        ],
    )
    return tuple(made)


def _check_look(actor: User, found: Disruption, look: Look, *, today: date, seen: datetime | None) -> None:
    if found.state == State.WITHDRAWN:
        raise rules.broken("DI25")
    owner, audience = found.label.owner.code, found.label.audience
    allowed = rules.may_validate(actor, owner=owner, audience=audience)
    if not allowed and not rules.may_moderate(actor, owner=owner, audience=audience):
        raise rules.broken("DI27")
    if found.recorder_id == actor.pk:
        raise rules.broken("DI28")
    rules.check_unchanged(seen=seen, recorded_from=found.recorded_from)
    rules.check_reason(look.reason)
    if found.review_due_on is None or found.state not in rules.PASSED or found.review_due_on > today:
        raise rules.broken("DI35")
    if look.lasted not in list(rules.Lasted):
        raise rules.broken("DI36", "lasted")
