"""Files that a spreadsheet opens."""

import csv
import io
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from fourfold.platform.ui import exports, workbooks

DANGEROUS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "\ufeff=1",
    "＝1",
    "|calc",
    "%0A=1",
    "\n=1",
    "\u200b=1",
]


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_text_that_would_run_gets_an_apostrophe(text):
    assert exports.neutral(text) == f"'{text}"


@pytest.mark.parametrize("text", ["Name", "4 January", "a=b", "", "(07700) 900123", "O'Neill"])
def test_other_text_is_left_alone(text):
    assert exports.neutral(text) == text


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_no_text_in_a_csv_file_starts_a_formula(values):
    out = io.BytesIO()
    exports.write_csv(out, ["A"] * len(values), [values])
    rows = list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline="")))
    assert [cell[:1] for cell in rows[1]] == [exports.neutral(value)[:1] for value in values]
    assert not any(cell.lstrip()[:1] in {"=", "+", "-", "@"} for cell in rows[1] if cell)


def test_numbers_and_dates_stay_numbers_and_dates():
    row = [-3, 1.5, date(2023, 1, 4), datetime(2023, 7, 4, 13, 5, tzinfo=UTC), None, "text"]
    heads = ["a", "b", "c", "d", "e", "f"]
    out = io.BytesIO()
    assert exports.write_csv(out, heads, [row]) == 1
    text = out.getvalue().decode("utf-8-sig").splitlines()
    assert text[1] == "-3,1.5,2023-01-04,2023-07-04T14:05:00+01:00,,text"
    out = io.BytesIO()
    workbooks.write_xlsx(out, heads, [row], exports.About("Sample", (("Marking", "OFFICIAL"),)))
    values = next(load_workbook(out)["Rows"].iter_rows(min_row=2, values_only=True))
    shown = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    assert shown == [-3, 1.5, "2023-01-04T00:00:00", "2023-07-04T14:05:00", None, "text"]


def test_a_workbook_takes_characters_that_xml_cannot_hold_and_very_long_text():
    out = io.BytesIO()
    workbooks.write_xlsx(out, ["a"], [["bad\x00\x0btext"], ["x" * 40_000]], exports.About("Sample", ()))
    values = [row[0] for row in load_workbook(out)["Rows"].iter_rows(min_row=2, values_only=True)]
    assert values == ["badtext", "x" * exports.TEXT_IN_A_CELL]


def test_a_workbook_has_columns_wide_enough_to_read_and_no_text_becomes_a_fault():
    out = io.BytesIO()
    workbooks.write_xlsx(out, ["Name of threat", "n"], [["x" * 30, "#N/A"], ["y" * 400, "7"]], exports.About("S", ()))
    sheet = load_workbook(out)["Rows"]
    assert sheet.column_dimensions["A"].width == workbooks.WIDEST + 2
    assert sheet.column_dimensions["B"].width == workbooks.NARROWEST + 2
    assert [(cell.value, cell.data_type) for cell in (sheet["B2"], sheet["B3"])] == [("#N/A", "s"), ("7", "s")]


@pytest.mark.parametrize(("size", "streams"), [(10, False), (exports.SENT_WHOLE + 1, True)])
def test_a_usual_file_is_handed_over_whole_and_a_large_one_in_chunks(size, streams):
    answer = exports.attached(io.BytesIO(b"x" * size), name="OFFICIAL-SENSITIVE list.csv", kind=exports.FORMATS["csv"])
    assert answer.streaming is streams
    assert answer["Content-Disposition"] == 'attachment; filename="OFFICIAL-SENSITIVE list.csv"'
    assert answer["Content-Type"] == exports.FORMATS["csv"]
    assert sum(map(len, answer)) == size
