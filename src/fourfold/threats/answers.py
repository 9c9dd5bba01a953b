"""Pages of what waits for an answer: a hand-over with its capsule, and a closing or a merge for a moderator."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from fourfold.platform.ui.components import Cell, Fact, Head, IdentityBar, Link, Table, Tag
from fourfold.platform.ui.jinja import shown_date
from fourfold.platform.ui.pages import Page
from fourfold.pole.selectors import PersonLine
from fourfold.threats import rooms, rules, selectors
from fourfold.threats.forms import AnswerForm, WithdrawForm
from fourfold.threats.models import Closing, HandOver
from fourfold.threats.pages import (
    Standing,
    Told,
    address,
    crumbs,
    lines_table,
    links_table,
    people_facts,
    person_in_words,
    places_table,
    tier_tag,
)
from fourfold.threats.rules import Category, Side


@dataclass(frozen=True, kw_only=True)
class AnswerPage(Page):
    """Something that waits for an answer: what is asked, what is open, and the form for who may answer."""

    identity: IdentityBar
    asked: tuple[Fact, ...]
    about: tuple[Fact, ...]
    summary: tuple[str, ...]
    tables: tuple[Table, ...]
    form: AnswerForm | WithdrawForm | None
    button: str
    warning: bool
    back: Link
    note: str


def open_work_table(work: Iterable[rooms.OpenWork], *, today: date) -> Table:
    """What is open in every room, the soonest due first."""
    return Table(
        "What is open",
        (Head("Due"), Head("What"), Head("Whose"), Head("Where")),
        tuple(
            (
                Cell(each.due or "No date", tag=Tag("Overdue", "red") if each.due and each.due < today else None),
                Cell(each.text, href=each.href),
                Cell(each.owner or "Nobody named"),
                Cell(each.room.capitalize()),
            )
            for each in work
        ),
        empty="Nothing is open in plans, assessments or disruptions.",
    )


def missing_table(told: Told, missing: Iterable[rooms.ThreatException]) -> Table:
    return Table(
        "What is missing",
        (Head("What"), Head("What to do")),
        tuple((Cell(each.name), Cell(each.sentence)) for each in missing),
        empty="Nothing is missing.",
    )


def people_table(caption: str, lines: Iterable[selectors.MemberLine], *, empty: str) -> Table:
    """Who is now in a threat, for somebody who takes it over."""
    return Table(
        caption,
        (Head("Person"), Head("Role"), Head("Since"), Head("Grade")),
        tuple(
            (
                Cell(line.person.name, href=line.person.url, hint=_about(line.person)),
                Cell(line.role_name, hint=rules.CATEGORY_NAMES[Category(line.member.category)]),
                Cell(line.member.from_on),
                Cell(line.member.grade),
            )
            for line in lines
        ),
        empty=empty,
    )


def _about(person: PersonLine) -> str:
    return ", ".join(filter(None, (person.reference, person.under_18)))


def capsule_page(
    told: Told,
    *,
    offered: HandOver,
    standing: Standing,
    members: Iterable[selectors.MemberLine],
    work: Iterable[rooms.OpenWork],
    form: AnswerForm | WithdrawForm | None,
    today: date,
) -> AnswerPage:
    """One page, fit to be printed, of what a threat brings with it to whoever takes it over."""
    threat = told.threat
    members = [line for line in members if not line.ended]
    to = (("Lead responsible officer", offered.lro), ("Deputy", offered.deputy), ("Senior investigator", offered.sio))
    asked = [
        Fact("From", offered.from_organisation.name, hint=person_in_words(offered.from_lro)),
        Fact("To", offered.to_organisation.name),
        *(Fact(label, person_in_words(user)) for label, user in to),
        Fact("Offered", offered.offered_at, hint=f"By {person_in_words(offered.offered_by)}"),
        Fact("Why", offered.reason),
    ]
    return AnswerPage(
        **_answering(told, title=f"Hand-over of {threat.name}"),
        asked=(*asked, *_answered(offered, {"ACCEPTED": "Accepted", "DECLINED": "Declined", "WITHDRAWN": "Withdrawn"})),
        about=_about_threat(told),
        summary=tuple(line for line in threat.summary.splitlines() if line.strip()),
        tables=(
            open_work_table(work, today=today),
            missing_table(told, standing.missing),
            people_table(
                "Members now",
                [line for line in members if line.member.side != Side.PROTECT],
                empty="No members that you may see are recorded.",
            ),
            people_table(
                "People to protect now",
                [line for line in members if line.member.side == Side.PROTECT],
                empty="Nobody to protect is recorded.",
            ),
            *_parts_now(told, standing),
        ),
        form=form,
        button="Withdraw the offer" if isinstance(form, WithdrawForm) else "Send your answer",
        warning=isinstance(form, WithdrawForm),
        note="" if form or offered.answer else "Only the receiver answers. Nothing changes until then.",
    )


def closing_page(
    told: Told,
    *,
    closing: Closing,
    counts: selectors.Headcount,
    standing: Standing,
    work: Iterable[rooms.OpenWork],
    merging: Iterable[str],
    form: AnswerForm | WithdrawForm | None,
    today: date,
) -> AnswerPage:
    """What a moderator reads before confirming that a threat is closed or merged. Nobody in it is named."""
    threat, words = told.threat, told.words
    what = [Fact("Ground", words.phase_name(closing.ground)), Fact("Closed on", closing.closed_on)]
    if closing.into is not None:
        into = closing.into
        what = [Fact("Merged into", into.name, href=address(into), hint=f"{into.reference}, {into.owner.name}")]
    asked = [
        *what,
        Fact("Proposed", closing.proposed_at, hint=f"By {person_in_words(closing.proposed_by)}"),
        Fact("Why", closing.reason),
        *(Fact("What else it does", each) for each in merging),
    ]
    return AnswerPage(
        **_answering(told, title=f"{'Merging' if closing.into else 'Closing'} {threat.name}"),
        asked=(*asked, *_answered(closing, {"ACCEPTED": "Confirmed", "DECLINED": "Refused", "WITHDRAWN": "Withdrawn"})),
        about=(
            *_about_threat(told),
            *people_facts(told, counts),
        ),
        summary=tuple(line for line in threat.summary.splitlines() if line.strip()),
        tables=(
            open_work_table(work, today=today),
            missing_table(told, standing.missing),
            *_parts_now(told, standing),
        ),
        form=form,
        button="Withdraw the proposal" if isinstance(form, WithdrawForm) else "Send your answer",
        warning=isinstance(form, WithdrawForm),
        note=""
        if form or closing.answer
        else "A moderator who is not of the owning organisation, did not propose it and does not lead it answers.",
    )


def _answering(told: Told, *, title: str) -> dict[str, Any]:
    threat = told.threat
    return {
        "title": title,
        "crumbs": crumbs(threat),
        "alerts": told.alerts,
        "identity": IdentityBar(
            name=title,
            reference=threat.reference,
            facts=(Fact("Owner", threat.owner.name), Fact("Phase", told.words.phase_name(threat.phase))),
            tags=(tier_tag(threat.tier, told.words),),
        ),
        "back": Link("Back to the threat", address(threat)),
    }


def _about_threat(told: Told) -> tuple[Fact, ...]:
    threat, words = told.threat, told.words
    return (
        Fact("Kind", rules.type_name(threat.threat_type)),
        Fact("Themes", ", ".join(words.theme_name(code) for code in threat.themes)),
        Fact("Tier", words.tier_name(threat.tier)),
        Fact("Phase", words.phase_name(threat.phase), hint=f"Since {shown_date(threat.phase_from)}"),
        Fact("Nominated", threat.nominated_on),
    )


def _parts_now(told: Told, standing: Standing) -> tuple[Table, ...]:
    """Lines, places and links that hold now, without the ways to change them."""
    return (
        lines_table(told, [line for line in standing.lines if line.to_on is None], ends=False),
        places_table(told, [place for place in standing.places if place.to_on is None], ends=False),
        links_table(told, [link for link in standing.links if link.to_on is None], ends=False),
    )


def _answered(asked: HandOver | Closing, words: Mapping[str, str]) -> tuple[Fact, ...]:
    if not asked.answer:
        return ()
    hint = f"By {person_in_words(asked.answered_by)}"
    return (Fact(words[asked.answer], asked.answered_at, hint=". ".join(filter(None, (hint, asked.answer_reason)))),)
