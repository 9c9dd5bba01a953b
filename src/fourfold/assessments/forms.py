"""What is asked about an assessment, a moderation or a model. Forms check shape; services check rules."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, cast

from django import forms

from fourfold.assessments import rules
from fourfold.assessments.models import AssessmentModel
from fourfold.assessments.rules import Evidence, Outcome
from fourfold.assessments.rules.definition import Criterion, Model
from fourfold.platform.people.models import Organisation
from fourfold.platform.reference.selectors import DEFAULT_NOTE
from fourfold.platform.ui import fields
from fourfold.threats import rules as threat_rules

UNKNOWN = "u"
TYPED = "typed"
Said = Mapping[str, tuple[int | None, str]]


def area(
    label: str, *, rows: int = 3, help_text: str = "", missing: str = "", required: bool = True
) -> forms.CharField:
    return forms.CharField(
        label=label,
        widget=forms.Textarea(attrs={"rows": rows}),
        help_text=help_text,
        required=required,
        max_length=rules.REASON_LIMIT,
        error_messages={"required": missing} if missing else {},
    )


def radios(label: str, choices: Iterable[tuple[str, str]], *, help_text: str = "", **more: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=list(choices), widget=forms.RadioSelect, help_text=help_text, **more)


def words_wanted(code: str = "AS15") -> str:
    return rules.SENTENCES[code].format(words=rules.WORDS)


class MatrixForm(forms.Form):
    """One row a criterion: a score of its scale or unknown, and why.

    `first-…` carries what the form showed when it was opened, so that two who score one draft are told of each other.
    """

    def __init__(self, *args: Any, model: Model, threat_type: str, held: Said, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.model, self.held = model, held
        self.renewed = False
        for each in model.criteria:
            value, why = held.get(each.key, (None, ""))
            there = as_typed(value) if each.key in held else ""
            self.fields[f"score-{each.key}"] = forms.ChoiceField(
                label=each.named(threat_type), choices=choices_of(each, threat_type), required=False, initial=there
            )
            self.fields[f"why-{each.key}"] = area(f"Why, for {each.named(threat_type)}", rows=2, required=False)
            self.fields[f"why-{each.key}"].initial = why
            for name, shown in ((f"first-{each.key}", there), (f"firstwhy-{each.key}", why)):
                self.fields[name] = forms.CharField(
                    required=False, widget=forms.HiddenInput, initial=shown, strip=False
                )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        for each in self.model.criteria:
            chosen = said.get(f"score-{each.key}")
            if said.get(f"why-{each.key}", "").strip() and not chosen and f"score-{each.key}" not in self.errors:
                self.add_error(f"score-{each.key}", f"{each.name}: choose a score, or unknown, to go with the reason")
        return said

    def chosen(self) -> dict[str, int | None]:
        """Scores as far as they are chosen and can be read, from a form with errors too."""
        found: dict[str, int | None] = {}
        for each in self.model.criteria:
            typed = str(self[f"score-{each.key}"].value() or "")
            if typed == UNKNOWN and each.may_be_unknown:
                found[each.key] = None
            elif typed.isdecimal() and int(typed) in each.scale:
                found[each.key] = int(typed)
        return found

    def reasons(self) -> dict[str, str]:
        return {each.key: str(self.cleaned_data.get(f"why-{each.key}", "")).strip() for each in self.model.criteria}

    def first(self) -> dict[str, tuple[int | None, str]]:
        """What the form showed when it was opened."""
        found: dict[str, tuple[int | None, str]] = {}
        for each in self.model.criteria:
            there = self.cleaned_data.get(f"first-{each.key}", "")
            if there:
                why = str(self.cleaned_data.get(f"firstwhy-{each.key}", "")).replace("\r\n", "\n")
                found[each.key] = (int(there) if there.isdecimal() else None, why)
        return found


def choices_of(criterion: Criterion, threat_type: str) -> list[tuple[str, str]]:
    found = [(str(value), criterion.anchor(value, threat_type)) for value in criterion.scale]
    return [*found, (UNKNOWN, "Unknown")] if criterion.may_be_unknown else found


def as_typed(value: int | None) -> str:
    return UNKNOWN if value is None else str(value)


class BeginForm(forms.Form):
    """What a new assessment is made with."""

    def __init__(self, *args: Any, models: Iterable[AssessmentModel], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        models = tuple(models)
        self.fields["soc"] = radios(
            "Is this serious and organised crime?",
            (
                ("yes", fields.Choice("Yes", hint="Planned, coordinated and conducted by people working together")),
                ("no", fields.Choice("No", hint="Kept and scored, and left out of counts of such threats")),
            ),
            initial="yes",
        )
        if len(models) > 1:
            self.fields["model"] = radios("Under which model?", [(m.code, model_in_words(m)) for m in models])
            self.fields["model"].initial = models[0].code


def model_in_words(model: AssessmentModel) -> str:
    note = f" ({DEFAULT_NOTE})" if model.mark in {"D", "K"} else ""
    return f"{model.code}: {model.name}{note}"


class ThemeForm(BeginForm):
    """Which theme, where and when."""

    field_order = ("theme", "area", "year", "model")

    def __init__(
        self, *args: Any, themes: Mapping[str, str], areas: Iterable[Organisation], today: date, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["soc"]
        self.fields["theme"] = forms.ChoiceField(label="Theme", choices=[("", "Choose a theme"), *themes.items()])
        self.fields["area"] = forms.ChoiceField(label="Area", choices=[(each.code, each.name) for each in areas])
        self.fields["year"] = forms.IntegerField(label="Year", min_value=2015, max_value=today.year + 1)
        self.fields["year"].initial = today.year
        self.order_fields(self.field_order)


class ReasonForm(forms.Form):
    """A step that only asks why."""

    def __init__(
        self, *args: Any, label: str = "Why?", name: str = "reason", missing: str = "AS15", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields[name] = area(label, rows=4, missing=words_wanted(missing))


class AgreeForm(forms.Form):
    """Whether a check or a second moderator agrees. Who does not says why."""

    def __init__(self, *args: Any, question: str, yes: str, no: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        missing = {"required": "Choose whether you agree"}
        self.fields["agreed"] = radios(question, (("yes", yes), ("no", no)), error_messages=missing)
        self.fields["reason"] = area(
            "Why?", required=False, help_text="Needed where you do not agree: say what has to be looked at again."
        )


class OutcomeForm(forms.Form):
    """What moderation comes to, and a reason for each criterion on which the moderator differs."""

    def __init__(self, *args: Any, changed: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.changed = changed
        offered = [
            (Outcome.AS_SUBMITTED.value, fields.Choice("Moderated as submitted", hint="The force's scores stand"))
        ]
        if changed:
            hint = "Your scores stand. A change of tier waits for a second moderator"
            offered.append((Outcome.WITH_CHANGES.value, fields.Choice("Moderated with changes", hint=hint)))
        missing = {"required": "Choose the outcome"}
        self.fields["outcome"] = radios("Outcome", offered, error_messages=missing)
        for key, question in changed.items():
            self.fields[f"reason-{key}"] = area(
                question, rows=2, required=False, help_text="Needed where your score stands."
            )

    def reasons(self) -> dict[str, str]:
        return {key: str(self.cleaned_data.get(f"reason-{key}", "")) for key in self.changed}


class AnswerForm(forms.Form):
    """What the head of the assessment unit makes of an appeal."""

    stands = radios(
        "What follows?",
        (
            ("yes", "The decision stands"),
            ("no", fields.Choice("It is moderated again", hint="By somebody else. The decision stands until then")),
        ),
        error_messages={"required": rules.SENTENCES["AM19"]},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answer"] = area("Your answer to the owner", rows=4, missing=words_wanted())


class EvidenceForm(forms.Form):
    """One record and the criteria it is evidence for: picked from the picture, or by its reference."""

    field_order = (*("record", "reference", "dated_on", "source_grade", "assessment_grade", "what", "keys"),)

    def __init__(
        self, *args: Any, model: Model, threat_type: str, records: Iterable[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        records = tuple(records)
        if records:
            other = (TYPED, fields.Choice("Another record", hint="Give its reference and date below"))
            self.fields["record"] = radios(
                "Which record?", (*records, other), error_messages={"required": "Choose a record"}
            )
        self.fields["reference"] = forms.CharField(
            label="Reference of the record",
            max_length=120,
            required=not records,
            help_text="As its own system has it, such as an intelligence report's or a crime's number."
            + (" Only for another record." if records else ""),
            error_messages={"required": rules.SENTENCES["AS16"]},
        )
        self.fields["dated_on"] = fields.DateField(label="Date of the record", required=not records)
        for name, label, grades in (
            ("source_grade", "How good is the source?", threat_rules.SOURCE_GRADES),
            ("assessment_grade", "How is it known?", threat_rules.ASSESSMENT_GRADES),
        ):
            self.fields[name] = radios(
                label,
                [(code, f"{code}: {words}") for code, words in grades.items()],
                required=not records,
                help_text="A graded record of the picture brings its own." if records else "",
                error_messages={"required": f"Choose: {label.rstrip('?').lower()}"},
            )
        self.fields["what"] = forms.CharField(
            label="What it shows", max_length=200, required=False, help_text="In a few words."
        )
        self.fields["keys"] = forms.MultipleChoiceField(
            label="Evidence for",
            choices=[
                (each.key, each.named(threat_type))
                for name in model.evidence_sections
                for each in model.sections[name].criteria
            ],
            widget=forms.CheckboxSelectMultiple,
            help_text="Choose every criterion it bears on.",
            error_messages={"required": rules.SENTENCES["AS19"]},
        )
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("record") == TYPED:
            for name, sentence in (
                ("reference", rules.SENTENCES["AS16"]),
                ("dated_on", "Enter the date of the record"),
            ):
                if not said.get(name) and name not in self.errors:
                    self.add_error(name, sentence)
        return said

    def evidence(self, *, found: Evidence | None = None) -> Evidence:
        """What was said; `found` is the record of the picture, whose own grade stands where it has one."""
        said = self.cleaned_data
        typed = f"{said.get('source_grade', '')}{said.get('assessment_grade', '')}"
        return Evidence(
            keys=tuple(said["keys"]),
            reference=found.reference if found else said["reference"],
            grade=found.grade if found and found.grade else typed,
            dated_on=found.dated_on if found else cast("date", said["dated_on"]),
            what=said["what"] or (found.what if found else ""),
            event=found.event if found else None,
        )


class ModelFileForm(forms.Form):
    """A model's file, or its text as it came back from the preview."""

    file = forms.FileField(
        label="File of the model",
        required=False,
        help_text="YAML, in the shape of the models that are loaded already. Nothing is kept until you have seen the "
        "preview.",
    )
