"""Who may act, and how a password is tried. Pure Python."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from fourfold.platform.errors import RuleBroken

FAILURES_FOR_ONE_PERSON = 5
FAILURES_FROM_ONE_ADDRESS = 50
FAILURES_COUNT_FOR = timedelta(minutes=15)


class Actor(Protocol):
    """Anyone whose capabilities are known: a `User`, or a stand-in in a test of rules."""

    @property
    def capabilities(self) -> frozenset[str]: ...


@dataclass(frozen=True)
class Held:
    """A role held from a date to before another."""

    role: str
    held_from: date
    held_to: date | None = None


def may(actor: Actor, capability: str) -> bool:
    """Whether one of the actor's current roles has the capability."""
    return capability in actor.capabilities


def roles_on(held: Collection[Held], day: date) -> frozenset[str]:
    """Roles held on a day: from `held_from`, to before `held_to`."""
    return frozenset(h.role for h in held if h.held_from <= day and (h.held_to is None or day < h.held_to))


def check_may_try(*, failed_at: Collection[datetime], from_address_at: Collection[datetime], now: datetime) -> None:
    """Raise `RuleBroken` while too many wrong passwords were given for one person or from one address."""
    since = now - FAILURES_COUNT_FOR
    for moments, most in ((failed_at, FAILURES_FOR_ONE_PERSON), (from_address_at, FAILURES_FROM_ONE_ADDRESS)):
        if sum(moment > since for moment in moments) >= most:
            minutes = FAILURES_COUNT_FOR // timedelta(minutes=1)
            raise RuleBroken("P1", f"Too many wrong passwords were given. Wait {minutes} minutes, then try again.")
