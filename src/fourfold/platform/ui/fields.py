"""Form fields that GOV.UK's patterns need and Django lacks, and the way a broken rule becomes a form's error."""

import calendar
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, Literal, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html, format_html_join

from fourfold.platform.errors import RuleBroken

Params = dict[str, Any]
PARTS: Final = ("day", "month", "year")
NEVER: Final = datetime(1, 1, 2, tzinfo=UTC)
MONTHS: Final = {
    name.lower(): number
    for names in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(names)
    if name
}
INSTEAD: Final = {
    "max_length": "{label} must be {limit} characters or fewer",
    "min_length": "{label} must be {limit} characters or more",
    "min_value": "{label} must be {limit} or more",
    "max_value": "{label} must be {limit} or less",
    "invalid_choice": "Select {inside} from the list",
    "whole": "{label} must be a whole number",
}
DJANGO_SAYS: Final = ("Ensure ", "Select a valid choice", "Enter a whole number", "Enter a valid")


class Choice(str):
    """A choice's label with a hint under it: `("OCG", Choice("Organised crime group", hint="Three or more"))`.

    `lines` stand under the hint, each on a line of its own, where a choice needs more than a sentence.
    """

    hint: str
    lines: tuple[str, ...]

    def __new__(cls, label: str, *, hint: str = "", lines: tuple[str, ...] = ()) -> "Choice":
        made = super().__new__(cls, label)
        made.hint, made.lines = hint, lines
        return made

    @property
    def hint_shown(self) -> Params:
        """What GOV.UK's macros take: text, or escaped text in blocks where there are lines."""
        if not self.lines:
            return {"text": self.hint}
        blocks = format_html_join("", '<span class="ff-hint-line">{}</span>', ((line,) for line in self.lines))
        return {"html": format_html("{}{}", self.hint, blocks)}


class GroupedCheckboxes(forms.CheckboxSelectMultiple):
    """Many checkboxes under a heading for each group that opens; choices of no group stand last, in the open."""


class DateInput(forms.Widget):
    """Three boxes: day, month, year. What was typed is kept as typed."""

    def value_from_datadict(
        self, data: Mapping[str, Any], files: MultiValueDict[str, Any] | Mapping[str, Any], name: str
    ) -> tuple[str, str, str]:
        day, month, year = (str(data.get(f"{name}_{part}", "")).strip() for part in PARTS)
        return day, month, year

    def value_omitted_from_data(
        self, data: Mapping[str, Any], files: MultiValueDict[str, Any] | Mapping[str, Any], name: str
    ) -> bool:
        return all(f"{name}_{part}" not in data for part in PARTS)

    def format_value(self, value: Any) -> Any:
        return parts_of(value)

    def id_for_label(self, id_: str | None) -> str:
        return f"{id_}_day"


def parts_of(value: object) -> tuple[str, str, str]:
    """Day, month and year as the three boxes show them."""
    if isinstance(value, date):
        return str(value.day), str(value.month), str(value.year)
    if isinstance(value, tuple):
        day, month, year = value
        return str(day), str(month), str(year)
    return "", "", ""


