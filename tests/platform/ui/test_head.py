"""HEAD is answered wherever GET is."""

import pytest


@pytest.mark.parametrize(("address", "status"), [("/sample-cases/", 200), ("/sample-cases/999999/", 404)])
def test_head_has_the_status_and_headers_of_get_and_no_body(db, universe, client_for, address, status):
    client = client_for(universe.gmp_analyst)
    got, asked = client.get(address), client.head(address)
    assert (got.status_code, asked.status_code) == (status, status)
    assert asked.headers["Content-Type"] == got.headers["Content-Type"]
    assert (bool(got.content), asked.content) == (True, b"")


def test_head_is_refused_where_get_is(db, universe, client_for):
    assert client_for(universe.gmp_analyst).head("/sign-out/").status_code == 405
