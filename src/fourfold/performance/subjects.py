"""What a filter may ask of threats and of disruptions: each field with its name, its column and its words.

The queries start from other rooms' selectors, so the policy, the label and a past date hold as everywhere.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Final

from django.db.models import DateField, F, Func, IntegerField, Q, QuerySet
from django.urls import reverse

from fourfold.assessments import selectors as assessments
from fourfold.disruptions import selectors as disruptions
from fourfold.performance.rules import Condition, Of, Op, Period
from fourfold.plans import selectors as plans
from fourfold.platform.people.models import Organisation, OrganisationKind
from fourfold.platform.reference import selectors as reference
from fourfold.platform.reference.keeping import kept
from fourfold.threats import rules as threat_rules
from fourfold.threats import selectors as threats

YES: Final = "yes"
NO: Final = "no"
OVERDUE: Final = "overdue"
HALF_A_YEAR_DAYS: Final = 183
YEAR_DAYS: Final = 365
AGES: Final = (
    ("under_6_months", "Under 6 months", 0, HALF_A_YEAR_DAYS),
    ("6_to_12_months", "6 to 12 months", HALF_A_YEAR_DAYS, YEAR_DAYS),
    ("1_to_2_years", "1 to 2 years", YEAR_DAYS, 2 * YEAR_DAYS),
    ("over_2_years", "2 years and more", 2 * YEAR_DAYS, None),
)
SCORES: Final = (
    ("0_to_49", "Under 50", 0, 49),
    ("50_to_69", "50 to 69", 50, 69),
    ("70_to_89", "70 to 89", 70, 89),
    ("90_to_100", "90 and more", 90, 100),
)


@dataclass(frozen=True)
class When:
    """What a condition may depend on beside the row: the period, the day it is read for, and the past moment if any."""

    day: date
    period: Period | None = None
    moment: datetime | None = None


@dataclass(frozen=True)
class Field:
    """One field that a filter may name.

    Args:
        name: As a sentence names it.
        path: The column, as an ORM path; empty where `where` answers.
        where: The condition for one value, where no column holds it.
        term: Kind of reference data whose names its values have.
        organisation: Its values are keys or codes of organisations.
        words: What a stored value is called, where neither holds.
        via: The conditions hold for one row of the table in between.
    """

    name: str
    path: str = ""
    where: Callable[[Op, str, When], Q] | None = None
    term: str = ""
    organisation: bool = False
    words: Callable[[str], str] | None = None
    via: bool = False


class Wording:
    """What stored values are called. Each list of names is read once, when it is first needed."""

    def __init__(self) -> None:
        self._terms: dict[str, Mapping[str, str]] = {}
        self._organisations: dict[str, str] = {}

    def of(self, field: Field, value: object) -> str:
        """A value as a person reads it."""
        match value:
            case None | "":
                return "nothing"
            case bool():
                return YES if value else NO
            case date():
                return f"{value.day} {value:%B %Y}"
            case _:
                return self._named(field, str(value))

    def condition(self, field: Field, value: str) -> str:
        """A value of a filter as a person reads it."""
        try:
            return self.of(field, date.fromisoformat(value))
        except ValueError:
            return self.of(field, value)

    def _named(self, field: Field, text: str) -> str:
        if field.term:
            if field.term not in self._terms:
                self._terms[field.term] = reference.names(field.term)
            return self._terms[field.term].get(text, text)
        if field.organisation:
            if not self._organisations:
                for pk, code, name in Organisation.objects.values_list("pk", "code", "short_name"):
                    self._organisations |= {str(pk): name, code: name}
            return self._organisations.get(text, text)
        return field.words(text) if field.words else text


@dataclass(frozen=True)
class Subject:
    """Rows that figures count.

    Args:
        body: ORM path of the key of the organisation that a row counts for.
        watched: Columns whose change may make a row come, go or count elsewhere, by the name of their field.
        reason: The column that says why a row came to say what it says.
        title: What the row is called.
        address: Where the row's page is.
        dated: The column with the day of the event, where there is one.
        standing_on: Rows of another table that a row's place in an extract depends on.
    """

    of: Of
    noun: tuple[str, str]
    rows: Callable[[], QuerySet[Any]]
    body: str
    fields: Mapping[str, Field]
    watched: tuple[str, ...]
    reason: str
    title: Callable[[Any], str]
    address: Callable[[Any], str]
    dated: tuple[str, ...] = ()
    standing_on: "Standing | None" = None

    def condition(self, conditions: Iterable[Condition], when: When) -> Q:
        """All conditions as one; those on the table in between hold for one and the same row of it."""
        asked, between = Q(), Q()
        for each in conditions:
            field = self.fields[each.field]
            if field.via:
                between &= _holds(field, each, when)
            else:
                asked &= _holds(field, each, when)
        if between and self.standing_on:
            asked &= Q(pk__in=self.standing_on.rows().filter(between).order_by().values(self.standing_on.key))
        return asked


@dataclass(frozen=True)
class Standing:
    """A table whose rows decide, with the row itself, whether it is in an extract."""

    noun: str
    rows: Callable[[], QuerySet[Any]]
    key: str
    watched: tuple[str, ...]
    reason: str


def _holds(field: Field, condition: Condition, when: When) -> Q:
    match condition.op:
        case Op.BY:
            return Q(**{f"{field.path}__lte": when.moment}) if when.moment else Q()
        case Op.IN:
            if when.period is None:
                raise ValueError(f"{field.name} is asked for a period, and none was given")
            return Q(**{f"{field.path}__gte": when.period.first, f"{field.path}__lt": when.period.after})
        case Op.FROM | Op.AFTER | Op.BEFORE:
            ending = {Op.FROM: "gte", Op.AFTER: "gt", Op.BEFORE: "lt"}[condition.op]
            return Q(**{f"{field.path}__{ending}": date.fromisoformat(condition.values[0])})
        case Op.IS | Op.IS_NOT | Op.LACKS if field.where:
            asked = Q()
            for value in condition.values:
                asked |= field.where(condition.op, value, when)
            return ~asked if condition.op is Op.IS_NOT else asked
        case Op.IS | Op.IS_NOT:
            asked = Q(**{f"{field.path}__in": list(condition.values)})
            return ~asked if condition.op is Op.IS_NOT else asked
        case Op.LACKS:
            return ~Q(**{f"{field.path}__icontains": condition.values[0]})


def _flag(path: str) -> Callable[[Op, str, When], Q]:
    return lambda _op, value, _when: Q(**{path: value == YES})


def _has_lead(_op: Op, value: str, _when: When) -> Q:
    return Q(lro__isnull=value == NO)


def _phase_named(op: Op, value: str, _when: When) -> Q:
    """By the words of the phase's name, whatever their case: a region may call its closed phases as it likes."""
    named = Q(
        phase__in=[code for code, name in reference.names("phase").items() if value.casefold() in name.casefold()]
    )
    return ~named if op is Op.LACKS else named


