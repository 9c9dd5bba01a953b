"""One assessment as a record, and the part of a threat's record that shows what stands: both sides as bars, by whom."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from fourfold.assessments import rules
from fourfold.assessments.models import Appeal, Assessment, CriterionEvidence, ScoreSheet
from fourfold.assessments.pages import words as shown_as
from fourfold.assessments.rules import Side, Status
from fourfold.assessments.rules.definition import Criterion, Model
from fourfold.assessments.selectors import ScoreLine
from fourfold.platform.people.models import User
from fourfold.platform.ui.components import (
    Action,
    Alert,
    Cell,
    Empty,
    Fact,
    Figure,
    Head,
    IdentityBar,
    Link,
    Moment,
    Table,
    Tag,
)
from fourfold.platform.ui.jinja import plural, shown_date, shown_moment
from fourfold.platform.ui.pages import Foot, Page
from fourfold.threats import pages as threat_pages
from fourfold.threats import rules as threat_rules

FULL = 120
HIDDEN = (
    "The force's scores are not shown to people who moderate until its moderation is decided, or until a moderator's "
    "own scores are kept."
)


@dataclass(frozen=True)
class BarShown:
    """One side's score of one criterion. `width` is in the drawing's own units, of `FULL`."""

    score: str
    words: str
    width: float


@dataclass(frozen=True, kw_only=True)
class RowShown:
    """One criterion: the force's score beside the moderator's, with what each rests on."""

    name: str
    force: BarShown
    moderator: BarShown | None
    differs: bool
    reason: str
    why: str
    cited: int


@dataclass(frozen=True)
class SectionShown:
    name: str
    rows: tuple[RowShown, ...]


@dataclass(frozen=True, kw_only=True)
class Sides:
    """Both sides of an assessment, as far as this reader may see them."""

    lines: tuple[ScoreLine, ...] = ()
    sheets: Mapping[str, ScoreSheet]
    shows_force: bool
    shows_moderator: bool


@dataclass(frozen=True, kw_only=True)
class ShownAssessment:
    """What any page shows of one assessment."""

    heading: str
    figures: tuple[Figure, ...]
    tier: Tag | None
    note: str
    facts: tuple[Fact, ...]
    sections: tuple[SectionShown, ...]
    both: bool
    hidden: str
    evidence: Table


@dataclass(frozen=True, kw_only=True)
class AssessmentPage(Page):
    identity: IdentityBar
    shown: ShownAssessment
    moments: tuple[Moment, ...]
    actions: tuple[Action, ...]


@dataclass(frozen=True, kw_only=True)
class ThreatAssessmentPage(threat_pages.ThreatPage):
    """The part "Assessment" of a threat's record."""

    shown: ShownAssessment | None
    empty: Empty
    others: Table
    actions: tuple[Action, ...]


def shown_assessment(
    assessment: Assessment,
    *,
    model: Model | None,
    sides: Sides,
    evidence: Iterable[CriterionEvidence],
    links: Mapping[int, str],
    words: threat_rules.Vocabulary,
    heading: str,
) -> ShownAssessment:
    evidence = tuple(evidence)
    sheet = _sheet_shown(assessment, sides)
    return ShownAssessment(
        heading=heading,
        figures=_figures(assessment, sheet, model),
        tier=shown_as.tier_tag(assessment.tier or (sheet.tier if sheet else ""), words)
        if _has_tier(assessment, sheet)
        else None,
        note=_note(assessment, model),
        facts=_facts(assessment, model, words),
        sections=_sections(assessment, model, sides, evidence) if model and sides.shows_force else (),
        both=sides.shows_moderator and any(line.side == Side.MODERATOR for line in sides.lines),
        hidden="" if sides.shows_force else HIDDEN,
        evidence=_evidence_table(evidence, model, assessment.threat_type, links),
    )


def assessment_page(
    assessment: Assessment,
    *,
    shown: ShownAssessment,
    words: threat_rules.Vocabulary,
    appeal: Appeal | None,
    actions: tuple[Action, ...],
    alerts: tuple[Alert, ...],
) -> AssessmentPage:
    return AssessmentPage(
        title=f"Assessment {assessment.reference}",
        crumbs=shown_as.crumbs(assessment)[:-1],
        alerts=alerts,
        identity=IdentityBar(
            name=f"Assessment {assessment.reference}",
            reference=shown_as.about(assessment, words),
            facts=(
                Fact("Kind", rules.KIND_NAMES[assessment.kind]),
                Fact("Owner", assessment.label.owner.name),
                Fact("Serious and organised crime", "Yes" if assessment.soc else "No"),
            ),
            tags=(shown_as.status_tag(assessment),),
        ),
        shown=shown,
        moments=moments_of(assessment, appeal),
        actions=actions,
        foot=Foot(
            changed=f"Last changed {shown_moment(assessment.recorded_from)}: {assessment.because}.".replace("..", "."),
            seen_by=f"{assessment.label}.",
        ),
    )


