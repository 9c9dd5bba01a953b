"""Reads of plans. No user argument: the database has already hidden what the reader may not see."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from math import sqrt
from typing import TYPE_CHECKING, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.models import Count, F, Q, QuerySet

from fourfold.plans import rules
from fourfold.plans.models import (
    Action,
    Aim,
    AimReading,
    Asked,
    CalendarAddress,
    Consultation,
    PeerReview,
    Plan,
    PlanVersion,
    Reminder,
    Report,
    Review,
    Section,
    Shared,
)
from fourfold.plans.rules import AimState, State, Status
from fourfold.platform.errors import NotThere
from fourfold.platform.history.models import Versioned
from fourfold.platform.people.models import Organisation, OrganisationKind, User, UserKind
from fourfold.platform.reference.keeping import kept
from fourfold.platform.reference.models import ReferenceTerm
from fourfold.platform.visibility import selectors as visibility
from fourfold.platform.visibility.models import AccessLabel
from fourfold.threats import selectors as threats

if TYPE_CHECKING:
    from fourfold.threats.models import Threat

POLICE = (OrganisationKind.FORCE, OrganisationKind.ROCU)
CANDIDATES = 300
UNREVIEWED = "PL10"


# ---- the region's words ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Words:
    """What the region says of plans: its rules, and in how many days a plan of each tier is reviewed."""

    lint: tuple[rules.LintRule, ...]
    cycles: Mapping[str, int]
    cycle_otherwise: int = 365

    def cycle(self, tier: str) -> int:
        return self.cycles.get(tier, self.cycle_otherwise)

    def rule(self, code: str) -> rules.LintRule:
        return next((each for each in self.lint if each.code == code), rules.LintRule(code, code))


@kept
def words(*, on: date) -> Words:
    """One query, or none."""
    in_force = Q(effective_from__lte=on) & (Q(effective_to=None) | Q(effective_to__gt=on))
    found = ReferenceTerm.objects.filter(in_force, kind__in=("plan_rule", "tier")).order_by("position", "code")
    made, cycles = [], {}
    for term in found:
        if term.kind == "plan_rule":
            made.append(_lint_rule(term))
        elif "plan_review_days" in term.detail:
            cycles[term.code] = int(term.detail["plan_review_days"])
    otherwise = next((r.number("days_where_the_tier_says_nothing", 365) for r in made if r.code == UNREVIEWED), 365)
    return Words(tuple(made), cycles, otherwise)


def _lint_rule(term: ReferenceTerm) -> rules.LintRule:
    said = dict(term.detail)
    return rules.LintRule(
        code=term.code,
        name=term.name,
        source=term.source,
        mark=term.mark,
        is_on=bool(said.pop("on", True)),
        counts=bool(said.pop("counts", True)),
        limits=said,
    )


@dataclass(frozen=True, kw_only=True)
class Tactic:
    """One tactic of the menu, in the region's words."""

    code: str
    name: str
    p: str
    areas: tuple[str, ...]
    what: str
    helpers: str
    watch: str
    legal: str
    source: str
    mark: str


def tactic_terms() -> QuerySet[ReferenceTerm]:
    return ReferenceTerm.objects.filter(kind="tactic", effective_to=None)


@kept
def tactics() -> tuple[Tactic, ...]:
    """The menu in the region's order. One query, or none."""
    return tuple(tactic_of(term) for term in tactic_terms().order_by("position", "code"))


def tactic(code: str) -> Tactic:
    found = tactic_terms().filter(code=code).first()
    if found is None:
        raise NotThere
    return tactic_of(found)


def tactic_of(term: ReferenceTerm) -> Tactic:
    said = term.detail
    return Tactic(
        code=term.code,
        name=term.name,
        p=said.get("p", ""),
        areas=tuple(said.get("areas", ())),
        what=said.get("what", ""),
        helpers=said.get("helpers", ""),
        watch=said.get("watch", ""),
        legal=said.get("legal", ""),
        source=term.source,
        mark=term.mark,
    )


def known_tactics(codes: Iterable[str]) -> frozenset[str]:
    """Which of these codes are tactics of the menu. One query, none where no code is given."""
    asked = {code for code in codes if code}
    if not asked:
        return frozenset()
    return frozenset(tactic_terms().filter(code__in=asked).values_list("code", flat=True))


