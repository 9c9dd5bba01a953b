"""Reads of the master list. No user argument: the database has already hidden what the reader may not see."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.urls import reverse

from fourfold.formats import phone, postcode, vrm
from fourfold.platform import clock
from fourfold.platform.errors import NotThere
from fourfold.platform.history.models import Versioned
from fourfold.platform.people.models import Organisation, OrganisationKind, User, UserKind
from fourfold.platform.people.rules import may
from fourfold.platform.people.selectors import own_first
from fourfold.platform.reference.keeping import kept
from fourfold.platform.reference.models import ReferenceTerm
from fourfold.platform.visibility.models import AccessLabel, Compartment, CompartmentMember
from fourfold.pole import selectors as pole
from fourfold.threats import rooms, rules
from fourfold.threats.models import Closing, HandOver, Threat, ThreatLine, ThreatLink, ThreatMember, ThreatPlace
from fourfold.threats.rules import Side

if TYPE_CHECKING:
    from fourfold.pole.models import PersonRecord

VOCABULARY_KINDS = ("tier", "phase", "theme", "member_role", "threat_type", "quiet_after")


@kept
def vocabulary() -> rules.Vocabulary:
    """The region's words for tiers, phases, themes, roles and kinds, in the region's order. One query, or none."""
    found: dict[str, list[ReferenceTerm]] = defaultdict(list)
    ended: dict[tuple[str, str], str] = {}
    for term in ReferenceTerm.objects.filter(kind__in=VOCABULARY_KINDS).order_by("kind", "position", "effective_from"):
        if term.effective_to is None:
            found[term.kind].append(term)
        else:
            ended[term.kind, term.code] = term.name
    return rules.Vocabulary(
        tiers={t.code: _tier(t) for t in found["tier"]},
        phases={t.code: _phase(t) for t in found["phase"]},
        themes={t.code: t.name for t in found["theme"]},
        roles={t.code: _member_role(t) for t in found["member_role"]},
        types={t.code: _type_help(t) for t in found["threat_type"]},
        quiet_months={t.code: int(t.detail["months"]) for t in found["quiet_after"]},
        ended=ended,
    )


def _tier(term: ReferenceTerm) -> rules.Tier:
    said = term.detail
    return rules.Tier(
        code=term.code,
        name=term.name,
        meaning=said.get("meaning", ""),
        lro_required=said.get("lro") == "required",
        review_months=int(said.get("assessment_review_months", 0)),
    )


def _phase(term: ReferenceTerm) -> rules.Phase:
    return rules.Phase(term.code, term.name, bool(term.detail.get("closed")), bool(term.detail.get("merged")))


def _member_role(term: ReferenceTerm) -> rules.MemberRole:
    side = Side(term.detail["side"].upper())
    return rules.MemberRole(term.code, term.name, side, bool(term.detail.get("check_exploited")))


def _type_help(term: ReferenceTerm) -> rules.TypeHelp:
    said = term.detail
    return rules.TypeHelp(
        question=said.get("question", ""),
        means=said.get("help", ""),
        examples=said.get("examples", ""),
        not_when=said.get("not_when", ""),
    )


def threats() -> QuerySet[Threat]:
    return Threat.objects.select_related(
        "owner",
        "lro__organisation",
        "deputy__organisation",
        "sio__organisation",
        "nominated_by__organisation",
        "label__owner",
        "label__compartment",
        "label__agreement",
    )


def threat(reference: str) -> Threat:
    """The threat of that reference. Raises `NotThere` where there is none that the reader may see."""
    found = None if "\x00" in reference else threats().filter(reference=reference).first()
    if found is None:
        raise NotThere
    return found


def by_references(references: Iterable[str]) -> Mapping[str, Threat]:
    """Threats that the reader may see, by reference. One query."""
    wanted = {reference for reference in references if "\x00" not in reference}
    return {found.reference: found for found in threats().filter(reference__in=wanted)} if wanted else {}


def member(pk: int, *, of: Threat) -> ThreatMember:
    found = ThreatMember.objects.select_related("label").filter(pk=pk, threat=of).first()
    if found is None:
        raise NotThere
    return found


@dataclass(frozen=True)
class Headcount:
    """People now in a threat. Only `offender` is a count of offenders; nobody exploited is in it."""

    offender: int = 0
    periphery: int = 0
    protect: int = 0

    @property
    def members(self) -> int:
        """Everybody in the threat but those who are to be protected."""
        return self.offender + self.periphery


def headcounts(threat_ids: Iterable[int]) -> Mapping[int, Headcount]:
    """People now in each threat, each person counted once a side. One query."""
    people: dict[int, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    now_in = ThreatMember.objects.filter(threat_id__in=list(threat_ids), to_on=None)
    for threat_id, side, person_id in now_in.values_list("threat_id", "side", "record__person_id").distinct():
        people[threat_id][side].add(person_id)
    return {
        threat_id: Headcount(len(sides[Side.OFFENDER]), len(sides[Side.PERIPHERY]), len(sides[Side.PROTECT]))
        for threat_id, sides in people.items()
    }


def headcount(of: Threat) -> Headcount:
    return headcounts([of.pk]).get(of.pk, Headcount())


@dataclass(frozen=True, kw_only=True)
class MemberLine:
    """One membership with the person it is about, as pole shows people."""

    member: ThreatMember
    person: pole.PersonLine
    role_name: str

    @property
    def ended(self) -> bool:
        return self.member.to_on is not None


def member_lines(of: Threat, *, today: date) -> tuple[MemberLine, ...]:
    """Everybody ever in the threat whom the reader may see: those now in it first, in the order of roles.

    Somebody named in one role on two records, which turned out to be one person's, is told once.
    Four queries, however many the members.
    """
    words = vocabulary()
    order = {code: place for place, code in enumerate(words.roles)}
    members = tuple(ThreatMember.objects.filter(threat=of).select_related("label").order_by("from_on", "pk"))
    people = pole.people_of_records([m.record_id for m in members], today=today)
    seen: set[tuple[int, str, bool]] = set()
    lines = []
    for each in members:
        person = people.get(each.record_id)
        if person is None or (key := (person.person_id, each.role, each.to_on is None)) in seen:
            continue
        seen.add(key)
        lines.append(MemberLine(member=each, person=person, role_name=words.role_name(each.role)))
    lines.sort(key=lambda line: (line.ended, order.get(line.member.role, len(order)), line.person.name))
    return tuple(lines)


@dataclass(frozen=True)
class MemberSide:
    """One membership as those count who reckon with it: who, on which record, on which side, when, for whose eyes."""

    threat_id: int
    person_id: int
    record_id: int
    role: str
    side: Side
    from_on: date
    to_on: date | None
    label_id: int


def members_sides(threat_ids: Iterable[int]) -> Mapping[int, tuple[MemberSide, ...]]:
    """Everybody ever in some threats, by threat, on records that the reader may see. One query."""
    found: dict[int, list[MemberSide]] = defaultdict(list)
    rows = _memberships().filter(threat_id__in=list(threat_ids)).order_by("from_on", "pk")
    for threat_id, person_id, record_id, role, side, from_on, to_on, label_id in rows.values_list(
        "threat_id", "record__person_id", "record_id", "role", "side", "from_on", "to_on", "label_id"
    ):
        found[threat_id].append(MemberSide(threat_id, person_id, record_id, role, Side(side), from_on, to_on, label_id))
    return {threat_id: tuple(sides) for threat_id, sides in found.items()}


def has_member_under_18(of: Threat, *, today: date) -> bool:
    """Whether anybody now in the threat, on any side, is or may be under 18. Three queries."""
    records = list(ThreatMember.objects.filter(threat=of, to_on=None).values_list("record_id", flat=True))
    return any(person.may_be_a_child for person in pole.people_of_records(records, today=today).values())


def members_on_record(of: Threat, record: int) -> tuple[ThreatMember, ...]:
    """Memberships made on one record that have not ended."""
    return tuple(ThreatMember.objects.filter(threat=of, record_id=record, to_on=None).select_related("threat", "label"))


def places(of: Threat) -> tuple[ThreatPlace, ...]:
    return tuple(ThreatPlace.objects.filter(threat=of).order_by("to_on", "name", "pk"))


def place(pk: int, *, of: Threat) -> ThreatPlace:
    return _part(ThreatPlace, pk, of)


def lines(of: Threat) -> tuple[ThreatLine, ...]:
    return tuple(ThreatLine.objects.filter(threat=of).order_by("to_on", "number", "pk"))


def line(pk: int, *, of: Threat) -> ThreatLine:
    return _part(ThreatLine, pk, of)


def _part[Part: (ThreatLine, ThreatPlace)](model: type[Part], pk: int, of: Threat) -> Part:
    found = model._default_manager.filter(pk=pk, threat=of).select_related("threat__owner", "threat__label").first()
    if found is None:
        raise NotThere
    return found


def _links() -> QuerySet[ThreatLink]:
    """Links of which the reader may see both ends: a threat may become narrower than what was said of it."""
    return ThreatLink.objects.select_related(
        "one__owner", "one__label__owner", "other__owner", "other__label__owner", "label"
    )


def links_of(of: Threat) -> tuple[ThreatLink, ...]:
    """What a threat has to do with others that the reader may see, those that hold now first."""
    found = _links().filter(Q(one=of) | Q(other=of)).order_by("from_on", "pk")
    return tuple(sorted(found, key=lambda link: link.to_on is not None))


def link(pk: int, *, of: Threat) -> ThreatLink:
    found = _links().filter(Q(one=of) | Q(other=of), pk=pk).first()
    if found is None:
        raise NotThere
    return found


def merged_into(of: Threat) -> Threat | None:
    """The threat that this one goes on in, if the reader may see it."""
    found = _links().filter(one=of, kind=rules.LinkKind.MERGED_INTO, to_on=None).first()
    return None if found is None else found.other


def merged_here(into: Threat) -> QuerySet[Threat]:
    """Threats that go on in this one, as far as the reader may see them."""
    links = _links().filter(other=into, kind=rules.LinkKind.MERGED_INTO, to_on=None)
    return threats().filter(pk__in=links.order_by().values("one"))


def left_behind(of: Threat) -> int:
    """After a merge: how many now in it did not move, because who merged could not see them."""
    return _memberships().filter(threat=of, to_on=None).count() if of.closed_on is not None else 0


def _hand_overs() -> QuerySet[HandOver]:
    return HandOver.objects.select_related(
        "threat__owner",
        "threat__label__owner",
        "threat__label__compartment",
        "threat__label__agreement",
        "from_organisation",
        "from_lro__organisation",
        "to_organisation",
        "lro__organisation",
        "deputy__organisation",
        "sio__organisation",
        "offered_by__organisation",
        "answered_by__organisation",
        "label",
    )


def hand_overs_of(of: Threat) -> tuple[HandOver, ...]:
    """Every offer of a threat, newest first."""
    return tuple(_hand_overs().filter(threat=of).order_by("-offered_at", "-pk"))


def hand_over(pk: int, *, of: Threat) -> HandOver:
    found = _hand_overs().filter(pk=pk, threat=of).first()
    if found is None:
        raise NotThere
    return found


def open_hand_over(of: Threat) -> HandOver | None:
    return _hand_overs().filter(threat=of, answer="").first()


def offer_of(offered: HandOver, threat: Threat) -> rules.Offer:
    return rules.Offer(
        offered_by=offered.offered_by_id,
        to_organisation=offered.to_organisation.code,
        lro=offered.lro_id,
        audience=threat.label.audience,
        answered=bool(offered.answer),
    )


def hand_overs_waiting() -> QuerySet[HandOver]:
    """Offers of open threats that nobody has answered, the oldest first."""
    return _hand_overs().filter(answer="", threat__closed_on=None).order_by("offered_at", "pk")


def for_receiver(user: User) -> Q:
    """Which offers this person may answer: the same as `rules.may_answer_offer`, as a condition."""
    mine = Q(lro=user)
    if may(user, rules.MANAGE):
        mine |= Q(to_organisation=user.organisation)
        if may(user, rules.WHOLE_REGION):
            mine |= Q(threat__label__audience="REGION")
    return mine & ~Q(offered_by=user)


def _closings() -> QuerySet[Closing]:
    return Closing.objects.select_related(
        "threat__owner",
        "threat__label__owner",
        "threat__lro__organisation",
        "into__owner",
        "into__label",
        "proposed_by__organisation",
        "answered_by__organisation",
        "label",
    )


def closings_of(of: Threat) -> tuple[Closing, ...]:
    return tuple(_closings().filter(threat=of).order_by("-proposed_at", "-pk"))


def closing(pk: int, *, of: Threat) -> Closing:
    found = _closings().filter(pk=pk, threat=of).first()
    if found is None:
        raise NotThere
    return found


def open_closing(of: Threat) -> Closing | None:
    return _closings().filter(threat=of, answer="").first()


def proposed_of(asked: Closing, threat: Threat) -> rules.Proposed:
    return rules.Proposed(
        proposed_by=asked.proposed_by_id,
        owner=threat.owner.code,
        audience=threat.label.audience,
        leads=frozenset(filter(None, (threat.lro_id, threat.deputy_id, threat.sio_id))),
        answered=bool(asked.answer),
    )


def is_of_unit(of: Threat) -> bool:
    """Whether the regional unit owns the threat."""
    return of.owner.kind == OrganisationKind.ROCU


def closings_waiting() -> QuerySet[Closing]:
    """Proposals to close open threats that nobody has answered, the oldest first."""
    return _closings().filter(answer="", threat__closed_on=None).order_by("proposed_at", "pk")


def for_moderator(user: User) -> Q:
    """Which proposals this person may answer: the same as `rules.may_answer_closing`, as a condition."""
    not_mine = ~Q(proposed_by=user)
    for role in ("lro", "deputy", "sio"):
        not_mine &= Q(**{f"threat__{role}": None}) | ~Q(**{f"threat__{role}": user})
    mine = Q(pk__in=[])
    if may(user, rules.MANAGE):
        mine |= Q(threat__label__audience="OWN", threat__owner=user.organisation)
    if may(user, rules.MODERATE):
        others = Q(threat__owner__kind=OrganisationKind.ROCU) | ~Q(threat__owner=user.organisation)
        mine |= ~Q(threat__label__audience="OWN") & others
    return mine & not_mine


def is_read_at(organisation: Organisation, label: AccessLabel) -> bool:
    """Whether anybody at an organisation could see what has this label, so far as label and circle say."""
    if label.owner_id == organisation.pk:
        return True
    if label.compartment_id is not None:
        circle = CompartmentMember.objects.filter(compartment=label.compartment_id, held_to=None)
        if not circle.filter(user__organisation=organisation).exists():
            return False
    match label.audience:
        case "REGION":
            return organisation.region == label.owner.region
        case "NAMED":
            return label.named.filter(pk=organisation.pk).exists()
        case "AGREEMENT":
            return label.agreement is not None and label.agreement.parties.filter(pk=organisation.pk).exists()
        case _:
            return False


def memberships_of_records(record_ids: Iterable[int]) -> tuple[ThreatMember, ...]:
    """Where the person of these records stands in threats, newest first."""
    found = ThreatMember.objects.filter(record_id__in=list(record_ids)).select_related("threat")
    return tuple(found.order_by("-from_on", "pk"))


def member_by_key(pk: int) -> ThreatMember:
    """One membership, of whichever threat."""
    found = _memberships().select_related("threat__owner", "threat__label", "label").filter(pk=pk).first()
    if found is None:
        raise NotThere
    return found


def memberships_open_now(record_ids: Iterable[int]) -> QuerySet[ThreatMember]:
    """Roles in open threats that some records have now, on records that the reader may see."""
    open_now = _memberships().filter(record_id__in=list(record_ids), to_on=None, threat__closed_on=None)
    return open_now.select_related("threat__owner", "threat__label").order_by("pk")


def threats_of_records(record_ids: Iterable[int]) -> dict[int, int]:
    """In how many open threats each record has a role now. One query."""
    rows = memberships_open_now(record_ids).order_by().values_list("record_id", "threat_id").distinct()
    return dict(Counter(record for record, _ in rows))


def leaders(*, own: int | None = None) -> QuerySet[User]:
    """People who can lead a threat: they can sign in, of any rank and any agency; those of one organisation first."""
    return own_first(User.objects.filter(is_active=True, kind=UserKind.PERSON), own)


def leading() -> QuerySet[User]:
    """Lead responsible officers of threats that the reader may see."""
    led = Threat.objects.exclude(lro=None).values("lro")
    return User.objects.filter(pk__in=led).select_related("organisation").order_by("organisation__name", "name", "pk")


def deputising() -> QuerySet[User]:
    """Deputies of threats that the reader may see."""
    found = Threat.objects.exclude(deputy=None).values("deputy")
    return User.objects.filter(pk__in=found).select_related("organisation").order_by("organisation__name", "name", "pk")


def investigating() -> QuerySet[User]:
    """Senior investigating officers of threats that the reader may see."""
    found = Threat.objects.exclude(sio=None).values("sio")
    return User.objects.filter(pk__in=found).select_related("organisation").order_by("organisation__name", "name", "pk")


def owners() -> tuple[Organisation, ...]:
    """Organisations that can own a threat."""
    return tuple(Organisation.objects.exclude(kind=OrganisationKind.PARTNER).exclude(region="").order_by("name"))


def owning() -> tuple[Organisation, ...]:
    """Organisations that own a threat which the reader may see."""
    return tuple(Organisation.objects.filter(pk__in=Threat.objects.values("owner")).order_by("name"))


def circles_of(user_id: int) -> tuple[Compartment, ...]:
    """The need-to-know compartments somebody is in now."""
    return tuple(Compartment.objects.filter(members__user=user_id, members__held_to=None).distinct().order_by("code"))


def threats_led_by(user_id: int) -> QuerySet[Threat]:
    """Open threats this person leads, deputises for or investigates, most serious first."""
    mine = Q(lro_id=user_id) | Q(deputy_id=user_id) | Q(sio_id=user_id)
    return threats().filter(mine, closed_on=None).order_by("tier", "reference")


def needs_lro(words: rules.Vocabulary) -> Q:
    """Open threats of a tier that needs a lead responsible officer and has none."""
    return Q(closed_on=None, lro=None, tier__in=[t.code for t in words.tiers.values() if t.lro_required])


def _memberships() -> QuerySet[ThreatMember]:
    """Memberships on records that the reader may see. A record may become narrower than what was said on it."""
    return ThreatMember.objects.filter(record__person__isnull=False)


def has_no_members() -> Q:
    """Open groups and individuals in which nobody that the reader may see is now recorded."""
    peopled = Exists(_memberships().filter(threat=OuterRef("pk"), to_on=None))
    return Q(closed_on=None) & ~Q(threat_type=rules.ThreatType.VULNERABILITY) & ~Q(peopled)


def is_quiet(words: rules.Vocabulary, day: date) -> Q:
    """Open threats of which nothing was heard for as many months as the region says for their kind (`quiet.yaml`).

    Heard means: something happened with somebody now in it, or its members, lines or places changed. Only what the
    reader may see is heard, so two readers may differ. A prompt to look: it closes nothing.
    """
    kinds: dict[int, list[str]] = defaultdict(list)
    for kind, months in words.quiet_months.items():
        kinds[months].append(kind)
    asked = Q(pk__in=[])
    for months, those in kinds.items():
        since = rules.months_before(day, months)
        asked |= Q(threat_type__in=those, nominated_on__lt=since) & ~_heard_since(since)
    return Q(closed_on=None) & asked


def _heard_since(since: date) -> Q:
    moment = datetime.combine(since, time.min, tzinfo=clock.LONDON)
    changed = Q(from_on__gte=since) | Q(to_on__gte=since) | Q(recorded_from__gte=moment)
    of_threat = Q(threat=OuterRef("pk"))
    heard = Q(Exists(_memberships().filter(of_threat & changed)))
    heard |= Q(Exists(ThreatLine.objects.filter(of_threat & changed)))
    heard |= Q(Exists(ThreatPlace.objects.filter(of_threat & changed)))
    now_in = ThreatMember.objects.filter(of_threat, to_on=None)
    return heard | Q(Exists(now_in.filter(pole.heard_of_since(since, person="record__person_id"))))


def exceptions_of(of: Threat, *, day: date) -> tuple[rooms.ThreatException, ...]:
    """What should not be so about one threat, in the order of the rooms. One query and those of the conditions."""
    return exceptions_among([of.pk], day=day).get(of.pk, ())


def exceptions_among(threat_ids: Iterable[int], *, day: date) -> Mapping[int, tuple[rooms.ThreatException, ...]]:
    """The same for some threats, by threat."""
    asked = tuple(rooms.exceptions().values())
    flags = {f"missing_{n}": Case(When(each.holds(day), then=True), default=False) for n, each in enumerate(asked)}
    rows = Threat.objects.filter(pk__in=list(threat_ids)).annotate(**flags).values_list("pk", *flags)
    return {pk: tuple(each for each, so in zip(asked, held, strict=True) if so) for pk, *held in rows}


def with_exception(codes: Iterable[str], *, day: date) -> Q:
    """Threats with any of some exceptions."""
    asked = Q(pk__in=[])
    for code, each in rooms.exceptions().items():
        if code in codes:
            asked |= each.holds(day)
    return Q(closed_on=None) & asked


@dataclass(frozen=True)
class Counted:
    """Open threats of one owner, and how many of them have each exception, by code."""

    owner: Organisation
    threats: int
    having: Mapping[str, int]


def exceptions_by_owner(*, day: date) -> tuple[Counted, ...]:
    """One row for each organisation that owns an open threat which the reader may see. Two queries."""
    codes = tuple(rooms.exceptions())
    having = {f"having_{n}": Count("pk", filter=rooms.exceptions()[code].holds(day)) for n, code in enumerate(codes)}
    rows = Threat.objects.filter(closed_on=None).order_by().values("owner").annotate(threats=Count("pk"), **having)
    by_owner: dict[int, dict[str, Any]] = {row["owner"]: dict(row) for row in rows}
    return tuple(
        Counted(
            owner,
            by_owner[owner.pk]["threats"],
            {code: by_owner[owner.pk][f"having_{n}"] for n, code in enumerate(codes)},
        )
        for owner in Organisation.objects.filter(pk__in=by_owner).order_by("name")
    )


@dataclass(frozen=True, kw_only=True)
class Load:
    """What one officer leads: open threats by tier, as deputy, and how many of them want something."""

    officer: User
    by_tier: Mapping[str, int]
    as_deputy: int
    with_exceptions: int

    @property
    def own(self) -> int:
        return sum(self.by_tier.values())


def officers_who_lead() -> QuerySet[User]:
    """Everybody who leads or deputises for an open threat that the reader may see; `leads` counts those they lead."""
    open_now = Threat.objects.filter(closed_on=None)
    found = User.objects.select_related("organisation").filter(
        Q(pk__in=open_now.exclude(lro=None).values("lro")) | Q(pk__in=open_now.exclude(deputy=None).values("deputy"))
    )
    counted = open_now.filter(lro=OuterRef("pk")).order_by().values("lro").annotate(rows=Count("pk")).values("rows")
    return found.annotate(leads=Coalesce(Subquery(counted), 0))


def loads_of(officers: Iterable[User], *, day: date) -> tuple[Load, ...]:
    """Three queries, however many the officers."""
    officers = tuple(officers)
    ids = [officer.pk for officer in officers]
    open_now = Threat.objects.filter(closed_on=None).order_by()
    tiers: dict[int, dict[str, int]] = defaultdict(dict)
    for officer, tier, rows in open_now.filter(lro__in=ids).values_list("lro", "tier").annotate(rows=Count("pk")):
        tiers[officer][tier] = rows
    deputies = dict(open_now.filter(deputy__in=ids).values_list("deputy").annotate(rows=Count("pk")))
    wanting = open_now.filter(with_exception(rooms.exceptions(), day=day), lro__in=ids)
    exceptions = dict(wanting.values_list("lro").annotate(rows=Count("pk")))
    return tuple(
        Load(
            officer=officer,
            by_tier=tiers.get(officer.pk, {}),
            as_deputy=deputies.get(officer.pk, 0),
            with_exceptions=exceptions.get(officer.pk, 0),
        )
        for officer in officers
    )


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A threat whose record, members or places changed, when it last did, and why as far as the threat says."""

    threat: Threat
    at: datetime
    because: str


