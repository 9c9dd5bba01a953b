"""What a safeguarding lead types. A form checks shape; `rules` say what may be decided."""

from django import forms

from fourfold.network import rules


class DecideForm(forms.Form):
    """What is to become of a lead, and why."""

    decision = forms.ChoiceField(
        label="What is to happen?",
        choices=[(each.value, rules.OUTCOME_NAMES[each]) for each in rules.DECISIONS],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what is to happen"},
    )
    reason = forms.CharField(
        label="Why?",
        help_text="What you looked at and what decided it. It is kept with the lead under your name.",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=rules.REASON_LIMIT,
        error_messages={"required": "Say why you decide so"},
    )
