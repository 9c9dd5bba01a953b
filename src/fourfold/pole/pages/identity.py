"""Pages about identity beside the pair itself: a person taken apart, and matches of restricted records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django import forms
from django.urls import reverse

from fourfold.platform import clock
from fourfold.platform.people.models import User
from fourfold.platform.ui import components as ui
from fourfold.platform.ui.components import Link
from fourfold.platform.ui.jinja import plural, shown_date
from fourfold.platform.ui.pages import Page
from fourfold.pole import rules, selectors
from fourfold.pole.models import IdentityEvent, PersonRecord
from fourfold.pole.pages import person as person_pages
from fourfold.pole.pages import words
from fourfold.pole.rules import identity
from fourfold.pole.rules.identity import Change, Verdict
from fourfold.pole.selectors.identity import Moving, Notice, Said
from fourfold.pole.selectors.judged_things import ThingNotice, title_of
from fourfold.pole.services import Ambiguous

NOTICES_SHOWN = 100
NOBODY = "Nobody is named: ask for their force intelligence manager"


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


def deconfliction_page(
    found: Sequence[Notice], things: Sequence[ThingNotice], contacts: Mapping[int, Sequence[User]]
) -> DeconflictionPage:
    """The matches of people, and those of things with whom to ask at each organisation, by its number."""
    waiting = [each for each in found if not each.answers]
    answered = [each for each in found if each.answers]
    heads = (ui.Head("Restricted record"), ui.Head("Matches"), ui.Head("How likely"), ui.Head("Who sees your record"))
    return DeconflictionPage(
        title="Matches of restricted records",
        crumbs=(words.PICTURE,),
        lead="Records that only your people see, and records of others that may be of the same person. The others have "
        "not been told, and cannot see that there is a match. You decide whether to speak to them.",
        waiting=ui.Table(
            "To sort out", heads, tuple(_notice_cells(each) for each in waiting), empty="No match waits for an answer."
        ),
        answered=ui.Table(
            "Answered",
            (*heads, ui.Head("What was done")),
            tuple((*_notice_cells(each), _answer_cell(each)) for each in answered),
            empty="Nothing has been answered yet.",
        ),
        things=_notices_of_things(things, contacts),
    )


def _notices_of_things(things: Sequence[ThingNotice], contacts: Mapping[int, Sequence[User]]) -> ui.Table:
    caption = "Vehicles, phones, addresses and organisations"
    if len(things) > NOTICES_SHOWN:
        caption += f": the first {NOTICES_SHOWN}"
    return ui.Table(
        caption,
        (ui.Head("Restricted record"), ui.Head("Matches"), ui.Head("Why"), ui.Head("Whom to ask")),
        tuple(
            (
                ui.Cell(
                    title_of(each.restricted),
                    selectors.address_of(each.restricted),
                    hint=f"{each.restricted.source} {each.restricted.source_key}",
                ),
                ui.Cell(each.organisation.name, hint=plural(len(each.others), "record", "records")),
                ui.Cell(each.words),
                ui.Cell(", ".join(f"{who.name} ({who.email})" for who in contacts[each.organisation.pk]) or NOBODY),
            )
            for each in things[:NOTICES_SHOWN]
        ),
        empty="No restricted record of a thing matches another organisation's.",
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


def _answer_cell(each: Notice) -> ui.Cell:
    last = each.answers[0]
    name = identity.ANSWER_NAMES[identity.Answer(last.answer)]
    return ui.Cell(name, hint=f"{last.by.name}, {shown_date(clock.day_of(last.answered_at))}: {last.why}")


@dataclass(frozen=True, kw_only=True)
class NoticePage(Page):
    lead: str
    contacts: ui.Table
    matches: tuple[person_pages.Match, ...]
    answers: ui.Table
    form: forms.Form


def notice_page(found: Notice, contacts: Sequence[User], *, form: forms.Form) -> NoticePage:
    theirs = found.organisation.name
    name = found.restricted.full_name or "Name not recorded"
    return NoticePage(
        title=f"{name} and {theirs}",
        caption="Match of a restricted record",
        crumbs=(words.PICTURE, Link("Matches of restricted records", reverse("pole:deconfliction"))),
        lead=f"{theirs} has {plural(len(found.matches), 'record', 'records')} that may be of the same person. They see "
        "their own records only, and nothing of this. Speak to them before either of you acts.",
        contacts=ui.Table(
            f"Whom to ask at {theirs}",
            (ui.Head("Name"), ui.Head("Address")),
            tuple((ui.Cell(each.name), ui.Cell(each.email)) for each in contacts),
            empty=f"Nobody is named as a contact point at {theirs}. Ask for their force intelligence manager.",
        ),
        matches=tuple(person_pages.match_of(each) for each in found.matches),
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
