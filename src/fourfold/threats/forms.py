"""What officers type about threats. A form checks shape; `rules` say what may be recorded."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils.dateparse import parse_datetime

from fourfold.platform.people.models import Organisation, User
from fourfold.platform.ui import fields
from fourfold.platform.visibility.models import Compartment
from fourfold.threats import rules
from fourfold.threats.models import Threat

Choices = list[tuple[str, Any]]
NEVER = datetime(1, 1, 2, tzinfo=UTC)


def _radios(label: str, choices: Choices, *, help_text: str = "", missing: str = "") -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=choices,
        widget=forms.RadioSelect,
        help_text=help_text,
        error_messages={"required": missing} if missing else {},
    )


def _area(label: str, *, rows: int, help_text: str = "", missing: str = "", required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label,
        widget=forms.Textarea(attrs={"rows": rows}),
        help_text=help_text,
        required=required,
        max_length=10_000,
        error_messages={"required": missing} if missing else {},
    )


def lines(text: str) -> tuple[str, ...]:
    """What was typed one to a line, without empty lines."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


class ReasonForm(forms.Form):
    """A change to a threat: what `seen` was open when the form was made, and why it is changed."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, threat: Threat | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if threat is not None:
            self.fields["seen"].initial = threat.recorded_from.isoformat()
        self.fields["reason"] = _area(
            "Why?",
            rows=3,
            help_text="One sentence. It is kept with the change for anybody who asks later.",
            missing=rules.SENTENCES["TH15"].format(words=rules.REASON_WORDS),
        )

    def clean_seen(self) -> Any:
        """The moment; one that was tampered with is none that the record ever had, so the change is refused."""
        said = self.cleaned_data["seen"]
        if not said:
            return None
        try:
            found = parse_datetime(said)
        except ValueError:
            found = None
        return found if found is not None and found.tzinfo else NEVER


def type_choices(vocabulary: rules.Vocabulary) -> Choices:
    """The three kinds of threat, each with the words that tell it from the others."""
    found: Choices = []
    for code in rules.ThreatType:
        said = vocabulary.types[code]
        hint = f"{said.question} {said.means} For example: {said.examples} Not when: {said.not_when}"
        found.append((code.value, fields.Choice(rules.type_name(code), hint=hint)))
    return found


def tier_choices(vocabulary: rules.Vocabulary) -> Choices:
    return [
        (tier.code, fields.Choice(tier.name, hint=tier.meaning) if tier.meaning else tier.name)
        for tier in vocabulary.tiers.values()
    ]


def phase_choices(vocabulary: rules.Vocabulary, *, closed: bool) -> Choices:
    return [(phase.code, phase.name) for phase in vocabulary.phases.values() if phase.closed is closed]


def theme_choices(vocabulary: rules.Vocabulary) -> Choices:
    """Every theme; one of the second level is named with its parent."""
    return [(code, vocabulary.theme_name(code)) for code in vocabulary.themes]


def role_choices(vocabulary: rules.Vocabulary) -> Choices:
    hints = {
        rules.Side.OFFENDER: "Counted as an offender",
        rules.Side.PERIPHERY: "Not counted as an offender",
        rules.Side.PROTECT: "A person to protect: never counted as an offender",
    }
    found: Choices = []
    for role in vocabulary.roles.values():
        hint = hints[role.side]
        if role.check_exploited:
            hint += ". First consider whether this person is being made to do it: then choose Exploited person"
        found.append((role.code, fields.Choice(role.name, hint=hint)))
    return found


def leader_choices(leaders: Iterable[User], *, nobody: str) -> Choices:
    return [("", nobody), *((str(user.pk), f"{user.name}, {user.organisation.name}") for user in leaders)]


class DescribeForm(ReasonForm):
    field_order = ("name", "aliases", "summary", "themes", "reason")

    def __init__(self, *args: Any, vocabulary: rules.Vocabulary, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields |= description_fields(vocabulary)
        self.order_fields(self.field_order)


def description_fields(vocabulary: rules.Vocabulary) -> dict[str, forms.Field]:
    return {
        "name": forms.CharField(
            label="Name",
            max_length=rules.NAME_LIMIT,
            help_text="An operation name, or the place and what is done there. For a priority individual, the person's "
            "name; for any other kind, not the name of a person.",
            error_messages={"required": rules.SENTENCES["TH2"]},
        ),
        "aliases": _area("Other names", rows=2, required=False, help_text="One to a line."),
        "summary": _area(
            "Summary",
            rows=6,
            help_text="Five lines: who, what, where and the harm it does.",
            missing=rules.SENTENCES["TH3"].format(words=rules.SUMMARY_WORDS),
        ),
        "themes": forms.MultipleChoiceField(
            label="Themes",
            choices=theme_choices(vocabulary),
            widget=forms.CheckboxSelectMultiple,
            help_text="Choose all that apply.",
            error_messages={"required": rules.SENTENCES["TH4"]},
        ),
    }


def lead_fields(leaders: Iterable[User]) -> dict[str, forms.Field]:
    leaders = tuple(leaders)
    return {
        "lro": forms.ChoiceField(
            label="Lead responsible officer",
            choices=leader_choices(leaders, nobody="Nobody yet"),
            required=False,
            help_text="Of any rank or grade, police or partner: the person accountable for the plan.",
        ),
        "deputy": forms.ChoiceField(
            label="Deputy", choices=leader_choices(leaders, nobody="Nobody yet"), required=False
        ),
        "sio": forms.ChoiceField(
            label="Senior investigating officer", choices=leader_choices(leaders, nobody="Nobody yet"), required=False
        ),
    }


class NominateForm(forms.Form):
    """Everything a nomination says."""

    def __init__(
        self,
        *args: Any,
        vocabulary: rules.Vocabulary,
        owners: Iterable[Organisation],
        leaders: Iterable[User],
        circles: Iterable[Compartment],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["threat_type"] = _radios(
            "Which kind of threat is this?", type_choices(vocabulary), missing=rules.SENTENCES["TH1"]
        )
        self.fields |= description_fields(vocabulary)
        self.fields["places"] = _area(
            "Places", rows=3, required=False, help_text="Towns, estates, premises or routes, one to a line."
        )
        self.fields["owner"] = forms.ChoiceField(
            label="Owning organisation", choices=[(organisation.code, organisation.name) for organisation in owners]
        )
        self.fields["tier"] = _radios(
            "Tier",
            tier_choices(vocabulary),
            missing=rules.SENTENCES["TH6"],
            help_text="Choose Untiered until the threat has been assessed.",
        )
        self.fields["phase"] = forms.ChoiceField(label="Phase", choices=phase_choices(vocabulary, closed=False))
        self.fields["nominated_on"] = fields.DateField(label="Nominated on")
        self.fields |= lead_fields(leaders)
        self.fields["audience"] = _radios(
            "Who may see it?",
            [
                ("REGION", fields.Choice("Every force in the region", hint="The usual choice")),
                ("OWN", "Only the owning organisation"),
                *((circle.code, f"Only people in {circle.name}") for circle in circles),
            ],
        )
        self.fields["reason"] = _area(
            "Why does this belong on the master list?",
            rows=3,
            missing=rules.SENTENCES["TH15"].format(words=rules.REASON_WORDS),
        )


class TierForm(ReasonForm):
    field_order = ("tier", "reason")

    def __init__(self, *args: Any, vocabulary: rules.Vocabulary, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tier"] = _radios("New tier", tier_choices(vocabulary), missing=rules.SENTENCES["TH6"])
        self.order_fields(self.field_order)


class PhaseForm(ReasonForm):
    field_order = ("phase", "from_on", "reason")

    def __init__(self, *args: Any, vocabulary: rules.Vocabulary, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["phase"] = _radios(
            "New phase", phase_choices(vocabulary, closed=False), missing=rules.SENTENCES["TH7"]
        )
        self.fields["from_on"] = fields.DateField(label="In this phase since")
        self.order_fields(self.field_order)


class TypeForm(ReasonForm):
    field_order = ("threat_type", "reason")

    def __init__(self, *args: Any, vocabulary: rules.Vocabulary, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["threat_type"] = _radios(
            "Which kind of threat is this?", type_choices(vocabulary), missing=rules.SENTENCES["TH1"]
        )
        self.order_fields(self.field_order)


class HandOverForm(ReasonForm):
    """`owners` are the organisations it may go to: one where the person may manage for no other."""

    field_order = ("owner", "lro", "deputy", "sio", "reason")

    def __init__(self, *args: Any, leaders: Iterable[User], owners: Iterable[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(organisation.code, organisation.name) for organisation in owners]
        if len(choices) > 1:
            self.fields["owner"] = forms.ChoiceField(label="Owning organisation", choices=choices)
        self.fields |= lead_fields(leaders)
        self.order_fields(self.field_order)


class CloseForm(ReasonForm):
    field_order = ("ground", "closed_on", "reason")

    def __init__(self, *args: Any, vocabulary: rules.Vocabulary, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ground"] = _radios(
            "On which ground?", phase_choices(vocabulary, closed=True), missing=rules.SENTENCES["TH17"]
        )
        self.fields["closed_on"] = fields.DateField(label="Closed on")
        self.order_fields(self.field_order)


class FindMemberForm(forms.Form):
    """Who is to be added: found by name, or by one of our or the forces' numbers."""

    q = forms.CharField(
        label="Name or number",
        max_length=120,
        help_text="For example a name, P-0000123 or a PNC number.",
        error_messages={"required": "Enter a name or a number"},
    )


