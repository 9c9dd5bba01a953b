"""The crew that plays the demonstration: what could disturb each other is played one by one, in its order."""

import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fourfold.entry.demo_crew import EVERYTHING, Crew, Order, Said, Step
from fourfold.platform.errors import RuleBroken

FIRST = datetime(2022, 5, 1, 9, 0, tzinfo=UTC)
KEYS = st.frozensets(st.sampled_from(["a", "b", "c", EVERYTHING]), max_size=2)
LOOKS = st.frozensets(st.sampled_from(["a", "b", "c"]), max_size=2)


class Diary:
    """A book that writes when each step begins and ends, for all processes into one file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.made: dict[str, int] = {}
        self.done: dict[str, dict[str, Any]] = {}
        self.refused: Counter[str] = Counter()
        self.played = 0

    def play(self, actor: str, acts: list[Any], step: str) -> None:
        if step in self.done:
            return
        self._write(f"begin {step}")
        for act in acts:
            if act == "fail":
                raise ValueError("The pen broke")
            if act == "forbidden":
                raise RuleBroken("D1", "The delivery was not loaded")
            self.made[act] = len(self.made)
        self.refused["too late"] += 1
        self._write(f"end {step}")
        self.done[step] = {"made": {act: self.made[act] for act in acts}}

    def _write(self, line: str) -> None:
        handle = os.open(self.path, os.O_APPEND | os.O_CREAT | os.O_WRONLY)
        os.write(handle, f"{line}\n".encode())
        os.close(handle)

    def lines(self) -> list[str]:
        return self.path.read_text().splitlines()


def a_step(number: int, touches: frozenset[str], looks_at: frozenset[str], diary: Diary, *, acts: list[str]) -> Step:
    moment, said = FIRST + number * timedelta(days=1), partial(Said, "somebody", acts, {})
    play = partial(diary.play, "somebody", acts)
    return Step(moment, str(number), play, touches, looks_at, said, book="diary")


def disturbs(one: Step, other: Step) -> bool:
    if EVERYTHING in one.touches | other.touches:
        return True
    return bool(one.touches & (other.touches | other.looks_at) or one.looks_at & other.touches)


@given(st.lists(st.tuples(KEYS, LOOKS), max_size=12))
def test_what_disturbs_waits_for_what_came_before_it(keys: list[tuple[frozenset[str], frozenset[str]]]) -> None:
    diary = Diary(Path(os.devnull))
    steps = [a_step(number, *each, diary, acts=[]) for number, each in enumerate(keys)]
    ended: list[str] = []
    with Crew({"diary": diary}, 0) as crew:
        crew.play(steps, ended=lambda step: ended.append(step.name))
    assert sorted(ended, key=int) == [step.name for step in steps]
    for one, other in combinations(steps, 2):
        if disturbs(one, other):
            assert ended.index(one.name) < ended.index(other.name)


def test_the_step_that_holds_up_the_most_goes_first(tmp_path: Path) -> None:
    diary = Diary(tmp_path / "diary")
    alone, first, last = (
        a_step(number, frozenset(key), frozenset(), diary, acts=[]) for number, key in enumerate(("a", "b", "b"))
    )
    order = Order([alone, first, last])
    assert order.before == [0, 0, 1]
    assert order.holds_up == [1, 2, 1]
    with Crew({"diary": diary}, 0) as crew:
        crew.play([alone, first, last])
    assert diary.lines()[0] == "begin 1"


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_processes_play_side_by_side_and_tell_what_they_made(tmp_path: Path) -> None:
    diary = Diary(tmp_path / "diary")
    diary.done["3"] = {"made": {}}
    steps = [
        a_step(number, frozenset("ab"[number % 2]), frozenset(), diary, acts=[f"act {number}"]) for number in range(20)
    ]
    with Crew({"diary": diary}, 2) as crew:
        crew.play(steps)
    lines = diary.lines()
    assert len(lines) == 38
    for parity in (0, 1):
        marks = [line.split() for line in lines if int(line.split()[1]) % 2 == parity]
        assert [mark for mark, _ in marks] == ["begin", "end"] * (len(marks) // 2)
        numbers = [int(number) for mark, number in marks if mark == "begin"]
        assert numbers == sorted(numbers)
    assert set(diary.made) == {f"act {number}" for number in range(20) if number != 3}
    assert diary.played == 19
    assert diary.refused == {"too late": 19}


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_what_goes_wrong_in_another_process_is_said_here(tmp_path: Path) -> None:
    diary = Diary(tmp_path / "diary")
    with (
        pytest.raises(RuntimeError, match=r"(?s)^7 was not played:.*The pen broke"),
        Crew({"diary": diary}, 1) as crew,
    ):
        crew.play([a_step(7, frozenset("a"), frozenset(), diary, acts=["fail"])])


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_refusal_in_another_process_is_its_sentence_here(tmp_path: Path) -> None:
    diary = Diary(tmp_path / "diary")
    with pytest.raises(RuleBroken, match="The delivery was not loaded"), Crew({"diary": diary}, 2) as crew:
        crew.play([a_step(7, frozenset("a"), frozenset(), diary, acts=["forbidden"])])


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_the_others_end_when_the_one_that_tells_is_gone(tmp_path: Path) -> None:
    crew = Crew({"diary": Diary(tmp_path / "diary")}, 3).__enter__()
    for pipe in crew.idle:
        pipe.close()
    for process in crew.processes:
        process.join(timeout=20)
        assert process.exitcode == 0
