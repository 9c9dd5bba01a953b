"""Identity in the browser: pairs to judge, people to take apart, matches of restricted records to sort out."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Concatenate, cast
from urllib.parse import urlencode
from uuid import UUID

from django import forms as django_forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.reasons import needs_reason, reason_of
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people.models import User
from fourfold.platform.people.rules import may
from fourfold.platform.ui import fields
from fourfold.platform.ui.components import Link
from fourfold.platform.ui.fields import Choice
from fourfold.platform.ui.pages import FormPage
from fourfold.pole import forms, rules, services
from fourfold.pole import selectors as pole
from fourfold.pole.models import PersonRecord
from fourfold.pole.pages import identity as pages
from fourfold.pole.pages import review, words
from fourfold.pole.rules import identity
from fourfold.pole.rules.identity import Verdict
from fourfold.pole.selectors import identity as selectors
from fourfold.pole.selectors import judged_things
from fourfold.pole.selectors.identity import Waiting

GET_AND_POST = ["GET", "HEAD", "POST"]
JUST_SAID = "fourfold.pole.just_said"
ALL = "all"
UNDONE = "Undone straight away by whoever said it"
SAID = {
    Verdict.SAME: "Recorded: the same person.",
    Verdict.DIFFERENT: "Recorded: different people.",
    Verdict.UNSURE: "Recorded: unsure. Somebody else will be asked.",
}


def judges[**P](
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """A page that is not there for those who may not judge identity."""

    @wraps(view)
    def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not (isinstance(request.user, User) and identity.may_judge(request.user)):
            raise NotThere
        return view(request, *args, **kwargs)

    return checked


def actor_of(request: HttpRequest) -> User:
    return cast("User", request.user)


# Pairs


@login_required
@judges
@needs_reason
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """The pair that is worth most, or another place of the queue."""
    force = force_of(request)
    waiting = selectors.waiting(reader=actor_of(request), force=code_of(force))
    at = min(whole(request.GET.get("at")), max(len(waiting) - 1, 0))
    if not waiting:
        page = review.nothing_waits(
            _step(request, force, at, waiting), _picking(force), title="Pair reviews", of="person"
        )
        return render(request, "pole/review_none.html", {"page": page})
    pair = waiting[at]
    return _show_pair(request, pair.left_id, pair.right_id, force, step=_step(request, force, at, waiting))


@login_required
@needs_reason
@require_http_methods(GET_AND_POST)
def pair(request: HttpRequest, left: int, right: int) -> HttpResponse:
    """One pair, from wherever it was found; a verdict goes on to the next of the queue it came from."""
    actor = actor_of(request)
    if request.method != "POST":
        force, at = force_of(request), whole(request.GET.get("at"))
        return _show_pair(request, left, right, force, step=_step(request, force, at, None))
    if not identity.may_judge(actor):
        raise NotThere
    form = forms.VerdictForm(request.POST)
    force, at = force_of(request), whole(request.POST.get("at"))
    if not form.is_valid():
        error = " ".join(sentence for bound in form for sentence in fields.sentences(bound))
        step = _step(request, force, at, None)
        return _show_pair(request, left, right, force, step=step, error=error, status=422)
    verdict = Verdict(form.cleaned_data["verdict"])
    try:
        row = services.judge(
            actor=actor, left=left, right=right, verdict=verdict, why=form.cleaned_data["why"], now=clock.now()
        )
    except RuleBroken as broken:
        step = _step(request, force, at, None)
        return _show_pair(
            request, left, right, force, step=step, error=broken.sentence, why=form.cleaned_data["why"], status=422
        )
    request.session[JUST_SAID] = str(row.act)
    messages.success(request, SAID[verdict])
    return redirect(_queue_address(force, at))


@login_required
@judges
@needs_reason
@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Take back what this person said last, and show that pair again."""
    said = selectors.in_act(act_of(request.POST.get("act")))
    mine = [each for each in said if each.by_id == actor_of(request).pk]
    if not mine:
        messages.error(request, identity.SENTENCES["JU8"])
        return redirect(_queue_address(force_of(request), whole(request.POST.get("at"))))
    try:
        services.undo(actor=actor_of(request), act=mine[0].act, why=UNDONE, now=clock.now())
    except RuleBroken as broken:
        messages.error(request, broken.sentence)
        return redirect(_queue_address(force_of(request), whole(request.POST.get("at"))))
    request.session.pop(JUST_SAID, None)
    messages.success(request, "Undone. Nothing of it stands.")
    kept = urlencode({"force": force_of(request), "at": whole(request.POST.get("at"))})
    return redirect(f"{reverse('pole:pair', args=mine[0].pair)}?{kept}")


