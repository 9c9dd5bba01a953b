"""The matrix: one criterion a row, its anchors as cards, evidence beside it, and what the scores come to so far."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from fourfold.assessments import rules
from fourfold.assessments.forms import UNKNOWN, MatrixForm, as_typed
from fourfold.assessments.models import Assessment, CriterionEvidence
from fourfold.assessments.pages import words as shown_as
from fourfold.assessments.rules import Evidence, Values
from fourfold.assessments.rules.definition import Criterion, Model
from fourfold.assessments.rules.scoring import Step
from fourfold.platform.ui.components import Alert, Fact, Link, Tag
from fourfold.platform.ui.fields import sentences
from fourfold.platform.ui.jinja import shown_date
from fourfold.platform.ui.pages import Page
from fourfold.threats import rules as threat_rules

STEPS_SHOWN = 5
MISSING_SHOWN = 6
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True)
class OptionShown:
    id: str
    value: str
    score: str
    words: str
    checked: bool


@dataclass(frozen=True)
class CitedShown:
    """One record cited for a criterion."""

    text: str
    grade: str
    href: str = ""
    withdraw: str = ""


@dataclass(frozen=True, kw_only=True)
class CriterionShown:
    key: str
    name: str
    question: str
    weight: str
    options: tuple[OptionShown, ...]
    why: str
    why_open: bool
    why_error: str
    error: str
    meanwhile: str
    first: str
    first_why: str
    cited: tuple[CitedShown, ...]
    asks_evidence: bool


@dataclass(frozen=True)
class SectionShown:
    key: str
    name: str
    about: str
    criteria: tuple[CriterionShown, ...]


@dataclass(frozen=True, kw_only=True)
class SoFar:
    """What the scores come to as far as they go. `would_change` says what would give another tier."""

    tier: Tag | None
    facts: tuple[Fact, ...]
    note: str
    would_change: tuple[str, ...]
    missing: tuple[Link, ...]
    more_missing: str
    ready: str


@dataclass(frozen=True, kw_only=True)
class MatrixPage(Page):
    form: MatrixForm
    sections: tuple[SectionShown, ...]
    so_far: SoFar
    lead: str
    about_model: str
    work_out: str
    send: str
    back: Link
    cites: bool
    lines: tuple[str, ...] = field(default_factory=tuple)


def matrix_page(
    assessment: Assessment,
    *,
    form: MatrixForm,
    model: Model,
    words: threat_rules.Vocabulary,
    evidence: Iterable[CriterionEvidence],
    today: date,
    blind: bool,
    links: Mapping[int, str],
    meanwhile: Mapping[str, str] | None = None,
    alerts: tuple[Alert, ...] = (),
) -> MatrixPage:
    """The form of one side: the force's, with evidence to add, or the moderator's, blank of what the force chose."""
    evidence = tuple(evidence)
    cited: dict[str, list[CriterionEvidence]] = defaultdict(list)
    for each in evidence:
        cited[each.key].append(each)
    said = as_said(evidence)
    cites = not blind
    sections = tuple(
        SectionShown(
            section.key,
            section.name,
            section.about,
            tuple(
                _criterion(
                    each,
                    form=form,
                    threat_type=assessment.threat_type,
                    cited=tuple(_cited(one, links, cites=cites) for one in cited[each.key]),
                    meanwhile=(meanwhile or {}).get(each.key, ""),
                    asks_evidence=cites and section.key in model.evidence_sections,
                )
                for each in section.criteria
            ),
        )
        for section in model.sections.values()
    )
    return MatrixPage(
        title="Score blind" if blind else "Score the threat" if assessment.threat else "Score the theme",
        caption=f"{assessment.reference} {shown_as.about(assessment, words)}",
        crumbs=shown_as.crumbs(assessment),
        alerts=alerts,
        has_errors=bool(form.errors),
        form=form,
        sections=sections,
        so_far=so_far(
            model,
            form.chosen(),
            reasons={key: str(form[f"why-{key}"].value() or "") for key in model.by_key},
            evidence=said,
            words=words,
            threat_type=assessment.threat_type,
            today=today,
            blind=blind,
        ),
        lead=BLIND if blind else "",
        about_model=f"Scored under {shown_as.model_in_words(model)}.",
        work_out=shown_as.address(assessment, "work_out"),
        send="Keep my scores for good" if blind else "Save and send to be checked",
        back=Link("Back to the assessment", shown_as.address(assessment)),
        cites=cites,
    )


BLIND = (
    "Score it yourself from the evidence. What the force chose is shown beside yours once your own scores are kept for "
    "good; from then on neither can be changed."
)


def so_far(
    model: Model,
    values: Values,
    *,
    reasons: Mapping[str, str],
    evidence: Sequence[Evidence],
    words: threat_rules.Vocabulary,
    threat_type: str,
    today: date,
    blind: bool,
) -> SoFar:
    scored = rules.score(model, values)
    harm, likelihood = model.sections[model.harm].name, model.sections[model.likelihood].name
    facts = [
        Fact(harm, shown_as.shown(scored.harm)),
        Fact(likelihood, shown_as.shown(scored.likelihood)),
        Fact("Risk", shown_as.shown(scored.risk), hint="Raised to a floor of the model" if scored.floored else ""),
        Fact("Priority", shown_as.shown(scored.priority), hint="Orders the queue; never changes the tier"),
    ]
    level = rules.confidence(model, evidence, on=today)
    facts.append(Fact("Confidence", shown_as.level_name(model, level.level), hint="From the evidence cited"))
    cited = None if blind else {key for each in evidence for key in each.keys}
    faults = rules.faults_to_finish(model, values, why=reasons, cited=cited, threat_type=threat_type)
    missing = tuple(Link(sentence, f"#c-{key}" if key else "#scores") for _, key, sentence in faults)
    steps = rules.steps_to_other_tiers(model, values)[:STEPS_SHOWN] if scored.risk is not None else ()
    return SoFar(
        tier=shown_as.tier_tag(scored.tier, words) if scored.tier else None,
        facts=tuple(facts),
        note=f"{len(values)} of {len(model.criteria)} criteria scored.",
        would_change=tuple(step_in_words(model, step, words, threat_type) for step in steps),
        missing=missing[:MISSING_SHOWN],
        more_missing=f"and {len(missing) - MISSING_SHOWN} more" if len(missing) > MISSING_SHOWN else "",
        ready="" if missing else "Everything that is needed is here.",
    )


def step_in_words(model: Model, step: Step, words: threat_rules.Vocabulary, threat_type: str) -> str:
    """`One more point on physical makes it Tier 2.`"""
    count = abs(step.by)
    number = NUMBERS[count] if count < len(NUMBERS) else str(count)
    if step.by > 0:
        how = f"{number} more {'point' if count == 1 else 'points'}"
    else:
        how = f"{number} {'point' if count == 1 else 'points'} fewer"
    verb = "makes" if count == 1 else "make"
    name = model.by_key[step.key].named(threat_type).lower()
    return f"{how.capitalize()} on {name} {verb} it {words.tier_name(step.tier)}."


def as_said(evidence: Iterable[CriterionEvidence]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(keys=(each.key,), reference=each.reference, grade=each.grade, dated_on=each.dated_on)
        for each in evidence
    )


def _criterion(
    criterion: Criterion,
    *,
    form: MatrixForm,
    threat_type: str,
    cited: tuple[CitedShown, ...],
    meanwhile: str,
    asks_evidence: bool,
) -> CriterionShown:
    key = criterion.key
    chosen, why = form[f"score-{key}"], form[f"why-{key}"]
    typed = str(chosen.value() or "")
    options = [
        OptionShown(
            chosen.auto_id if value == criterion.lowest else f"{chosen.auto_id}_{value}",
            str(value),
            str(value),
            criterion.anchor(value, threat_type),
            typed == str(value),
        )
        for value in criterion.scale
    ]
    if criterion.may_be_unknown:
        options.append(OptionShown(f"{chosen.auto_id}_u", UNKNOWN, "?", "Unknown: say why below", typed == UNKNOWN))
    weight = float(criterion.weight)
    return CriterionShown(
        key=key,
        name=criterion.named(threat_type),
        question=criterion.asked(threat_type),
        weight="" if weight == 1 else f"Weight {weight:g}",
        options=tuple(options),
        why=str(why.value() or ""),
        why_open=bool(why.value()) or bool(why.errors) or bool(chosen.errors) or typed == UNKNOWN,
        why_error=". ".join(sentences(why)),
        error=". ".join(sentences(chosen)),
        meanwhile=meanwhile,
        first=_first(form, key),
        first_why=_first_why(form, key),
        cited=cited,
        asks_evidence=asks_evidence,
    )


def _first(form: MatrixForm, key: str) -> str:
    """What the form showed when it was opened; after another's change was shown, what the draft says now."""
    if form.is_bound and not form.renewed:
        return str(form.data.get(f"first-{key}", ""))
    return as_typed(form.held[key][0]) if key in form.held else ""


def _first_why(form: MatrixForm, key: str) -> str:
    if form.is_bound and not form.renewed:
        return str(form.data.get(f"firstwhy-{key}", ""))
    return form.held[key][1] if key in form.held else ""


def _cited(each: CriterionEvidence, links: Mapping[int, str], *, cites: bool) -> CitedShown:
    what = f": {each.what}" if each.what else ""
    return CitedShown(
        text=f"{each.reference}{what}, {shown_date(each.dated_on)}",
        grade=f"{each.grade}: {threat_rules.grade_in_words(each.grade)[4:]}",
        href=links.get(each.event_id or 0, ""),
        withdraw=f"withdraw-{each.pk}" if cites else "",
    )