# ---- plans and their parts ------------------------------------------------------------------------------------------


def plans() -> QuerySet[Plan]:
    return Plan.objects.select_related(
        "threat__owner",
        "threat__lro__organisation",
        "threat__deputy__organisation",
        "threat__sio__organisation",
        "author__organisation",
        "approved_by__organisation",
        "label__owner",
        "label__compartment",
        "label__agreement",
    )


def plan(reference: str) -> Plan:
    """The plan of that reference. Raises `NotThere` where there is none that the reader may see."""
    found = None if "\x00" in reference else plans().filter(reference=reference).first()
    if found is None:
        raise NotThere
    return found


def plan_of(threat: "Threat") -> Plan | None:
    return plans().filter(threat=threat).first()


@dataclass(frozen=True, kw_only=True)
class Whole:
    """A plan with everything in it, read once."""

    plan: Plan
    sections: Mapping[str, Section]
    aims: tuple[Aim, ...]
    readings: Mapping[int, tuple[AimReading, ...]]
    actions: tuple[Action, ...]
    consultations: tuple[Consultation, ...]

    def aim_number(self, pk: int | None) -> int | None:
        return next((aim.position for aim in self.aims if aim.pk == pk), None)


def whole(plan: Plan) -> Whole:
    """Five queries, however long the plan."""
    aims = tuple(Aim.objects.filter(plan=plan).order_by("position"))
    readings: dict[int, list[AimReading]] = defaultdict(list)
    for reading in AimReading.objects.filter(aim__in=[aim.pk for aim in aims]).order_by("read_on", "pk"):
        readings[reading.aim_id].append(reading)
    return Whole(
        plan=plan,
        sections={section.part: section for section in Section.objects.filter(plan=plan)},
        aims=aims,
        readings={pk: tuple(found) for pk, found in readings.items()},
        actions=tuple(
            Action.objects.filter(plan=plan).select_related("owner__organisation", "agency", "aim").order_by("number")
        ),
        consultations=tuple(Consultation.objects.filter(plan=plan).order_by("-consulted_on", "-pk")),
    )


def section(plan: Plan, part: str) -> Section | None:
    return Section.objects.filter(plan=plan, part=part).first()


def aim(pk: int, *, of: Plan) -> Aim:
    found = Aim.objects.filter(pk=pk, plan=of).first()
    if found is None:
        raise NotThere
    return found


def action(number: int, *, of: Plan) -> Action:
    found = (
        Action.objects.filter(plan=of, number=number)
        .select_related("owner__organisation", "agency", "aim", "plan__threat", "plan__label", "label")
        .first()
    )
    if found is None:
        raise NotThere
    return found


def review(pk: int, *, of: Plan) -> Review:
    found = reviews(of).filter(pk=pk).first()
    if found is None:
        raise NotThere
    return found


def reviews(of: Plan) -> QuerySet[Review]:
    people = ("begun_by__organisation", "lro_signed_by__organisation", "sio_signed_by__organisation")
    return Review.objects.filter(plan=of).select_related(*people).order_by("-begun_on", "-pk")


def open_review(of: Plan) -> Review | None:
    return reviews(of).filter(completed_on=None).first()


def peer_reviews(of: Plan) -> QuerySet[PeerReview]:
    people = ("reviewer__organisation", "answered_by__organisation")
    return PeerReview.objects.filter(plan=of).select_related(*people).order_by("-reviewed_on", "-pk")


def peer_review(pk: int, *, of: Plan) -> PeerReview:
    found = peer_reviews(of).filter(pk=pk).first()
    if found is None:
        raise NotThere
    return found


def versions(of: Plan) -> QuerySet[PlanVersion]:
    """Newest first."""
    return PlanVersion.objects.filter(plan=of).select_related("made_by__organisation").order_by("-number")


def version(number: int, *, of: Plan) -> PlanVersion:
    found = versions(of).filter(number=number).first()
    if found is None:
        raise NotThere
    return found


