"""What people type at the door: a file, a corrected value, a reason. Shape only; services decide."""

from collections.abc import Iterable, Mapping

from django import forms

from fourfold.intake.models import Quarantined

LONGEST_VALUE = 100_000


class UploadForm(forms.Form):
    """One delivery as a file."""

    delivery = forms.FileField(
        label="The extract",
        help_text="A zip of the extract's folder, with its manifest, or a single file where the source sends one.",
        error_messages={
            "required": "Choose the file that the source system wrote",
            "empty": "The file that you chose is empty",
            "missing": "Choose the file that the source system wrote",
        },
        max_length=200,
    )


class ReasonForm(forms.Form):
    """Why rows are closed without being loaded."""

    reason = forms.CharField(
        label="Why these rows will not be loaded",
        help_text="Someone else should be able to follow it later.",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        error_messages={"required": "Give a reason"},
    )


class RepairForm(forms.Form):
    """The right value for each fault of a line, and why."""

    reason = forms.CharField(
        label="Where the right value comes from",
        help_text="For example: custody record checked with the custody sergeant.",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        error_messages={"required": "Say where the right value comes from"},
    )

    def __init__(self, faults: Iterable[Quarantined], data: Mapping[str, str] | None = None) -> None:
        super().__init__(data)
        self.columns: dict[str, str] = {}
        asked = {}
        for number, fault in enumerate({f.column: f for f in faults}.values()):
            name = f"value_{number}"
            self.columns[name] = fault.column
            is_line = fault.column == ""
            asked[name] = forms.CharField(
                label="The whole line, as it should be" if is_line else f"The right value of {fault.column}",
                help_text=fault.sentence,
                initial=_whole_line(fault) if is_line else fault.value,
                required=False,
                strip=False,
                max_length=LONGEST_VALUE,
                widget=forms.Textarea(attrs={"rows": 4}) if is_line or len(fault.value) > 60 else forms.TextInput(),
            )
        self.fields = asked | self.fields

    @property
    def values(self) -> dict[str, str]:
        """Column to the value typed. A line typed in a box of several rows comes back with the line's own breaks."""
        return {column: str(self.cleaned_data[name]).replace("\r\n", "\n") for name, column in self.columns.items()}

    def field_of(self, column: str) -> str:
        """The name of the input for a column."""
        return next((name for name, c in self.columns.items() if c == column), "reason")


def _whole_line(fault: Quarantined) -> str:
    return str(fault.row.get("", fault.value)) if isinstance(fault.row, dict) else fault.value
