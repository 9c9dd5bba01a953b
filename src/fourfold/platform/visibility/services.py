"""Labels are made when first needed; compartments, their members and agreements by those who run them."""

from collections.abc import Iterable
from datetime import date

from django.db import transaction

from fourfold.platform import clock
from fourfold.platform.errors import RuleBroken
from fourfold.platform.people.models import Organisation, User
from fourfold.platform.reference.selectors import terms
from fourfold.platform.visibility import scope, selectors
from fourfold.platform.visibility.models import AccessLabel, Agreement, Compartment, CompartmentMember
from fourfold.platform.visibility.rules import MARKINGS, Audience, Label, may_read, may_write


@transaction.atomic
def label_for(
    *,
    owner: Organisation,
    audience: str = "REGION",
    marking: str = "OFFICIAL-SENSITIVE",
    compartment: Compartment | None = None,
    agreement: Agreement | None = None,
    named: Iterable[Organisation] = (),
) -> AccessLabel:
    """The label of this combination, made if it is new. Inside a scope, usable at once by an actor who may hold it.

    Raises:
        RuleBroken: the marking is above what this service may hold, or audience and details disagree.
    """
    organisations = sorted({o.pk: o for o in named}.values(), key=lambda o: o.code)
    _check(audience, marking, agreement, organisations)
    label, is_new = AccessLabel.objects.get_or_create(
        owner=owner,
        audience=audience,
        marking=marking,
        compartment=compartment,
        agreement=agreement,
        named_key=",".join(o.code for o in organisations),
    )
    if is_new and organisations:
        label.named.set(organisations)
    _extend_scope(label, frozenset(o.pk for o in organisations))
    return label


def make_compartment(*, code: str, name: str, owner: Organisation) -> Compartment:
    """A need-to-know circle, with nobody in it yet."""
    return Compartment.objects.create(code=code, name=name, owner=owner)


@transaction.atomic
def load_compartments() -> int:
    """Make the compartments that the region's data names and that are not there yet. Returns how many it names."""
    named = terms("compartment")
    for term in named:
        if not Compartment.objects.filter(code=term.code).exists():
            owner = Organisation.objects.get(code=term.detail["owner"])
            make_compartment(code=term.code, name=term.name, owner=owner)
    return len(named)


def let_into_compartment(*, compartment: Compartment, user: User, held_from: date) -> CompartmentMember:
    """From that day the user sees what is in the compartment and otherwise meant for them."""
    return CompartmentMember.objects.create(compartment=compartment, user=user, held_from=held_from)


def put_out_of_compartment(*, compartment: Compartment, user: User, held_to: date) -> int:
    """From that day the user sees nothing of the compartment. Returns how many memberships ended."""
    open_memberships = CompartmentMember.objects.filter(compartment=compartment, user=user, held_to=None)
    return open_memberships.update(held_to=held_to)


@transaction.atomic
def make_agreement(
    *, code: str, name: str, parties: Iterable[Organisation], starts_on: date, ends_on: date | None = None
) -> Agreement:
    """An agreement whose parties see what is labelled with it, from `starts_on` to before `ends_on`."""
    agreement = Agreement.objects.create(code=code, name=name, starts_on=starts_on, ends_on=ends_on)
    agreement.parties.set(parties)
    return agreement


def end_agreement(*, agreement: Agreement, ends_on: date) -> None:
    """From that day its parties see nothing of what was shared under it."""
    Agreement.objects.filter(pk=agreement.pk).update(ends_on=ends_on)


def _check(audience: str, marking: str, agreement: Agreement | None, named: list[Organisation]) -> None:
    if marking not in MARKINGS:
        raise RuleBroken("V1", f"This service holds nothing marked {marking}. Use the network made for it.", "marking")
    if audience not in set(Audience):
        raise RuleBroken("V2", "Choose who the record is for", "audience")
    if (audience == Audience.NAMED) != bool(named):
        raise RuleBroken("V3", "Name at least one organisation, or choose another audience", "named")
    if (audience == Audience.AGREEMENT) != (agreement is not None):
        raise RuleBroken("V4", "Choose the agreement that this is shared under, or another audience", "agreement")


def _extend_scope(label: AccessLabel, named: frozenset[int]) -> None:
    acting = scope.current()
    if acting is None or label.pk in acting.reads:
        return
    reader, _ = selectors.reader_of(acting.user, today=clock.today())
    seen = Label(
        label.owner_id,
        label.owner.region,
        Audience(label.audience),
        label.marking,
        label.compartment_id,
        label.agreement_id,
        named,
    )
    if may_read(reader, seen):
        scope.extend(label.pk, writes=may_write(reader, seen))