def threats_changed_since(moment: datetime, *, among: QuerySet[Threat]) -> tuple[Changed, ...]:
    """Threats recorded differently after a moment, or their members or places; newest first. Four queries."""
    latest: dict[int, tuple[datetime, str]] = {}
    wanted = among.order_by().values("pk")
    for rows in (
        Threat.objects.filter(pk__in=wanted).values_list("pk", "recorded_from", "because"),
        _memberships().filter(threat__in=wanted).values_list("threat_id", "recorded_from", "because"),
        ThreatPlace.objects.filter(threat__in=wanted).values_list("threat_id", "recorded_from", "because"),
    ):
        for pk, at, because in rows.filter(recorded_from__gt=moment):
            if pk not in latest or at > latest[pk][0]:
                latest[pk] = (at, because)
    found = threats().in_bulk(latest)
    lines = [Changed(threat=found[pk], at=at, because=why) for pk, (at, why) in latest.items() if pk in found]
    return tuple(sorted(lines, key=lambda line: (-line.at.timestamp(), line.threat.reference)))


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One version of a threat, of a membership or of a place: what it said, what it said before, who made it so."""

    of: type[Versioned]
    fields: Mapping[str, Any]
    before: Mapping[str, Any] | None
    at: datetime
    by: int | None


def recorded_about(of: Threat, *, until: datetime | None) -> tuple[Recorded, ...]:
    """Every version of a threat and of all that stands on it, newest first; those after `until` left out.

    A membership on a record that the reader may not see now is left out with all that was said about it, and so is a
    link to a threat that they may not see. Seven queries, however many the members.
    """
    found: list[Recorded] = []
    for model, asked in STANDS_ON.items():
        found += _versions(model, asked, of.pk)
    found.reverse()  # of what was recorded at one moment, what stands on the threat comes above the threat
    shown = (each for each in found if until is None or each.at <= until)
    return tuple(sorted(shown, key=lambda each: each.at, reverse=True))


@dataclass(frozen=True)
class Reclassified:
    """A threat was said to be of another kind: of which it was until then, when, and who may see that it was."""

    was: str
    at: datetime
    label_id: int


def reclassified(of: Threat, *, until: datetime | None) -> tuple[Reclassified, ...]:
    """When a threat was said to be of another kind, in order; what came after `until` left out. One query."""
    return tuple(
        Reclassified(each.before["threat_type"], each.at, each.before["label_id"])
        for each in _versions(Threat, STANDS_ON[Threat], of.pk)
        if each.before is not None
        and each.before["threat_type"] != each.fields["threat_type"]
        and (until is None or each.at <= until)
    )


STANDS_ON: Mapping[type[Versioned], str] = {
    Threat: "id = %(pk)s",
    ThreatMember: "threat_id = %(pk)s and exists (select from public.pole_personrecord r where r.id = record_id)",
    ThreatPlace: "threat_id = %(pk)s",
    ThreatLine: "threat_id = %(pk)s",
    ThreatLink: (
        "%(pk)s in (one_id, other_id) and exists (select from public.threats_threat t where t.id = one_id) "
        "and exists (select from public.threats_threat t where t.id = other_id)"
    ),
    HandOver: "threat_id = %(pk)s",
    Closing: (
        "threat_id = %(pk)s and (into_id is null or exists (select from public.threats_threat t where t.id = into_id))"
    ),
}
"""What stands on a threat and keeps versions, each with the condition for one threat."""


def _versions(model: type[Versioned], asked: str, pk: int) -> Iterator[Recorded]:
    meta = model._meta
    names = [field.attname for field in meta.concrete_fields]
    columns = ", ".join(f'"{field.column}"' for field in meta.concrete_fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f'select {columns} from public."{meta.db_table}" where {asked} union all '
            f'select {columns} from public."{meta.db_table}_was" where {asked} order by id, recorded_from',
            {"pk": pk},
        )
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    before: dict[str, Any] | None = None
    for row in rows:
        earlier = before if before is not None and before["id"] == row["id"] else None
        yield Recorded(of=model, fields=row, before=earlier, at=row["recorded_from"], by=row["recorded_by"])
        before = row


def references_of(ids: Iterable[int]) -> Mapping[int, str]:
    """Reference and name by key, of the threats that the reader may see. One query, none where nothing is asked."""
    wanted = set(ids)
    found = Threat.objects.filter(pk__in=wanted).values_list("pk", "reference", "name") if wanted else ()
    return {pk: f"{reference} {name}" for pk, reference, name in found}


def users_in_words(ids: Iterable[int | None]) -> Mapping[int, str]:
    """Names with organisations. One query."""
    found = User.objects.filter(pk__in={pk for pk in ids if pk is not None}).select_related("organisation")
    return {user.pk: f"{user.name}, {user.organisation.name}" for user in found}


@dataclass(frozen=True, kw_only=True)
class ThreatHit:
    """One threat found by search, and why."""

    reference: str
    name: str
    why: str
    detail: str
    url: str


CANDIDATES = 200
"""Threats that a search by name weighs at most."""
LIKE_ENOUGH = 0.5
NEARLY_LIKE_ENOUGH = 0.4
"""For somebody in a hurry, who is shown the few that are most alike and chooses."""


def threats_matching(text: str, *, limit: int) -> tuple[int, list[ThreatHit]]:
    """Threats by reference, name or other name, a little misspelt: how many, and the best of them."""
    asked = " ".join(text.replace("\x00", "").split())
    if not asked:
        return 0, []
    keys = list(dict.fromkeys((*(pk for pk, _ in _by_reference(asked, date.max)), *_names_like(asked))))
    found = threats().in_bulk(keys[:limit])
    words = vocabulary()
    return len(keys), [_hit(found[pk], asked, words) for pk in keys[:limit]]


def _names_like(asked: str, *, at_most: int = CANDIDATES, likeness: float = LIKE_ENOUGH) -> list[int]:
    """Keys of visible threats whose name or other name is like what was typed, open ones first, most alike first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select t.id from threats_find(%(asked)s, %(at_most)s) with ordinality found(id, place) "
            "join threats_threat t on t.id = found.id "
            "where word_similarity(%(asked)s, threats_names(t.name, t.aliases::text[])) >= %(likeness)s order by place",
            {"asked": asked, "at_most": at_most, "likeness": likeness},
        )
        return [pk for (pk,) in cursor.fetchall()]


