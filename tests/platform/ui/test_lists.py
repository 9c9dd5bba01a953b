"""The list pattern, on a governed table, through the whole service."""

import codecs
import csv
import io
import re
from datetime import UTC, date, datetime
from itertools import islice

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from fourfold.platform import clock
from fourfold.platform.audit.models import Entry, Operation
from fourfold.platform.people.models import RoleHeld
from fourfold.platform.ui import exports, lists
from fourfold.platform.ui.components import Cell, Empty, Link
from fourfold.platform.visibility.scope import acting_as
from tests.platform.sample import Case, own_label, region_label

LIST = "/sample-cases/"
CHOICE_QUERIES = 2  # one for the colours, one for the classes


@pytest.fixture
def cases(db, universe):
    """Thirty cases for the region, one that only Cheshire sees."""
    with acting_as(universe.merseyside_analyst):
        region = region_label("merseyside")
        for n in range(30):
            detail = {"colour": "red" if n % 3 else "blue"}
            Case.objects.create(label=region, title=f"Case {n:02}", size=n, detail=detail)
    with acting_as(universe.cheshire_analyst):
        Case.objects.create(label=own_label("cheshire"), title="Hidden case", size=99, detail={"colour": "green"})


@pytest.fixture
def reader(client_for, universe):
    return client_for(universe.gmp_analyst)


def body(answer) -> str:
    return answer.content.decode()


def titles(answer) -> list[str]:
    return re.findall(r'href="/sample-cases/\d+/(?:\?[^"]*)?">([^<]+)<', body(answer))


def counted(answer, label: str) -> int:
    return int(re.search(rf'>{label} <span class="ff-count">(\d+)<', body(answer))[1])


def test_a_page_has_25_rows_in_the_lists_own_order_and_says_how_many_there_are(cases, reader):
    answer = reader.get(LIST)
    assert titles(answer) == [f"Case {n:02}" for n in range(29, 4, -1)]
    assert "30 cases" in body(answer)
    assert titles(reader.get(LIST, {"page": 2})) == [f"Case {n:02}" for n in range(4, -1, -1)]


def test_a_hidden_row_is_in_no_row_count_or_choice(cases, reader, universe, client_for):
    answer = reader.get(LIST)
    assert "Hidden" not in body(answer)
    assert "green" not in body(answer)
    assert "31 cases" in body(client_for(universe.cheshire_analyst).get(LIST))


def test_each_choice_counts_the_rows_it_would_leave_under_the_other_filters(cases, reader):
    answer = reader.get(LIST, {"colour": "blue"})
    assert (counted(answer, "blue"), counted(answer, "red")) == (10, 20)
    assert (counted(answer, "Large"), counted(answer, "Small")) == (6, 4)
    assert "10 cases" in body(answer)


def test_a_filter_over_many_rows_repeats_no_row(db, reader, universe):
    analyst = universe.gmp_analyst
    before = reader.get("/sample-people/", {"role": "analyst"})
    RoleHeld.objects.create(user=analyst, role="analyst", held_from=date(2020, 1, 1), held_to=date(2020, 2, 1))
    after = reader.get("/sample-people/", {"role": "analyst"})
    names = re.findall(r'href="/sample-people/\d+/">([^<]+)<', body(after))
    assert names.count(analyst.name) == 1
    assert counted(after, "analyst") == counted(before, "analyst") == len(names) > 5
    assert "As recorded on" not in body(after)
    assert "Download" not in body(after)


def test_what_is_on_shows_as_a_chip_that_takes_it_off(cases, reader):
    answer = reader.get(LIST, {"colour": "blue", "q": "case 0", "sort": "title"})
    assert 'href="?q=case+0&amp;sort=title"' in body(answer)
    assert 'href="?colour=blue&amp;sort=title"' in body(answer)
    assert "Colour: blue" in body(answer)
    assert "Words: “case 0”" in body(answer)
    assert titles(answer) == ["Case 00", "Case 03", "Case 06", "Case 09"]


