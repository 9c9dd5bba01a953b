"""What officers type about disruptions. A form checks shape; `rules` say what may be recorded."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from django import forms

from fourfold.disruptions import rules
from fourfold.disruptions.models import Disruption
from fourfold.plans.rules import P_NAMES, P
from fourfold.plans.selectors import AimLine
from fourfold.platform.people.models import Organisation
from fourfold.platform.ui import fields
from fourfold.threats import rules as threat_rules

Choices = list[tuple[str, Any]]
NOTHING = ("", "Not said")
TODAY, YESTERDAY, ANOTHER = "TODAY", "YESTERDAY", "ANOTHER"
NO_THREAT = "Choose the threat that was disrupted"
ROWS = 3
STATEMENT_HINT = "A few words will do to send it. It passes with forty words in all three answers."


def _radios(label: str, choices: Choices, *, help_text: str = "") -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, widget=forms.RadioSelect, help_text=help_text)


def _select(label: str, choices: Choices, *, help_text: str = "") -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, widget=forms.Select, help_text=help_text, required=False)


def _boxes(label: str, choices: Choices, *, help_text: str = "") -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, choices=choices, widget=forms.CheckboxSelectMultiple, help_text=help_text, required=False
    )


def _area(label: str, *, rows: int = 3, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        widget=forms.Textarea(attrs={"rows": rows}),
        help_text=help_text,
        required=False,
        max_length=rules.TEXT_LIMIT,
    )


def _text(label: str, *, help_text: str = "", limit: int = 200, width: str = "") -> forms.CharField:
    attributes = {"class": width} if width else {}
    return forms.CharField(
        label=label, widget=forms.TextInput(attrs=attributes), help_text=help_text, required=False, max_length=limit
    )


class AskedText(forms.CharField):
    """A question that has to be answered at last: `rules` say when, and what is missing is kept until then."""

    def validate(self, value: Any) -> None:
        """Nothing is refused for being empty."""


class AskedChoice(forms.ChoiceField):
    """As `AskedText`, but what is chosen is one of the choices."""

    def validate(self, value: Any) -> None:
        if value:
            super().validate(value)


class AskedChoices(forms.MultipleChoiceField):
    """As `AskedChoice`, for several."""

    def validate(self, value: Any) -> None:
        if value:
            super().validate(value)


def _asked(label: str, *, rows: int, help_text: str = "") -> AskedText:
    area = forms.Textarea(attrs={"rows": rows})
    return AskedText(label=label, widget=area, help_text=help_text, max_length=rules.TEXT_LIMIT)


def _asked_choice(label: str, choices: Choices) -> AskedChoice:
    return AskedChoice(label=label, choices=choices, widget=forms.RadioSelect)


def category_choices(words: rules.Vocabulary) -> Choices:
    return [
        (each.code, fields.Choice(each.name, hint=each.meaning))
        for each in words.categories.values()
        if not each.disabled
    ]


def p_choices() -> Choices:
    return [(p.value, fields.Choice(name, hint=f"{meaning}.")) for p, (name, meaning) in P_NAMES.items()]


def tactic_choices(words: rules.Vocabulary, *, but: Iterable[str] = ()) -> Choices:
    """Every tactic of the menu under the P that it serves first."""
    left_out = set(but)
    grouped: dict[P, Choices] = {p: [] for p in P}
    for each in words.tactics.values():
        if each.code not in left_out and each.ps:
            grouped[each.ps[0]].append((each.code, each.name))
    return [(P_NAMES[p][0], found) for p, found in grouped.items() if found]


def grade_choices() -> Choices:
    return [
        NOTHING,
        *(
            (f"{source}{assessment}", threat_rules.grade_in_words(f"{source}{assessment}"))
            for source in threat_rules.SOURCE_GRADES
            for assessment in threat_rules.ASSESSMENT_GRADES
        ),
    ]


def _named(words: Mapping[str, str]) -> Choices:
    return [NOTHING, *words.items()]


class FactFields(forms.Form):
    """One box for each outcome fact that the region counts."""

    words: rules.Vocabulary

    def add_facts(self, words: rules.Vocabulary) -> None:
        self.words = words
        for fact in words.facts.values():
            asked = _text(fact.name, limit=20, width="govuk-input--width-5")
            asked.widget.attrs["inputmode"] = "numeric" if fact.unit == "number" else "decimal"
            if fact.unit == "money":
                asked.help_text = "In pounds, like 1250.50"
            self.fields[f"fact_{fact.code}"] = asked

    def fact_names(self) -> tuple[str, ...]:
        return tuple(name for name in self.fields if name.startswith("fact_"))

    def facts(self) -> dict[str, str | int]:
        typed = {name.removeprefix("fact_"): self.cleaned_data[name] for name in self.fact_names()}
        return {code: rules.read_fact(value) for code, value in typed.items() if value.strip()}


class RecordForm(FactFields):
    """The seven questions of the phone, in their order. `q` finds the threat; everything may be left for later."""

    def __init__(
        self,
        *args: Any,
        words: rules.Vocabulary,
        own: Organisation,
        roles: Iterable[str],
        agencies: Iterable[Organisation],
        leading: Iterable[Organisation],
        often: Iterable[str],
        aims: Iterable[AimLine],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        often = [code for code in often if code in words.tactics]
        others = [(o.code, o.name) for o in agencies if o.code != own.code]
        add = self.fields
        add["shared_event"] = forms.CharField(widget=forms.HiddenInput, required=False, max_length=16)
        add["q"] = AskedText(
            label="Nickname, plate, postcode, phone or reference",
            help_text="Any one of them. The nearest three are offered.",
            max_length=200,
        )
        add["threat"] = forms.CharField(widget=forms.HiddenInput, required=False, max_length=16)
        add["often"] = AskedChoices(
            label="What was done",
            choices=[(code, words.tactics[code].name) for code in often],
            widget=forms.CheckboxSelectMultiple,
        )
        add["tactics"] = forms.MultipleChoiceField(
            label="Everything on the menu of tactics",
            choices=tactic_choices(words, but=often),
            widget=fields.GroupedCheckboxes,
            required=False,
        )
        add["happened"] = _area("In a few words", rows=2, help_text="Such as: warrant at the safe house, two arrests.")
        add["place"] = _text("Where (a place, not a person)", limit=rules.PLACE_LIMIT)
        self.add_facts(words)
        days = [(TODAY, "Today"), (YESTERDAY, "Yesterday"), (ANOTHER, "Another day")]
        add["when"] = _asked_choice("When did it happen?", days)
        add["event_on"] = fields.DateField(label="Another day", words="day it happened", required=False)
        add["primary_p"] = _asked_choice("Which of the four Ps did it serve most?", p_choices())
        add["secondary_ps"] = _boxes("And also, if it did", [(p.value, name) for p, (name, _) in P_NAMES.items()])
        add["aims"] = _boxes(
            "Aims of the plan that it serves", [(str(aim.pk), f"{aim.position}. {aim.text}") for aim in aims]
        )
        add["role"] = _asked_choice("Who led?", _role_choices(own, roles))
        if bodies := [(o.code, o.name) for o in leading]:
            add["lead_agency"] = _select("Whose record is it?", bodies)
        add["support_agency"] = _select("Who else was in it, or whom was it for?", [("", "Nobody else"), *others])
        add["support_benefit"] = _text("What they did, or how they gained", limit=rules.TEXT_LIMIT)
        add["category"] = _asked_choice("How much effect did it have?", category_choices(words))
        add["stopped"] = _asked("What can they no longer do?", rows=4, help_text=STATEMENT_HINT)
        add["for_how_long"] = _asked("For how long?", rows=2)
        add["how_known"] = _asked("How do we know?", rows=3)
        add["outcome"] = _select("Named outcome", _named(words.outcomes))
        add["evidence_text"] = _text("Evidence", limit=rules.TEXT_LIMIT)
        add["evidence_grade"] = _select("How well it is known", grade_choices())
        add["different_because"] = _area("What is different from the record it resembles?", rows=2)

    def clean(self) -> dict[str, Any]:
        """Every question that wants an answer and has none, all at once; what else is wrong, the rules find."""
        got = super().clean() or {}
        unanswered = {"threat": NO_THREAT, "primary_p": rules.SENTENCES["DI9"], "category": rules.SENTENCES["DI8"]}
        if got.get("when") == ANOTHER:
            unanswered["event_on"] = rules.SENTENCES["DI3"]
        for name, sentence in unanswered.items():
            field = "q" if name == "threat" else name
            if not got.get(name) and field not in self.errors:
                self.add_error(field, sentence)
        return got

    def said(self, *, today: date) -> rules.Said:
        """What the answers say. Raises nothing: what is missing, the rules find."""
        got = self.cleaned_data
        agency, benefit = got["support_agency"], got["support_benefit"].strip()
        evidence = got["evidence_text"].strip()
        return rules.Said(
            threat=got["threat"],
            event_on=_event_on(got, today=today),
            category=got["category"],
            primary_p=got["primary_p"],
            secondary_ps=tuple(got["secondary_ps"]),
            role=got["role"],
            lead_agency=got.get("lead_agency", ""),
            tactics=(*got["often"], *got["tactics"]),
            place=got["place"],
            facts=self.facts(),
            happened=got["happened"],
            stopped=got["stopped"],
            for_how_long=got["for_how_long"],
            how_known=got["how_known"],
            outcome=got["outcome"],
            aims=tuple(int(pk) for pk in got["aims"]),
            supports=(rules.Support(agency=agency, benefit=benefit),) if agency else (),
            evidence=(rules.Evidence(text=evidence, grade=got["evidence_grade"]),) if evidence else (),
            shared_event=got["shared_event"],
            different_because=got["different_because"],
        )


def _role_choices(own: Organisation, roles: Iterable[str]) -> Choices:
    said = {
        rules.Role.LEAD: (rules.Role.LEAD.value, f"We led it ({own.short_name or own.name})"),
        rules.Role.SUPPORT: (rules.Role.SUPPORT.value, "We supported another force or agency"),
    }
    return [said[role] for role in rules.Role if role in set(roles)]


def _event_on(got: Mapping[str, Any], *, today: date) -> date | None:
    match got["when"]:
        case "TODAY":
            return today
        case "YESTERDAY":
            return today - timedelta(days=1)
        case _:
            found: date | None = got["event_on"]
            return found


class SeenForm(forms.Form):
    """An act on a record as it was when the form was made."""

    seen = fields.SeenField()

    def __init__(self, *args: Any, disruption: Disruption, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = disruption.recorded_from


class ReasonForm(SeenForm):
    """A change to a record, and why it is changed."""

    def __init__(self, *args: Any, disruption: Disruption, **kwargs: Any) -> None:
        super().__init__(*args, disruption=disruption, **kwargs)
        self.fields["reason"] = forms.CharField(
            label="Why?",
            widget=forms.Textarea(attrs={"rows": 3}),
            help_text="One sentence. It is kept with the change for anybody who asks later.",
            max_length=rules.TEXT_LIMIT,
            error_messages={"required": rules.SENTENCES["DI24"].format(words=rules.REASON_WORDS)},
        )


class ChangeForm(ReasonForm, FactFields):
    """Everything a record says, on one page for the desk."""

    def __init__(
        self,
        *args: Any,
        disruption: Disruption,
        said: rules.Said,
        words: rules.Vocabulary,
        roles: Iterable[str],
        agencies: Iterable[Organisation],
        aims: Iterable[AimLine],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, disruption=disruption, **kwargs)
        self.support_rows, self.evidence_rows = max(ROWS, len(said.supports) + 1), max(ROWS, len(said.evidence) + 1)
        bodies = [(o.code, o.name) for o in agencies]
        reason = self.fields.pop("reason")
        add = self.fields
        add["event_on"] = fields.DateField(label="The day it happened", words="day it happened", initial=said.event_on)
        add["record_date"] = fields.DateField(
            label="Record date",
            help_text="The date that published figures go by. Usually the day it happened.",
            initial=said.record_date,
        )
        add["role"] = _radios("Lead or support", [(r, rules.ROLE_NAMES[rules.Role(r)]) for r in roles])
        add["primary_p"] = _radios("Which of the four Ps it served most", p_choices())
        add["secondary_ps"] = _boxes("And also", [(p.value, name) for p, (name, _) in P_NAMES.items()])
        add["category"] = _radios("Effect", category_choices(words))
        add["tactics"] = forms.MultipleChoiceField(
            label="Tactics", choices=tactic_choices(words), widget=fields.GroupedCheckboxes, required=False
        )
        add["theme"] = _select("Theme", _named(words.themes))
        add["happened"] = _area("What happened, in a few words", rows=2)
        add["place"] = _text("Where", limit=rules.PLACE_LIMIT)
        self.add_facts(words)
        add["stopped"] = _area("What the threat can no longer do")
        add["for_how_long"] = _area("For how long", rows=2)
        add["how_known"] = _area("How we know", rows=2)
        add["effect_ends_on"] = fields.DateField(
            label="When the effect is expected to end", words="day the effect ends", required=False
        )
        add["outcome"] = _select("Named outcome", _named(words.outcomes))
        add["aims"] = _boxes(
            "Aims of the plan that it serves", [(str(aim.pk), f"{aim.position}. {aim.text}") for aim in aims]
        )
        for row in range(self.support_rows):
            number = f"Other agency {row + 1}"
            add[f"support_{row}"] = _select(number, [("", "Nobody"), *bodies])
            add[f"benefit_{row}"] = _text(f"{number}: what it did, or how it gained", limit=rules.TEXT_LIMIT)
        for row in range(self.evidence_rows):
            number = f"Evidence {row + 1}"
            add[f"evidence_{row}"] = _text(number, limit=rules.TEXT_LIMIT)
            add[f"grade_{row}"] = _select(f"{number}: how well it is known", grade_choices())
            add[f"reference_{row}"] = _text(f"{number}: its reference", limit=80)
        add["programme"] = _select("Programme", _named(words.programmes))
        add["handling"] = _select("Handling code", [(c, f"{c}: {name}") for c, name in rules.HANDLING_NAMES.items()])
        add["different_because"] = _area("What is different from a record it resembles", rows=2)
        add["reason"] = reason
        for name, value in _initial(said).items():
            if name in add:
                add[name].initial = value

    def changes(self) -> dict[str, Any]:
        """Fields of `rules.Said` as they are to be."""
        got = self.cleaned_data
        plain = (
            *("event_on", "record_date", "role", "primary_p", "category", "theme", "happened", "place", "stopped"),
            *("for_how_long", "how_known", "effect_ends_on", "outcome", "programme", "handling", "different_because"),
        )
        return {name: got[name] for name in plain} | {
            "secondary_ps": tuple(p for p in got["secondary_ps"] if p != got["primary_p"]),
            "tactics": tuple(got["tactics"]),
            "facts": rules.tidy_facts(self.facts(), self.words) if self._facts_hold() else self.facts(),
            "aims": tuple(int(pk) for pk in got["aims"]),
            "supports": tuple(
                rules.Support(agency=got[f"support_{row}"], benefit=got[f"benefit_{row}"].strip())
                for row in range(self.support_rows)
                if got[f"support_{row}"]
            ),
            "evidence": tuple(
                rules.Evidence(
                    text=got[f"evidence_{row}"].strip(),
                    grade=got[f"grade_{row}"],
                    reference=got[f"reference_{row}"].strip(),
                )
                for row in range(self.evidence_rows)
                if got[f"evidence_{row}"].strip()
            ),
        }

    def _facts_hold(self) -> bool:
        return all(rules.fact_holds(code, value, self.words) for code, value in self.facts().items())


def _initial(said: rules.Said) -> dict[str, Any]:
    """A record's answers by field."""
    found: dict[str, Any] = {
        "role": said.role,
        "primary_p": said.primary_p,
        "secondary_ps": list(said.secondary_ps),
        "category": said.category,
        "tactics": list(said.tactics),
        "theme": said.theme,
        "happened": said.happened,
        "place": said.place,
        "stopped": said.stopped,
        "for_how_long": said.for_how_long,
        "how_known": said.how_known,
        "effect_ends_on": said.effect_ends_on,
        "outcome": said.outcome,
        "aims": [str(pk) for pk in said.aims],
        "programme": said.programme,
        "handling": said.handling,
        "different_because": said.different_because,
    }
    found |= {f"fact_{code}": value for code, value in said.facts.items()}
    for row, support in enumerate(said.supports):
        found |= {f"support_{row}": support.agency, f"benefit_{row}": support.benefit}
    for row, evidence in enumerate(said.evidence):
        found |= {
            f"evidence_{row}": evidence.text,
            f"grade_{row}": evidence.grade,
            f"reference_{row}": evidence.reference,
        }
    return found


