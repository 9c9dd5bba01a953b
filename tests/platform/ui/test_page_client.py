"""The client that checks pages finds each fault it is there to find."""

import pytest

from tests.pages import check, faults

GOOD = """<!DOCTYPE html><html lang="en"><head><title>Name – Fourfold</title></head>
<body class="govuk-template__body"><script nonce="n1">1</script>
<a class="govuk-skip-link" href="#main-content">Skip</a><p>OFFICIAL-SENSITIVE</p>
<main id="main-content"><h1>Name</h1>%s</main></body></html>"""


def test_a_good_page_passes():
    asked = '<input type="hidden" name="csrfmiddlewaretoken"><label for="a">A</label><input id="a">'
    check(GOOD % f'<form method="post">{asked}</form>', nonce="n1")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("<h1>Second</h1>", "2 h1 headings"),
        ('<input id="a" name="a">', "has no label"),
        ('<label for="b">B</label>', "labels nothing"),
        ('<p style="color: red">x</p>', "inline style"),
        ("<style>p {}</style>", "style element"),
        ('<button onclick="x()">Go</button>', "inline script onclick"),
        ("<script>x()</script>", "lacks the nonce"),
        ('<script nonce="n2">x()</script>', "lacks the nonce"),
        ('<form method="post"></form>', "no CSRF token"),
        ("<fieldset></fieldset>", "has no legend"),
        ("<table><tr><td>1</td></tr></table>", "has no caption"),
        ("<table><caption>C</caption><tr><th>1</th></tr></table>", "no heading with a scope"),
        ('<a href="/x"></a>', "has no text"),
        ('<img src="/x.png">', "no alt text"),
        ('<p id="x">1</p><p id="x">2</p>', "used 2 times"),
        ('<a href="#nowhere">x</a>', "leads nowhere"),
        ('<input aria-label="A" aria-describedby="nowhere">', "leads nowhere"),
        ("<p>None</p>", "says “None”"),
        ("<p>&lt;Case object at 0x7f&gt;</p>", "Python object"),
    ],
)
def test_each_fault_is_found(content, fault):
    found = faults(GOOD % content, nonce="n1")
    assert any(fault in each for each in found), found


@pytest.mark.parametrize(
    ("part", "fault"),
    [
        ("<!DOCTYPE html>", "DOCTYPE"),
        (' lang="en"', "language"),
        ("OFFICIAL-SENSITIVE", "marking"),
        ('href="#main-content"', "skip link"),
        ("Name – Fourfold", "title"),
    ],
)
def test_each_missing_part_is_found(part, fault):
    with pytest.raises(AssertionError, match=fault):
        check(GOOD.replace(part, "") % "", nonce="n1")
