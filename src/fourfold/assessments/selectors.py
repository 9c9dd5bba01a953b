"""Reads of assessments. The database hides what a label keeps from the reader; who scores blind is in `rules`."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, TruncDate
from django.urls import reverse

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
from fourfold.assessments.rules.definition import KIND_NAMES, model_of
from fourfold.platform import clock
from fourfold.platform.errors import NotThere
from fourfold.platform.people.models import Organisation, OrganisationKind
from fourfold.platform.reference.keeping import kept
from fourfold.platform.reference.models import ReferenceTerm
from fourfold.platform.reference.selectors import terms
from fourfold.pole import selectors as pole
from fourfold.threats import rules as threat_rules
from fourfold.threats import selectors as threats

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


@kept
def bank_holidays() -> frozenset[date]:
    """Of England and Wales, as the region's data has them. One query, or none."""
    found = ReferenceTerm.objects.filter(kind=BANK_HOLIDAY, effective_to=None).values_list("code", flat=True)
    return frozenset(date.fromisoformat(code) for code in found)


def working_days_allowed() -> int:
    """How many working days the regional unit has to decide. One query, or none."""
    return int(_rule(CLOCK).get("working_days", WORKING_DAYS))


def due_on(submitted_on: date) -> date:
    """By when moderation is to be decided. One query, or none."""
    days, holidays = _clock()
    return rules.working_days_after(submitted_on, days, holidays)


@kept
def _clock() -> tuple[int, frozenset[date]]:
    """How many working days there are to decide, and which days are none. One query, or none."""
    holidays: set[date] = set()
    days = WORKING_DAYS
    found = ReferenceTerm.objects.filter(Q(kind=BANK_HOLIDAY) | Q(kind=RULE, code=CLOCK), effective_to=None)
    for kind, code, detail in found.values_list("kind", "code", "detail"):
        if kind == BANK_HOLIDAY:
            holidays.add(date.fromisoformat(code))
        else:
            days = int(detail.get("working_days", WORKING_DAYS))
    return days, frozenset(holidays)


@dataclass(frozen=True)
class StrategyRule:
    """How many themes the control strategy takes, and which policy requires whatever their rank."""

    top: int
    must_have: tuple[str, ...]
    source: str


def strategy_rule() -> StrategyRule:
    found = _rule_term(STRATEGY)
    detail: Mapping[str, Any] = found.detail if found else {}
    return StrategyRule(int(detail.get("top", 6)), tuple(detail.get("must_have", ())), found.source if found else "")


def _rule(code: str) -> Mapping[str, Any]:
    found = _rule_term(code)
    return found.detail if found else {}


def _rule_term(code: str) -> ReferenceTerm | None:
    return next((term for term in terms(RULE) if term.code == code), None)


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
        scored_by=frozenset(of.scored_by),
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


def said_in(scores: Mapping[str, CriterionScore]) -> dict[str, tuple[int | None, str]]:
    """Score and reason, by criterion."""
    return {key: (each.value, each.why) for key, each in scores.items()}


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


@dataclass(frozen=True)
class OnPicture:
    """One record of the picture that names people of a threat; `grade` is empty where it came without one."""

    event: int
    noun: str
    title: str
    reference: str
    grade: str
    dated_on: date


RECORDS_OFFERED = 25


def records_on_picture(threat: "Threat") -> tuple[OnPicture, ...]:
    """Events about the people now in a threat that the reader may see, newest first. Seven queries at most."""
    now_in = threats.members_sides([threat.pk]).get(threat.pk, ())
    records = pole.records_of({each.person_id for each in now_in if each.to_on is None})
    found: dict[int, OnPicture] = {}
    for joined in pole.links_from("PERSON", [pk for ids in records.values() for pk in ids]):
        if joined.other_kind == "EVENT" and joined.other.pk not in found:
            found[joined.other.pk] = _on_picture(joined.other)
    dated = [each for each in found.values() if each.dated_on != date.min]
    return tuple(sorted(dated, key=lambda each: (each.dated_on, each.event), reverse=True)[:RECORDS_OFFERED])


def _on_picture(record: Any) -> OnPicture:
    _, noun, title, day = pole.described(record)
    grade = str(record.source_grade or "")
    known = grade if threat_rules.is_grade(grade) else ""
    return OnPicture(record.pk, noun, title, str(record.reference or title), known, day or date.min)


def event_addresses(ids: Iterable[int | None]) -> Mapping[int, str]:
    """Where the records of the picture are read that the reader may see. One query."""
    wanted = {each for each in ids if each is not None}
    return {event.pk: pole.address_of(event) for event in pole.events().filter(pk__in=wanted)} if wanted else {}


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


@dataclass(frozen=True)
class Called:
    """One assessment found by its reference, in the words of a search."""

    name: str
    detail: str
    url: str


