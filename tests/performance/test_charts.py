"""Charts of a page: what is drawn, and what is not."""

import json

from fourfold.performance import charts
from fourfold.platform.ui.components import Table

TABLE = Table(heads=(), rows=(), caption="By kind")


def test_a_chart_draws_its_numbers():
    drawn = charts.bars("By kind", [("Groups", 3), ("Individuals", 0)], TABLE, of="Threats")
    assert json.loads(drawn.spec)["data"]["values"] == [
        {"name": "Groups", "rows": 3},
        {"name": "Individuals", "rows": 0},
    ]
    assert drawn.words == "By kind: Groups 3, Individuals 0. The table below says the same."


def test_nothing_is_drawn_where_every_number_is_0():
    assert not charts.bars("By kind", [("Groups", 0), ("Individuals", 0)], TABLE, of="Threats").spec
    assert not charts.stacked("By tier", [], TABLE, of="Threats", series=("Pursue",)).spec
