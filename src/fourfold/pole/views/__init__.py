"""The picture in the browser: who is asking and why, what they may see, and the page made of it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.reasons import needs_reason, reason_of
from fourfold.platform.errors import NotThere
from fourfold.platform.history.rewind import versions_of
from fourfold.platform.people.models import User
from fourfold.platform.people.rules import may
from fourfold.platform.ui import lists
from fourfold.platform.ui.components import Action, Empty, Table
from fourfold.platform.ui.fields import read_date
from fourfold.platform.ui.pages import Foot, Link
from fourfold.pole import rules, selectors
from fourfold.pole.models import LocationRecord, ObjectRecord, PersonRecord
from fourfold.pole.pages import identity as identity_pages
from fourfold.pole.pages import judged_things as judged_pages
from fourfold.pole.pages import person as person_pages
from fourfold.pole.pages import things
from fourfold.pole.rules import identity
from fourfold.pole.rules.identity import Verdict
from fourfold.pole.selectors import Joined, Seen, judged_things
from fourfold.pole.selectors import identity as said_of

FURTHEST_ID = 2**63 - 1


@require_GET
def event_list(request: HttpRequest) -> HttpResponseBase:
    """What happened, newest first, for roles that read people: names nobody, so no reason is asked for."""
    if not (isinstance(request.user, User) and may(request.user, "person.read")):
        raise NotThere
    return lists.show_list(
        request, selectors.events(), EVENTS, foot=Foot(seen_by="Each reader sees the events that are shared with them.")
    )


EVENTS = lists.ListSpec(
    name="events",
    title="Picture",
    noun=("event", "events"),
    columns=(
        lists.Column("event", "Event"),
        lists.Column("kind", "Kind", sort=("kind", "happened_on")),
        lists.Column("when", "When", sort=("happened_on",)),
        lists.Column("where", "Where"),
        lists.Column("force", "Force", sort=("owner__name", "happened_on")),
        lists.Column("status", "Status"),
    ),
    row=things.event_row,
    order="-when",
    filters=(
        lists.TextFilter("q", "Reference", where=selectors.events_called, hint="The whole reference, or its beginning"),
        lists.ChoiceFilter("kind", "Kind", field="kind", choices=tuple(rules.EVENT_KINDS.items())),
        lists.ChoiceFilter("force", "Force", field="owner__code", choices=selectors.owner_choices),
        lists.DateFilter("when", "When", field="happened_on"),
    ),
    empty=Empty(
        "No events yet",
        "Crimes, stops, custody records, reports and missing episodes will be here when a force sends them.",
    ),
)


@require_GET
@needs_reason
def person(request: HttpRequest, person_id: int) -> HttpResponse:
    rewind = lists.recorded_on(request)
    today = rewind.on or clock.today()
    asked = _asked(request)
    _in_range(person_id)
    with rewind.applied():
        try:
            file = selectors.person_file(person_id)
        except NotThere:
            now_at = selectors.person_now(person_id)
            if now_at is None:
                raise
            asked_for = f"?{request.GET.urlencode()}" if request.GET else ""
            return redirect(f"{reverse('pole:person', args=[rules.reference_of(now_at)])}{asked_for}")
        seen = Seen("PERSON", person_id, file.record_ids, today, rewind.moment)
        panels = selectors.panels_for(seen) if asked.part == "overview" else ()
        page = person_pages.person_page(
            file,
            asked,
            panels=panels,
            today=today,
            recorded_on=rewind.on,
            alerts=rewind.alerts,
            foot_links=_who_looked("pole.person", str(person_id)),
            judged=_judged(request, file, is_now=rewind.on is None, whole=asked.part == "why"),
        )
    audit.note(
        audit.Operation.CONSULTATION,
        object_type="pole.person",
        object_id=str(person_id),
        reason=reason_of(request),
        reference=rules.reference_of(person_id),
        records=list(file.record_ids),
        part=asked.part,
        as_recorded_on=rewind.on,
    )
    return render(request, "pole/person.html", {"page": page})


def _judged(request: HttpRequest, file: selectors.PersonFile, *, is_now: bool, whole: bool) -> person_pages.Judged:
    """What people said of the person's records. `whole`: all of it, not only what keeps others apart."""
    reader = request.user
    may_judge = is_now and isinstance(reader, User) and identity.may_judge(reader)
    reference = rules.reference_of(file.person_id)
    actions = []
    if may_judge and len(file.records) > 1:
        actions.append(Action("Take apart", reverse("pole:take_apart", args=[reference])))
    if is_now and isinstance(reader, User) and all(may(reader, each) for each in identity.PROPOSE):
        actions.append(Action("Same as somebody else?", reverse("pole:propose", args=[reference])))
    tables: tuple[Table, ...] = ()
    if whole:
        said = said_of.everything_said(file.record_ids)
        records = said_of.records_in(said)
        tables = (
            identity_pages.said_table(said, records, may_judge=may_judge),
            identity_pages.moving_table(said_of.movings_of(file.person_id)),
        )
    parted = {each.pair for each in said_of.standing(file.record_ids) if each.verdict is Verdict.DIFFERENT}
    return person_pages.Judged(tuple(actions), frozenset(parted), tables, may_judge)


