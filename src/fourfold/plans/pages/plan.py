"""The plan of a threat: its aims and what moved them, four columns of actions, sections, reviews, partners."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.urls import reverse

from fourfold.plans import rules, selectors
from fourfold.plans.models import Action, Aim, Asked, Plan, Report, Review, Shared
from fourfold.plans.pages.lint import LintShown, faults_by_action, lint_shown
from fourfold.plans.pages.sparks import Spark, spark
from fourfold.plans.pages.told import PlanTold
from fourfold.plans.pages.words import (
    FEW,
    address,
    amount,
    capital,
    due_in_words,
    late_tag,
    owner_in_words,
    score_tag,
    state_tag,
    status_tag,
    status_words,
)
from fourfold.plans.rules import P, Part, State, Status
from fourfold.platform.history.models import Versioned
from fourfold.platform.people.models import User
from fourfold.platform.ui.components import Action as Button
from fourfold.platform.ui.components import Alert, Cell, Empty, Fact, Head, Link, Table, Tag
from fourfold.platform.ui.jinja import plural, shown_date, shown_moment
from fourfold.platform.ui.lists import REWIND
from fourfold.platform.ui.pages import Foot
from fourfold.threats import pages as threat_pages
from fourfold.threats.pages import person_in_words


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
    by_action = faults_by_action(lint, seen.whole)
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
                f"{person_in_words(report.reported_by)} reports that action {number} is {status_words(report.status)}."
            )
            to = Link("Read and answer", address(plan, "answer_report", number=number, pk=report.pk))
            found.append(Alert("information", said, link=to))
    return tuple(found)


def offered_in_words(number: int) -> str:
    still = plural(number, "action is", "actions are")
    return f"{still} still open in the plans of threats that were merged into this one."


def _foot(seen: PlanTold, foot: Foot) -> Foot:
    plan = seen.plan
    whole = seen.whole
    rows: list[Versioned] = [plan, *whole.sections.values(), *whole.aims, *whole.actions, *whole.consultations]
    last = max(row.recorded_from for row in rows)
    looked = Link("Who looked", f"{reverse('audit:who_looked')}?record={plan.reference}")
    return replace(foot, changed=f"Plan last changed {shown_moment(last)}.", links=(*foot.links[:1], looked))


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
        progress=capital(", ".join(said)) if said else "No baseline, reading or target yet",
        spark=spark(aim, [(reading.read_on, reading.value) for reading in readings]),
        movers=tuple(Link(f"{each.text}, {shown_date(each.on)}", each.href) for each in moved[:FEW]),
        unmoved="" if moved else "Nothing recorded has moved it yet.",
        links=tuple(links),
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
        tags=(status_tag(action.status), *late_tag(action, seen.today)),
        owner=owner_in_words(action),
        due=due_in_words(action),
        why=action.why_this_threat,
        aim=f"Aim {action.aim.position}" if action.aim else "",
        tactic=seen.tactics.get(action.tactic, action.tactic),
        faults=faults,
    )


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