def test_a_column_sorts_both_ways_by_a_link_and_says_which(cases, reader):
    up = reader.get(LIST, {"sort": "title"})
    assert titles(up)[0] == "Case 00"
    assert re.search(r'aria-sort="ascending"><a class="ff-sort" href="\?sort=-title"', body(up))
    down = reader.get(LIST, {"sort": "-title"})
    assert titles(down)[0] == "Case 29"
    assert re.search(r'aria-sort="descending"><a class="ff-sort" href="\?sort=title"', body(down))


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"colour": "mauve"}, "“Colour” has no such choice"),
        ({"class": "huge\x00"}, "“Class” has no such choice"),
        ({"sort": "secret"}, "cannot be sorted that way"),
        ({"recorded_from": "32/1/2023"}, "enter a real date"),
        ({"recorded_from": "2/1/2023", "recorded_to": "1/1/2023"}, "the first day must not be after the last"),
        ({"as_recorded_on": "yesterday"}, "As recorded on: enter a real date"),
        ({"as_recorded_on": "2999-01-01"}, "As recorded on: the date must be today or earlier"),
        ({"as_recorded_on": "0001-01-01"}, "As recorded on: nothing is recorded before 2000"),
        ({"q": "x" * 201}, "must be 200 characters or fewer"),
    ],
)
def test_a_value_that_cannot_be_used_gets_a_sentence_and_the_list_still_shows(cases, reader, asked, sentence):
    answer = reader.get(LIST, asked)
    assert answer.status_code == 200
    assert "There is a problem" in body(answer)
    assert sentence in body(answer)
    assert "<title>Error: Sample cases" in body(answer)
    assert len(titles(answer)) == 25


@pytest.mark.parametrize("page", ["0", "-1", "99", "abc", "9" * 40])
def test_any_page_number_gives_a_page(cases, reader, page):
    assert titles(reader.get(LIST, {"page": page}))


def test_the_number_of_queries_does_not_grow_with_the_rows(db, universe, reader):
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as made:
            reader.get(LIST)
        return sum("sample_case" in query["sql"] for query in made.captured_queries)

    with acting_as(universe.merseyside_analyst):
        Case.objects.create(label=region_label("merseyside"), title="First", size=1, detail={"colour": "c1"})
    one = queries()
    with acting_as(universe.merseyside_analyst):
        for n in range(40):
            Case.objects.create(label=region_label("merseyside"), title=f"More {n}", size=n, detail={"colour": f"c{n}"})
    assert queries() == one <= CHOICE_QUERIES + 2


def test_nothing_found_says_so_and_offers_the_way_back(cases, reader):
    answer = reader.get(LIST, {"q": "no such case"})
    assert "Nothing matches" in body(answer)
    assert "Clear the filters" in body(answer)
    assert "Download" not in body(answer)


def test_an_empty_list_says_what_will_be_here(db, reader):
    answer = reader.get(LIST)
    assert "No cases yet" in body(answer)
    assert "Cases will be here once one is made." in body(answer)


def test_a_csv_file_holds_every_row_of_the_filter_and_is_noted_in_the_ledger(cases, reader, universe):
    answer = reader.get(LIST, {"colour": "blue", "sort": "title", "export": "csv"})
    text = answer.content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["Title", "Size", "Colour", "Class"]
    assert rows[1] == ["Case 00", "0", "blue", "Small"]
    assert len(rows) == 11
    assert "OFFICIAL-SENSITIVE" in answer.headers["Content-Disposition"]
    with acting_as(universe.nwrocu_auditor):
        noted = Entry.objects.get(operation=Operation.EXPORT)
    assert (noted.object_type, noted.actor_id) == ("sample.case list", universe.gmp_analyst.pk)
    assert noted.details["rows"] == 10
    assert noted.details["filters"] == "Colour: blue"


def test_a_formula_is_written_as_text_in_both_files(db, universe, reader):
    with acting_as(universe.merseyside_analyst):
        Case.objects.create(label=region_label("merseyside"), title='=HYPERLINK("x","y")', size=-3)
    text = reader.get(LIST, {"export": "csv"}).content.decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text)))[1][:2] == ['\'=HYPERLINK("x","y")', "-3"]
    file = io.BytesIO(reader.get(LIST, {"export": "xlsx"}).content)
    book = load_workbook(file)
    cell = book["Rows"]["A2"]
    assert (cell.data_type, cell.value) == ("s", '\'=HYPERLINK("x","y")')
    assert book["Rows"]["B2"].value == -3
    about = {row[0]: row[1] for row in book["About this file"].iter_rows(min_row=2, values_only=True)}
    assert about["Marking"] == "OFFICIAL-SENSITIVE"
    assert about["Taken by"] == universe.gmp_analyst.name


