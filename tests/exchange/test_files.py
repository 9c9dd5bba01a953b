"""Files as they come: what a spreadsheet did to them, what is hidden in them, what is refused with which sentence."""

import csv
import io
import tracemalloc
import zipfile
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from fourfold.exchange import rules
from fourfold.exchange.files import escapes, reading, writing
from fourfold.exchange.rules import Kind, Unreadable
from fourfold.platform.errors import RuleBroken
from tests.exchange.layouts import OTHER, WORDS, layout

LAYOUT = layout()
ANY_TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=80)
TRICKY = st.sampled_from(
    [
        *("=1+1", "'=1+1", "''=1+1", "'", "''", "'Ndrangheta", "-5", "@SUM(A1)", "+44 7700", "\t=1", "＝1", "|cmd"),
        *("007", "1e5", "TRUE", "04/01/2023", " leading", "trailing ", "a\r\nb", "a\rb", "\x07bell", "_x000D_", "_x"),
        *('say "no"', "a;b", "Conwy – Llŷn ŵ", "日本", "\U0001f600", "[[long text 1]]", "#N/A", "x" * 40_000),
    ]
)


@given(ANY_TEXT | TRICKY)
def test_a_neutralised_text_comes_back_as_it_was_and_never_runs(text):
    neutral = escapes.neutral(text)
    assert escapes.restored(neutral) == text
    assert not escapes.FORMULA.match(neutral)


@given(ANY_TEXT | TRICKY)
def test_what_a_workbook_cannot_hold_is_escaped_and_comes_back(text):
    assert escapes.from_xml(escapes.to_xml(text)) == text


def written(texts: Iterable[str], *, form: str = "xlsx") -> bytes:
    rows = [{"reference": f"D-{at}", "threat": "T", "stopped": text} for at, text in enumerate(texts)]
    out, about = io.BytesIO(), writing.About("Test")
    if form == "xlsx":
        writing.write_workbook(out, {Kind.DISRUPTIONS: rows}, layout=LAYOUT, words=WORDS, about=about)
    elif form == "zip":
        writing.write_zip(out, {Kind.DISRUPTIONS: rows}, layout=LAYOUT, words=WORDS)
    else:
        writing.write_csv(out, LAYOUT.sheet(Kind.DISRUPTIONS), rows, layout=LAYOUT, words=WORDS)
    return out.getvalue()


def lines_of(path: Path, content: bytes, *, name: str = "file.xlsx", of=LAYOUT) -> list[tuple[int, dict]]:
    path.write_bytes(content)
    with reading.opened(path, name=name) as book:
        return [(number, dict(cells)) for found in reading.sheets_in(book, of) for number, cells in found.lines()]


@pytest.mark.parametrize("form", ["xlsx", "csv", "zip"])
def test_every_text_comes_back_from_every_kind_of_file(tmp_path_factory, form):
    path = tmp_path_factory.mktemp("files") / "file"

    @given(st.lists((ANY_TEXT | TRICKY).filter(lambda t: t.strip() and "\x00" not in t), min_size=1, max_size=5))
    def there_and_back(texts):
        lines = lines_of(path, written(texts, form=form), name=f"Disruptions.{form}")
        assert [cells["What they can no longer do"] for _, cells in lines] == texts

    there_and_back()


def test_no_cell_of_a_workbook_is_a_formula(tmp_path):
    book = load_workbook(io.BytesIO(written(["=1+1", "-5", "@x"])))
    assert {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row} <= {"s", "n"}


