"""What a layout is, how a value stands in a cell, and what a line is refused for. Plain Python.

The national system's layout is not public. So the layout is data (reference kind `exchange_layout`): which sheet holds
what, which column holds which fact, its heading, its words for codes, how dates are written, what must be there. This
module turns facts into cells under a layout and cells into facts, and says in words what it cannot read.

Every fact has exactly one empty value: "" for text, () for lists, None for the rest. An empty cell is that value.
"""

import dataclasses
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from fourfold.platform.errors import RuleBroken
from fourfold.platform.people.rules import Actor, may

USE = "exchange.use"
LONDON = ZoneInfo("Europe/London")

SENTENCES: Mapping[str, str] = {
    "EX1": "The file is empty. Choose the workbook or the CSV file that you filled in",
    "EX2": "The file is larger than {most}, the most taken at once. Split it and send the parts one after the other",
    "EX3": "This is not a workbook (.xlsx), a CSV file or a zip of CSV files. Save it as one of these and choose it "
    "again",
    "EX4": "This is a workbook of an old kind (.xls), or one locked with a password. Save it as .xlsx without a "
    "password and choose it again",
    "EX5": "This workbook holds macros, which are never taken. Save it as .xlsx without macros and choose it again",
    "EX6": "The workbook cannot be opened: it is damaged or was cut short. Save it again and choose it again",
    "EX7": "The workbook grows from {packed} to {unpacked} when it is opened, which no filled-in workbook does",
    "EX8": "The file has more than {most} lines on one sheet, the most taken at once in this way. Split it, or have it "
    "loaded by command",
    "EX9": "No sheet has the headings of the layout {layout}. Begin from the template, or export first and change that",
    "EX10": "The sheet {sheet} has no column {headings}. Add it, or begin from the template",
    "EX11": "The sheet {sheet} has the heading {heading} twice. Remove one of the columns",
    "EX12": "The text of the file cannot be read. Save it as “CSV UTF-8” and choose it again",
    "EX13": "The CSV file cannot be read at line {line}: a quotation mark is not closed, or stands where none may",
    "EX14": "The file holds headings and no lines. Fill in at least one line",
    "EX20": "Enter something in {heading}",
    "EX21": "{heading} must be one of the allowed values: {value} is not",
    "EX22": "{heading} must be a date such as {example}: {value} is not",
    "EX23": "{heading} must be a date and time such as {example}: {value} is not",
    "EX24": "{heading} must be a whole number: {value} is not",
    "EX25": "{heading} must be a number: {value} is not",
    "EX26": "{heading} must be {words}: {value} is not",
    "EX27": "{heading} holds a formula. Its value is not taken, because nobody typed it",
    "EX28": "{heading} holds a fault of the spreadsheet ({value})",
    "EX29": "{heading} has a character that cannot be kept",
    "EX30": "There is no {thing} {value} that you may name here",
    "EX31": "The line has no URN, and this very file was imported on {day}",
    "EX32": "The URN {value} stands on line {line} of this sheet as well",
    "EX33": "{heading} cannot be changed by an import",
    "EX34": "This record was changed after the report was made. The report must be made again",
    "EX35": "Choose what to do: import everything, or only the good lines",
    "EX36": "Nothing can be imported: there is no line to add or to change",
    "EX37": "This import has been decided already",
    "EX38": "Give a reason of at least {words} words",
    "EX39": "You do not have permission to exchange with the national system",
    "EX40": "Some lines are refused. Mend them, or choose to import only the good lines",
    "EX42": "The threat {value} stands on line {line} of this file, which is refused",
    "EX41": "The past date must be today or earlier",
    "EX43": "A file taken here holds {most} lines a sheet, and this one would have more. Choose one organisation or "
    "fewer days",
}
TO_DO: Mapping[str, str] = {
    "EX20": "Fill the cell.",
    "EX21": "Choose a value from the sheet “Allowed values”.",
    "EX22": "Type the date again.",
    "EX23": "Type the date and time again.",
    "EX24": "Type the number again, without words.",
    "EX25": "Type the number again, without words.",
    "EX26": "Type one of the two words.",
    "EX27": "Copy the cell and paste it back as a value.",
    "EX28": "Mend the formula it came from, then paste the value.",
    "EX29": "Type the text again.",
    "EX30": "Check the spelling. Where nothing is needed, leave the cell empty.",
    "EX31": "If it is new, give it a URN of its own or take it out of the file and enter it in a file of its own.",
    "EX32": "Keep one of the two lines.",
    "EX33": "Change it on the record's own page, or leave it as it is here.",
    "EX34": "Check the file again.",
    "EX42": "Mend that line first; this one may be right.",
}
REPORT_HEADINGS = ("Sheet", "Line", "What becomes of it", "Column", "Value", "Rule", "Why", "What to do")
MEND_AND_SEND = "Mend it here, or in the file and send the file again."
REASON_WORDS = 3
WORDS_SHOWN = 60

