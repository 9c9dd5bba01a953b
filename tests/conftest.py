"""What every test may ask for. Tests connect as the application's role, which owns nothing and bypasses nothing."""

import gc
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from django.urls import reverse

from fourfold.platform.people.models import User
from fourfold.platform.reference import keeping
from fourfold.platform.visibility import selectors as visibility
from tests import database, played
from tests.played import Played
from tests.universe import Universe

pytest_plugins = ["tests.browser"] if find_spec("tests.browser") else []
PageClient: type[Client] = import_module("tests.pages").PageClient if find_spec("tests.pages") else Client
# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("fourfold", deadline=None)
hypothesis.settings.load_profile("fourfold")


@pytest.hookimpl(tryfirst=True)
def pytest_collection() -> None:
    """Modules and tests live as long as the run: looking through them for cycles again and again takes time."""
    gc.disable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long are begun first: a run on several processors ends when its last file does."""
    long = {item.path for item in items if item.get_closest_marker("slow") or item.get_closest_marker("browser")}
    items.sort(key=lambda item: item.path not in long)


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()


def pytest_unconfigure() -> None:
    """What is left frozen at the end is told as leaks."""
    gc.unfreeze()


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """The test database, made from the template. Replaces pytest-django's, which would connect as the owner."""
    with django_db_blocker.unblock():
        database.copy_template()
    yield
    with django_db_blocker.unblock():
        database.drop_copy()


def forget_what_is_kept() -> None:
    """How labels spread is kept for a minute, the region's words until they change."""
    visibility.forget_spreads()
    keeping.forget()


@pytest.fixture(autouse=True)
def fresh_spreads() -> None:
    """Each test reads them itself."""
    forget_what_is_kept()


@pytest.fixture
def lasting_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A database in which transactions commit. It is thrown away afterwards; the next test gets a new copy."""
    with django_db_blocker.unblock():
        try:
            yield
        finally:
            for connected in connections.all():
                connected.close()
            database.copy_template()


@pytest.fixture(scope="module")
def kept_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A database of the module's own: what one of its fixtures writes once is there for each of its tests.

    Not for a module of which a test asks for `lasting_db`, which throws it away.
    """
    forget_what_is_kept()
    with django_db_blocker.unblock():
        try:
            yield
        finally:
            for connected in connections.all():
                connected.close()
            database.copy_template()


@pytest.fixture
def as_simulation(lasting_db: None) -> None:
    """As `lasting_db`, logged in as the role that may say what time it is: history follows `clock.told`."""
    database.connect_as("simulation")


@pytest.fixture(scope="module")
def region(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """The demonstration region, in a database of its own in which transactions commit."""
    with django_db_blocker.unblock(), played.copied(tmp_path_factory.mktemp("played")) as copy:
        yield copy


@pytest.fixture
def universe() -> Universe:
    """Organisations and people. Needs `db` or `lasting_db`."""
    return Universe()


@pytest.fixture
def client_for() -> Callable[[User], Client]:
    """A client, signed in, that checks every page it is given."""

    def signed_in(user: User) -> Client:
        client = PageClient()
        client.force_login(user)
        return client

    return signed_in


@pytest.fixture
def reading(client_for: Callable[[User], Client]) -> Callable[[User], Client]:
    """A signed-in client that has given its reason for reading people."""

    def reads(user: User) -> Client:
        client = client_for(user)
        answer = client.post(reverse("audit:reason"), {"code": "INVESTIGATION", "text": "Operation Test"})
        assert answer.status_code == 302, answer.content
        return client

    return reads