@require_GET
@needs_reason
def person_record(request: HttpRequest, record_id: int) -> HttpResponse:
    rewind = lists.recorded_on(request)
    _in_range(record_id)
    versions = _version_lines(selectors.person_record(record_id)) if rewind.on is None else ()
    with rewind.applied():
        record = selectors.person_record(record_id)
        page = person_pages.record_page(
            record,
            versions=versions,
            recorded_on=rewind.on,
            alerts=rewind.alerts,
            foot_links=_who_looked("pole.personrecord", str(record_id)),
        )
    audit.note(audit.Operation.CONSULTATION, record, reason=reason_of(request), as_recorded_on=rewind.on)
    return render(request, "pole/record.html", {"page": page})


def _version_lines(record: PersonRecord) -> tuple[person_pages.VersionLine, ...]:
    lines = []
    for version in versions_of(record):
        fields = version.fields
        words = ", ".join(
            str(fields[name])
            for name in ("full_name", "birth_on", "address_line", "postcode", "pnc_id")
            if fields.get(name)
        )
        person_id = fields.get("person_id") or fields.get("person")
        where = f", of {rules.reference_of(int(str(person_id)))}" if person_id else ""
        lines.append(
            person_pages.VersionLine(version.recorded_from, version.recorded_to, f"{words or 'No name'}{where}")
        )
    return tuple(lines)


@require_GET
@needs_reason
def event(request: HttpRequest, event_id: int) -> HttpResponse:
    rewind = lists.recorded_on(request)
    today = rewind.on or clock.today()
    _in_range(event_id)
    with rewind.applied():
        one = selectors.event(event_id)
        links = selectors.links_from(rules.Kind.EVENT, [event_id])
        page = things.event_page(
            one,
            links,
            panels=selectors.panels_for(Seen("EVENT", None, (event_id,), today, rewind.moment)),
            today=today,
            recorded_on=rewind.on,
            alerts=rewind.alerts,
            foot_links=_who_looked("pole.eventrecord", str(event_id)),
        )
    _note_thing(request, "pole.eventrecord", event_id, links, rewind)
    return render(request, "pole/thing.html", {"page": page})


@require_GET
@needs_reason
def thing(request: HttpRequest, object_id: int) -> HttpResponse:
    """A vehicle, a phone or an organisation, put together from every visible record of it."""
    rewind = lists.recorded_on(request)
    today = rewind.on or clock.today()
    _in_range(object_id)
    with rewind.applied():
        records = selectors.same_objects(object_id)
        ids = [record.pk for record in records]
        links = selectors.links_from(rules.Kind.OBJECT, ids)
        judged, reasons = _judged_thing(request, records, is_now=rewind.on is None)
        page = things.object_page(
            records,
            links,
            judged=judged,
            reasons=reasons,
            panels=selectors.panels_for(Seen("OBJECT", None, tuple(ids), today, rewind.moment)),
            today=today,
            recorded_on=rewind.on,
            alerts=rewind.alerts,
            foot_links=_who_looked("pole.objectrecord", str(object_id)),
        )
    _note_thing(request, "pole.objectrecord", object_id, links, rewind)
    return render(request, "pole/thing.html", {"page": page})


