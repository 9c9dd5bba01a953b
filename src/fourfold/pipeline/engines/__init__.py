"""Where the pipeline's SQL runs: DuckDB on one machine, Spark on many. It is written once, in DuckDB's dialect."""

from fourfold.pipeline.engines.database import Answer, Database

__all__ = ["Answer", "Database"]