@login_required
@judges
@needs_reason
@require_http_methods(GET_AND_POST)
def withdraw(request: HttpRequest, judgement: int) -> HttpResponse:
    said = selectors.said_of(judgement)
    form = forms.WhyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.withdraw(
                actor=actor_of(request), judgement=judgement, why=form.cleaned_data["why"], now=clock.now()
            )
        except RuleBroken as broken:
            fields.refuse(form, broken)
        else:
            messages.success(request, f"Withdrawn. {said.by} is told.")
            return redirect("pole:pair", *said.pair)
    page = FormPage(
        title="Withdraw this judgement",
        crumbs=(words.PICTURE, Link("Pair reviews", reverse("pole:review"))),
        form=form,
        button="Withdraw",
        warning=True,
        back=Link("Go back to the pair", reverse("pole:pair", args=said.pair)),
        inset=f"{selectors.said_words(said)}. Why: {said.why}",
        lead="What was said stays in the record, and so does your reason. Who is one person follows at once.",
    )
    return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)


def _show_pair(
    request: HttpRequest,
    left: int,
    right: int,
    force: str,
    *,
    step: review.Step,
    error: str = "",
    why: str = "",
    status: int = 200,
) -> HttpResponse:
    one, other = selectors.pair(left, right)
    people = pole.records_of({one.person_id, other.person_id})
    page = review.pair_page(
        one,
        other,
        edge=selectors.edge_between(one, other),
        people=people,
        lines=pole.people_lines({one.person_id, other.person_id}, today=clock.today()),
        threats=selectors.threats_of([pk for ids in people.values() for pk in ids]),
        said=[each for each in selectors.standing([left]) if each.pair == identity.pair_of(left, right)],
        may_judge=identity.may_judge(actor_of(request)),
        step=step,
        picking=_picking(force),
        foot_links=(),
        error=error,
        why=why,
    )
    _note_read(request, "pole.judgement", f"{left}-{right}", [one, other])
    return render(request, "pole/review.html", {"page": page}, status=status)


def _step(request: HttpRequest, force: str, at: int, waiting: Sequence[Waiting] | None) -> review.Step:
    return review.step_of(
        reverse("pole:review"),
        {"force": force},
        at=at,
        total=None if waiting is None else len(waiting),
        undo=str(request.session.get(JUST_SAID, "")),
        undo_action=reverse("pole:undo"),
    )


def _queue_address(force: str, at: int) -> str:
    return f"{reverse('pole:review')}?{urlencode({'force': force, 'at': at})}"


def force_of(request: HttpRequest) -> str:
    """Which force's pairs: the one asked for, else the reader's own; `all` for a reader of none of them."""
    known = dict(selectors.judging_forces())
    asked = request.GET.get("force") or request.POST.get("force") or pages.own_force(actor_of(request))
    return asked if asked in known else ALL


def code_of(picked: str) -> str:
    return "" if picked == ALL else picked


def pick_of_forces(chosen: str) -> review.Pick:
    forces = [(ALL, "Every force"), *selectors.judging_forces()]
    return review.Pick("force", "Pairs with a record of", tuple((code, name, code == chosen) for code, name in forces))


def _picking(force: str) -> review.QueueFilter:
    other = Link("Pairs of vehicles, phones, addresses and organisations", reverse("pole:thing_review"))
    return review.QueueFilter(reverse("pole:review"), (pick_of_forces(force),), other)


def whole(typed: str | None) -> int:
    return int(typed) if typed and typed.isascii() and typed.isdigit() and len(typed) < 6 else 0


def act_of(typed: str | None) -> UUID:
    try:
        return UUID(typed or "")
    except ValueError:
        raise NotThere from None


