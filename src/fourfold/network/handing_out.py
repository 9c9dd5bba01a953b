"""The pages on which a person, a threat or a network is taken away as a file."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from fourfold.network import leaving, selectors, taking
from fourfold.network.rules import Period
from fourfold.network.taking import File, Wanted
from fourfold.network.views import FURTHEST_ID, GET_AND_POST
from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.reasons import needs_reason, reason_of
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.ui import fields
from fourfold.platform.ui.lists import REWIND
from fourfold.platform.ui.pages import FormPage, Link
from fourfold.pole import rules as pole_rules
from fourfold.threats import selectors as threats
from fourfold.threats.record import actor_of, reads_threats

DEPTH_WORDS = {
    "person": ("This person alone", "With what one link joins to them", "With what two links join to them"),
    "threat": ("The threat and who is in it", "With what one link joins to them", "With what two links join to them"),
}
LEAD = (
    "The file holds what you may see, marked OFFICIAL-SENSITIVE, with the row of a file or the record that each value "
    "comes from. The ledger keeps who took it, what for, and its hash."
)


class TakeForm(forms.Form):
    """Which format, how far, when, who is left out, for whom and what for."""

    form = forms.ChoiceField(
        label="Which file?",
        choices=[(each.value, fields.Choice(name, hint=hint)) for each, (name, hint) in leaving.FORM_NAMES.items()],
        initial=leaving.Form.FOLLOW_THE_MONEY.value,
        widget=forms.RadioSelect,
        error_messages={"required": leaving.SENTENCES["NT22"]},
    )
    depth = forms.TypedChoiceField(
        label="How far does it reach?",
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": leaving.SENTENCES["NT23"]},
    )
    first = fields.DateField(
        label="Links active from",
        required=False,
        help_text="A link without a date is kept: nobody knows when it was so.",
    )
    last = fields.DateField(label="To", required=False)
    as_recorded_on = fields.DateField(
        label="As recorded on",
        required=False,
        words="past date",
        help_text="Everything as it was recorded at the end of that day. Leave it empty for now.",
    )
    with_protected = forms.BooleanField(
        label="Include people who are to be protected",
        required=False,
        help_text="Those exploited, victims, witnesses, missing people and anybody who may be under 18 stay out of the "
        "file unless what it is for needs them.",
    )
    recipient = forms.CharField(
        label="Who is it for?",
        required=False,
        max_length=200,
        help_text="If it leaves your organisation, name who gets it: the ledger notes it as a disclosure, and records "
        "shared under conditions or in a closed circle stay out of it.",
    )
    reason = forms.CharField(
        label="What is it for?",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=leaving.REASON_LIMIT,
        help_text="The file and the ledger keep it.",
        error_messages={"required": leaving.SENTENCES["NT21"].format(words=leaving.REASON_WORDS)},
    )

    def __init__(self, *args: Any, of: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = self.fields["depth"]
        assert isinstance(asked, forms.ChoiceField)  # noqa: S101  tells the type checker
        asked.choices = list(zip(map(str, leaving.DEPTHS), DEPTH_WORDS[of], strict=True))

    def wanted(self) -> Wanted:
        """What a valid form asks for."""
        said = self.cleaned_data
        return Wanted(
            form=said["form"],
            depth=said["depth"],
            reason=said["reason"].strip(),
            period=Period(said["first"], said["last"]),
            with_protected=said["with_protected"],
            recipient=said["recipient"].strip(),
            on=said["as_recorded_on"],
        )


@login_required
@needs_reason
@require_http_methods(GET_AND_POST)
def person(request: HttpRequest, person_id: int) -> HttpResponseBase:
    """One person as a file."""
    if person_id > FURTHEST_ID:
        raise NotThere
    line = selectors.person(person_id, today=clock.today())
    reference = pole_rules.reference_of(person_id)

    def take(wanted: Wanted) -> File:
        return taking.take_person(
            actor=actor_of(request),
            person_id=person_id,
            wanted=wanted,
            reading=reason_of(request),
            region=settings.REGION,
            now=clock.now(),
        )

    back = Link("Back to the person", line.url)
    named, told = f"{line.name}, {reference}", ("pole.person", person_id)
    return _asked(request, take, of="person", named=named, back=back, told=told)


@login_required
@needs_reason
@require_http_methods(GET_AND_POST)
@reads_threats
def threat(request: HttpRequest, reference: str) -> HttpResponseBase:
    """A threat and its network as a file."""
    found = threats.threat(reference)

    def take(wanted: Wanted) -> File:
        return taking.take_threat(
            actor=actor_of(request),
            reference=reference,
            wanted=wanted,
            reading=reason_of(request),
            region=settings.REGION,
            now=clock.now(),
        )

    back = Link("Back to the network", reverse("network:of_threat", args=[reference]))
    return _asked(request, take, of="threat", named=str(found), back=back, told=("threats.threat", found.pk))


def _asked(
    request: HttpRequest, take: Callable[[Wanted], File], *, of: str, named: str, back: Link, told: tuple[str, int]
) -> HttpResponseBase:
    """The form; or, once it is filled in, the file."""
    form = TakeForm(request.POST, of=of) if request.method == "POST" else TakeForm(initial=_initial(request, of), of=of)
    if request.method == "POST" and form.is_valid():
        try:
            file = take(form.wanted())
        except RuleBroken as broken:
            fields.refuse(form, broken)
        else:
            return FileResponse(
                BytesIO(file.content), as_attachment=True, filename=file.name, content_type=file.media_type
            )
    audit.note(
        audit.Operation.CONSULTATION,
        object_type=told[0],
        object_id=str(told[1]),
        reason=reason_of(request),
        part="to be taken as a file",
    )
    page = FormPage(
        title=f"Take {named} as a file",
        crumbs=(Link(named, back.href),),
        form=form,
        button="Take the file",
        back=back,
        lead=LEAD,
    )
    return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)


def _initial(request: HttpRequest, of: str) -> dict[str, Any]:
    """What the page from which somebody came was asked for."""
    typed = {name: fields.read_date(request.GET.get(name, "")) for name in ("first", "last", REWIND)}
    depth = request.GET.get("depth", "")
    usual = "1" if of == "person" else "0"
    return {**typed, "depth": depth if depth in {str(each) for each in leaving.DEPTHS} else usual}
