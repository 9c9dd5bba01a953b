"""Pages on which people say of vehicles, phones, addresses and organisations that records are of one, or of two."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django import forms
from django.urls import reverse

from fourfold.platform.ui import components as ui
from fourfold.platform.ui.components import Link
from fourfold.platform.ui.jinja import plural, shown_date
from fourfold.platform.ui.pages import FormPage
from fourfold.pole import rules, selectors
from fourfold.pole.models import LocationRecord, ObjectRecord
from fourfold.pole.pages import review, words
from fourfold.pole.rules import identity
from fourfold.pole.rules.identity import Verdict
from fourfold.pole.selectors.identity import Said
from fourfold.pole.selectors.judged_things import Step, Thingish, kind_of, noun_of, reference_of, title_of

PAIRS_NAMED = 3
QUEUE_TITLE = "Pair reviews of things"
WHO_READS = "Whoever may read both records will read this"
WORDED = frozenset({"trading_names", "address_line"})
"""Details that are compared word by word: of the others each sign counts."""


@dataclass(frozen=True, kw_only=True)
class JudgedPage(FormPage):
    """Records beside each other, and what may be said of them; no form where nothing may."""

    tables: tuple[ui.Table, ...]
    more: Link | None = None


def address(name: str, end_kind: str, *args: object) -> str:
    """The address of one of the pages of `end_kind`, by the end of its name."""
    return reverse(f"pole:{'object' if end_kind == rules.Kind.OBJECT else 'place'}_{name}", args=args)


def crumbs(record: Thingish) -> tuple[Link, ...]:
    return (words.PICTURE, Link(reference_of(record) or title_of(record), selectors.address_of(record)))


# Two records


@dataclass(frozen=True)
class Around:
    """What stands around two records that are compared, by the number of their things.

    Attributes:
        sizes: How many records each has, and whose.
        users: Names of people who are recorded with each.
        threats: How many roles in open threats those people have.
    """

    sizes: Mapping[int, tuple[int, tuple[str, ...]]]
    users: Mapping[int, tuple[str, ...]]
    threats: Mapping[int, int]


def pair_page(
    end_kind: str,
    one: Thingish,
    other: Thingish,
    *,
    evidence: Mapping[str, str],
    stands: Said | None,
    around: Around,
    step: review.Step,
    picking: review.QueueFilter,
    error: str = "",
    why: str = "",
) -> review.PairPage:
    noun, many = noun_of(one)
    is_one = one.thing_id is not None and one.thing_id == other.thing_id
    sides = tuple(_side(each, around) for each in (one, other))
    buttons = (
        review.Button(Verdict.SAME.value, f"Same {noun}", "S", ""),
        review.Button(Verdict.DIFFERENT.value, f"Different {many}", "D", " govuk-button--secondary"),
        review.Button(Verdict.UNSURE.value, "Unsure", "U", " govuk-button--secondary"),
    )
    by_rule = bool(evidence)
    both_numbered = one.thing_id is not None and other.thing_id is not None
    drawn = [(reference_of(each), _size(each, around)[0]) for each in (one, other)]
    return review.PairPage(
        title=f"One {noun} or two?",
        crumbs=(words.PICTURE, Link(QUEUE_TITLE, reverse("pole:thing_review"))),
        foot=words.foot_of([one, other], ()),
        left=sides[0],
        right=sides[1],
        rows=_beside(one, other, around),
        waterfall=None,
        verdict=f"{evidence['words']}." if by_rule else "No rule says anything of these two: somebody asks.",
        follows=_follows(one, other, around),
        drawing=review.drawing(*drawn) if both_numbered and not is_one else None,
        stands=(_stood(stands, one),) if stands else (),
        buttons=buttons[:1] if is_one else buttons,
        action=address("pair", end_kind, one.pk, other.pk),
        step=step,
        picking=picking,
        more=Link(f"Take records of this {noun} apart", address("take_apart", end_kind, one.pk)) if is_one else None,
        why_label="Anything to add (optional)" if by_rule else "Why",
        why_hint=f"{'What was compared is kept with it. ' if by_rule else ''}{WHO_READS}",
        error=error,
        why=why,
        has_errors=bool(error),
    )


def queue_filter(kind: str, everything: str, forces: review.Pick) -> review.QueueFilter:
    """Which pairs of things come up: of one kind or of all, with a record of one force or of any."""
    kinds = [(everything, "Everything"), *((code, many.capitalize()) for code, (_, many) in rules.THING_NOUNS.items())]
    pick = review.Pick("kind", "Pairs of", tuple((code, name, code == kind) for code, name in kinds))
    return review.QueueFilter(
        reverse("pole:thing_review"), (pick, forces), Link("Pairs of people", reverse("pole:review"))
    )


def _size(record: Thingish, around: Around) -> tuple[int, tuple[str, ...]]:
    """How many records its thing has, and whose; itself, where it has no number yet."""
    return around.sizes.get(record.thing_id or 0, (1, (record.owner.name,)))


def _side(record: Thingish, around: Around) -> review.Side:
    records, forces = _size(record, around)
    held = around.threats.get(record.thing_id or 0, 0)
    return review.Side(
        heading=record.owner.name,
        record=Link(_record_name(record), selectors.address_of(record)),
        of=Link(reference_of(record) or "no number yet", selectors.address_of(record)),
        words=f"{plural(records, 'record', 'records')} from {words.forces_words(forces)}",
        threats=f"its people have {plural(held, 'role', 'roles')} in threats" if held else "",
        came=words.lineage(record),
    )


def _follows(one: Thingish, other: Thingish, around: Around) -> tuple[str, ...]:
    """What saying "same" would do, in sentences."""
    noun, _ = noun_of(one)
    names = [reference_of(each) or "a record without a number" for each in (one, other)]
    if one.thing_id is not None and one.thing_id == other.thing_id:
        return (
            f"Both records are of {names[0]} now. Saying that they are the same keeps them together through every "
            "later delivery.",
        )
    (here, ours), (there, theirs) = _size(one, around), _size(other, around)
    counts = [plural(number, "record", "records") for number in (here, there)]
    return (
        f"Saying that they are the same joins {names[0]} ({counts[0]}) and {names[1]} ({counts[1]}): one {noun} with "
        f"{here + there} records from {words.forces_words(sorted({*ours, *theirs}))}.",
        "Links stay with the record that their source names. It holds through every later delivery, and can be undone.",
    )


def _stood(said: Said, record: Thingish) -> review.Stood:
    verdict = identity.thing_words(said.verdict, *noun_of(record))
    return review.Stood(
        f"{said.by} of {said.organisation} said on {shown_date(said.on)} that they {verdict}. Why: {said.why}",
        reverse("pole:thing_step", args=[said.act]),
    )


def _beside(one: Thingish, other: Thingish, around: Around) -> tuple[review.Compared, ...]:
    pairs = zip(_facts(one), _facts(other), strict=True)
    facts = [(label, left, right, by_sign) for (label, left, by_sign), (_, right, _) in pairs]
    users = [", ".join(around.users.get(each.thing_id or 0, ())) for each in (one, other)]
    return review.beside([*facts, ("Recorded with", users[0], users[1], False)])


def _facts(record: Thingish) -> list[tuple[str, str, bool]]:
    """What a record says, the same lines for every record of a kind, and whether signs are compared, not words."""
    if isinstance(record, LocationRecord):
        return [
            ("Address", record.address_line, False),
            ("Postcode", record.postcode, True),
            ("Name", record.name, False),
            ("How exact", record.precision, False),
        ]
    by_sign = record.kind != "ORGANISATION"
    facts = [
        ("As delivered", record.value_raw or record.value, by_sign),
        ("Read as", record.value, by_sign),
        ("Make", record.make, False),
        ("Model", record.model, False),
        ("Colour", record.colour, False),
    ]
    return facts + [
        (name, _plain(record.detail.get(key)), key not in WORDED) for key, name in rules.DETAIL_WORDS.items()
    ]


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")


def _record_name(record: Thingish) -> str:
    return f"{record.source} {record.source_key}"


# What was said


def said_table(steps: Sequence[Step], records: Mapping[int, Thingish], *, may_judge: bool) -> ui.Table:
    """All that was said of the records of a thing, step by step, the newest first."""
    return ui.Table(
        "What people said of these records",
        (ui.Head("When"), ui.Head("Who"), ui.Head("Said"), ui.Head("Records"), ui.Head("Why")),
        tuple(
            (
                ui.Cell(step.first.on),
                ui.Cell(step.first.by, hint=step.first.organisation),
                ui.Cell(
                    said_words(step.first.verdict, records[step.first.left_id]),
                    reverse("pole:thing_step", args=[step.first.act])
                    if may_judge and not step.taken_back and step.first.verdict is not Verdict.WITHDRAWN
                    else "",
                    tag=ui.Tag("Withdrawn", "grey") if step.taken_back else None,
                ),
                ui.Cell(_pairs(step.said, records)),
                ui.Cell(step.first.why),
            )
            for step in steps
        ),
    )


def said_words(verdict: Verdict, record: Thingish) -> str:
    if verdict is Verdict.WITHDRAWN:
        return "Taken back"
    said = identity.thing_words(verdict, *noun_of(record)).removeprefix("are ").removeprefix("the ")
    return f"{said[:1].upper()}{said[1:]}"


def _pairs(said: Iterable[Said], records: Mapping[int, Thingish]) -> str:
    pairs = [" and ".join(_record_name(records[pk]) for pk in each.pair) for each in said]
    more = f"; and {len(pairs) - PAIRS_NAMED} more" if len(pairs) > PAIRS_NAMED else ""
    return "; ".join(pairs[:PAIRS_NAMED]) + more


def step_page(step: Step, records: Mapping[int, Thingish], *, form: forms.Form | None) -> JudgedPage:
    """What somebody said in one step, where the records are now, and taking it back."""
    first = step.first
    one = records[first.left_id]
    lead = (
        f"{first.by} of {first.organisation} said on {shown_date(first.on)}: {said_words(first.verdict, one).lower()}."
    )
    holds = " It holds through every later delivery." if first.verdict in identity.DECIDED else ""
    if form is None:
        holds = " It was taken back since."
    table = ui.Table(
        "Where the records are now",
        (ui.Head("Record"), ui.Head("Force"), ui.Head("Number")),
        tuple(
            (
                ui.Cell(title_of(each), hint=_record_name(each)),
                ui.Cell(each.owner.name),
                ui.Cell(reference_of(each), selectors.address_of(each)),
            )
            for each in sorted(records.values(), key=lambda each: (each.thing_id or 0, each.pk))
        ),
    )
    return JudgedPage(
        title="Taken apart" if len(step.said) > 1 else said_words(first.verdict, one),
        caption=rules.THING_NOUNS.get(kind_of(one), ("", ""))[0].capitalize(),
        crumbs=crumbs(one),
        lead=lead + holds,
        inset=first.why,
        tables=(table,),
        form=form,
        button="Take it back",
        warning=True,
        back=Link("Leave it as it is", selectors.address_of(one)),
        foot=words.foot_of(list(records.values()), ()),
    )


def choice_hint(record: Thingish) -> str:
    """What tells a record from the others of its thing, beside what it says."""
    described = (
        " ".join(filter(None, (record.colour, record.make, record.model))) if isinstance(record, ObjectRecord) else ""
    )
    return ", ".join(filter(None, (described, _record_name(record), words.lineage(record))))