MOST_BYTES = 25 * 1024 * 1024
MOST_BYTES_UNPACKED = 400 * 1024 * 1024
MOST_BYTES_SHARED_TEXT = 120 * 1024 * 1024
MOST_EXPANSION = 200
MOST_LINES = 200_000
MOST_LINES_ON_A_PAGE = 20_000
MOST_LINES_KEPT = 10_000
MOST_COLUMNS = 200
HEADINGS_WITHIN = 20
SERIALS = (20_000, 80_000)


def broken(code: str, field: str = "", **facts: object) -> RuleBroken:
    """The refusal of one numbered rule, its sentence filled in."""
    return RuleBroken(code, SENTENCES[code].format(**facts), field=field)


class Kind(StrEnum):
    """What a sheet holds; in the order in which they are imported."""

    THREATS = "threats"
    ASSESSMENTS = "assessments"
    DISRUPTIONS = "disruptions"


KIND_NAMES: Mapping[Kind, tuple[str, str]] = {
    Kind.THREATS: ("threat", "threats"),
    Kind.ASSESSMENTS: ("assessment", "assessments"),
    Kind.DISRUPTIONS: ("disruption", "disruptions"),
}


class State(StrEnum):
    """How far an import has come."""

    RECEIVED = "RECEIVED"
    CHECKED = "CHECKED"
    IMPORTED = "IMPORTED"
    DROPPED = "DROPPED"
    REFUSED = "REFUSED"


STATE_NAMES: Mapping[State, str] = {
    State.RECEIVED: "Being checked",
    State.CHECKED: "Checked, waiting for you",
    State.IMPORTED: "Imported",
    State.DROPPED: "Not imported",
    State.REFUSED: "Refused",
}


class Fate(StrEnum):
    """What becomes of a line: a new record, nothing because it says the same, a question, a change, a refusal."""

    NEW = "NEW"
    SAME = "SAME"
    DIFFERS = "DIFFERS"
    CHANGED = "CHANGED"
    REFUSED = "REFUSED"


FATE_NAMES: Mapping[Fate, str] = {
    Fate.NEW: "New",
    Fate.SAME: "The same here",
    Fate.DIFFERS: "Different here",
    Fate.CHANGED: "Changed to what the file says",
    Fate.REFUSED: "Refused",
}


class Shape(StrEnum):
    """How a fact is read and written."""

    TEXT = "TEXT"
    TEXTS = "TEXTS"
    CODE = "CODE"
    CODES = "CODES"
    DATE = "DATE"
    MOMENT = "MOMENT"
    WHOLE = "WHOLE"
    DECIMAL = "DECIMAL"
    YES_NO = "YES_NO"
    PAIRS = "PAIRS"


type Value = str | tuple[str, ...] | date | datetime | int | Decimal | bool | None
type Values = Mapping[str, Value]
type Raw = "str | int | float | bool | date | datetime | time | Unreadable | None"
type Written = str | int | Decimal | date | None
EMPTY: Mapping[Shape, Value] = {Shape.TEXT: "", Shape.CODE: "", Shape.TEXTS: (), Shape.CODES: (), Shape.PAIRS: ()}


@dataclass(frozen=True)
class Unreadable:
    """A cell that holds no value a person typed: a formula, or a fault of the spreadsheet."""

    code: str
    shown: str


