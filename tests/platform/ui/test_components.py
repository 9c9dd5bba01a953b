"""Components: what they draw, and that nothing is colour alone."""

from datetime import date

import pytest
from django.template import engines

from fourfold.platform.ui import components
from fourfold.platform.ui.components import Action, Alert, Cell, Head, Moment, Step, Tab, Table, Tag, Waterfall


def drawn(file: str, macro: str, call: str, **given: object) -> str:
    source = f'{{% from "ui/components/{file}.html" import {macro} %}}{{{{ {call} }}}}'
    return " ".join(engines["jinja2"].from_string(source).render(given).split())


WATERFALL = Waterfall(
    (Step("Name", "Sounds alike", 6.0), Step("Born", "Same day", 9.5), Step("Postcode", "Differs", -3.0)),
    prior=-11.0,
    total=1.5,
    probability=0.74,
)


def test_each_bar_of_a_waterfall_starts_where_the_one_before_it_ended():
    prior, name, born, postcode, total = WATERFALL.bars
    assert [bar.kind for bar in WATERFALL.bars] == ["against", "for", "for", "against", "total"]
    assert name.x == pytest.approx(prior.x, abs=0.2)
    assert born.x == pytest.approx(name.x + name.width, abs=0.2)
    assert postcode.x + postcode.width == pytest.approx(born.x + born.width, abs=0.2)
    assert total.x == pytest.approx(WATERFALL.zero_x, abs=0.2)
    assert total.x + total.width == pytest.approx(postcode.x, abs=0.2)
    assert born.width / name.width == pytest.approx(9.5 / 6.0, rel=0.01)


def test_a_waterfall_fits_its_drawing_whatever_the_weights():
    for weights in ((0.0,), (50.0, -80.0), (-1.0, -2.0), (1e-9,)):
        steps = tuple(Step("Name", "Level", weight) for weight in weights)
        drawing = Waterfall(steps, prior=-1.0, total=-1.0 + sum(weights), probability=0.5)
        for bar in drawing.bars:
            assert bar.x >= components.LABELS
            assert bar.x + bar.width <= components.WIDTH
            assert bar.y + components.BAR <= drawing.height


def test_a_waterfalls_table_says_what_its_bars_say():
    html = drawn("waterfall", "waterfall", "waterfall(w)", w=WATERFALL)
    for row in WATERFALL.table:
        assert row.comparison in html
        assert row.signed in html
    assert "style=" not in html
    assert [bar.words for bar in WATERFALL.bars] == [row.signed for row in WATERFALL.table]


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.99999, "more than 99.9%"), (0.0001, "less than 0.1%"), (0.74, "74.0%"), (1.0, "more than 99.9%")],
)
def test_a_probability_is_never_rounded_to_certainty(probability, words):
    assert components.per_cent(probability) == words


def test_a_tag_says_its_word():
    assert (
        drawn("tag", "tag", "tag(t)", t=Tag("Late", "red")) == '<strong class="govuk-tag govuk-tag--red">Late</strong>'
    )


def test_an_alert_says_its_kind():
    html = drawn("alert", "alert", "alert(a)", a=Alert("warning", "Two rows wait."))
    assert 'aria-label="warning: Two rows wait."' in html
    assert "moj-alert--warning" in html


def test_a_timeline_says_when_for_people_and_for_machines():
    html = drawn("timeline", "timeline", "timeline(m)", m=(Moment("Opened", date(2023, 1, 4), by="A unit"),))
    assert '<time datetime="2023-01-04">4 January 2023</time>' in html
    assert '<h3 class="moj-timeline__title">Opened</h3>' in html
    assert "by A unit" in html


def test_the_present_tab_is_marked_for_screen_readers():
    html = drawn(
        "sub_navigation",
        "sub_navigation",
        'sub_navigation(t, "Parts")',
        t=(Tab("One", "/1", current=True), Tab("Two", "/2", count=1200)),
    )
    assert html.count('aria-current="page"') == 1
    assert "1,200" in html


def test_an_action_that_changes_something_is_a_form_with_its_fields():
    action = Action("Close", "/close/", post=True, fields=(("id", "7"),))
    html = drawn("action_bar", "action_bar", "action_bar(a, token)", a=(action,), token="TOKEN")
    assert 'action="/close/" method="post"' in html
    assert "TOKEN" in html
    assert 'name="id" value="7"' in html


def test_a_cell_without_a_value_says_so_or_shows_its_tag():
    rows = ((Cell("A"), Cell(None)), (Cell("B", href="/b/", hint="was C"), Cell(None, tag=Tag("New"))))
    html = drawn("table", "table", "table(t)", t=Table("Sample", (Head("Name"), Head("State")), rows))
    assert html.count("Not recorded") == 1
    assert '<a class="govuk-link" href="/b/">B</a>' in html
    assert "was C" in html
    assert "<caption" in html


def test_an_empty_table_is_a_sentence():
    html = drawn("table", "table", "table(t)", t=Table("Sample", (Head("Name"),), (), empty="No sample was made."))
    assert html == '<p class="govuk-body">No sample was made.</p>'
