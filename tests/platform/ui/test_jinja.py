"""The templates' environment: what raises, what is lenient, how values read."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import govuk_frontend_jinja
import pytest
from django.template import engines
from jinja2 import UndefinedError

from fourfold.platform.database.where import source_root
from fourfold.platform.ui import jinja

COMPONENTS = sorted(
    folder.name for folder in (Path(govuk_frontend_jinja.__file__).parent / "templates/components").iterdir()
)
SAMPLE = {"text": "Sample", "href": "/", "id": "sample", "name": "sample", "idPrefix": "sample", "value": "1"}
ITEM = {"text": "One", "href": "/", "value": "1", "heading": {"text": "One"}, "content": {"text": "One"}}
ROW = {"key": {"text": "Key"}, "value": {"text": "Value"}, "title": {"text": "Task"}, "status": {"text": "Done"}}


@pytest.fixture(scope="module")
def environment():
    return engines["jinja2"].env


def templates() -> list[Path]:
    return sorted((source_root() / "src" / "fourfold").glob("**/templates/**/*.html"))


@pytest.mark.parametrize("name", COMPONENTS)
def test_each_component_of_govuk_renders(environment, name):
    macro = "govuk" + "".join(word.title() for word in name.split("-"))
    listed = {"rows": [[ITEM]] if name == "table" else [ROW], "items": [ITEM | ROW], "errorList": [ITEM]}
    params = SAMPLE | listed | {"label": {"text": "Label"}, "summaryText": "Summary", "titleText": "Title", "tag": ITEM}
    params |= {"messages": [{"text": "Cookies"}], "maxlength": 10, "previous": ITEM, "next": ITEM}
    source = f'{{% from "govuk_frontend_jinja/components/{name}/macro.html" import {macro} %}}{{{{ {macro}(params) }}}}'
    assert "govuk-" in environment.from_string(source).render(params=params)


@dataclass(frozen=True)
class Sample:
    title: str = "A title"


@pytest.mark.parametrize(
    "source", ["{{ page.titel }}", "{{ pag.title }}", "{% if page.titel %}{% endif %}", "{{ titel }}"]
)
def test_a_name_or_attribute_of_ours_that_is_missing_raises(environment, source):
    with pytest.raises(UndefinedError):
        environment.from_string(source).render(page=Sample())


def test_a_macro_of_ours_refuses_to_be_called_without_its_argument(environment):
    source = '{% from "ui/components/timeline.html" import timeline %}{{ timeline() }}'
    with pytest.raises(UndefinedError, match="moments"):
        environment.from_string(source).render()


def test_a_missing_key_of_a_dictionary_is_empty_as_govuks_macros_expect(environment):
    assert environment.from_string("[{{ params.label.classes }}]").render(params={}) == "[]"


def test_text_is_escaped(environment):
    assert environment.from_string("{{ page.title }}").render(page=Sample("<b>")) == "&lt;b&gt;"


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
def test_each_template_compiles_and_keeps_the_rules(environment, path):
    source = path.read_text(encoding="utf-8")
    environment.parse(source)
    assert "style=" not in source, "a template has no inline style"
    assert not re.search(r"\|\s*safe\b", source), "a template trusts no text"
    assert not re.search(r"\son\w+=", source), "a template has no inline script"
    assert not re.search(r"\.(objects|filter|all)\(", source), "a template makes no query"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "Not recorded"),
        ("", "Not recorded"),
        ("text", "text"),
        (True, "Yes"),
        (12_345, "12,345"),
        (0, "0"),
        (0.5, "0.5"),
        (1234.0, "1,234"),
        (date(2023, 1, 4), "4 January 2023"),
        (datetime(2023, 7, 4, 13, 5, tzinfo=UTC), "4 July 2023 at 2:05pm"),
        (datetime(2023, 1, 4, 0, 5, tzinfo=UTC), "4 January 2023 at 12:05am"),
        (datetime(2023, 1, 4, 12, 0, tzinfo=UTC), "4 January 2023 at 12:00pm"),
    ],
)
def test_a_value_reads_as_people_write_it(value, words):
    assert jinja.shown(value) == words


def test_a_summer_evening_belongs_to_londons_day():
    assert jinja.shown_date(datetime(2023, 7, 4, 23, 30, tzinfo=UTC)) == "5 July 2023"


def test_a_plural_counts():
    words = [jinja.plural(n, "threat", "threats") for n in (0, 1, 2, 1000)]
    assert words == ["0 threats", "1 threat", "2 threats", "1,000 threats"]
