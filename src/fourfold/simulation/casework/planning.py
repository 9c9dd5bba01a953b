"""4P plans of threats that are open at the end: good ones, and the kind that inspectors found."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from fourfold.simulation.calibration import PS
from fourfold.simulation.casework.book import (
    PARTNERS,
    Book,
    Case,
    Region,
    analyst,
    between,
    mailbox,
    meeting,
    words,
    working,
)
from fourfold.simulation.casework.listed import LEADS

LONG = timedelta(days=500)
LATE = timedelta(days=25)
GOOD_LATELY = timedelta(days=70)
REVIEWED, REPORTED, PEER_REVIEWED, UNADOPTED = 46, 40, 14, 0.12
ONE_SIGNED = 6
FEWEST, MOST = 4, 7
TIER_WORDS = {"1": "tier 1", "2": "tier 2", "3": "tier 3", "4": "tier 4", "5": "tier 5"}


class Planning:
    """Writes plans, has them adopted, reviewed and read by others."""

    def __init__(self, region: Region, book: Book, leavers: Mapping[str, date]) -> None:
        self.region = region
        self.book = book
        self.leavers = leavers
        self.said = words("plan_words")
        self.count = 0
        self.planned: list[tuple[Case, date]] = []

    def plan_all(self) -> None:
        if self.region.last < self.region.calibration.threats.counted_on + 2 * LONG:
            return
        for owner in self.region.calibration.forces:
            for case in self.region.of(owner):
                if self._has_plan(case):
                    self._plan(case)
        self._review()
        self._peer_review()

    def _has_plan(self, case: Case) -> bool:
        settled = not case.restricted and not case.moving and case.listed_on < self.region.last - 3 * LATE
        fit = settled and case.closed_on is None
        return fit and self.region.chance.yes(self.said["share"][case.owner] / 100)

    def _good(self, case: Case) -> bool:
        return self.region.chance.yes(self.said["quality"][case.owner] / 100)

    def _plan(self, case: Case) -> None:
        chance, last = self.region.chance, self.region.last
        recent = self._good(case) and chance.yes(0.7)
        low = max(case.listed_on + timedelta(days=20), last - (GOOD_LATELY if recent else LONG))
        on = meeting(self.region, case.owner, low, last - LATE)
        facts = {"name": case.name, "ward": case.ward, "town": case.town}
        aims = self._aims(case, on, facts)
        actions = self._actions(case, on, len(aims), facts)
        self.count += 1
        case.plan_on, case.aims = on, list(range(1, len(aims) + 1))
        self.book.add(
            on,
            "15:30",
            analyst(case.owner),
            "plan",
            key=f"p{self.count}",
            threat=case.key,
            sections=self._sections(case, facts),
            aims=aims,
            actions=actions,
            consultations=self._consultations(case, on, facts),
        )
        if not chance.yes(UNADOPTED):
            adopted = working(on + timedelta(days=7 if chance.yes(0.8) else 14))
            approver = mailbox("sro", case.owner)
            because = chance.pick(self.said["adopted"])
            self.book.add(adopted, "16:00", approver, "adopt", plan=f"p{self.count}", because=because)
            case.adopted_on = adopted
        self.planned.append((case, on))

    def _sections(self, case: Case, facts: Mapping[str, str]) -> dict[str, str]:
        """The parts that are written: a poor plan has the first and little else."""
        told = {**self.said["sections"], **self.said["sections_of"].get(case.kind_on(self.region.last), {})}
        facts = {**facts, "summary": case.summary, "tier_words": TIER_WORDS[case.tier(self.region.last)]}
        return {part: text.format(**facts) for part, text in told.items() if part == "SUMMARY" or self._good(case)}

    def _aims(self, case: Case, on: date, facts: Mapping[str, str]) -> list[dict[str, Any]]:
        chance, aims = self.region.chance, []
        for entry in self._of_kind(case, self.said["aims"])[: chance.between(2, 3)]:
            if not self._good(case):
                aims.append({"text": chance.pick(self.said["poor_aims"])})
                continue
            baseline = chance.between(*entry["baseline"])
            target = baseline * entry["share"] // 100 if "share" in entry else chance.between(*entry["target"])
            aims.append(
                {
                    "text": entry["text"].format(**facts),
                    "measure": entry["measure"].format(**facts),
                    "unit": entry["unit"],
                    "baseline": baseline,
                    "target": max(target, baseline + 1) if "target" in entry else target,
                    "target_on": (on + timedelta(days=chance.between(120, 330))).isoformat(),
                }
            )
        return aims

    def _actions(self, case: Case, on: date, aims: int, facts: Mapping[str, str]) -> list[dict[str, Any]]:
        chance = self.region.chance
        pool = [entry for entry in self._of_kind(case, self.said["actions"]) if self._fits(entry, case)]
        chosen = pool[: chance.between(FEWEST, MOST)]
        if self.region.chance.yes(0.9 if case.owner == "lancashire" else 0.6):
            missing = [p for p in PS if p not in {entry["p"] for entry in chosen}]
            chosen += [entry for p in missing[:2] for entry in pool if entry["p"] == p][:2]
        actions = []
        for turn, entry in enumerate(chosen):
            if self._good(case):
                actions.append(self._action(case, entry, on, turn % aims + 1, facts))
            else:
                actions.append(self._generic(case, on))
        return actions

    def _of_kind(self, case: Case, entries: list[Any]) -> list[Any]:
        """What can be said of a threat of this kind, in a new order."""
        kind = case.kind_on(self.region.last)
        return self.region.chance.shuffled([entry for entry in entries if kind in entry.get("kinds", ("OCG",))])

    def _fits(self, entry: Mapping[str, Any], case: Case) -> bool:
        """Homes and children are of the threats that use them."""
        theme = case.theme.partition(".")[0]
        return theme in entry.get("themes", (theme,))

    def _action(
        self, case: Case, entry: Mapping[str, Any], on: date, aim: int, facts: Mapping[str, str]
    ) -> dict[str, Any]:
        chance = self.region.chance
        said: dict[str, Any] = {
            "p": entry["p"],
            "title": entry["title"].format(**facts)[:200],
            "tactic": entry["tactic"],
            "outcome_wanted": entry["outcome_wanted"],
            "measure": entry["measure"] if self._good(case) else "",
            "why_this_threat": entry["why"].format(**facts) if self._good(case) else "",
            "legal_basis": entry.get("legal_basis", ""),
            "partner": entry.get("partner", "") if self._good(case) else "",
            "owner": self._owner(case, on) if self._good(case) else "",
            "due_on": (on + timedelta(days=chance.between(20, 190))).isoformat() if self._good(case) else None,
            "aim": aim if self._good(case) else None,
        }
        if said["partner"] and chance.yes(0.12):
            said["agency"] = chance.pick(PARTNERS)
        return said | self._status(on)

    def _generic(self, case: Case, on: date) -> dict[str, Any]:
        """An action that would fit any threat, and so is in many plans."""
        chance = self.region.chance
        entry = chance.pick(self.said["generic"])
        due = (on + timedelta(days=chance.between(10, 120))).isoformat() if chance.yes(0.5) else None
        owner = self._owner(case, on) if chance.yes(0.5) else ""
        return {"p": entry["p"], "title": entry["title"], "owner": owner, "due_on": due, "status": "AGREED"}

    def _owner(self, case: Case, on: date) -> str:
        """Usually who leads the threat, else another lead of the force; some have left since, none had by then."""
        owner = case.lro
        if not owner or not self.region.chance.yes(0.7):
            owner = mailbox(f"soc-lro-{self.region.chance.between(1, LEADS[case.owner])}", case.owner)
        return owner if on < self.leavers.get(owner, self.region.last) else ""

    def _status(self, on: date) -> dict[str, Any]:
        chance = self.region.chance
        drawn = chance.upto(100)
        if drawn < 30:
            done = working(on - timedelta(days=chance.between(1, 40)))
            return {"status": "DONE", "result": chance.pick(self.said["results"]), "done_on": done.isoformat()}
        if drawn < 34:
            return {"status": "BLOCKED", "status_reason": self.said["blocked"]}
        if drawn < 37:
            return {"status": "CANCELLED", "status_reason": self.said["cancelled"]}
        return {"status": "IN_PROGRESS" if drawn < 72 else "AGREED"}

    def _consultations(self, case: Case, on: date, facts: Mapping[str, str]) -> list[dict[str, Any]]:
        chance = self.region.chance
        if not chance.yes(self.said["consults"][case.owner] / 100):
            return []
        asked = chance.shuffled(self.said["partners"])[: chance.between(1, 3)]
        return [
            {
                "partner": partner.format(**facts),
                "consulted_on": working(on - timedelta(days=chance.between(1, 50))).isoformat(),
                **chance.pick(self.said["consulted"]),
            }
            for partner in asked
        ]

    def _review(self) -> None:
        """Joint reviews of the last weeks: most signed by both, some by one so far; and reports on actions."""
        chance, last = self.region.chance, self.region.last
        ready = [
            (case, case.adopted_on)
            for case, _ in chance.shuffled(self.planned)
            if case.adopted_on is not None
            and case.adopted_on < last - timedelta(days=20)
            and case.lro
            and case.sio
            and not case.own
            and case.lro not in self.leavers
            and not case.moving
        ]
        for turn, (case, adopted) in enumerate(ready[:REVIEWED]):
            on = between(chance, max(adopted + timedelta(days=8), last - GOOD_LATELY), last - timedelta(days=3))
            looked_at = self.said["looked_at"]
            self.book.add(on, "10:45", case.lro, "review", threat=case.key, prompt="DUE", looked_at=looked_at)
            if turn >= ONE_SIGNED:
                self.book.add(working(on + timedelta(days=2)), "10:50", case.sio, "sign_review", threat=case.key)
        for case, on in self.planned[: 4 * REPORTED : 4]:
            if case.lro and case.lro not in self.leavers and not case.moving:
                day = between(chance, on + timedelta(days=10), last)
                result = chance.pick(self.said["results"])
                self.book.add(day, "17:30", case.lro, "report", threat=case.key, result=result)

    def _peer_review(self) -> None:
        """The community co-ordinator and senior officers read plans that they have no part in."""
        chance, last = self.region.chance, self.region.last
        adopted = [(case, case.adopted_on) for case, _ in self.planned if case.adopted_on and not case.moving]
        for case, on in chance.shuffled(adopted)[:PEER_REVIEWED]:
            day = between(chance, on + timedelta(days=3), last)
            reviewer = mailbox(chance.pick(("sro", "community-coordinator")), case.owner)
            good, better = chance.pick(self.said["peer_good"]), chance.pick(self.said["peer_better"])
            self.book.add(day, "14:30", reviewer, "peer_review", threat=case.key, good=good, better=better)
