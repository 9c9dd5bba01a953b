"""Which records are of one vehicle, number, address or organisation: the rules beside nothing but equal values.

Simulated things with plausible slips, whose truth is known. The rules were written before this truth was looked at.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from bench.result import Result

THINGS = 20_000
SEED = 7


def run(scale: float) -> list[Result]:
    from fourfold.pipeline.things import group_things  # noqa: PLC0415  as other workloads, loaded when it is run
    from fourfold.pipeline.things.evaluation import evaluate  # noqa: PLC0415
    from fourfold.simulation.reference import FORCES  # noqa: PLC0415
    from fourfold.simulation.things import simulate_things  # noqa: PLC0415

    found: list[Result] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "things"
        records = simulate_things(int(THINGS * scale), SEED, folder)
        started = time.process_time()
        grouped = group_things({force: [folder / force] for force in FORCES}, into=Path(place) / "grouped")
        seconds = time.process_time() - started
        found.append(Result(f"things: {records:,} records grouped", seconds, "s", note="processor time"))
        for kind, scores in evaluate(grouped, folder=folder).items():
            rules, equal = scores.rules, scores.equal_values
            note = (
                f"precision {rules.precision:.4f}, recall {rules.recall:.4f}; equal values {equal.precision:.4f}, "
                f"{equal.recall:.4f}"
            )
            found.append(
                Result(
                    f"things: {kind.lower()}, {scores.records:,} records",
                    rules.f1,
                    "F1",
                    against="equal values",
                    against_value=equal.f1,
                    ratio=rules.f1 / equal.f1 if equal.f1 else None,
                    note=note,
                )
            )
            missed = sorted((slip for slip in scores.slips), key=lambda slip: slip.recall)
            found += [
                Result(f"things: {kind.lower()}, {slip.kind}", slip.recall, "found", note=f"{slip.pairs:,} pairs")
                for slip in missed
            ]
            found += [
                Result(
                    f"things: {kind.lower()}, asked by {rule.kind}",
                    rule.recall,
                    "are one",
                    note=f"{rule.pairs:,} pairs",
                )
                for rule in scores.asked
            ]
    return found
