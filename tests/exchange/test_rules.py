"""A value in a cell, and out of it again; what a layout may be; what a line is refused for."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fourfold.exchange import rules
from fourfold.exchange.rules import Column, Fault, Kind, Shape, Unreadable
from fourfold.platform.errors import RuleBroken
from tests.exchange.layouts import DEFINITION, OTHER, WORDS, layout

LAYOUT = layout()
THREATS = LAYOUT.sheet(Kind.THREATS)
DISRUPTIONS = LAYOUT.sheet(Kind.DISRUPTIONS)
TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=60)


def read(column: Column, raw: object, **more: object) -> object:
    return rules.read(column, raw, layout=LAYOUT, words=WORDS, **more)  # type: ignore[arg-type]


def refused(column: Column, raw: object) -> tuple[str, str]:
    found = read(column, raw)
    assert isinstance(found, Fault)
    return found.code, found.sentence


@given(st.lists(TEXTS, max_size=5), st.sampled_from([";", "|", ","]))
def test_several_texts_in_one_cell_come_apart_as_they_were(texts, separator):
    assert list(rules.parted(rules.joined(texts, separator), separator)) == texts


@pytest.mark.parametrize(
    ("cell", "texts"),
    [
        ("Quay line; Dock line", ["Quay line", "Dock line"]),
        (" Quay line ;; Dock line; ", ["Quay line", "Dock line"]),
        ("a\\;b", ["a;b"]),
        ("", []),
        ("ends in a stroke\\", ["ends in a stroke\\"]),
    ],
)
def test_a_list_typed_by_hand_is_read(cell, texts):
    assert list(rules.parted(cell, ";")) == texts


def column(name: str, kind: Kind = Kind.DISRUPTIONS) -> Column:
    found = LAYOUT.sheet(kind).column(name)
    assert found is not None
    return found


STRATEGIES = {
    "stopped": TEXTS.filter(str.strip),
    "event_on": st.dates(),
    "added_at": st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC)),
    "late": st.booleans(),
    "fact_arrests": st.integers(min_value=-(10**18), max_value=10**18),
    "fact_cash_pounds": st.decimals(allow_nan=False, allow_infinity=False, places=2),
    "category": st.sampled_from(["MAJOR", "MINOR"]),
    "secondary_ps": st.lists(st.sampled_from(["PURSUE", "PREVENT"]), min_size=1, unique=True).map(tuple),
    "evidence": st.lists(TEXTS, min_size=1, max_size=4).map(tuple),
    "supports": st.lists(
        st.tuples(st.sampled_from(["gmp", "north_wales"]), TEXTS).map("=".join), min_size=1, max_size=3
    ).map(tuple),
}


@given(st.data())
@pytest.mark.parametrize("name", STRATEGIES)
def test_what_is_written_is_read_as_it_was_in_a_workbook_and_as_text(name, data):
    value = data.draw(STRATEGIES[name])
    asked = column(name)
    written = rules.write(asked, value, layout=LAYOUT, words=WORDS)
    if not isinstance(written, Decimal):
        assert read(asked, written) == value
    assert read(asked, rules.as_text(written, layout=LAYOUT)) == value


@pytest.mark.parametrize("name", [*STRATEGIES, "theme", "effect_ends_on"])
def test_an_empty_value_is_an_empty_cell_and_back(name):
    empty = rules.EMPTY.get(column(name).field.shape)
    assert rules.write(column(name), empty, layout=LAYOUT, words=WORDS) is None
    if not column(name).required:
        assert read(column(name), None) == read(column(name), "   ") == empty


DAY = date(2023, 1, 4)


@pytest.mark.parametrize(
    "raw",
    [
        DAY,
        datetime(2023, 1, 4, 15, 30),
        44930,
        44930.75,
        "44930",
        "04/01/2023",
        "4/1/2023",
        "2023-01-04",
        " 4 January 2023 ",
        "04-Jan-2023",
        "4.1.2023",
    ],
)
def test_a_day_is_read_whatever_a_spreadsheet_made_of_it(raw):
    assert read(column("event_on"), raw) == DAY


def test_a_number_of_a_day_counts_from_1904_where_the_workbook_does():
    assert read(column("event_on"), 43468, from_1904=True) == DAY


@pytest.mark.parametrize("raw", ["yesterday", "31/02/2023", "1/4", 12, "12", True, "04/01/23"])
def test_what_is_no_day_is_refused_with_an_example(raw):
    code, sentence = refused(column("event_on"), raw)
    assert code == "EX22"
    assert sentence.startswith("Event date must be a date such as 04/01/2023:")


@pytest.mark.parametrize(
    ("raw", "text"), [(412.0, "412"), (412, "412"), (0.5, "0.5"), (DAY, "04/01/2023"), (True, "TRUE")]
)
def test_a_text_is_what_was_typed_whatever_type_the_cell_has(raw, text):
    assert read(column("place"), raw) == text


@pytest.mark.parametrize(
    ("raw", "amount"), [("£1,250.50", "1250.50"), (1250.5, "1250.5"), ("-3", "-3"), ("0012", "12")]
)
def test_a_number_is_read_with_its_pound_sign_and_commas(raw, amount):
    assert read(column("fact_cash_pounds"), raw) == Decimal(amount)


@pytest.mark.parametrize("raw", ["many", "1.5", 1.5, "1,5", "", DAY])
def test_what_is_no_whole_number_is_refused(raw):
    if raw == "":
        assert read(column("fact_arrests"), raw) is None
    else:
        assert refused(column("fact_arrests"), raw)[0] == "EX24"


@pytest.mark.parametrize("raw", ["closed - dormant", "Closed – dormant", " CLOSED  — DORMANT", "CLOSED_DORMANT"])
def test_a_word_of_a_list_is_known_by_its_sense_not_its_signs(raw):
    assert read(column("phase", Kind.THREATS), raw) == "CLOSED_DORMANT"


def test_a_word_that_is_not_of_the_list_is_refused_by_name():
    assert refused(column("phase", Kind.THREATS), "Sleeping") == (
        "EX21",
        "Phase must be one of the allowed values: Sleeping is not",
    )


def test_a_column_that_must_be_filled_says_so():
    assert refused(column("event_on"), " ") == ("EX20", "Enter something in Event date")


@pytest.mark.parametrize("code", ["EX27", "EX28"])
def test_formulas_and_faults_of_a_spreadsheet_are_no_values(code):
    assert refused(column("place"), Unreadable(code, "=A1+1"))[0] == code


@pytest.mark.parametrize("raw", ["a\x00b", "a\ud800b"])
def test_signs_that_cannot_be_kept_are_refused(raw):
    assert refused(column("place"), raw)[0] == "EX29"


def test_a_long_value_is_cut_short_inside_a_sentence():
    assert len(refused(column("event_on"), "x" * 5_000)[1]) < 200


def test_the_regions_layout_and_another_one_are_both_layouts():
    assert [s.kind for s in LAYOUT.sheets] == list(Kind)
    other = layout(OTHER)
    assert [s.name for s in other.sheets] == ["DSR", "MASTER"]
    assert other.digest != LAYOUT.digest
    assert rules.standing_of(other) == "default, not the national layout"


WRONG = {
    "no sheets": ({"sheets": []}, "LY1"),
    "no dates": ({"dates": None}, "LY1"),
    "two sheets that hold the same": ({"sheets": [OTHER["sheets"][0]] * 2}, "LY2"),
    "a sheet of a name of ours": ({"sheets": [OTHER["sheets"][0] | {"name": "columns"}]}, "LY2"),
    "a sheet that holds something else": ({"sheets": [OTHER["sheets"][0] | {"holds": "people"}]}, "LY3"),
    "a fact that there is not": (
        {"sheets": [OTHER["sheets"][0] | {"columns": [{"field": "x", "heading": "X"}]}]},
        "LY4",
    ),
    "no heading": ({"sheets": [OTHER["sheets"][0] | {"columns": [{"field": "role"}]}]}, "LY4"),
    "no columns": ({"sheets": [OTHER["sheets"][0] | {"columns": []}]}, "LY4"),
    "a heading twice": (
        {"sheets": [OTHER["sheets"][0] | {"columns": [{"field": f, "heading": "A"} for f in ("role", "place")]}]},
        "LY4",
    ),
    "a word for two values": (
        {
            "sheets": [
                {
                    "holds": "threats",
                    "name": "T",
                    "columns": [{"field": "tier", "heading": "A", "values": {"1": "x", "2": "X"}}],
                }
            ]
        },
        "LY4",
    ),
    "a letter between things": ({"separator": "a"}, "LY5"),
}


@pytest.mark.parametrize(("change", "code"), WRONG.values(), ids=WRONG.keys())
def test_a_layout_that_cannot_be_used_says_where(change, code):
    with pytest.raises(RuleBroken) as refusal:
        layout({**OTHER, **change})
    assert refusal.value.code == code


def test_every_sentence_has_something_to_do_or_is_of_the_whole_file():
    of_a_line = {code for code in rules.SENTENCES if 20 <= int(code[2:]) < 35}
    assert of_a_line - rules.TO_DO.keys() == set()


def test_the_default_layout_names_every_fact_there_is():
    from tests.exchange.layouts import FIELDS  # noqa: PLC0415

    for sheet in LAYOUT.sheets:
        assert {c.field.name for c in sheet.columns} == set(FIELDS[sheet.kind])
    assert DEFINITION["version"] == "1"
    assert Shape.TEXT


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (datetime(2021, 7, 29, tzinfo=UTC), "29/07/2021"),
        (datetime(2021, 7, 29, 9, 30, tzinfo=UTC), "2021-07-29 09:30:00+00:00"),
        (None, ""),
        ("a\tb", "a b"),
    ],
)
def test_a_value_in_a_sentence_is_as_a_person_writes_it(value, words):
    assert rules.shown(value) == words
