"""Organisations, users and the roles they hold."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from fourfold.platform import clock
from fourfold.platform.people import rules
from fourfold.platform.reference import selectors as reference


class OrganisationKind(models.TextChoices):
    """What an organisation is to the region."""

    FORCE = "FORCE", "Police force"
    ROCU = "ROCU", "Regional organised crime unit"
    AGENCY = "AGENCY", "National agency"
    PARTNER = "PARTNER", "Partner"


class Organisation(models.Model):
    """A force, the regional unit, an agency or a partner."""

    code = models.CharField(max_length=40, unique=True)
    name = models.TextField()
    short_name = models.TextField(blank=True, help_text="What officers call it; for lists and narrow columns")
    kind = models.CharField(max_length=8, choices=OrganisationKind.choices)
    region = models.CharField(max_length=40, blank=True)
    police_code = models.CharField(max_length=4, blank=True, help_text="Home Office force number")
    ons_code = models.CharField(max_length=9, blank=True, help_text="Office for National Statistics area code")

    def __str__(self) -> str:
        return self.name


class UserKind(models.TextChoices):
    """Who or what acts."""

    PERSON = "PERSON", "Person"
    SERVICE = "SERVICE", "Part of this service"
    MIGRATOR = "MIGRATOR", "Migration of data"


class Marking(models.TextChoices):
    """Government security classifications that this service may hold (docs/sources.md#classifications)."""

    OFFICIAL = "OFFICIAL", "OFFICIAL"
    OFFICIAL_SENSITIVE = "OFFICIAL-SENSITIVE", "OFFICIAL-SENSITIVE"


class Users(BaseUserManager["User"]):
    """Finds a user by the address they sign in with, however it is typed."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person, or a part of the service that acts by itself."""

    email = models.EmailField(unique=True)
    name = models.TextField()
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="users")
    kind = models.CharField(max_length=8, choices=UserKind.choices, default=UserKind.PERSON)
    ceiling = models.CharField(max_length=20, choices=Marking.choices, default=Marking.OFFICIAL_SENSITIVE)
    is_active = models.BooleanField(default=True)

    objects: ClassVar[Users] = Users()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def roles(self) -> frozenset[str]:
        """Codes of the roles held today."""
        held = [rules.Held(*row) for row in self.roles_held.values_list("role", "held_from", "held_to")]
        return rules.roles_on(held, clock.today())

    @cached_property
    def capabilities(self) -> frozenset[str]:
        """What the roles held today allow (reference data of kind "role")."""
        in_force = reference.terms("role", on=clock.today())
        details: list[dict[str, Any]] = [term.detail for term in in_force if term.code in self.roles]
        return frozenset(c for detail in details for c in detail.get("capabilities", ()))

    def holds(self, roles: Iterable[str], capabilities: Iterable[str]) -> None:
        """Take what a scope has just worked out for today instead of reading it again."""
        self.roles, self.capabilities = frozenset(roles), frozenset(capabilities)


class RoleHeld(models.Model):
    """A role held by a user from a date to before another."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="roles_held")
    role = models.CharField(max_length=40, help_text="Code of reference kind role")
    held_from = models.DateField()
    held_to = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="role_ends_after_it_starts",
                condition=models.Q(held_to=None) | models.Q(held_to__gte=models.F("held_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.user_id}"


class FailedSignIn(models.Model):
    """A wrong password: the address it was for as a hash, where it came from, when."""

    email_hash = models.CharField(max_length=64)
    address = models.CharField(max_length=45)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["email_hash", "at"], name="failed_sign_in_person"),
            models.Index(fields=["address", "at"], name="failed_sign_in_address"),
        ]

    def __str__(self) -> str:
        return f"{self.address} at {self.at:%Y-%m-%d %H:%M}"