def reference_of(text: str) -> str:
    """The reference that a typed number such as 412, soc 412 or SOC-0412 means."""
    return f"SOC-{text.upper().removeprefix('SOC').strip(' -').zfill(4)}"


def entries_about(text: str) -> Q | None:
    """Which entries of the ledger are about the threat of a reference, or about its members; None if it is none."""
    reference = reference_of(text)
    if not reference.removeprefix("SOC-").isdecimal():
        return None
    found = Threat.objects.filter(reference=reference).values_list("pk", flat=True)
    return Q(object_type="threats.threat", object_id__in=[str(pk) for pk in found]) | Q(details__threat=reference)


def called(ids: Collection[str]) -> Mapping[str, str]:
    """References by key, of the threats that the reader may see."""
    found = Threat.objects.filter(pk__in=[int(each) for each in ids]).values_list("pk", "reference") if ids else ()
    return {str(pk): reference for pk, reference in found}


def _hit(found: Threat, asked: str, words: rules.Vocabulary) -> ThreatHit:
    is_reference = found.reference == reference_of(asked)
    return ThreatHit(
        reference=found.reference,
        name=found.name,
        why="reference" if is_reference else _name_words(found, asked),
        detail=f"{rules.type_name(found.threat_type)}, {words.tier_name(found.tier)}, {found.owner.name}",
        url=reverse("threats:detail", args=[found.reference]),
    )