@dataclass(frozen=True)
class Field:
    """One fact of a record.

    Args:
        words: Which list of codes it is from, such as `tier`; empty where it is from none.
        for_the_reader: Written so that a reader need not look elsewhere; never read back.
        fixed: It says what the record is and cannot be changed by an import.
        ours: This service decides it. What a file says of it is kept beside the record, and written again.
        asked_as: What the services call it where they refuse it, if not by its name.
    """

    name: str
    shape: Shape
    words: str = ""
    for_the_reader: bool = False
    fixed: bool = False
    ours: bool = False
    asked_as: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """One column of a sheet: which fact, under which heading, in which words."""

    field: Field
    heading: str
    required: bool = False
    codes: Mapping[str, str] = dataclasses.field(default_factory=dict)
    help: str = ""
    example: str = ""


@dataclass(frozen=True)
class Sheet:
    kind: Kind
    name: str
    columns: tuple[Column, ...]

    @cached_property
    def headings(self) -> frozenset[str]:
        """Its headings as they are compared."""
        return frozenset(normal(column.heading) for column in self.columns)

    def column(self, name: str) -> Column | None:
        return next((c for c in self.columns if c.field.name == name), None)

    def heading(self, name: str) -> str:
        """The heading of a fact, for a sentence; the fact's own name where the layout leaves it out."""
        found = self.column(name)
        return found.heading if found else name.replace("_", " ")


@dataclass(frozen=True)
class Layout:
    """How a workbook looks: sheets, columns, words, dates. A region loads its own; nothing here is national."""

    code: str
    name: str
    version: str
    sheets: tuple[Sheet, ...]
    dates: tuple[str, ...]
    moments: tuple[str, ...]
    separator: str
    yes: str
    no: str
    is_our_default: bool
    source: str
    digest: str

    def sheet(self, kind: Kind) -> Sheet | None:
        return next((s for s in self.sheets if s.kind is kind), None)


COLUMNS_SHEET, VALUES_SHEET, LONG_SHEET = "Columns", "Allowed values", "Long text"
ABOUT_SHEET, OPEN_SHEET = "About this file", "Open threats"
OWN_SHEETS = (COLUMNS_SHEET, VALUES_SHEET, LONG_SHEET, ABOUT_SHEET, OPEN_SHEET)

type Words = Mapping[str, Mapping[str, str]]
"""Lists of codes by name, each code with its word, in the region's order."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which records an export holds.

    Args:
        kinds: Which sheets.
        forces: Codes of owning organisations, and of leading agencies; all where empty.
        first: Threats nominated, assessments decided and disruptions of a record date from this day on.
        last: The same up to this day, included.
    """

    kinds: tuple[Kind, ...] = tuple(Kind)
    forces: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class Fault:
    """Why a line is refused: where, what stood there, which rule, what to do."""

    heading: str
    value: str
    code: str
    sentence: str
    to_do: str

    def as_json(self) -> dict[str, str]:
        return {
            "heading": self.heading,
            "value": self.value,
            "code": self.code,
            "sentence": self.sentence,
            "to_do": self.to_do,
        }


def fault(code: str, *, heading: str = "", value: object = "", **facts: object) -> Fault:
    """A fault of one numbered rule, with what to do about it."""
    text = shown(value)
    said = {"heading": heading, "value": text, **facts}
    return Fault(heading, text, code, SENTENCES[code].format(**said), TO_DO.get(code, MEND_AND_SEND))


def fault_of(refused: RuleBroken, *, heading: str, value: object) -> Fault:
    """A refusal of another room's rule as a fault of a line."""
    return Fault(heading, shown(value), refused.code, refused.sentence, TO_DO.get(refused.code, MEND_AND_SEND))


def shown(value: object, most: int = WORDS_SHOWN) -> str:
    """A value inside a sentence: cut short, without control characters; a day as a person writes it."""
    match value:
        case Unreadable():
            text = value.shown
        case None:
            text = ""
        case datetime() if value.time() == time.min:
            text = f"{value:%d/%m/%Y}"
        case _:
            text = str(value)
    clean = "".join(c if c.isprintable() else " " for c in text)
    return f"{clean[:most]}…" if len(clean) > most else clean


