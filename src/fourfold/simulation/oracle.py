"""What the counts of a region must be on any day, worked out from its acts in plain Python: no database, no product.

Tests hold the product's figures against it, and the casework's own counts against the calibration.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

COUNTED = frozenset({"MAJOR", "MODERATE", "MINOR"})
UNCOUNTED_TIER = "5"


@dataclass
class Threat:
    """A threat as recorded."""

    owner: str
    kind: str
    tier: str
    closed: bool = False
    moderated: bool = False
    soc: bool = True

    @property
    def counts(self) -> bool:
        return self.moderated and self.soc and self.tier != UNCOUNTED_TIER and not self.closed


@dataclass
class Disruption:
    """A disruption as recorded."""

    lead: str
    role: str
    record_date: date
    category: str
    p: str
    withdrawn: bool = False

    def counts(self, year: int) -> bool:
        led = self.role == "LEAD" and not self.withdrawn
        return led and self.record_date.year == year and self.category in COUNTED


@dataclass
class Replay:
    """The region's records at the end of a day, all acts up to it done."""

    threats: dict[str, Threat] = field(default_factory=dict)
    disruptions: dict[str, Disruption] = field(default_factory=dict)
    offers: dict[str, str] = field(default_factory=dict)

    def counted_threats(self) -> Counter[tuple[str, str]]:
        """F-THREAT by owner and kind."""
        return Counter((threat.owner, threat.kind) for threat in self.threats.values() if threat.counts)

    def counted_disruptions(self, year: int) -> Counter[tuple[str, str]]:
        """F-DISR of a year by leading agency and P."""
        found = (each for each in self.disruptions.values() if each.counts(year))
        return Counter((each.lead, each.p) for each in found)

    def do(self, entry: Mapping[str, Any]) -> None:
        """Do one act."""
        act = entry["act"]
        if act == "list":
            self.threats[entry["key"]] = Threat(entry["owner"], entry["threat_type"], entry["tier"])
        elif act == "disrupt":
            self.disruptions[entry["key"]] = Disruption(
                entry["lead"],
                entry["role"],
                date.fromisoformat(entry["record_date"]),
                entry["category"],
                entry["primary_p"],
            )
        elif "disruption" in entry:
            self._disruption(self.disruptions[entry["disruption"]], entry)
        elif entry.get("threat") in self.threats:
            self._threat(entry["threat"], entry)

    def _threat(self, key: str, entry: Mapping[str, Any]) -> None:
        threat, act = self.threats[key], entry["act"]
        if act == "moderate":
            threat.moderated, threat.soc, threat.tier = True, entry["soc"], entry["tier"]
        elif act == "reclassify":
            threat.kind = entry["threat_type"]
        elif act == "tier":
            threat.tier = entry["tier"]
        elif act in {"close", "merge"}:
            threat.closed = True
        elif act == "offer":
            self.offers[key] = entry["to"]
        elif act == "accept":
            threat.owner = self.offers[key]

    def _disruption(self, disruption: Disruption, entry: Mapping[str, Any]) -> None:
        act = entry["act"]
        if act == "change":
            change = entry["change"]
            disruption.p = change.get("primary_p", disruption.p)
            if "record_date" in change:
                disruption.record_date = date.fromisoformat(change["record_date"])
        elif act == "recategorise":
            disruption.category = entry["category"]
        elif act == "to_support":
            disruption.role = "SUPPORT"
        elif act == "withdraw":
            disruption.withdrawn = True


def replay(acts: Iterable[Mapping[str, Any]], at: date) -> Replay:
    """The region as recorded at the end of a day, from acts in order of time."""
    state = Replay()
    for entry in acts:
        if entry["on"] > at.isoformat():
            break
        state.do(entry)
    return state


def acts_of(folder: Path) -> list[Mapping[str, Any]]:
    """Every act of a simulation's folder in order of time: the world's own nominations, and the casework."""
    acts = [*_nominated(_lines(folder / "nominations.jsonl")), *_lines(folder / "casework.jsonl")]
    return sorted(acts, key=lambda act: act["on"])


def _nominated(lines: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The world's own nominations and their changes, as acts."""
    for number, line in enumerate(lines):
        key = f"n{number}"
        yield {"act": "list", "on": line["nominated_on"], "key": key, "owner": line["force"]} | {
            name: line[name] for name in ("threat_type", "tier")
        }
        for later in line["later"]:
            ((kind, value),) = later["change"].items()
            act = {"tier": "tier", "threat_type": "reclassify", "close": "close"}.get(kind, kind)
            yield {"act": act, "on": later["on"], "threat": key, kind: value}


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
