"""The pages about disruptions, built whole before they are drawn."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.urls import reverse

from fourfold.disruptions import rules, selectors
from fourfold.disruptions.forms import RecordForm
from fourfold.disruptions.models import Disruption, DisruptionDraft, DisruptionLead
from fourfold.disruptions.rules import State
from fourfold.plans.rules import P_NAMES, P
from fourfold.plans.selectors import AimLine
from fourfold.platform.history.rewind import Version
from fourfold.platform.people.models import User
from fourfold.platform.reference.selectors import DEFAULT_NOTE
from fourfold.platform.ui.components import (
    Action,
    Alert,
    Cell,
    Colour,
    Empty,
    Fact,
    Figure,
    Head,
    IdentityBar,
    Link,
    Table,
    Tag,
)
from fourfold.platform.ui.jinja import plural, shown_date, shown_moment
from fourfold.platform.ui.lists import REWIND, Rewind
from fourfold.platform.ui.pages import Foot, Page
from fourfold.pole import rules as pole_rules
from fourfold.threats import pages as threat_pages
from fourfold.threats import rules as threat_rules
from fourfold.threats.pages import ThreatPage

STATE_COLOURS: Mapping[State, Colour] = {
    State.RECORDED: "blue",
    State.VALIDATED: "green",
    State.MODERATED: "green",
    State.RETURNED: "orange",
    State.WITHDRAWN: "grey",
}
CATEGORY_COLOURS: Mapping[str, Colour] = {"MAJOR": "red", "MODERATE": "orange", "MINOR": "yellow"}
RESULT_COLOURS: Mapping[str, Colour] = {
    rules.LeadState.OPEN: "blue",
    rules.LeadState.ACCEPTED: "green",
    rules.LeadState.DECLINED: "grey",
    rules.LeadState.EXPIRED: "grey",
}


def crumbs(*more: Link) -> tuple[Link, ...]:
    return (Link("My work", reverse("home:work")), Link("Disruptions", reverse("disruptions:list")), *more)


def address(disruption: Disruption, part: str = "detail") -> str:
    return reverse(f"disruptions:{part}", kwargs={"reference": disruption.reference})


def state_tag(state: str) -> Tag:
    return Tag(rules.STATE_NAMES[State(state)], STATE_COLOURS[State(state)])


def category_tag(code: str, words: rules.Vocabulary) -> Tag:
    return Tag(words.category_name(code), CATEGORY_COLOURS.get(code, "grey"))


def person_in_words(user: User | None) -> str:
    return "" if user is None else f"{user.name}, {user.organisation.short_name or user.organisation.name}"


def standard_note(standard: rules.Standard, day: date) -> str:
    """The sentence that says where the rule about kinds of threat comes from, and whether it is a default."""
    held = standard.rule_on("threat_types", day)
    if held is None:
        return ""
    default = f" ({DEFAULT_NOTE})" if held.mark in {"D", "K"} else ""
    return f"{held.detail.get('note', '')}{default}."


# Recording on a phone


@dataclass(frozen=True)
class FoundThreat:
    """A threat that was meant, perhaps: what it is, why it was found, and whether it may carry a disruption."""

    reference: str
    name: str
    why: str
    note: str = ""
    chosen: bool = False


@dataclass(frozen=True, kw_only=True)
class RecordPage(Page):
    """Seven questions on one page; a script shows them one at a time and keeps what is typed.

    Args:
        form: The questions.
        key: The form's own name.
        keep: Where the script saves what was typed.
        find: Where the script looks for threats.
        lock: Key with which the script locks what it keeps on the device, for this person alone.
        saved_at: When the server last kept it; empty where it never did.
        saved: The same in words.
        found: Threats that the words typed may mean.
        facts: Names of the fields of outcome facts.
        at_once: Show all questions at once, because something in them has to be mended.
    """

    form: RecordForm
    key: UUID
    keep: str
    find: str
    lock: str
    saved_at: str
    saved: str
    found: tuple[FoundThreat, ...]
    asked: str
    facts: tuple[str, ...]
    at_once: bool
    others: tuple[Link, ...]
    leads: bool
    prompted: bool
    shared: str


STEPS = (
    "Which threat",
    "What happened",
    "When",
    "Which P",
    "Who led",
    "What can they no longer do",
    "Check and send",
)


@dataclass(frozen=True, kw_only=True)
class DonePage(Page):
    """What was recorded, what happens next, and when it will count."""

    reference: str
    key: str
    next: tuple[str, ...]
    faults: tuple[str, ...]
    counts: str
    actions: tuple[Action, ...]


def found_threats(
    found: Iterable[Any], *, chosen: str, standard: rules.Standard, today: date
) -> tuple[FoundThreat, ...]:
    allowed = standard.types_on(today)
    lines = []
    for each in found:
        threat = each.threat
        closed = f"Closed on {shown_date(threat.closed_on)}" if threat.closed_on else ""
        kind = "" if threat.threat_type in allowed else standard_note(standard, today)
        lines.append(
            FoundThreat(
                threat.reference,
                threat.name,
                f"{threat_rules.type_name(threat.threat_type)}, {threat.owner.name}. Found by {each.why}.",
                note=closed or kind,
                chosen=threat.reference == chosen,
            )
        )
    return tuple(lines)


def record_page(
    form: RecordForm,
    *,
    key: UUID,
    lock: str,
    draft: DisruptionDraft | None,
    drafts: Iterable[DisruptionDraft],
    found: tuple[FoundThreat, ...],
    asked: str,
    at_once: bool,
    prompted: bool,
) -> RecordPage:
    saved_at = draft.saved_at if draft and draft.said else None
    shared = form["shared_event"].value() or ""
    return RecordPage(
        title="Record a disruption",
        crumbs=crumbs(),
        form=form,
        key=key,
        keep=reverse("disruptions:keep", kwargs={"key": key}),
        find=reverse("disruptions:find"),
        lock=lock,
        saved_at=saved_at.isoformat() if saved_at else "",
        saved=f"Saved {shown_moment(saved_at)}" if saved_at else "",
        found=found,
        asked=asked,
        facts=form.fact_names(),
        at_once=at_once,
        others=tuple(
            Link(f"Saved {shown_moment(each.saved_at)}", reverse("disruptions:form", kwargs={"key": each.key}))
            for each in drafts
            if each.key != key
        ),
        leads="lead_agency" in form.fields,
        prompted=prompted,
        shared=f"The same event as {shared}, on another threat." if shared else "",
        has_errors=bool(form.errors),
    )


def done_page(
    made: Disruption, parts: selectors.Parts, words: rules.Vocabulary, standard: rules.Standard, *, key: str
) -> DonePage:
    found = rules.faults(selectors.said_of(made, parts), standard=standard)
    faults = tuple(fault.sentence for fault in found)
    edit = Action("Mend it now", address(made, "change"), kind="primary")
    again = f"{reverse('disruptions:record')}?event={made.reference}"
    return DonePage(
        title=f"Recorded as {made.reference}",
        crumbs=crumbs(Link(made.reference, address(made))),
        reference=made.reference,
        key=key,
        next=what_happens_next(made, standard),
        faults=faults,
        counts=when_it_counts(made, words),
        actions=(
            *((edit,) if faults else ()),
            Action("Open the record", address(made)),
            Action("The same event disrupted another threat", again),
            Action("Record another", reverse("disruptions:record")),
        ),
    )


def what_happens_next(made: Disruption, standard: rules.Standard) -> tuple[str, ...]:
    passing = standard.passing(made.category, made.event_on)
    found: list[str] = []
    if made.state == State.VALIDATED:
        found.append("You have passed it yourself, as the standard lets you for this effect.")
        if made.in_sample:
            found.append("It is one of those drawn to be looked at by somebody else.")
    elif made.faults:
        found.append("It is kept as recorded. It passes when what is listed below is mended.")
    if made.state == State.RECORDED and passing is rules.Passing.MODERATOR:
        found.append("A moderator of the regional unit decides about it, because it is a major one.")
    elif made.state == State.RECORDED and passing is rules.Passing.SUPERVISOR:
        found.append("Your intelligence manager or unit lead passes it.")
    if made.late:
        found.append("It was added later than the standard allows. It is accepted, and marked as late.")
    if made.review_due_on:
        found.append(f"Whether the effect lasted is looked at on {shown_date(made.review_due_on)}.")
    found.append("Tomorrow My work tells you what it counted towards.")
    return tuple(found)


def when_it_counts(made: Disruption, words: rules.Vocabulary) -> str:
    """What figures make of it, in one sentence."""
    category = words.categories.get(made.category)
    if made.state == State.WITHDRAWN:
        return "It was withdrawn and counts nowhere."
    if made.state == State.RETURNED:
        return "It was returned, and counts when it is sent again."
    if category is None or not category.counted:
        said = words.category_name(made.category)
        return f"The published figures count major, moderate and minor ones; this is “{said}”."
    where = f"{P_NAMES[P(made.primary_p)][0]} for {made.lead_agency.name}"
    if made.role == rules.Role.SUPPORT:
        return f"It counts as support in {where}, in figures that show support apart."
    return f"It counts in {where}, by its record date of {shown_date(made.record_date)}, from now on."


# One record


@dataclass(frozen=True)
class Change:
    """One version of a record in words."""

    title: str
    at: datetime
    by: str
    why: str
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DetailPage(Page):
    identity: IdentityBar
    facts: tuple[Fact, ...]
    statement: tuple[Fact, ...]
    counted: str
    mend: tuple[Alert, ...]
    counts: Table
    aims: Table
    supports: Table
    evidence: Table
    reviews: Table
    same_event: tuple[Link, ...]
    actions: tuple[Action, ...]
    more: tuple[Action, ...]
    changes: tuple[Change, ...]
    rewind: Rewind


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the page of one record is told by its view."""

    disruption: Disruption
    data: selectors.RegionData
    actor: User
    rewind: Rewind
    today: date

    @property
    def may_write(self) -> bool:
        label = self.disruption.label
        return self.rewind.on is None and rules.may_change(self.actor, owner=label.owner.code, audience=label.audience)


