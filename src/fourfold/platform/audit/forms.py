"""The form that asks why."""

from typing import Any

from django import forms

from fourfold.platform.audit.services import Reason
from fourfold.platform.reference.selectors import terms


class ReasonForm(forms.Form):
    """A code of reference kind `reading_reason`, a few words, and the operation where there is one."""

    code = forms.ChoiceField(
        label="What are you doing?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what you are doing"},
    )
    text = forms.CharField(
        label="Say briefly what for",
        help_text="For example: preparing the review of SOC-0412. An auditor may read this.",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say briefly what you need to read people for"},
    )
    operation_reference = forms.CharField(label="Operation or case reference", max_length=80, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["code"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  tells the type checker
        field.choices = [(term.code, term.name) for term in terms("reading_reason")]

    def reason(self) -> Reason:
        """What a valid form says."""
        return Reason(**self.cleaned_data)
