"""Networks in the browser: who asks and why, what they may see, and the page made of it."""

from collections.abc import Iterable
from datetime import date
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from fourfold.network import pages, rules, selectors, services
from fourfold.network.forms import DecideForm
from fourfold.network.models import EdgeLead
from fourfold.network.pages import Asked, End, Found, Words
from fourfold.network.rules import Outcome, Period
from fourfold.network.selectors import Picture
from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.reasons import needs_reason, reason_of
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.history.rewind import as_recorded_on
from fourfold.platform.ui import fields
from fourfold.platform.ui.lists import Rewind, recorded_on
from fourfold.platform.visibility import scope
from fourfold.pole import rules as pole_rules
from fourfold.pole import selectors as pole
from fourfold.pole import steps
from fourfold.pole.pages import words
from fourfold.pole.steps import Tie
from fourfold.threats import record as threat_record
from fourfold.threats.record import actor_of, reads_threats

FURTHEST_ID = 2**63 - 1
GET_AND_POST = ["GET", "HEAD", "POST"]


@login_required
@needs_reason
@require_GET
def around(request: HttpRequest, person_id: int) -> HttpResponse:
    """What surrounds one person."""
    rewind, asked = recorded_on(request), _asked(request)
    today = rewind.on or clock.today()
    if person_id > FURTHEST_ID:
        raise NotThere
    with rewind.applied():
        line = selectors.person(person_id, today=today)
        picture = _picture([person_id], asked)
        known = selectors.known(picture, today=today)
        said = _words(picture, today)
    before = _before(asked, rewind, [person_id])
    page = pages.around_page(
        line,
        picture,
        selectors.people_of(picture),
        known,
        said,
        asked=asked,
        asking=pages.asking_of(asked, rewind, typed=request.GET.dict()),
        rewind=rewind,
        difference=_difference(before, picture, said, asked),
    )
    audit.note(
        audit.Operation.CONSULTATION,
        object_type="pole.person",
        object_id=str(person_id),
        reason=reason_of(request),
        reference=pole_rules.reference_of(person_id),
        part="network",
        people=_people(picture, before),
        depth=asked.depth,
        as_recorded_on=rewind.on,
    )
    return render(request, "network/around.html", {"page": page})


@login_required
@needs_reason
@require_GET
@reads_threats
def of_threat(request: HttpRequest, reference: str) -> HttpResponse:
    """The network of a threat's people."""
    rewind, asked = recorded_on(request), _asked(request)
    today = rewind.on or clock.today()
    with rewind.applied():
        told = threat_record.told_of(request, reference, rewind)
        members = selectors.members_of(told.threat)
        picture = _picture(members, asked)
        known = selectors.known(picture, today=today, of=told.threat)
        said = _words(picture, today)
        frame = threat_record.frame(told, "network")
    before = _before(asked, rewind, members)
    page = pages.of_threat_page(
        frame,
        told,
        picture,
        people=selectors.people_of(picture, never_key=known.protected),
        known=known,
        said=said,
        asked=asked,
        asking=pages.asking_of(asked, rewind, typed=request.GET.dict()),
        difference=_difference(before, picture, said, asked),
    )
    audit.note(
        audit.Operation.CONSULTATION,
        told.threat,
        reason=reason_of(request),
        reference=told.threat.reference,
        part="network",
        people=_people(picture, before),
        depth=asked.depth,
        as_recorded_on=rewind.on,
    )
    return render(request, "network/of_threat.html", {"page": page})


