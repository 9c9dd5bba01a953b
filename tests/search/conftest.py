from tests.pole.conftest import as_intake, publish

__all__ = ["as_intake", "publish"]
