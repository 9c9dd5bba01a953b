"""Organisations found by name, misspelt or in part, by what they trade as and by company number; two readers."""

import re

import pytest
from django.urls import reverse

from tests.pole.canonical import Batch

pytestmark = pytest.mark.django_db


@pytest.fixture
def asks(publish, tmp_path, reading, universe):
    """What a search by an analyst answers, as plain text, in a region that knows some firms."""
    ours = Batch(tmp_path / "ours")
    ours.thing(
        "o1",
        "ORGANISATION",
        "Meridian Bootle Scaffolding Limited",
        detail={"company_number": "1234567", "postcode": "L20 1AA", "trading_names": ["Speedy Poles"]},
    )
    ours.thing("o2", "ORGANISATION", "Harbour Nails & Beauty", detail={"postcode": "L1 1AA"})
    ours.thing("o5", "ORGANISATION", "A.B.C. Motors", detail={"postcode": "L1 1AB"})
    ours.thing("o6", "ORGANISATION", "Cash4Gold", detail={"postcode": "L1 1AC"})
    publish(ours, grouped=True)
    theirs = Batch(tmp_path / "theirs", force="gmp")
    theirs.thing("o3", "ORGANISATION", "MERIDIAN BOOTLE SCAFFOLDING LTD", detail={"postcode": "L20 1AA"})
    theirs.thing("o4", "ORGANISATION", "Meridian Sealed Recovery", audience="OWN", detail={"company_number": "7654321"})
    publish(theirs, source="policeworks_gmp", grouped=True)
    clients = {}

    def asked(typed, force="merseyside"):
        if force not in clients:
            clients[force] = reading(getattr(universe, f"{force}_analyst"))
        answer = clients[force].get(reverse("search:search"), {"q": typed})
        assert answer.status_code == 200, answer
        main = answer.content.decode().split("<main")[1].split("</main>")[0]
        return " ".join(re.sub(r"<[^>]+>", " ", main.replace("&#39;", "'").replace("&amp;", "&")).split())

    return asked


def test_a_firm_is_found_however_it_is_spelt_and_the_search_says_why(asks):
    for typed, why in (
        ("Meridian Bootle Scaffolding", "Same name"),
        ("the meridian bootle scaffolding ltd", "Same name"),
        ("Meridan Bootle Scafolding", "Name spelt nearly like it"),
        ("Scaffolding Meridian", "Part of the name"),
        ("Speedy Poles", "Trades as Speedy Poles"),
        ("speedy pole", "Trades as Speedy Poles: name begins so"),
        ("01234567", "Same company number"),
        ("1234567", "Same company number"),
        ("Harbour Nails and Beauty", "Same name"),
        ("Harbor nails", "Name spelt nearly like it"),
        ("A.B.C. Motors", "Same name"),
        ("abc motors", "Same name"),
        ("Cash4Gold Ltd", "Same name"),
    ):
        said = asks(typed)
        assert "1 organisation" in said, (typed, said)
        assert why in said, (typed, said)
    said = asks("Meridian Bootle Scaffolding")
    assert "2 records from Greater Manchester Police, Merseyside Police" in said
    assert "Company number 1234567. L20 1AA" in said


def test_a_firm_that_a_reader_may_not_see_is_not_there(asks):
    for typed in ("Meridian Sealed Recovery", "Sealed Recovery", "07654321", "Seeled Recovry"):
        assert "Sealed" not in asks(typed).replace(typed, ""), typed
        assert "Meridian Sealed Recovery" in asks(typed, "gmp"), typed
    assert asks("Sealed Recovery").replace("Sealed Recovery", "") == asks("Quirky Nothing").replace(
        "Quirky Nothing", ""
    )


def test_a_name_of_nothing_but_legal_forms_finds_no_firm(asks):
    assert "organisation" not in asks("The Limited Company")
