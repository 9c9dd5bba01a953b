"""What each room puts on a person's first page: things due by a day, and numbers of things that wait for them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from fourfold.platform.people.models import User
from fourfold.platform.ui.components import Figure


@dataclass(frozen=True)
class Due:
    """One thing this person is to do by a day. `text` begins with the verb; `hint` says why it is due."""

    on: date
    text: str
    href: str
    hint: str = ""


@dataclass(frozen=True)
class News:
    """What became of something this person did. Nothing is to be done about it."""

    on: date
    text: str
    href: str
    hint: str = ""


@dataclass(frozen=True)
class Work:
    due: tuple[Due, ...] = ()
    waiting: tuple[Figure, ...] = ()
    news: tuple[News, ...] = ()


type Provider = Callable[[User, date], Work]
_providers: dict[str, Provider] = {}


def register(room: str, provider: Provider) -> None:
    """Called by a room when it is ready. The provider is given the person and today; it gives only what is theirs."""
    _providers[room] = provider


def work_of(user: User, *, today: date) -> Work:
    """Everything the rooms have for this person, the soonest first."""
    found = [provider(user, today) for provider in _providers.values()]
    due = sorted((each for work in found for each in work.due), key=lambda each: (each.on, each.text))
    news = sorted((each for work in found for each in work.news), key=lambda each: (each.on, each.text), reverse=True)
    return Work(tuple(due), tuple(figure for work in found for figure in work.waiting), tuple(news))
