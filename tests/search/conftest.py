from tests.pole.conftest import as_intake, publish, reading

__all__ = ["as_intake", "publish", "reading"]