def detail_page(
    told: Told,
    *,
    parts: selectors.Parts,
    aims: Iterable[AimLine],
    same_event: Iterable[Disruption],
    changes: tuple[Change, ...],
) -> DetailPage:
    found, words, standard = told.disruption, told.data.words, told.data.standard
    said = selectors.said_of(found, parts)
    faults = rules.faults(said, standard=standard) if found.state != State.WITHDRAWN else ()
    last = changes[0] if changes else None
    plan = reverse("plans:threat", kwargs={"reference": found.threat.reference})
    return DetailPage(
        title=found.reference,
        crumbs=crumbs(),
        alerts=told.rewind.alerts,
        identity=_identity(found, words),
        facts=_facts(found, words),
        statement=(
            Fact("What happened", found.happened),
            Fact("What the threat can no longer do", found.stopped),
            Fact("For how long", found.for_how_long),
            Fact("How we know", found.how_known),
            Fact("Named outcome", words.named("disruption_outcome", found.outcome) if found.outcome else ""),
            Fact("Effect expected to end", found.effect_ends_on),
        ),
        counted=when_it_counts(found, words),
        mend=_mend(told, faults),
        counts=_counts(found, words),
        aims=Table(
            "Aims of the plan that it serves",
            (Head("Aim"), Head("Measure"), Head("Target", numeric=True)),
            tuple(
                (Cell(f"{aim.position}. {aim.text}", href=plan), Cell(aim.measure), Cell(_number(aim.target)))
                for aim in aims
            ),
            empty="It is not said to serve any aim of the threat's plan that you may see.",
        ),
        supports=Table(
            "Other agencies in it",
            (Head("Agency"), Head("What it did, or how it gained")),
            tuple((Cell(each.agency.name), Cell(each.benefit)) for each in parts.supports),
            empty="No other agency is recorded.",
        ),
        evidence=Table(
            "Evidence",
            (Head("What"), Head("Grade"), Head("Reference")),
            tuple(
                (Cell(each.text), Cell(threat_rules.grade_in_words(each.grade)), Cell(each.reference))
                for each in parts.evidence
            ),
            empty="No evidence is recorded.",
        ),
        reviews=Table(
            "Did the effect last?",
            (Head("Looked at"), Head("Did it last?"), Head("Effect then"), Head("Effect now"), Head("By"), Head("Why")),
            tuple(
                (
                    Cell(each.reviewed_on),
                    Cell(rules.LASTED_NAMES[rules.Lasted(each.lasted)]),
                    Cell(words.category_name(each.category_was)),
                    Cell(words.category_name(each.category_now)),
                    Cell(person_in_words(each.reviewed_by)),
                    Cell(each.reason),
                )
                for each in parts.reviews
            ),
            empty=_review_in_words(found),
        ),
        same_event=tuple(
            Link(f"{each.reference}, {each.threat.reference} {each.threat.name}", address(each)) for each in same_event
        ),
        actions=_first_actions(told, faults),
        more=_more_actions(told),
        changes=changes,
        rewind=told.rewind,
        foot=Foot(
            changed=f"Last changed {shown_moment(last.at)} by {last.by}." if last else "",
            seen_by=f"{found.label}.",
            links=(
                Link("Every change to this record", "#history"),
                Link("Who looked", f"{reverse('audit:who_looked')}?record=disruptions.disruption:{found.pk}"),
            ),
        ),
    )


