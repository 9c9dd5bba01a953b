"""Making users, giving and taking roles, and finding the parts of the service that act by themselves."""

from collections.abc import Iterable
from datetime import date

from django.db import transaction

from fourfold.platform import clock
from fourfold.platform.people.models import (
    Marking,
    Organisation,
    OrganisationKind,
    RoleHeld,
    User,
    UserKind,
)

SERVICE_ORGANISATION = "fourfold"


@transaction.atomic
def create_user(
    *,
    email: str,
    name: str,
    organisation: Organisation,
    roles: Iterable[str] = (),
    password: str | None = None,
    ceiling: str = Marking.OFFICIAL_SENSITIVE,
    held_from: date | None = None,
) -> User:
    """A person who may sign in if there is a password, with roles held from `held_from` (today where not given)."""
    user = User(email=email.strip().lower(), name=name, organisation=organisation, ceiling=ceiling)
    user.set_password(password)
    user.save()
    for role in roles:
        give_role(user=user, role=role, held_from=held_from or clock.today())
    return user


def give_role(*, user: User, role: str, held_from: date) -> RoleHeld:
    return RoleHeld.objects.create(user=user, role=role, held_from=held_from)


def end_role(*, user: User, role: str, held_to: date) -> int:
    """From that day the user does not hold the role. Returns how many holdings ended."""
    return RoleHeld.objects.filter(user=user, role=role, held_to=None).update(held_to=held_to)


def close_user(*, user: User) -> None:
    """The user signs in no more and sees nothing. The name stays beside what they did."""
    User.objects.filter(pk=user.pk).update(is_active=False)


def service_user(code: str) -> User:
    """The part of the service with this code, such as `intake`: reads and writes every label, never signs in."""
    found = User.objects.filter(email=f"{code}@service.invalid").select_related("organisation").first()
    if found is not None:
        return found
    organisation, _ = Organisation.objects.get_or_create(
        code=SERVICE_ORGANISATION, defaults={"name": "Fourfold", "kind": OrganisationKind.AGENCY}
    )
    user, _ = User.objects.get_or_create(
        email=f"{code}@service.invalid",
        defaults={
            "name": f"{code.replace('_', ' ').capitalize()} service",
            "organisation": organisation,
            "kind": UserKind.SERVICE,
            "password": "!",
        },
    )
    return user
