"""The worker: takes jobs from the queue until it is told to stop."""

import asyncio
from typing import Any

from procrastinate import App

from fourfold.platform.jobs.app import app


def run(*, queues: tuple[str, ...] = (), concurrency: int = 1, wait: bool = True) -> None:
    """Work the queue in this process. Stops after the current job on an interrupt or a termination signal.

    The worker asks for jobs over a connection of its own. What a job defers still goes through Django's connection, so
    it is part of the job's transaction.

    Args:
        queues: Queues to take jobs from; empty for all.
        concurrency: Jobs at a time.
        wait: Whether to wait for more when the queue is empty.
    """
    working = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
    asyncio.run(_work(working, queues, concurrency, wait=wait))


async def _work(working: App, queues: tuple[str, ...], concurrency: int, *, wait: bool) -> None:
    async with working.open_async():
        chosen: dict[str, Any] = {"queues": list(queues)} if queues else {}
        await working.run_worker_async(
            **chosen, concurrency=concurrency, wait=wait, listen_notify=wait, delete_jobs="never"
        )
