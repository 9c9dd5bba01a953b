"""Reads of the master list. No user argument: the database has already hidden what the reader may not see."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import connection
from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Greatest
from django.urls import reverse

from fourfold.platform.errors import NotThere
from fourfold.platform.history.models import Versioned
from fourfold.platform.people.models import Organisation, OrganisationKind, User, UserKind
from fourfold.platform.reference.models import ReferenceTerm
from fourfold.platform.visibility.models import Compartment
from fourfold.pole import selectors as pole
from fourfold.threats import rules
from fourfold.threats.models import Threat, ThreatMember, ThreatPlace
from fourfold.threats.rules import Side

if TYPE_CHECKING:
    from fourfold.pole.models import PersonRecord

VOCABULARY_KINDS = ("tier", "phase", "theme", "member_role", "threat_type")


def vocabulary() -> rules.Vocabulary:
    """The region's words for tiers, phases, themes, roles and kinds, in the region's order. One query."""
    found: dict[str, list[ReferenceTerm]] = defaultdict(list)
    ended: dict[tuple[str, str], str] = {}
    for term in ReferenceTerm.objects.filter(kind__in=VOCABULARY_KINDS).order_by("kind", "position", "effective_from"):
        if term.effective_to is None:
            found[term.kind].append(term)
        else:
            ended[term.kind, term.code] = term.name
    return rules.Vocabulary(
        tiers={t.code: _tier(t) for t in found["tier"]},
        phases={t.code: rules.Phase(t.code, t.name, bool(t.detail.get("closed"))) for t in found["phase"]},
        themes={t.code: t.name for t in found["theme"]},
        roles={t.code: _member_role(t) for t in found["member_role"]},
        types={t.code: _type_help(t) for t in found["threat_type"]},
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


def members_on_record(of: Threat, record: int) -> tuple[ThreatMember, ...]:
    """Memberships made on one record that have not ended."""
    return tuple(ThreatMember.objects.filter(threat=of, record_id=record, to_on=None).select_related("threat", "label"))


def places(of: Threat) -> tuple[ThreatPlace, ...]:
    return tuple(ThreatPlace.objects.filter(threat=of).order_by("to_on", "name", "pk"))


def memberships_of_records(record_ids: Iterable[int]) -> tuple[ThreatMember, ...]:
    """Where the person of these records stands in threats, newest first."""
    found = ThreatMember.objects.filter(record_id__in=list(record_ids)).select_related("threat")
    return tuple(found.order_by("-from_on", "pk"))


def leaders() -> QuerySet[User]:
    """People who can lead a threat: they can sign in, of any rank and any agency."""
    found = User.objects.filter(is_active=True, kind=UserKind.PERSON).select_related("organisation")
    return found.order_by("organisation__name", "name", "pk")


def leading() -> QuerySet[User]:
    """Lead responsible officers of threats that the reader may see."""
    led = Threat.objects.exclude(lro=None).values("lro")
    return User.objects.filter(pk__in=led).select_related("organisation").order_by("organisation__name", "name", "pk")


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
    peopled = _memberships().filter(to_on=None).values("threat_id")
    return Q(closed_on=None) & ~Q(threat_type=rules.ThreatType.VULNERABILITY) & ~Q(pk__in=peopled)


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
    """Every version of a threat, its memberships and its places, newest first; those after `until` left out.

    A membership on a record that the reader may not see now is left out with all that was said about it.
    Three queries, however many the members.
    """
    found: list[Recorded] = []
    for model, key in ((Threat, "id"), (ThreatMember, "threat_id"), (ThreatPlace, "threat_id")):
        found += _versions(model, key, of.pk)
    shown = (each for each in found if until is None or each.at <= until)
    return tuple(sorted(shown, key=lambda each: each.at, reverse=True))


def _versions(model: type[Versioned], key: str, pk: int) -> Iterator[Recorded]:
    meta = model._meta
    names = [field.attname for field in meta.concrete_fields]
    columns = ", ".join(f'"{field.column}"' for field in meta.concrete_fields)
    asked = f'"{key}" = %(pk)s'
    if model is ThreatMember:
        asked += " and exists (select from public.pole_personrecord r where r.id = record_id)"
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


NAME_LIKENESS = 0.5


def threats_matching(text: str, *, limit: int) -> tuple[int, list[ThreatHit]]:
    """Threats by reference, name or other name, a little misspelt: how many, and the best of them."""
    asked = " ".join(text.split())
    if not asked:
        return 0, []
    other_names = Func(F("aliases"), Value(" "), function="array_to_string", output_field=TextField())
    likeness = Greatest(TrigramWordSimilarity(asked, "name"), TrigramWordSimilarity(asked, other_names))
    found = (
        threats()
        .annotate(likeness=likeness)
        .filter(Q(reference=reference_of(asked)) | Q(likeness__gte=NAME_LIKENESS))
        .order_by("-likeness", "reference")
    )
    words = vocabulary()
    return found.count(), [_hit(each, asked, words) for each in found[:limit]]


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
    alias = next((a for a in found.aliases if asked.lower() in a.lower()), "")
    if found.reference == reference_of(asked):
        why = "reference"
    elif asked.lower() in found.name.lower():
        why = "name"
    else:
        why = f"also known as {alias}" if alias else "name spelt nearly so"
    return ThreatHit(
        reference=found.reference,
        name=found.name,
        why=why,
        detail=f"{rules.type_name(found.threat_type)}, {words.tier_name(found.tier)}, {found.owner.name}",
        url=reverse("threats:detail", args=[found.reference]),
    )


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
