"""What people choose and type when they exchange: a file, a choice, a corrected cell. Shape only; services decide."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django import forms

from fourfold.exchange import rules
from fourfold.exchange.models import ImportLine
from fourfold.exchange.rules import Kind, Layout
from fourfold.platform.people.models import Organisation
from fourfold.platform.ui import fields

LONG = 60
HINTED = 16
LONGEST_CELL = 1_000_000
EVERYTHING, ONLY_GOOD = "everything", "only_good"
HERE, FILE = "here", "file"


class FileForm(forms.Form):
    """A file, and under which layout it is read where there are several."""

    file = forms.FileField(
        label="The workbook or CSV file",
        help_text=f"A workbook (.xlsx), a CSV file of one sheet, or a zip of CSV files. At most "
        f"{rules.size_in_words(rules.MOST_BYTES)} and {rules.MOST_LINES_ON_A_PAGE:,} lines a sheet. "
        "Workbooks with macros are refused.",
        error_messages={
            "required": "Choose the file that you filled in or took from the national system",
            "missing": "Choose the file that you filled in or took from the national system",
            "empty": rules.SENTENCES["EX1"],
        },
        max_length=200,
    )

    def __init__(self, *args: object, layouts: Sequence[Layout], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if len(layouts) > 1:
            self.fields["layout"] = layout_field(layouts)


def layout_field(layouts: Sequence[Layout]) -> forms.ChoiceField:
    return forms.ChoiceField(
        label="Layout",
        choices=[
            (each.code, fields.Choice(each.name, hint=f"Version {each.version}: {rules.standing_of(each)}"))
            for each in layouts
        ],
        initial=layouts[0].code,
        widget=forms.RadioSelect,
    )


class ExportForm(forms.Form):
    """Which records, as of when, in which form, why and for whom."""

    sheets = forms.MultipleChoiceField(
        label="Which sheets?",
        choices=[(kind.value, rules.KIND_NAMES[kind][1].capitalize()) for kind in Kind],
        initial=[kind.value for kind in Kind],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one sheet"},
    )
    first = fields.DateField(
        label="From",
        required=False,
        help_text="Threats nominated, assessments decided and disruptions of a record date from this day on.",
    )
    last = fields.DateField(label="To", required=False, help_text="Up to and including this day.")
    as_recorded_on = fields.DateField(
        label="As recorded on",
        required=False,
        words="past date",
        help_text="Everything as it was recorded at the end of that day. Leave it empty for now.",
    )
    form = forms.ChoiceField(
        label="Which file?",
        choices=[
            ("xlsx", fields.Choice("Workbook (XLSX)", hint="With the allowed values and what each column means")),
            ("zip", fields.Choice("CSV files in a zip", hint="One file a sheet")),
        ],
        initial="xlsx",
        widget=forms.RadioSelect,
    )
    recipient = forms.CharField(
        label="Who is it for?",
        required=False,
        max_length=200,
        help_text="If it leaves your organisation, name who gets it: the ledger notes it as a disclosure.",
    )
    reason = forms.CharField(
        label="Why is it taken?",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text=f"In at least {rules.REASON_WORDS} words. The ledger keeps it.",
        error_messages={"required": rules.SENTENCES["EX38"].format(words=rules.REASON_WORDS)},
    )

    def __init__(
        self, *args: object, layouts: Sequence[Layout], bodies: Iterable[Organisation], **kwargs: object
    ) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["forces"] = forms.MultipleChoiceField(
            label="Which organisations?",
            required=False,
            choices=[(each.code, each.name) for each in bodies],
            widget=forms.CheckboxSelectMultiple,
            help_text="Owners of threats and leading agencies of disruptions. Leave all empty for every one.",
        )
        order = ["sheets", "forces", "first", "last", "as_recorded_on", "form", "recipient", "reason"]
        if len(layouts) > 1:
            self.fields["layout"] = layout_field(layouts)
            order.insert(5, "layout")
        self.order_fields(order)


class ConfirmForm(forms.Form):
    """Everything or the good lines, once it is known what each would do."""

    def __init__(self, *args: object, refused: int, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if refused:
            self.fields["what"] = forms.ChoiceField(
                label="What is to be imported?",
                choices=[
                    (
                        EVERYTHING,
                        fields.Choice("Everything", hint="Only if no line is refused any more; else nothing is"),
                    ),
                    (
                        ONLY_GOOD,
                        f"Only the good lines, without the {refused:,} that {'is' if refused == 1 else 'are'} refused",
                    ),
                ],
                widget=forms.RadioSelect,
                error_messages={"required": rules.SENTENCES["EX35"]},
            )


@dataclass(frozen=True)
class LineShown:
    """One refused line with the inputs that mend it."""

    line: ImportLine
    heading: str
    faults: tuple[str, ...]
    fields: tuple[forms.BoundField, ...]


class MendForm(forms.Form):
    """Refused lines as a table of inputs: the columns at fault, or all where the fault is of the whole line."""

    def __init__(
        self,
        data: Mapping[str, str] | None,
        *,
        lines: Sequence[ImportLine],
        headings: Mapping[Kind, Sequence[str]],
        allowed: Mapping[tuple[Kind, str], Sequence[str]],
    ) -> None:
        super().__init__(data)
        self.lines = tuple(lines)
        self._asked: dict[int, dict[str, str]] = {}
        for line in self.lines:
            at_fault = {fault["heading"]: fault["sentence"] for fault in line.faults if fault["heading"]}
            everything = headings[Kind(line.kind)]
            wanted = [h for h in everything if h in at_fault] or list(everything)
            self._asked[line.pk] = {}
            for number, heading in enumerate(wanted):
                name = f"line_{line.pk}_{number}"
                self._asked[line.pk][name] = heading
                typed = {**line.cells, **line.mended}.get(heading, "")
                self.fields[name] = CellField(
                    label=f"{heading}, line {line.line}",
                    help_text=_hint(allowed.get((Kind(line.kind), heading), ())),
                    initial=typed,
                    strip=False,
                    max_length=LONGEST_CELL,
                    widget=forms.Textarea(attrs={"rows": 4})
                    if len(typed) > LONG or "\n" in typed
                    else forms.TextInput(),
                )

    def cells(self) -> dict[int, dict[str, str]]:
        """Typed cells by the key of their line and by heading."""
        return {
            pk: {heading: str(self.cleaned_data[name]) for name, heading in asked.items()}
            for pk, asked in self._asked.items()
        }

    def shown(self) -> Iterator[LineShown]:
        for line in self.lines:
            yield LineShown(
                line,
                f"{line.sheet}, line {line.line}",
                tuple(dict.fromkeys(fault["sentence"] for fault in line.faults)),
                tuple(self[name] for name in self._asked[line.pk]),
            )


def _hint(words: Sequence[str]) -> str:
    """The allowed values, where they are few enough to read."""
    return f"One of: {', '.join(words)}." if 0 < len(words) <= HINTED else ""


class CellField(forms.CharField):
    """One cell. It may be empty: an empty cell can be right."""

    def validate(self, value: str) -> None:
        """Nothing is asked of the value here; the rules of the record decide."""


class ChooseForm(forms.Form):
    """Of each line that differs: the record here stays, or it says what the file says."""

    def __init__(self, data: Mapping[str, str] | None, *, lines: Sequence[ImportLine]) -> None:
        super().__init__(data)
        self.lines = {f"line_{line.pk}": line for line in lines}
        for name, line in self.lines.items():
            self.fields[name] = forms.ChoiceField(
                label=f"{line.sheet}, line {line.line}: which is right?",
                choices=[(HERE, f"What is here: {line.record} stays as it is"), (FILE, "What the file says")],
                initial=FILE if line.take else HERE,
                widget=forms.RadioSelect,
            )

    def taken(self) -> dict[int, bool]:
        """Whether the file is right, by the key of the line."""
        return {line.pk: self.cleaned_data[name] == FILE for name, line in self.lines.items()}
