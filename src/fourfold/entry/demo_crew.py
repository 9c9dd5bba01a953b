"""Several processes that play the casework side by side, where acts have nothing to do with one another.

A step touches threats, and whatever numbers what it makes; of other things it must know that nobody touches them while
it looks. It starts when every earlier step that it could disturb or be disturbed by has ended, so what each row comes
to say, and what it is called, does not depend on how many play. Of those that can start, the one goes first that holds
up the most work.
"""

import heapq
import multiprocessing
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

from django.db import connections

from fourfold.platform import clock
from fourfold.platform.errors import RuleBroken

EVERYTHING = "everything"


class Said(NamedTuple):
    """What a player in another process is told of a step: who does what, and the rows that the acts name."""

    actor: str
    acts: list[Any]
    rows: dict[str, int]


class Step(NamedTuple):
    """Acts at one moment, and about how long they take beside others. Without `said` only the process that holds the
    agenda can play it; with it, any that has the book."""

    moment: datetime
    name: str
    play: Callable[[str], None]
    touches: frozenset[str]
    looks_at: frozenset[str] = frozenset()
    said: Callable[[], Said] | None = None
    cost: float = 1
    book: str = ""


class Book(Protocol):
    """What knows how to play a kind of steps, and what came of them."""

    made: dict[str, int]
    done: dict[str, dict[str, Any]]
    refused: Counter[str]
    played: int

    def play(self, actor: str, acts: list[Any], step: str) -> None: ...


class Order:
    """Which steps wait for which. `before` counts, for each, the earlier ones that must have ended."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.before = [0] * len(steps)
        self.after: dict[int, list[int]] = defaultdict(list)
        last: dict[str, int] = {}
        looking: dict[str, list[int]] = defaultdict(list)
        since: list[int] = []
        for number, step in enumerate(steps):
            if EVERYTHING in step.touches:
                earlier = set(since)
                last, looking, since = {EVERYTHING: number}, defaultdict(list), []
            else:
                earlier = {last[key] for key in (*step.touches, *step.looks_at, EVERYTHING) if key in last}
                for key in step.touches:
                    earlier.update(looking.pop(key, ()))
                    last[key] = number
                for key in step.looks_at - step.touches:
                    looking[key].append(number)
            since.append(number)
            self.before[number] = len(earlier)
            for each in earlier:
                self.after[each].append(number)
        self.holds_up = [step.cost for step in steps]
        for number in reversed(range(len(steps))):
            self.holds_up[number] += max((self.holds_up[each] for each in self.after[number]), default=0)


class Crew:
    """Plays steps in as many other processes as asked for, and those that cannot be told in this one."""

    def __init__(self, books: Mapping[str, Book], size: int) -> None:
        self.books = books
        self.size = size
        self.idle: list[Connection] = []
        self.busy: dict[Connection, tuple[int, Step, Said]] = {}
        self.processes: list[ForkProcess] = []

    def __enter__(self) -> Self:
        """Start the others. No thread runs yet and no connection is shared: each opens its own."""
        if not self.size:
            return self
        connections.close_all()
        context = multiprocessing.get_context("fork")
        for _ in range(self.size):
            ours, theirs = context.Pipe()
            self.idle.append(ours)
            process = context.Process(target=_play_along, args=(self.books, theirs, tuple(self.idle)), daemon=True)
            process.start()
            theirs.close()
            self.processes.append(process)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self.processes if error is not None else ():
            process.terminate()
        for pipe in self.idle if error is None else ():
            pipe.send(None)
        for process in self.processes:
            process.join()

    def play(self, steps: Iterable[Step], *, ended: Callable[[Step], None] = lambda step: None) -> None:
        """Play steps, given in the order of their moments; tell `ended` of each, and return when all have ended."""
        agenda = list(steps)
        order = Order(agenda)
        here: list[tuple[float, int]] = []
        told: list[tuple[float, int]] = []

        def ready(numbers: Iterable[int]) -> None:
            for number in numbers:
                heap = here if self._plays_here(agenda[number]) else told
                heapq.heappush(heap, (-order.holds_up[number], number))

        def end(number: int) -> None:
            ended(agenda[number])
            for each in order.after[number]:
                order.before[each] -= 1
            ready(each for each in order.after[number] if not order.before[each])

        ready(number for number, waits in enumerate(order.before) if not waits)
        while here or told or self.busy:
            while told and self.idle:
                number = heapq.heappop(told)[1]
                step = agenda[number]
                if step.said is not None:
                    self._tell(number, step, step.said())
            if here:
                number = heapq.heappop(here)[1]
                with clock.told(agenda[number].moment):
                    agenda[number].play(agenda[number].name)
                end(number)
            for number in self._heard(patience_s=0 if here else None):
                end(number)

    def _plays_here(self, step: Step) -> bool:
        """Whether this process plays it: what cannot be told, and what was played before and is only remembered."""
        return not self.size or step.said is None or step.name in self.books[step.book].done

    def _tell(self, number: int, step: Step, said: Said) -> None:
        pipe = self.idle.pop()
        pipe.send((step.moment, step.name, step.book, said))
        self.busy[pipe] = (number, step, said)

    def _heard(self, *, patience_s: float | None) -> list[int]:
        """The steps that have ended in other processes; waits for one, or no longer than `patience_s`."""
        heard = []
        ready = wait(list(self.busy), patience_s) if self.busy else []
        for pipe in [each for each in self.busy if each in ready]:
            number, step, said = self.busy.pop(pipe)
            try:
                made, refused = pipe.recv()
            except EOFError:
                raise RuntimeError(f"{step.name} was not played: its process ended") from None
            if isinstance(refused, tuple):
                raise RuleBroken(*refused)
            if made is None:
                raise RuntimeError(f"{step.name} was not played:\n{refused}")
            self.idle.append(pipe)
            book = self.books[step.book]
            book.made |= made
            book.done[step.name] = {"made": made}
            book.refused += Counter(refused)
            book.played += len(said.acts)
            heard.append(number)
        return heard


def _play_along(books: Mapping[str, Book], pipe: Connection, others: Sequence[Connection]) -> None:
    """Play what is told until nothing more is, or until the process that tells is gone."""
    for each in others:
        # Its ends of the pipes came along with the fork: while one is open here, nobody hears that it is gone.
        each.close()
    with suppress(EOFError):
        while (told := pipe.recv()) is not None:
            moment, name, which, said = told
            book = books[which]
            book.made |= said.rows
            book.refused.clear()
            try:
                with clock.told(moment):
                    book.play(said.actor, said.acts, name)
            except RuleBroken as broken:
                pipe.send((None, (broken.code, broken.sentence)))
                break
            except BaseException:
                pipe.send((None, traceback.format_exc()))
                raise
            pipe.send((book.done[name]["made"], dict(book.refused)))
    connections.close_all()
