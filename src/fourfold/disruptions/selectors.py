"""Reads of disruptions. No user argument: the database has already hidden what the reader may not see."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection
from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, When
from django.urls import reverse

from fourfold.disruptions import rules
from fourfold.disruptions.models import (
    CategoryReview,
    Disruption,
    DisruptionAim,
    DisruptionDraft,
    DisruptionEvidence,
    DisruptionLead,
    DisruptionSupport,
)
from fourfold.disruptions.rules import LeadState, State
from fourfold.plans.rules import P
from fourfold.plans.selectors import Moved
from fourfold.platform.errors import NotThere
from fourfold.platform.history.models import Versioned
from fourfold.platform.people.models import Organisation, User
from fourfold.platform.reference.keeping import kept
from fourfold.platform.reference.models import ReferenceTerm
from fourfold.threats import selectors as threats

if TYPE_CHECKING:
    from fourfold.threats.models import Threat

OVERDUE_AFTER = timedelta(days=28)
KINDS = (
    "disruption_category",
    "disruption_fact",
    "disruption_finder",
    "disruption_outcome",
    "disruption_rule",
    "programme",
    "tactic",
    "theme",
)


@dataclass(frozen=True)
class RegionData:
    """The region's words and rules about disruptions, and the marks of those that are a default."""

    words: rules.Vocabulary
    standard: rules.Standard
    finder: Mapping[str, rules.FinderRule]


@kept
def region_data() -> RegionData:
    """One query, or none."""
    found: dict[str, list[ReferenceTerm]] = defaultdict(list)
    ended: dict[tuple[str, str], str] = {}
    dated: list[rules.DatedRule] = []
    terms = ReferenceTerm.objects.filter(kind__in=KINDS).order_by("kind", "position", "effective_from")
    for term in terms:
        if term.kind == "disruption_rule":
            dated.append(
                rules.DatedRule(
                    term.code,
                    term.effective_from,
                    term.effective_to,
                    term.detail,
                    mark=term.mark,
                    name=term.name,
                    source=term.source,
                )
            )
        elif term.effective_to is None:
            found[term.kind].append(term)
        else:
            ended[term.kind, term.code] = term.name
    words = rules.Vocabulary(
        categories={t.code: _category(t) for t in found["disruption_category"]},
        tactics={t.code: _tactic(t) for t in found["tactic"]},
        facts={t.code: rules.FactWords(t.code, t.name, t.detail["unit"]) for t in found["disruption_fact"]},
        outcomes={t.code: t.name for t in found["disruption_outcome"]},
        programmes={t.code: t.name for t in found["programme"]},
        themes={t.code: t.name for t in found["theme"]},
        ended=ended,
    )
    finder = {t.code: _finder_rule(t) for t in found["disruption_finder"]}
    return RegionData(words, rules.Standard(tuple(dated)), finder)


def _category(term: ReferenceTerm) -> rules.CategoryWords:
    said = term.detail
    return rules.CategoryWords(
        term.code,
        term.name,
        meaning=said.get("meaning", ""),
        counted=bool(said.get("counted")),
        disabled=bool(said.get("disabled")),
    )


def _tactic(term: ReferenceTerm) -> rules.Tactic:
    said = term.detail
    given = said.get("p") or ()
    ps = (given,) if isinstance(given, str) else tuple(given)
    return rules.Tactic(term.code, term.name, tuple(P(p) for p in ps))


def _finder_rule(term: ReferenceTerm) -> rules.FinderRule:
    said = term.detail
    return rules.FinderRule(
        code=term.code,
        name=term.name,
        event=said["event"],
        links=frozenset(said["links"]),
        sides=frozenset(said["sides"]),
        p=P(said["p"]),
        tactic=said["tactic"],
        days=int(said["days"]),
        why=said["why"],
        status=tuple(word.lower() for word in said.get("status", ())),
        ended=bool(said.get("ended")),
        vehicle=bool(said.get("vehicle")),
    )


def disruptions() -> QuerySet[Disruption]:
    """Every record, whatever became of it."""
    return Disruption.objects.select_related(
        "threat",
        "lead_agency",
        "recorder__organisation",
        "validated_by__organisation",
        "moderator__organisation",
        "label__owner",
        "label__compartment",
        "label__agreement",
    )


def listed() -> QuerySet[Disruption]:
    """Every record with what a line of a list says of it. Planning the joins of the whole takes longer than reading."""
    return Disruption.objects.select_related("threat", "lead_agency")


def standing() -> QuerySet[Disruption]:
    """Records that say of themselves that they are true: all but those withdrawn. Figures count these."""
    return Disruption.objects.exclude(state=State.WITHDRAWN)


