"""Every address, and who may open it. `urls.txt` is the list; an address not in it, or not there any more, fails.

Each line is an address and who may: `anyone`, `signed-in`, or the roles. Addresses without a part that varies are tried
as every role; what a role may not open is a 404, as if it were not there.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.universe import PEOPLE

LISTED = {
    address: tuple(who.split())
    for address, who in (
        line.split(" ", 1)
        for line in (Path(__file__).parent / "urls.txt").read_text().splitlines()
        if line and not line.startswith("#")
    )
}
ROLES = {role: f"{role}@{code}.test" for code, roles in PEOPLE.items() for role in roles}
REFUSED = {403, 404}


def walk(patterns: list[URLPattern | URLResolver], before: str = "/") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        here = before + str(pattern.pattern).lstrip("^")
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, here)
        else:
            yield here, pattern


def addresses() -> dict[str, URLPattern]:
    return dict(walk(get_resolver().url_patterns))


def test_every_address_is_listed_and_every_listed_address_is_there():
    assert sorted(LISTED) == sorted(addresses())


def test_addresses_for_anyone_are_few_and_known():
    anyone = {address for address, who in LISTED.items() if who == ("anyone",)}
    private = "/calendars/<str:token>.ics"  # whoever has the address is told days; see decision 0098
    known = {"/sign-in/", private}
    assert all(address in known or address.startswith("/api/") for address in anyone), anyone


@pytest.mark.django_db
@pytest.mark.parametrize("address", [a for a, who in LISTED.items() if who != ("anyone",)])
def test_without_signing_in_an_address_leads_to_the_sign_in_page(address):
    view = addresses()[address].callback
    assert getattr(view, "login_required", True), f"{address} can be opened without signing in"
    if "<" not in address:
        answer = Client().get(address)
        assert (answer.status_code, answer.headers.get("Location", "").split("?")[0]) == (302, "/sign-in/")


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_addresses_open_for_their_roles_and_are_not_there_for_others(role, universe):
    client = Client()
    client.force_login(universe.user(ROLES[role]))
    plain = {address: who for address, who in LISTED.items() if who != ("anyone",) and "<" not in address}
    opened = {address for address in plain if client.get(address).status_code not in REFUSED}
    assert opened == {address for address, who in plain.items() if who == ("signed-in",) or role in who}
