"""Reads of assessments. The database hides what a label keeps from the reader; who scores blind is in `rules`."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from django.db.models import F, Q, QuerySet

from fourfold.assessments import rules
from fourfold.assessments.models import (
    Appeal,
    Assessment,
    AssessmentModel,
    CriterionEvidence,
    CriterionScore,
    ScoreSheet,
)
from fourfold.assessments.rules import Case, Kind, Model, Side, Status
from fourfold.assessments.rules.definition import model_of
from fourfold.platform.errors import NotThere
from fourfold.platform.reference.models import ReferenceTerm
from fourfold.platform.reference.selectors import terms

if TYPE_CHECKING:
    from fourfold.threats.models import Threat

BANK_HOLIDAY = "bank_holiday"
RULE = "assessment_rule"
CLOCK, STRATEGY = "clock", "control_strategy"
WORKING_DAYS = 10


# Models


def models() -> QuerySet[AssessmentModel]:
    return AssessmentModel.objects.order_by("kind", "-effective_from", "code")


def model(code: str) -> Model:
    """The version of that code, ready to score with. Raises `NotThere`."""
    found = None if "\x00" in code else AssessmentModel.objects.filter(code=code).values_list("pk", "digest").first()
    if found is None:
        raise NotThere
    return _model(*found)


def model_by_pk(pk: int) -> Model:
    found = AssessmentModel.objects.filter(pk=pk).values_list("pk", "digest").first()
    if found is None:
        raise NotThere
    return _model(*found)


def current_model(kind: str, *, on: date) -> AssessmentModel | None:
    """The version that a new assessment uses on a day: the one in force that began last."""
    in_force = AssessmentModel.objects.filter(kind=kind, effective_from__lte=on).defer("definition")
    return in_force.order_by("-effective_from", "-loaded_at", "-pk").first()


def models_in_force(kind: str, *, on: date) -> tuple[AssessmentModel, ...]:
    found = AssessmentModel.objects.filter(kind=kind, effective_from__lte=on).defer("definition")
    return tuple(found.order_by("-effective_from", "-loaded_at", "-pk"))


@lru_cache(maxsize=64)
def _model(pk: int, digest: str) -> Model:
    """A version never changes, so it is read once; its digest is in the key because a number alone is a database's."""
    return model_of(AssessmentModel.objects.values_list("definition", flat=True).get(pk=pk, digest=digest))


# Region data


def bank_holidays() -> frozenset[date]:
    """Of England and Wales, as the region's data has them. One query."""
    found = ReferenceTerm.objects.filter(kind=BANK_HOLIDAY, effective_to=None).values_list("code", flat=True)
    return frozenset(date.fromisoformat(code) for code in found)


def working_days_allowed() -> int:
    """How many working days the regional unit has to decide. One query."""
    return int(_rule(CLOCK).get("working_days", WORKING_DAYS))


def due_on(submitted_on: date) -> date:
    """By when moderation is to be decided. One query."""
    holidays: set[date] = set()
    days = WORKING_DAYS
    found = ReferenceTerm.objects.filter(Q(kind=BANK_HOLIDAY) | Q(kind=RULE, code=CLOCK), effective_to=None)
    for kind, code, detail in found.values_list("kind", "code", "detail"):
        if kind == BANK_HOLIDAY:
            holidays.add(date.fromisoformat(code))
        else:
            days = int(detail.get("working_days", WORKING_DAYS))
    return rules.working_days_after(submitted_on, days, holidays)


@dataclass(frozen=True)
class StrategyRule:
    """How many themes the control strategy takes, and which policy requires whatever their rank."""

    top: int
    must_have: tuple[str, ...]
    source: str


def strategy_rule() -> StrategyRule:
    found = terms(RULE).filter(code=STRATEGY).first()
    detail: Mapping[str, Any] = found.detail if found else {}
    return StrategyRule(int(detail.get("top", 6)), tuple(detail.get("must_have", ())), found.source if found else "")