def reports_on(actions: Iterable[int]) -> tuple[Report, ...]:
    """What owners of other organisations say of these actions and nobody has answered yet, oldest first."""
    found = Report.objects.filter(action__in=list(actions), answer=None).select_related("reported_by__organisation")
    return tuple(found.order_by("reported_on", "pk"))


def report(pk: int, *, of: Action) -> Report:
    found = Report.objects.filter(pk=pk, action=of).select_related("reported_by__organisation").first()
    if found is None:
        raise NotThere
    return found


def shared_with(of: Plan) -> tuple[Shared, ...]:
    found = Shared.objects.filter(plan=of, ended_on=None).select_related("organisation", "shared_by__organisation")
    return tuple(found.order_by("organisation__name", "pk"))


def asked_of(actions: Iterable[int]) -> tuple[Asked, ...]:
    found = Asked.objects.filter(action__in=list(actions), ended_on=None).select_related("organisation")
    return tuple(found.order_by("organisation__name", "pk"))


def summaries_shared_with(organisation: Organisation) -> tuple[Shared, ...]:
    """Summaries that an organisation may read on their own, newest first."""
    found = Shared.objects.filter(organisation=organisation, ended_on=None).select_related("shared_by__organisation")
    return tuple(found.order_by("-shared_on", "-pk"))


def asked_for(organisation: Organisation) -> tuple[Asked, ...]:
    """What an organisation is asked to do, the soonest due first."""
    found = Asked.objects.filter(organisation=organisation, ended_on=None).select_related("asked_by__organisation")
    return tuple(found.order_by(F("due_on").asc(nulls_last=True), "pk"))


def asked(pk: int, *, of: Organisation) -> Asked:
    found = Asked.objects.filter(pk=pk, organisation=of, ended_on=None).select_related("asked_by__organisation").first()
    if found is None:
        raise NotThere
    return found


def reports_by(organisation: Organisation, actions: Iterable[int]) -> Mapping[int, tuple[Report, ...]]:
    """What people of an organisation have reported on these actions, newest first."""
    made: dict[int, list[Report]] = defaultdict(list)
    found = Report.objects.filter(action_id__in=list(actions), reported_by__organisation=organisation)
    for each in found.select_related("reported_by__organisation").order_by("-reported_on", "-pk"):
        made[each.action_id].append(each)
    return {pk: tuple(reports) for pk, reports in made.items()}


def actions() -> QuerySet[Action]:
    return Action.objects.select_related("plan__threat__owner", "owner__organisation", "agency", "aim")


def open_actions() -> QuerySet[Action]:
    """Actions still to be done, of open plans of open threats."""
    return (
        actions().filter(status__in=rules.OPEN_STATUSES, plan__threat__closed_on=None).exclude(plan__state=State.CLOSED)
    )


def offered_to(threat: "Threat") -> tuple[Action, ...]:
    """Actions of threats merged into this one that nobody has taken over or left out: their plans closed with them."""
    merged = threats.merged_here(threat).order_by().values("pk")
    found = actions().filter(plan__threat__in=merged, status__in=rules.OPEN_STATUSES, plan__state=State.CLOSED)
    found = found.filter(plan__closed_on=F("plan__threat__closed_on")).select_related("label__owner", "plan__label")
    return tuple(found.order_by("plan_id", "number"))


def actions_of_person(user: User) -> QuerySet[Action]:
    """Open actions that somebody owns, the soonest due first and what has no date last."""
    return open_actions().filter(owner=user).order_by(F("due_on").asc(nulls_last=True), "pk")


def plans_to_review(user: User) -> QuerySet[Plan]:
    """Adopted plans of open threats that somebody leads, deputises for or investigates, the soonest due first."""
    answers = Q(threat__lro=user) | Q(threat__deputy=user) | Q(threat__sio=user)
    found = plans().filter(answers, state=State.ADOPTED, threat__closed_on=None)
    return found.order_by(F("next_review_on").asc(nulls_last=True), "pk")


