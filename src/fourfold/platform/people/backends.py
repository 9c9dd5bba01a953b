"""Sign-in by password, for the demonstration. Production signs in through the force's identity provider."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from fourfold.platform.people.models import User, UserKind


class PasswordBackend(BaseBackend):
    """A person who is active, by the address they sign in with and a password. Parts of the service never sign in."""

    def authenticate(
        self, request: HttpRequest | None, email: str = "", password: str = "", **_other: Any
    ) -> User | None:
        user = User.objects.filter(email__iexact=email.strip(), kind=UserKind.PERSON).first()
        if user is None:
            User().set_password(password)  # as slow as a wrong password, so that time does not tell who is known
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: int) -> User | None:
        found = User.objects.select_related("organisation").filter(pk=user_id, is_active=True, kind=UserKind.PERSON)
        return found.first()
