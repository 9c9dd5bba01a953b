"""What officers type about threats. A form checks shape; `rules` say what may be recorded."""

from collections.abc import Iterable
from typing import Any

from django import forms

from fourfold.platform.people.models import Organisation, User
from fourfold.platform.ui import fields
from fourfold.platform.visibility.models import Compartment
from fourfold.threats import rules
from fourfold.threats.models import Threat

Choices = list[tuple[str, Any]]


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

    seen = fields.SeenField()

    def __init__(self, *args: Any, threat: Threat | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if threat is not None:
            self.fields["seen"].initial = threat.recorded_from
        self.fields["reason"] = _area(
            "Why?",
            rows=3,
            help_text="One sentence. It is kept with the change for anybody who asks later.",
            missing=rules.SENTENCES["TH15"].format(words=rules.REASON_WORDS),
        )


def type_choices(vocabulary: rules.Vocabulary) -> Choices:
    """The three kinds of threat, each with the words that tell it from the others."""
    found: Choices = []
    for code in rules.ThreatType:
        said = vocabulary.types[code]
        lines = (said.means, f"For example: {said.examples}", f"It is not this when: {said.not_when}")
        found.append((code.value, fields.Choice(rules.type_name(code), hint=said.question, lines=lines)))
    return found


TYPE_HELP = (
    "Read all three before you choose, above all the last line of each. A group, a person and a weakness may belong to "
    "one case: then nominate each, and link them."
)


def tier_choices(vocabulary: rules.Vocabulary) -> Choices:
    return [
        (tier.code, fields.Choice(tier.name, hint=tier.meaning) if tier.meaning else tier.name)
        for tier in vocabulary.tiers.values()
    ]


def phase_choices(vocabulary: rules.Vocabulary, *, closed: bool) -> Choices:
    return [(phase.code, phase.name) for phase in vocabulary.phases.values() if phase.closed is closed]


def theme_choices(vocabulary: rules.Vocabulary) -> Choices:
    """The themes of the second level under those of the first, which can be chosen as a whole; then those of one level.

    A theme without a second level stands for itself.
    """
    grouped: dict[str, Choices] = {}
    for code, name in vocabulary.themes.items():
        first = code.partition(".")[0]
        grouped.setdefault(first, []).append((code, name))
    found: Choices = []
    for first, inside in grouped.items():
        if len(inside) == 1:
            found.append(inside[0])
            continue
        heading = vocabulary.themes.get(first, first)
        named = [(code, f"{name}, other or not known" if code == first else name) for code, name in inside]
        found.append((heading, [*(each for each in named if each[0] != first), *named[:1]]))
    return found


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
            widget=fields.GroupedCheckboxes,
            help_text="Open what fits and choose all that apply.",
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
            "Which kind of threat is this?",
            type_choices(vocabulary),
            help_text=TYPE_HELP,
            missing=rules.SENTENCES["TH1"],
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
            "Which kind of threat is this?",
            type_choices(vocabulary),
            help_text=TYPE_HELP,
            missing=rules.SENTENCES["TH1"],
        )
        self.order_fields(self.field_order)


