"""What people type about identity. A form checks shape; `rules.identity` says what may be said."""

from collections.abc import Iterable
from typing import Any

from django import forms

from fourfold.platform.ui.fields import Choice
from fourfold.pole import rules
from fourfold.pole.rules import identity
from fourfold.pole.rules.identity import Answer, Verdict

ROWS = 3


def _why(label: str = "Why", *, help_text: str = "", required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label,
        widget=forms.Textarea(attrs={"rows": ROWS}),
        help_text=help_text,
        required=required,
        max_length=identity.TEXT_LIMIT,
    )


class WhyForm(forms.Form):
    why = _why(help_text="Whoever may read both records will read this")


class VerdictForm(forms.Form):
    """One key or one button: what is said of a pair."""

    verdict = forms.ChoiceField(choices=[(v.value, v.value) for v in (Verdict.SAME, Verdict.DIFFERENT, Verdict.UNSURE)])
    why = _why("Anything to add", required=False)


class TakeApartForm(forms.Form):
    """Which records are somebody else's or of another thing, and why."""

    def __init__(
        self, *args: Any, records: Iterable[tuple[str, Choice]], of: str = "somebody else", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["records"] = forms.MultipleChoiceField(
            label=f"Records of {of}",
            choices=list(records),
            widget=forms.CheckboxSelectMultiple,
            help_text="Those you choose are taken apart from those you leave",
        )
        self.fields["why"] = _why(help_text="Whoever may read these records will read this")


class ProposeForm(forms.Form):
    """That another number may be the same person."""

    reference = forms.CharField(
        label="Number of the other person",
        widget=forms.TextInput(attrs={"class": "govuk-input--width-10"}),
        help_text="Such as P-0000123, from the top of their page",
        max_length=20,
    )
    why = _why("Why they may be one person", help_text="Whoever may read both people will read this")

    def clean_reference(self) -> int:
        found = rules.person_id_of(self.cleaned_data["reference"])
        if found is None:
            raise forms.ValidationError("Enter a number such as P-0000123")
        return found


class OtherThingForm(forms.Form):
    """With which other vehicle, phone, address or organisation one is to be compared."""

    reference = forms.CharField(
        label="Its number",
        widget=forms.TextInput(attrs={"class": "govuk-input--width-10"}),
        help_text="Such as V-0000123, from the top of its page",
        max_length=20,
    )


class AnswerForm(forms.Form):
    """What was done about a match of a restricted record."""

    answer = forms.ChoiceField(
        label="What was done",
        choices=[(a.value, name) for a, name in identity.ANSWER_NAMES.items()],
        widget=forms.RadioSelect,
    )
    why = _why("What was agreed, or why nothing is needed")

    def clean_answer(self) -> Answer:
        return Answer(self.cleaned_data["answer"])


class PlaceForm(forms.Form):
    """On which record something belongs."""

    room = forms.CharField(widget=forms.HiddenInput, max_length=40)
    key = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, records: Iterable[tuple[str, Choice]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["record"] = forms.TypedChoiceField(
            label="Where it belongs", choices=list(records), widget=forms.RadioSelect, coerce=int
        )
        self.fields["why"] = _why("Why, if it moves", required=False)
