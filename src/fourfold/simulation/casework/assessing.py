"""Scores: what forces submit, what the regional moderators make of it, and what waits for them on the last day."""

from bisect import bisect_left
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from fourfold.simulation.casework import matrix
from fourfold.simulation.casework.book import (
    UNIT,
    Book,
    Case,
    Region,
    analyst,
    between,
    mailbox,
    manager,
    months,
    nth_weekday,
    words,
    working,
)
from fourfold.simulation.chance import Weighted
from fourfold.simulation.reference import FORCES

WEDNESDAY = 2
MODERATORS = ("rocta-moderator", "second-moderator")
SITS = (1, 3)  # on which Wednesday of the month each of them sits
HANDED_IN = (4, 1)  # in which week of the month those who wait for them hand in
CHANGED = 0.5
MOVED_TIER = 0.05
DELAYED = 0.15
EVIDENCE_DAYS = 150
RECENT = timedelta(days=200)
LATELY = timedelta(days=25)
WAITING, DRAFTS, RETURNED_NOW, TAKEN_UP, UNCHECKED, APPEALS = 14, 9, 4, 2, 4, 2
STEPS = Weighted([(0, 74), (-1, 12), (1, 14)])


def sittings(low: date, high: date, turn: int, *, none_on: date) -> list[date]:
    """Days on which a moderator sits: such a Wednesday of each month, a week later where the count is that day."""
    days = [nth_weekday(year, month, WEDNESDAY, turn) for year, month in months(low, high)]
    moved = (day + timedelta(days=7) if day == none_on else day for day in days)
    return [day for day in moved if low <= working(day) == day <= high]