def disruption(reference: str) -> Disruption:
    """The record of that reference. Raises `NotThere` where there is none that the reader may see."""
    found = None if "\x00" in reference else disruptions().filter(reference=reference).first()
    if found is None:
        raise NotThere
    return found


def of_threat(threat: "Threat") -> QuerySet[Disruption]:
    """Records against one threat, the latest event first."""
    return disruptions().filter(threat=threat).order_by("-event_on", "-pk")


def events_in(found: QuerySet[Disruption]) -> int:
    """How many events some records are of: one that disrupted several threats is counted once."""
    event = Case(When(shared_event="", then=F("reference")), default=F("shared_event"), output_field=CharField())
    return int(found.order_by().aggregate(n=Count(event, distinct=True))["n"])


@dataclass(frozen=True)
class Parts:
    """What belongs to one record now."""

    aims: tuple[DisruptionAim, ...] = ()
    supports: tuple[DisruptionSupport, ...] = ()
    evidence: tuple[DisruptionEvidence, ...] = ()
    reviews: tuple[CategoryReview, ...] = ()


def parts_of(found: Disruption) -> Parts:
    """Four queries."""
    return Parts(
        aims=tuple(DisruptionAim.objects.filter(disruption=found, held=True).order_by("pk")),
        supports=tuple(
            DisruptionSupport.objects.filter(disruption=found, held=True).select_related("agency").order_by("pk")
        ),
        evidence=tuple(DisruptionEvidence.objects.filter(disruption=found, held=True).order_by("pk")),
        reviews=tuple(
            CategoryReview.objects.filter(disruption=found)
            .select_related("reviewed_by__organisation")
            .order_by("-reviewed_on", "-pk")
        ),
    )


def parts_of_many(found: Iterable[Disruption]) -> Mapping[int, Parts]:
    """What belongs to each of some records now, without their reviews. Three queries, however many the records."""
    ids = [each.pk for each in found]
    aims: dict[int, list[DisruptionAim]] = defaultdict(list)
    supports: dict[int, list[DisruptionSupport]] = defaultdict(list)
    evidence: dict[int, list[DisruptionEvidence]] = defaultdict(list)
    for aim in DisruptionAim.objects.filter(disruption__in=ids, held=True).order_by("pk"):
        aims[aim.disruption_id].append(aim)
    for support in DisruptionSupport.objects.filter(disruption__in=ids, held=True).select_related("agency"):
        supports[support.disruption_id].append(support)
    for each in DisruptionEvidence.objects.filter(disruption__in=ids, held=True).order_by("pk"):
        evidence[each.disruption_id].append(each)
    return {pk: Parts(tuple(aims[pk]), tuple(supports[pk]), tuple(evidence[pk])) for pk in ids}


def reviews_of_many(found: Iterable[Disruption]) -> Mapping[int, tuple[CategoryReview, ...]]:
    """Every look back at the effect of each of some records, the earliest first. One query."""
    reviews: dict[int, list[CategoryReview]] = {each.pk: [] for each in found}
    for review in CategoryReview.objects.filter(disruption__in=list(reviews)).order_by("reviewed_on", "pk"):
        reviews[review.disruption_id].append(review)
    return {pk: tuple(those) for pk, those in reviews.items()}


def said_of(found: Disruption, parts: Parts) -> rules.Said:
    """A record as it would be said again."""
    return rules.Said(
        threat=found.threat.reference,
        event_on=found.event_on,
        record_date=found.record_date,
        category=found.category,
        primary_p=found.primary_p,
        secondary_ps=tuple(found.secondary_ps),
        role=found.role,
        lead_agency=found.lead_agency.code,
        tactics=tuple(found.tactics),
        theme=found.theme,
        place=found.place,
        facts=dict(found.facts),
        happened=found.happened,
        stopped=found.stopped,
        for_how_long=found.for_how_long,
        how_known=found.how_known,
        outcome=found.outcome,
        aims=tuple(each.aim_id for each in parts.aims),
        supports=tuple(rules.Support(agency=each.agency.code, benefit=each.benefit) for each in parts.supports),
        evidence=tuple(
            rules.Evidence(text=each.text, grade=each.grade, reference=each.reference) for each in parts.evidence
        ),
        effect_ends_on=found.effect_ends_on,
        programme=found.programme,
        shared_event=found.shared_event,
        handling=found.handling,
        different_because=found.different_because,
    )


WORDING = (
    *("threat", "role", "lead_agency", "event_on", "record_date", "category", "primary_p", "secondary_ps", "theme"),
    *("place", "tactics", "facts", "happened", "stopped", "for_how_long", "how_known", "outcome", "effect_ends_on"),
    *("programme", "handling", "different_because"),
)


