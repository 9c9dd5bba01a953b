from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from fourfold.platform import clock
from fourfold.platform.people.models import User
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import services
from tests.pole.canonical import Batch, clusters, edges
from tests.universe import Universe


@pytest.fixture
def publish(universe: Universe, tmp_path: Path) -> Callable[..., services.Published]:
    """Publish a batch as the intake would: as its service user, in one transaction."""
    numbers = iter(range(1, 1000))

    def published(
        batch: Batch, *, source: str = "niche_tri", batch_id: int | None = None, **given: Any
    ) -> services.Published:
        number = batch_id or next(numbers)
        groups = given.pop("clusters", None)
        pairs = given.pop("edges", [] if groups is not None else None)
        folder = batch.written()
        with acting_as(universe.service("intake")):
            return services.publish_batch(
                batch_id=number,
                source_code=source,
                canonical_dir=folder,
                clusters=None if groups is None else clusters(tmp_path / f"clusters-{number}.parquet", groups),
                edges=None if pairs is None else edges(tmp_path / f"edges-{number}.parquet", pairs),
                run=f"run-{number}",
                now=clock.now(),
            )

    return published


@pytest.fixture
def as_intake(universe: Universe) -> Callable[[], AbstractContextManager[Any]]:
    return lambda: acting_as(universe.service("intake"))


@pytest.fixture
def reading(client_for: Callable[[User], Client]) -> Callable[[User], Client]:
    """A signed-in client that has given its reason for reading people."""

    def reads(user: User) -> Client:
        client = client_for(user)
        answer = client.post(reverse("audit:reason"), {"code": "INVESTIGATION", "text": "Operation Test"})
        assert answer.status_code == 302, answer.content
        return client

    return reads
