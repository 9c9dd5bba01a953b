"""Two records that may be one person, or one thing: side by side, what differs, why they may be, what would follow.

The parts are the same for people and for things (`judged_things`); what is said of each is put in by its own page.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from math import cos, pi, sin
from urllib.parse import urlencode

from django.urls import reverse

from fourfold.platform.ui import components as ui
from fourfold.platform.ui.components import Link
from fourfold.platform.ui.jinja import plural, shown_date
from fourfold.platform.ui.pages import Page
from fourfold.pole import rules, selectors
from fourfold.pole.models import PersonRecord
from fourfold.pole.pages import person as person_pages
from fourfold.pole.pages import words
from fourfold.pole.rules import identity
from fourfold.pole.rules.identity import Verdict
from fourfold.pole.selectors import Edge
from fourfold.pole.selectors.identity import Said

WIDTH, HEIGHT, RADIUS, MIDDLE = 640, 200, 62, 84
DRAWN_AT_MOST = 24


@dataclass(frozen=True)
class Stretch:
    """A piece of text, and whether the other record says something else there."""

    text: str
    differs: bool
    glued: bool = False
    """Whether it follows the stretch before it without a space."""


@dataclass(frozen=True)
class Compared:
    """One fact as the two records give it."""

    label: str
    left: tuple[Stretch, ...]
    right: tuple[Stretch, ...]
    tag: ui.Tag


@dataclass(frozen=True)
class Side:
    """One of the two records, and the person or thing that it is of now."""

    heading: str
    record: Link
    of: Link
    words: str
    threats: str
    came: str = ""
    """From which file and line it came, where that is shown."""


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    judged: bool


@dataclass(frozen=True)
class Drawing:
    """Two people or things as circles of records, and the line that would join them."""

    words: str
    left: tuple[Dot, ...]
    right: tuple[Dot, ...]
    names: tuple[str, str]
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def line(self) -> tuple[float, float, float, float]:
        one = next(dot for dot in self.left if dot.judged)
        other = next(dot for dot in self.right if dot.judged)
        return one.x, one.y, other.x, other.y


@dataclass(frozen=True)
class Button:
    verdict: str
    text: str
    key: str
    kind: str


BUTTONS = (
    Button(Verdict.SAME.value, "Same person", "S", ""),
    Button(Verdict.DIFFERENT.value, "Different people", "D", " govuk-button--secondary"),
    Button(Verdict.UNSURE.value, "Unsure", "U", " govuk-button--secondary"),
)


KEY_WORDS = {Verdict.SAME.value: "same", Verdict.DIFFERENT.value: "different", Verdict.UNSURE.value: "unsure"}


@dataclass(frozen=True)
class Step:
    """Where in the queue this is: the pairs before and after, and what was just said."""

    words: str = ""
    before: str = ""
    after: str = ""
    kept: tuple[tuple[str, str], ...] = ()
    """What goes with a verdict, so that the next page is the next of the same queue."""
    undo: str = ""
    undo_action: str = ""


@dataclass(frozen=True)
class Pick:
    """One choice of which pairs come up: each option's value, its name, and whether it is on."""

    name: str
    label: str
    options: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True)
class QueueFilter:
    """Which pairs come up, and where the other pairs wait."""

    action: str
    picks: tuple[Pick, ...]
    other: Link


@dataclass(frozen=True)
class Stood:
    """What somebody said of this pair, and how it is taken back."""

    text: str
    withdraw: str = ""


@dataclass(frozen=True, kw_only=True)
class PairPage(Page):
    """Two records side by side."""

    left: Side
    right: Side
    rows: tuple[Compared, ...]
    waterfall: ui.Waterfall | None
    verdict: str
    follows: tuple[str, ...]
    drawing: Drawing | None
    stands: tuple[Stood, ...]
    buttons: tuple[Button, ...]
    action: str
    step: Step
    picking: QueueFilter
    more: Link | None = None
    why_label: str = "Anything to add (optional)"
    why_hint: str = "What was compared is kept with it. Whoever may read both records will read this"
    error: str = ""
    why: str = ""

    @property
    def keys(self) -> str:
        return ", ".join(f"{button.key} {KEY_WORDS[button.verdict]}" for button in self.buttons)