def assessments_called(text: str) -> tuple[Called, ...]:
    """The assessment of a typed reference, ours or the national system's. No more than one query."""
    typed = " ".join(text.split())
    if not any(letter.isdigit() for letter in typed) or len(typed) > 80:
        return ()
    asked = Q(reference=reference_of(typed)) | (Q(elsewhere__iexact=typed) & ~Q(elsewhere=""))
    return tuple(
        Called(
            f"{each.reference} {each.threat.name if each.threat else each.theme}",
            f"{KIND_NAMES[each.kind]}, {rules.STATUS_NAMES[each.status].lower()}, {each.label.owner.name}",
            reverse("assessments:assessment", args=[each.reference]),
        )
        for each in assessments().filter(asked).order_by("reference")[:5]
    )


def called(ids: Collection[str]) -> Mapping[str, str]:
    """References by key, of the assessments that the reader may see."""
    found = Assessment.objects.filter(pk__in=[int(each) for each in ids]).values_list("pk", "reference") if ids else ()
    return {str(pk): reference for pk, reference in found}


# Since it was scored, and when it is looked at again


@dataclass(frozen=True)
class SinceScored:
    """One way in which a threat is not what it was when it was scored: a filter's code, and the words of it."""

    code: str
    name: str
    words: str


SINCE_SCORED = (
    SinceScored("kind", "Kind", "its kind was changed"),
    SinceScored("phase", "Phase", "it moved to another phase"),
    SinceScored("members", "Members", "people in it were added or changed"),
    SinceScored("lines", "Phone lines", "its phone lines changed"),
    SinceScored("events", "New on the picture", "something new about its people is on the picture"),
)
SCORED_AT = Coalesce("submitted_at", "decided_at")


def since_scored(code: str) -> Q:
    """Assessments whose threat has changed in this way since the force sent its scores."""
    scored = Assessment.objects.filter(pk=OuterRef("pk")).annotate(since=SCORED_AT)
    match code:
        case "kind":
            return ~Q(threat_type="") & ~Q(threat__threat_type=F("threat_type"))
        case "phase":
            return Q(Exists(scored.filter(threat__phase_from__gt=TruncDate("since", tzinfo=clock.LONDON))))
        case "members":
            return Q(Exists(scored.filter(threat__members__recorded_from__gt=F("since"))))
        case "lines":
            return Q(Exists(scored.filter(threat__lines__recorded_from__gt=F("since"))))
        case "events":
            came = pole.came_up_since("since", person="threat__members__record__person_id")
            return Q(Exists(scored.filter(came)))
        case _:
            return Q(pk__in=[])


def standing_open() -> QuerySet[Assessment]:
    """Moderated tactical assessments that stand, of threats that are open."""
    return assessments().filter(kind=Kind.TACTICAL, status=Status.MODERATED, threat__closed_on=None)


def facts_changed() -> QuerySet[Assessment]:
    """Those of them whose threat is not what it was when it was scored."""
    changed = Q()
    for each in SINCE_SCORED:
        changed |= since_scored(each.code)
    return standing_open().filter(changed)


def what_changed(ids: Collection[int]) -> Mapping[int, tuple[str, ...]]:
    """In words, of many assessments. One query a kind of change."""
    found: dict[int, list[str]] = defaultdict(list)
    for each in SINCE_SCORED:
        changed = Assessment.objects.filter(since_scored(each.code), pk__in=ids)
        for pk in changed.values_list("pk", flat=True):
            found[pk].append(each.words)
    return {pk: tuple(words) for pk, words in found.items()}


def why_reassess(stands: Assessment, *, today: date) -> tuple[str, ...]:
    """Why a threat is to be scored again, in words: what changed since, or that its tier's time is over."""
    reasons = list(what_changed([stands.pk]).get(stands.pk, ()))
    due = review_due(stands, threats.vocabulary())
    if due is not None and due < today:
        reasons.append(f"a threat of this tier was to be looked at again by {due:%-d %B %Y}")
    return tuple(reasons)


def review_due(stands: Assessment, words: threat_rules.Vocabulary) -> date | None:
    """By when what stands is looked at again: the tier's months after it was decided."""
    tier = words.tiers.get(stands.tier)
    if tier is None or stands.decided_at is None:
        return None
    return threat_rules.review_due(tier=tier, last_changed_on=stands.decided_at.astimezone(clock.LONDON).date())


def overdue_for_review(words: threat_rules.Vocabulary, today: date) -> Q:
    """Assessments that stand longer than their tier's cycle."""
    found = Q(pk__in=[])
    for tier in words.tiers.values():
        if tier.review_months:
            long_ago = clock.close_of(rules.months_before(today, tier.review_months) - timedelta(days=1))
            found |= Q(tier=tier.code, decided_at__lte=long_ago)
    return found


# Agreement between assessors and moderators


@dataclass(frozen=True)
class PairCount:
    """How often a force chose one score and the moderator another, for a criterion, in a quarter."""

    key: str
    owner: str
    quarter: date
    assessor: int
    moderator: int
    times: int