def layout_of(
    definition: Mapping[str, Any],
    *,
    code: str,
    name: str,
    source: str,
    is_our_default: bool,
    fields: Mapping[Kind, Mapping[str, Field]],
) -> Layout:
    """A layout from a region's data.

    Args:
        definition: The item's `detail`: version, dates, moments, separator, sheets.
        code: The item's code.
        name: The item's name.
        source: Where it comes from.
        is_our_default: It is marked D or K, and a person is told.
        fields: The facts there are, by sheet.

    Raises:
        RuleBroken: LY1 to LY5, naming the layout and the place in it that cannot be used.
    """
    said = f"The layout {code}"
    for key in ("version", "dates", "sheets"):
        if not definition.get(key):
            raise RuleBroken("LY1", f"{said} has no {key}. Add it under detail")
    sheets = tuple(_sheet_of(each, said, fields) for each in definition["sheets"])
    if taken := {normal(s.name) for s in sheets} & {normal(name) for name in OWN_SHEETS}:
        raise RuleBroken("LY2", f"{said} calls a sheet {taken.pop()}, as this service calls one of its own. Rename it")
    if len({s.kind for s in sheets}) < len(sheets):
        raise RuleBroken("LY2", f"{said} has two sheets that hold the same. Remove one of them")
    if len({normal(s.name) for s in sheets}) < len(sheets):
        raise RuleBroken("LY2", f"{said} has two sheets of the same name. Rename one of them")
    separator = str(definition.get("separator", ";"))
    if len(separator) != 1 or separator.isalnum() or separator.isspace() or separator in "\\'\"":
        raise RuleBroken("LY5", f"{said} parts lists by {separator!r}. Use one sign, such as a semicolon")
    digest = hashlib.sha256(json.dumps(definition, sort_keys=True, default=str).encode()).hexdigest()
    return Layout(
        code=code,
        name=name,
        version=str(definition["version"]),
        sheets=sheets,
        dates=tuple(str(each) for each in definition["dates"]),
        moments=tuple(str(each) for each in definition.get("moments", ())),
        separator=separator,
        yes=str(definition.get("yes_word", "Yes")),
        no=str(definition.get("no_word", "No")),
        is_our_default=is_our_default,
        source=source,
        digest=digest,
    )


def _sheet_of(definition: Mapping[str, Any], said: str, fields: Mapping[Kind, Mapping[str, Field]]) -> Sheet:
    holds = definition.get("holds")
    if holds not in list(Kind) or not definition.get("name"):
        raise RuleBroken(
            "LY3", f"{said} has a sheet that holds {holds!r}. Name it, and choose threats, assessments or disruptions"
        )
    kind, name = Kind(holds), str(definition["name"])
    columns = tuple(_column_of(each, f"{said}, sheet {name},", fields[kind]) for each in definition.get("columns", ()))
    headings = [normal(c.heading) for c in columns]
    names = [c.field.name for c in columns]
    for seen, what in ((headings, "heading"), (names, "fact")):
        twice = next((each for each in seen if seen.count(each) > 1), None)
        if twice is not None:
            raise RuleBroken("LY4", f"{said}, sheet {name}, has the {what} {twice} twice. Remove one of the columns")
    if not columns:
        raise RuleBroken("LY4", f"{said}, sheet {name}, has no columns. Add them")
    return Sheet(kind, name, columns)


def _column_of(definition: Mapping[str, Any], said: str, fields: Mapping[str, Field]) -> Column:
    known = fields.get(str(definition.get("field", "")))
    if known is None:
        raise RuleBroken("LY4", f"{said} has a column of the fact {definition.get('field')!r}, which there is not")
    heading = str(definition.get("heading", "")).strip()
    if not heading:
        raise RuleBroken("LY4", f"{said} has no heading for {known.name}. Add it")
    codes = {str(code): str(word) for code, word in (definition.get("values") or {}).items()}
    if len({normal(word) for word in codes.values()}) < len(codes):
        raise RuleBroken("LY4", f"{said} has the same word for two values of {heading}. Give each its own")
    return Column(
        field=known,
        heading=heading,
        required=bool(definition.get("required", False)),
        codes=codes,
        help=str(definition.get("help", "")),
        example=str(definition.get("example", "")),
    )


DASHES = str.maketrans("–—−‐‑", "-----")


def normal(text: str) -> str:
    """A heading, a sheet's name or a word of a list as it is compared: case, blanks and kinds of dash do not count."""
    return " ".join(text.translate(DASHES).split()).casefold()


