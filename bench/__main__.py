"""`make bench`: every workload beside its floor or peer, measured in the same run.

`python -m bench policy history` runs some of them; `FOURFOLD_BENCH_SCALE=0.1` runs them smaller.
"""

import json
import os
import platform
import sys
import tempfile
import time
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from bench.result import Result

WORKLOADS = (
    "policy",
    "history",
    "intake",
    "pole",
    "search",
    "disruptions",
    "exchange",
    "performance",
    "network",
    "start",
    "linkage",
    "linkage_kinds",
    "spark",
)
OUT = Path(__file__).parent / "out"


def _machine() -> dict[str, object]:
    return {"cores": os.cpu_count(), "python": platform.python_version(), "machine": platform.machine()}


def _line(result: Result) -> str:
    against = f"{result.against} {result.against_value:,.3g} {result.unit}" if result.against else ""
    ratio = f"{result.ratio:.2f}x" if result.ratio is not None else ""
    figure = f"{result.workload:<58} {result.measured:>10,.4g} {result.unit:<5} {ratio:>8}"
    return f"  {figure}  {result.target:<14} {against}  {result.note}"


def main(names: list[str]) -> int:
    unknown = sorted({*names} - {*WORKLOADS})
    if unknown:
        print(f"No workload is called {', '.join(unknown)}. There are: {', '.join(WORKLOADS)}.", file=sys.stderr)
        return 1
    scale = float(os.environ.get("FOURFOLD_BENCH_SCALE", "1"))
    # A cluster of its own, so that a run neither meets nor leaves data; open to the account PostgreSQL runs as.
    data = Path(tempfile.mkdtemp(prefix="ffbench"))
    data.chmod(0o755)
    os.environ["FOURFOLD_DATA"] = str(data)
    from fourfold.platform.database import server  # noqa: PLC0415  reads FOURFOLD_DATA

    results: list[Result] = []
    try:
        for name in names or WORKLOADS:
            started = time.monotonic()
            print(f"{name}", flush=True)
            found = import_module(f"bench.{name}").run(scale)
            for result in found:
                print(_line(result), flush=True)
            results += found
            print(f"  ({time.monotonic() - started:.0f} s)", flush=True)
    finally:
        server.stop()
    OUT.mkdir(exist_ok=True)
    written = {"machine": _machine(), "scale": scale, "results": [asdict(result) for result in results]}
    (OUT / "results.json").write_text(json.dumps(written, indent=1))
    print(f"Written to {OUT / 'results.json'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
