"""A folder that is there whole or not at all, whenever the process dies, and where it must be, the machine."""

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


def put_in_place(made: Path, into: Path) -> None:
    """Give a folder its name once all that was written in it outlasts the machine, and return when the name does too.

    For what cannot be made again as it was: the numbers of clusters, and what people see of a run.
    """
    for place, _, names in os.walk(made):
        for name in names:
            sync(Path(place) / name)
        sync(Path(place))
    shutil.rmtree(into, ignore_errors=True)
    os.replace(made, into)
    sync(into.parent)


def sync(path: Path) -> None:
    """Make a file, or the names in a folder, outlast a power cut."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


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
