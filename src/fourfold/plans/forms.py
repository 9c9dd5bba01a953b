"""What people type about plans. A form checks shape; `rules` say what may be recorded."""

from collections.abc import Iterable
from typing import Any

from django import forms

from fourfold.plans import rules, selectors
from fourfold.plans.models import Action, Aim
from fourfold.plans.rules import P, Part, Status
from fourfold.platform.history.models import Versioned
from fourfold.platform.people.models import Organisation, User
from fourfold.platform.ui import fields

Choices = list[tuple[str, Any]]


def area(
    label: str, *, rows: int = 3, help_text: str = "", missing: str = "", required: bool = False
) -> forms.CharField:
    return forms.CharField(
        label=label,
        widget=forms.Textarea(attrs={"rows": rows}),
        help_text=help_text,
        required=required or bool(missing),
        max_length=rules.TEXT_LIMIT,
        error_messages={"required": missing} if missing else {},
    )


def line(label: str, *, help_text: str = "", missing: str = "", limit: int = rules.SHORT_LIMIT) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=bool(missing),
        max_length=limit,
        error_messages={"required": missing} if missing else {},
    )


def radios(
    label: str, choices: Choices, *, help_text: str = "", missing: str = "", required: bool = True
) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=choices,
        widget=forms.RadioSelect,
        help_text=help_text,
        required=required,
        error_messages={"required": missing} if missing else {},
    )


def number(label: str, *, help_text: str = "", required: bool = False) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=required,
        max_digits=14,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        help_text=help_text,
        error_messages={"invalid": rules.SENTENCES["PN28"], "required": rules.SENTENCES["PN28"]},
    )