class MemberForm(ReasonForm):
    field_order = ("role", "from_on", "category", "assertion", "source_grade", "assessment_grade", "reason")

    def __init__(self, *args: Any, vocabulary: rules.Vocabulary, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"] = _radios("Role in this threat", role_choices(vocabulary), missing=rules.SENTENCES["TM2"])
        self.fields["from_on"] = fields.DateField(label="In this role since")
        self.fields["category"] = _radios(
            "In this threat the person is",
            [(code.value, name) for code, name in rules.CATEGORY_NAMES.items()],
            help_text="Data Protection Act 2018, section 38(3).",
            missing=rules.SENTENCES["TM8"],
        )
        self.fields["assertion"] = _radios(
            "Is this a fact or an assessment?",
            [(code.value, name) for code, name in rules.ASSERTION_NAMES.items()],
            missing=rules.SENTENCES["TM7"],
        )
        self.fields["source_grade"] = _radios(
            "How good is the source?",
            [(code, f"{code}: {name}") for code, name in rules.SOURCE_GRADES.items()],
            missing="Choose how good the source is",
        )
        self.fields["assessment_grade"] = _radios(
            "How is it known?",
            [(code, f"{code}: {name}") for code, name in rules.ASSESSMENT_GRADES.items()],
            missing="Choose how the source knows it",
        )
        self.order_fields(self.field_order)

    def membership(self) -> rules.Membership:
        said = self.cleaned_data
        return rules.Membership(
            role=said["role"],
            from_on=said["from_on"],
            grade=said["source_grade"] + said["assessment_grade"],
            assertion=said["assertion"],
            category=said["category"],
        )


class EndMemberForm(ReasonForm):
    field_order = ("to_on", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to_on"] = fields.DateField(label="The role ended on")
        self.order_fields(self.field_order)


class PlaceForm(ReasonForm):
    field_order = ("name", "from_on", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"] = forms.CharField(
            label="Place",
            max_length=200,
            help_text="A town, estate, premises or route.",
            error_messages={"required": rules.SENTENCES["TH24"]},
        )
        self.fields["from_on"] = fields.DateField(label="Part of this threat since")
        self.order_fields(self.field_order)