def _rule(code: str) -> Mapping[str, Any]:
    found = terms(RULE).filter(code=code).first()
    return found.detail if found else {}


# Assessments


def assessments() -> QuerySet[Assessment]:
    return Assessment.objects.select_related(
        "threat__owner",
        "area",
        "model",
        "label__owner",
        "label__compartment",
        "label__agreement",
        "assessor__organisation",
        "checked_by__organisation",
        "moderator__organisation",
        "second_moderator__organisation",
    ).defer("model__definition")


def assessment(reference: str) -> Assessment:
    """The assessment of that reference. Raises `NotThere` where there is none that the reader may see."""
    found = None if "\x00" in reference else assessments().filter(reference=reference).first()
    if found is None:
        raise NotThere
    return found


def moderated(kind: str = Kind.TACTICAL, *, soc: bool | None = True) -> QuerySet[Assessment]:
    """Assessments that stand moderated: at most one tactical one a threat. `soc=None` takes both."""
    found = Assessment.objects.filter(kind=kind, status=Status.MODERATED)
    return found if soc is None else found.filter(soc=soc)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What stands of a threat's assessment, and what is open beside it."""

    reference: str = ""
    status: str = ""
    soc: bool | None = None
    tier: str = ""
    harm: Decimal | None = None
    likelihood: Decimal | None = None
    risk: Decimal | None = None
    priority: Decimal | None = None
    confidence: int | None = None
    decided_at: datetime | None = None
    open_reference: str = ""
    open_status: str = ""


def standing_of(threat_ids: Iterable[int]) -> Mapping[int, Standing]:
    """What stands for each threat that has an assessment. One query."""
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    wanted = Assessment.objects.filter(threat_id__in=list(threat_ids), kind=Kind.TACTICAL)
    for each in wanted.exclude(status=Status.SUPERSEDED).order_by("pk"):
        threat_id = cast("int", each.threat_id)
        if each.status in rules.OPEN:
            found[threat_id] |= {"open_reference": each.reference, "open_status": each.status}
        elif each.tier and (each.status == Status.MODERATED or "reference" not in found[threat_id]):
            found[threat_id] |= {
                name: getattr(each, name)
                for name in (
                    *("reference", "status", "soc", "tier", "harm", "likelihood", "risk", "priority", "confidence"),
                    "decided_at",
                )
            }
    return {threat_id: Standing(**said) for threat_id, said in found.items()}


def assessment_of(threat: "Threat") -> Assessment | None:
    """The assessment that stands for a threat: moderated, or as it came from elsewhere. One query."""
    found = assessments().filter(threat=threat, kind=Kind.TACTICAL).exclude(tier="")
    decided = found.filter(status__in=(Status.MODERATED, Status.NOT_MODERATED)).order_by("status", "-pk")
    return decided.first()


def open_assessment_of(threat: "Threat") -> Assessment | None:
    return assessments().filter(threat=threat, kind=Kind.TACTICAL, status__in=rules.OPEN).order_by("-pk").first()


def all_of(threat: "Threat") -> tuple[Assessment, ...]:
    """Every assessment of a threat, newest first."""
    return tuple(assessments().filter(threat=threat).order_by("-pk"))


def case_of(of: Assessment, *, own_scores_saved: bool | None = None) -> Case:
    """What decides who may do what about it. One query, unless it is known whether the moderator's scores are saved."""
    if own_scores_saved is None:
        own_scores_saved = of.status == Status.IN_MODERATION and sheet_of(of, Side.MODERATOR) is not None
    return Case(
        owner=of.label.owner.code,
        audience=of.label.audience,
        status=of.status,
        took_part=frozenset(of.took_part),
        moderator=of.moderator_id,
        own_scores_saved=own_scores_saved,
        second_wanted=of.second_asked_at is not None and of.status == Status.IN_MODERATION,
    )


