"""Pages on which people say of vehicles, phones, addresses and organisations that records are of one, or of two."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django import forms
from django.urls import reverse

from fourfold.platform.ui import components as ui
from fourfold.platform.ui.components import Link
from fourfold.platform.ui.jinja import shown_date
from fourfold.platform.ui.pages import FormPage
from fourfold.pole import rules, selectors
from fourfold.pole.models import LocationRecord, ObjectRecord
from fourfold.pole.pages import words
from fourfold.pole.rules import identity
from fourfold.pole.rules.identity import Verdict
from fourfold.pole.selectors.identity import Said
from fourfold.pole.selectors.judged_things import Step, Thingish, kind_of, noun_of, reference_of, title_of

PAIRS_NAMED = 3


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


def pair_page(
    end_kind: str,
    one: Thingish,
    other: Thingish,
    *,
    evidence: Mapping[str, str],
    stands: Said | None,
    form: forms.Form | None,
) -> JudgedPage:
    noun, many = noun_of(one)
    is_one = one.thing_id is not None and one.thing_id == other.thing_id
    together = f"They are shown as one {noun}" if is_one else f"They are shown as two {many}"
    said = f": {evidence['words'][:1].lower()}{evidence['words'][1:]}." if evidence else "."
    inset = f"{stands.by} of {stands.organisation}, {shown_date(stands.on)}: {stands.why}" if stands else ""
    return JudgedPage(
        title=f"One {noun} or two?",
        crumbs=crumbs(one),
        lead=f"{together}{said} What you say holds through every later delivery, and can be undone.",
        inset=inset,
        tables=(_beside(one, other),),
        form=form,
        button="Say so",
        back=Link("Go back", selectors.address_of(one)),
        more=Link(f"Take records of this {noun} apart", address("take_apart", end_kind, one.pk)) if is_one else None,
        foot=words.foot_of([one, other], ()),
    )


def _beside(one: Thingish, other: Thingish) -> ui.Table:
    facts = tuple(zip(_facts(one), _facts(other), strict=True))
    rows = tuple(
        (ui.Cell(label), ui.Cell(left or "Not recorded", href), ui.Cell(right or "Not recorded", right_href))
        for (label, left, href), (_, right, right_href) in facts
        if left or right
    )
    heads = (ui.Head("Fact"), ui.Head(_record_name(one)), ui.Head(_record_name(other)))
    return ui.Table("The two records", heads, rows)


def _facts(record: Thingish) -> list[tuple[str, str, str]]:
    """What a record says, line by line, the same lines for every record of a kind."""
    first = ("Number", reference_of(record), selectors.address_of(record))
    if isinstance(record, LocationRecord):
        said = [
            ("Address", record.address_line, ""),
            ("Postcode", record.postcode, ""),
            ("Name", record.name, ""),
            ("How exact", record.precision, ""),
        ]
    else:
        said = _object_facts(record)
    return [first, *said, ("Force", record.owner.name, ""), ("File, line and batch", words.lineage(record), "")]


def _object_facts(record: ObjectRecord) -> list[tuple[str, str, str]]:
    facts = [
        ("As delivered", record.value_raw or record.value, ""),
        ("Read as", record.value, ""),
        ("Make", record.make, ""),
        ("Model", record.model, ""),
        ("Colour", record.colour, ""),
    ]
    return facts + [(name, _plain(record.detail.get(key)), "") for key, name in rules.DETAIL_WORDS.items()]


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
    holds = " It holds through every later delivery." if form else " It was taken back since."
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