def _identity(found: Disruption, words: rules.Vocabulary) -> IdentityBar:
    threat = found.threat
    return IdentityBar(
        name=found.reference,
        reference=", ".join(words.tactic_name(code) for code in found.tactics[:2]),
        facts=(
            Fact("Threat", f"{threat.reference} {threat.name}", href=threat_pages.address(threat)),
            Fact("Happened", found.event_on),
            Fact(rules.role_name(found.role), found.lead_agency.name),
            Fact("P", P_NAMES[P(found.primary_p)][0]),
        ),
        tags=(
            category_tag(found.category, words),
            state_tag(found.state),
            *((Tag("Late", "orange"),) if found.late else ()),
        ),
    )


ALWAYS_SHOWN = frozenset({"Tactics", "Passed by"})


def _facts(found: Disruption, words: rules.Vocabulary) -> tuple[Fact, ...]:
    first = words.category_name(found.original_category)
    said = (
        Fact("Happened on", found.event_on),
        Fact("Record date", found.record_date, hint="Published figures go by this date"),
        Fact("Added", found.added_at, hint="By the database's clock; nobody can change it"),
        Fact("Effect", words.category_name(found.category), hint=f"First recorded as {first.lower()}"),
        Fact("Served most", P_NAMES[P(found.primary_p)][0]),
        Fact("And also", ", ".join(P_NAMES[P(p)][0] for p in found.secondary_ps)),
        Fact("Tactics", ", ".join(words.tactic_name(code) for code in found.tactics)),
        Fact("Theme", words.named("theme", found.theme) if found.theme else ""),
        Fact("Where", found.place),
        Fact("Kind of threat then", threat_rules.type_name(found.threat_type)),
        Fact("Recorded by", person_in_words(found.recorder)),
        Fact("Passed by", person_in_words(found.moderator or found.validated_by), hint=_passing_hint(found)),
        Fact("Programme", words.named("programme", found.programme) if found.programme else ""),
        Fact("Handling", f"{found.handling}: {rules.HANDLING_NAMES.get(found.handling, '')}"),
        Fact("Different from what it resembles", found.different_because),
    )
    return tuple(fact for fact in said if fact.value or fact.label in ALWAYS_SHOWN)