def test_a_workbook_of_too_many_rows_is_refused_with_what_to_do(cases, reader, monkeypatch):
    monkeypatch.setattr(exports, "ROWS_IN_A_WORKBOOK", 20)
    answer = reader.get(LIST, {"export": "xlsx"})
    assert answer.status_code == 422
    assert "holds 20 rows and this one has 30. Filter it, or take the CSV file" in answer.content.decode()


@pytest.fixture
def long_lists(monkeypatch):
    """Lists of more than ten rows are long, and a few rows are a piece."""
    monkeypatch.setattr(exports, "ROWS_AT_ONCE", 10)
    monkeypatch.setattr(exports, "PIECE", 64)


def exports_noted(universe):
    with acting_as(universe.nwrocu_auditor):
        entries = Entry.objects.filter(operation=Operation.EXPORT).order_by("pk")
        return [(e.actor_id, e.details["rows"], e.details.get("sent")) for e in entries]


def test_a_long_list_is_sent_row_by_row_and_the_ledger_says_when_it_began_and_how_many_went(
    cases, reader, universe, long_lists
):
    taker = universe.gmp_analyst.pk
    answer = reader.get(LIST, {"sort": "title", "export": "csv"})
    assert answer.streaming
    assert exports_noted(universe) == [(taker, 30, "begun")], "before the first row has left"
    pieces = list(answer)
    rows = list(csv.reader(io.StringIO(b"".join(pieces).decode("utf-8-sig"))))
    assert len(pieces) > 3
    assert rows[0] == ["Title", "Size", "Colour", "Class"]
    assert [row[0] for row in rows[1:]] == [f"Case {n:02d}" for n in range(30)]
    assert exports_noted(universe)[1:] == [(taker, 30, "whole")]
    short = reader.get(LIST, {"colour": "blue", "export": "csv"})
    assert not short.streaming, "ten rows are handed over whole"
    assert exports_noted(universe)[2:] == [(taker, 10, None)]


def test_a_long_list_that_nobody_waits_for_is_noted_with_the_rows_that_went(cases, reader, universe, long_lists):
    answer = reader.get(LIST, {"export": "csv"})
    assert next(iter(answer)).startswith(codecs.BOM_UTF8)
    answer._iterator.close()  # as the server does when the line is cut; the client's own keeps the tests' connection
    begun, broken_off = exports_noted(universe)
    assert begun[1:] == (30, "begun")
    assert broken_off[2] == "broken off"
    assert 0 < broken_off[1] < 5, "no more is drawn than is sent"


def test_a_long_list_that_breaks_off_says_so_in_its_last_line(cases, reader, universe, long_lists, monkeypatch):
    whole = lists._values

    def broken(found, spec):
        yield from islice(whole(found, spec), 12)
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(lists, "_values", broken)
    answer, sent = reader.get(LIST, {"export": "csv"}), []
    with pytest.raises(RuntimeError, match="the disk is full"):
        sent.extend(answer)
    last = b"".join(sent).decode("utf-8-sig").splitlines()[-1]
    assert last == "This file is not whole: it broke off. The list has 30 rows; take it again."
    assert [sent for _, _, sent in exports_noted(universe)] == ["begun"]


def test_a_file_holds_no_hidden_row(cases, reader):
    text = reader.get(LIST, {"export": "csv"}).content.decode()
    assert "Hidden" not in text
    assert len(text.splitlines()) == 31