class HandOverForm(ReasonForm):
    """Who it is offered to: `owners` are the organisations it may go to."""

    field_order = ("owner", "lro", "deputy", "sio", "reason")

    def __init__(self, *args: Any, leaders: Iterable[User], owners: Iterable[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(organisation.code, organisation.name) for organisation in owners]
        if len(choices) > 1:
            self.fields["owner"] = forms.ChoiceField(label="Owning organisation", choices=choices)
        self.fields |= lead_fields(leaders)
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        """Somebody or something has to be another than now."""
        said = super().clean() or {}
        asked = [name for name in ("owner", "lro", "deputy", "sio") if name in self.fields]
        if not self.errors and all(said[name] == str(self.initial.get(name) or "") for name in asked):
            self.add_error("lro", "Choose whom it is handed over to: nothing here differs from now")
        return said


class CloseForm(ReasonForm):
    field_order = ("ground", "closed_on", "reason")

    def __init__(self, *args: Any, vocabulary: rules.Vocabulary, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ground"] = _radios(
            "On which ground?",
            [each for each in phase_choices(vocabulary, closed=True) if each[0] != vocabulary.merged_ground],
            missing=rules.SENTENCES["TH17"],
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


class EndForm(ReasonForm):
    """From when something is so no more."""

    field_order = ("to_on", "reason")

    def __init__(self, *args: Any, label: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to_on"] = fields.DateField(label=label)
        self.order_fields(self.field_order)


class PlaceForm(ReasonForm):
    field_order = ("name", "postcode", "from_on", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"] = forms.CharField(
            label="Place",
            max_length=rules.PLACE_LIMIT,
            help_text="A town, estate, premises or route, or a what3words address.",
            error_messages={"required": rules.SENTENCES["TH24"]},
        )
        self.fields["postcode"] = forms.CharField(
            label="Postcode", max_length=10, required=False, help_text="The threat is then found by it."
        )
        self.fields["from_on"] = fields.DateField(label="Part of this threat since")
        self.order_fields(self.field_order)


class LineForm(ReasonForm):
    field_order = ("number", "brand", "from_on", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["number"] = forms.CharField(
            label="Phone number",
            max_length=30,
            help_text="With its area or country code, such as 07700 900123.",
            error_messages={"required": rules.SENTENCES["TH36"]},
        )
        self.fields["brand"] = forms.CharField(
            label="Name of the line",
            max_length=rules.BRAND_LIMIT,
            required=False,
            help_text="What callers know it as.",
        )
        self.fields["from_on"] = fields.DateField(label="Part of this threat since")
        self.order_fields(self.field_order)


def other_threat() -> forms.CharField:
    """The reference of another threat. One that the reader may not see is answered like one that is not there."""
    return forms.CharField(
        label="Reference of the other threat",
        max_length=16,
        help_text="For example SOC-0412.",
        error_messages={"required": rules.SENTENCES["TH29"]},
    )


TURNED = "<"
"""Put before a kind of link that is read from the other threat to this one."""


def link_choices() -> Choices:
    """Each kind as it reads from here, in both directions where they differ."""
    found: Choices = []
    for kind in rules.CHOSEN_LINKS:
        here, there = rules.LINK_WORDS[kind]
        found.append((kind.value, f"{here} the other"))
        if kind not in rules.SYMMETRIC_LINKS:
            found.append((TURNED + kind.value, f"{there} the other"))
    return found


class LinkForm(ReasonForm):
    field_order = ("kind", "other", "from_on", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"] = _radios("This threat is or does what?", link_choices(), missing=rules.SENTENCES["TH31"])
        self.fields["other"] = other_threat()
        self.fields["from_on"] = fields.DateField(label="Known since")
        self.order_fields(self.field_order)


class MergeForm(ReasonForm):
    field_order = ("other", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["other"] = other_threat()
        self.order_fields(self.field_order)


class SplitForm(ReasonForm):
    """The new threat, and what of the old one belongs to it. `parts` has the choices of people, lines and places."""

    field_order = (
        *("threat_type", "name", "aliases", "summary", "themes", "tier", "phase"),
        *("members", "lines", "places", "reason"),
    )

    def __init__(self, *args: Any, vocabulary: rules.Vocabulary, parts: dict[str, Choices], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["threat_type"] = _radios(
            "Which kind of threat is the new one?",
            type_choices(vocabulary),
            help_text=TYPE_HELP,
            missing=rules.SENTENCES["TH1"],
        )
        self.fields |= description_fields(vocabulary)
        self.fields["tier"] = _radios(
            "Tier of the new threat",
            tier_choices(vocabulary),
            missing=rules.SENTENCES["TH6"],
            help_text="Choose Untiered until the threat has been assessed.",
        )
        self.fields["phase"] = forms.ChoiceField(
            label="Phase of the new threat", choices=phase_choices(vocabulary, closed=False)
        )
        labels = {"members": "Which people belong to it?", "lines": "Which phone lines?", "places": "Which places?"}
        for name, label in labels.items():
            if parts[name]:
                self.fields[name] = forms.MultipleChoiceField(
                    label=label,
                    choices=parts[name],
                    widget=forms.CheckboxSelectMultiple,
                    required=False,
                    error_messages={"invalid_choice": rules.SENTENCES["TH42"]},
                )
        self.order_fields(self.field_order)

    def chosen(self, name: str) -> frozenset[int]:
        return frozenset(int(pk) for pk in self.cleaned_data.get(name, ()))


class ReopenForm(ReasonForm):
    field_order = ("phase", "reason")

    def __init__(self, *args: Any, vocabulary: rules.Vocabulary, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["phase"] = _radios(
            "In which phase does it go on?", phase_choices(vocabulary, closed=False), missing=rules.SENTENCES["TH7"]
        )
        self.order_fields(self.field_order)


ACCEPT, DECLINE, WITHDRAW = "accept", "decline", "withdraw"


class AnswerForm(forms.Form):
    """An answer to an offer or a proposal: yes, or no with a reason."""

    def __init__(self, *args: Any, question: str, yes: str, no: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answer"] = _radios(question, [(ACCEPT, yes), (DECLINE, no)], missing="Choose your answer")
        self.fields["reason"] = _area(
            "Why?", rows=3, required=False, help_text="Needed for a no. It is kept with the answer."
        )


class WithdrawForm(forms.Form):
    """Taking back what nobody has answered yet."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answer"] = forms.CharField(widget=forms.HiddenInput, initial=WITHDRAW)
        self.fields["reason"] = _area(
            "Why do you withdraw it?", rows=3, missing=rules.SENTENCES["TH15"].format(words=rules.REASON_WORDS)
        )
