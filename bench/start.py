"""From nothing to the first page: database, schema, demonstration region, web server. Packages are already there."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from bench.result import Result

from fourfold.entry.commands.demo import PEOPLE

BUDGET_S = 60
FOURFOLD = (sys.executable, "-m", "fourfold.entry.cli")


def _run(environment: dict[str, str], *arguments: str) -> float:
    started = time.monotonic()
    subprocess.run([*FOURFOLD, *arguments], env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


def _first_page(environment: dict[str, str]) -> float:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = time.monotonic()
    serving = subprocess.Popen([*FOURFOLD, "serve", "--port", str(port)], env=environment, stdout=subprocess.DEVNULL)
    try:
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in/", timeout=5) as answer:
                    assert answer.status == 200
                    return time.monotonic() - started
            except OSError:
                if time.monotonic() - started > BUDGET_S or serving.poll() is not None:
                    raise
                time.sleep(0.05)
    finally:
        serving.terminate()
        serving.wait(timeout=30)


def run(scale: float) -> list[Result]:
    """Build and serve the region that `make demo` makes (times `scale`), then start it again."""
    data = Path(tempfile.mkdtemp(prefix="ffstart"))
    data.chmod(0o755)
    environment = os.environ | {"FOURFOLD_DATA": str(data), "FOURFOLD_DEMO_PEOPLE": str(int(PEOPLE * scale))}
    try:
        build = _run(environment, "demo", "build")
        page = _first_page(environment)
        again = _run(environment, "demo", "build") + _first_page(environment)
    finally:
        _run(environment, "db", "stop")
    whole = build + page
    note = f"database, schema and region {build:.1f}, server {page:.1f}"
    return [
        Result("Nothing to first page, with a region", whole, "s", "budget", BUDGET_S, whole / BUDGET_S, "<= 1x", note),
        Result("Second start to first page", again, "s", "first start", whole, again / whole, "seconds", ""),
    ]