def _name_words(found: Threat, asked: str) -> str:
    if asked.lower() in found.name.lower():
        return "name"
    alias = next((alias for alias in found.aliases if asked.lower() in alias.lower()), "")
    return f"also known as {alias}" if alias else "name spelt nearly so"


def record(pk: int) -> "PersonRecord":
    """The source record a membership is to be made on. Raises `NotThere`."""
    return pole.person_record(pk)


FOUND_AT_MOST = 10


def people_to_add(text: str, *, today: date) -> tuple[tuple[pole.PersonLine, tuple[pole.RecordLine, ...]], ...]:
    """People by name or number with their records, so that the officer says which record the membership is made on."""
    found = pole.people_matching(text, today=today, limit=FOUND_AT_MOST)
    return tuple((person, pole.record_lines(person.person_id)) for person in found)


def new_on_picture(of: Threat, since: datetime) -> tuple[pole.NewLink, ...]:
    """What came onto the picture since a moment about the people now in a threat, on any of their records."""
    named = ThreatMember.objects.filter(threat=of, to_on=None).values_list("record__person_id", flat=True)
    records = pole.records_of(set(named))
    return tuple(pole.new_links_since([pk for ids in records.values() for pk in ids], since))


@dataclass(frozen=True)
class Found:
    """A threat that could be meant, and why."""

    threat: Threat
    why: str


