"""A folder that is there whole or not at all, whenever the process dies."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_folder(into: Path) -> Iterator[Path]:
    """A new folder to write in; it takes the place of `into` when the block ends, and is removed if the block fails.

    What earlier processes left half done for the same `into` is removed. If the block itself removes the folder,
    `into` stays as it is.
    """
    into.parent.mkdir(parents=True, exist_ok=True)
    _remove_orphans(into)
    partial = into.with_name(f".{into.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        yield partial
        if partial.exists():
            shutil.rmtree(into, ignore_errors=True)
            partial.rename(into)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _remove_orphans(into: Path) -> None:
    for found in into.parent.glob(f".{into.name}.*.partial"):
        owner = found.name.split(".")[-2]
        if owner.isdecimal() and not _is_alive(int(owner)):
            shutil.rmtree(found, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