def _passing_hint(found: Disruption) -> str:
    if found.moderator_id:
        return "As an independent moderator"
    if found.validated_by_id is None:
        return ""
    if found.validated_by_id != found.recorder_id:
        return "As a supervisor"
    checked = " and looked at by another" if found.sample_checked_by_id else ", not yet looked at"
    return f"By the recorder{f'; drawn for the sample{checked}' if found.in_sample else ''}"


def _counts(found: Disruption, words: rules.Vocabulary) -> Table:
    rows = []
    for code, value in found.facts.items():
        known = words.facts.get(code)
        shown = f"£{rules.fact_amount(value):,.2f}" if known and known.unit == "money" else value
        unit = {"kilograms": " kg", "years": " years"}.get(known.unit, "") if known else ""
        rows.append((Cell(known.name if known else code), Cell(f"{shown}{unit}" if unit else shown)))
    return Table("In numbers", (Head("What"), Head("How many", numeric=True)), tuple(rows), empty="Nothing is counted.")


def _number(value: object) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value).removesuffix(".00")


def _review_in_words(found: Disruption) -> str:
    if found.review_due_on:
        return f"It is looked at on {shown_date(found.review_due_on)}: did the effect last?"
    return "An effect of this kind is not looked at again."


def _mend(told: Told, faults: Sequence[rules.Fault]) -> tuple[Alert, ...]:
    """Each fault where it is shown and mended."""
    link = Link("Mend it", address(told.disruption, "change")) if told.may_write else None
    return tuple(Alert("warning", f"To meet the minimum standard: {fault.sentence}.", link=link) for fault in faults)