def reviews_to_sign(user: User) -> tuple[Review, ...]:
    """Reviews under way that wait for this person's signature."""
    plan_of = "plan__threat"
    as_lro = Q(lro_signed_by=None) & (Q(**{f"{plan_of}__lro": user}) | Q(**{f"{plan_of}__deputy": user}))
    as_sio = Q(sio_signed_by=None) & Q(**{f"{plan_of}__sio": user})
    found = Review.objects.filter(as_lro | as_sio, completed_on=None).exclude(plan__state=State.CLOSED)
    found = found.exclude(Q(lro_signed_by=user) | Q(sio_signed_by=user)).select_related("plan__threat")
    return tuple(found.order_by("begun_on", "pk"))


def drafts_to_adopt(user: User) -> int:
    """How many drafts of open threats of somebody's organisation wait to be adopted."""
    found = Plan.objects.filter(state=State.DRAFT, threat__closed_on=None, threat__owner=user.organisation)
    return found.count()


def reports_waiting(user: User) -> tuple[Report, ...]:
    """Reports from other organisations on plans that this person leads, deputises for or investigates."""
    threat = "action__plan__threat"
    answers = Q(**{f"{threat}__lro": user}) | Q(**{f"{threat}__deputy": user}) | Q(**{f"{threat}__sio": user})
    found = Report.objects.filter(answers, answer=None).select_related("action__plan__threat")
    return tuple(found.order_by("reported_on", "pk"))


def called(ids: Collection[str]) -> Mapping[str, str]:
    """References by key, of the plans that the reader may see."""
    found = Plan.objects.filter(pk__in=[int(each) for each in ids]).values_list("pk", "reference") if ids else ()
    return {str(pk): reference for pk, reference in found}


def calendar_address(user: User) -> CalendarAddress | None:
    return CalendarAddress.objects.filter(user=user, ended_at=None).first()


def people_for(label: AccessLabel, *, today: date) -> tuple[User, ...]:
    """People who can own an action under this label: they can sign in, and may read it."""
    signing_in = User.objects.filter(is_active=True, kind=UserKind.PERSON).select_related("organisation")
    found = tuple(signing_in.order_by("organisation__name", "name", "pk"))
    reading = readers(label, [user.pk for user in found], today=today)
    return tuple(user for user in found if user.pk in reading)


def readers(label: AccessLabel, users: Collection[int], *, today: date) -> frozenset[int]:
    """Which of these users may read a plan under a label. No query where nobody is asked about."""
    return visibility.who_read(label, users, today=today) if users else frozenset()


def told_by(reminders: Iterable[Reminder], *, today: date) -> tuple[User, ...]:
    """Whom these reminders may be told to: only those who may read what they are about."""
    by_label: dict[int, list[Reminder]] = defaultdict(list)
    for reminder in reminders:
        by_label[reminder.label_id].append(reminder)
    told: dict[int, User] = {}
    for under in by_label.values():
        reading = visibility.who_read(under[0].label, {each.user_id for each in under}, today=today)
        told |= {each.user_id: each.user for each in under if each.user_id in reading}
    return tuple(told.values())


def organisations() -> QuerySet[Organisation]:
    """Organisations that can do something in a plan."""
    return Organisation.objects.exclude(code="fourfold").order_by("name")


@dataclass(frozen=True, kw_only=True)
class AimLine:
    """An aim as other rooms show it; `latest` is its measure as last read."""

    pk: int
    text: str
    measure: str
    unit: str
    baseline: Decimal | None
    target: Decimal | None
    target_on: date | None
    latest: Decimal | None
    state: str = AimState.OPEN
    position: int = 0


def aims_of(threat: "Threat") -> tuple[AimLine, ...]:
    """The aims of a threat's plan, in their order. Two queries."""
    return _aim_lines(Aim.objects.filter(plan__threat=threat).order_by("position"))


def aims(pks: Iterable[int]) -> tuple[AimLine, ...]:
    """These aims as far as the reader may see them. Two queries."""
    return _aim_lines(Aim.objects.filter(pk__in=list(pks)).order_by("plan_id", "position"))


def threats_of_aims(pks: Iterable[int]) -> Mapping[int, int]:
    """The threat of each of these aims, by key, as far as the reader may see them. One query."""
    return dict(Aim.objects.filter(pk__in=list(pks)).values_list("pk", "plan__threat_id"))