def threat_page(
    frame: dict[str, Any],
    *,
    shown: ShownAssessment | None,
    others: Iterable[Assessment],
    begin: str,
    actions: tuple[Action, ...],
    alerts: tuple[Alert, ...],
) -> ThreatAssessmentPage:
    return ThreatAssessmentPage(
        **frame | {"alerts": (*frame["alerts"], *alerts)},
        shown=shown,
        empty=Empty(
            "No assessment stands yet",
            "The force scores the threat under the region's model with graded evidence, somebody else checks it, and "
            "the regional unit moderates it. What comes of it will be here, criterion by criterion.",
            Link("Assess this threat", begin) if begin else None,
        ),
        others=Table(
            "Other assessments of this threat",
            (Head("Assessment"), Head("State"), Head("Submitted"), Head("Decided")),
            tuple(
                (
                    Cell(each.reference, href=shown_as.address(each)),
                    Cell("", tag=shown_as.status_tag(each)),
                    Cell(_day(each.submitted_at) or "Not yet"),
                    Cell(_day(each.decided_at) or "Not yet"),
                )
                for each in others
            ),
            empty="There are no other assessments of this threat.",
        ),
        actions=actions,
    )


def moments_of(assessment: Assessment, appeal: Appeal | None) -> tuple[Moment, ...]:
    """What happened to it, newest first."""
    found: list[Moment] = []
    if appeal is not None and appeal.decided_at is not None:
        outcome = "Appeal decided: the decision stands" if appeal.stands else "Appeal decided: moderated again"
        found.append(Moment(outcome, appeal.decided_at, by=_name(appeal.decided_by), text=appeal.answer))
    if appeal is not None:
        found.append(Moment("Appealed against", appeal.made_at, by=shown_as.person(appeal.made_by), text=appeal.why))
    if assessment.decided_at is not None:
        by = shown_as.person(assessment.moderator)
        if assessment.second_moderator is not None:
            by += f", with {assessment.second_moderator.name}"
        title = rules.OUTCOME_NAMES.get(assessment.outcome, shown_as.status_in_words(assessment))
        found.append(Moment(title, assessment.decided_at, by=by))
    if assessment.second_asked_at is not None and assessment.decided_at is None:
        found.append(Moment("A second moderator was asked", assessment.second_asked_at))
    if assessment.taken_up_at is not None:
        found.append(Moment("Taken up", assessment.taken_up_at, by=shown_as.person(assessment.moderator)))
    if assessment.submitted_at is not None:
        checked = f"Checked by {shown_as.person(assessment.checked_by)}" if assessment.checked_by else ""
        found.append(
            Moment("Submitted", assessment.submitted_at, by=shown_as.person(assessment.assessor), text=checked)
        )
    elif assessment.finished_at is not None:
        found.append(Moment("Sent to be checked", assessment.finished_at, by=shown_as.person(assessment.assessor)))
    return tuple(found)


def reason_alerts(assessment: Assessment) -> tuple[Alert, ...]:
    """What the owner has to know first: returned, and why."""
    if assessment.status == Status.RETURNED:
        return (Alert("warning", assessment.because, heading="Returned: this is missing"),)
    return ()


def _name(user: User | None) -> str:
    return "" if user is None else user.name


def _has_tier(assessment: Assessment, sheet: ScoreSheet | None) -> bool:
    return bool(assessment.tier or (sheet is not None and sheet.tier))


def _sheet_shown(assessment: Assessment, sides: Sides) -> ScoreSheet | None:
    """Before a decision the numbers are the force's own, for those who see them."""
    if assessment.status in rules.DECIDED or not sides.shows_force:
        return None
    return sides.sheets.get(Side.ASSESSOR)


def _figures(assessment: Assessment, sheet: ScoreSheet | None, model: Model | None) -> tuple[Figure, ...]:
    of: Assessment | ScoreSheet | None = assessment if assessment.status in rules.DECIDED else sheet
    if of is None or (of.risk is None and not of.tier):
        return ()
    harm = model.sections[model.harm].name if model else "Harm"
    likelihood = model.sections[model.likelihood].name if model else "Likelihood"
    return (
        Figure(shown_as.shown(of.risk), "risk", hint="Raised to a floor of the model" if of.floored else ""),
        Figure(shown_as.shown(of.harm), harm.lower()),
        Figure(shown_as.shown(of.likelihood), likelihood.lower()),
        Figure(shown_as.shown(of.priority), "priority, which orders the queue"),
        Figure(*shown_as.level_in_parts(model, of.confidence)),
    )


