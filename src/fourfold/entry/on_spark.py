"""The options of every command that may run on Spark: docs/how-to/run-on-spark.md."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from fourfold.pipeline.engines.spark import SparkDatabase

HEAP_MB = 1_024
AT_HAND = 10_000
"""Rows of a table that stays with the driver, where the driver is the cluster."""

spark_option = click.option(
    "--spark", metavar="MASTER", help="Run on Spark: local[2], spark://host:7077, yarn, k8s://…"
)
heap_option = click.option("--heap-mb", default=HEAP_MB, show_default=True, help="Memory of Spark's driver.")

workplace_option = click.option(
    "--workplace",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder that every machine of the cluster sees by this name.",
)


@contextmanager
def running_on(master: str | None, workplace: Path, heap_mb: int = HEAP_MB) -> "Iterator[SparkDatabase | None]":
    """The Spark to run on, or nothing for DuckDB."""
    if master is None:
        yield None
        return
    # Only a command that runs on Spark waits for what Spark needs.
    from fourfold.pipeline.engines.java import NoJava  # noqa: PLC0415
    from fourfold.pipeline.engines.spark import NoSpark, SparkDatabase, spark_session  # noqa: PLC0415

    at_hand = AT_HAND if master.startswith("local") else 0
    try:
        with spark_session(master=master, workplace=workplace / "spark", heap_mb=heap_mb) as session:
            yield SparkDatabase(session, workplace / "spark" / "tables", at_hand=at_hand)
    except (NoSpark, NoJava) as missing:
        raise click.ClickException(str(missing)) from missing