def find_threats(text: str, *, today: date, limit: int = 3) -> tuple[Found, ...]:
    """Threats that an officer could mean by a few words: the best first, open before closed.

    Words may be a reference, a phone line, a plate of a member's vehicle, a postcode, or a name, a little misspelt.
    Nobody is named: `why` says what was found, never whose it is. Two to five queries.
    """
    asked = " ".join(text.replace("\x00", "").split())
    if not asked:
        return ()
    why: dict[int, str] = {}
    for find in (_by_reference, _by_phone, _by_plate, _by_postcode):
        for pk, words in find(asked, today):
            why.setdefault(pk, words)
    named = _names_like(asked, at_most=limit, likeness=NEARLY_LIKE_ENOUGH) if len(why) < limit else ()
    order = {pk: place for place, pk in enumerate(dict.fromkeys((*why, *named)))}
    found = threats().in_bulk(order)
    ranked = sorted(found.values(), key=lambda each: (each.closed_on is not None, order[each.pk]))
    return tuple(Found(each, why.get(each.pk) or _name_words(each, asked)) for each in ranked[:limit])


def _by_reference(asked: str, today: date) -> Iterable[tuple[int, str]]:
    reference = reference_of(asked)
    if not reference.removeprefix("SOC-").isdecimal():
        return ()
    called = Threat.objects.filter(reference=reference, nominated_on__lte=today)
    return [(pk, "reference") for pk in called.values_list("pk", flat=True)]