def _first_actions(told: Told, faults: Sequence[rules.Fault]) -> tuple[Action, ...]:
    """What this person is to do with the record as it stands."""
    found = told.disruption
    label, actor = found.label, told.actor
    if told.rewind.on is not None or found.state == State.WITHDRAWN:
        return ()
    is_recorder = found.recorder_id == actor.pk
    owner = {"owner": label.owner.code, "audience": label.audience}
    passing = told.data.standard.passing(found.category, found.event_on)
    actions: list[Action] = []
    validates, moderates = rules.may_validate(actor, **owner), rules.may_moderate(actor, **owner)
    has_changed = (validates or moderates) and bool(selectors.changed_by(actor, [found.pk]))
    had_part = has_changed or actor.pk in {found.recorder_id, found.validated_by_id}
    supervised = passing is not rules.Passing.MODERATOR
    if (
        not faults
        and found.state == State.RECORDED
        and validates
        and not is_recorder
        and supervised
        and not has_changed
    ):
        actions.append(Action("Pass this record", address(found, "validate"), kind="primary"))
    if found.state in {State.RECORDED, State.VALIDATED} and moderates and not had_part:
        actions.append(Action("Moderate", address(found, "moderate"), kind="primary"))
    sampled = found.in_sample and found.sample_checked_by_id is None and found.state == State.VALIDATED
    if sampled and (validates or moderates) and not is_recorder and not has_changed:
        actions.append(Action("Look at it for the sample", address(found, "sample"), kind="primary"))
    due = found.review_due_on is not None and found.review_due_on <= told.today and found.state in rules.PASSED
    if due and (validates or moderates) and not is_recorder:
        actions.append(Action("Did the effect last?", address(found, "review"), kind="primary"))
    if (validates or moderates) and not is_recorder and found.state != State.RETURNED:
        actions.append(Action("Send it back", address(found, "return")))
    return tuple(actions)


def _more_actions(told: Told) -> tuple[Action, ...]:
    found = told.disruption
    if not told.may_write or found.state == State.WITHDRAWN:
        return ()
    again = f"{reverse('disruptions:record')}?event={found.reference}"
    return (
        Action("Change what it says", address(found, "change")),
        Action("Say that the effect was another", address(found, "category")),
        *((Action("The same event disrupted another threat", again),) if rules.may_record(told.actor) else ()),
        Action("Withdraw it", address(found, "withdraw")),
    )