def changed_by(user: User, ids: Collection[int]) -> frozenset[int]:
    """Keys of those of some records, by key, that somebody said differently since, also where another did after them.

    A moderator's own decision about the category is not counted: it passes the record. One query.
    """
    if not ids:
        return frozenset()
    said = ", ".join(f'"{field.column}"' for field in Disruption._meta.concrete_fields if field.name in WORDING)
    main = _differing(Disruption, key="id", said=f"row({said})::text", state="state")
    parts = (
        _differing(part, key="disruption_id", said="held::text")
        for part in (DisruptionAim, DisruptionSupport, DisruptionEvidence)
    )
    queries = [f"{main} and was is not null and state <> 'MODERATED'", *parts]
    with connection.cursor() as cursor:
        cursor.execute(" union ".join(queries), {"ids": list(ids), "user": user.pk})
        return frozenset(pk for (pk,) in cursor.fetchall())


def _differing(model: type[Versioned], *, key: str, said: str, state: str = "''") -> str:
    """A query for the records of which a person wrote a version that says something else than the one before it."""
    table = model._meta.db_table
    columns = f"id, {key} as record, recorded_from, recorded_by, {state} as state, {said} as said"
    versions = " union all ".join(
        f'select {columns} from public."{each}" where {key} = any(%(ids)s)' for each in (table, f"{table}_was")
    )
    return (
        "select record from (select *, lag(said) over (partition by id order by recorded_from) as was "
        f"from ({versions}) as versions) as compared where recorded_by = %(user)s and said is distinct from was"
    )


def agencies() -> Mapping[str, Organisation]:
    """Every body a disruption may name, by code."""
    return {each.code: each for each in Organisation.objects.exclude(code="fourfold").order_by("name")}


def likes(
    asked: Iterable[tuple[int, date, Collection[str]]], *, within: int, but: Collection[int] = ()
) -> Mapping[int, tuple[rules.Like, ...]]:
    """Records that may be of the same event, by the place of what was asked. One query.

    Args:
        asked: Threat, day and tactics of each new record.
        within: How many days apart two records of one event may be.
        but: Keys of records to leave out.
    """
    asked = list(asked)
    if not asked or not within:
        return {}
    span = timedelta(days=within)
    first, last = min(day for _, day, _ in asked) - span, max(day for _, day, _ in asked) + span
    rows = (
        standing()
        .filter(threat_id__in={threat for threat, _, _ in asked}, event_on__gte=first, event_on__lte=last)
        .exclude(pk__in=but)
        .order_by("event_on", "pk")
        .values_list("threat_id", "event_on", "tactics", "reference")
    )
    by_threat: dict[int, list[tuple[date, frozenset[str], str]]] = defaultdict(list)
    for threat_id, day, used, reference in rows:
        by_threat[threat_id].append((day, frozenset(used), reference))
    found = {}
    for place, (threat_id, day, tactics) in enumerate(asked):
        near = tuple(
            rules.Like(reference, on)
            for on, theirs, reference in by_threat.get(threat_id, ())
            if abs(on - day) <= span and theirs & set(tactics)
        )
        if near:
            found[place] = near
    return found


def moved_aims(aim_ids: Iterable[int]) -> Mapping[int, tuple[Moved, ...]]:
    """What has moved some aims, the latest first. One query."""
    rows = (
        DisruptionAim.objects.filter(aim_id__in=list(aim_ids), held=True)
        .exclude(disruption__state=State.WITHDRAWN)
        .order_by("-disruption__event_on", "-disruption_id")
        .values_list("aim_id", "disruption__reference", "disruption__event_on", "disruption__category")
    )
    words = region_data().words
    found: dict[int, list[Moved]] = defaultdict(list)
    for aim_id, reference, event_on, category in rows:
        text = f"{reference}, {words.category_name(category).lower()}"
        found[aim_id].append(Moved(text=text, on=event_on, href=address_of(reference)))
    return {aim_id: tuple(moved) for aim_id, moved in found.items()}


def of_aims(aim_ids: Iterable[int]) -> QuerySet[Disruption]:
    """Records that serve any of some aims."""
    served = DisruptionAim.objects.filter(aim_id__in=list(aim_ids), held=True).values("disruption_id")
    return disruptions().filter(pk__in=served).exclude(state=State.WITHDRAWN).order_by("-event_on", "-pk")


def address_of(reference: str) -> str:
    return reverse("disruptions:detail", kwargs={"reference": reference})