@dataclass(frozen=True, kw_only=True)
class NothingWaits(Page):
    """The queue when it is empty."""

    empty: ui.Empty
    step: Step
    picking: QueueFilter


def pair_page(
    left: PersonRecord,
    right: PersonRecord,
    *,
    edge: Edge | None,
    people: Mapping[int, Sequence[int]],
    lines: Mapping[int, selectors.PersonLine],
    threats: Mapping[int, int],
    said: Sequence[Said],
    may_judge: bool,
    step: Step,
    picking: QueueFilter,
    foot_links: tuple[Link, ...],
    error: str = "",
    why: str = "",
) -> PairPage:
    sides = tuple(_side(record, lines[record.person_id], people, threats) for record in (left, right))
    drawn = [(rules.reference_of(each), len(people.get(each, ()))) for each in (left.person_id, right.person_id)]
    return PairPage(
        title="Are these the same person?",
        crumbs=(words.PICTURE, Link("Pair reviews", reverse("pole:review"))),
        foot=words.foot_of([left, right], foot_links),
        left=sides[0],
        right=sides[1],
        rows=_compared(left, right),
        waterfall=person_pages.waterfall_of(edge) if edge else None,
        verdict=person_pages.verdict_of(edge) if edge else "No match between these two was weighed: somebody asks.",
        follows=_follows(left, right, people, lines, threats),
        drawing=drawing(*drawn) if left.person_id != right.person_id else None,
        stands=tuple(_stood(each, may_judge=may_judge) for each in said),
        buttons=BUTTONS if may_judge else (),
        action=reverse("pole:pair", args=[left.pk, right.pk]),
        step=step,
        picking=picking,
        error=error,
        why=why,
        has_errors=bool(error),
    )


def step_of(
    queue: str, picked: Mapping[str, str], *, at: int, total: int | None = None, undo: str, undo_action: str
) -> Step:
    """Where in a queue a pair stands.

    Args:
        queue: The address of the queue.
        picked: Which pairs it shows.
        at: The place, from 0.
        total: How many wait; None where the pair was reached from elsewhere.
        undo: What was just said.
        undo_action: Where it is taken back.
    """

    def address(place: int) -> str:
        return f"{queue}?{urlencode({**picked, 'at': place})}"

    kept = tuple({**picked, "at": str(at)}.items())
    if total is None:
        return Step(after=address(at), kept=kept, undo=undo, undo_action=undo_action)
    return Step(
        words=f"Pair {at + 1} of {total}, the one that is worth most first" if total else "",
        before=address(at - 1) if at else "",
        after=address(at + 1) if at + 1 < total else "",
        kept=kept,
        undo=undo,
        undo_action=undo_action,
    )


def nothing_waits(step: Step, picking: QueueFilter, *, title: str, of: str) -> NothingWaits:
    return NothingWaits(
        title=title,
        crumbs=(words.PICTURE,),
        step=step,
        picking=picking,
        empty=ui.Empty(
            "No pair waits",
            f"When two records may be of one {of} and the match is not sure enough to join them, they will be here.",
        ),
    )


def _side(
    record: PersonRecord,
    line: selectors.PersonLine,
    people: Mapping[int, Sequence[int]],
    threats: Mapping[int, int],
) -> Side:
    held = sum(threats.get(pk, 0) for pk in people.get(record.person_id, ()))
    return Side(
        heading=record.owner.name,
        record=Link(f"{record.source} {record.source_key}", reverse("pole:person_record", args=[record.pk])),
        of=Link(line.reference, line.url),
        words=f"{plural(line.records, 'record', 'records')} from {words.forces_words(line.forces)}",
        threats=f"with {plural(held, 'role', 'roles')} in threats" if held else "",
    )


def _compared(left: PersonRecord, right: PersonRecord) -> tuple[Compared, ...]:
    return beside((label, read(left), read(right), False) for label, read in person_pages.COMPARED)


def beside(facts: Iterable[tuple[str, str, str, bool]]) -> tuple[Compared, ...]:
    """Facts as two records give them: each one's name, the two values, and whether signs are compared, not words."""
    return tuple(
        Compared(label, *_stretches(one, other, by_sign=by_sign), tag=_difference(one, other))
        for label, one, other, by_sign in facts
        if one or other
    )