FIELD_NAMES: Mapping[str, str] = {
    "threat_id": "Threat",
    "threat_type": "Kind of threat",
    "role": "Lead or support",
    "lead_agency_id": "Agency",
    "event_on": "Happened on",
    "record_date": "Record date",
    "category": "Effect",
    "primary_p": "Served most",
    "secondary_ps": "And also",
    "theme": "Theme",
    "place": "Where",
    "tactics": "Tactics",
    "facts": "In numbers",
    "happened": "What happened",
    "stopped": "What the threat can no longer do",
    "for_how_long": "For how long",
    "how_known": "How we know",
    "outcome": "Named outcome",
    "effect_ends_on": "Effect expected to end",
    "programme": "Programme",
    "shared_event": "Shared event",
    "handling": "Handling",
    "state": "State",
    "late": "Late",
    "validated_by_id": "Passed by",
    "moderator_id": "Moderated by",
    "in_sample": "In the sample",
    "sample_checked_by_id": "Looked at for the sample by",
    "review_due_on": "Effect to be looked at",
    "different_because": "Different from what it resembles",
    "label_id": "Who may see it",
}
TYPED = frozenset({"happened", "stopped", "for_how_long", "how_known", "different_because"})
PEOPLE = frozenset({"validated_by_id", "moderator_id", "sample_checked_by_id"})


def changes_of(
    versions: Sequence[Version], words: rules.Vocabulary, people: Mapping[int, str], *, until: datetime | None
) -> tuple[Change, ...]:
    """Every version in words, newest first; those after `until` left out."""
    found = []
    for version, before in zip(versions, [*versions[1:], None], strict=True):
        if until is not None and version.recorded_from > until:
            continue
        lines = () if before is None else tuple(_differences(before.fields, version.fields, words, people))
        found.append(
            Change(
                title="Recorded" if before is None else _change_title(before.fields, version.fields),
                at=version.recorded_from,
                by=people.get(version.recorded_by or 0, "this service"),
                why=version.fields["because"],
                lines=lines,
            )
        )
    return tuple(found)