def _aim_lines(found: QuerySet[Aim]) -> tuple[AimLine, ...]:
    aims = tuple(found)
    read = AimReading.objects.filter(aim__in=[aim.pk for aim in aims]).order_by("read_on", "pk")
    latest: dict[int, Decimal] = dict(read.values_list("aim_id", "value"))
    return tuple(
        AimLine(
            pk=aim.pk,
            text=aim.text,
            measure=aim.measure,
            unit=aim.unit,
            baseline=aim.baseline,
            target=aim.target,
            target_on=aim.target_on,
            latest=latest.get(aim.pk),
            state=aim.state,
            position=aim.position,
        )
        for aim in aims
    )


def health_of(threat_ids: Iterable[int]) -> Mapping[int, int]:
    """The score of each threat's plan, 0 to 100; threats without a plan are left out. One query."""
    return dict(Plan.objects.filter(threat__in=list(threat_ids)).values_list("threat_id", "score"))


@dataclass(frozen=True)
class Moved:
    """Something that moved an aim, as another room tells it."""

    text: str
    on: date
    href: str


type FindMovers = Callable[[Iterable[int]], Mapping[int, tuple[Moved, ...]]]
_movers: list[FindMovers] = []


def register_movers(find: FindMovers) -> None:
    """`find` is given keys of aims, and says what moved each of them as far as the reader may see."""
    _movers.append(find)


def movers_of(aims: Iterable[int]) -> Mapping[int, tuple[Moved, ...]]:
    """What moved each of these aims, newest first."""
    asked = list(aims)
    found: dict[int, list[Moved]] = defaultdict(list)
    for find in _movers:
        for pk, moved in find(asked).items():
            found[pk] += moved
    return {pk: tuple(sorted(moved, key=lambda each: each.on, reverse=True)) for pk, moved in found.items()}


@dataclass(frozen=True)
class ReviewPrompt:
    """Why a plan should be reviewed before its date. `kind` is one of `rules.Prompt`."""

    kind: str
    text: str
    href: str = ""


type FindPrompts = "Callable[[Threat, date], tuple[ReviewPrompt, ...]]"
_prompts: list[FindPrompts] = []


def register_prompts(find: FindPrompts) -> None:
    """`find` is given a threat and since when its plan stands; it says what has happened that asks for a review."""
    _prompts.append(find)


def prompts_for(threat: "Threat", *, since: date) -> tuple[ReviewPrompt, ...]:
    return tuple(prompt for find in _prompts for prompt in find(threat, since))


# ---- the lint -------------------------------------------------------------------------------------------------------


def labels_read_by_all_readers_of(label: AccessLabel) -> tuple[int, ...]:
    """Labels that everybody holds who holds this one: what is said from rows under them reveals nothing to anybody.

    Readers of an own or a regional label of a police body also read what the whole region reads, in the same circle or
    in none and marked no higher. Of any other label only itself is sure.
    """
    sure = Q(pk=label.pk)
    if label.audience in {"OWN", "REGION"} and label.owner.kind in POLICE:
        circle = (
            Q(compartment=None) | Q(compartment=label.compartment_id) if label.compartment_id else Q(compartment=None)
        )
        sure |= circle & Q(audience="REGION", owner__region=label.owner.region, marking__lte=label.marking)
    return tuple(AccessLabel.objects.filter(sure).values_list("pk", flat=True))


NEAR_QUERY = """
    select asked.number, near.id
      from jsonb_to_recordset(%(asked)s) as asked(number int, keys int[], fewest int, most int)
     cross join lateral
           plans_find_near(asked.keys, asked.fewest, asked.most, %(plan)s, %(labels)s, %(limit)s) as near(id)
"""