class Assessing:
    """Has threats scored and moderated so that those to be counted are, on the day, and the others are not."""

    def __init__(self, region: Region, book: Book) -> None:
        self.region = region
        self.book = book
        self.counted_on = region.calibration.threats.counted_on
        self.after = region.calibration.threats.mistyped.reclassified_by
        first = min((case.listed_on for case in region.cases), default=region.last)
        self.sittings = [sittings(first, region.last, turn, none_on=self.counted_on) for turn in SITS]
        self.said = words("assessment_words")
        self.count = 0
        self._values: dict[str, matrix.Values] = {}
        self.standing: dict[str, str] = {}

    def assess_all(self) -> None:
        """The first score of every threat, the newer ones of those still open, and the queue of the last day."""
        for case in self.region.cases:
            self._first(case)
        for case in self.region.cases:
            self._again(case)
        self._themes()
        self._queue()

    def submit_day(self, owner: str, after: date) -> date:
        """The first day on or after a day on which an organisation hands its scores in: before its moderator sits."""
        place = self.region.calibration.forces.index(owner) % 5
        turn = HANDED_IN[self._turn(owner)]
        ahead = months(after, after + timedelta(days=70))
        days = (working(nth_weekday(year, month, place, turn)) for year, month in ahead)
        return next(day for day in days if day >= after)

    def _turn(self, owner: str) -> int:
        """Which of the two moderators decides what an organisation hands in."""
        return self.region.calibration.forces.index(owner) % len(MODERATORS)

    def _sitting(self, owner: str, after: date, *, delayed: bool = False) -> date | None:
        """The sitting that decides what was submitted on a day; none where that is still to come."""
        days = self.sittings[self._turn(owner)]
        place = bisect_left(days, after + timedelta(days=3)) + delayed
        return days[place] if place < len(days) else None

    def _first(self, case: Case) -> None:
        if case.restricted or case.late == "unassessed":
            return
        if case.late == "never_assessed":
            if self.region.chance.yes(0.5):
                self._whole(case, self.submit_day(case.owner, self.after + timedelta(days=40)))
            return
        if case.late == "returned":
            self._returned_first(case)
            return
        submitted = self.submit_day(case.owner, self._ready(case))
        if not case.counted and case.listed_on < self.counted_on and case.own:
            submitted = self.submit_day(case.owner, max(submitted, self.after + timedelta(days=3)))
        elif self._would_be_early(case):
            submitted = self.submit_day(case.owner, max(submitted, self.after - timedelta(days=10)))
        self._whole(case, submitted)

    def _ready(self, case: Case) -> date:
        """From when a threat can be scored as it stands: for the world's own, after its last change of tier in time."""
        settled = [since for since, _ in case.tiers if since <= self.counted_on]
        return max([case.listed_on, *settled]) + timedelta(days=3)

    def _would_be_early(self, case: Case) -> bool:
        """One force's weaknesses that were never called anything else are scored after the second count."""
        mistyped = self.region.calibration.threats.mistyped
        return case.owner == mistyped.force and case.kind == "VULNERABILITY" and case.listed_on <= self.after

    def _returned_first(self, case: Case) -> None:
        """Handed in at once, sent back before the count, and put right in the new year."""
        back = working(self.counted_on - timedelta(days=13))
        on = working(back - timedelta(days=3))
        key = self._submit(case, on, matrix.values_for(self.region.chance, case.theme, case.tier(on)))
        because = self.region.chance.pick(self.said["returned"])
        self._return(case, back, key, because)
        again = self.submit_day(case.owner, self.counted_on + timedelta(days=20))
        self.book.add(again, "13:30", analyst(case.owner), "submit_again", assessment=key)
        self.book.add(again, "13:45", manager(case.owner), "check_again", assessment=key)
        self._moderate(case, key, again, self._values[key])

    def _return(self, case: Case, on: date, key: str, because: str) -> None:
        self.book.add(on, "14:50", self._moderator(case), "take_up", assessment=key)
        self.book.add(on, "15:00", self._moderator(case), "return_assessment", assessment=key, because=because)

    def _whole(self, case: Case, submitted: date) -> None:
        """Submit and moderate, where the threat is still open by then."""
        delayed = self.region.chance.yes(DELAYED) and not case.counted
        decided = self._sitting(case.owner, submitted, delayed=delayed)
        if not case.is_open(submitted) or (decided is not None and not case.is_open(decided)):
            return
        if self._unsettled(case, submitted, decided):
            return
        key = self._submit(case, submitted, matrix.values_for(self.region.chance, case.theme, case.tier(submitted)))
        if decided is not None:
            self._moderate(case, key, submitted, self._values[key], delayed=delayed)

    def _unsettled(self, case: Case, submitted: date, decided: date | None) -> bool:
        """Whether a manager moves the tier of one of the world's own while its score is on the way."""
        return case.own and any(submitted <= since <= (decided or submitted) for since, _ in case.tiers[1:])

    def _submit(self, case: Case, on: date, values: matrix.Values) -> str:
        self.count += 1
        key = f"s{self.count}"
        self._values[key] = values
        self.book.add(
            on,
            "14:00",
            analyst(case.owner),
            "submit",
            key=key,
            threat=case.key,
            soc=case.soc,
            values=values,
            unknown=self.said["unknown"],
            evidence=self._evidence(on, values),
            checked_by=manager(case.owner),
        )
        return key

    def _evidence(self, on: date, values: Mapping[str, int | None]) -> list[dict[str, Any]]:
        """A few records, each cited for some of the criteria, together for all that say anything."""
        chance = self.region.chance
        cited = [key for key, value in values.items() if value and key not in matrix.POSITION]
        records = chance.shuffled(self.said["evidence"])[: chance.between(2, 4)]
        return [
            {
                "what": record["text"],
                "reference": f"{record['kind']}{on.year % 100}/{chance.between(1000, 99999)}",
                "grade": record["grade"],
                "dated": (on - timedelta(days=chance.between(4, EVIDENCE_DAYS))).isoformat(),
                "criteria": keys,
            }
            for place, record in enumerate(records)
            if (keys := cited[place :: len(records)])
        ]

    def _moderator(self, case: Case) -> str:
        return mailbox(MODERATORS[self._turn(case.owner)], UNIT)

    def _moderate(self, case: Case, key: str, submitted: date, values: matrix.Values, *, delayed: bool = False) -> None:
        decided = self._sitting(case.owner, submitted, delayed=delayed)
        if decided is None or not case.is_open(decided):
            return
        chance, was = self.region.chance, case.tier(decided)
        tier, scored, reasons = was, None, {}
        if not case.own and was != "5" and chance.yes(MOVED_TIER):
            tier = str(max(1, min(4, int(was) + (1 if chance.yes(0.6) else -1))))
        if tier != was:
            scored = matrix.values_for(chance, case.theme, tier)
            changed = tuple(k for k in scored if scored[k] != values[k])
        elif chance.yes(CHANGED):
            scored, changed = matrix.moved(chance, values, tier)
        if scored is not None:
            reasons = {k: self._because(values[k], scored[k]) for k in changed}
        said = self.said["changed" if reasons else "agreed"][0]
        others = [m for m in MODERATORS if mailbox(m, UNIT) != self._moderator(case)]
        self.book.add(
            decided,
            "10:00",
            self._moderator(case),
            "moderate",
            assessment=key,
            threat=case.key,
            soc=case.soc,
            tier=tier,
            values=scored if reasons else None,
            reasons=reasons,
            because=said,
            second=mailbox(others[0], UNIT) if tier != was else "",
        )
        case.moderated_on, self.standing[case.key] = decided, key
        if tier != was:
            case.tiers.append((decided, tier))

    def _because(self, was: int | None, now: int | None) -> str:
        return str(self.region.chance.pick(self.said["reasons"]["up" if (now or 0) > (was or 0) else "down"]))

    def _again(self, case: Case) -> None:
        """A newer score within the last half year, for most of those still open."""
        chance, last = self.region.chance, self.region.last
        if case.moderated_on is None or case.closed_on is not None or case.moving or last < self.after + 2 * RECENT:
            return
        if case.moderated_on > last - RECENT or not chance.yes(
            self.region.calibration.threats.assessed_again_lately / 100
        ):
            return
        submitted = self.submit_day(case.owner, between(chance, last - RECENT, last - LATELY - timedelta(days=40)))
        decided = self._sitting(case.owner, submitted)
        if decided is None or self._unsettled(case, submitted, decided):
            return
        tier = case.tier(decided)
        if not case.own:
            tier = str(max(1, min(5, int(tier) + chance.draw(STEPS))))
        key = self._submit(case, submitted, matrix.values_for(chance, case.theme, tier))
        if tier != case.tier(decided):
            case.tiers.append((decided, tier))
        self._moderate(case, key, submitted, self._values[key])

    def _themes(self) -> None:
        """Each force scores themes of its area for the year's strategic assessment."""
        chance = self.region.chance
        for year in range(self.counted_on.year - 1, self.region.last.year + 1):
            for force in FORCES:
                for theme in chance.shuffled(self.said["themes"])[:2]:
                    self.count += 1
                    on = self.submit_day(force, date(year, 2, 1))
                    values: matrix.Values = {key: chance.between(0, 4) for key in matrix.THEMATIC}
                    self.book.add(
                        on,
                        "15:00",
                        analyst(force),
                        "submit_theme",
                        key=f"s{self.count}",
                        theme=theme,
                        area=force,
                        year=year,
                        values=values,
                        unknown=self.said["unknown"],
                        evidence=self._evidence(on, values),
                        checked_by=manager(force),
                    )
                    decided = self._sitting(force, on)
                    if decided is not None:
                        moderator = mailbox(MODERATORS[self._turn(force)], UNIT)
                        self.book.add(decided, "10:20", moderator, "moderate_theme", assessment=f"s{self.count}")

    def _queue(self) -> None:
        """What waits on the last day: handed in, being decided, sent back, begun, and for the manager to check."""
        chance, last = self.region.chance, self.region.last
        if last < self.after + 2 * RECENT:
            return
        open_now = [
            case
            for case in chance.shuffled(self.region.cases)
            if case.closed_on is None
            and not case.moving
            and case.moderated_on is not None
            and case.listed_on < last - 2 * LATELY
            and case.moderated_on < last - 3 * LATELY
        ]
        taken = iter(open_now)
        for turn in range(WAITING):
            case = next(taken, None)
            if case is None:
                return
            on = working(last - timedelta(days=2 + 2 * turn))
            key = self._submit(case, on, matrix.values_for(chance, case.theme, case.tier(on)))
            if turn < TAKEN_UP:
                self.book.add(
                    working(last - timedelta(days=1)), "11:00", self._moderator(case), "take_up", assessment=key
                )
        for case, _ in zip(taken, range(RETURNED_NOW), strict=False):
            on = working(last - timedelta(days=chance.between(10, 20)))
            key = self._submit(case, on, matrix.values_for(chance, case.theme, case.tier(on)))
            because = chance.pick(self.said["returned"])
            self._return(case, working(last - timedelta(days=chance.between(1, 5))), key, because)
        for case, turn in zip(taken, range(DRAFTS + UNCHECKED), strict=False):
            self._begun(case, whole=turn >= DRAFTS)
        decided = [case for case in self.region.cases if (case.moderated_on or last) >= last - RECENT]
        appealing = [case for case in decided if case.is_open(last) and case.key in self.standing and not case.moving]
        for case in appealing[:APPEALS]:
            on = working(last - timedelta(days=chance.between(1, 6)))
            why, key = self.said["appeal"], self.standing[case.key]
            self.book.add(on, "16:20", manager(case.owner), "appeal", assessment=key, because=why)

    def _begun(self, case: Case, *, whole: bool) -> None:
        """A score that is half written, or whole and waiting for the manager to look at."""
        chance = self.region.chance
        on = working(self.region.last - timedelta(days=chance.between(1, 12)))
        values = matrix.values_for(chance, case.theme, case.tier(on))
        self.count += 1
        self.book.add(
            on,
            "16:00",
            analyst(case.owner),
            "begin_assessment",
            key=f"s{self.count}",
            threat=case.key,
            values=values if whole else dict(list(values.items())[: chance.between(4, 9)]),
            evidence=self._evidence(on, values) if whole else [],
            unknown=self.said["unknown"],
            submit=whole,
        )
