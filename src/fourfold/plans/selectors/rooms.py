"""What other rooms tell of a plan: what moved its aims, and what asks for a review."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fourfold.threats.models import Threat

type FindMovers = Callable[[Iterable[int]], Mapping[int, tuple[Moved, ...]]]
_movers: list[FindMovers] = []
type FindPrompts = "Callable[[Threat, date], tuple[ReviewPrompt, ...]]"
_prompts: list[FindPrompts] = []


@dataclass(frozen=True)
class Moved:
    """Something that moved an aim, as another room tells it."""

    text: str
    on: date
    href: str


def register_movers(find: FindMovers) -> None:
    """`find` is given keys of aims, and says what moved each of them as far as the reader may see."""
    _movers.append(find)


def movers_of(aims: Iterable[int]) -> Mapping[int, tuple[Moved, ...]]:
    """What moved each of these aims, newest first."""
    asked = list(aims)
    found: dict[int, list[Moved]] = defaultdict(list)
    for find in _movers:
        for pk, moved in find(asked).items():
            found[pk] += moved
    return {pk: tuple(sorted(moved, key=lambda each: each.on, reverse=True)) for pk, moved in found.items()}


@dataclass(frozen=True)
class ReviewPrompt:
    """Why a plan should be reviewed before its date. `kind` is one of `rules.Prompt`."""

    kind: str
    text: str
    href: str = ""


def register_prompts(find: FindPrompts) -> None:
    """`find` is given a threat and since when its plan stands; it says what has happened that asks for a review."""
    _prompts.append(find)


def prompts_for(threat: "Threat", *, since: date) -> tuple[ReviewPrompt, ...]:
    return tuple(prompt for find in _prompts for prompt in find(threat, since))
