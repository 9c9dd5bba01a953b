"""What is asked when a search is kept."""

from django import forms

from fourfold.platform.ui import fields


class KeepForm(forms.Form):
    """What it is called, why it is kept and until when."""

    name = forms.CharField(
        label="What will you call it?",
        max_length=100,
        help_text="It stands on your first page when something new matches, such as Op Larch: Smith brothers.",
        error_messages={"required": "Enter a name for the saved search"},
    )
    why = forms.CharField(
        label="Why do you need to be told of anything new?",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="It is written to the record of reads each time we search for you.",
        error_messages={"required": "Enter why you need it"},
    )
    ends_on = fields.DateField(
        label="Until when?",
        words="last day",
        help_text="Within six months. You can keep it longer then, if you still need it.",
    )
