"""What people type about figures: a file of counts, a token's purpose. Shape only; services decide."""

from django import forms

from fourfold.platform.ui.fields import DateField

MOST_BYTES = 256 * 1024


class RegionsForm(forms.Form):
    """Counts of other regions as a file."""

    file = forms.FileField(
        label="The file of counts",
        help_text="CSV with the columns region, threats, extracted_on (YYYY-MM-DD) and source.",
        error_messages={
            "required": "Choose the file with the counts",
            "empty": "The file that you chose is empty",
            "missing": "Choose the file with the counts",
        },
        max_length=200,
    )

    def clean_file(self) -> str:
        """The text of the file."""
        sent = self.cleaned_data["file"]
        if sent.size > MOST_BYTES:
            raise forms.ValidationError("The file is larger than 256 kB. Choose the file with the counts.")
        try:
            return str(sent.read().decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise forms.ValidationError("The file is not text in UTF-8. Save it as CSV (UTF-8).") from None


class ReaderForm(forms.Form):
    """What a token is for, and until when."""

    name = forms.CharField(
        label="What is the token for?",
        help_text="Such as the report or the program that will use it.",
        max_length=120,
        error_messages={"required": "Say what the token is for"},
    )
    expires_on = DateField(label="The last day on which it is taken", help_text="At most 90 days from now.")
    takes_files = forms.BooleanField(
        label="It also takes people and threats as files",
        required=False,
        help_text="Only for a program that puts them into a tool for link analysis. It says why each time.",
    )