class SeenForm(forms.Form):
    """A change to something: `seen` is when it was as the form showed it."""

    seen = fields.SeenField()

    def __init__(self, *args: Any, of: Versioned | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if of is not None:
            self.fields["seen"].initial = of.recorded_from


class SectionForm(SeenForm):
    def __init__(self, *args: Any, part: Part, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name, hint = rules.PART_NAMES[part]
        self.fields["text"] = area(name, rows=12, help_text=hint)


class AimForm(SeenForm):
    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"] = line(
            "Aim", help_text="What will be different when this plan has worked.", missing=rules.SENTENCES["PN9"]
        )
        self.fields["measure"] = line(
            "Measure", help_text="What is counted, such as calls answered by the line each week."
        )
        self.fields["unit"] = line("Unit", help_text="Such as calls, people or pounds.", limit=60)
        self.fields["baseline"] = number("Baseline", help_text="What the measure was when the plan began.")
        self.fields["target"] = number("Target")
        self.fields["target_on"] = fields.DateField(label="Target date", required=False)
        if not is_new:
            self.fields["state"] = radios("State", [(s.value, n) for s, n in rules.AIM_STATE_NAMES.items()])

    def said(self) -> rules.AimSaid:
        kept = {name: value for name, value in self.cleaned_data.items() if name not in {"seen", "state"}}
        return rules.AimSaid(**kept)


def aim_first(aim: Aim) -> dict[str, Any]:
    return {
        name: getattr(aim, name) for name in ("text", "measure", "unit", "baseline", "target", "target_on", "state")
    }


class ReadingForm(forms.Form):
    value = number("What does the measure read?", required=True)
    read_on = fields.DateField(label="Read on")
    source = line("Source", help_text="Where the number comes from.")


class ActionForm(SeenForm):
    """Everything an action says. What is only weak is told by the lint and not refused."""

    def __init__(
        self,
        *args: Any,
        aims: Iterable[Aim],
        people: Iterable[User],
        organisations: Iterable[Organisation],
        tactics: Iterable[selectors.Tactic],
        was: Action | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, of=was, **kwargs)
        names = {p.value: fields.Choice(name, hint=hint) for p, (name, hint) in rules.P_NAMES.items()}
        owners = [(str(user.pk), f"{user.name}, {user.organisation.name}") for user in people]
        if was is not None and was.owner is not None and str(was.owner_id) not in dict(owners):
            why = "may not read this plan" if was.owner.is_active else "no longer here"
            owners.append((str(was.owner_id), f"{was.owner.name} ({why})"))
        menu: list[tuple[str, Any]] = [("", "None of the menu")]
        for p, (name, _) in rules.P_NAMES.items():
            menu.append((name, [(t.code, t.name) for t in tactics if t.p == p]))
        self.fields |= {
            "title": line(
                "What is to be done?",
                help_text="Begin with a verb: visit, execute, train, refer, apply for.",
                missing=rules.SENTENCES["PN5"],
            ),
            "p": radios("Which of the four Ps?", list(names.items()), missing=rules.SENTENCES["PN6"]),
            "aim": forms.ChoiceField(
                label="Which aim does it serve?",
                choices=[("", "None yet"), *((str(a.position), f"{a.position}. {a.text}") for a in aims)],
                required=False,
            ),
            "tactic": forms.ChoiceField(
                label="Tactic", choices=menu, required=False, help_text="From the menu of tactics."
            ),
            "why_this_threat": area(
                "Why this, for this threat?", help_text="What is particular here, so that it is not a generic action."
            ),
            "outcome_wanted": area("Outcome wanted", help_text="What will be different, for whom."),
            "measure": line("Measure", help_text="How you will know that it worked."),
            "owner": forms.ChoiceField(
                label="Owner", choices=[("", "Nobody yet, or not a user of this service"), *owners], required=False
            ),
            "owner_name": line("Owner who does not use this service", help_text="Name or post."),
            "agency": forms.ChoiceField(
                label="Agency",
                choices=[("", "The owner's own"), *((str(o.pk), o.name) for o in organisations)],
                required=False,
            ),
            "partner": line("Partner", help_text="Who else has a part in it."),
            "due_on": fields.DateField(label="Due date", required=False),
            "resource": area("Resource", rows=2, help_text="People, money and equipment it needs."),
            "legal_basis": area("Legal basis", rows=2, help_text="The power it is done under, where it needs one."),
        }
        self.was = was

    def said(self) -> rules.ActionSaid:
        """What was typed; where the action stands is said on its own page and stays as it is."""
        kept = {name: value for name, value in self.cleaned_data.items() if name != "seen"}
        for name in ("aim", "owner", "agency"):
            kept[name] = int(kept[name]) if kept[name] else None
        if self.was is not None:
            kept |= {name: getattr(self.was, name) for name in STANDING}
        return rules.ActionSaid(**kept)


STANDING = ("status", "status_reason", "result", "evidence", "done_on")


def status_fields() -> dict[str, forms.Field]:
    return {
        "status": radios("Where does it stand?", [(s.value, name) for s, name in rules.STATUS_NAMES.items()]),
        "status_reason": area(
            "Reason for the status", rows=2, help_text="Needed when it is blocked, not done or cancelled."
        ),
        "result": area("Result", help_text="What came of it. Needed when it is done."),
        "evidence": area("Evidence", rows=2, help_text="How we know: a reference of a record, an order or a referral."),
        "done_on": fields.DateField(label="Done on", required=False),
    }


def action_first(action: Action) -> dict[str, Any]:
    plain = {name: getattr(action, name) for name in selectors.KEPT_OF_ACTION}
    return plain | {
        "title": action.title,
        "p": action.p,
        "aim": str(action.aim.position) if action.aim else "",
        "owner": str(action.owner_id or ""),
        "owner_name": action.owner_name,
        "agency": str(action.agency_id or ""),
    }


class ReportForm(SeenForm):
    """Where an action stands, as its owner says."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields |= status_fields()


class PartnerReportForm(forms.Form):
    """Where an action stands, as the owner in another organisation says."""

    status = radios(
        "Where does it stand?",
        [(s.value, rules.STATUS_NAMES[s]) for s in (Status.IN_PROGRESS, Status.BLOCKED, Status.DONE, Status.NOT_DONE)],
        missing="Choose where it stands",
    )
    text = area("What was done, or what is in the way?", rows=4, missing="Say what was done, or what is in the way")
    done_on = fields.DateField(label="Done on", required=False)


class ConsultationForm(forms.Form):
    partner = line("Partner", help_text="An organisation or a group of people.", missing=rules.SENTENCES["PN26"])
    with_whom = line("Who was asked", help_text="Their post, or how many people.")
    consulted_on = fields.DateField(label="Consulted on")
    said = area("What they said")
    changed = area("What changed in the plan because of it", missing=rules.SENTENCES["PN27"])

    def consultation(self) -> rules.ConsultationSaid:
        return rules.ConsultationSaid(**self.cleaned_data)


class AdoptForm(forms.Form):
    digest = forms.CharField(widget=forms.HiddenInput, required=False)
    why = area("Why do you adopt it?", missing=rules.SENTENCES["PN40"].format(words=rules.REASON_WORDS))


class BeginReviewForm(forms.Form):
    prompt = radios(
        "Why is it reviewed?",
        [(p.value, name) for p, name in rules.PROMPT_NAMES.items()],
        missing=rules.SENTENCES["PN42"],
    )
    looked_at = area(
        "What was looked at, and what changes?",
        rows=6,
        missing=rules.SENTENCES["PN21"].format(words=rules.REVIEW_WORDS),
    )


class SignForm(forms.Form):
    digest = forms.CharField(widget=forms.HiddenInput, required=False)


class PeerReviewForm(forms.Form):
    good = area("What is good, that others should copy?", rows=4, missing="Say what is good in this plan")
    better = area("What should change, and how?", rows=4, missing="Say what should change in this plan")


class AnswerForm(forms.Form):
    answer = area(
        "Your answer",
        rows=4,
        help_text="What you change because of it, and what you do not.",
        missing="Enter your answer",
    )


class CloseForm(forms.Form):
    learned = area(
        "What was learnt?", rows=6, help_text=rules.PART_NAMES[Part.DEBRIEF][1], missing="Say what was learnt"
    )


class ReopenForm(forms.Form):
    why = area("Why is it opened again?", missing=rules.SENTENCES["PN40"].format(words=rules.REASON_WORDS))


TAKE, LEAVE = "take", "leave"


class TakeOverForm(forms.Form):
    """What becomes of actions that came free when their threat was merged into another."""

    def __init__(self, *args: Any, offered: Iterable[Action], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        missing = {"required": rules.SENTENCES["PN45"], "invalid_choice": rules.SENTENCES["PN45"]}
        self.fields["chosen"] = forms.TypedMultipleChoiceField(
            label="Actions that are open",
            choices=[(str(each.pk), f"{each.plan.reference}, action {each.number}: {each.title}") for each in offered],
            coerce=int,
            widget=forms.CheckboxSelectMultiple,
            error_messages=missing,
        )
        self.fields["what"] = radios(
            "What is to happen with those you chose?",
            [(TAKE, "Take them over into this plan"), (LEAVE, "Leave them out")],
            missing="Choose whether to take them over or leave them out",
        )
        self.fields["why"] = area("Why are they left out?", help_text="Needed when you leave them out.")


class ShareForm(forms.Form):
    def __init__(self, *args: Any, organisations: Iterable[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"] = forms.ChoiceField(
            label="With whom?", choices=[(str(o.pk), o.name) for o in organisations]
        )
        self.fields["title"] = line(
            "Title", help_text="They read this instead of the name of the threat.", missing="Enter a title"
        )
        self.fields["text"] = area(
            "Summary they may read",
            rows=8,
            help_text=rules.PART_NAMES[Part.SANITISED][1],
            missing=rules.SENTENCES["PN35"],
        )


class AskForm(forms.Form):
    def __init__(self, *args: Any, organisations: Iterable[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"] = forms.ChoiceField(
            label="Who is asked?", choices=[(str(o.pk), o.name) for o in organisations]
        )
        self.fields["title"] = line(
            "What are they asked to do?",
            help_text="They read this instead of the action.",
            missing="Enter what they are asked to do",
        )
        self.fields["text"] = area("What they need to know", help_text="No names, no sources, no methods.")
        self.fields["due_on"] = fields.DateField(label="By when", required=False)


class AnswerReportForm(forms.Form):
    is_taken_up = radios(
        "Take this up into the action?",
        [("yes", "Yes: the action says what they report"), ("no", "No")],
        missing="Choose yes or no",
    )
    why = area("Why not?", help_text="Needed when you choose no.")


def p_of(text: str) -> str:
    """A P given in an address, or none."""
    return text if text in list(P) else ""