def _by_phone(asked: str, today: date) -> Iterable[tuple[int, str]]:
    number = phone.normalise(asked)
    if not number.valid:
        return ()
    own = ThreatLine.objects.filter(_now(today), number=number.value).values_list("threat_id", flat=True)
    theirs = _threats_of(pole.people_with_object("PHONE", number.value), today)
    return [*((pk, "phone line") for pk in own), *((pk, "a member's phone") for pk in theirs)]


def _by_plate(asked: str, today: date) -> Iterable[tuple[int, str]]:
    plate = vrm.normalise(asked)
    if not plate.valid or not any(letter.isdigit() for letter in plate.value):
        return ()
    return [(pk, "a member's vehicle") for pk in _threats_of(pole.people_with_object("VEHICLE", plate.value), today)]


def _by_postcode(asked: str, today: date) -> Iterable[tuple[int, str]]:
    wanted = postcode.normalise(asked)
    if not wanted.valid:
        return ()
    own = ThreatPlace.objects.filter(_now(today), postcode=wanted.value).values_list("threat_id", flat=True)
    theirs = _threats_of(pole.people_at_postcode(wanted.value), today)
    return [*((pk, "a place of the threat") for pk in own), *((pk, "a member's address") for pk in theirs)]


def _threats_of(person_ids: QuerySet[Any, int], today: date) -> Iterable[int]:
    """Threats in which some people now are. Nobody's car or home leads to the threat that they are protected from."""
    found = _memberships().filter(_now(today), record__person_id__in=person_ids).exclude(side=Side.PROTECT)
    return found.order_by("threat_id").values_list("threat_id", flat=True).distinct()[:CANDIDATES]


def _now(today: date) -> Q:
    return Q(to_on=None, from_on__lte=today)