def _phases_named(word: str) -> list[str]:
    return [code for code, name in reference.names("phase").items() if word.casefold() in name.casefold()]


def _has_standing(_op: Op, value: str, _when: When) -> Q:
    moderated = Q(pk__in=assessments.moderated().order_by().values("threat_id"))
    return moderated if value == YES else ~moderated


def _has_plan(_op: Op, value: str, _when: When) -> Q:
    return plans.has_adopted() if value == YES else ~plans.has_adopted()


def _plan_review(_op: Op, value: str, when: When) -> Q:
    overdue = plans.review_overdue(when.day)
    return overdue if value == OVERDUE else ~overdue


def _review_of_plan(_op: Op, value: str, when: When) -> Q:
    overdue = Q(next_review_on__lt=when.day)
    return overdue if value == OVERDUE else ~overdue


def _score_band(_op: Op, value: str, _when: When) -> Q:
    return next((Q(score__gte=low, score__lte=high) for code, _, low, high in SCORES if code == value), Q(pk__in=[]))


def _fails(_op: Op, value: str, _when: When) -> Q:
    return Q(failed__contains=[value])


def _threat_phase_named(op: Op, value: str, _when: When) -> Q:
    named = Q(threat__phase__in=_phases_named(value))
    return ~named if op is Op.LACKS else named


def age_condition(_op: Op, value: str, when: When) -> Q:
    """Threats nominated so long before the day."""
    for code, _, youngest, oldest in AGES:
        if code == value:
            asked = Q(nominated_on__lte=_days_before(when.day, youngest))
            return asked if oldest is None else asked & Q(nominated_on__gt=_days_before(when.day, oldest))
    return Q(pk__in=[])


def _days_before(day: date, days: int) -> date:
    return date.fromordinal(max(day.toordinal() - days, date.min.toordinal()))


def record_lag() -> Func:
    """Whole days from the event to the day, in London, on which it was added."""
    return Func(
        F("added_at"),
        F("event_on"),
        template="((%(expressions)s))",
        arg_joiner=" at time zone 'Europe/London')::date - (",
        output_field=IntegerField(),
    )


def month_of(path: str) -> Func:
    """The first day of the month."""
    return Func(F(path), template="date_trunc('month', %(expressions)s::timestamp)::date", output_field=DateField())


def sentence_case(code: str) -> str:
    return code.replace("_", " ").capitalize()


@kept
def bodies() -> tuple[Organisation, ...]:
    """The forces of the region and its unit: whose figures these are. Forces first, each kind by name."""
    found = Organisation.objects.filter(kind__in=[OrganisationKind.FORCE, OrganisationKind.ROCU])
    return tuple(found.order_by("kind", "name"))


