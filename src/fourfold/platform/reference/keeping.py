"""What is read from the region's data, kept until the database's stamp says that any of it has changed.

Every scope is told the stamp when it opens, so that a kept answer costs no query and a changed word is seen by the next
request of everybody. Outside a scope nothing is known of the stamp and nothing is kept.
"""

from collections import OrderedDict
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from threading import Lock
from typing import Any, cast

ANSWERS = 256
NOTHING = object()

stamp: ContextVar[str] = ContextVar("reference_stamp", default="")
_answers: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
_keeping = Lock()


def kept[**P, R](read: Callable[P, R]) -> Callable[P, R]:
    """Keep what a function of plain arguments reads from the region's data. Its answer must not be changed."""

    @wraps(read)
    def answer(*args: P.args, **kwargs: P.kwargs) -> R:
        now = stamp.get()
        if not now:
            return read(*args, **kwargs)
        key = (now, read.__module__, read.__qualname__, args, tuple(kwargs.items()))
        known = _answers.get(key, NOTHING)
        if known is not NOTHING:
            return cast("R", known)
        found = read(*args, **kwargs)
        with _keeping:
            _answers[key] = found
            while len(_answers) > ANSWERS:
                _answers.popitem(last=False)
        return found

    return answer


def forget() -> None:
    """Keep nothing, for tests that count queries."""
    with _keeping:
        _answers.clear()
