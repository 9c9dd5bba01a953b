"""Forms: dates in three boxes, sentences for each refusal, and what was typed is kept."""

import re
from datetime import UTC, date, datetime

import pytest
from django import forms
from django.template import engines

from fourfold.platform.errors import RuleBroken
from fourfold.platform.ui import fields


class Asked(forms.Form):
    born_on = fields.DateField(label="Date of birth")
    seen_on = fields.DateField(label="Last seen", words="date it was last seen", required=False)
    name = forms.CharField(label="Name", max_length=5)
    count = forms.IntegerField(label="How many", min_value=1)
    kind = forms.ChoiceField(label="Kind", choices=[("a", "First"), ("b", "Second")])
    roles = forms.MultipleChoiceField(
        label="Roles",
        widget=forms.CheckboxSelectMultiple,
        choices=[("x", fields.Choice("Lead", hint="Leads the group")), ("y", "Other")],
        required=False,
    )
    grade = forms.ChoiceField(label="Grade", widget=forms.RadioSelect, choices=[("1", "One"), ("2", "Two")])
    agrees = forms.BooleanField(label="I have checked this")
    paper = forms.FileField(label="Paper", required=False)


GOOD = {
    "born_on_day": "4",
    "born_on_month": "1",
    "born_on_year": "1990",
    "name": "Name",
    "count": "3",
    "kind": "a",
    "grade": "2",
    "agrees": "on",
}


def drawn(form: forms.Form) -> str:
    source = (
        '{% from "ui/components/fields.html" import all_fields, error_summary %}'
        "{{ error_summary(form) }}{{ all_fields(form) }}"
    )
    return engines["jinja2"].from_string(source).render({"form": form})


def test_three_boxes_make_a_date():
    form = Asked(GOOD)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["born_on"] == date(1990, 1, 4)
    assert form.cleaned_data["seen_on"] is None


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (("", "", ""), "Enter the date of birth"),
        (("4", "", ""), "Date of birth must include a month and a year"),
        (("", "1", "1990"), "Date of birth must include a day"),
        (("31", "2", "1990"), "Date of birth must be a real date, like 27 3 2023"),
        (("4", "1", "90"), "Date of birth must be a real date, like 27 3 2023"),
        (("four", "1", "1990"), "Date of birth must be a real date, like 27 3 2023"),
        (("²", "1", "1990"), "Date of birth must be a real date, like 27 3 2023"),
    ],
)
def test_each_wrong_date_is_told_what_is_wrong(typed, sentence):
    parts = dict(zip(("born_on_day", "born_on_month", "born_on_year"), typed, strict=True))
    form = Asked(GOOD | parts)
    assert form.errors["born_on"] == [sentence]
    html = drawn(form)
    assert '<a href="#id_born_on_day">' in html
    for name, value in parts.items():
        if value:
            assert re.search(rf'name="{name}"[^>]*value="{value}"', html), "what was typed is kept"


@pytest.mark.parametrize("month", ["3", "03", "March", "mar"])
def test_a_month_may_be_a_word(month):
    assert fields.date_of("27", month, "2023") == date(2023, 3, 27)


@pytest.mark.parametrize("typed", ["2023-03-27", "27/3/2023", "27 March 2023", " 27 Mar 2023 "])
def test_a_date_in_one_box_may_be_typed_as_people_do(typed):
    assert fields.read_date(typed) == date(2023, 3, 27)


@pytest.mark.parametrize("typed", ["", "27", "2023-13-01", "a/b/c", "27/3/23", "1-2-3-4", "١/٢/٢٠٢٣x"])
def test_what_is_no_date_is_none(typed):
    assert fields.read_date(typed) is None


def test_every_refusal_names_the_field_and_says_what_to_do():
    wrong = {"name": "Too long", "count": "0", "kind": "z", "grade": "", "agrees": ""}
    said = [error["text"] for error in fields.errors_of(wrongly(wrong))]
    assert said == [
        "Name must be 5 characters or fewer",
        "How many must be 1 or more",
        "Select kind from the list",
        "Select grade",
        "Tick to confirm: I have checked this",
    ]
    said = [error["text"] for error in fields.errors_of(wrongly({"name": "", "count": "three"}))]
    assert said == ["Enter name", "How many must be a whole number"]


def wrongly(changes: dict[str, str]) -> Asked:
    form = Asked(GOOD | changes)
    assert not form.is_valid()
    return form


def test_an_error_leads_to_its_field():
    html = drawn(wrongly({"grade": "", "kind": "z", "agrees": ""}))
    for name in ("grade", "kind", "agrees"):
        assert f'href="#id_{name}"' in html
        assert f'id="id_{name}"' in html


def test_what_was_chosen_is_kept_and_hints_stand_under_their_choices():
    html = drawn(Asked(GOOD | {"roles": ["x"], "name": "a<b"}))
    assert re.search(r'value="x" checked', html)
    assert re.search(r'value="2" checked', html)
    assert re.search(r'<option value="a" selected', html)
    assert "Leads the group" in html
    assert 'value="a&lt;b"' in html


def test_what_need_not_be_answered_says_so():
    html = drawn(Asked())
    assert "Paper (optional)" in html
    assert "Name (optional)" not in html


def test_a_broken_rule_stands_on_the_field_it_names_or_on_the_form():
    form = Asked(GOOD)
    form.is_valid()
    fields.refuse(form, RuleBroken("T1", "The name is taken", "name"))
    fields.refuse(form, RuleBroken("T2", "Somebody else changed this", "unknown"))
    assert fields.errors_of(form) == [
        {"text": "Somebody else changed this"},
        {"text": "The name is taken", "href": "#id_name"},
    ]


class Change(forms.Form):
    seen = fields.SeenField()


def test_the_moment_a_form_showed_comes_back_whole_and_one_tampered_with_is_none_that_ever_was():
    shown = datetime(2026, 10, 1, 9, 0, 0, 123456, tzinfo=UTC)
    html = str(Change(initial={"seen": shown})["seen"])
    assert 'type="hidden"' in html
    sent = re.search(r'value="([^"]+)"', html)[1]
    for typed, read in (
        (sent, shown),
        ("", None),
        ("2026-10-01T09:00:00", fields.NEVER),
        ("2026-99-99T09:00", fields.NEVER),
        ("x", fields.NEVER),
    ):
        form = Change({"seen": typed})
        assert form.is_valid()
        assert form.cleaned_data["seen"] == read
