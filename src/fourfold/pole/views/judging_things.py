"""Vehicles, phones, addresses and organisations in the browser: saying that records are of one, or are not."""

from collections.abc import Collection, Sequence
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.reasons import needs_reason, reason_of
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.ui import fields
from fourfold.platform.ui.components import Link
from fourfold.platform.ui.fields import Choice
from fourfold.platform.ui.pages import FormPage
from fourfold.pole import forms, rules, services
from fourfold.pole import selectors as pole
from fourfold.pole.pages import judged_things as pages
from fourfold.pole.pages import review
from fourfold.pole.rules import identity
from fourfold.pole.rules.identity import Verdict, thing_words
from fourfold.pole.selectors import asked_things
from fourfold.pole.selectors import judged_things as selectors
from fourfold.pole.selectors.judged_things import Thingish
from fourfold.pole.views.judging import (
    ALL,
    GET_AND_POST,
    UNDONE,
    act_of,
    actor_of,
    code_of,
    force_of,
    judges,
    pick_of_forces,
    whole,
)

FURTHEST_ID = 2**63 - 1
JUST_SAID = "fourfold.pole.just_said_of_things"


@login_required
@judges
@needs_reason
@require_http_methods(GET_AND_POST)
def take_apart(request: HttpRequest, pk: int, end_kind: str) -> HttpResponse:
    """Choose the records that are of another thing."""
    records = _of_record(end_kind, pk)
    one = records[0]
    noun, _ = selectors.noun_of(one)
    choices = [
        (str(each.pk), Choice(f"{selectors.title_of(each)}, {each.owner.name}", hint=pages.choice_hint(each)))
        for each in records
    ]
    form = forms.TakeApartForm(request.POST or None, records=choices, of=f"another {noun}")
    if request.method == "POST" and form.is_valid():
        try:
            act = services.take_things_apart(
                actor=actor_of(request),
                end_kind=end_kind,
                record=pk,
                records=[int(each) for each in form.cleaned_data["records"]],
                why=form.cleaned_data["why"],
                now=clock.now(),
            )
        except RuleBroken as broken:
            fields.refuse(form, broken)
        else:
            messages.success(request, "Taken apart. Links stay with the record that their source names.")
            return redirect("pole:thing_step", act)
    _note_read(request, end_kind, records)
    page = FormPage(
        title=f"Take {selectors.title_of(one)} apart",
        caption=selectors.reference_of(one),
        crumbs=pages.crumbs(one),
        form=form,
        button="Take apart",
        back=Link("Leave them together", pole.address_of(one)),
        lead=f"Choose the records that are of another {noun}. It holds through every later delivery and can be undone.",
    )
    return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)


@login_required
@judges
@needs_reason
@require_http_methods(GET_AND_POST)
def compare(request: HttpRequest, pk: int, end_kind: str) -> HttpResponse:
    """Name another thing, and see the two side by side."""
    one = _of_record(end_kind, pk)[0]
    noun, many = selectors.noun_of(one)
    form = forms.OtherThingForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        other = selectors.thing_called(form.cleaned_data["reference"])
        if other is None or selectors.kind_of(other) != selectors.kind_of(one):
            form.add_error("reference", f"No {noun} that you may see has this number")
        elif other.thing_id == one.thing_id:
            form.add_error("reference", f"This is the number of the {noun} itself")
        else:
            return redirect(pages.address("pair", end_kind, pk, other.pk))
    _note_read(request, end_kind, [one])
    page = FormPage(
        title=f"Compare with another {noun}",
        caption=selectors.reference_of(one),
        crumbs=pages.crumbs(one),
        form=form,
        button="Compare",
        back=Link("Go back", pole.address_of(one)),
        lead=f"You see a record of each side by side, and then say whether the two {many} are one. "
        "Search finds the other and its number.",
    )
    return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)


@login_required
@judges
@needs_reason
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """The pair of things that is worth most, or another place of the queue."""
    kind, force = _kind(request), force_of(request)
    waiting = asked_things.waiting(reader=actor_of(request), kind=code_of(kind), force=code_of(force))
    at = min(whole(request.GET.get("at")), max(len(waiting) - 1, 0))
    place = _place(request, kind, force, at, len(waiting))
    if not waiting:
        picking = _picking(kind, force)
        page = review.nothing_waits(
            place, picking, title=pages.QUEUE_TITLE, of="vehicle, phone, address or organisation"
        )
        return render(request, "pole/review_none.html", {"page": page})
    found = waiting[at]
    one, other = selectors.pair(found.end_kind, found.left_id, found.right_id)
    return _show_pair(request, found.end_kind, (one, other), place)