PAIRS = """
select m.key, o.short_name, date_trunc('quarter', a.decided_at at time zone 'Europe/London')::date,
       f.value, m.value, count(*)
  from assessments_assessment a
  join assessments_criterionscore m on m.assessment_id = a.id and m.round = a.round and m.side = 'MODERATOR'
  join assessments_criterionscore f on f.assessment_id = a.id and f.round = a.round and f.side = 'ASSESSOR'
   and f.key = m.key
  join visibility_accesslabel l on l.id = a.label_id
  join people_organisation o on o.id = l.owner_id
 where a.model_id = %(model)s and a.decided_at is not null and a.outcome <> '' and m.value is not null
   and f.value is not null
 group by 1, 2, 3, 4, 5
"""


def pairs_scored(model_pk: int) -> tuple[PairCount, ...]:
    """Every pair of scores of decided assessments that the reader may see, counted. One query."""
    with connection.cursor() as cursor:
        cursor.execute(PAIRS, {"model": model_pk})
        return tuple(PairCount(*row) for row in cursor.fetchall())


# Themes


def areas() -> tuple[Organisation, ...]:
    """Where a theme is scored for: each force of the region, and the regional unit for the whole of it."""
    police = Organisation.objects.filter(kind__in=(OrganisationKind.FORCE, OrganisationKind.ROCU)).exclude(region="")
    return tuple(police.order_by("kind", "name"))


def themes_scored(area: str, year: int) -> tuple[Assessment, ...]:
    """Moderated thematic assessments of an area and a year, the highest first."""
    found = assessments().filter(kind=Kind.THEMATIC, status=Status.MODERATED, area__code=area, year=year)
    return tuple(found.order_by("-priority", "theme"))


def themes_open(area: str, year: int) -> tuple[Assessment, ...]:
    found = assessments().filter(kind=Kind.THEMATIC, status__in=rules.OPEN, area__code=area, year=year)
    return tuple(found.order_by("theme", "pk"))


# What waits, for the unit and for a person


def queue() -> QuerySet[Assessment]:
    """Assessments with the regional unit."""
    return assessments().filter(status__in=rules.WITH_THE_UNIT)


def waits_for_check() -> Q:
    return Q(status__in=rules.IN_HAND, finished_at__isnull=False)


def waiting_for_check(owner_id: int, *, but: int) -> QuerySet[Assessment]:
    """Assessments of an organisation that wait to be checked by somebody who did not score them."""
    waiting = Assessment.objects.filter(waits_for_check(), label__owner=owner_id)
    return waiting.exclude(scored_by__contains=[but])


def appealed() -> QuerySet[Assessment]:
    """Assessments whose appeal is not decided."""
    return assessments().filter(appeal__isnull=False, appeal__decided_at=None)


LATELY = timedelta(days=28)


def decided_lately(today: date) -> QuerySet[Assessment]:
    """What the unit decided, or returned, in the last four weeks."""
    since = clock.close_of(today - LATELY)
    return Assessment.objects.filter(decided_since(since))


def decided_since(moment: datetime) -> Q:
    return Q(decided_at__gt=moment) & ~Q(outcome="")


def returned_to(user_id: int) -> QuerySet[Assessment]:
    """Returned by the unit or by a check, to somebody who took part."""
    mine = Assessment.objects.filter(took_part__contains=[user_id], finished_at=None)
    return mine.filter(status=Status.RETURNED).select_related("threat", "area").order_by("pk")


def reviews_of(user_id: int) -> tuple[Assessment, ...]:
    """What stands of the open threats that somebody leads, deputises for or investigates."""
    led = threats.threats_led_by(user_id).order_by().values("pk")
    return tuple(standing_open().filter(threat__in=led).order_by("pk"))


def no_assessment() -> Q:
    """Threats of which no assessment was ever sent, or came from elsewhere."""
    sent = Assessment.objects.filter(threat=OuterRef("pk"), kind=Kind.TACTICAL)
    ever = sent.filter(Q(submitted_at__isnull=False) | ~Q(elsewhere="") | Q(status=Status.RETURNED))
    return ~Q(Exists(ever))


def review_overdue(today: date) -> Q:
    """Threats whose standing assessment is older than their tier's cycle and that are not being assessed again."""
    mine = Assessment.objects.filter(threat=OuterRef("pk"), kind=Kind.TACTICAL)
    stands = mine.filter(overdue_for_review(threats.vocabulary(), today), status=Status.MODERATED)
    return Q(Exists(stands)) & ~Q(Exists(mine.filter(status__in=rules.OPEN)))


def moderation_overdue(today: date) -> Q:
    """Threats whose assessment the unit has had for longer than its clock allows."""
    waiting = Assessment.objects.filter(threat=OuterRef("pk"), status__in=rules.WITH_THE_UNIT, due_on__lt=today)
    return Q(Exists(waiting))
