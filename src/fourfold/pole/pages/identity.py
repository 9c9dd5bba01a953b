"""Pages about identity beside the pair itself: a person taken apart, and matches of restricted records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django import forms
from django.urls import reverse

from fourfold.platform import clock
from fourfold.platform.people.models import User
from fourfold.platform.ui import components as ui
from fourfold.platform.ui.components import Link
from fourfold.platform.ui.jinja import plural, shown_date
from fourfold.platform.ui.pages import Page
from fourfold.pole import rules, selectors
from fourfold.pole.models import Answered, IdentityEvent, PersonRecord
from fourfold.pole.pages import judged_things, words
from fourfold.pole.pages import person as person_pages
from fourfold.pole.rules import identity
from fourfold.pole.rules.identity import Change, Verdict
from fourfold.pole.selectors.identity import Moving, Notice, Said
from fourfold.pole.selectors.judged_things import ThingNotice, end_kind_of, noun_of, reference_of, title_of
from fourfold.pole.services import Ambiguous

NOTICES_SHOWN = 100


def own_force(reader: User) -> str:
    """The reader's own force; nothing for those who serve the whole region."""
    return reader.organisation.code if reader.organisation.kind == "FORCE" else ""


# A person taken apart


@dataclass(frozen=True)
class Question:
    """Something made while the records were together: where does it belong?"""

    title: str
    href: str
    words: str
    form: forms.Form


@dataclass(frozen=True, kw_only=True)
class TakenApartPage(Page):
    lead: str
    why: str
    people: ui.Table
    questions: tuple[Question, ...]
    asked: str
    undo: ui.Action


def taken_apart_page(
    said: Sequence[Said],
    records: Mapping[int, PersonRecord],
    asked: Sequence[tuple[Ambiguous, forms.Form]],
    *,
    lines: Mapping[int, selectors.PersonLine],
) -> TakenApartPage:
    first = said[0]
    people = ui.Table(
        "Where the records are now",
        (ui.Head("Record"), ui.Head("Force"), ui.Head("Person")),
        tuple(
            (
                ui.Cell(record.full_name or "Name not recorded", reverse("pole:person_record", args=[record.pk])),
                ui.Cell(record.owner.name, hint=f"{record.source} {record.source_key}"),
                ui.Cell(lines[record.person_id].reference, lines[record.person_id].url),
            )
            for record in sorted(records.values(), key=lambda record: (record.person_id, record.pk))
        ),
    )
    questions = tuple(
        Question(
            title=each.made.title,
            href=each.made.href,
            words=f"Made on {shown_date(clock.day_of(each.made.made_at))}, while the records were one person.",
            form=form,
        )
        for each, form in asked
    )
    return TakenApartPage(
        title="Taken apart",
        crumbs=(words.PICTURE,),
        lead=f"{first.by} of {first.organisation} took these records apart on {shown_date(first.on)}. It holds through "
        "every later delivery.",
        why=first.why,
        people=people,
        questions=questions,
        asked=(
            f"{plural(len(questions), 'thing was', 'things were')} said of the person while the records were together. "
            "Each is where it was made. Say where it belongs."
            if questions
            else "Nothing that was said of the person while the records were together waits for an answer."
        ),
        undo=ui.Action(
            "Undo: put them together again",
            reverse("pole:taken_apart", args=[first.act]),
            post=True,
            fields=(("act", "undo"),),
        ),
        foot=words.foot_of(list(records.values()), ()),
        has_errors=any(form.errors for _, form in asked),
    )


# What people said, and what it did


def said_table(said: Sequence[tuple[Said, bool]], records: Mapping[int, PersonRecord], *, may_judge: bool) -> ui.Table:
    """All that was said of a person's records, the latest first."""
    return ui.Table(
        "What people said of these records",
        (ui.Head("When"), ui.Head("Who"), ui.Head("Said"), ui.Head("Records"), ui.Head("Why")),
        tuple(
            (
                ui.Cell(each.on),
                ui.Cell(each.by, hint=each.organisation),
                ui.Cell(
                    _said_words(each.verdict),
                    reverse("pole:withdraw", args=[each.pk])
                    if may_judge and not taken_back and each.verdict is not Verdict.WITHDRAWN
                    else "",
                    tag=ui.Tag("Withdrawn", "grey") if taken_back else None,
                ),
                ui.Cell(
                    " and ".join(person_pages.record_words(records[pk]) for pk in each.pair if pk in records),
                    reverse("pole:pair", args=each.pair),
                ),
                ui.Cell(each.why),
            )
            for each, taken_back in said
        ),
        empty="Nobody has judged these records: they are together, or apart, by what was compared.",
    )