def words_of(column: Column, words: Words) -> Mapping[str, str]:
    """Codes of a column with the words that stand in cells: the layout's own, else the region's."""
    return column.codes or words.get(column.field.words, {})


def write(column: Column, value: Value, *, layout: Layout, words: Words) -> Written:
    """What stands in the cell. Dates and numbers stay so for a workbook; `as_text` says how a CSV file shows them."""
    if value is None or value in {"", ()}:
        return None
    return WRITERS[column.field.shape](value, column, layout, words)


def _write_code(value: Value, column: Column, layout: Layout, words: Words) -> Written:
    return words_of(column, words).get(str(value), str(value))


def _write_codes(value: Value, column: Column, layout: Layout, words: Words) -> Written:
    named = words_of(column, words)
    return joined((named.get(each, each) for each in _texts(value)), layout.separator)


def _write_pairs(value: Value, column: Column, layout: Layout, words: Words) -> Written:
    named = words_of(column, words)
    pairs = (each.partition("=") for each in _texts(value))
    return joined((f"{named.get(code, code)}: {text}" for code, _, text in pairs), layout.separator)


WRITERS: Mapping[Shape, Callable[[Value, Column, Layout, Words], Written]] = {
    Shape.TEXT: lambda value, *_: str(value),
    Shape.TEXTS: lambda value, _, layout, __: joined(_texts(value), layout.separator),
    Shape.CODE: _write_code,
    Shape.CODES: _write_codes,
    Shape.PAIRS: _write_pairs,
    Shape.YES_NO: lambda value, _, layout, __: layout.yes if value else layout.no,
    Shape.DATE: lambda value, *_: value if isinstance(value, date) else str(value),
    Shape.MOMENT: lambda value, *_: (
        value.astimezone(LONDON).isoformat(sep=" ") if isinstance(value, datetime) else str(value)
    ),
    Shape.WHOLE: lambda value, *_: int(str(value)),
    Shape.DECIMAL: lambda value, *_: Decimal(str(value)),
}


def as_text(written: Written, *, layout: Layout) -> str:
    """A written cell as a CSV file shows it."""
    match written:
        case None:
            return ""
        case date():
            return day_in(written, layout.dates[0])
        case Decimal():
            return format(written, "f")
        case _:
            return str(written)


def day_in(day: date, form: str) -> str:
    """A date in the layout's form; the year always in four figures."""
    return day.strftime(form.replace("%Y", f"{day.year:04d}"))


def read(column: Column, raw: Raw, *, layout: Layout, words: Words, from_1904: bool = False) -> Value | Fault:
    """What a cell says, whatever a spreadsheet made of it; or why it cannot be read."""
    heading = column.heading
    if isinstance(raw, Unreadable):
        return fault(raw.code, heading=heading, value=raw.shown)
    if isinstance(raw, str) and ("\x00" in raw or any("\ud800" <= c <= "\udfff" for c in raw)):
        return fault("EX29", heading=heading, value=raw)
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        if column.required:
            return fault("EX20", heading=heading)
        return EMPTY.get(column.field.shape)
    return READERS[column.field.shape](raw, Asked(column, layout, words, from_1904))


@dataclass(frozen=True)
class Asked:
    """What reading one cell needs to know."""

    column: Column
    layout: Layout
    words: Words
    from_1904: bool

    def fault(self, code: str, value: object, **facts: object) -> Fault:
        return fault(code, heading=self.column.heading, value=value, **facts)


def _read_code(raw: Raw, asked: Asked) -> Value | Fault:
    text = text_of(raw, asked.layout)
    found = _code(asked.column, text, asked.words)
    return found if found is not None else asked.fault("EX21", text)


def _read_codes(raw: Raw, asked: Asked) -> Value | Fault:
    found: list[str] = []
    for each in parted(text_of(raw, asked.layout), asked.layout.separator):
        code = _code(asked.column, each, asked.words)
        if code is None:
            return asked.fault("EX21", each)
        found.append(code)
    return tuple(found)


