"""Vehicles, phones, addresses and organisations in the browser: saying that records are of one, or are not."""

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.reasons import needs_reason, reason_of
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.ui import fields
from fourfold.platform.ui.components import Link
from fourfold.platform.ui.fields import Choice
from fourfold.platform.ui.pages import FormPage
from fourfold.pole import forms, services
from fourfold.pole import selectors as pole
from fourfold.pole.pages import judged_things as pages
from fourfold.pole.rules.identity import Verdict, thing_words
from fourfold.pole.selectors import judged_things as selectors
from fourfold.pole.selectors.judged_things import Thingish
from fourfold.pole.views.judging import GET_AND_POST, actor_of, judges

FURTHEST_ID = 2**63 - 1


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
@require_http_methods(GET_AND_POST)
def pair(request: HttpRequest, left: int, right: int, end_kind: str) -> HttpResponse:
    """Two records side by side, and whether they are of one thing."""
    _check_range(left, right)
    one, other = selectors.pair(end_kind, left, right)
    if selectors.kind_of(one) != selectors.kind_of(other):
        raise NotThere
    form = forms.ThingVerdictForm(request.POST or None, choices=_verdicts(one, other))
    if request.method == "POST" and form.is_valid():
        try:
            row = services.judge_things(
                actor=actor_of(request),
                end_kind=end_kind,
                left=left,
                right=right,
                verdict=form.cleaned_data["verdict"],
                why=form.cleaned_data["why"],
                now=clock.now(),
            )
        except RuleBroken as broken:
            fields.refuse(form, broken)
        else:
            messages.success(
                request, f"Recorded: the two {thing_words(Verdict(row.verdict), *selectors.noun_of(one))}."
            )
            return redirect(pole.address_of(one))
    _note_read(request, end_kind, [one, other])
    found = selectors.evidence_among(end_kind, (left, right))
    page = pages.pair_page(
        end_kind,
        one,
        other,
        evidence=next(iter(found.values()), {}),
        stands=selectors.standing_on(end_kind, left, right),
        form=form,
    )
    return render(request, "pole/thing_judged.html", {"page": page}, status=422 if form.errors else 200)


def _verdicts(one: Thingish, other: Thingish) -> list[tuple[str, str]]:
    """What may be said: of records that are together, which ones go is asked on a page of its own."""
    is_one = one.thing_id is not None and one.thing_id == other.thing_id
    verdicts = [Verdict.SAME] if is_one else [Verdict.SAME, Verdict.DIFFERENT]
    return [(verdict.value, f"They {thing_words(verdict, *selectors.noun_of(one))}") for verdict in verdicts]


@login_required
@judges
@needs_reason
@require_http_methods(GET_AND_POST)
def step(request: HttpRequest, act: UUID) -> HttpResponse:
    """What somebody said in one step, where the records are now, and taking it back."""
    said = selectors.step(act)
    form = None if said.taken_back else forms.WhyForm(request.POST or None)
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


def _note_read(request: HttpRequest, end_kind: str, records: Sequence[Thingish]) -> None:
    audit.note(
        audit.Operation.CONSULTATION,
        object_type="pole.objectrecord" if end_kind == selectors.OBJECT else "pole.locationrecord",
        object_id=str(records[0].pk),
        reason=reason_of(request),
        records=sorted(each.pk for each in records),
    )