def typed(change, *, headings=("Threat URN", "Event date", "Category", "Primary P", "Place")) -> bytes:
    """A workbook as a person makes it; `change` does to the sheet what people do."""
    book = Workbook()
    sheet = book.active
    sheet.title = "Disruptions"
    sheet.append(list(headings))
    change(book, sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


LINE = ["SOC-0001", date(2022, 6, 1), "Minor", "Pursue", "Bootle"]


def test_columns_may_stand_in_any_order_with_others_beside_them_and_a_title_above(tmp_path):
    def change(book, sheet):
        sheet.insert_rows(1, 2)
        sheet["A1"] = "Return for June"
        sheet.append(["Bootle", "mine", "SOC-0001", "Pursue", "Minor", datetime(2022, 6, 1)])

    headings = ("Place", "My notes", " threat  urn ", "PRIMARY P", "Category", "Event date")
    ((number, cells),) = lines_of(tmp_path / "f", typed(change, headings=headings))
    assert number == 4
    assert cells == dict(
        zip(
            ("Place", "Threat URN", "Primary P", "Category", "Event date"),
            ("Bootle", "SOC-0001", "Pursue", "Minor", datetime(2022, 6, 1)),
            strict=True,
        )
    )


def test_blank_lines_and_formatted_emptiness_are_no_lines(tmp_path):
    def change(book, sheet):
        sheet.append(LINE)
        sheet.append([None] * 5)
        sheet.append(["  ", None, "", None, None])
        sheet.append(LINE)
        sheet.cell(row=1_048_576, column=1).number_format = "@"

    assert [number for number, _ in lines_of(tmp_path / "f", typed(change))] == [2, 5]


def test_hidden_lines_are_read_and_told(tmp_path):
    def change(book, sheet):
        sheet.append(LINE)
        sheet.append(LINE)
        sheet.row_dimensions[3].hidden = True

    path = tmp_path / "f"
    assert len(lines_of(path, typed(change))) == 2
    with reading.opened(path, name="f.xlsx") as book:
        assert book.tabs[0].hidden == {3}


def test_a_cell_merged_over_lines_stands_on_each_of_them(tmp_path):
    def change(book, sheet):
        for _ in range(3):
            sheet.append([None, *LINE[1:]])
        sheet["A2"] = "SOC-0001"
        sheet.merge_cells("A2:A3")

    threats = [cells["Threat URN"] for _, cells in lines_of(tmp_path / "f", typed(change))]
    assert threats == ["SOC-0001", "SOC-0001", None]


def test_formulas_and_faults_are_told_from_text(tmp_path):
    def change(book, sheet):
        sheet.append(["SOC-0001", "=TODAY()", "Minor", "Pursue", "=1+1"])
        sheet.append(["SOC-0001", "#N/A", "Minor", "Pursue", "=1+1"])
        sheet["E3"].data_type = "s"

    (_, first), (_, second) = lines_of(tmp_path / "f", typed(change))
    assert first["Event date"] == Unreadable("EX27", "=TODAY()")
    assert second["Event date"] == Unreadable("EX28", "#N/A")
    assert second["Place"] == "=1+1"


def test_a_workbook_that_counts_days_from_1904_says_so(tmp_path):
    def change(book, sheet):
        book.epoch = CALENDAR_MAC_1904
        sheet.append(LINE)

    path = tmp_path / "f"
    path.write_bytes(typed(change))
    with reading.opened(path, name="f.xlsx") as book:
        assert book.from_1904


@pytest.mark.parametrize(("sign", "encoding"), [(",", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-16"), (";", "cp1252")])
def test_csv_is_read_whatever_stands_between_its_cells_and_however_it_was_saved(tmp_path, sign, encoding):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=sign)
    writer.writerows([("Threat URN", "Event date", "Category", "Primary P", "Place")])
    writer.writerow(("SOC-0001", "01/06/2022", "Minor", "Pursue", "Café, quay; dock\nand pier"))
    ((number, cells),) = lines_of(tmp_path / "f", text.getvalue().encode(encoding), name="any name.csv")
    assert (number, cells["Place"]) == (2, "Café, quay; dock\nand pier")


def test_windows_text_is_told(tmp_path):
    path = tmp_path / "f"
    path.write_bytes("Threat URN,Event date,Category,Primary P,Place\nS,1/6/2022,Minor,Pursue,Café\n".encode("cp1252"))
    with reading.opened(path, name="Disruptions.csv") as book:
        assert "read as Windows text" in book.notes[0]


def macro() -> bytes:
    out = io.BytesIO(typed(lambda book, sheet: sheet.append(LINE)))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macro")
    return out.getvalue()


def bomb() -> bytes:
    out = io.BytesIO(typed(lambda book, sheet: sheet.append(LINE)))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image1.png", b"\0" * (60 * 1024 * 1024))
    return out.getvalue()


def entities() -> bytes:
    """A sheet whose XML would grow without end."""
    bad = (
        '<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row></sheetData></worksheet>'
    )
    return replaced(typed(lambda book, sheet: sheet.append(LINE)), "xl/worksheets/sheet1.xml", bad.encode())


def replaced(content: bytes, member: str, by: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for each in old.namelist():
            new.writestr(each, by if each == member else old.read(each))
    return out.getvalue()


def locked() -> bytes:
    content = bytearray(written(["x"], form="zip"))
    at = content.index(b"PK\x01\x02")
    content[6] |= 1
    content[at + 8] |= 1
    return bytes(content)


HEADINGS = "Threat URN,Event date,Category,Primary P\n"
REFUSED = {
    "nothing": (b"", "f.xlsx", "EX1"),
    "old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 rest", "f.xlsx", "EX4"),
    "old name": (b"anything", "f.XLS", "EX4"),
    "locked zip": (locked(), "f.zip", "EX4"),
    "macros by name": (b"PK anything", "f.xlsm", "EX5"),
    "macros inside": (macro(), "f.xlsx", "EX5"),
    "damaged": (typed(lambda book, sheet: sheet.append(LINE))[:2_000], "f.xlsx", "EX6"),
    "damaged inside": (replaced(typed(lambda b, s: s.append(LINE)), "xl/workbook.xml", b"<not"), "f.xlsx", "EX6"),
    "entities": (entities(), "f.xlsx", "EX6"),
    "grows without measure": (bomb(), "f.xlsx", "EX7"),
    "a document": (b"%PDF-1.7", "f.pdf", "EX3"),
    "a picture": (b"\x89PNG\r\n", "f.csv", "EX3"),
    "a zip of something else": (replaced(written(["x"], form="zip"), "none", b""), "f.zip", None),
    "other headings": (b"a,b\n1,2\n", "f.csv", "EX9"),
    "an open quotation": (f'{HEADINGS}"S,1,2,3\n'.encode(), "f.csv", "EX13"),
    "no encoding": (b"Threat URN,Event date\n\x81\x8d\n", "f.csv", "EX12"),
    "a column missing": (
        b"Threat URN,Event date,Place,What they can no longer do\nS,1,2,3\n",
        "Disruptions.csv",
        "EX10",
    ),
    "a heading twice": (f"Place,{HEADINGS.strip()},place\nA,S,1,2,3,B\n".encode(), "Disruptions.csv", "EX11"),
}


@pytest.mark.parametrize(("content", "name", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_file_that_cannot_be_taken_is_refused_by_name(tmp_path, content, name, code):
    if code is None:
        assert len(lines_of(tmp_path / "f", content, name=name)) == 1
        return
    with pytest.raises(RuleBroken) as refusal:
        lines_of(tmp_path / "f", content, name=name)
    assert refusal.value.code == code


def test_a_zip_without_csv_is_refused(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(RuleBroken) as refusal:
        lines_of(tmp_path / "f", out.getvalue(), name="f.zip")
    assert refusal.value.code == "EX3"


def test_a_file_larger_than_is_taken_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(rules, "MOST_BYTES", 1_000)
    with pytest.raises(RuleBroken) as refusal:
        lines_of(tmp_path / "f", written(["x"]))
    assert refusal.value.code == "EX2"


def test_more_lines_than_are_taken_are_refused(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(written("abcd"))
    with reading.opened(path, name="f.xlsx") as book:
        (found,) = reading.sheets_in(book, LAYOUT)
        with pytest.raises(RuleBroken) as refusal:
            list(found.lines(most=3))
    assert refusal.value.code == "EX8"


def test_a_row_number_past_the_end_of_every_sheet_ends_the_reading(tmp_path):
    far = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1" t="inlineStr"><is><t>Threat URN</t></is></c></row>'
        b'<row r="900000000"><c r="XFD900000000"><v>1</v></c></row></sheetData></worksheet>'
    )
    content = replaced(typed(lambda book, sheet: sheet.append(LINE)), "xl/worksheets/sheet1.xml", far)
    with pytest.raises(RuleBroken):
        lines_of(tmp_path / "f", content)


def test_a_sheet_is_known_by_its_headings_when_it_is_called_otherwise(tmp_path):
    def change(book, sheet):
        sheet.title = "Sheet1"
        sheet.append(LINE)

    assert len(lines_of(tmp_path / "f", typed(change))) == 1


def test_another_layout_is_written_and_read_without_code(tmp_path):
    other, out = layout(OTHER), io.BytesIO()
    rows = [
        {"event_on": date(2023, 1, 4), "category": "MINOR", "primary_p": "PURSUE", "threat": "T-1", "late": True},
        {"event_on": date(2023, 1, 5), "category": "MAJOR", "primary_p": "PREVENT", "threat": "T-1", "late": False},
    ]
    writing.write_workbook(out, {Kind.DISRUPTIONS: rows}, layout=other, words=WORDS, about=writing.About("Other"))
    sheet = load_workbook(io.BytesIO(out.getvalue()))["DSR"]
    assert [c.value for c in sheet[1]] == ["WHEN", "IMPACT", "FOUR P", "THREAT NO", "NO", "LATE"]
    assert [c.value for c in sheet[2]] == [datetime(2023, 1, 4), "3", "PU", "T-1", None, "Y"]
    assert sheet["A2"].number_format == "yyyy.mm.dd"
    columns = other.sheet(Kind.DISRUPTIONS).columns
    back = [
        {
            c.field.name: rules.read(c, cells[c.heading], layout=other, words=WORDS)
            for c in columns
            if c.field.name != "reference"
        }
        for _, cells in lines_of(tmp_path / "f", out.getvalue(), of=other)
    ]
    assert back == rows


@pytest.mark.slow
def test_very_many_lines_are_read_in_bounded_memory(tmp_path):
    head = "".join(f"<c t='inlineStr'><is><t>{h}</t></is></c>" for h in ("THREAT NO", "WHEN"))
    line = "<row><c t='str'><v>SOC-0001</v></c><c><v>44930</v></c></row>"
    sheet = (
        "<worksheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><sheetData>"
        f"<row>{head}</row>{line * 40_000}</sheetData></worksheet>"
    )
    path = tmp_path / "f"
    path.write_bytes(replaced(typed(lambda book, _: None), "xl/worksheets/sheet1.xml", sheet.encode()))
    tracemalloc.start()
    with reading.opened(path, name="f.xlsx") as book:
        (found,) = reading.sheets_in(book, layout(OTHER))
        count = sum(1 for _ in found.lines())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 40_000
    assert peak < 24 * 1024 * 1024