def _difference(one: str, other: str) -> ui.Tag:
    if not one or not other:
        return ui.Tag("One only", "grey")
    return ui.Tag("Same", "green") if one.casefold() == other.casefold() else ui.Tag("Differs", "orange")


def _stretches(one: str, other: str, *, by_sign: bool) -> tuple[tuple[Stretch, ...], tuple[Stretch, ...]]:
    """Both texts in stretches, those marked in which they differ. Nothing is, where one says nothing."""
    if not one or not other:
        return _whole(one), _whole(other)
    left, right = (list(one), list(other)) if by_sign else (one.split(), other.split())
    said, heard = ([piece.casefold() for piece in side] for side in (left, right))
    found = SequenceMatcher(None, said, heard, autojunk=False).get_opcodes()
    return (
        _joined([(left[a:b], tag != "equal") for tag, a, b, _, _ in found], glued=by_sign),
        _joined([(right[c:d], tag != "equal") for tag, _, _, c, d in found], glued=by_sign),
    )


def _joined(pieces: Sequence[tuple[list[str], bool]], *, glued: bool) -> tuple[Stretch, ...]:
    between = "" if glued else " "
    return tuple(Stretch(between.join(said), differs, glued) for said, differs in pieces if said)


def _whole(text: str) -> tuple[Stretch, ...]:
    return (Stretch(text, differs=False),) if text else ()


def _follows(
    left: PersonRecord,
    right: PersonRecord,
    people: Mapping[int, Sequence[int]],
    lines: Mapping[int, selectors.PersonLine],
    threats: Mapping[int, int],
) -> tuple[str, ...]:
    """What saying "same" would do, in sentences."""
    one, other = lines[left.person_id], lines[right.person_id]
    if one.person_id == other.person_id:
        return (
            f"Both records are of {one.reference} now. Saying that they are the same keeps them together; saying that "
            "they are different takes them apart where what joins them is weakest.",
        )
    forces = sorted({*one.forces, *other.forces})
    joined = one.records + other.records
    sentences = [
        f"Saying that they are the same joins {one.reference} ({plural(one.records, 'record', 'records')}) and "
        f"{other.reference} ({plural(other.records, 'record', 'records')}): one person with {joined} records from "
        f"{words.forces_words(forces)}."
    ]
    for line in (one, other):
        held = sum(threats.get(pk, 0) for pk in people.get(line.person_id, ()))
        if held:
            sentences.append(
                f"{line.reference} has a role in {plural(held, 'threat', 'threats')}, which would be theirs."
            )
    if one.may_be_a_child != other.may_be_a_child:
        child = one if one.may_be_a_child else other
        sentences.append(f"{child.reference} is or may be under 18, and the other is not.")
    return tuple(sentences)


def drawing(left: tuple[str, int], right: tuple[str, int]) -> Drawing:
    """Two numbers, each with how many records it has; the two that are compared face each other."""
    sides = []
    for (_, records), centre in ((left, WIDTH * 0.22), (right, WIDTH * 0.78)):
        others = min(max(records - 1, 0), DRAWN_AT_MOST - 1)
        turn = 0.0 if centre < WIDTH / 2 else pi
        radius = RADIUS if others else 0
        angles = [turn + 2 * pi * number / (others + 1) for number in range(others + 1)]
        dots = [
            Dot(round(centre + radius * cos(angle), 1), round(MIDDLE + radius * sin(angle), 1), judged=angle == turn)
            for angle in angles
        ]
        sides.append(tuple(dots))
    counts = [plural(records, "record", "records") for _, records in (left, right)]
    return Drawing(
        words=f"{left[0]} as {counts[0]}, {right[0]} as {counts[1]}, and the line that would join them",
        left=sides[0],
        right=sides[1],
        names=(left[0], right[0]),
    )


def _stood(said: Said, *, may_judge: bool) -> Stood:
    verdict = identity.VERDICT_WORDS[said.verdict]
    return Stood(
        f"{said.by} of {said.organisation} said on {shown_date(said.on)} that they {verdict}. Why: {said.why}",
        reverse("pole:withdraw", args=[said.pk]) if may_judge else "",
    )
