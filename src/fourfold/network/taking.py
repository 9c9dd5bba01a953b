"""A person, a threat or a network as a file: gathered as its reader sees it, written, and noted in the ledger."""

from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from fourfold.formats import followthemoney, stix
from fourfold.formats.entities import Bond, Parcel, Row, Side, Sort, Thing, Tie, without
from fourfold.network import leaving, of_threats, rules, selectors
from fourfold.network.leaving import Form
from fourfold.network.rules import Period
from fourfold.network.selectors import Picture
from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation, Reason
from fourfold.platform.history.rewind import as_recorded_on
from fourfold.platform.people.models import User
from fourfold.platform.ui.jinja import plural, shown_date, shown_moment
from fourfold.platform.visibility.models import AccessLabel
from fourfold.pole import selectors as pole
from fourfold.pole import steps
from fourfold.pole import taking as picture_taking
from fourfold.pole.steps import Node, person_node
from fourfold.pole.taking import Taken, node_key
from fourfold.threats import rules as threat_rules
from fourfold.threats import selectors as threats

if TYPE_CHECKING:
    from fourfold.pole.models import SourceRecord
    from fourfold.threats.models import Threat


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody asks for.

    Args:
        form: In which format.
        depth: How many links around the person, or around everybody now in the threat, are followed.
        period: Days between which a link has to have been active.
        with_protected: Whether people who are to be protected are in the file too.
        reason: What the file is for.
        recipient: Who gets it, if it leaves the organisation of who takes it.
        on: As recorded on which day; None is now. The caller has applied it.
    """

    form: str
    depth: int
    reason: str
    period: Period = Period()  # noqa: RUF009  frozen
    with_protected: bool = False
    recipient: str = ""
    on: date | None = None


@dataclass(frozen=True)
class File:
    """A file as it is handed to who asked for it."""

    name: str
    media_type: str
    content: bytes
    parcel: Parcel


def take_person(
    *, actor: User, person_id: int, wanted: Wanted, reading: Reason | None, region: str, now: datetime
) -> File:
    """One person, and what surrounds them, as a file. The ledger notes it as an export, or as a disclosure.

    Raises:
        NotThere: the actor sees no record of the person.
        RuleBroken: NT3, NT20 to NT26.
    """
    rules.check_period(wanted.period)
    today = wanted.on or clock.day_of(now)
    with _past(wanted, now):
        reference = selectors.person(person_id, today=today).reference
        records = pole.records_of([person_id])[person_id]
        themes = [theme for member in threats.memberships_of_records(records) for theme in member.threat.themes]
        form = leaving.check(
            form=wanted.form,
            depth=wanted.depth,
            reason=wanted.reason,
            is_cyber_themed=leaving.is_cyber(themes),
            what="no threat that you may see this person in has one",
            on=wanted.on,
            today=clock.day_of(now),
        )
        gathered = _gather(actor, [person_id], wanted, today=today, asked_for={person_id})
    about = node_key(person_node(person_id))
    subject = next((thing for thing in gathered.things if thing.key == about), None)
    if subject is None:
        raise leaving.broken("NT25", "recipient")
    title = f"{subject.title}, {reference}"
    parcel = replace(_parcel(actor, gathered, wanted, region=region, title=title, now=now), about=(about,))
    file = _written(form, parcel, reference, wanted, now)
    told = ("pole.person", str(person_id), reference)
    _note(file, gathered, form, wanted, reading, told=told)
    return file


def take_threat(
    *, actor: User, reference: str, wanted: Wanted, reading: Reason | None, region: str, now: datetime
) -> File:
    """A threat with its people, places and lines, and what surrounds them, as a file.

    Raises:
        NotThere: the actor sees no such threat.
        RuleBroken: NT3, NT20 to NT26.
    """
    rules.check_period(wanted.period)
    today = wanted.on or clock.day_of(now)
    with _past(wanted, now):
        threat = threats.threat(reference)
        form = leaving.check(
            form=wanted.form,
            depth=wanted.depth,
            reason=wanted.reason,
            is_cyber_themed=leaving.is_cyber(threat.themes),
            what=f"{reference} has none",
            on=wanted.on,
            today=clock.day_of(now),
        )
        if not _may_leave(actor, wanted, threat.label, owner_id=threat.owner_id):
            raise leaving.broken("NT25", "recipient")
        members, withheld = _members_that_leave(actor, threat, wanted)
        gathered = _gather(actor, members, wanted, today=today, of=threat)
        gathered = _with_threat(actor, threat, gathered, wanted, today=today)
        gathered = replace(gathered, kept_back=gathered.kept_back + withheld)
    title = f"{reference} {threat.name}"
    parcel = replace(
        _parcel(actor, gathered, wanted, region=region, title=title, now=now), about=(of_threats.key_of(threat),)
    )
    file = _written(form, parcel, reference, wanted, now)
    told = ("threats.threat", str(threat.pk), reference)
    _note(file, gathered, form, wanted, reading, told=told)
    return file


def _past(wanted: Wanted, now: datetime) -> AbstractContextManager[object]:
    """A day to come is refused where the rest is checked."""
    past = wanted.on is not None and wanted.on <= clock.day_of(now)
    return as_recorded_on(clock.close_of(wanted.on)) if wanted.on is not None and past else nullcontext()


# What is gathered


@dataclass(frozen=True)
class Gathered:
    """What leaves, and how many stayed behind for which reason."""

    things: tuple[Thing, ...]
    bonds: tuple[Bond, ...]
    rows: tuple[Row, ...]
    kept_back: int
    protected: int


def _members_that_leave(actor: User, threat: "Threat", wanted: Wanted) -> tuple[tuple[int, ...], int]:
    """Who is now in the threat by a membership that may leave, and how many others there are.

    To be in the file as one of a threat's people says that somebody is in it, with or without the link that says so.
    """
    labels = AccessLabel.objects.in_bulk()
    now_in = [each for each in threats.members_sides([threat.pk]).get(threat.pk, ()) if each.to_on is None]
    stay = {
        each.person_id
        for each in now_in
        if _may_leave(actor, wanted, labels[each.label_id], owner_id=labels[each.label_id].owner_id)
    }
    return tuple(sorted(stay)), len({each.person_id for each in now_in} - stay)


def _gather(
    actor: User,
    person_ids: Iterable[int],
    wanted: Wanted,
    *,
    today: date,
    of: "Threat | None" = None,
    asked_for: Collection[int] = (),
) -> Gathered:
    """The picture around some people, without those to be protected unless they are asked for."""
    picture = selectors.surroundings(person_ids, depth=wanted.depth, period=wanted.period)
    known = selectors.known(picture, today=today, of=of)
    protected = known.protected - set(asked_for)
    nodes, ties = (set(picture.away), picture.ties) if wanted.with_protected else _shielded(picture, protected)
    hidden = len({node for node in picture.people if node not in nodes})
    taken: Taken = picture_taking.take(nodes, ties, leaves=_leaves(actor, wanted), today=today)
    # What a recipient is told rests on what leaves, and not on memberships that may stay behind.
    said = frozenset() if wanted.recipient else known.protected
    tagged = tuple(
        replace(thing, tags=(*thing.tags, "To be protected"))
        if thing.sort is Sort.PERSON and thing.key in {node_key(person_node(each)) for each in said}
        else thing
        for thing in taken.things
    )
    return Gathered(tagged, taken.bonds, taken.rows, taken.kept_back, hidden)


def _shielded(picture: Picture, protected: Collection[int]) -> tuple[set[Node], tuple[steps.Tie, ...]]:
    """The picture without people to be protected, and without who was a victim, a witness or missing in which event.

    What only they join to the rest goes with them: left behind, it would tell of somebody who is not there.
    """
    away = {node for node in picture.away if not (node.is_person and node.person_id in protected)}
    ties = tuple(
        tie
        for tie in picture.ties
        if tie.left in away
        and tie.right in away
        and (tie.type not in rules.NOT_TOGETHER or {tie.left, tie.right} & set(picture.starts))
    )
    reached = {node for node in picture.starts if node in away}
    front = set(reached)
    while front:
        beside = {tie.other(node) for tie in ties for node in (tie.left, tie.right) if node in front}
        front = beside - reached
        reached |= front
    return reached, tuple(tie for tie in ties if tie.left in reached and tie.right in reached)


def _leaves(actor: User, wanted: Wanted) -> picture_taking.Leaves:
    def leaves(record: "SourceRecord") -> bool:
        return _may_leave(actor, wanted, record.label, owner_id=record.owner_id, handling=record.handling)

    return leaves


def _may_leave(actor: User, wanted: Wanted, label: AccessLabel, *, owner_id: int, handling: str = "") -> bool:
    return leaving.may_leave(
        handling=handling,
        audience=label.audience,
        is_own=owner_id == actor.organisation_id,
        in_circle=label.compartment_id is not None,
        goes_out=bool(wanted.recipient),
    )


def _with_threat(actor: User, threat: "Threat", gathered: Gathered, wanted: Wanted, *, today: date) -> Gathered:
    """The threat itself, who is what in it, and what stands on it."""
    labels = AccessLabel.objects.select_related("owner", "compartment", "agreement").in_bulk()
    there = {thing.key for thing in gathered.things}
    rows_there = {row.key for row in gathered.rows}
    rows, bonds = [], []
    for each in threats.member_lines(threat, today=today):
        member, person = each.member, node_key(person_node(each.person.person_id))
        label = labels[member.label_id]
        if person not in there or not _may_leave(actor, wanted, label, owner_id=label.owner_id):
            continue
        row = of_threats.row_of(
            f"member:{member.pk}", threat, f"{threat.reference} member {member.pk}", label, of=member
        )
        rows.append(row)
        on_record = f"personrecord:{member.record_id}"
        category = threat_rules.CATEGORY_NAMES[threat_rules.Category(member.category)]
        bonds.append(
            Bond(
                key=row.key,
                tie=Tie.MEMBER,
                left=person,
                right=of_threats.key_of(threat),
                words=each.role_name,
                known=". ".join((category, member.assertion.capitalize(), threat_rules.grade_in_words(member.grade))),
                rows=(row.key, *((on_record,) if on_record in rows_there else ())),
                from_on=member.from_on,
                to_on=member.to_on,
                side=Side(member.side),
            )
        )
    standing = of_threats.standing_on(
        threat,
        leaves=lambda label, owner_id, handling: _may_leave(actor, wanted, label, owner_id=owner_id, handling=handling),
        goes_out=bool(wanted.recipient),
        until=clock.close_of(wanted.on) if wanted.on else None,
    )
    all_things = (*standing.things, *gathered.things)
    return replace(
        gathered,
        things=all_things,
        bonds=without(all_things, (*bonds, *standing.bonds, *gathered.bonds)),
        rows=(*standing.rows, *rows, *gathered.rows),
        kept_back=gathered.kept_back + standing.kept_back,
    )


# What the file says of itself


def _parcel(actor: User, gathered: Gathered, wanted: Wanted, *, region: str, title: str, now: datetime) -> Parcel:
    return Parcel(
        region=region,
        title=title,
        marking=leaving.MARKING,
        handling=leaving.HANDLING,
        facts=(
            ("Taken by", f"{actor.name}, {actor.organisation.name}"),
            ("Taken at", shown_moment(now)),
            ("For", wanted.recipient or "Own use"),
            ("What for", wanted.reason),
            ("As recorded on", shown_date(wanted.on) if wanted.on else "the moment it was taken"),
            ("Links followed", str(wanted.depth)),
        ),
        made_at=now,
        owner=actor.organisation.name,
        about=(),
        things=gathered.things,
        bonds=gathered.bonds,
        rows=gathered.rows,
        left_out=() if wanted.recipient else tuple(_left_out(gathered)),
    )


def _left_out(gathered: Gathered) -> Iterable[str]:
    """For who takes the file: counts of what they may see. A recipient may see none of it, and is told neither."""
    if gathered.protected:
        people = plural(gathered.protected, "person is", "people are")
        yield f"{people} left out, because they are to be protected or are joined only through somebody who is."
    if gathered.kept_back:
        records = plural(gathered.kept_back, "record is", "records are")
        yield f"{records} left out, because they are shared under conditions or in a closed circle: ask their owner."


def _written(form: Form, parcel: Parcel, named: str, wanted: Wanted, now: datetime) -> File:
    day = (wanted.on or clock.day_of(now)).isoformat()
    if form is Form.STIX:
        content, media_type, suffix = stix.text(parcel), stix.MEDIA_TYPE, stix.SUFFIX
    else:
        content, media_type, suffix = (
            "".join(followthemoney.lines(parcel)),
            followthemoney.MEDIA_TYPE,
            followthemoney.SUFFIX,
        )
    return File(f"{leaving.MARKING} {named} {day}.{suffix}", media_type, content.encode(), parcel)


def _note(
    file: File, gathered: Gathered, form: Form, wanted: Wanted, reading: Reason | None, *, told: tuple[str, str, str]
) -> None:
    """Who took whom, why, for whom, in which form, and the hash of the very file."""
    parcel = file.parcel
    audit.note(
        Operation.DISCLOSURE if wanted.recipient else Operation.EXPORT,
        object_type=told[0],
        object_id=told[1],
        reason=reading,
        reference=told[2],
        why=wanted.reason,
        recipient=wanted.recipient,
        form=form.value,
        sha256=sha256(file.content).hexdigest(),
        people=sorted(int(t.key.partition(":")[2]) for t in parcel.things if t.sort is Sort.PERSON),
        things=len(parcel.things),
        links=len(parcel.bonds),
        records_kept_back=gathered.kept_back,
        people_left_out=gathered.protected,
        depth=wanted.depth,
        with_protected=wanted.with_protected,
        as_recorded_on=wanted.on or "now",
    )
