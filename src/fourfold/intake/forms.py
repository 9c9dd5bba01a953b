"""What people type at the door: a file, a corrected value, a reason. Shape only; services decide."""

from collections.abc import Mapping, Sequence

from django import forms

from fourfold.intake import rules
from fourfold.intake.models import Quarantined

LONGEST_VALUE = 100_000
LONG = 60


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
    """The row as it should be, and why: the columns at fault first. A line that could not be split is typed whole."""

    reason = forms.CharField(
        label="Where the right value comes from",
        help_text="For example: custody record checked with the custody sergeant.",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        error_messages={"required": "Say where the right value comes from"},
    )

    def __init__(
        self, faults: Sequence[Quarantined], data: Mapping[str, str] | None = None, *, heads: str = ""
    ) -> None:
        """`heads` is the first line of the file, which somebody needs who types a whole line."""
        super().__init__(data)
        self.columns: dict[str, str] = {}
        self.delivered = rules.delivered_values(faults[0].row, faults[0].value)
        wrong = {f.column: f.sentence for f in faults}
        asked: dict[str, forms.Field] = {}
        for number, column in enumerate(sorted(self.delivered, key=lambda c: c not in wrong)):
            name = f"value_{number}"
            self.columns[name] = column
            said = wrong.get(column, "")
            if heads and not column:
                said = f"{said} The columns of the file, in its first line: {heads}"
            asked[name] = _value_field(column, self.delivered[column], said=said)
        self.fields = asked | self.fields

    @property
    def values(self) -> dict[str, str]:
        """Column to corrected value, of the columns that were changed."""
        typed = {column: str(self.cleaned_data[name]) for name, column in self.columns.items()}
        return {c: v for c, v in typed.items() if _same_breaks(v) != _same_breaks(self.delivered[c])}

    @property
    def first(self) -> str:
        """The name of the first input, to which a refusal about the values belongs."""
        return next(iter(self.columns), "reason")


class DeliveredField(forms.CharField):
    """One delivered cell. It may be empty: an empty cell can be right."""

    def validate(self, value: str) -> None:
        """Nothing is asked of the value here; the rules of the pipeline decide."""


def _value_field(column: str, value: str, *, said: str) -> DeliveredField:
    is_long = column == "" or len(value) > LONG
    return DeliveredField(
        label=column or "The whole line, as it should be",
        help_text=said,
        initial=value,
        strip=False,
        max_length=LONGEST_VALUE,
        widget=forms.Textarea(attrs={"rows": 4}) if is_long else forms.TextInput(),
    )


def _same_breaks(text: str) -> str:
    """A box of several rows sends its breaks as carriage return and line feed, whatever they were."""
    return text.replace("\r\n", "\n")