def drafts_of(author_id: int) -> QuerySet[DisruptionDraft]:
    """Unfinished forms of one person, the latest first."""
    return DisruptionDraft.objects.filter(author_id=author_id, ended_at=None).order_by("-saved_at", "-pk")


def draft(key: UUID, *, author_id: int) -> DisruptionDraft | None:
    """The form of this key, as it was last kept; None where nothing of it was."""
    return DisruptionDraft.objects.filter(key=key, author_id=author_id).first()


def leads() -> QuerySet[DisruptionLead]:
    """Proposals whose happening the reader may see as well. Counted, they are as many as they are listed."""
    seen = {f"{each}__recorded_from__isnull": False for each in ("threat", "event", "record")}
    joined = DisruptionLead.objects.filter(**seen).select_related(
        "threat__owner", "event__owner", "record", "decided_by", "disruption"
    )
    return joined.defer("event__raw", "event__summary", "record__raw")


def open_leads(*, today: date) -> QuerySet[DisruptionLead]:
    """Proposals that nobody has decided and that have not expired, the soonest to expire first."""
    return leads().filter(state=LeadState.OPEN, expires_on__gte=today).order_by("expires_on", "pk")


def leads_recorded(record_ids: Iterable[int]) -> QuerySet[DisruptionLead]:
    """Proposals on some records that were recorded as a disruption which stands and which the reader may see."""
    recorded = leads().filter(record_id__in=list(record_ids), state=LeadState.ACCEPTED)
    seen = recorded.filter(disruption__recorded_from__isnull=False).exclude(disruption__state=State.WITHDRAWN)
    return seen.select_related(
        "threat__owner", "event__owner", "record", "decided_by", "disruption__label__owner"
    ).order_by("pk")


def lead(pk: int) -> DisruptionLead:
    found = leads().filter(pk=pk).first()
    if found is None:
        raise NotThere
    return found


@dataclass(frozen=True)
class Precision:
    """How often proposals of one kind were right, of those decided."""

    kind: str
    p: str
    open: int
    accepted: int
    declined: int
    expired: int

    @property
    def share(self) -> float | None:
        return rules.precision(self.accepted, self.declined)


def precision_by_kind(*, today: date) -> tuple[Precision, ...]:
    """One query."""
    is_open = Q(state=LeadState.OPEN, expires_on__gte=today)
    rows = (
        leads()
        .order_by()
        .values_list("kind", "primary_p")
        .annotate(
            waiting=Count("pk", filter=is_open),
            accepted=Count("pk", filter=Q(state=LeadState.ACCEPTED)),
            declined=Count("pk", filter=Q(state=LeadState.DECLINED)),
            expired=Count("pk", filter=Q(state__in=[LeadState.OPEN, LeadState.EXPIRED]) & ~is_open),
        )
    )
    return tuple(sorted((Precision(*row) for row in rows), key=lambda each: each.kind))


def threats_called(references: Iterable[str]) -> "Mapping[str, Threat]":
    """Threats by reference, with their label and owner. One query."""
    found = threats.threats().select_related(None).select_related("owner", "label__owner", "label__compartment")
    return {each.reference: each for each in found.filter(reference__in=set(references))}


def reference_of(text: str) -> str:
    """The reference that a typed number such as 123, dis 123 or DIS-000123 means."""
    return f"DIS-{text.upper().removeprefix('DIS').strip(' -').zfill(6)}"


def entries_about(text: str) -> Q | None:
    """Which entries of the ledger are about the record of a reference; None if it is none."""
    reference = reference_of(text)
    if not text.strip().upper().startswith("DIS") or not reference.removeprefix("DIS-").isdecimal():
        return None
    found = Disruption.objects.filter(reference=reference).values_list("pk", flat=True)
    return Q(object_type="disruptions.disruption", object_id__in=[str(pk) for pk in found])


def called(ids: Collection[str]) -> Mapping[str, str]:
    """References by key, of the records that the reader may see."""
    found = Disruption.objects.filter(pk__in=[int(each) for each in ids]).values_list("pk", "reference") if ids else ()
    return {str(pk): reference for pk, reference in found}


def agency_choices() -> list[tuple[str, str]]:
    """Every agency there is, by name: which of them have records here is counted with all other choices."""
    return list(Organisation.objects.order_by("name").values_list("code", "name"))


def owners_of_leads() -> tuple[Organisation, ...]:
    theirs = leads().order_by().values("threat__owner")
    return tuple(Organisation.objects.filter(pk__in=theirs).order_by("name"))


