"""Charts as Vega-Lite, made here and drawn in the browser; beside each stands the table that says the same."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from fourfold.platform.ui.components import Table

INK: Final = "#0b0c0c"
FONT: Final = "Helvetica Neue, Arial, Liberation Sans, sans-serif"
COLOURS: Final = ("#16324a", "#5694ca", "#0f7a52", "#f47738", "#912b88", "#6f777b", "#b58840", "#d53880")
SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"
BAR: Final = 26
HEIGHT: Final = 240


@dataclass(frozen=True)
class Chart:
    """One chart: what it shows in words, how it is drawn, and the table that is equal to it.

    Attributes:
        spec: How it is drawn; empty where every number is 0, because that draws an empty frame.
    """

    title: str
    words: str
    spec: str
    table: Table


COUNTED: Final = {"tickMinStep": 1, "labelOverlap": "greedy", "labelSeparation": 4}


def bars(title: str, rows: Sequence[tuple[str, float]], table: Table, *, of: str) -> Chart:
    """One bar a row, in the order given."""
    encoding = {
        "y": {"field": "name", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 240}},
        "x": {"field": "rows", "type": "quantitative", "title": of, "axis": COUNTED},
    }
    values = [{"name": name, "rows": number} for name, number in rows]
    mark = {"type": "bar", "color": COLOURS[0]}
    return _chart(title, table, values, mark, encoding, height=BAR * max(len(rows), 1))


def stacked(
    title: str, rows: Sequence[tuple[str, str, float]], table: Table, *, of: str, series: Sequence[str]
) -> Chart:
    """Bars of parts: the row, the part, how many. The parts keep the order of `series`."""
    order = list(dict.fromkeys(name for name, *_ in rows))
    encoding = {
        "y": {"field": "name", "type": "nominal", "sort": order, "title": None, "axis": {"labelLimit": 240}},
        "x": {"field": "rows", "type": "quantitative", "title": of, "axis": COUNTED},
        "color": _colours(series),
        "order": {"field": "at", "type": "quantitative"},
    }
    at = {name: number for number, name in enumerate(series)}
    values = [{"name": name, "part": part, "rows": number, "at": at[part]} for name, part, number in rows]
    return _chart(title, table, values, {"type": "bar"}, encoding, height=BAR * max(len(order), 1))


def lines(
    title: str,
    rows: Sequence[tuple[str, str, float]],
    table: Table,
    *,
    of: str,
    series: Sequence[str],
    whole: bool = True,
) -> Chart:
    """A line of each part over months: the month as text in order, the part, how many; `whole` for counts."""
    encoding = {
        "x": {"field": "name", "type": "ordinal", "sort": None, "title": None, "axis": {"labelAngle": -40}},
        "y": {"field": "rows", "type": "quantitative", "title": of, "axis": {"tickMinStep": 1} if whole else {}},
        "color": _colours(series),
    }
    values = [{"name": name, "part": part, "rows": number} for name, part, number in rows]
    mark = {"type": "line", "point": True, "strokeWidth": 3}
    return _chart(title, table, values, mark, encoding, height=HEIGHT)


def _colours(series: Sequence[str]) -> dict[str, Any]:
    chosen = [COLOURS[at % len(COLOURS)] for at in range(len(series))]
    return {
        "field": "part",
        "type": "nominal",
        "title": None,
        "scale": {"domain": list(series), "range": chosen},
        "legend": {"orient": "bottom", "columns": 4},
    }


def _chart(
    title: str,
    table: Table,
    values: list[dict[str, Any]],
    mark: dict[str, Any],
    encoding: dict[str, Any],
    *,
    height: int,
) -> Chart:
    if not any(each["rows"] for each in values):
        return Chart(title, _in_words(title, values), "", table)
    spec = {
        "$schema": SCHEMA,
        "width": "container",
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "background": None,
        "data": {"values": values},
        "mark": mark,
        "encoding": encoding,
        "config": {
            "font": FONT,
            "axis": {"labelFontSize": 14, "titleFontSize": 14, "labelColor": INK, "titleColor": INK},
            "legend": {"labelFontSize": 14, "labelColor": INK},
            "view": {"stroke": None},
        },
    }
    return Chart(title, _in_words(title, values), json.dumps(spec, separators=(",", ":")), table)


def _in_words(title: str, values: Sequence[dict[str, Any]]) -> str:
    """For those who hear the page; the table below has every number."""
    said = ", ".join(
        f"{each['name']}{' ' + each['part'] if 'part' in each else ''} {each['rows']:g}" for each in values[:12]
    )
    more = " and more" if len(values) > 12 else ""
    return f"{title}: {said}{more}. The table below says the same."
