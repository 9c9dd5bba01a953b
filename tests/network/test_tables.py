"""Tables of a network's page: all that a reader may see, and no page that never ends."""

import pytest
from django.template import engines

from fourfold.platform.ui.components import Cell, Head, Table

SOURCE = '{% from "network/parts.html" import folded %}{{ folded(each) }}'


def drawn(rows):
    links = Table("Links", (Head("Link"),), tuple((Cell(f"link {number}"),) for number in range(rows)))
    return " ".join(engines["jinja2"].from_string(SOURCE).render({"each": links}).split())


@pytest.mark.parametrize(("rows", "is_folded"), [(25, False), (26, True)])
def test_a_table_that_would_fill_pages_is_folded_and_whole(rows, is_folded):
    page = drawn(rows)
    assert page.count("link ") == rows
    assert ("<details" in page) is is_folded
    assert (f"Links, {rows} rows" in page) is is_folded
