"""The page of two records that may be one person: side by side, what differs, the weights, what would follow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from math import cos, pi, sin

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


@dataclass(frozen=True)
class Compared:
    """One fact as the two records give it."""

    label: str
    left: tuple[Stretch, ...]
    right: tuple[Stretch, ...]
    tag: ui.Tag


@dataclass(frozen=True)
class Side:
    """One of the two records, and the person that it is of now."""

    heading: str
    record: Link
    person: Link
    words: str
    threats: str


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    judged: bool


@dataclass(frozen=True)
class Drawing:
    """Two people as circles of records, and the line that would join them."""

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


@dataclass(frozen=True)
class Step:
    """Where in the queue this is: the pairs before and after, and what was just said."""

    words: str = ""
    before: str = ""
    after: str = ""
    at: int = 0
    force: str = ""
    undo: str = ""


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
    forces: tuple[tuple[str, str, bool], ...]
    left_id: int
    right_id: int
    error: str = ""
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class NothingWaits(Page):
    """The queue when it is empty."""

    empty: ui.Empty
    step: Step
    forces: tuple[tuple[str, str, bool], ...]


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
    forces: tuple[tuple[str, str, bool], ...],
    foot_links: tuple[Link, ...],
    error: str = "",
    why: str = "",
) -> PairPage:
    sides = tuple(_side(record, lines[record.person_id], people, threats) for record in (left, right))
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
        drawing=_drawing(left, right, people) if left.person_id != right.person_id else None,
        stands=tuple(_stood(each, may_judge=may_judge) for each in said),
        buttons=BUTTONS if may_judge else (),
        action=reverse("pole:pair", args=[left.pk, right.pk]),
        step=step,
        forces=forces,
        left_id=left.pk,
        right_id=right.pk,
        error=error,
        why=why,
        has_errors=bool(error),
    )


def nothing_waits(step: Step, forces: tuple[tuple[str, str, bool], ...]) -> NothingWaits:
    return NothingWaits(
        title="Pair reviews",
        crumbs=(words.PICTURE,),
        step=step,
        forces=forces,
        empty=ui.Empty(
            "No pair waits",
            "When two records may be of one person and the match is not sure enough to join them, they will be here.",
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
        person=Link(line.reference, line.url),
        words=f"{plural(line.records, 'record', 'records')} from {words.forces_words(line.forces)}",
        threats=f"in {plural(held, 'threat', 'threats')}" if held else "",
    )


def _compared(left: PersonRecord, right: PersonRecord) -> tuple[Compared, ...]:
    rows = []
    for label, read in person_pages.COMPARED:
        one, other = read(left), read(right)
        if one or other:
            stretches = _stretches(one, other)
            rows.append(Compared(label, *stretches, tag=_difference(one, other)))
    return tuple(rows)


def _difference(one: str, other: str) -> ui.Tag:
    if not one or not other:
        return ui.Tag("One only", "grey")
    return ui.Tag("Same", "green") if one.casefold() == other.casefold() else ui.Tag("Differs", "orange")


def _stretches(one: str, other: str) -> tuple[tuple[Stretch, ...], tuple[Stretch, ...]]:
    """Both texts in stretches of whole words, those marked in which they differ. Nothing is, where one says nothing."""
    if not one or not other:
        return _whole(one), _whole(other)
    left, right = one.split(), other.split()
    found = SequenceMatcher(None, one.casefold().split(), other.casefold().split(), autojunk=False).get_opcodes()
    return (
        _joined([(left[a:b], tag != "equal") for tag, a, b, _, _ in found]),
        _joined([(right[c:d], tag != "equal") for tag, _, _, c, d in found]),
    )


def _joined(pieces: Sequence[tuple[list[str], bool]]) -> tuple[Stretch, ...]:
    return tuple(Stretch(" ".join(said), differs) for said, differs in pieces if said)


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


def _drawing(left: PersonRecord, right: PersonRecord, people: Mapping[int, Sequence[int]]) -> Drawing:
    sides = []
    for record, centre in ((left, WIDTH * 0.22), (right, WIDTH * 0.78)):
        others = [pk for pk in people.get(record.person_id, ()) if pk != record.pk][: DRAWN_AT_MOST - 1]
        turn = 0.0 if centre < WIDTH / 2 else pi
        radius = RADIUS if others else 0
        angles = [turn + 2 * pi * number / (len(others) + 1) for number in range(len(others) + 1)]
        dots = [
            Dot(round(centre + radius * cos(angle), 1), round(MIDDLE + radius * sin(angle), 1), judged=angle == turn)
            for angle in angles
        ]
        sides.append(tuple(dots))
    names = rules.reference_of(left.person_id), rules.reference_of(right.person_id)
    counts = [len(people.get(record.person_id, ())) for record in (left, right)]
    return Drawing(
        words=f"{names[0]} as {plural(counts[0], 'record', 'records')}, {names[1]} as "
        f"{plural(counts[1], 'record', 'records')}, and the line that would join them",
        left=sides[0],
        right=sides[1],
        names=names,
    )


def _stood(said: Said, *, may_judge: bool) -> Stood:
    verdict = identity.VERDICT_WORDS[said.verdict]
    return Stood(
        f"{said.by} of {said.organisation} said on {shown_date(said.on)} that they {verdict}. Why: {said.why}",
        reverse("pole:withdraw", args=[said.pk]) if may_judge else "",
    )