def near_copies(texts: Mapping[int, Sequence[str]], *, plan: int, label: AccessLabel) -> Mapping[int, int]:
    """For each text, given as words by a number, how many other plans have a near-copy of it.

    Only plans that every reader of this one may see are looked at, so the answer is the same for all of them. At most
    three queries. The candidates are read on their own, by key: joined to what finds them, the whole table was read.
    """
    asked = [
        {"number": number, "keys": keys, "fewest": low, "most": high}
        for number, said in texts.items()
        if (keys := list(rules.keys_of(said)))
        for low, high in (rules.lengths_near(len(said)),)
    ]
    if not asked:
        return {}
    labels = list(labels_read_by_all_readers_of(label))
    with connection.cursor() as cursor:
        cursor.execute(NEAR_QUERY, {"asked": json.dumps(asked), "plan": plan, "labels": labels, "limit": CANDIDATES})
        pairs = cursor.fetchall()
    columns = ("pk", "plan_id", "title", "outcome_wanted", "why_this_threat")
    candidates = {
        pk: (other, rules.words_of(*said))
        for pk, other, *said in Action.objects.filter(pk__in={pk for _, pk in pairs}).values_list(*columns)
    }
    found: dict[int, set[int]] = defaultdict(set)
    for number, pk in pairs:
        other, said = candidates.get(pk, (0, ()))
        if other and other not in found[number] and rules.similarity(texts[number], said) >= rules.NEAR:
            found[number].add(other)
    return {number: len(plans) for number, plans in found.items() if plans}


def gone(user_ids: Iterable[int | None], *, today: date) -> Mapping[int, str]:
    """Names of those who have left: they cannot sign in, or hold no role today. One query."""
    asked = {pk for pk in user_ids if pk is not None}
    if not asked:
        return {}
    holds = Q(roles_held__held_from__lte=today) & (Q(roles_held__held_to=None) | Q(roles_held__held_to__gt=today))
    found = User.objects.filter(pk__in=asked).annotate(now=Count("roles_held", filter=holds))
    return {user.pk: user.name for user in found if not user.is_active or not user.now}


def facts_of(
    plan: Plan,
    *,
    aims: Sequence[Aim],
    actions: Sequence[Action],
    consulted: int,
    today: date,
    under_18: bool = False,
) -> rules.PlanFacts:
    """What the lint looks at. Up to three queries, however long the plan."""
    left = gone((action.owner_id for action in actions if action.status in rules.OPEN_STATUSES), today=today)
    texts = {action.number: said_by(action) for action in actions if action.status not in rules.DROPPED_STATUSES}
    near = near_copies(texts, plan=plan.pk or 0, label=plan.label)
    return rules.PlanFacts(
        aims=tuple(
            rules.AimFacts(
                number=aim.position,
                pk=aim.pk,
                key=aim.position,
                text=aim.text,
                measure=aim.measure,
                target=aim.target,
                target_on=aim.target_on,
                is_open=aim.state == AimState.OPEN,
            )
            for aim in aims
        ),
        actions=tuple(
            rules.ActionFacts(
                number=action.number,
                pk=action.pk,
                p=action.p,
                title=action.title,
                measure=action.measure,
                why_this_threat=action.why_this_threat,
                has_owner=bool(action.owner_id or action.owner_name.strip()),
                owner_left=left.get(action.owner_id, "") if action.owner_id else "",
                partner=action.partner,
                aim=action.aim.position if action.aim else None,
                due_on=action.due_on,
                status=action.status,
                near=near.get(action.number, 0),
            )
            for action in actions
        ),
        consulted=consulted,
        next_review_on=plan.next_review_on if plan.state == State.ADOPTED else None,
        under_18=under_18,
    )


def said_again(action: Action, *, owner: int | None) -> rules.ActionSaid:
    """What an action says, for another plan: without its aim, and owned by who may."""
    return rules.ActionSaid(
        p=action.p,
        title=action.title,
        owner=owner,
        owner_name=action.owner_name,
        agency=action.agency_id,
        **{name: getattr(action, name) for name in KEPT_OF_ACTION},
    )


def said_by(action: Action) -> tuple[str, ...]:
    """The words by which an action is held against others: what is done, what it should bring, why here."""
    return rules.words_of(action.title, action.outcome_wanted, action.why_this_threat)


# ---- versions -------------------------------------------------------------------------------------------------------