def _note_read(request: HttpRequest, object_type: str, object_id: str, records: Sequence[PersonRecord]) -> None:
    audit.note(
        audit.Operation.CONSULTATION,
        object_type=object_type,
        object_id=object_id,
        reason=reason_of(request),
        people=sorted({record.person_id for record in records}),
        records=sorted(record.pk for record in records),
    )


# Taking apart


@login_required
@judges
@needs_reason
@require_http_methods(GET_AND_POST)
def take_apart(request: HttpRequest, person_id: int) -> HttpResponse:
    file = pole.person_file(person_id)
    choices = [
        (
            str(record.pk),
            Choice(
                f"{record.full_name or 'Name not recorded'}, {record.owner.name}",
                hint=", ".join(filter(None, (words.born_words(record), record.postcode, words.lineage(record)))),
            ),
        )
        for record in file.records
    ]
    form = forms.TakeApartForm(request.POST or None, records=choices)
    reference = rules.reference_of(person_id)
    if request.method == "POST" and form.is_valid():
        try:
            act = services.take_apart(
                actor=actor_of(request),
                person=person_id,
                records=[int(pk) for pk in form.cleaned_data["records"]],
                why=form.cleaned_data["why"],
                now=clock.now(),
            )
        except RuleBroken as broken:
            fields.refuse(form, broken)
        else:
            messages.success(request, "Taken apart. Nothing that was made on a record has moved.")
            return redirect("pole:taken_apart", act)
    _note_read(request, "pole.person", str(person_id), file.records)
    page = FormPage(
        title=f"Take {pole.person_line(file.records, today=clock.today()).name} apart",
        caption=reference,
        crumbs=(words.PICTURE, Link(reference, reverse("pole:person", args=[reference]))),
        form=form,
        button="Take apart",
        back=Link("Leave them together", reverse("pole:person", args=[reference])),
        lead="Choose the records that are of somebody else. It holds through every later delivery, and can be undone.",
    )
    return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)


@login_required
@judges
@needs_reason
@require_http_methods(GET_AND_POST)
def taken_apart(request: HttpRequest, act: UUID) -> HttpResponse:
    """What came apart, with its undo, and what was made while the records were together: where does it belong?"""
    actor, said = actor_of(request), selectors.in_act(act)
    if not said:
        raise NotThere
    if request.method == "POST" and request.POST.get("act") == "undo":
        return _undo_taking_apart(request, act)
    records = {record.pk: record for record in pole.person_records().filter(pk__in={pk for s in said for pk in s.pair})}
    asked = services.ambiguous(actor=actor, act=act)
    shown = []
    for each in asked:
        posted = request.POST.get("key") == str(each.made.key) and request.POST.get("room") == each.room
        form = _place_form(each, records, request.POST if posted else None)
        if posted and form.is_valid():
            try:
                services.place(
                    actor=actor,
                    act=act,
                    room=each.room,
                    key=each.made.key,
                    record=form.cleaned_data["record"],
                    why=form.cleaned_data["why"],
                    now=clock.now(),
                )
            except RuleBroken as broken:
                fields.refuse(form, broken)
            else:
                messages.success(request, f"Kept: {each.made.title}.")
                return redirect("pole:taken_apart", act)
        shown.append((each, form))
    _note_read(request, "pole.judgement", str(act), list(records.values()))
    page = pages.taken_apart_page(said, records, shown, lines=_lines(records.values()))
    return render(request, "pole/taken_apart.html", {"page": page}, status=422 if page.has_errors else 200)


def _place_form(each: services.Ambiguous, records: Mapping[int, PersonRecord], data: object) -> forms.PlaceForm:
    mine = records[each.made.record_id]
    choices = [(str(mine.pk), Choice("Where it is", hint=selectors.called(mine)))]
    others = each.records if each.made.may_move else ()
    choices += [(str(pk), Choice("With the other record", hint=selectors.called(records[pk]))) for pk in others]
    return forms.PlaceForm(
        data,
        records=choices,
        auto_id=f"id_{each.room}_{each.made.key}_%s",
        initial={"room": each.room, "key": each.made.key},
    )


def _undo_taking_apart(request: HttpRequest, act: UUID) -> HttpResponse:
    said = selectors.in_act(act)
    try:
        services.undo(actor=actor_of(request), act=act, why=UNDONE, now=clock.now())
    except RuleBroken as broken:
        messages.error(request, broken.sentence)
        return redirect("pole:review")
    one, _ = selectors.pair(*said[0].pair)
    messages.success(request, "Undone. The records are together again.")
    return redirect("pole:person", rules.reference_of(one.person_id))