def test_a_past_date_shows_what_had_been_recorded_by_its_end_and_says_so(
    as_simulation, universe, client_for, monkeypatch
):
    with clock.told(datetime(2023, 1, 4, 12, tzinfo=UTC)), acting_as(universe.merseyside_analyst):
        case = Case.objects.create(label=region_label("merseyside"), title="As it was", size=1)
    with clock.told(datetime(2023, 1, 5, 0, 30, tzinfo=UTC)), acting_as(universe.merseyside_analyst):
        Case.objects.filter(pk=case.pk).update(title="As it is", size=12)
    with clock.told(datetime(2023, 2, 1, tzinfo=UTC)):
        reader = client_for(universe.gmp_analyst)
        then = reader.get(LIST, {"as_recorded_on": "2023-01-04", "colour": ""})
        assert titles(then) == ["As it was"]
        assert counted(then, "Small") == 1
        assert "You are looking at what was recorded by the end of 4 January 2023." in body(then)
        assert "Go back to now" in body(then)
        assert f'href="/sample-cases/{case.pk}/?as_recorded_on=2023-01-04"' in body(then)
        assert f'href="/sample-cases/{case.pk}/"' in body(reader.get(LIST))
        assert titles(reader.get(LIST, {"as_recorded_on": "5/1/2023"})) == ["As it is"]
        assert titles(reader.get(LIST)) == ["As it is"]
        before = reader.get(LIST, {"as_recorded_on": "2023-01-03"})
        assert "Nothing recorded by then" in body(before)
        file = reader.get(LIST, {"as_recorded_on": "2023-01-04", "export": "csv"})
        assert "As it was" in file.content.decode()
        assert "2023-01-04" in file.headers["Content-Disposition"]
        monkeypatch.setattr(exports, "ROWS_AT_ONCE", 0)
        row_by_row = reader.get(LIST, {"as_recorded_on": "2023-01-04", "export": "csv"})
        assert b"".join(row_by_row) == file.content


def test_a_past_date_is_kept_by_sorting_paging_and_exporting(cases, reader):
    answer = reader.get(LIST, {"sort": "title", "as_recorded_on": "2020-01-01"})
    assert 'name="sort" value="title"' in body(answer)
    assert 'value="1/1/2020"' in body(answer)


def test_a_list_must_be_put_together_rightly():
    def made(**given):
        parts = {
            "name": "x",
            "title": "X",
            "noun": ("x", "xs"),
            "columns": (lists.Column("a", "A", sort=("a",)),),
            "row": lambda each: (Cell(each),),
            "order": "a",
            "empty": Empty("None", "None"),
        }
        return lists.ListSpec(**(parts | given))

    made()
    with pytest.raises(ValueError, match="not a column that sorts"):
        made(order="b")
    with pytest.raises(ValueError, match="keys of their own"):
        made(filters=(lists.TextFilter("page", "Page"),))


def test_a_records_page_reads_the_same_past_date(rf):
    with clock.told(datetime(2023, 2, 1, tzinfo=UTC)):
        past = lists.recorded_on(rf.get("/x/", {"as_recorded_on": "4/1/2023", "tab": "plan"}))
        now = lists.recorded_on(rf.get("/x/", {"tab": "plan"}))
        today = lists.recorded_on(rf.get("/x/", {"as_recorded_on": "2023-02-01"}))
        wrong = lists.recorded_on(rf.get("/x/", {"as_recorded_on": "2023-02-30"}))
    assert past.moment == datetime(2023, 1, 4, 23, 59, 59, 999999, tzinfo=UTC)
    assert past.alerts[0].link == Link("Go back to now", "?tab=plan")
    assert (now.moment, now.alerts) == (None, ())
    assert (today.moment, today.alerts) == (None, ())
    assert (wrong.moment, wrong.alerts[0].kind) == (None, "error")


def test_a_long_filter_shows_a_few_choices_with_rows_and_the_rest_on_a_press(db, universe, reader):
    with acting_as(universe.merseyside_analyst):
        region = region_label("merseyside")
        for n in range(12):
            Case.objects.create(label=region, title=f"Case {n}", size=n, detail={"colour": f"c{n:02}"})
    html = body(reader.get(LIST, {"colour": "c11"}))
    shown, _, rest = html.partition(" more<")
    at_once = re.findall(r'name="colour" type="checkbox" value="(c\d\d)"', shown)
    assert at_once == ["c00", "c01", "c02", "c03", "c04", "c11"]
    assert len(re.findall(r'name="colour" type="checkbox"', rest)) == 6
    assert "6 more<" in html


def test_filters_past_the_first_few_fold_unless_they_are_on(db, reader):
    assert "ff-fold" not in body(reader.get(LIST))
    shown = tuple(lists.FilterShown(f"f{n}", f"F{n}", "choices", f"filter-f{n}") for n in range(6))
    assert [each.folded for each in lists._folded(shown, {"f5"})] == [False] * 4 + [True, False]