def threat_address(row: Any) -> str:
    return reverse("threats:detail", kwargs={"reference": row.reference})


def disruption_address(row: Any) -> str:
    return disruptions.address_of(row.reference)


def plan_address(row: Any) -> str:
    return reverse("plans:threat", kwargs={"reference": row.threat.reference})


@cache
def subject(of: Of) -> Subject:
    """What an extract's rows are."""
    return {Of.THREAT: _threat, Of.DISRUPTION: _disruption, Of.PLAN: _plan}[of]()


def _threat() -> Subject:
    return Subject(
        of=Of.THREAT,
        noun=("threat", "threats"),
        rows=threats.threats,
        body="owner_id",
        fields={
            "threat_type": Field("Kind", "threat_type", words=threat_rules.type_name),
            "tier": Field("Tier", "tier", term="tier"),
            "phase": Field("Phase", "phase", term="phase"),
            "phase_name": Field("Phase", where=_phase_named),
            "owner": Field("Owner", "owner__code", organisation=True),
            "owner_id": Field("Owner", "owner_id", organisation=True),
            "lro": Field("Lead responsible officer", where=_has_lead),
            "lro_id": Field("Lead responsible officer", "lro_id"),
            "age": Field("Age", where=age_condition),
            "standing": Field("Moderated assessment", where=_has_standing),
            "plan": Field("Adopted plan", where=_has_plan),
            "plan_review": Field("Review of the plan", where=_plan_review),
            "assessment_kind": Field("Type of assessment", "kind", words=sentence_case, via=True),
            "moderation": Field("Moderation status", "status", words=sentence_case, via=True),
            "soc": Field("Serious and organised crime", "soc", where=_flag("soc"), via=True),
        },
        watched=("threat_type", "tier", "phase", "owner_id"),
        reason="because",
        title=lambda row: str(row.name),
        address=threat_address,
        standing_on=Standing(
            noun="assessment",
            rows=assessments.assessments,
            key="threat_id",
            watched=("moderation", "soc", "assessment_kind"),
            reason="because",
        ),
    )


def _disruption() -> Subject:
    return Subject(
        of=Of.DISRUPTION,
        noun=("disruption", "disruptions"),
        rows=disruptions.disruptions,
        body="lead_agency_id",
        fields={
            "role": Field("Role", "role", words=sentence_case),
            "category": Field("Category", "category", term="disruption_category"),
            "primary_p": Field("Primary P", "primary_p", words=sentence_case),
            "state": Field("State", "state", words=sentence_case),
            "record_date": Field("Record date", "record_date"),
            "event_on": Field("Date of the event", "event_on"),
            "added_at": Field("Added to the system", "added_at"),
            "late": Field("Recorded late", "late", where=_flag("late")),
            "threat_type": Field("Kind of threat", "threat_type", words=threat_rules.type_name),
            "lead_agency": Field("Led by", "lead_agency__code", organisation=True),
            "lead_agency_id": Field("Led by", "lead_agency_id", organisation=True),
        },
        watched=("role", "category", "primary_p", "state", "record_date", "lead_agency_id"),
        reason="because",
        title=lambda row: str(row.threat.name),
        address=disruption_address,
        dated=("event_on",),
    )


def _plan() -> Subject:
    return Subject(
        of=Of.PLAN,
        noun=("plan", "plans"),
        rows=plans.plans,
        body="threat__owner_id",
        fields={
            "state": Field("State", "state", words=sentence_case),
            "score": Field("Score", "score"),
            "score_band": Field("Score", where=_score_band),
            "fails": Field("Plan rule that it fails", where=_fails),
            "review": Field("Review", where=_review_of_plan),
            "next_review_on": Field("Next review", "next_review_on"),
            "threat_phase_name": Field("Threat’s phase", where=_threat_phase_named),
        },
        watched=("state", "score", "next_review_on"),
        reason="",
        title=lambda row: str(row.threat.name),
        address=plan_address,
    )


def words_of(conditions: Sequence[Condition], of: Of) -> tuple[str, ...]:
    """A filter as sentences a person reads: “Tier is not Tier 5”."""
    fields, wording = subject(of).fields, Wording()
    return tuple(_in_words(fields[each.field], each, wording) for each in conditions)


def _in_words(field: Field, condition: Condition, wording: Wording) -> str:
    said = " or ".join(wording.condition(field, value) for value in condition.values)
    return {
        Op.IS: f"{field.name} is {said}",
        Op.IS_NOT: f"{field.name} is not {said}",
        Op.LACKS: f"The name of the {field.name.lower()} does not contain “{said}”",
        Op.FROM: f"{field.name} is {said} or later",
        Op.AFTER: f"{field.name} is after {said}",
        Op.BEFORE: f"{field.name} is before {said}",
        Op.BY: f"{field.name} by the end of the day it is read for",
        Op.IN: f"{field.name} is in the period",
    }[condition.op]