@login_required
@needs_reason
@require_GET
def between(request: HttpRequest) -> HttpResponse:
    """What connects two people."""
    rewind, asked = recorded_on(request), _asked(request)
    today = rewind.on or clock.today()
    found = known = shown = None
    said = Words({}, {})
    with rewind.applied():
        ends = (_end(request, "one", "First person", today), _end(request, "other", "Second person", today))
        one, other = ends[0].person, ends[1].person
        if one is not None and other is not None:
            if one.person_id == other.person_id:
                asked = Asked(asked.depth, asked.period, None, rules.SENTENCES["NT2"])
            else:
                found = selectors.connection(one.person_id, other.person_id, period=asked.period)
                shown = selectors.with_matches(found.shown)
                known = selectors.known(shown, today=today)
                said = _words(shown, today)
    page = pages.between_page(
        ends,
        found,
        shown,
        said,
        known,
        asked=asked,
        asking=pages.asking_of(asked, rewind, typed=request.GET.dict()),
        rewind=rewind,
    )
    people = {each.person_id for end in ends for each in end.found}
    people |= {end.person.person_id for end in ends if end.person}
    people |= {node.person_id for node in said.called if node.is_person}
    if people:
        audit.note(
            audit.Operation.CONSULTATION,
            object_type="network",
            object_id="between",
            reason=reason_of(request),
            one=ends[0].typed,
            other=ends[1].typed,
            people=sorted(people),
            as_recorded_on=rewind.on,
        )
    return render(request, "network/between.html", {"page": page})


def _end(request: HttpRequest, name: str, label: str, today: date) -> End:
    """Who is meant by what was typed: one person, those who could be, or nobody."""
    typed = " ".join(request.GET.get(name, "").replace("\x00", "").split())[:200]
    end = End(name, label, typed)
    if not typed:
        return end
    lines = selectors.people_named(typed, today=today)
    if len(lines) == 1:
        return End(name, label, typed, person=lines[0])
    kept = {key: value for key, value in request.GET.items() if key != name}
    return End(
        name,
        label,
        typed,
        found=tuple(
            Found(
                line.person_id,
                line.name,
                ", ".join(filter(None, (line.reference, words.birth_words(line), "; ".join(line.forces)))),
                f"{reverse('network:between')}?{urlencode({**kept, name: line.reference})}",
            )
            for line in lines
        ),
    )


def _asked(request: HttpRequest) -> Asked:
    """How far and when. What cannot be read is said, and left out."""
    problems = []
    days: dict[str, date | None] = {}
    for name, noun in (("first", "The first day"), ("last", "The last day"), ("compare", "The day to compare with")):
        typed = request.GET.get(name, "").strip()
        days[name] = fields.read_date(typed) if typed else None
        if typed and days[name] is None:
            problems.append(f"{noun} is not a date we can read. Use a form such as 27 3 2023.")
    period = Period(days["first"], days["last"])
    try:
        rules.check_period(period)
    except RuleBroken as broken:
        problems.append(str(broken))
        period = Period()
    compare = days["compare"]
    if compare is not None and compare > clock.today():
        problems.append("The day to compare with has not come yet.")
        compare = None
    typed_depth = request.GET.get("depth", "")
    depth = int(typed_depth) if typed_depth in {str(each) for each in rules.DEPTHS} else rules.USUAL_DEPTH
    return Asked(depth, period, compare, " ".join(problems))


def _picture(people: Iterable[int], asked: Asked) -> Picture:
    return selectors.with_matches(selectors.surroundings(people, depth=asked.depth, period=asked.period))


def _words(picture: Picture, today: date) -> Words:
    return Words(selectors.called(picture, today=today), selectors.owners_of(picture.ties))


def _before(asked: Asked, rewind: Rewind, people: Iterable[int]) -> tuple[Picture, Words] | None:
    """The same picture as it was recorded on the day that is compared with."""
    if asked.compare is None or (rewind.on is not None and rewind.on <= asked.compare):
        return None
    with as_recorded_on(clock.close_of(asked.compare)):
        picture = _picture(people, asked)
        return picture, _words(picture, asked.compare)


def _difference(
    before: tuple[Picture, Words] | None, picture: Picture, said: Words, asked: Asked
) -> pages.Compared | None:
    if before is None or asked.compare is None:
        return None
    was, called_then = before
    both = Words({**called_then.called, **said.called}, said.owners)
    return pages.compared(was, picture, both, since=asked.compare)


