"""Disruptions: what was done, who keyed it when, and what was put right later.

The year of the inspection comes out exact at its second extraction. At the first it was lower: some were recorded late,
some said something else, and some that were there have gone since.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from fourfold.simulation.calibration import PS
from fourfold.simulation.casework.book import (
    AFTERNOON,
    LATELY,
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
    often,
    weighted,
    words,
    working,
)
from fourfold.simulation.chance import Weighted

FIRST = date(2021, 3, 1)
PROMPT_DAYS = 26
SLOW = 0.08  # of those recorded in time, so many wait a month or more all the same
PARTED = 0.08  # the business date is not the day it happened
TWO = 0.2  # serve a second P as well
BY_LEAD = 0.06  # since the count, recorded by whoever leads the threat, on a telephone
DUPLICATE_DAYS = 3
TIER_WEIGHT = {"1": 8, "2": 6, "3": 3, "4": 2, "5": 1}
P_SINCE = Weighted([("PURSUE", 70), ("PREVENT", 15), ("PROTECT", 11), ("PREPARE", 4)])
DAY_TRIES = 40
GRACE = timedelta(days=20)
RETURNED = 0.03
UNCHECKED_DAYS = 40
REVIEW_DAYS = 96
REVIEWED = 0.85
LASTED = Weighted([("YES", 52), ("PARTLY", 28), ("NO", 14), ("NOT_KNOWN", 6)])
SHARED = 0.02


@dataclass(slots=True)
class Row:
    """One disruption on its way into the book."""

    lead: str
    record_date: date
    p: str
    category: str
    event_on: date
    added_on: date
    role: str = "LEAD"
    tells: dict[str, Any] = field(default_factory=dict)
    later: list[tuple[date, str, dict[str, Any]]] = field(default_factory=list)


class Keying:
    """Days on which an organisation's analyst keys what happened, and the eve of the first extraction."""

    def __init__(self, region: Region, owner: str) -> None:
        counted = region.calibration.disruptions
        weekday = (region.calibration.forces.index(owner) + 2) % 5
        self.eve = working(counted.extracted_first - timedelta(days=1))
        kept = (month for month in months(FIRST, region.last) if often(region, *month))
        monthly = (working(nth_weekday(y, m, weekday, 3)) for y, m in kept)
        self.days = sorted({day for day in monthly if day != counted.extracted_first} | {self.eve})

    def after(self, day: date, high: date | None = None) -> date | None:
        """The first such day on or after a day, none after `high`."""
        found = next((each for each in self.days if each >= day), None)
        return found if found is None or high is None or found <= high else None

    def within(self, low: date, high: date) -> list[date]:
        return [day for day in self.days if low <= day <= high]