def _said_words(verdict: Verdict) -> str:
    return {
        Verdict.PROPOSED: "May be one",
        Verdict.SAME: "Same person",
        Verdict.DIFFERENT: "Different people",
        Verdict.UNSURE: "Unsure",
        Verdict.WITHDRAWN: "Taken back",
    }[verdict]


def moving_table(movings: Sequence[Moving]) -> ui.Table:
    return ui.Table(
        "When records came together or apart",
        (ui.Head("When"), ui.Head("What"), ui.Head("Who"), ui.Head("Why")),
        tuple((ui.Cell(each.on), ui.Cell(_moving_words(each)), *_why_moved(each.said)) for each in movings),
        empty="No record has come to this person from another, or left it for another.",
    )


def _why_moved(said: IdentityEvent | None) -> tuple[ui.Cell, ui.Cell]:
    if said is None:
        return ui.Cell("A delivery"), ui.Cell("The matches were worked out again with what a force sent")
    return ui.Cell(said.by.name, hint=said.organisation.short_name or said.organisation.name), ui.Cell(said.why)


def _moving_words(each: Moving) -> str:
    was, into = rules.reference_of(each.was), rules.reference_of(each.into)
    how_many = plural(each.records, "record", "records") if each.records else "Records"
    if each.said is not None and each.said.change == Change.APART:
        return f"{how_many} taken out of {was}: now {into}"
    return f"{how_many} of {was} came to {into}"


# Deconfliction


@dataclass(frozen=True, kw_only=True)
class DeconflictionPage(Page):
    lead: str
    waiting: ui.Table
    answered: ui.Table
    things: ui.Table
    things_answered: ui.Table


RECORD_HEADS = (ui.Head("Restricted record"), ui.Head("Matches"))
SEEN_HEAD, DONE_HEAD = ui.Head("Who sees your record"), ui.Head("What was done")


def deconfliction_page(found: Sequence[Notice], things: Sequence[ThingNotice]) -> DeconflictionPage:
    """The matches of people and of things: those to sort out, then those that were answered."""
    heads = (*RECORD_HEADS, ui.Head("How likely"), SEEN_HEAD)
    of_things = (*RECORD_HEADS, ui.Head("Why"), SEEN_HEAD)
    things_waiting = [each for each in things if not each.answers]
    caption = "Vehicles, phones, addresses and organisations to sort out"
    if len(things_waiting) > NOTICES_SHOWN:
        caption += f": the first {NOTICES_SHOWN}"
    return DeconflictionPage(
        title="Matches of restricted records",
        crumbs=(words.PICTURE,),
        lead="Records that only your people see, and records of others that may be of the same person or thing. The "
        "others have not been told, and cannot see that there is a match. You decide whether to speak to them.",
        waiting=ui.Table(
            "To sort out",
            heads,
            tuple(_notice_cells(each) for each in found if not each.answers),
            empty="No match waits for an answer.",
        ),
        answered=ui.Table(
            "Answered",
            (*heads, DONE_HEAD),
            tuple((*_notice_cells(each), _answer_cell(each.answers)) for each in found if each.answers),
            empty="Nothing has been answered yet.",
        ),
        things=ui.Table(
            caption,
            of_things,
            tuple(_thing_notice_cells(each) for each in things_waiting[:NOTICES_SHOWN]),
            empty="No restricted record of a thing matches another organisation's, or all are answered.",
        ),
        things_answered=ui.Table(
            "Vehicles, phones, addresses and organisations answered",
            (*of_things, DONE_HEAD),
            tuple((*_thing_notice_cells(each), _answer_cell(each.answers)) for each in things if each.answers),
            empty="Nothing of a thing has been answered yet.",
        ),
    )