class ModerateForm(ReasonForm):
    """What the effect was, for a moderator and for whoever says that it was another."""

    def __init__(self, *args: Any, disruption: Disruption, words: rules.Vocabulary, **kwargs: Any) -> None:
        super().__init__(*args, disruption=disruption, **kwargs)
        reason = self.fields.pop("reason")
        self.fields["category"] = _radios("What the effect was", category_choices(words))
        self.fields["category"].initial = disruption.category
        self.fields["reason"] = reason


class SampleForm(ReasonForm):
    def __init__(self, *args: Any, disruption: Disruption, **kwargs: Any) -> None:
        super().__init__(*args, disruption=disruption, **kwargs)
        reason = self.fields.pop("reason")
        self.fields["stands"] = _radios(
            "Does it stand as its recorder passed it?", [("yes", "Yes, it stands"), ("no", "No, it goes back")]
        )
        self.fields["reason"] = reason


class ReviewForm(ReasonForm):
    def __init__(self, *args: Any, disruption: Disruption, words: rules.Vocabulary, **kwargs: Any) -> None:
        super().__init__(*args, disruption=disruption, **kwargs)
        reason = self.fields.pop("reason")
        self.fields["lasted"] = _radios("Did the effect last?", [(k.value, v) for k, v in rules.LASTED_NAMES.items()])
        self.fields["category"] = _radios(
            "What was the effect, as it looks now?",
            category_choices(words),
            help_text="The category as first recorded is kept.",
        )
        self.fields["category"].initial = disruption.category
        self.fields["reason"] = reason


class DeclineForm(forms.Form):
    reason = forms.CharField(
        label="Why is it no disruption that is missing?",
        help_text="Such as: recorded already as DIS-000123, or nothing was done about it. It teaches the finder.",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=rules.TEXT_LIMIT,
        error_messages={"required": rules.SENTENCES["DI24"].format(words=rules.REASON_WORDS)},
    )
