"""Several processes that play the casework side by side, where acts have nothing to do with one another.

A step touches threats, and whatever numbers what it makes; of other things it must know that nobody touches them while
it looks. It starts when every earlier step that it could disturb or be disturbed by has ended, so what each row comes
to say, and what it is called, does not depend on how many play.
"""

import multiprocessing
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

from django.db import connections

from fourfold.platform import clock

AHEAD = 40
EVERYTHING = "everything"


class Said(NamedTuple):
    """What a player in another process is told of a step: who does what, and the rows that the acts name."""

    actor: str
    acts: list[Any]
    rows: dict[str, int]


class Step(NamedTuple):
    """Acts at one moment. Without `said` only the process that holds the agenda can play it."""

    moment: datetime
    name: str
    play: Callable[[str], None]
    touches: frozenset[str]
    looks_at: frozenset[str] = frozenset()
    said: Callable[[], Said] | None = None


class Book(Protocol):
    """The casework as the crew sees it."""

    made: dict[str, int]
    done: dict[str, dict[str, Any]]
    refused: Counter[str]
    played: int

    def play(self, actor: str, acts: list[Any], step: str) -> None: ...


class Crew:
    """Plays steps in as many other processes as asked for, and those that cannot be told in this one."""

    def __init__(self, book: Book, size: int) -> None:
        self.book = book
        self.size = size
        self.idle: list[Connection] = []
        self.busy: dict[Connection, tuple[Step, Said]] = {}
        self.processes: list[ForkProcess] = []
        self.pending: list[Step] = []

    def __enter__(self) -> Self:
        """Start the others. No thread runs yet and no connection is shared: each opens its own."""
        if not self.size:
            return self
        connections.close_all()
        context = multiprocessing.get_context("fork")
        for _ in range(self.size):
            ours, theirs = context.Pipe()
            process = context.Process(target=_play_along, args=(self.book, theirs), daemon=True)
            process.start()
            theirs.close()
            self.processes.append(process)
            self.idle.append(ours)
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

    def play(self, steps: Iterable[Step]) -> None:
        """Play steps, given in the order of their moments, and wait until all of them have ended."""
        for step in steps:
            self.pending.append(step)
            while len(self.pending) > AHEAD:
                self._go_on()
        while self.pending:
            self._go_on()
        while self.busy:
            self._wait()

    def _go_on(self) -> None:
        """Start the first step that can start, or wait until one that runs has ended."""
        before = [step for step, _ in self.busy.values()]
        touched: set[str] = set().union(*(step.touches for step in before))
        looked_at: set[str] = set().union(*(step.looks_at for step in before))
        for number, step in enumerate(self.pending):
            if EVERYTHING in touched or (EVERYTHING in step.touches and (number or before)):
                break
            free = touched.isdisjoint(step.touches | step.looks_at) and looked_at.isdisjoint(step.touches)
            if free and (self.idle or self._plays_here(step)):
                del self.pending[number]
                self._start(step)
                return
            touched |= step.touches
            looked_at |= step.looks_at
        self._wait()

    def _plays_here(self, step: Step) -> bool:
        """Whether this process plays it: what cannot be told, and what was played before and is only remembered."""
        return not self.size or step.said is None or step.name in self.book.done

    def _start(self, step: Step) -> None:
        if step.said is None or self._plays_here(step):
            with clock.told(step.moment):
                step.play(step.name)
            return
        said = step.said()
        pipe = self.idle.pop()
        pipe.send((step.moment, step.name, said))
        self.busy[pipe] = (step, said)

    def _wait(self) -> None:
        ready = wait(list(self.busy))
        for pipe in [each for each in self.busy if each in ready]:
            step, said = self.busy.pop(pipe)
            try:
                made, refused = pipe.recv()
            except EOFError:
                raise RuntimeError(f"{step.name} was not played: its process ended") from None
            if made is None:
                raise RuntimeError(f"{step.name} was not played:\n{refused}")
            self.idle.append(pipe)
            self.book.made |= made
            self.book.done[step.name] = {"made": made}
            self.book.refused += Counter(refused)
            self.book.played += len(said.acts)


def _play_along(book: Book, pipe: Connection) -> None:
    """Play what is told until nothing more is."""
    while (told := pipe.recv()) is not None:
        moment, name, said = told
        book.made |= said.rows
        book.refused.clear()
        try:
            with clock.told(moment):
                book.play(said.actor, said.acts, name)
        except BaseException:
            pipe.send((None, traceback.format_exc()))
            raise
        pipe.send((book.done[name]["made"], dict(book.refused)))
    connections.close_all()