def _thing_notice_cells(each: ThingNotice) -> tuple[ui.Cell, ...]:
    record = each.restricted
    return (
        ui.Cell(
            title_of(record),
            judged_things.address("notice", end_kind_of(record), record.pk, each.organisation.code),
            hint=f"{record.source} {record.source_key}",
        ),
        ui.Cell(each.organisation.name, hint=plural(len(each.matches), "record", "records")),
        ui.Cell(each.matches[0][1]),
        ui.Cell(words.seen_by([record])),
    )


def _notice_cells(each: Notice) -> tuple[ui.Cell, ...]:
    best = each.matches[0]
    return (
        ui.Cell(
            each.restricted.full_name or "Name not recorded",
            reverse("pole:notice", args=[each.restricted.pk, each.organisation.code]),
            hint=f"{each.restricted.source} {each.restricted.source_key}",
        ),
        ui.Cell(each.organisation.name, hint=plural(len(each.matches), "record", "records")),
        ui.Cell(rules.percentage_words(best.probability)),
        ui.Cell(words.seen_by([each.restricted])),
    )


def _answer_cell(answers: Sequence[Answered]) -> ui.Cell:
    last = answers[0]
    name = identity.ANSWER_NAMES[identity.Answer(last.answer)]
    return ui.Cell(name, hint=f"{last.by.name}, {shown_date(clock.day_of(last.answered_at))}: {last.why}")


@dataclass(frozen=True, kw_only=True)
class NoticePage(Page):
    lead: str
    contacts: ui.Table
    answers: ui.Table
    form: forms.Form
    matches: tuple[person_pages.Match, ...] = ()
    things: ui.Table | None = None


def notice_page(found: Notice, contacts: Sequence[User], *, form: forms.Form) -> NoticePage:
    name = found.restricted.full_name or "Name not recorded"
    return replace(
        _notice(found, name, "person", contacts, form=form),
        matches=tuple(person_pages.match_of(each) for each in found.matches),
    )


def thing_notice_page(found: ThingNotice, contacts: Sequence[User], *, form: forms.Form) -> NoticePage:
    noun, _ = noun_of(found.restricted)
    end_kind = end_kind_of(found.restricted)
    table = ui.Table(
        "What matches",
        (ui.Head("Record"), ui.Head("Number"), ui.Head("Why"), ui.Head("Side by side")),
        tuple(
            (
                ui.Cell(title_of(other), hint=f"{other.source} {other.source_key}"),
                ui.Cell(reference_of(other) or None, selectors.address_of(other)),
                ui.Cell(why),
                ui.Cell("Compare", judged_things.address("pair", end_kind, found.restricted.pk, other.pk)),
            )
            for other, why in found.matches
        ),
    )
    return replace(_notice(found, title_of(found.restricted), noun, contacts, form=form), things=table)


def _notice(
    found: Notice | ThingNotice, name: str, noun: str, contacts: Sequence[User], *, form: forms.Form
) -> NoticePage:
    theirs = found.organisation.name
    return NoticePage(
        title=f"{name} and {theirs}",
        caption="Match of a restricted record",
        crumbs=(words.PICTURE, Link("Matches of restricted records", reverse("pole:deconfliction"))),
        lead=f"{theirs} has {plural(len(found.matches), 'record', 'records')} that may be of the same {noun}. They see "
        "their own records only, and nothing of this. Speak to them before either of you acts.",
        contacts=ui.Table(
            f"Whom to ask at {theirs}",
            (ui.Head("Name"), ui.Head("Address")),
            tuple((ui.Cell(each.name), ui.Cell(each.email)) for each in contacts),
            empty=f"Nobody is named as a contact point at {theirs}. Ask for their force intelligence manager.",
        ),
        answers=ui.Table(
            "What was done so far",
            (ui.Head("When"), ui.Head("Who"), ui.Head("What"), ui.Head("Why")),
            tuple(
                (
                    ui.Cell(clock.day_of(each.answered_at)),
                    ui.Cell(each.by.name),
                    ui.Cell(identity.ANSWER_NAMES[identity.Answer(each.answer)]),
                    ui.Cell(each.why),
                )
                for each in found.answers
            ),
            empty="Nobody has answered yet.",
        ),
        form=form,
        foot=words.foot_of([found.restricted], ()),
        has_errors=bool(form.errors),
    )