def _read_pairs(raw: Raw, asked: Asked) -> Value | Fault:
    found: list[str] = []
    for each in parted(text_of(raw, asked.layout), asked.layout.separator):
        word, _, text = each.partition(":")
        code = _code(asked.column, word, asked.words)
        if code is None:
            return asked.fault("EX21", word)
        found.append(f"{code}={text.removeprefix(' ')}")
    return tuple(found)


def _read_day(raw: Raw, asked: Asked) -> Value | Fault:
    found = day_of(raw, asked.layout, from_1904=asked.from_1904)
    return found or asked.fault("EX22", raw, example=day_in(DAY, asked.layout.dates[0]))


def _read_moment(raw: Raw, asked: Asked) -> Value | Fault:
    found = moment_of(raw, asked.layout, from_1904=asked.from_1904)
    return found or asked.fault("EX23", raw, example=MOMENT.isoformat(sep=" "))


def _read_whole(raw: Raw, asked: Asked) -> Value | Fault:
    number = number_of(raw)
    return int(number) if number is not None and number == number.to_integral_value() else asked.fault("EX24", raw)


def _read_decimal(raw: Raw, asked: Asked) -> Value | Fault:
    number = number_of(raw)
    return number if number is not None else asked.fault("EX25", raw)


def _read_yes_no(raw: Raw, asked: Asked) -> Value | Fault:
    said = normal(text_of(raw, asked.layout))
    answers = {normal(asked.layout.yes): True, "true": True, "1": True, normal(asked.layout.no): False}
    found = ({"false": False, "0": False} | answers).get(said)
    words = f"{asked.layout.yes} or {asked.layout.no}"
    return found if found is not None else asked.fault("EX26", raw, words=words)


READERS: Mapping[Shape, Callable[[Raw, Asked], Value | Fault]] = {
    Shape.TEXT: lambda raw, asked: text_of(raw, asked.layout),
    Shape.TEXTS: lambda raw, asked: tuple(parted(text_of(raw, asked.layout), asked.layout.separator)),
    Shape.CODE: _read_code,
    Shape.CODES: _read_codes,
    Shape.PAIRS: _read_pairs,
    Shape.DATE: _read_day,
    Shape.MOMENT: _read_moment,
    Shape.WHOLE: _read_whole,
    Shape.DECIMAL: _read_decimal,
    Shape.YES_NO: _read_yes_no,
}
DAY = date(2023, 1, 4)
MOMENT = datetime(2023, 1, 4, 9, 30, tzinfo=LONDON)


def _texts(value: Value) -> Iterator[str]:
    if isinstance(value, tuple):
        yield from value
    elif value is not None:
        yield str(value)


def _code(column: Column, text: str, words: Words) -> str | None:
    """The code that a word of the list means, or a code itself; None for neither."""
    asked = normal(text)
    known = words_of(column, words)
    for code, word in known.items():
        if normal(word) == asked:
            return code
    return next((code for code in known if normal(code) == asked), None)


def text_of(raw: Raw, layout: Layout) -> str:
    """A cell as the person typed it, whatever type the spreadsheet gave it."""
    match raw:
        case bool():
            return "TRUE" if raw else "FALSE"
        case float() if raw.is_integer() and abs(raw) < 1e15:
            return str(int(raw))
        case datetime() if raw.time() != time():
            return raw.isoformat(sep=" ")
        case date():
            return day_in(raw, layout.dates[0])
        case _:
            return str(raw)


def number_of(raw: Raw) -> Decimal | None:
    """A number, with or without a pound sign and commas between thousands."""
    match raw:
        case bool() | date() | time() | None | Unreadable():
            return None
        case int() | float():
            found = Decimal(repr(raw))
        case str():
            try:
                found = Decimal(re.sub(r"(?<=\d),(?=\d{3}(\D|$))", "", raw.strip().removeprefix("£")))
            except InvalidOperation:
                return None
    return found if found.is_finite() else None


def day_of(raw: Raw, layout: Layout, *, from_1904: bool = False) -> date | None:
    """A day: a date cell, a spreadsheet's number of a day, or text in one of the layout's forms."""
    match raw:
        case datetime():
            return raw.date()
        case date():
            return raw
        case bool() | time() | None | Unreadable():
            return None
        case int() | float():
            return _day_of_serial(int(raw), from_1904=from_1904)
        case str():
            text = " ".join(raw.split())
            for form in (*layout.dates, "%Y-%m-%d"):
                try:
                    return datetime.strptime(text, form).replace(tzinfo=UTC).date()
                except ValueError:
                    continue
            number = number_of(text)
            is_serial = number is not None and SERIALS[0] <= number < SERIALS[1]
            return _day_of_serial(int(number), from_1904=from_1904) if number is not None and is_serial else None