def content_of(whole: Whole) -> dict[str, Any]:
    """The whole plan as a version keeps it: plain values, people and organisations by name."""
    threat = whole.plan.threat
    content: dict[str, Any] = {
        "header": {
            "threat": threat.reference,
            "name": threat.name,
            "tier": threat.tier,
            "owner": threat.owner.name,
            "lro": _person(threat.lro),
            "deputy": _person(threat.deputy),
            "sio": _person(threat.sio),
        },
        "sections": {part: section.text for part, section in sorted(whole.sections.items()) if section.text},
        "aims": {
            str(aim.position): {
                "text": aim.text,
                "measure": aim.measure,
                "unit": aim.unit,
                "baseline": aim.baseline,
                "target": aim.target,
                "target_on": aim.target_on,
                "state": aim.state,
                "readings": {reading.read_on.isoformat(): reading.value for reading in whole.readings.get(aim.pk, ())},
            }
            for aim in whole.aims
        },
        "actions": {
            str(action.number): {
                "p": action.p,
                "title": action.title,
                "aim": whole.aim_number(action.aim_id),
                "owner": _person(action.owner) if action.owner_id else action.owner_name,
                "agency": action.agency.name if action.agency else "",
                **{name: getattr(action, name) for name in KEPT_OF_ACTION},
            }
            for action in whole.actions
        },
        "consultations": {
            str(each.pk): {
                "partner": each.partner,
                "with_whom": each.with_whom,
                "consulted_on": each.consulted_on,
                "said": each.said,
                "changed": each.changed,
            }
            for each in whole.consultations
        },
    }
    kept: dict[str, Any] = json.loads(json.dumps(content, cls=DjangoJSONEncoder))
    return kept


KEPT_OF_ACTION = (
    "partner",
    "tactic",
    "outcome_wanted",
    "measure",
    "due_on",
    "resource",
    "legal_basis",
    "why_this_threat",
    "status",
    "status_reason",
    "result",
    "evidence",
    "done_on",
)


