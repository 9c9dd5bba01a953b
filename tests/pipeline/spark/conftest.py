"""One Spark session for the tests of the second engine: a small heap, one core's worth of work, no compiled plans,
and a Java that compiles little and trusts Spark's own classes."""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fourfold.pipeline.engines.java import NoJava
from fourfold.pipeline.engines.spark import NoSpark, SparkDatabase, spark_session

WHY_NOT = "Spark is not installed here: run `make setup-spark` to run the pipeline on it as well"
JAVA = (
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-Xms900m",
    "-Xmn400m",
    "-XX:+UnlockDiagnosticVMOptions",
    "-XX:-BytecodeVerificationRemote",
)
QUICK = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    "spark.driver.extraJavaOptions": " ".join(JAVA),
}


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkDatabase]:
    required = os.environ.get("FOURFOLD_SPARK_TESTS") == "required"
    if importlib.util.find_spec("pyspark") is None and not required:
        pytest.skip(WHY_NOT)
    place = tmp_path_factory.mktemp("spark")
    try:
        with spark_session(master="local[1]", workplace=Path(place), options=QUICK) as session:
            yield SparkDatabase(session, Path(place) / "tables", at_hand=1_000)
            context = type(session.sparkContext)
        _end_java(context)
    except (NoSpark, NoJava) as missing:
        if required:
            raise
        pytest.skip(str(missing))


def _end_java(context: Any) -> None:
    """Spark leaves its Java until Python ends; other tests want the processor."""
    gateway = context._gateway
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait(timeout=30)
    context._gateway = context._jvm = None
