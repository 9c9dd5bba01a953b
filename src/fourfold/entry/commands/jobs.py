"""`fourfold worker`: the process that does what was put off."""

import click

from fourfold.entry.setup import django_as


@click.command(name="worker")
@click.option("--queue", "queues", multiple=True, help="Take jobs from this queue only. May be given several times.")
@click.option("--concurrency", default=1, show_default=True, help="Jobs at a time.")
@click.option("--until-empty", is_flag=True, help="Stop when nothing is left to do.")
def worker(queues: tuple[str, ...], concurrency: int, until_empty: bool) -> None:
    """Work the queue: processing of batches, sealing of the ledger, everything that takes longer than a page."""
    django_as("app")
    from fourfold.platform.jobs import worker as runner

    runner.run(queues=queues, concurrency=concurrency, wait=not until_empty)


COMMANDS = (worker,)