@require_GET
@needs_reason
def place(request: HttpRequest, place_id: int) -> HttpResponse:
    rewind = lists.recorded_on(request)
    today = rewind.on or clock.today()
    _in_range(place_id)
    with rewind.applied():
        records = selectors.same_places(place_id)
        ids = [record.pk for record in records]
        links = selectors.links_from(rules.Kind.LOCATION, ids)
        judged, reasons = _judged_thing(request, records, is_now=rewind.on is None)
        page = things.place_page(
            records,
            selectors.events_at(ids),
            links,
            judged=judged,
            reasons=reasons,
            today=today,
            recorded_on=rewind.on,
            alerts=rewind.alerts,
            foot_links=_who_looked("pole.locationrecord", str(place_id)),
        )
    _note_thing(request, "pole.locationrecord", place_id, links, rewind)
    return render(request, "pole/thing.html", {"page": page})


def _judged_thing(
    request: HttpRequest, records: Sequence[ObjectRecord] | Sequence[LocationRecord], *, is_now: bool
) -> tuple[things.Judged, selectors.Reasons]:
    """What people said of a thing's records and what this reader may do, and the reasons that nobody has answered."""
    one, reader = records[0], request.user
    end_kind = judged_things.end_kind_of(one)
    numbered = is_now and one.thing_id is not None
    may_judge = numbered and isinstance(reader, User) and identity.may_judge(reader)
    actions = []
    if may_judge and len(records) > 1:
        actions.append(Action("Take apart", judged_pages.address("take_apart", end_kind, one.pk)))
    if may_judge:
        actions.append(Action("Same as another?", judged_pages.address("compare", end_kind, one.pk)))
    ids = [record.pk for record in records]
    steps = judged_things.steps_on(end_kind, ids)
    wanted = {pk for step in steps for said in step.said for pk in said.pair}
    known = {record.pk: record for record in judged_things.records(end_kind).filter(pk__in=wanted)} if steps else {}
    tables = (judged_pages.said_table(steps, known, may_judge=may_judge),) if steps else ()
    reasons = selectors.reasons_of(records)
    stands = [said for step in steps if not step.taken_back for said in step.said]
    answered = replace(reasons, maybe=judged_things.unanswered(reasons.maybe, stands))
    return things.Judged(tuple(actions), tables, may_judge), answered


def _asked(request: HttpRequest) -> person_pages.Asked:
    part = request.GET.get("part", "overview")
    problems = []
    days = []
    for name, words in (("first", "The first day"), ("last", "The last day")):
        typed = request.GET.get(name, "").strip()
        day = read_date(typed) if typed else None
        if typed and day is None:
            problems.append(f"{words} is not a date we can read. Use a form such as 27 3 2023.")
        days.append(day)
    return person_pages.Asked(
        part=part if part in person_pages.PART_TITLES else "overview",
        kinds=tuple(kind for kind in request.GET.getlist("kind") if kind in rules.EVENT_KINDS),
        first=days[0],
        last=days[1],
        problem=" ".join(problems),
    )


def _note_thing(request: HttpRequest, object_type: str, pk: int, links: Iterable[Joined], rewind: lists.Rewind) -> None:
    """Pages of things name people, so reading one is noted as reading each of them."""
    people = {joined.other.person_id for joined in links if isinstance(joined.other, PersonRecord)}
    audit.note(
        audit.Operation.CONSULTATION,
        object_type=object_type,
        object_id=str(pk),
        reason=reason_of(request),
        people=sorted(people),
        as_recorded_on=rewind.on,
    )


def _in_range(pk: int) -> None:
    """A number that PostgreSQL cannot hold is nobody's."""
    if pk > FURTHEST_ID:
        raise NotThere


def _who_looked(object_type: str, object_id: str) -> tuple[Link, ...]:
    return (Link("Who looked", f"{reverse('audit:who_looked')}?record={object_type}:{object_id}"),)