class Disrupting:
    """Has disruptions recorded, passed, put right and looked at again."""

    def __init__(self, region: Region, book: Book, leavers: dict[str, date]) -> None:
        self.region = region
        self.book = book
        self.leavers = leavers
        self.said = words("disruption_words")
        self.year = region.calibration.disruptions
        self.tactics = {p: weighted(self.said["tactics"][p]) for p in PS}
        self.categories = {p: Weighted(list(self.said["categories"][p].items())) for p in PS}
        self.others = Weighted(list(self.said["other_categories"].items()))
        self.keying = {owner: Keying(region, owner) for owner in region.calibration.forces}
        self.pools = {owner: list(self._pool(owner)) for owner in region.calibration.forces}
        self.count = 0
        self.shared = 0

    def disrupt_all(self) -> None:
        for owner in self.region.calibration.forces:
            rows = [*self._counted(owner), *self._beside(owner), *self._elsewhen(owner)]
            for row in rows:
                self._key(row)

    def _pool(self, owner: str) -> Iterator[Case]:
        """Threats an organisation may disrupt: its own, and for the regional unit the forces' as well."""
        for case in self.region.cases:
            if not case.restricted and (case.owner == owner or (owner == UNIT and len(case.key) % 2 == 0)):
                yield case

    def _counted(self, owner: str) -> Iterator[Row]:
        """Exactly the rows that count at the quoted extraction, each with how it came to say so."""
        chance, year = self.region.chance, self.year
        ps = chance.shuffled([p for p in PS for _ in range(year.by_force[owner][p])])
        total = len(ps)
        days = self._days_of_year(total)
        late = total * year.recorded_late[owner] // 100
        parts = iter(chance.shuffled(range(late, total)))
        corrected = {
            what: {next(parts) for _ in range(max(1, total * year.corrected[what] // 100))}
            for what in ("primary_p", "category", "record_date", "gone_since")
        }
        for turn, (p, day) in enumerate(zip(ps, days, strict=True)):
            row = self._row(owner, day, p, chance.draw(self.categories[p]))
            if turn < late:
                self._late(row)
            elif turn in corrected["primary_p"]:
                self._said_another_p(row)
            elif turn in corrected["category"]:
                self._said_another_category(row)
            elif turn in corrected["record_date"]:
                self._said_another_date(row)
            elif turn in corrected["gone_since"]:
                self._goes(row, low=year.extracted + timedelta(days=9), high=year.extracted + timedelta(days=330))
            yield row

    def _days_of_year(self, total: int) -> list[date]:
        """A business date for each: the first and the last day of the year among them."""
        chance, year = self.region.chance, self.year
        first, last = date(year.year, 1, 1), date(year.year, 12, 31)
        edges = min(year.first_and_last_day, total // 10)
        within = [first + timedelta(days=chance.between(1, (last - first).days - 1)) for _ in range(total - 2 * edges)]
        return chance.shuffled([first] * edges + [last] * edges + within)

    def _row(self, owner: str, record_date: date, p: str, category: str, *, role: str = "LEAD") -> Row:
        """A row that was recorded in time, as it will say in the end."""
        chance = self.region.chance
        event_on = record_date
        if chance.yes(PARTED):
            event_on -= timedelta(days=chance.between(1, 9))
        keying, low = self.keying[owner], record_date
        if chance.yes(SLOW):
            low += timedelta(days=chance.between(30, 140))
        eve = keying.eve if record_date <= keying.eve else None
        added = keying.after(min(low, eve) if eve else low, eve) or eve or self.region.last + timedelta(days=1)
        return Row(owner, record_date, p, category, event_on, added, role)

    def _late(self, row: Row) -> None:
        """Added between the two extractions."""
        days = self.keying[row.lead].within(self.year.extracted_first + timedelta(days=1), self.year.extracted)
        row.added_on = self.region.chance.pick([day for day in days if day < self.year.extracted])

    def _corrected_on(self, row: Row) -> date:
        low = max(row.added_on, self.year.extracted_first) + timedelta(days=5)
        return self._keyed_between(row, low, self.year.extracted - timedelta(days=3))

    def _keyed_between(self, row: Row, low: date, high: date) -> date:
        """A day on which the organisation keys, or a working day where there is none."""
        days = self.keying[row.lead].within(low, high)
        return self.region.chance.pick(days) if days else between(self.region.chance, low, high)

    def _said_another_p(self, row: Row) -> None:
        chance = self.region.chance
        was = "PURSUE" if row.p != "PURSUE" else chance.pick(("PREVENT", "PROTECT"))
        because = chance.pick(self.said["reasons"]["pursue_p" if row.p == "PURSUE" else "primary_p"])
        row.later.append((self._corrected_on(row), "change", {"change": {"primary_p": row.p}, "because": because}))
        row.tells["tactic_p"] = row.p
        row.p = was

    def _said_another_category(self, row: Row) -> None:
        chance = self.region.chance
        was = chance.pick([each for each in ("MODERATE", "MINOR") if each != row.category])
        because = chance.pick(self.said["reasons"]["category"])
        if row.category == "MAJOR":
            row.category = "MODERATE" if was == "MINOR" else "MINOR"
        row.later.append((self._corrected_on(row), "recategorise", {"category": row.category, "because": because}))
        row.category = was

    def _said_another_date(self, row: Row) -> None:
        """Another day of the same year, which was put right."""
        chance, first = self.region.chance, date(self.year.year, 1, 1)
        final = row.record_date
        was = max(first, min(row.event_on, final - timedelta(days=chance.between(2, 8))))
        if was >= final:
            return
        row.event_on, row.record_date = was, was
        because = chance.pick(self.said["reasons"]["record_date"])
        change = {"record_date": final.isoformat()}
        row.later.append((self._corrected_on(row), "change", {"change": change, "because": because}))

    def _goes(self, row: Row, *, low: date, high: date) -> None:
        """No longer counts from a day between the two: withdrawn, or looked at again and without effect."""
        chance = self.region.chance
        on = self._keyed_between(row, max(low, row.added_on + timedelta(days=5)), high)
        if row.lead == UNIT and chance.yes(0.3):
            because = chance.pick(self.said["reasons"]["to_support"])
            supports = [{"agency": "merseyside", "benefit": chance.pick(self.said["benefits"])}]
            row.later.append((on, "to_support", {"because": because, "supports": supports}))
        elif chance.yes(0.6):
            row.later.append((on, "withdraw", {"because": chance.pick(self.said["reasons"]["withdrawn"])}))
        else:
            because = chance.pick(self.said["reasons"]["no_effect"])
            row.later.append((on, "recategorise", {"category": "NO_NOTICEABLE", "because": because}))

    def _beside(self, owner: str) -> Iterator[Row]:
        """Rows of the year that do not count at the quoted extraction."""
        chance, year = self.region.chance, self.year
        first, last = date(year.year, 1, 1), date(year.year, 12, 31)
        total = year.total(owner)
        for turn in range(max(1, total * year.corrected["gone"] // 100)):
            day = first + timedelta(days=chance.between(0, 330))
            row = self._row(owner, day, self._p_like(owner), "MINOR" if chance.yes(0.7) else "MODERATE")
            if turn % 4 == 3:
                self._was_other_year(row)
            else:
                self._goes(row, low=year.extracted_first + timedelta(days=5), high=year.extracted - timedelta(days=3))
            yield row
        for _ in range(max(1, total * year.corrected["found_since"] // 100)):
            day = first + timedelta(days=chance.between(120, 364))
            row = self._row(owner, day, self._p_like(owner), "MINOR")
            days = self.keying[owner].within(year.extracted + timedelta(days=1), year.extracted + timedelta(days=330))
            if days:
                row.added_on = chance.pick(days)
                yield row
        for _ in range(total * year.other_category // 100):
            day = first + timedelta(days=chance.between(0, (last - first).days))
            yield self._row(owner, day, self._p_like(owner), chance.draw(self.others))
        for _ in range(year.support.get(owner, 0)):
            day = first + timedelta(days=chance.between(0, (last - first).days))
            yield self._row(owner, day, "PURSUE", "MODERATE" if chance.yes(0.4) else "MINOR", role="SUPPORT")

    def _was_other_year(self, row: Row) -> None:
        """Said a day of the year's first week, and was of the year before."""
        chance, first = self.region.chance, date(self.year.year, 1, 1)
        row.event_on = first - timedelta(days=chance.between(2, 9))
        row.record_date = first + timedelta(days=chance.between(2, 6))
        row.added_on = self.keying[row.lead].after(row.record_date) or self.region.last
        because = chance.pick(self.said["reasons"]["other_year"])
        change = {"record_date": row.event_on.isoformat()}
        row.later.append((self._corrected_on(row), "change", {"change": change, "because": because}))

    def _p_like(self, owner: str) -> str:
        counts = self.year.by_force[owner]
        return self.region.chance.draw(Weighted([(p, counts[p]) for p in PS]))

    def _elsewhen(self, owner: str) -> Iterator[Row]:
        """Rows of the year before and of the years since, so that there is something to compare with."""
        chance, year = self.region.chance, self.year
        total = year.total(owner)
        before = date(year.year - 1, 12, 20)
        for _ in range(max(2, total * year.year_before // 100)):
            day = date.fromordinal(chance.between(FIRST.toordinal() + 60, before.toordinal()))
            p = self._p_like(owner)
            yield self._row(owner, day, p, chance.draw(self.categories[p]))
        since = date(year.year + 1, 1, 5)
        days = (self.region.last - since).days
        for _ in range(total * year.each_year_since * days // 36500):
            day = self._before_keying(owner, since + timedelta(days=chance.upto(days)))
            p = chance.draw(P_SINCE)
            category = chance.draw(self.others) if chance.yes(year.other_category / 100) else ""
            row = self._row(owner, day, p, category or chance.draw(self.categories[p]))
            if row.category == "MINOR" and chance.yes(RETURNED):
                back = working(row.added_on + timedelta(days=chance.between(5, 15)))
                row.later.append((back, "return", {"because": chance.pick(self.said["reasons"]["returned"])}))
            yield row

    def _before_keying(self, owner: str, day: date) -> date:
        """The day itself, or for most one in the four weeks before the next that things are keyed."""
        keyed = self.keying[owner].after(day)
        if keyed is None or self.region.chance.yes(SLOW):
            return day
        return max(day, keyed - timedelta(days=self.region.chance.between(0, PROMPT_DAYS)))

    def _key(self, row: Row) -> None:
        """Find the threat and say what was done, by whom; then what became of the record."""
        chance = self.region.chance
        found = self._case(row)
        if found is None or row.added_on > self.region.last:
            return
        case, entry = found
        self.count += 1
        key = f"d{self.count}"
        facts = {"ward": case.ward, "town": case.town}
        actor, at = analyst(row.lead), "09:30"
        if row.record_date > self.year.extracted and self._records(case, row) and chance.yes(BY_LEAD):
            actor, at = case.lro, f"{chance.between(17, 19)}:{chance.between(10, 50)}"
            row.added_on = min(self.region.last, working(row.record_date + timedelta(days=chance.between(1, 4))))
            row.added_on = max(row.added_on, row.record_date)
        said: dict[str, Any] = {
            "threat": case.key,
            "lead": row.lead,
            "role": row.role,
            "event_on": row.event_on.isoformat(),
            "record_date": row.record_date.isoformat(),
            "category": row.category,
            "primary_p": row.p,
            "secondary_ps": self._second(row),
            "tactics": [entry["code"]],
            "theme": case.theme,
            "place": f"{case.ward}, {case.town}",
            "facts": self._facts(entry),
            "supports": [],
            "evidence": self._evidence(row),
            "aims": self._aims(case, row),
            "different_because": "",
            **self._impact(row, entry, facts),
        }
        if row.role == "SUPPORT":
            force = case.owner if case.owner != UNIT else "merseyside"
            said["supports"] = [{"agency": force, "benefit": chance.pick(self.said["benefits"])}]
        if self._is_near(case, row.event_on, entry["code"]):
            said["different_because"] = chance.pick(self.said["reasons"]["different"])
        case.events.setdefault(row.event_on, set()).add(entry["code"])
        self.book.add(row.added_on, at, actor, "disrupt", key=key, **said)
        self._passed(row, key)
        self._later(row, key, recorder=actor)

    def _records(self, case: Case, row: Row) -> bool:
        return case.owner == row.lead and bool(case.lro) and case.lro not in self.leavers and row.role == "LEAD"

    def _case(self, row: Row) -> tuple[Case, Any] | None:
        """A threat that was listed and open on the day, of a kind that may carry it, and a tactic that fits both."""
        chance = self.region.chance
        rule_ends = date(self.year.year + 2, 1, 1)
        found = None
        for turn in range(DAY_TRIES):
            case = chance.pick(self.pools[row.lead])
            if not case.is_open(row.event_on) or (case.moving and row.event_on > self.region.last - timedelta(days=60)):
                continue
            if row.event_on < rule_ends and case.kind_on(row.event_on) != "OCG":
                continue
            if case.reclassified_on and (row.later or case.kind_on(row.added_on) != "OCG"):
                continue
            if chance.upto(8) >= TIER_WEIGHT[case.tier(row.event_on)] and turn < DAY_TRIES // 2:
                continue
            if case.closed_on and row.added_on >= case.closed_on and turn < DAY_TRIES - 5:
                continue
            entry = self._tactic(case, row)
            found = case, entry
            if not self._is_near(case, row.event_on, entry["code"]):
                return found
        return found or self._any_case(row)

    def _any_case(self, row: Row) -> tuple[Case, Any] | None:
        """Where luck found none: the first threat of a kind that always may."""
        for case in self.pools[row.lead]:
            if case.is_open(row.event_on) and case.kind == "OCG" and case.reclassified_on is None:
                return case, self._tactic(case, row)
        return None

    def _tactic(self, case: Case, row: Row) -> Any:
        for _ in range(8):
            entry = self.region.chance.draw(self.tactics[row.tells.get("tactic_p", row.p)])
            if "themes" not in entry or case.theme.partition(".")[0] in entry["themes"]:
                break
        return entry

    def _is_near(self, case: Case, day: date, tactic: str) -> bool:
        near = (day + timedelta(days=step) for step in range(-DUPLICATE_DAYS, DUPLICATE_DAYS + 1))
        return any(tactic in case.events.get(each, ()) for each in near)

    def _second(self, row: Row) -> list[str]:
        others = [p for p in PS if p not in {row.p, row.tells.get("tactic_p")}]
        return [self.region.chance.pick(others)] if self.region.chance.yes(TWO) else []

    def _facts(self, entry: Any) -> dict[str, Any]:
        chance = self.region.chance
        drawn = {code: chance.between(low, high) for code, (low, high) in entry["facts"].items()}
        for code, value in drawn.items():
            if code.endswith("_pounds") and value:
                drawn[code] = value // 5 * 5
        return {code: value for code, value in drawn.items() if value}

    def _impact(self, row: Row, entry: Any, facts: dict[str, str]) -> dict[str, Any]:
        """What it changed; little or nothing where it did not count."""
        chance = self.region.chance
        if (without := self.said["without_effect"].get(row.category)) is not None:
            said = {name: sentence.format(**facts) for name, sentence in without.items()}
            return {**said, "how_known": chance.pick(self.said["how_known"]).format(**facts), "outcome": ""}
        if row.category not in self.said["for_how_long"]:
            return {"stopped": "", "for_how_long": "", "how_known": "", "outcome": ""}
        return {
            "stopped": entry["stopped"].format(**facts),
            "for_how_long": chance.pick(self.said["for_how_long"][row.category]).format(**facts),
            "how_known": chance.pick(self.said["how_known"]).format(**facts),
            "outcome": chance.pick(self.said["outcomes"][row.p]) if row.category == "MAJOR" else "",
        }

    def _evidence(self, row: Row) -> list[dict[str, str]]:
        wanted = {"MAJOR": 2, "MODERATE": 1}.get(row.category, 0)
        return list(self.region.chance.shuffled(self.said["evidence"])[:wanted])

    def _aims(self, case: Case, row: Row) -> list[int]:
        if case.plan_on is None or case.plan_on > row.event_on or not case.aims:
            return []
        return [self.region.chance.pick(case.aims)] if self.region.chance.yes(0.8) else []

    def _passed(self, row: Row, key: str) -> None:
        """A supervisor passes a moderate one, a moderator of the regional unit a major one; lately some still wait."""
        chance, keying, last = self.region.chance, self.keying[row.lead], self.region.last
        changed = [(day, act) for day, act, _ in row.later]
        said = [facts["category"] for _, act, facts in row.later if act == "recategorise"]
        category = said[-1] if said else row.category
        if any(act not in {"change", "recategorise"} for _, act in changed):
            return
        on = keying.after(max([row.added_on, *(day for day, _ in changed)]) + timedelta(days=1))
        if on is None or on > last - timedelta(days=UNCHECKED_DAYS):
            return
        if category == "MODERATE":
            self.book.add(on, AFTERNOON, manager(row.lead), "validate", disruption=key)
        elif category == "MAJOR":
            moderator, because = mailbox("rocta-moderator", UNIT), self.said["reasons"]["moderated"]
            self.book.add(on, "13:20", moderator, "moderate_disruption", disruption=key, because=because)
        else:
            return
        day = keying.after(max(on, row.event_on) + timedelta(days=REVIEW_DAYS))
        if day is not None and chance.yes(REVIEWED if day > last - 2 * LATELY else 1.0):
            lasted = chance.draw(LASTED)
            because = self.said["reasons"]["reviewed"][0 if lasted in {"YES", "NOT_KNOWN"} else 1]
            facts = {"disruption": key, "lasted": lasted, "because": because}
            self.book.add(day, AFTERNOON, manager(row.lead), "review_category", **facts)

    def _later(self, row: Row, key: str, *, recorder: str) -> None:
        """Who recorded it says it differently, because who does so passes nothing."""
        for on, act, facts in row.later:
            actor = recorder if act in {"change", "recategorise"} else manager(row.lead)
            self.book.add(on, AFTERNOON, actor, act, disruption=key, **facts)