def _change_title(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    if before["state"] == after["state"]:
        return "Changed"
    state = State(after["state"])
    return "Changed, to be passed again" if state is State.RECORDED else rules.STATE_NAMES[state]


def _differences(
    before: Mapping[str, Any], after: Mapping[str, Any], words: rules.Vocabulary, people: Mapping[int, str]
) -> Iterable[str]:
    for name, label in FIELD_NAMES.items():
        if before.get(name) == after.get(name):
            continue
        old, new = (_value_in_words(name, each.get(name), words, people) for each in (before, after))
        if name in {"label_id", "threat_id", "lead_agency_id"}:
            yield f"{label} changed"
        else:
            yield f"{label}: {new or 'nothing'}, before {old or 'nothing'}"


def _value_in_words(name: str, value: Any, words: rules.Vocabulary, people: Mapping[int, str]) -> str:
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, list):
        return ", ".join(_value_in_words(name, each, words, people) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{words.facts[c].name if c in words.facts else c} {n}" for c, n in value.items())
    known = _KNOWN.get(name)
    if known is not None:
        return known(words, value)
    if name in PEOPLE:
        return people.get(value, "")
    return f"“{value}”" if name in TYPED else _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return shown_date(value) if isinstance(value, date) else str(value)


_KNOWN: Mapping[str, Callable[[rules.Vocabulary, Any], str]] = {
    "category": lambda words, value: words.category_name(value),
    "primary_p": lambda _, value: P_NAMES[P(value)][0],
    "secondary_ps": lambda _, value: P_NAMES[P(value)][0],
    "tactics": lambda words, value: words.tactic_name(value),
    "state": lambda _, value: rules.STATE_NAMES[State(value)],
    "role": lambda _, value: rules.role_name(value),
    "theme": lambda words, value: words.named("theme", value),
    "outcome": lambda words, value: words.named("disruption_outcome", value),
    "programme": lambda words, value: words.named("programme", value),
    "threat_type": lambda _, value: threat_rules.type_name(value),
}


# A threat's own tab


@dataclass(frozen=True, kw_only=True)
class ThreatTabPage(ThreatPage):
    figures: tuple[Figure, ...]
    rows: Table
    by_aim: Table
    leads: Table
    empty: Empty
    actions: tuple[Action, ...]


def threat_tab_page(
    frame: dict[str, Any],
    *,
    told: threat_pages.Told,
    found: Sequence[Disruption],
    aims: Sequence[AimLine],
    served: Mapping[int, Sequence[Any]],
    leads: Sequence[DisruptionLead],
    words: rules.Vocabulary,
) -> ThreatTabPage:
    threat = told.threat
    standing = [each for each in found if each.state != State.WITHDRAWN]
    record = f"{reverse('disruptions:record')}?threat={threat.reference}"
    may_record = told.rewind.on is None and rules.may_record(told.actor)
    more = f"{reverse('disruptions:list')}?q={threat.reference}"
    return ThreatTabPage(
        **frame,
        figures=tuple(
            Figure(sum(each.primary_p == p for each in standing), P_NAMES[p][0], href=f"{more}&p={p.value}") for p in P
        ),
        rows=Table(
            "Disruptions of this threat",
            (
                Head("Reference"),
                Head("Happened"),
                Head("What"),
                Head("P"),
                Head("Effect"),
                Head("Agency"),
                Head("State"),
            ),
            tuple(
                (
                    Cell(each.reference, href=_at(address(each), told.rewind)),
                    Cell(each.event_on),
                    Cell(what_was_done(each, words)),
                    Cell(P_NAMES[P(each.primary_p)][0]),
                    Cell("", tag=category_tag(each.category, words)),
                    Cell(each.lead_agency.short_name or each.lead_agency.name, hint=rules.role_name(each.role)),
                    Cell("", tag=state_tag(each.state)),
                )
                for each in found
            ),
        ),
        by_aim=Table(
            "What has moved the aims of its plan",
            (Head("Aim"), Head("Disruptions", numeric=True), Head("The latest")),
            tuple(_aim_row(aim, served.get(aim.pk, ())) for aim in aims),
            empty="Its plan has no aims that you may see.",
        ),
        leads=Table(
            "Disruptions that may be missing",
            (Head("What happened"), Head("When"), Head("Would be"), Head("Expires")),
            tuple(
                (
                    Cell(each.found.get("name", each.kind), href=lead_address(each)),
                    Cell(each.happened_on),
                    Cell(P_NAMES[P(each.primary_p)][0]),
                    Cell(each.expires_on),
                )
                for each in leads
            ),
            empty="Nothing in the picture points to one that is not recorded.",
        ),
        empty=Empty(
            "No disruptions yet",
            "What has been done against this threat, and what it changed, will be here.",
            Link("Record a disruption", record) if may_record else None,
        ),
        actions=(Action("Record a disruption", record, kind="primary"),) if may_record else (),
    )


def _aim_row(aim: AimLine, moved: Sequence[Any]) -> tuple[Cell, ...]:
    latest = max(moved, key=lambda each: each.on, default=None)
    if latest is None:
        return (Cell(f"{aim.position}. {aim.text}"), Cell(0), Cell("Nothing has moved it yet"))
    return (
        Cell(f"{aim.position}. {aim.text}"),
        Cell(len(moved)),
        Cell(latest.text, href=latest.href, hint=shown_date(latest.on)),
    )


def what_was_done(found: Disruption, words: rules.Vocabulary) -> str:
    """The first words of a line: what happened, else the tactics."""
    return found.happened or ", ".join(words.tactic_name(code) for code in found.tactics) or "Not said"


def _at(href: str, rewind: Rewind) -> str:
    return href + (f"?{REWIND}={rewind.on}" if rewind.on else "")


# Disruptions that may be missing


@dataclass(frozen=True, kw_only=True)
class LeadPage(Page):
    facts: tuple[Fact, ...]
    why: str
    state: Tag
    form: Any
    accept: Action | None
    decided: str


def lead_address(lead: DisruptionLead) -> str:
    return reverse("disruptions:lead", kwargs={"pk": lead.pk})


def lead_page(
    lead: DisruptionLead, *, words: rules.Vocabulary, form: Any, may_decide: bool, reads_people: bool
) -> LeadPage:
    threat, event = lead.threat, lead.event
    person = pole_rules.reference_of(lead.record.person_id)
    link = pole_rules.LINK_TYPES.get(lead.found.get("link", ""), "")
    is_open = lead.state == rules.LeadState.OPEN
    return LeadPage(
        title=lead.found.get("name", "A disruption that may be missing"),
        caption=f"{threat.reference} {threat.name}",
        crumbs=crumbs(Link("Missing", reverse("disruptions:missing"))),
        why=lead.why,
        state=Tag(lead.state.title(), RESULT_COLOURS.get(lead.state, "grey")),
        facts=(
            Fact("Threat", f"{threat.reference} {threat.name}", href=threat_pages.address(threat)),
            Fact(
                "What happened",
                f"{pole_rules.EVENT_KINDS.get(event.kind, event.kind)} {event.reference}".strip(),
                href=reverse("pole:event", args=[event.pk]) if reads_people else "",
                hint=event.title,
            ),
            Fact("When", lead.happened_on),
            Fact("Recorded by", event.owner.name),
            Fact(
                "Who",
                person,
                href=reverse("pole:person", args=[person]) if reads_people else "",
                hint=f"{lead.found.get('role_name', '')} in this threat; {link.lower()} in the event",
            ),
            Fact("Would be", f"{P_NAMES[P(lead.primary_p)][0]}: {words.tactic_name(lead.tactic)}"),
            Fact("Expires", lead.expires_on),
        ),
        form=form if is_open and may_decide else None,
        accept=Action("Record this disruption", "", post=True, kind="primary", fields=(("act", "accept"),))
        if is_open and may_decide
        else None,
        decided=_decided(lead),
        has_errors=bool(form is not None and form.errors),
    )


def _decided(lead: DisruptionLead) -> str:
    if lead.decided_by is None:
        return ""
    verb = "Recorded" if lead.state == rules.LeadState.ACCEPTED else "Declined"
    return f"{verb} by {lead.decided_by.name} on {shown_date(lead.decided_on)}: {lead.reason}."


@dataclass(frozen=True, kw_only=True)
class PrecisionPage(Page):
    lead: str
    table: Table


def precision_page(found: Iterable[selectors.Precision], finder: Mapping[str, rules.FinderRule]) -> PrecisionPage:
    rows = tuple(found)
    return PrecisionPage(
        title="How often proposals were right",
        crumbs=crumbs(Link("Missing", reverse("disruptions:missing"))),
        lead=(
            "Of the proposals that people decided, the share that became a record. A kind that is seldom right should "
            "be changed or ended in the region's data."
        ),
        table=Table(
            "By kind",
            (
                Head("Kind"),
                Head("P"),
                Head("Right", numeric=True),
                Head("Recorded", numeric=True),
                Head("Declined", numeric=True),
                Head("Waiting", numeric=True),
                Head("Expired", numeric=True),
            ),
            tuple(
                (
                    Cell(finder[each.kind].name if each.kind in finder else each.kind),
                    Cell(P_NAMES[P(each.p)][0]),
                    Cell("Nothing decided" if each.share is None else f"{each.share:.0%}"),
                    Cell(each.accepted),
                    Cell(each.declined),
                    Cell(each.open),
                    Cell(each.expired),
                )
                for each in rows
            ),
            empty="The finder has proposed nothing that you may see.",
        ),
    )


def counted_in_words(found: Disruption, words: rules.Vocabulary, aims: Sequence[str]) -> str:
    """What my work tells the recorder the day after."""
    served = f", {plural(len(aims), 'aim', 'aims')}: {'; '.join(aims)}" if aims else ", no aim of its plan"
    category = words.categories.get(found.category)
    if found.state in {State.RETURNED, State.WITHDRAWN} or category is None or not category.counted:
        return f"{found.reference}: {when_it_counts(found, words)}"
    role = "" if found.role == rules.Role.LEAD else " as support"
    return f"{found.reference} counted{role} in {P_NAMES[P(found.primary_p)][0]} for {found.lead_agency.name}{served}"