def often_used(organisation_id: int, *, since: date, words: rules.Vocabulary, limit: int = 8) -> tuple[str, ...]:
    """The tactics that an organisation has recorded most of late; the menu's first ones until it has."""
    used: Counter[str] = Counter()
    rows = standing().filter(lead_agency_id=organisation_id, record_date__gte=since).order_by("-pk")
    for tactics in rows.values_list("tactics", flat=True)[:500]:
        used.update(tactics)
    known = [code for code, _ in used.most_common() if code in words.tactics]
    firsts = [code for p in P for code in _first_of(words, p)]
    return tuple(dict.fromkeys([*known, *firsts]))[:limit]


def _first_of(words: rules.Vocabulary, p: P) -> list[str]:
    return [each.code for each in words.tactics.values() if each.ps and each.ps[0] is p][:2]


def same_event(found: Disruption) -> tuple[Disruption, ...]:
    """Other records of the same event."""
    if not found.shared_event:
        return ()
    others = disruptions().filter(shared_event=found.shared_event).exclude(pk=found.pk)
    return tuple(others.exclude(state=State.WITHDRAWN).order_by("reference"))


def recorded_by(recorder_id: int, *, first: datetime, last: datetime) -> tuple[Disruption, ...]:
    """What somebody recorded after one moment and up to another, the latest first; no more than a page shows."""
    found = disruptions().filter(recorder_id=recorder_id, added_at__gt=first, added_at__lte=last)
    return tuple(found.order_by("-added_at", "-pk")[:20])


def to_mend(recorder_id: int) -> tuple[Disruption, ...]:
    """What somebody recorded and is to mend: sent back, or short of the standard."""
    waits = Q(state=State.RETURNED) | (Q(state=State.RECORDED) & ~Q(faults=[]))
    return tuple(disruptions().filter(waits, recorder_id=recorder_id).order_by("event_on", "pk"))


def effects_due(*, until: date) -> QuerySet[Disruption]:
    """Passed records whose effect is to be looked at again by a day, the soonest first."""
    passed = disruptions().filter(state__in=list(rules.PASSED), review_due_on__lte=until)
    return passed.order_by("review_due_on", "pk")


def effect_overdue(today: date) -> Exists:
    """Threats with an effect that should have been looked at again by now."""
    rows = Disruption.objects.filter(
        threat=OuterRef("pk"), state__in=list(rules.PASSED), review_due_on__lt=today - OVERDUE_AFTER
    )
    return Exists(rows)


def majors_since(threat: "Threat", since: date) -> tuple[Disruption, ...]:
    """Major disruptions of a threat since a day, the latest first."""
    found = standing().filter(threat=threat, category=rules.Category.MAJOR, event_on__gt=since)
    return tuple(found.order_by("-event_on", "-pk"))


def aims_by_disruption(ids: Iterable[int]) -> Mapping[int, tuple[int, ...]]:
    """Keys of the aims that each record serves. One query."""
    served: dict[int, list[int]] = defaultdict(list)
    rows = DisruptionAim.objects.filter(disruption_id__in=list(ids), held=True).order_by("pk")
    for disruption_id, aim_id in rows.values_list("disruption_id", "aim_id"):
        served[disruption_id].append(aim_id)
    return {pk: tuple(aims) for pk, aims in served.items()}


@dataclass(frozen=True, kw_only=True)
class DisruptionHit:
    """One record found by search, and why."""

    reference: str
    name: str
    why: str
    detail: str
    url: str


def disruptions_matching(text: str, *, limit: int) -> tuple[int, list[DisruptionHit]]:
    """Records by reference, such as DIS-000123 or dis 123, or of the threat of a reference, the latest event first."""
    asked = " ".join(text.split())
    called, against = reference_of(asked), threats.reference_of(asked)
    if asked.upper().startswith("DIS") and called.removeprefix("DIS-").isdecimal():
        where, why = Q(reference=called), "The reference is the same"
    elif asked.upper().startswith("SOC") and against.removeprefix("SOC-").isdecimal():
        where, why = Q(threat__reference=against) & ~Q(state=State.WITHDRAWN), "It is against the threat"
    else:
        return 0, []
    words = region_data().words
    matching = disruptions().filter(where)
    found = list(matching.order_by("-event_on", "-pk")[:limit])
    total = len(found) if len(found) < limit else matching.count()
    return total, [
        DisruptionHit(
            reference=each.reference,
            name=f"{each.reference} against {each.threat.name}",
            why=why,
            detail=f"{rules.p_name(each.primary_p)}, {words.category_name(each.category).lower()}, "
            f"{each.lead_agency.name}, {each.event_on:%-d %B %Y}",
            url=address_of(each.reference),
        )
        for each in found
    ]
