"""What rooms above the master list hang on a threat: a tab, work that is open, an exception, rows that share its label.

A room registers when it is ready (`AppConfig.ready`); the master list asks and imports none of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol

from django.db.models import Q

if TYPE_CHECKING:
    from fourfold.platform.people.models import User
    from fourfold.platform.visibility.models import AccessLabel
    from fourfold.threats.models import Threat


@dataclass(frozen=True)
class ThreatTab:
    """One part of a threat's record that another room draws.

    Args:
        key: Its own name, such as `plan`.
        text: What the tab says.
        url_name: An address that takes `reference`, as `reverse` names it.
        count: How many things are behind it; None shows no number.
        capability: What a reader has to have for it to be there; empty for everybody who may see the threat.
        position: The parts of the master list stand at 10, 20, 30 …; history stands last, at 90.
    """

    key: str
    text: str
    url_name: str
    position: int
    count: "Callable[[Threat], int | None] | None" = None
    capability: str = ""


@dataclass(frozen=True)
class OpenWork:
    """Something that is open on a threat, for the page that a receiver reads before accepting it."""

    room: str
    text: str
    href: str
    due: date | None = None
    owner: str = ""


@dataclass(frozen=True)
class ThreatException:
    """A thing that should not be so about an open threat, such as no plan.

    Args:
        code: In the address of the list, such as `no-plan`.
        name: As a filter names it.
        sentence: What to do about it, where it is shown.
        holds: Which threats, as a condition on `Threat`, on the day given.
        mend: An address that takes `reference`, where it is put right.
        do: What the link there says.
        may: Who is led there; None leads everybody who may see the threat.
        position: Where it stands among the others.
        note: Where the rule is from, if that has to be said.
    """

    code: str
    name: str
    sentence: str
    holds: Callable[[date], Q]
    mend: str
    do: str = "Put it right"
    may: "Callable[[User, Threat], bool] | None" = None
    position: int = 50
    note: str = ""


class Merging(Protocol):
    """What becomes of a room's part of a threat that goes on in another."""

    def will(self, threat: "Threat") -> str:
        """What will become of it, as a sentence for who proposes or confirms the merge; empty for nothing."""

    def follow(self, *, actor: "User", threat: "Threat", into: "Threat", reason: str, today: date) -> None:
        """Let it become so, before the threat is closed and in the same transaction."""


type OpenWorkOf = "Callable[[Threat, date], tuple[OpenWork, ...]]"
type Relabel = "Callable[[Threat, AccessLabel, AccessLabel, str], None]"

_tabs: dict[str, ThreatTab] = {}
_open_work: "dict[str, OpenWorkOf]" = {}
_exceptions: dict[str, ThreatException] = {}
_relabels: "dict[str, Relabel]" = {}
_mergings: dict[str, Merging] = {}


def register_tab(tab: ThreatTab) -> None:
    _tabs[tab.key] = tab


def register_open_work(room: str, find: "OpenWorkOf") -> None:
    """`find` is given a threat and today."""
    _open_work[room] = find


def register_exception(exception: ThreatException) -> None:
    _exceptions[exception.code] = exception


def register_relabel(room: str, relabel: "Relabel") -> None:
    """`relabel` is given the threat, the label it had, the one it has now and the reason, in the same transaction."""
    _relabels[room] = relabel


def register_merging(room: str, merging: Merging) -> None:
    _mergings[room] = merging


def tabs() -> tuple[ThreatTab, ...]:
    return tuple(sorted(_tabs.values(), key=lambda tab: tab.position))


def open_work(threat: "Threat", *, today: date) -> tuple[OpenWork, ...]:
    """Everything open on a threat in every room, the soonest due first and what has no date last."""
    found = [each for find in _open_work.values() for each in find(threat, today)]
    return tuple(sorted(found, key=lambda each: (each.due is None, each.due or today, each.text)))


def exceptions() -> Mapping[str, ThreatException]:
    return {each.code: each for each in sorted(_exceptions.values(), key=lambda each: (each.position, each.name))}


def relabel(threat: "Threat", *, old: "AccessLabel", new: "AccessLabel", reason: str) -> None:
    """Rows of other rooms that had the threat's old label take the new one."""
    for each in _relabels.values():
        each(threat, old, new, reason)


def what_a_merge_does(threat: "Threat") -> tuple[str, ...]:
    """What becomes of the parts of a threat in other rooms where it goes on in another, a sentence each."""
    return tuple(filter(None, (each.will(threat) for each in _mergings.values())))


def follow_merge(*, actor: "User", threat: "Threat", into: "Threat", reason: str, today: date) -> None:
    for each in _mergings.values():
        each.follow(actor=actor, threat=threat, into=into, reason=reason, today=today)