class DateField(forms.Field):
    """A date typed in three boxes. Each refusal says what is missing or wrong, and names the field by its label.

    Args:
        words: How the label reads inside a sentence: "date of birth" for the label "Date of birth".
    """

    widget = DateInput

    def __init__(self, *, words: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.words = words or (self.label[:1].lower() + self.label[1:] if self.label else "date")

    def clean(self, value: Any) -> date | None:
        parts = parts_of(value)
        if not any(parts):
            if self.required:
                raise ValidationError(f"Enter the {self.words}", code="required")
            return None
        missing = [part for part, typed in zip(PARTS, parts, strict=True) if not typed]
        name = self.words[:1].upper() + self.words[1:]
        if missing:
            raise ValidationError(f"{name} must include a {' and a '.join(missing)}", code="incomplete")
        found = date_of(*parts)
        if found is None:
            raise ValidationError(f"{name} must be a real date, like 27 3 2023", code="invalid")
        self.run_validators(found)
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        return parts_of(initial) != parts_of(data)


class SeenField(forms.CharField):
    """When a record had last changed as the form showed it, out of sight in the form; None where it says nothing.

    One that was tampered with is a moment that no record ever had, so that the change is refused.
    """

    def __init__(self) -> None:
        super().__init__(widget=forms.HiddenInput, required=False)

    def prepare_value(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, datetime) else value

    def clean(self, value: Any) -> datetime | None:
        said = super().clean(value)
        if not said:
            return None
        try:
            found = parse_datetime(said)
        except ValueError:
            found = None
        return found if found is not None and found.tzinfo else NEVER


def date_of(day: str, month: str, year: str) -> date | None:
    """The date of three typed parts, or None where there is no such day. A month may be a word."""
    number = MONTHS.get(month.lower()) or (int(month) if month.isdecimal() and len(month) <= 2 else 0)
    if not (day.isdecimal() and len(day) <= 2 and year.isdecimal() and len(year) == 4):
        return None
    try:
        return date(int(year), number, int(day))
    except ValueError:
        return None


def read_date(typed: str) -> date | None:
    """A date typed in one box: 2023-01-04, 4/1/2023 or 4 January 2023; None where it is none of them."""
    text = typed.strip()
    if text.count("-") == 2:
        year, month, day = text.split("-")
        return date_of(day, month, year)
    parts: Sequence[str] = text.split("/") if "/" in text else text.split()
    return date_of(parts[0], parts[1], parts[2]) if len(parts) == 3 else None


def refuse(form: forms.BaseForm, broken: RuleBroken) -> None:
    """Put each broken rule on the field it names, or on the whole form. The form has been validated."""
    for each in (broken, *broken.others):
        named = each.field if each.field in form.fields else None
        form.add_error(named, ValidationError(each.sentence, code=each.code))


Shape = Literal["hidden", "text", "password", "textarea", "select", "radios", "checkboxes", "groups", "date", "file"]


@dataclass(frozen=True)
class FieldShown:
    """One field as GOV.UK's macro for its shape takes it."""

    shape: Shape
    params: Params


def errors_of(form: forms.BaseForm) -> list[dict[str, str]]:
    """Every error of a form in the order of its fields, each with the place it leads to."""
    listed = [{"text": str(sentence)} for sentence in form.non_field_errors()]
    for bound in form:
        listed += [{"text": sentence, "href": f"#{first_id(bound)}"} for sentence in sentences(bound)]
    return listed


def sentences(bound: forms.BoundField) -> list[str]:
    """A field's errors as GOV.UK words them: Django's own sentences name neither the field nor what to do."""
    return [_sentence(bound, error) for error in bound.errors.as_data()]


def _sentence(bound: forms.BoundField, error: ValidationError) -> str:
    said = " ".join(error.messages)
    label = str(bound.label)
    inside = label[:1].lower() + label[1:] if label[1:2].islower() else label
    limit = (error.params or {}).get("limit_value")
    if error.code == "required" and said == forms.Field.default_error_messages["required"]:
        return f"{_verb(bound.field)} {inside}"
    if not said.startswith(DJANGO_SAYS):
        return said
    code = "whole" if error.code == "invalid" and isinstance(bound.field, forms.IntegerField) else error.code
    return INSTEAD.get(code or "", "{said}").format(label=label, inside=inside, limit=limit, said=said)


def _verb(asked: forms.Field) -> str:
    match asked:
        case forms.BooleanField():
            return "Tick to confirm:"
        case forms.FileField():
            return "Choose a file for"
        case forms.ChoiceField():
            return "Select"
        case _:
            return "Enter"


def first_id(bound: forms.BoundField) -> str:
    """Where an error about this field leads: its input, the first of its choices, or the first box of its date."""
    return f"{bound.auto_id}_day" if isinstance(bound.field.widget, DateInput) else bound.auto_id


def field_shown(bound: forms.BoundField) -> FieldShown:
    """What GOV.UK's macro needs to draw one field: label, hint, errors, and what was typed."""
    widget = bound.field.widget
    params: Params = {"id": bound.auto_id, "name": bound.html_name}
    if bound.help_text:
        params["hint"] = {"text": str(bound.help_text)}
    if bound.errors:
        params["errorMessage"] = {"text": ". ".join(sentences(bound))}
    for kinds, shape, made in SHAPES:
        if isinstance(widget, kinds):
            return FieldShown(shape, params | made(params, bound))
    return FieldShown("text", params | _text(params, bound))


def label_of(bound: forms.BoundField) -> str:
    """The label; what need not be answered says so."""
    label = str(bound.label)
    return label if bound.field.required or isinstance(bound.field, forms.BooleanField) else f"{label} (optional)"


def _labelled(params: Params, bound: forms.BoundField) -> Params:
    attributes = {key: str(value) for key, value in bound.field.widget.attrs.items()}
    classes = attributes.pop("class", "")
    for drawn_otherwise in ("rows", "cols"):
        attributes.pop(drawn_otherwise, None)
    named = {key: attributes.pop(key) for key in ("autocomplete", "inputmode") if key in attributes}
    label = {"text": label_of(bound), "classes": "govuk-label--s"}
    return named | {"label": label, "classes": classes, "attributes": attributes}


def _text(params: Params, bound: forms.BoundField) -> Params:
    kind = getattr(bound.field.widget, "input_type", "text")
    asked: Params = {"value": _typed(bound), "type": "email" if kind == "email" else "text", "spellcheck": False}
    if kind == "number":
        asked["inputmode"] = "numeric"
    return asked | _labelled(params, bound)


def _textarea(params: Params, bound: forms.BoundField) -> Params:
    rows = bound.field.widget.attrs.get("rows", "5")
    return _labelled(params, bound) | {"rows": "5" if rows == "10" else rows, "value": _typed(bound)}


def _select(params: Params, bound: forms.BoundField) -> Params:
    return _labelled(params, bound) | {"items": _choice_items(bound, "selected")}


def _in_fieldset(params: Params, bound: forms.BoundField) -> Params:
    legend = {"text": label_of(bound), "classes": "govuk-fieldset__legend--s"}
    return {"idPrefix": bound.auto_id, "fieldset": {"legend": legend}}


def _choices(params: Params, bound: forms.BoundField) -> Params:
    return _in_fieldset(params, bound) | {"items": _choice_items(bound, "checked")}


def _groups(params: Params, bound: forms.BoundField) -> Params:
    """The same choices by group; ids are numbered throughout, so that the first error leads to the first choice."""
    items = _choice_items(bound, "checked")
    for number, item in enumerate(items):
        item["id"] = bound.auto_id if number == 0 else f"{bound.auto_id}-{number + 1}"
    by_value = {item["value"]: item for item in items}
    groups: list[Params] = []
    alone: list[Params] = []
    for key, label in cast("Iterable[Any]", cast("forms.ChoiceField", bound.field).choices):
        if isinstance(label, (list, tuple)):
            inside = [by_value[str(value)] for value, _ in label]
            chosen = [item["text"] for item in inside if item["checked"]]
            is_open = bool(chosen) or (bool(bound.errors) and not groups)
            groups.append({"heading": str(key), "items": inside, "chosen": ", ".join(chosen), "open": is_open})
        else:
            alone.append(by_value[str(key)])
    return _in_fieldset(params, bound) | {"groups": groups, "alone": alone}


def _date(params: Params, bound: forms.BoundField) -> Params:
    return _in_fieldset(params, bound) | {"items": _date_items(bound)}


def _one_checkbox(params: Params, bound: forms.BoundField) -> Params:
    item: Params = {"value": "on", "text": label_of(bound), "checked": bool(bound.value())}
    if "hint" in params:
        item["hint"] = params["hint"]
    return {"idPrefix": bound.auto_id, "hint": None, "items": [item]}


def _choice_items(bound: forms.BoundField, chosen: str) -> list[Params]:
    value = bound.value()
    held = {str(v) for v in value} if isinstance(value, (list, tuple)) else {"" if value is None else str(value)}
    items: list[Params] = []
    for key, label in _flat(cast("Iterable[Any]", cast("forms.ChoiceField", bound.field).choices)):
        item: Params = {"value": str(key), "text": str(label), chosen: str(key) in held}
        if isinstance(label, Choice) and label.hint:
            item["hint"] = label.hint_shown
        items.append(item)
    return items


def _flat(choices: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    for key, label in choices:
        if isinstance(label, (list, tuple)):
            yield from label
        else:
            yield key, label


def _date_items(bound: forms.BoundField) -> list[dict[str, str]]:
    wrong = " govuk-input--error" if bound.errors else ""
    return [
        {
            "id": f"{bound.auto_id}_{part}",
            "name": f"{bound.html_name}_{part}",
            "label": part.title(),
            "value": typed,
            "classes": f"govuk-input--width-{4 if part == 'year' else 2}{wrong}",
        }
        for part, typed in zip(PARTS, parts_of(bound.value()), strict=True)
    ]


def _typed(bound: forms.BoundField) -> str:
    value = bound.value()
    return "" if value is None else str(value)


# Which macro draws which of Django's widgets; the first that fits, so the narrower class stands first.
SHAPES: Final[tuple[tuple[type[forms.Widget], Shape, Callable[[Params, forms.BoundField], Params]], ...]] = (
    (forms.HiddenInput, "hidden", _labelled),
    (DateInput, "date", _date),
    (forms.CheckboxInput, "checkboxes", _one_checkbox),
    (GroupedCheckboxes, "groups", _groups),
    (forms.CheckboxSelectMultiple, "checkboxes", _choices),
    (forms.RadioSelect, "radios", _choices),
    (forms.Select, "select", _select),
    (forms.Textarea, "textarea", _textarea),
    (forms.FileInput, "file", _labelled),
    (forms.PasswordInput, "password", _labelled),
)