def _lines(records: object) -> dict[int, pole.PersonLine]:
    return pole.people_lines({record.person_id for record in cast("list[PersonRecord]", records)}, today=clock.today())


# Proposing


@login_required
@needs_reason
@require_http_methods(GET_AND_POST)
def propose(request: HttpRequest, person_id: int) -> HttpResponse:
    """Ask those who judge whether another number is the same person."""
    actor = actor_of(request)
    if not all(may(actor, capability) for capability in identity.PROPOSE):
        raise NotThere
    file, reference = pole.person_file(person_id), rules.reference_of(person_id)
    form = forms.ProposeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            other = pole.person_file(form.cleaned_data["reference"])
            services.judge(
                actor=actor,
                left=file.records[0].pk,
                right=other.records[0].pk,
                verdict=Verdict.PROPOSED,
                why=form.cleaned_data["why"],
                now=clock.now(),
            )
        except NotThere:
            form.add_error("reference", django_forms.ValidationError("Nobody that you may see has this number"))
        except RuleBroken as broken:
            fields.refuse(form, broken)
        else:
            messages.success(request, "Proposed. An analyst will look at the two records side by side.")
            return redirect("pole:person", reference)
    page = FormPage(
        title="Propose that this is somebody else we know",
        caption=reference,
        crumbs=(words.PICTURE, Link(reference, reverse("pole:person", args=[reference]))),
        form=form,
        button="Propose",
        back=Link("Go back", reverse("pole:person", args=[reference])),
        lead="Nothing is joined until somebody has looked at the two side by side.",
    )
    return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)


# Deconfliction


@login_required
@judges
@needs_reason
@require_GET
def deconfliction(request: HttpRequest) -> HttpResponse:
    """Matches of the reader's own restricted records with records of other organisations."""
    found = selectors.notices(actor_of(request))
    _note_read(request, "pole.deconfliction", "", [each.restricted for each in found])
    things = judged_things.notices(actor_of(request))
    for table in sorted({each.restricted._meta.label_lower for each in things}):
        shown = [each.restricted.pk for each in things if each.restricted._meta.label_lower == table]
        audit.note(
            audit.Operation.CONSULTATION, object_type=table, object_id="", reason=reason_of(request), records=shown
        )
    return render(request, "pole/deconfliction.html", {"page": pages.deconfliction_page(found, things)})


@login_required
@judges
@needs_reason
@require_http_methods(GET_AND_POST)
def notice(request: HttpRequest, record: int, organisation: str, end_kind: str = "") -> HttpResponse:
    """One match of a restricted record of a person, or of a thing, and what was done about it."""
    actor = actor_of(request)
    found: selectors.Notice | judged_things.ThingNotice
    if end_kind:
        found = judged_things.notice(actor, end_kind, record, organisation)
    else:
        found = selectors.notice(actor, record, organisation)
    form = forms.AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.answer_deconfliction(
                actor=actor,
                record=record,
                organisation=organisation,
                answer=form.cleaned_data["answer"],
                why=form.cleaned_data["why"],
                now=clock.now(),
                end_kind=end_kind,
            )
        except RuleBroken as broken:
            fields.refuse(form, broken)
        else:
            messages.success(request, "Kept with the match. Nobody else sees it.")
            return redirect("pole:deconfliction")
    contacts = selectors.contact_points(found.organisation, today=clock.today())
    if isinstance(found, judged_things.ThingNotice):
        audit.note(
            audit.Operation.CONSULTATION,
            object_type=found.restricted._meta.label_lower,
            object_id=str(record),
            reason=reason_of(request),
            records=sorted({record, *(other.pk for other, _ in found.matches)}),
        )
        page = pages.thing_notice_page(found, contacts, form=form)
    else:
        read = [found.restricted, *(edge.right for edge in found.matches)]
        _note_read(request, "pole.deconfliction", str(record), read)
        page = pages.notice_page(found, contacts, form=form)
    return render(request, "pole/notice.html", {"page": page}, status=422 if form.errors else 200)
