from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from fourfold.pipeline.things import group_things
from fourfold.platform import clock
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import services
from tests.pole.canonical import Batch, clusters, edges
from tests.universe import Universe

Publish = Callable[..., services.Published]


@pytest.fixture
def publish(universe: Universe, tmp_path: Path) -> Publish:
    return publisher(universe, tmp_path)


def publisher(universe: Universe, folder: Path) -> Publish:
    """Publish a batch as the intake would: as its service user, in one transaction.

    `grouped`: with the things of all batches published so far; without, each object and place is one by itself.
    """
    numbers = iter(range(1, 1000))
    delivered: dict[str, list[Path]] = {}

    def published(
        batch: Batch, *, source: str = "niche_tri", batch_id: int | None = None, grouped: bool = False, **given: Any
    ) -> services.Published:
        number = batch_id or next(numbers)
        groups = given.pop("clusters", None)
        pairs = given.pop("edges", [] if groups is not None else None)
        written = batch.written()
        delivered.setdefault(source, []).append(written)
        things = None
        if grouped:
            said = folder / f"said-{number}.parquet"
            with acting_as(universe.service("intake")):
                services.write_judgements(said, of_things=True)
            things = group_things(delivered, into=folder / f"things-{number}", judgements=said)
        with acting_as(universe.service("intake")):
            return services.publish_batch(
                batch_id=number,
                source_code=source,
                canonical_dir=written,
                clusters=None if groups is None else clusters(folder / f"clusters-{number}.parquet", groups),
                edges=None if pairs is None else edges(folder / f"edges-{number}.parquet", pairs),
                run=f"run-{number}",
                now=clock.now(),
                things=things.clusters if things else None,
                ties=things.ties if things else None,
            )

    return published


@pytest.fixture
def as_intake(universe: Universe) -> Callable[[], AbstractContextManager[Any]]:
    return lambda: acting_as(universe.service("intake"))