def _note(assessment: Assessment, model: Model | None) -> str:
    if model is None:
        return "As recorded in the national system: its scores did not come with it."
    who = "" if assessment.status in rules.DECIDED else "As the force scored it. "
    return f"{who}Scored under {shown_as.model_in_words(model)}."


def _facts(assessment: Assessment, model: Model | None, words: threat_rules.Vocabulary) -> tuple[Fact, ...]:
    facts = [
        Fact("Scored by", shown_as.person(assessment.assessor)),
        Fact("Checked by", shown_as.person(assessment.checked_by)),
        Fact("Submitted", _day(assessment.submitted_at)),
    ]
    if assessment.status in rules.WITH_THE_UNIT:
        facts.append(Fact("To be decided by", assessment.due_on, hint="Working days of England and Wales"))
    if assessment.status in rules.DECIDED:
        facts += [
            Fact("Moderated by", shown_as.person(assessment.moderator)),
            Fact("Decided", _day(assessment.decided_at), hint=rules.OUTCOME_NAMES.get(assessment.outcome, "")),
        ]
        if assessment.second_moderator is not None:
            facts.append(Fact("Second moderator", shown_as.person(assessment.second_moderator)))
    if assessment.elsewhere:
        facts.append(Fact("In the national system", assessment.elsewhere))
    facts.append(
        Fact("Model", shown_as.model_in_words(model) if model else "Not recorded", hint=model.source if model else "")
    )
    if assessment.threat_type:
        facts.append(Fact("Scored as", threat_rules.type_name(assessment.threat_type)))
    return tuple(facts)


def _sections(
    assessment: Assessment, model: Model, sides: Sides, evidence: Iterable[CriterionEvidence]
) -> tuple[SectionShown, ...]:
    force = {line.key: line for line in sides.lines if line.side == Side.ASSESSOR}
    moderator = {line.key: line for line in sides.lines if line.side == Side.MODERATOR and sides.shows_moderator}
    cited: dict[str, int] = defaultdict(int)
    for each in evidence:
        cited[each.key] += 1
    found = []
    for section in model.sections.values():
        rows = tuple(
            RowShown(
                name=criterion.named(assessment.threat_type),
                force=_bar(criterion, force[criterion.key].value, assessment.threat_type),
                moderator=_bar(criterion, moderator[criterion.key].value, assessment.threat_type)
                if criterion.key in moderator
                else None,
                differs=criterion.key in moderator and moderator[criterion.key].value != force[criterion.key].value,
                reason=assessment.reasons.get(criterion.key, "") if sides.shows_moderator else "",
                why=force[criterion.key].why,
                cited=cited[criterion.key],
            )
            for criterion in section.criteria
            if criterion.key in force
        )
        if rows:
            found.append(SectionShown(section.name, rows))
    return tuple(found)


def _bar(criterion: Criterion, value: int | None, threat_type: str) -> BarShown:
    if value is None:
        return BarShown("Unknown", "", 0)
    share = value / criterion.highest
    return BarShown(f"{value} of {criterion.highest}", criterion.anchor(value, threat_type), round(FULL * share, 1))


def _evidence_table(
    evidence: Iterable[CriterionEvidence], model: Model | None, threat_type: str, links: Mapping[int, str]
) -> Table:
    """One line a record, with every criterion it is for."""
    cited: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    for each in evidence:
        criterion = model.by_key.get(each.key) if model else None
        name = criterion.named(threat_type) if criterion else each.key
        cited[each.dated_on, each.reference, each.what, each.grade, each.event_id].append(name)
    rows = tuple(
        (
            Cell(reference, href=links.get(event or 0, ""), hint=what),
            Cell(dated_on),
            Cell(threat_rules.grade_in_words(grade)),
            Cell(", ".join(names)),
        )
        for (dated_on, reference, what, grade, event), names in sorted(
            cited.items(), key=lambda item: item[0][0], reverse=True
        )
    )
    heads = (Head("Record"), Head("Date"), Head("Grade"), Head("For"))
    return Table("Evidence", heads, rows, empty="No evidence that you may see is cited.")


def _day(moment: Any) -> str:
    return "" if moment is None else shown_date(moment)


def reassess_alert(reasons: Iterable[str], begin: str, *, may: bool) -> tuple[Alert, ...]:
    """A prompt, never a change: what happened since the threat was scored."""
    said = "; ".join(reasons)
    if not said:
        return ()
    text = f"{said[:1].upper()}{said[1:]}."
    link = Link("Assess this threat again", begin) if may else None
    return (Alert("warning", text, heading="Reassessment due", link=link),)


def days_left(due_on: date, today: date) -> str:
    if due_on < today:
        return f"{plural((today - due_on).days, 'day', 'days')} overdue"
    return "Due today" if due_on == today else f"Due {shown_date(due_on)}"