@login_required
@judges
@needs_reason
@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Take back what this person said last of things, and show that pair again."""
    said = selectors.step(act_of(request.POST.get("act")))
    kind, force, at = _kind(request), force_of(request), whole(request.POST.get("at"))
    if said.taken_back or said.first.by_id != actor_of(request).pk:
        messages.error(request, identity.SENTENCES["JU8"])
        return redirect(_queue_address(kind, force, at))
    try:
        services.undo_of_things(actor=actor_of(request), act=said.first.act, why=UNDONE, now=clock.now())
    except RuleBroken as broken:
        messages.error(request, broken.sentence)
        return redirect(_queue_address(kind, force, at))
    request.session.pop(JUST_SAID, None)
    messages.success(request, "Undone. Nothing of it stands.")
    kept = urlencode({"kind": kind, "force": force, "at": at})
    return redirect(f"{pages.address('pair', said.end_kind, *said.first.pair)}?{kept}")


@login_required
@judges
@needs_reason
@require_http_methods(GET_AND_POST)
def pair(request: HttpRequest, left: int, right: int, end_kind: str) -> HttpResponse:
    """Two records side by side; a verdict goes on to the next of the queue, or back to the thing it was asked of."""
    _check_range(left, right)
    both = selectors.pair(end_kind, left, right)
    one, other = both
    if selectors.kind_of(one) != selectors.kind_of(other):
        raise NotThere
    queued = request.POST if request.method == "POST" else request.GET
    kind, force, at = _kind(request), force_of(request), whole(queued.get("at"))
    place = _place(request, kind, force, at) if "at" in queued else review.Step(after=reverse("pole:thing_review"))
    if request.method != "POST":
        return _show_pair(request, end_kind, both, place)
    form = forms.VerdictForm(request.POST)
    if not form.is_valid():
        error = " ".join(sentence for bound in form for sentence in fields.sentences(bound))
        return _show_pair(request, end_kind, both, place, error=error)
    verdict, why = Verdict(form.cleaned_data["verdict"]), form.cleaned_data["why"]
    try:
        row = services.judge_things(
            actor=actor_of(request),
            end_kind=end_kind,
            left=left,
            right=right,
            verdict=verdict,
            why=why,
            now=clock.now(),
        )
    except RuleBroken as broken:
        return _show_pair(request, end_kind, both, place, error=broken.sentence, why=why)
    request.session[JUST_SAID] = str(row.act)
    messages.success(request, _recorded(verdict, one))
    return redirect(_queue_address(kind, force, at) if "at" in queued else pole.address_of(one))


def _recorded(verdict: Verdict, record: Thingish) -> str:
    if verdict is Verdict.UNSURE:
        return "Recorded: unsure. Somebody else will be asked."
    return f"Recorded: the two {thing_words(verdict, *selectors.noun_of(record))}."


def _show_pair(
    request: HttpRequest,
    end_kind: str,
    both: tuple[Thingish, Thingish],
    place: review.Step,
    *,
    error: str = "",
    why: str = "",
) -> HttpResponse:
    one, other = both
    things = {each.thing_id for each in both if each.thing_id is not None}
    users = selectors.users_of(end_kind, things)
    found = selectors.evidence_among(end_kind, (one.pk, other.pk))
    page = pages.pair_page(
        end_kind,
        one,
        other,
        evidence=next(iter(found.values()), {}),
        stands=selectors.standing_on(end_kind, one.pk, other.pk),
        around=pages.Around(
            sizes=selectors.sizes(end_kind, things),
            users={thing: each.names for thing, each in users.items()},
            threats=asked_things.threats_of(end_kind, things),
        ),
        step=place,
        picking=_picking(_kind(request), force_of(request)),
        error=error,
        why=why,
    )
    _note_read(request, end_kind, both, people={pk for each in users.values() for pk in each.people})
    return render(request, "pole/review.html", {"page": page}, status=422 if error else 200)


def _place(request: HttpRequest, kind: str, force: str, at: int, total: int | None = None) -> review.Step:
    return review.step_of(
        reverse("pole:thing_review"),
        {"kind": kind, "force": force},
        at=at,
        total=total,
        undo=str(request.session.get(JUST_SAID, "")),
        undo_action=reverse("pole:thing_undo"),
    )


def _queue_address(kind: str, force: str, at: int) -> str:
    return f"{reverse('pole:thing_review')}?{urlencode({'kind': kind, 'force': force, 'at': at})}"


def _kind(request: HttpRequest) -> str:
    asked = request.GET.get("kind") or request.POST.get("kind") or ALL
    return asked if asked in rules.THING_NOUNS else ALL


def _picking(kind: str, force: str) -> review.QueueFilter:
    return pages.queue_filter(kind, ALL, pick_of_forces(force))


@login_required
@judges
@needs_reason
@require_http_methods(GET_AND_POST)
def step(request: HttpRequest, act: UUID) -> HttpResponse:
    """What somebody said in one step, where the records are now, and taking it back."""
    said = selectors.step(act)
    form = forms.WhyForm(request.POST or None) if selectors.still_standing(said) else None
    wanted = {pk for each in said.said for pk in each.pair}
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            services.undo_of_things(actor=actor_of(request), act=act, why=form.cleaned_data["why"], now=clock.now())
        except RuleBroken as broken:
            fields.refuse(form, broken)
        else:
            messages.success(request, f"Taken back. {said.first.by} is told.")
            return redirect("pole:thing_step", act)
    records = {each.pk: each for each in selectors.records(said.end_kind).filter(pk__in=wanted).select_related("label")}
    _note_read(request, said.end_kind, list(records.values()))
    page = pages.step_page(said, records, form=form)
    status = 422 if form is not None and form.errors else 200
    return render(request, "pole/thing_judged.html", {"page": page}, status=status)


def _of_record(end_kind: str, pk: int) -> Sequence[Thingish]:
    """The visible records of a thing; not there where it has no number yet."""
    _check_range(pk)
    records = selectors.of_record(end_kind, pk)
    if records[0].thing_id is None:
        raise NotThere
    return records


def _check_range(*numbers: int) -> None:
    """A number that PostgreSQL cannot hold is nobody's."""
    if max(numbers) > FURTHEST_ID:
        raise NotThere


def _note_read(
    request: HttpRequest, end_kind: str, records: Sequence[Thingish], *, people: Collection[int] = ()
) -> None:
    audit.note(
        audit.Operation.CONSULTATION,
        object_type="pole.objectrecord" if end_kind == selectors.OBJECT else "pole.locationrecord",
        object_id=str(records[0].pk),
        reason=reason_of(request),
        records=sorted(each.pk for each in records),
        people=sorted(people),
    )