def digest_of(content: Mapping[str, Any]) -> str:
    """Names what was signed: the same plan gives the same digest."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, cls=DjangoJSONEncoder).encode()).hexdigest()


def _person(user: User | None) -> str:
    return "" if user is None else f"{user.name}, {user.organisation.short_name or user.organisation.name}"


def changed_by_since_version(plan: Plan, user: User) -> bool:
    """Whether somebody said anything in the plan after its latest version, also where another wrote over it since.

    Saying counts, not touching: who took the threat over put its plan under their own label, and wrote none of it.
    """
    latest = PlanVersion.objects.filter(plan=plan).order_by("-number").values_list("recorded_from", flat=True).first()
    return any(_said_differently(part, plan, user, latest) for part in PARTS_WRITTEN)


PARTS_WRITTEN: tuple[type[Versioned], ...] = (Section, Aim, AimReading, Action, Consultation)
NOT_SAID = frozenset({"label_id", *(field.column for field in Versioned._meta.local_fields)})


def _said_differently(part: type[Versioned], plan: Plan, user: User, after: datetime | None) -> bool:
    """Whether a person wrote a version of one kind of part that says something else than the one before it."""
    of_plan = "plan_id = %(plan)s"
    if part is AimReading:
        of_plan = f"aim_id in (select id from {Aim._meta.db_table} where {of_plan})"
    said = ", ".join(f'"{field.column}"' for field in part._meta.concrete_fields if field.column not in NOT_SAID)
    table = part._meta.db_table
    versions = " union all ".join(
        f'select id, recorded_from, recorded_by, row({said})::text as said from public."{each}" where {of_plan}'
        for each in (table, f"{table}_was")
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from (select *, lag(said) over (partition by id order by recorded_from) as was "
            f"from ({versions}) as versions) as compared where recorded_by = %(user)s and said is distinct from was "
            "and recorded_from > coalesce(%(after)s, '-infinity'::timestamptz))",
            {"plan": plan.pk, "user": user.pk, "after": after},
        )
        return bool(cursor.fetchone()[0])


# ---- what worked before ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Worked:
    """What one tactic did on other threats of the same kind: how often it was done, what came of it."""

    tactic: str
    p: str
    done: int
    not_done: int
    threats: int
    results: tuple[tuple[str, str, str, date], ...]
    moved: int

    @property
    def sureness(self) -> float:
        """The lower end of what the share of done actions may truly be (Wilson, 95 in 100): few tries rank low."""
        tried = self.done + self.not_done
        return wilson_low(self.done, tried)


def wilson_low(good: int, of: int) -> float:
    if not of:
        return 0.0
    z = 1.96
    share = good / of
    middle = share + z * z / (2 * of)
    margin = z * sqrt((share * (1 - share) + z * z / (4 * of)) / of)
    return (middle - margin) / (1 + z * z / of)


RESULTS_SHOWN = 3


def what_worked(threat: "Threat", *, p: str = "", limit: int = 5) -> tuple[Worked, ...]:
    """Tactics by what they did on other threats of the same type with a theme in common, that the reader may see.

    Those that were done most surely come first. Two queries and those of the rooms that know what moved an aim.
    """
    found = Action.objects.filter(
        plan__threat__threat_type=threat.threat_type,
        plan__threat__themes__overlap=threat.themes,
        status__in=(Status.DONE, Status.NOT_DONE),
    )
    return _worked(found.exclude(plan__threat=threat).exclude(tactic=""), p=p, limit=limit)


def what_tactic_did(code: str) -> Worked | None:
    """The same for one tactic on any threat that the reader may see."""
    found = _worked(Action.objects.filter(tactic=code, status__in=(Status.DONE, Status.NOT_DONE)), p="", limit=1)
    return found[0] if found else None


def _worked(found: QuerySet[Action], *, p: str, limit: int) -> tuple[Worked, ...]:
    if p:
        found = found.filter(p=p)
    tried = (
        found.order_by()
        .values("tactic")
        .annotate(
            done=Count("pk", filter=Q(status=Status.DONE)),
            not_done=Count("pk", filter=Q(status=Status.NOT_DONE)),
            threats=Count("plan", distinct=True, filter=Q(status=Status.DONE)),
        )
    )
    ranked = sorted(
        (row for row in tried if row["done"]),
        key=lambda row: (-wilson_low(row["done"], row["done"] + row["not_done"]), -row["done"], row["tactic"]),
    )[:limit]
    chosen = [row["tactic"] for row in ranked]
    told: dict[str, list[Action]] = defaultdict(list)
    done = found.filter(status=Status.DONE, tactic__in=chosen).exclude(result="").select_related("plan__threat", "aim")
    for each in done.order_by("-done_on", "pk")[: 40 * limit]:
        told[each.tactic].append(each)
    moved = movers_of({a.aim_id for acts in told.values() for a in acts if a.aim_id})
    return tuple(
        Worked(
            tactic=row["tactic"],
            p=told[row["tactic"]][0].p if told[row["tactic"]] else "",
            done=row["done"],
            not_done=row["not_done"],
            threats=row["threats"],
            results=tuple(
                (a.plan.threat.reference, a.plan.threat.name, a.result, a.done_on)
                for a in told[row["tactic"]][:RESULTS_SHOWN]
                if a.done_on
            ),
            moved=sum(bool(moved.get(pk)) for pk in {a.aim_id for a in told[row["tactic"]] if a.aim_id}),
        )
        for row in ranked
    )


# ---- exceptions, reminders ------------------------------------------------------------------------------------------


def has_plan() -> Q:
    """A condition on `Threat`."""
    return Q(pk__in=Plan.objects.exclude(state=State.CLOSED).values("threat"))


def has_adopted() -> Q:
    return Q(pk__in=Plan.objects.filter(version__gt=0).exclude(state=State.CLOSED).values("threat"))


def review_overdue(today: date) -> Q:
    return Q(pk__in=Plan.objects.filter(state=State.ADOPTED, next_review_on__lt=today).values("threat"))


def reminders_of(user: User, *, today: date) -> QuerySet[Reminder]:
    """Reminders that still hold: the action is open and due as it was, or the review is not done. The latest first."""
    standing = Q(action__status__in=rules.OPEN_STATUSES, action__due_on=F("due_on")) | Q(
        action=None, plan__next_review_on=F("due_on")
    )
    return (
        Reminder.objects.filter(standing, user=user, plan__threat__closed_on=None, made_on__lte=today)
        .exclude(plan__state=State.CLOSED)
        .select_related("plan__threat", "action")
        .order_by("due_on", "-made_on", "pk")
    )