def _day_of_serial(number: int, *, from_1904: bool) -> date | None:
    first = date(1904, 1, 1) if from_1904 else date(1899, 12, 30)
    if not (0 if from_1904 else 61) <= number <= 2_900_000:
        return None
    return first + timedelta(days=number)


def moment_of(raw: Raw, layout: Layout, *, from_1904: bool = False) -> datetime | None:
    """A moment; without an offset it is London time."""
    found: datetime | None = None
    match raw:
        case datetime():
            found = raw
        case str():
            text = raw.strip()
            for form in layout.moments:
                try:
                    found = datetime.strptime(text, form)  # noqa: DTZ007  the zone is given below
                    break
                except ValueError:
                    continue
            else:
                try:
                    found = datetime.fromisoformat(text)
                except ValueError:
                    found = None
    if found is None:
        day = day_of(raw, layout, from_1904=from_1904)
        found = datetime.combine(day, time()) if day else None
    if found is None:
        return None
    return (found.replace(tzinfo=LONDON) if found.tzinfo is None else found).astimezone(UTC)


def joined(items: Iterable[str], separator: str) -> str:
    """Several texts in one cell. What would be taken for the mark between them, or lost at an end, is escaped."""
    return f"{separator} ".join(_escaped(each, separator) for each in items)


def _escaped(text: str, separator: str) -> str:
    if not text:
        return "\\0"
    made = text.replace("\\", "\\\\").replace(separator, f"\\{separator}")
    if made[0].isspace():
        made = f"\\{made}"
    if made[-1].isspace() and len(made) > (2 if made[0] == "\\" else 1):
        made = f"{made[:-1]}\\{made[-1]}"
    return made


def parted(text: str, separator: str) -> Iterator[str]:
    """The texts of one cell; the opposite of `joined`. Blanks around a text do not count, nor do empty places."""
    signs = [(found[1] or found[0], bool(found[1])) for found in ESCAPED_SIGN.finditer(text)]
    item: list[tuple[str, bool]] = []
    for sign in (*signs, (separator, False)):
        if sign != (separator, False):
            item.append(sign)
            continue
        while item and _is_blank(item[0]):
            item.pop(0)
        while item and _is_blank(item[-1]):
            item.pop()
        if item:
            yield "".join(letter for letter, is_escaped in item if (letter, is_escaped) != NOTHING)
        item = []


ESCAPED_SIGN = re.compile(r"\\(.)|.", re.DOTALL)
NOTHING = ("0", True)


def _is_blank(sign: tuple[str, bool]) -> bool:
    letter, is_escaped = sign
    return letter.isspace() and not is_escaped


def check_reason(reason: str) -> None:
    if len(reason.split()) < REASON_WORDS:
        raise broken("EX38", "reason", words=REASON_WORDS)


def check_may_exchange(actor: Actor) -> None:
    if not may(actor, USE):
        raise broken("EX39")


def missing_headings(sheet: Sheet, headings: Sequence[str]) -> tuple[str, ...]:
    """Headings of columns that must be there and are not."""
    there = {normal(each) for each in headings}
    return tuple(c.heading for c in sheet.columns if c.required and normal(c.heading) not in there)


def recognised(sheet: Sheet, headings: Iterable[object]) -> int:
    """How many of the cells are headings of the sheet."""
    return len({normal(str(each)) for each in headings if each is not None} & sheet.headings)


def file_name(name: str) -> str:
    """What a file is called here: no folders, no signs that are not letters."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in last if c.isprintable()).strip()[:200] or "file"


def standing_of(layout: Layout) -> str:
    """What a person is told of where a layout comes from."""
    return "default, not the national layout" if layout.is_our_default else f"from {layout.source}"


def size_in_words(size: int) -> str:
    return f"{size / 1_000_000:,.0f} MB" if size >= 1_000_000 else f"{max(1, size // 1_000):,} KB"
