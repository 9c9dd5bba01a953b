"""The worker: takes jobs from the queue until it is told to stop, whatever happens to the database meanwhile."""

import asyncio
import logging
import signal
from contextlib import suppress
from typing import Any

import psycopg
from asgiref.sync import sync_to_async
from django.db import connections
from procrastinate import App, exceptions

from fourfold.platform.jobs.app import app

TRY_AGAIN_S = 2.0
log = logging.getLogger(__name__)


def run(*, queues: tuple[str, ...] = (), concurrency: int = 1, wait: bool = True) -> None:
    """Work the queue in this process. Stops after the current job on an interrupt or a termination signal.

    The worker asks for jobs over connections of its own. What a job defers still goes through Django's connection, so
    it is part of the job's transaction.

    Args:
        queues: Queues to take jobs from; empty for all.
        concurrency: Jobs at a time.
        wait: Whether to wait for more when the queue is empty. Then a lost database is waited for as well.
    """
    chosen: dict[str, Any] = {"queues": list(queues)} if queues else {}
    options = chosen | {"concurrency": concurrency, "wait": wait, "listen_notify": wait, "delete_jobs": "never"}
    asyncio.run(_keep_working(options) if wait else _work(options))


async def _keep_working(options: dict[str, Any]) -> None:
    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for told in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(told, told_to_stop.set)
    while not told_to_stop.is_set():
        working = asyncio.create_task(_work(options))
        waiting = asyncio.create_task(told_to_stop.wait())
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if told_to_stop.is_set():
            working.cancel()  # procrastinate finishes the job that it has, then stops
            with suppress(asyncio.CancelledError):
                await working
            return
        waiting.cancel()
        try:
            await working
        except (psycopg.Error, exceptions.ConnectorException, OSError) as lost:
            log.warning("The worker lost the database and tries again: %s", lost)
        await sync_to_async(connections.close_all)()
        with suppress(TimeoutError):
            await asyncio.wait_for(told_to_stop.wait(), TRY_AGAIN_S)


async def _work(options: dict[str, Any]) -> None:
    working: App = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
    async with working.open_async():
        await working.run_worker_async(**options, install_signal_handlers=False)
