"""Signing in and out: tried at most so often, and in the ledger either way."""

from datetime import datetime
from hashlib import sha256

from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest

from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.errors import RuleBroken
from fourfold.platform.people import rules
from fourfold.platform.people.models import FailedSignIn, User
from fourfold.platform.visibility.middleware import address_of, session_hash
from fourfold.platform.visibility.scope import acting_as


def sign_in(request: HttpRequest, *, email: str, password: str, now: datetime) -> User:
    """Sign a person in.

    Raises:
        RuleBroken: P1 after too many wrong passwords; P2 where address and password do not belong together.
    """
    address, email_hash = address_of(request), sha256(email.strip().lower().encode()).hexdigest()
    recent = FailedSignIn.objects.filter(at__gt=now - rules.FAILURES_COUNT_FOR)
    rules.check_may_try(
        failed_at=list(recent.filter(email_hash=email_hash).values_list("at", flat=True)),
        from_address_at=list(recent.filter(address=address).values_list("at", flat=True)),
        now=now,
    )
    user = authenticate(request, email=email, password=password)
    if not isinstance(user, User):
        FailedSignIn.objects.create(email_hash=email_hash, address=address, at=now)
        audit.note(
            Operation.SIGN_IN,
            object_type="people.user",
            succeeded=False,
            email_hash=email_hash,
            address=address,
            request=request.META.get("fourfold.request_id", ""),
        )
        raise RuleBroken("P2", "Enter the email address and password that belong together", "password")
    login(request, user)
    request.session.save()  # so that the session has its key, which the ledger names
    with acting_as(
        user,
        request_id=request.META.get("fourfold.request_id"),
        session=session_hash(request),
        address=address,
    ):
        audit.note(Operation.SIGN_IN, user, succeeded=True)
    return user


def sign_out(request: HttpRequest) -> None:
    """End the session of the person who asks, if there is one."""
    if isinstance(request.user, User):
        audit.note(Operation.SIGN_OUT, request.user)
    logout(request)
