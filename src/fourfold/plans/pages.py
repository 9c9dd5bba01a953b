"""The pages about plans, built whole before they are drawn."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.forms import BaseForm
from django.urls import reverse

from fourfold.plans import differences, rules, selectors
from fourfold.plans.models import Action, Aim, Asked, Plan, PlanVersion, Report, Review, Shared
from fourfold.plans.rules import P, Part, State, Status
from fourfold.platform.history.models import Versioned
from fourfold.platform.people.models import User
from fourfold.platform.reference.selectors import DEFAULT_NOTE
from fourfold.platform.ui.components import (
    Action as Button,
)
from fourfold.platform.ui.components import (
    Alert,
    Cell,
    Colour,
    Empty,
    Fact,
    Head,
    Link,
    Table,
    Tag,
)
from fourfold.platform.ui.jinja import plural, shown_date, shown_moment
from fourfold.platform.ui.lists import REWIND
from fourfold.platform.ui.pages import Foot, FormPage, Page
from fourfold.threats import pages as threat_pages
from fourfold.threats.pages import Told, person_in_words

STATUS_COLOURS: Mapping[str, Colour] = {
    Status.PROPOSED: "grey",
    Status.AGREED: "blue",
    Status.IN_PROGRESS: "teal",
    Status.BLOCKED: "red",
    Status.DONE: "green",
    Status.NOT_DONE: "orange",
    Status.CANCELLED: "grey",
}
STATE_COLOURS: Mapping[str, Colour] = {State.DRAFT: "yellow", State.ADOPTED: "green", State.CLOSED: "grey"}
HEALTHY, FAIR = 80, 50
FEW = 5


def address(plan: Plan, to: str, **more: object) -> str:
    return reverse(f"plans:{to}", kwargs={"reference": plan.reference, **more})


def of_threat(plan: Plan) -> str:
    """Where a plan is read: the part of its threat."""
    return reverse("plans:threat", kwargs={"reference": plan.threat.reference})


def crumbs(plan: Plan | None = None) -> tuple[Link, ...]:
    if plan is None:
        return (Link("My work", reverse("home:work")), Link("Plans", reverse("plans:list")))
    return (*threat_pages.crumbs(plan.threat), Link("Plan", of_threat(plan)))


def score_tag(score: int) -> Tag:
    """How good a plan is, by the share of rules it passes."""
    colour: Colour = "green" if score >= HEALTHY else "yellow" if score >= FAIR else "red"
    return Tag(f"{score} of 100", colour)


def state_tag(plan: Plan) -> Tag:
    return Tag(rules.STATE_NAMES[State(plan.state)], STATE_COLOURS[plan.state])


def status_tag(status: str) -> Tag:
    return Tag(rules.STATUS_NAMES[Status(status)], STATUS_COLOURS[status])


def owner_in_words(action: Action) -> str:
    if action.owner is not None:
        agency = action.agency.name if action.agency else action.owner.organisation.name
        return f"{action.owner.name}, {agency}"
    agency = f", {action.agency.name}" if action.agency else ""
    return f"{action.owner_name}{agency}" if action.owner_name else f"Nobody yet{agency}"


# ---- the plan -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FaultShown:
    """One fault with the place where it is mended; no place for those who may not write."""

    sentence: str
    rule: str
    mend: Link | None = None


@dataclass(frozen=True, kw_only=True)
class LintShown:
    """What the rules find in a plan, as the side of its page tells it."""

    score: int
    tag: Tag
    words: str
    faults: tuple[FaultShown, ...]
    passed: tuple[str, ...]
    note: str
    more: Link


@dataclass(frozen=True)
class Spark:
    """The small line of a measure: points in a drawing of 120 by 32, where the target stands, and the same in words."""

    points: str
    last_x: float
    last_y: float
    target_y: float | None
    words: str


@dataclass(frozen=True, kw_only=True)
class AimCard:
    number: int
    text: str
    tags: tuple[Tag, ...]
    measure: str
    progress: str
    spark: Spark | None
    movers: tuple[Link, ...]
    unmoved: str
    links: tuple[Link, ...]


@dataclass(frozen=True, kw_only=True)
class ActionCard:
    number: int
    pk: int
    title: str
    href: str
    tags: tuple[Tag, ...]
    owner: str
    due: str
    why: str
    aim: str
    tactic: str
    faults: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ColumnOfActions:
    """One of the four Ps."""

    key: str
    name: str
    hint: str
    cards: tuple[ActionCard, ...]
    add: Link | None


@dataclass(frozen=True, kw_only=True)
class SectionShown:
    name: str
    hint: str
    lines: tuple[str, ...]
    edit: Link | None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class PlanPage(threat_pages.ThreatPage):
    reference: str
    facts: tuple[Fact, ...]
    plan_tags: tuple[Tag, ...]
    actions: tuple[Button, ...]
    primary: tuple[Button, ...]
    lint: LintShown | None
    lint_note: str
    aims: tuple[AimCard, ...]
    add_aim: Link | None
    columns: tuple[ColumnOfActions, ...]
    sections: tuple[SectionShown, ...]
    consultations: Table
    add_consultation: Link | None
    reviews: Table
    peer_reviews: tuple["PeerReviewShown", ...]
    partners: Table


@dataclass(frozen=True, kw_only=True)
class NoPlanPage(threat_pages.ThreatPage):
    empty: Empty
    begin: str


@dataclass(frozen=True, kw_only=True)
class PeerReviewShown:
    heading: str
    good: str
    better: str
    answer: str
    answer_link: Link | None


@dataclass(frozen=True, kw_only=True)
class PlanTold:
    """What the page of a plan is told by its view."""

    told: Told
    whole: selectors.Whole
    words: selectors.Words
    tactics: Mapping[str, str]
    today: date

    @property
    def plan(self) -> Plan:
        return self.whole.plan

    @property
    def is_open(self) -> bool:
        return self.plan.state != State.CLOSED and self.plan.threat.closed_on is None and self.told.rewind.on is None

    @property
    def may_write(self) -> bool:
        return self.is_open and rules.may_write(
            self.told.actor, owner=self.plan.threat.owner.code, audience=self.plan.label.audience
        )

    @property
    def may_reopen(self) -> bool:
        threat = self.plan.threat
        can_be = self.plan.state == State.CLOSED and threat.closed_on is None and self.told.rewind.on is None
        return can_be and rules.may_write(self.told.actor, owner=threat.owner.code, audience=self.plan.label.audience)

    @property
    def may_approve(self) -> bool:
        return self.is_open and rules.may_approve(
            self.told.actor, owner=self.plan.threat.owner.code, audience=self.plan.label.audience
        )

    @property
    def may_peer_review(self) -> bool:
        return self.is_open and rules.may_peer_review(
            self.told.actor, owner=self.plan.threat.owner.code, audience=self.plan.label.audience
        )


def plan_page(
    seen: PlanTold,
    frame: dict[str, Any],
    *,
    lint: rules.Lint | None,
    movers: Mapping[int, Sequence[selectors.Moved]],
    reviews: Sequence[Review],
    peer_reviews: Sequence[Any],
    prompts: Sequence[selectors.ReviewPrompt],
    shared: Sequence[Shared],
    asked: Sequence[Asked],
    reports: Sequence[Report],
    offered: Sequence[Action],
    versions: int,
) -> PlanPage:
    plan = seen.plan
    by_action = _faults_by_action(lint, seen.whole)
    alerts = (*frame["alerts"], *_alerts(seen, prompts, reviews, reports, offered))
    frame = frame | {"alerts": alerts, "foot": _foot(seen, frame["foot"])}
    return PlanPage(
        **frame,
        reference=plan.reference,
        facts=_header(seen),
        plan_tags=(state_tag(plan), score_tag(lint.score if lint else plan.score)),
        primary=_primary(seen, reviews),
        actions=_menu(seen, versions),
        lint=lint_shown(lint, seen) if lint else None,
        lint_note="" if lint else f"On that day the plan stood at {plan.score} of 100.",
        aims=tuple(_aim_card(seen, aim, movers.get(aim.pk, ())) for aim in seen.whole.aims),
        add_aim=Link("Add an aim", address(plan, "add_aim")) if seen.may_write else None,
        columns=tuple(_column(seen, p, by_action) for p in P),
        sections=tuple(_section(seen, part) for part in Part),
        consultations=Table(
            "Partners consulted",
            (Head("Partner"), Head("When"), Head("What they said"), Head("What changed because of it")),
            tuple(
                (Cell(each.partner, hint=each.with_whom), Cell(each.consulted_on), Cell(each.said), Cell(each.changed))
                for each in seen.whole.consultations
            ),
            empty="No partner is recorded as consulted yet.",
        ),
        add_consultation=Link("Record a consultation", address(plan, "consult")) if seen.may_write else None,
        reviews=_reviews_table(plan, reviews),
        peer_reviews=tuple(_peer_review(seen, each) for each in peer_reviews),
        partners=_partners_table(seen, shared, asked),
    )


def no_plan_page(frame: dict[str, Any], *, begin: str, offered: int) -> NoPlanPage:
    if offered:
        said = f"{offered_in_words(offered)} Begin the plan to take them over."
        frame = frame | {"alerts": (*frame["alerts"], Alert("information", said))}
    return NoPlanPage(
        **frame,
        empty=Empty(
            "No plan yet",
            "Aims, actions under the four Ps, who was consulted and every review will be here.",
        ),
        begin=begin,
    )


def _header(seen: PlanTold) -> tuple[Fact, ...]:
    plan, threat = seen.plan, seen.plan.threat
    approved = f"By {person_in_words(plan.approved_by)}" if plan.approved_by else ""
    version = f"{plan.version}" if plan.version else "None yet: it is not adopted"
    late = plan.next_review_on is not None and plan.next_review_on < seen.today and plan.state == State.ADOPTED
    return (
        Fact("Plan", plan.reference, hint=f"Begun on {shown_date(plan.begun_on)}"),
        Fact("Version", version, href=address(plan, "versions") if plan.version else ""),
        Fact("Lead responsible officer", person_in_words(threat.lro)),
        Fact("Senior investigating officer", person_in_words(threat.sio)),
        Fact("Adopted", plan.approved_on, hint=approved),
        Fact("Next review", plan.next_review_on, hint="Overdue" if late else ""),
    )


def _primary(seen: PlanTold, reviews: Sequence[Review]) -> tuple[Button, ...]:
    plan = seen.plan
    found: list[Button] = []
    under_way = next((review for review in reviews if review.completed_on is None), None)
    if seen.may_write:
        found.append(Button("Add an action", address(plan, "add_action"), kind="primary"))
    if seen.may_reopen:
        found.append(Button("Reopen this plan", address(plan, "reopen")))
    if seen.may_approve and (plan.state == State.DRAFT):
        found.append(Button("Adopt this plan", address(plan, "adopt"), kind="primary"))
    if under_way is not None and seen.is_open:
        found.append(Button("Open the review under way", address(plan, "review", pk=under_way.pk)))
    elif seen.may_write and plan.state == State.ADOPTED:
        found.append(Button("Begin a review", address(plan, "begin_review")))
    return tuple(found)


def _menu(seen: PlanTold, versions: int) -> tuple[Button, ...]:
    plan = seen.plan
    found = [Button("Print view", address(plan, "print"))]
    if versions:
        found.append(Button("Versions and what changed", address(plan, "versions")))
    if seen.may_approve and plan.state == State.ADOPTED:
        found.append(Button("Adopt it as it stands now", address(plan, "adopt")))
    if seen.may_peer_review:
        found.append(Button("Peer review", address(plan, "peer_review")))
    if seen.may_write:
        found += [
            Button("Share the summary with a partner", address(plan, "share")),
            Button("Close this plan", address(plan, "close")),
        ]
    return tuple(found)


def _alerts(
    seen: PlanTold,
    prompts: Sequence[selectors.ReviewPrompt],
    reviews: Sequence[Review],
    reports: Sequence[Report],
    offered: Sequence[Action],
) -> tuple[Alert, ...]:
    plan = seen.plan
    under_way = any(review.completed_on is None for review in reviews)
    found = []
    for prompt in () if under_way else prompts:
        link = None
        if seen.may_write and plan.state == State.ADOPTED:
            link = Link("Begin a review", f"{address(plan, 'begin_review')}?prompt={prompt.kind}")
        found.append(Alert("warning", prompt.text, heading="This plan should be reviewed", link=link))
    if offered:
        to = Link("Take them over or leave them out", address(plan, "take_over"))
        found.append(Alert("information", offered_in_words(len(offered)), link=to))
    if seen.may_write:
        numbers = {action.pk: action.number for action in seen.whole.actions}
        for report in reports:
            number = numbers[report.action_id]
            said = (
                f"{person_in_words(report.reported_by)} reports that action {number} is {_status_words(report.status)}."
            )
            to = Link("Read and answer", address(plan, "answer_report", number=number, pk=report.pk))
            found.append(Alert("information", said, link=to))
    return tuple(found)


def offered_in_words(number: int) -> str:
    still = plural(number, "action is", "actions are")
    return f"{still} still open in the plans of threats that were merged into this one."


def _status_words(status: str) -> str:
    return rules.STATUS_NAMES[Status(status)].lower()


def _foot(seen: PlanTold, foot: Foot) -> Foot:
    plan = seen.plan
    whole = seen.whole
    rows: list[Versioned] = [plan, *whole.sections.values(), *whole.aims, *whole.actions, *whole.consultations]
    last = max(row.recorded_from for row in rows)
    looked = Link("Who looked", f"{reverse('audit:who_looked')}?record={plan.reference}")
    return replace(foot, changed=f"Plan last changed {shown_moment(last)}.", links=(*foot.links[:1], looked))


def lint_shown(lint: rules.Lint, seen: PlanTold) -> LintShown:
    names = {rule.code: rule.name for rule in seen.words.lint}
    scored = [rule.code for rule in seen.words.lint if rule.is_on and rule.counts and rule.code in rules.JUDGES]
    failed = sum(code in lint.failed for code in scored)
    passed = f"{len(scored) - failed} of {plural(len(scored), 'rule', 'rules')} passed."
    return LintShown(
        score=lint.score,
        tag=score_tag(lint.score),
        words=passed,
        faults=tuple(FaultShown(f.sentence, f.rule, mend_link(f, seen)) for f in lint.faults),
        passed=tuple(names.get(code, code) for code in lint.passed),
        note=f"The rules are a {DEFAULT_NOTE}.",
        more=Link("How the score has moved, and the rules", address(seen.plan, "quality")),
    )


def mend_link(fault: rules.Fault, seen: PlanTold) -> Link | None:
    if not seen.may_write:
        return None
    plan, whole = seen.plan, seen.whole
    action = next((a for a in whole.actions if a.pk == fault.pk), None)
    aim = next((a for a in whole.aims if a.pk == fault.pk), None)
    if fault.where == "action" and action is not None:
        overdue = fault.rule == "PL3"
        to = address(plan, "report_action" if overdue else "change_action", number=action.number)
        return Link(f"Mend action {action.number}", f"{to}{ANCHORS.get(fault.rule, '')}")
    if fault.where == "aim" and aim is not None:
        return Link(f"Mend aim {aim.position}", address(plan, "change_aim", pk=aim.pk))
    if fault.where == "new_action":
        query = f"?p={fault.p}" if fault.p else f"?aim={aim.position}" if aim is not None else ""
        return Link("Add an action", address(plan, "add_action") + query)
    if fault.where == "review":
        return Link("Begin a review", address(plan, "begin_review") + "?prompt=DUE")
    return Link(
        *{"new_aim": ("Add an aim", address(plan, "add_aim"))}.get(
            fault.where, ("Record a consultation", address(plan, "consult"))
        )
    )


ANCHORS: Mapping[str, str] = {
    "PL1": "#id_owner",
    "PL2": "#id_due_on_day",
    "PL4": "#id_measure",
    "PL5": "#id_why_this_threat",
    "PL9": "#id_aim",
    "PL11": "#id_owner",
    "PL14": "#id_why_this_threat",
}


def _faults_by_action(lint: rules.Lint | None, whole: selectors.Whole) -> Mapping[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for fault in lint.faults if lint else ():
        if fault.where == "action" and fault.pk is not None:
            found[fault.pk] = (*found.get(fault.pk, ()), fault.sentence)
    return found


def _aim_card(seen: PlanTold, aim: Aim, moved: Sequence[selectors.Moved]) -> AimCard:
    readings = seen.whole.readings.get(aim.pk, ())
    latest = readings[-1] if readings else None
    unit = f" {aim.unit}" if aim.unit else ""
    said = []
    if aim.baseline is not None:
        said.append(f"from {amount(aim.baseline)}{unit}")
    if latest is not None:
        said.append(f"now {amount(latest.value)}{unit} ({shown_date(latest.read_on)})")
    if aim.target is not None:
        by = f" by {shown_date(aim.target_on)}" if aim.target_on else ""
        said.append(f"target {amount(aim.target)}{unit}{by}")
    plan = seen.plan
    links = []
    if seen.may_write:
        links = [
            Link("Read the measure", address(plan, "read_aim", pk=aim.pk)),
            Link("Change", address(plan, "change_aim", pk=aim.pk)),
        ]
    is_open = aim.state == rules.AimState.OPEN
    return AimCard(
        number=aim.position,
        text=aim.text,
        tags=() if is_open else (Tag(rules.AIM_STATE_NAMES[rules.AimState(aim.state)], "grey"),),
        measure=aim.measure or "No measure yet",
        progress=_capital(", ".join(said)) if said else "No baseline, reading or target yet",
        spark=spark(aim, [(reading.read_on, reading.value) for reading in readings]),
        movers=tuple(Link(f"{each.text}, {shown_date(each.on)}", each.href) for each in moved[:FEW]),
        unmoved="" if moved else "Nothing recorded has moved it yet.",
        links=tuple(links),
    )


def amount(value: Decimal) -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def spark(aim: Aim, readings: Sequence[tuple[date, Decimal]]) -> Spark | None:
    """The measure over time, from the baseline on the day the plan began."""
    first = [(aim.plan.begun_on, aim.baseline)] if aim.baseline is not None else []
    return line_of([*first, *readings], target=aim.target)


def line_of(
    points: Sequence[tuple[date, Decimal]], *, target: Decimal | None = None, also: tuple[Decimal, ...] = ()
) -> Spark | None:
    """A small line through some days; nothing to draw with fewer than two. `also` are values that it has room for."""
    if len(points) < 2:
        return None
    values = [*(value for _, value in points), *([] if target is None else [target]), *also]
    low, high = min(values), max(values)
    first, last = points[0][0], max(day for day, _ in points)
    days, span = max(1, (last - first).days), float(high - low) or 1.0

    def y(value: Decimal) -> float:
        return round(28 - 24 * float(value - low) / span, 1)

    places = [(round(3 + 112 * max(0, (day - first).days) / days, 1), y(value)) for day, value in points]
    return Spark(
        points=" ".join(f"{x},{at}" for x, at in places),
        last_x=places[-1][0],
        last_y=places[-1][1],
        target_y=None if target is None else y(target),
        words="Readings: " + ", ".join(f"{amount(value)} on {shown_date(day)}" for day, value in points) + ".",
    )


def _column(seen: PlanTold, p: P, faults: Mapping[int, tuple[str, ...]]) -> ColumnOfActions:
    name, hint = rules.P_NAMES[p]
    order = {status: place for place, status in enumerate((*rules.OPEN_STATUSES, Status.DONE, *rules.DROPPED_STATUSES))}
    found = [action for action in seen.whole.actions if action.p == p]
    found.sort(
        key=lambda a: (
            order[Status(a.status)] >= len(rules.OPEN_STATUSES),
            a.due_on is None,
            a.due_on or date.max,
            a.number,
        )
    )
    return ColumnOfActions(
        key=p.value.lower(),
        name=name,
        hint=hint,
        cards=tuple(_card(seen, action, faults.get(action.pk, ())) for action in found),
        add=Link(f"Add under {name}", f"{address(seen.plan, 'add_action')}?p={p.value}") if seen.may_write else None,
    )


def _card(seen: PlanTold, action: Action, faults: tuple[str, ...]) -> ActionCard:
    on = seen.told.rewind.on
    href = address(seen.plan, "action", number=action.number) + (f"?{REWIND}={on}" if on else "")
    return ActionCard(
        number=action.number,
        pk=action.pk,
        title=action.title,
        href=href,
        tags=(status_tag(action.status), *_late_tag(action, seen.today)),
        owner=owner_in_words(action),
        due=due_in_words(action),
        why=action.why_this_threat,
        aim=f"Aim {action.aim.position}" if action.aim else "",
        tactic=seen.tactics.get(action.tactic, action.tactic),
        faults=faults,
    )


def _late_tag(action: Action, today: date) -> tuple[Tag, ...]:
    late = action.status in rules.OPEN_STATUSES and action.due_on is not None and action.due_on < today
    return (Tag("Overdue", "red"),) if late else ()


def due_in_words(action: Action) -> str:
    if action.status == Status.DONE:
        return f"Done on {shown_date(action.done_on)}"
    return f"Due {shown_date(action.due_on)}" if action.due_on else "No date"


def _section(seen: PlanTold, part: Part) -> SectionShown:
    name, hint = rules.PART_NAMES[part]
    section = seen.whole.sections.get(part)
    text = section.text if section else ""
    edit = None
    if seen.may_write and part is not Part.DEBRIEF:
        verb = "Change" if text else "Write"
        edit = Link(f"{verb} {name[0].lower()}{name[1:]}", address(seen.plan, "section", part=part.value.lower()))
    return SectionShown(
        name=name,
        hint=hint,
        lines=tuple(line for line in text.splitlines() if line.strip()),
        edit=edit,
        note="" if text else "Not written yet.",
    )


def _reviews_table(plan: Plan, reviews: Sequence[Review]) -> Table:
    return Table(
        "Joint reviews",
        (
            Head("Begun"),
            Head("Why"),
            Head("Lead responsible officer"),
            Head("Senior investigating officer"),
            Head("Left"),
        ),
        tuple(
            (
                Cell(review.begun_on, href=address(plan, "review", pk=review.pk)),
                Cell(rules.PROMPT_NAMES[rules.Prompt(review.prompt)]),
                _signed(review.lro_signed_by, review.lro_signed_on),
                _signed(review.sio_signed_by, review.sio_signed_on),
                Cell(f"Version {review.version}", href=address(plan, "version", number=review.version))
                if review.version
                else Cell("", tag=Tag("Under way", "yellow")),
            )
            for review in reviews
        ),
        empty="It has not been reviewed yet.",
    )


def _signed(by: User | None, on: date | None) -> Cell:
    return Cell(f"Signed on {shown_date(on)}", hint=by.name) if by else Cell("Not signed yet")


def _peer_review(seen: PlanTold, each: Any) -> PeerReviewShown:
    answer = (
        f"{person_in_words(each.answered_by)}, {shown_date(each.answered_on)}: {each.answer}" if each.answer else ""
    )
    link = None
    if seen.may_write and not each.answer:
        link = Link("Answer this peer review", address(seen.plan, "answer_peer_review", pk=each.pk))
    return PeerReviewShown(
        heading=f"{person_in_words(each.reviewer)}, {shown_date(each.reviewed_on)}",
        good=each.good,
        better=each.better,
        answer=answer,
        answer_link=link,
    )


def _partners_table(seen: PlanTold, shared: Sequence[Shared], asked: Sequence[Asked]) -> Table:
    plan = seen.plan
    numbers = {action.pk: action.number for action in seen.whole.actions}
    rows = [
        (
            Cell(each.organisation.name),
            Cell("The summary", hint=each.title),
            Cell(each.shared_on, href=address(plan, "stop_sharing", pk=each.pk) if seen.may_write else ""),
        )
        for each in shared
    ]
    rows += [
        (Cell(each.organisation.name), Cell(f"Action {numbers[each.action_id]}", hint=each.title), Cell(each.asked_on))
        for each in asked
    ]
    return Table(
        "What other organisations may read on its own",
        (Head("Organisation"), Head("What"), Head("Since")),
        tuple(rows),
        empty="Nothing of this plan is shared on its own.",
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# ---- one action -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class WorkedShown:
    """What one tactic did before, said honestly."""

    name: str
    href: str
    words: str
    results: tuple[Link, ...]


@dataclass(frozen=True, kw_only=True)
class ActionPage(Page):
    tags: tuple[Tag, ...]
    facts: tuple[Fact, ...]
    faults: tuple[FaultShown, ...]
    buttons: tuple[Button, ...]
    asked: Table
    tactic: "TacticShown | None"


@dataclass(frozen=True)
class Both:
    """One field that somebody else changed: what is recorded now, and what was typed."""

    label: str
    recorded: str
    typed: str


@dataclass(frozen=True, kw_only=True)
class PlanFormPage(FormPage):
    """A form about a plan: what others changed meanwhile, what the rules say of it, what worked before."""

    both: tuple[Both, ...] = ()
    both_lead: str = ""
    faults: tuple[str, ...] = ()
    checked: bool = False
    check: bool = False
    check_address: str = ""
    worked: tuple[WorkedShown, ...] = ()
    worked_lead: str = ""
    quote: tuple[str, ...] = ()
    quote_heading: str = ""


def action_page(
    plan: Plan,
    action: Action,
    *,
    lint: rules.Lint | None,
    seen: PlanTold,
    asked: Iterable[Asked],
    tactic: "TacticShown | None",
    may_report: bool,
) -> ActionPage:
    faults = [f for f in lint.faults if f.where == "action" and f.pk == action.pk] if lint else []
    buttons: list[Button] = []
    if may_report and seen.is_open:
        buttons.append(Button("Report on it", address(plan, "report_action", number=action.number), kind="primary"))
    if seen.may_write:
        buttons += [
            Button("Change", address(plan, "change_action", number=action.number)),
            Button("Ask another organisation", address(plan, "ask", number=action.number)),
        ]
    return ActionPage(
        title=action.title,
        caption=f"Action {action.number} of {plan.reference}, {plan.threat.name}",
        crumbs=crumbs(plan),
        alerts=seen.told.alerts,
        tags=(
            Tag(rules.P_NAMES[P(action.p)][0], "purple"),
            status_tag(action.status),
            *_late_tag(action, seen.today),
        ),
        facts=tuple(
            fact
            for fact in (
                Fact("Owner", owner_in_words(action)),
                Fact("Partner", action.partner),
                Fact("Aim", str(action.aim) if action.aim else "None yet"),
                Fact("Tactic", tactic.name if tactic else "", href=tactic.href if tactic else ""),
                Fact("Due", action.due_on),
                Fact("Outcome wanted", action.outcome_wanted),
                Fact("Measure", action.measure),
                Fact("Why this, for this threat", action.why_this_threat),
                Fact("Legal basis", action.legal_basis),
                Fact("Resource", action.resource),
                Fact("Reason for the status", action.status_reason) if action.status_reason else None,
                Fact("Result", action.result) if action.result else None,
                Fact("Evidence", action.evidence) if action.evidence else None,
                Fact("Done on", action.done_on) if action.done_on else None,
            )
            if fact is not None
        ),
        faults=tuple(FaultShown(f.sentence, f.rule, mend_link(f, seen)) for f in faults),
        buttons=tuple(buttons),
        asked=Table(
            "Who is asked to do it",
            (Head("Organisation"), Head("What they read"), Head("By"), Head("Since")),
            tuple(
                (Cell(each.organisation.name), Cell(each.title, hint=each.text), Cell(each.due_on), Cell(each.asked_on))
                for each in asked
            ),
            empty="No other organisation is asked.",
        ),
        tactic=tactic,
        foot=Foot(
            changed=f"Last changed {shown_moment(action.recorded_from)}.",
            seen_by=f"{plan.label}.",
            links=(Link("The whole plan", of_threat(plan)),),
        ),
    )


# ---- tactics --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class TacticShown:
    code: str
    name: str
    href: str
    p: str
    areas: str
    what: str
    facts: tuple[Fact, ...]
    note: str


@dataclass(frozen=True, kw_only=True)
class TacticPage(Page):
    tactic: TacticShown
    worked: WorkedShown | None
    worked_lead: str


AREAS: Mapping[str, str] = {
    "LIFESTYLE": "Lifestyle",
    "BEHAVIOUR": "Behaviour",
    "VEHICLES": "Vehicles",
    "TRAVEL": "Travel",
    "BUSINESS": "Business",
    "CRIME": "Crime",
}


def tactic_shown(tactic: selectors.Tactic) -> TacticShown:
    default = tactic.mark in {"D", "K"}
    return TacticShown(
        code=tactic.code,
        name=tactic.name,
        href=reverse("plans:tactic", kwargs={"code": tactic.code}),
        p=rules.P_NAMES[P(tactic.p)][0] if tactic.p in list(P) else tactic.p,
        areas=", ".join(AREAS.get(area, area) for area in tactic.areas),
        what=tactic.what,
        facts=(
            Fact("Who can help", tactic.helpers),
            Fact("Watch out for", tactic.watch),
            Fact("Legal basis", tactic.legal),
            Fact("Part of a criminal's life", ", ".join(AREAS.get(area, area) for area in tactic.areas)),
        ),
        note=f"{_capital(DEFAULT_NOTE)}. {tactic.source}" if default else tactic.source,
    )


def tactic_page(tactic: selectors.Tactic, worked: selectors.Worked | None) -> TacticPage:
    shown = tactic_shown(tactic)
    return TacticPage(
        title=tactic.name,
        caption=f"{shown.p} tactic",
        crumbs=(*crumbs(), Link("Menu of tactics", reverse("plans:tactics"))),
        tactic=shown,
        worked=worked_shown(worked, {tactic.code: tactic.name}) if worked else None,
        worked_lead="" if worked else "No plan that you may see has finished an action with this tactic yet.",
    )


def worked_shown(worked: selectors.Worked, names: Mapping[str, str]) -> WorkedShown:
    tried = worked.done + worked.not_done
    said = f"Done {worked.done} of {plural(tried, 'time', 'times')} on {plural(worked.threats, 'threat', 'threats')}."
    if tried < FEW:
        said += " Too few to say that it works."
    if worked.moved:
        said += (
            f" {plural(worked.moved, 'aim', 'aims')} it served {'has' if worked.moved == 1 else 'have'} since moved."
        )
    return WorkedShown(
        name=names.get(worked.tactic, worked.tactic),
        href=reverse("plans:tactic", kwargs={"code": worked.tactic}),
        words=said,
        results=tuple(
            Link(f"{name}, {shown_date(on)}: {result}", reverse("plans:threat", kwargs={"reference": reference}))
            for reference, name, result, on in worked.results
        ),
    )


# ---- reviews and versions -------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ReviewPage(Page):
    facts: tuple[Fact, ...]
    changed: tuple[differences.Said, ...]
    changed_heading: str
    form: BaseForm | None
    button: str
    note: str


@dataclass(frozen=True, kw_only=True)
class QualityPage(Page):
    spark: Spark | None
    scores: Table
    rules: Table
    note: str


@dataclass(frozen=True, kw_only=True)
class VersionsPage(Page):
    rows: Table
    choices: tuple[tuple[str, str], ...]
    first: str
    second: str
    action: str


@dataclass(frozen=True, kw_only=True)
class ComparePage(Page):
    lead: str
    said: tuple[differences.Said, ...]
    empty: str
    back: Link


@dataclass(frozen=True, kw_only=True)
class PaperAction:
    heading: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, kw_only=True)
class PaperPage(Page):
    """A plan on paper, as it is now or as a version kept it."""

    lead: str
    facts: tuple[Fact, ...]
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    aims: Table
    ps: tuple[tuple[str, tuple[PaperAction, ...]], ...]
    consultations: Table
    back: Link


def review_page(
    plan: Plan,
    review: Review,
    *,
    changed: tuple[differences.Said, ...],
    form: BaseForm | None,
    signing: str,
) -> ReviewPage:
    waiting = "This review is complete." if review.completed_on else "It is complete when both have signed."
    return ReviewPage(
        title=f"Review of {shown_date(review.begun_on)}",
        caption=f"{plan.reference} {plan.threat.name}",
        crumbs=crumbs(plan),
        facts=(
            Fact("Why", rules.PROMPT_NAMES[rules.Prompt(review.prompt)]),
            Fact("What was looked at and what changes", review.looked_at),
            Fact("Begun by", person_in_words(review.begun_by)),
            Fact("Lead responsible officer", _signature(review.lro_signed_by, review.lro_signed_on)),
            Fact("Senior investigating officer", _signature(review.sio_signed_by, review.sio_signed_on)),
            *(
                (Fact("Left", f"Version {review.version}", href=address(plan, "version", number=review.version)),)
                if review.version
                else ()
            ),
        ),
        changed=changed,
        changed_heading=f"What changed in the plan since version {plan.version}" if not review.completed_on else "",
        form=form,
        button=f"Sign {signing}" if signing else "",
        note=waiting,
        has_errors=bool(form and form.errors),
    )


def _signature(by: User | None, on: date | None) -> str:
    return f"Signed by {person_in_words(by)} on {shown_date(on)}" if by else "Not signed yet"


def quality_page(
    plan: Plan, *, versions: Sequence[PlanVersion], words: selectors.Words, lint: rules.Lint, today: date
) -> QualityPage:
    names = {rule.code: rule.name for rule in words.lint}
    scored = {rule.code for rule in words.lint if rule.counts}
    now = [code for code in lint.failed if code in scored]
    rows = [(Cell("Now"), Cell(today), Cell(lint.score), Cell(_failed(now, names)))]
    rows += [
        (
            Cell(f"Version {version.number}", href=address(plan, "version", number=version.number)),
            Cell(version.made_on),
            Cell(version.score),
            Cell(_failed(version.failed, names)),
        )
        for version in versions
    ]
    return QualityPage(
        title="How good this plan is",
        caption=f"{plan.reference} {plan.threat.name}",
        crumbs=crumbs(plan),
        spark=line_of(
            [
                *((version.made_on, Decimal(version.score)) for version in reversed(versions)),
                (today, Decimal(lint.score)),
            ],
            also=(Decimal(0), Decimal(100)),
        ),
        scores=Table(
            "The score over time",
            (Head("Plan"), Head("Date"), Head("Score of 100", numeric=True), Head("Rules it did not pass")),
            tuple(rows),
        ),
        rules=Table(
            "The rules",
            (Head("Rule"), Head("What it asks"), Head("Now"), Head("Source")),
            tuple(
                (
                    Cell(rule.code),
                    Cell(rule.name, hint="" if rule.counts else "Told, not scored"),
                    _judged(rule, lint),
                    Cell(rule.source, hint=DEFAULT_NOTE if rule.mark in {"D", "K"} else ""),
                )
                for rule in words.lint
                if rule.code in rules.JUDGES
            ),
        ),
        note="The score is the share of rules that the plan passes. A region can change the rules in its own data.",
    )


def _judged(rule: rules.LintRule, lint: rules.Lint) -> Cell:
    if not rule.is_on:
        return Cell("", tag=Tag("Switched off", "grey"))
    return Cell("", tag=Tag("Passed", "green") if rule.code in lint.passed else Tag("Not passed", "red"))


def _failed(codes: Iterable[str], names: Mapping[str, str]) -> str:
    return "; ".join(names.get(code, code) for code in codes) or "It passed them all"


def versions_page(plan: Plan, versions: Sequence[PlanVersion]) -> VersionsPage:
    choices = (
        ("now", "As it is now"),
        *((str(v.number), f"Version {v.number}, {shown_date(v.made_on)}") for v in versions),
    )
    return VersionsPage(
        title="Versions of this plan",
        caption=f"{plan.reference} {plan.threat.name}",
        crumbs=crumbs(plan),
        rows=Table(
            "Every version",
            (Head("Version"), Head("What"), Head("By"), Head("Why"), Head("Next review"), Head("Score", numeric=True)),
            tuple(
                (
                    Cell(f"Version {v.number}", href=address(plan, "version", number=v.number)),
                    Cell(rules.VERSION_NAMES[rules.VersionKind(v.kind)], hint=shown_date(v.made_on)),
                    Cell(person_in_words(v.made_by)),
                    Cell(v.why),
                    Cell(v.next_review_on),
                    Cell(v.score),
                )
                for v in versions
            ),
            empty="It has not been adopted yet, so it has no version.",
        ),
        choices=choices,
        first=str(versions[0].number) if versions else "now",
        second="now",
        action=address(plan, "compare"),
    )


def compare_page(plan: Plan, said: tuple[differences.Said, ...], *, first: str, second: str) -> ComparePage:
    return ComparePage(
        title="What changed",
        caption=f"{plan.reference} {plan.threat.name}",
        crumbs=(*crumbs(plan), Link("Versions", address(plan, "versions"))),
        lead=f"From {first} to {second}: {plural(len(said), 'difference', 'differences')}.",
        said=said,
        empty="Nothing differs between the two.",
        back=Link("Compare others", address(plan, "versions")),
    )


def paper_page(
    plan: Plan,
    content: Mapping[str, Any],
    *,
    title: str,
    lead: str,
    tactics: Mapping[str, str],
    tier_name: Callable[[str], str],
) -> PaperPage:
    header = content["header"]
    aims = content["aims"].items()
    return PaperPage(
        title=title,
        caption=f"{plan.reference} {plan.threat.name}",
        crumbs=crumbs(plan),
        lead=lead,
        facts=(
            Fact("Threat", f"{header['threat']} {header['name']}"),
            Fact("Tier", tier_name(header["tier"])),
            Fact("Owner", header["owner"]),
            Fact("Lead responsible officer", header["lro"] or "Nobody yet"),
            Fact("Deputy", header["deputy"] or "Nobody yet"),
            Fact("Senior investigating officer", header["sio"] or "Nobody yet"),
        ),
        sections=tuple(
            (rules.PART_NAMES[part][0], tuple(line for line in content["sections"][part].splitlines() if line.strip()))
            for part in Part
            if content["sections"].get(part)
        ),
        aims=Table(
            "Aims",
            (Head("Aim"), Head("Measure"), Head("Baseline"), Head("Target"), Head("By")),
            tuple(
                (
                    Cell(f"{number}. {aim['text']}"),
                    Cell(aim["measure"], hint=aim["unit"]),
                    Cell(_number(aim["baseline"])),
                    Cell(_number(aim["target"])),
                    Cell(_day(aim["target_on"])),
                )
                for number, aim in aims
            ),
            empty="It had no aims.",
        ),
        ps=tuple(
            (
                rules.P_NAMES[p][0],
                tuple(_paper_action(n, a, tactics) for n, a in content["actions"].items() if a["p"] == p),
            )
            for p in P
        ),
        consultations=Table(
            "Partners consulted",
            (Head("Partner"), Head("When"), Head("What changed because of it")),
            tuple(
                (Cell(each["partner"], hint=each["with_whom"]), Cell(_day(each["consulted_on"])), Cell(each["changed"]))
                for each in content["consultations"].values()
            ),
            empty="No partner was recorded as consulted.",
        ),
        back=Link("Back to the plan", of_threat(plan)),
        foot=Foot(seen_by=f"{plan.label}."),
    )


def _paper_action(number: str, said: Mapping[str, Any], tactics: Mapping[str, str]) -> PaperAction:
    owner = ", ".join(part for part in (said["owner"] or "Nobody yet", said["partner"]) if part)
    facts = [
        Fact("Owner and partner", owner),
        Fact("Due", _day(said["due_on"])),
        Fact("Status", rules.STATUS_NAMES[Status(said["status"])]),
    ]
    for label, value in (
        ("Tactic", tactics.get(said["tactic"], said["tactic"])),
        ("Outcome wanted", said["outcome_wanted"]),
        ("Measure", said["measure"]),
        ("Why this threat", said["why_this_threat"]),
        ("Legal basis", said["legal_basis"]),
        ("Result", said["result"]),
    ):
        if value:
            facts.append(Fact(label, value))
    return PaperAction(heading=f"{number}. {said['title']}", facts=tuple(facts))


def _number(value: str | None) -> str:
    return "Not recorded" if value is None else amount(Decimal(value))


def _day(value: str | None) -> str:
    return shown_date(date.fromisoformat(value)) if value else "Not recorded"


# ---- partners and calendars -----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class AskedShown:
    title: str
    text: str
    href: str
    facts: tuple[Fact, ...]
    said: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SharedShown:
    title: str
    lines: tuple[str, ...]
    about: str


@dataclass(frozen=True, kw_only=True)
class PartnerPage(Page):
    lead: str
    asked: tuple[AskedShown, ...]
    shared: tuple[SharedShown, ...]
    asked_empty: str
    shared_empty: str


def partner_page(
    user: User,
    *,
    asked: Sequence[Asked],
    shared: Sequence[Shared],
    reports: Mapping[int, Sequence[Report]],
    may_act: bool,
) -> PartnerPage:
    name = user.organisation.name
    return PartnerPage(
        title=f"Shared with {name}",
        crumbs=crumbs()[:1],
        lead=f"What other organisations ask {name} to do, and what they share with it from their plans.",
        asked=tuple(
            AskedShown(
                title=each.title,
                text=each.text,
                href=reverse("plans:report_asked", kwargs={"pk": each.pk}) if may_act else "",
                facts=(
                    Fact("Asked by", person_in_words(each.asked_by)),
                    Fact("By when", each.due_on or "No date"),
                    Fact("Asked on", each.asked_on),
                ),
                said=tuple(
                    f"{shown_date(report.reported_on)}: {rules.STATUS_NAMES[Status(report.status)]}. {report.text}"
                    for report in reports.get(each.action_id, ())
                ),
            )
            for each in asked
        ),
        shared=tuple(
            SharedShown(
                title=each.title,
                lines=tuple(line for line in each.text.splitlines() if line.strip()),
                about=f"Shared by {person_in_words(each.shared_by)} on {shown_date(each.shared_on)}.",
            )
            for each in shared
        ),
        asked_empty="Nothing is asked of your organisation now.",
        shared_empty="No summary is shared with your organisation now.",
    )


@dataclass(frozen=True, kw_only=True)
class CalendarPage(Page):
    lead: str
    address: str
    facts: tuple[Fact, ...]
    has_one: bool