def _people(picture: Picture, before: tuple[Picture, Words] | None) -> list[int]:
    """Everybody whom the page names, for the ledger."""
    named = {node.person_id for node in picture.people}
    return sorted(named | {node.person_id for node in before[0].people} if before else named)


# People at the edge of a group


@login_required
@needs_reason
@require_http_methods(GET_AND_POST)
@reads_threats
def edge(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Leads for a safeguarding lead, who also has the group looked at; what they decided, for everybody else."""
    rewind, actor = recorded_on(request), actor_of(request)
    today = rewind.on or clock.today()
    may_look = rules.may_decide(actor)
    if request.method == "POST":
        told = threat_record.told_of(request, reference, rewind)
        if not may_look or told.threat.closed_on is not None:
            raise NotThere
        looked = services.look_for_people(actor=actor, threat=told.threat, today=clock.today())
        messages.success(request, f"Looked. {looked.proposed} proposed, {looked.expired} expired.")
        return redirect("network:edge", reference=reference)
    with rewind.applied():
        told = threat_record.told_of(request, reference, rewind)
        found = selectors.leads_of(told.threat, today=today)
        leads = [each for each in found if may_look or each.state == Outcome.OFFER_HELP]
        lines = pole.people_of_records([each.record_id for each in leads], today=today)
        page = pages.edge_page(
            threat_record.frame(told, "network"),
            told,
            rule=selectors.edge_rule(),
            leads=leads,
            lines=lines,
            may_look=may_look,
        )
    audit.note(
        audit.Operation.CONSULTATION,
        told.threat,
        reason=reason_of(request),
        reference=reference,
        part="people at the edge",
        people=sorted({line.person_id for line in lines.values()}),
        as_recorded_on=rewind.on,
    )
    return render(request, "network/edge.html", {"page": page})


@login_required
@needs_reason
@require_http_methods(GET_AND_POST)
def lead(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One lead. Until it is decided it is there for safeguarding leads only."""
    actor, today = actor_of(request), clock.today()
    found = selectors.lead(pk) if pk <= FURTHEST_ID else None
    if found is None:
        raise NotThere
    may_decide = rules.may_decide(actor)
    if not may_decide and found.state != Outcome.OFFER_HELP:
        raise NotThere
    line = pole.people_of_records([found.record_id], today=today).get(found.record_id)
    if line is None:
        raise NotThere
    state = Outcome.EXPIRED if found.state == Outcome.OPEN and found.expires_on < today else Outcome(found.state)
    decides = may_decide and state == Outcome.OPEN and _may_write(found)
    form = DecideForm(request.POST or None) if decides else None
    if request.method == "POST":
        if form is None:
            raise NotThere
        if form.is_valid():
            try:
                services.decide(actor=actor, lead=found, today=today, **form.cleaned_data)
            except RuleBroken as broken:
                fields.refuse(form, broken)
            else:
                messages.success(request, "Decided. Your reason is kept with it.")
                return redirect("network:edge", reference=found.threat.reference)
    ties = _ties_of(found)
    said = Words(steps.called(ties, today=today), selectors.owners_of(ties))
    page = pages.lead_page(
        found,
        line,
        selectors.edge_rule(),
        pages.links_table(ties, said, caption="What it rests on"),
        state=state,
        form=form,
    )
    audit.note(
        audit.Operation.CONSULTATION,
        found,
        reason=reason_of(request),
        threat=found.threat.reference,
        people=sorted({line.person_id} | {node.person_id for node in said.called if node.is_person}),
    )
    return render(request, "network/lead.html", {"page": page}, status=422 if page.has_errors else 200)


def _ties_of(found: EdgeLead) -> tuple[Tie, ...]:
    """The links that a lead rests on, as far as they are still there and the reader may see them."""
    return steps.ties_called([int(each["link"]) for each in found.found["ties"]])


def _may_write(found: EdgeLead) -> bool:
    acting = scope.current()
    return acting is not None and found.label_id in acting.writes
