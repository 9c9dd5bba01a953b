"""Sources registered, a store of received bytes, and the desk at which batches are processed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from django.test import Client

from fourfold.intake import processing, region, selectors, services
from fourfold.intake.models import Batch
from fourfold.intake.processing import Desk
from fourfold.intake.rules import How
from fourfold.intake.services import Received
from fourfold.intake.storage import Store
from fourfold.platform import clock
from fourfold.platform.audit import reasons
from fourfold.platform.people.models import User
from fourfold.platform.people.services import service_user
from fourfold.platform.visibility.scope import acting_as
from tests.intake import deliveries


@pytest.fixture
def store(tmp_path: Path, settings: Any) -> Store:
    settings.INTAKE_FOLDER = tmp_path / "intake"
    return Store(settings.INTAKE_FOLDER)


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store=store, clock=clock.now)


def register_sources() -> None:
    with acting_as(service_user("intake")):
        for facts in region.sources_in(Path(django_settings.REGIONS) / django_settings.REGION):
            services.register_source(facts=facts)


@pytest.fixture
def sources(db: None) -> None:
    register_sources()


@pytest.fixture
def lasting_sources(lasting_db: None) -> None:
    register_sources()


@contextmanager
def _undone() -> Iterator[None]:
    """A transaction that is rolled back at the end; scopes inside it count as the outermost, as in pytest-django's."""
    atomic = transaction.atomic()
    atomic._from_testcase = True  # type: ignore[attr-defined]
    with atomic:
        try:
            yield
        finally:
            transaction.set_rollback(True)


@pytest.fixture(scope="module")
def published_once(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Batch, Desk]]:
    """One small delivery published for a whole module of tests, since reading it takes seconds."""
    folder = tmp_path_factory.mktemp("published")
    desk = Desk(store=Store(folder / "intake"), clock=clock.now)
    with django_db_blocker.unblock(), _undone():
        register_sources()
        received = bring(deliveries.small(folder / "2026-01-04"), store=desk.store)
        (batch,) = processing.process_batches(batch_ids=[received.batch.pk], desk=desk)
        yield batch, desk


@pytest.fixture
def published(published_once: tuple[Batch, Desk], settings: Any) -> Iterator[Batch]:
    """The published batch; what a test changes is undone after it."""
    batch, desk = published_once
    settings.INTAKE_FOLDER = desk.store.folder
    with _undone():
        yield batch


def bring(path: Path, *, store: Store, source: str = "niche_tri", **more: Any) -> Received:
    """Bring a delivery to the door as the service."""
    with acting_as(service_user("intake")):
        return services.receive(
            source=selectors.source_of(source),
            path=path,
            store=store,
            how=How.COMMAND,
            now=clock.now(),
            today=clock.today(),
            **more,
        )


@pytest.fixture
def reading(client_for: Any) -> Callable[[User], Client]:
    """A client that has said why it reads people."""

    def signed_in(user: User) -> Client:
        client = client_for(user)
        session = client.session
        session[reasons.KEPT_AS] = {
            "code": "DATA_QUALITY",
            "text": "Looking at rows not loaded",
            "operation_reference": "",
            "given_at": clock.now().isoformat(),
        }
        session.save()
        return client

    return signed_in


@pytest.fixture
def deliver(store: Store) -> Callable[..., Received]:
    """Bring a delivery to the door as the service."""

    def brought(path: Path, **more: Any) -> Received:
        return bring(path, store=store, **more)

    return brought


@pytest.fixture
def load(deliver: Callable[..., Received], desk: Desk) -> Callable[..., Batch]:
    """Bring a delivery to the door and take it through every step."""

    def loaded(path: Path, **more: Any) -> Batch:
        received = deliver(path, **more)
        (batch,) = processing.process_batches(batch_ids=[received.batch.pk], desk=desk)
        return batch

    return loaded
