"""Sources registered, a store of received bytes, and the desk at which batches are processed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from fourfold.intake import processing, region, selectors, services
from fourfold.intake.models import Batch
from fourfold.intake.processing import Desk
from fourfold.intake.rules import How
from fourfold.intake.services import Received
from fourfold.intake.storage import Store
from fourfold.platform import clock
from fourfold.platform.people.services import service_user
from fourfold.platform.visibility.scope import acting_as


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


@pytest.fixture
def deliver(store: Store) -> Callable[..., Received]:
    """Bring a delivery to the door as the service."""

    def brought(path: Path, *, source: str = "niche_tri", **more: Any) -> Received:
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

    return brought


@pytest.fixture
def load(deliver: Callable[..., Received], desk: Desk) -> Callable[..., Batch]:
    """Bring a delivery to the door and take it through every step."""

    def loaded(path: Path, **more: Any) -> Batch:
        received = deliver(path, **more)
        (batch,) = processing.process_batches(batch_ids=[received.batch.pk], desk=desk)
        return batch

    return loaded