def sheet_of(of: Assessment, side: str, *, round: int | None = None) -> ScoreSheet | None:  # noqa: A002  as it is stored
    found = ScoreSheet.objects.filter(assessment=of, side=side, round=round or of.round)
    return found.select_related("by__organisation").first()


def scores_of(of: Assessment, side: str) -> Mapping[str, CriterionScore]:
    """The latest round's scores of one side, by criterion."""
    found = CriterionScore.objects.filter(assessment=of, side=side, round=of.round).order_by("pk")
    return {each.key: each for each in found}


@dataclass(frozen=True)
class ScoreLine:
    """One criterion as one side scored it in the latest round."""

    side: str
    section: str
    key: str
    value: int | None
    why: str


def scores_of_many(ids: Iterable[int]) -> Mapping[int, tuple[ScoreLine, ...]]:
    """Both sides' scores of the latest round, of many assessments. One query."""
    found: dict[int, list[ScoreLine]] = defaultdict(list)
    rows = CriterionScore.objects.filter(assessment__in=list(ids), round=F("assessment__round")).order_by("pk")
    named = ("assessment_id", "side", "section", "key", "value", "why")
    for pk, side, section, key, value, why in rows.values_list(*named):
        found[pk].append(ScoreLine(side, section, key, value, why))
    return {pk: tuple(lines) for pk, lines in found.items()}


def sheets_of_many(ids: Iterable[int]) -> Mapping[tuple[int, str], ScoreSheet]:
    """What came of each side's scores in the latest round, by assessment and side. One query."""
    rows = ScoreSheet.objects.filter(assessment__in=list(ids), round=F("assessment__round"))
    return {(each.assessment_id, each.side): each for each in rows}


def tier_codes() -> frozenset[str]:
    return frozenset(ReferenceTerm.objects.filter(kind="tier").values_list("code", flat=True))


def values_of(scores: Mapping[str, CriterionScore]) -> dict[str, int | None]:
    return {key: each.value for key, each in scores.items()}


def evidence_of(of: Assessment) -> tuple[CriterionEvidence, ...]:
    """What the assessor cites in the latest round."""
    found = CriterionEvidence.objects.filter(assessment=of, round=of.round, withdrawn=False)
    return tuple(found.order_by("-dated_on", "pk"))


def as_said(evidence: Iterable[CriterionEvidence]) -> tuple[rules.Evidence, ...]:
    """Evidence as rules read it: one record once, with every criterion it is cited for."""
    keys: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    for each in evidence:
        keys[each.reference, each.grade, each.dated_on, each.what, each.event_id].append(each.key)
    return tuple(
        rules.Evidence(keys=tuple(cited), reference=ref, grade=grade, dated_on=on, what=what, event=event)
        for (ref, grade, on, what, event), cited in keys.items()
    )


def appeal_of(of: Assessment) -> Appeal | None:
    return Appeal.objects.filter(assessment=of).select_related("made_by__organisation", "decided_by").first()


def entries_about(text: str) -> Q | None:
    """Which entries of the ledger are about the assessment of a reference; None where it is none."""
    reference = reference_of(text)
    if not reference.removeprefix("ASM-").isdecimal():
        return None
    found = Assessment.objects.filter(reference=reference).values_list("pk", flat=True)
    keys = [str(pk) for pk in found]
    return Q(object_type="assessments.assessment", object_id__in=keys) | Q(details__assessment=reference)


def reference_of(text: str) -> str:
    """The reference that a typed text such as asm 123 or ASM-000123 means; a bare number means none."""
    text = text.strip().upper()
    return f"ASM-{text.removeprefix('ASM').strip(' -').zfill(6)}" if text.startswith("ASM") else text


def called(ids: Collection[str]) -> Mapping[str, str]:
    """References by key, of the assessments that the reader may see."""
    found = Assessment.objects.filter(pk__in=[int(each) for each in ids]).values_list("pk", "reference") if ids else ()
    return {str(pk): reference for pk, reference in found}
