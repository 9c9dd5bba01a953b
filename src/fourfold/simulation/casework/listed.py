"""Threats that officers put on the master list month by month, beside those of the simulated world."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from fourfold.simulation.calibration import TYPES
from fourfold.simulation.casework.book import (
    UNIT,
    Book,
    Case,
    Region,
    analyst,
    listing_days,
    mailbox,
    weighted,
    words,
    working,
)
from fourfold.simulation.chance import Weighted
from fourfold.simulation.places import Ward
from fourfold.simulation.reference import FORCES, NEIGHBOURS

FIRST = date(2021, 1, 1)
TIERS = Weighted([("1", 6), ("2", 17), ("3", 41), ("4", 36)])
PHASES = Weighted(
    [
        ("IDENTIFIED", 18),
        ("DEVELOPMENT", 24),
        ("ACTIVE_INVESTIGATION", 30),
        ("ACTIVE_DISRUPTION", 22),
        ("POST_CHARGE", 6),
    ]
)
KINDS = Weighted([("OCG", 62), ("PRIORITY_INDIVIDUAL", 22), ("VULNERABILITY", 16)])
KINDS_WITHOUT_WEAKNESSES = Weighted([("OCG", 75), ("PRIORITY_INDIVIDUAL", 25)])
LEADS = {"lancashire": 12, "gmp": 12, "merseyside": 10, "cheshire": 8, "north_wales": 5, "nwrocu": 5, "cumbria": 4}
WITHOUT_LEAD = {"cheshire": 0.14, "north_wales": 0.08, "cumbria": 0.1}
UNLISTED_DAYS = 45  # a threat listed later than so before the count is not moderated by then
OF_TWO_YEARS = 0.66  # of those counted were listed in the first of the two years before
NAME_TRIES = 6


class Lister:
    """Puts threats on the list, each with a name nobody used yet."""

    def __init__(self, region: Region, book: Book) -> None:
        self.region = region
        self.book = book
        said = words("threat_words")
        self.groups = weighted(said["groups"])
        self.weaknesses = weighted(said["vulnerabilities"])
        self.specialisms = weighted(said["individuals"])
        self.operations: list[str] = list(said["words"])
        self.mistyped_names: list[str] = list(said["mistyped_names"])
        self.count = 0

    def list_all(self) -> None:
        """List what the count needs beside the world's own threats, what it leaves out, and what came later."""
        threats = self.region.calibration.threats
        until = threats.counted_on - timedelta(days=UNLISTED_DAYS)
        year_before = date(threats.counted_on.year - 2, 12, 31)
        for owner, wanted in threats.by_force.items():
            days = listing_days(self.region, owner, FIRST, year_before)
            newer = listing_days(self.region, owner, year_before, until)
            for kind in TYPES:
                have = sum(case.counted and case.kind == kind for case in self.region.of(owner))
                mistyped = self._mistyped_wanted(owner, kind)
                for turn in range(wanted[kind] - have):
                    day = self._day(days if self.region.chance.yes(OF_TWO_YEARS) else newer)
                    self._list(owner, kind, day, counted=True, mistyped=turn < mistyped)
            for reason in ("tier_5", "non_soc", "closed"):
                for _ in range(threats.not_counted[reason][owner]):
                    self._list_beside(owner, reason, days + newer[:-3])
            self._list_unmoderated(owner)
            self._list_later(owner)

    def _mistyped_wanted(self, owner: str, kind: str) -> int:
        """How many of this kind are weaknesses in truth, beside the world's own."""
        mistyped = self.region.calibration.threats.mistyped
        if owner != mistyped.force:
            return 0
        own = sum(case.counted and case.mistyped and case.kind == kind for case in self.region.of(owner))
        return mistyped.found_among.get(kind, 0) - own

    def _list_beside(self, owner: str, reason: str, days: list[date]) -> None:
        chance = self.region.chance
        case = self._list(owner, self._kind(owner), self._day(days), tier="5" if reason == "tier_5" else "")
        if reason == "non_soc":
            case.soc = False
        if reason == "closed":
            ends = self.region.calibration.threats.counted_on - timedelta(days=chance.between(8, 80))
            low = case.listed_on + timedelta(days=100)
            day = working(date.fromordinal(chance.between(min(low, ends).toordinal(), ends.toordinal())))
            case.closed_on = max(day, case.listed_on + timedelta(days=7))

    def _list_unmoderated(self, owner: str) -> None:
        """Threats on the list on the day of the count and not moderated: too new, returned, or never scored."""
        threats = self.region.calibration.threats
        first = threats.counted_on - timedelta(days=UNLISTED_DAYS)
        latest = listing_days(self.region, owner, first, threats.counted_on)
        older = listing_days(self.region, owner, FIRST, first)
        for reason, days in (("awaiting_moderation", latest), ("returned", latest), ("never_assessed", older)):
            for _ in range(threats.not_counted[reason][owner]):
                case = self._list(owner, self._kind(owner), self._day(days))
                case.late = reason

    def _list_later(self, owner: str) -> None:
        """What came onto the list after the count, to the last day."""
        threats = self.region.calibration.threats
        days = listing_days(self.region, owner, threats.counted_on, self.region.last)
        wanted = threats.listed_each_year[owner] * len(days) // 12
        for turn in range(wanted):
            day = days[turn * len(days) // wanted]
            self._list(owner, self._kind(owner, day), day)

    def _kind(self, owner: str, on: date = FIRST) -> str:
        """What officers call the next threat: one force had no word for weaknesses until its list was read again."""
        mistyped = self.region.calibration.threats.mistyped
        unread = owner == mistyped.force and on <= mistyped.reclassified_by
        return self.region.chance.draw(KINDS_WITHOUT_WEAKNESSES if unread else KINDS)

    def _day(self, days: list[date]) -> date:
        return self.region.chance.pick(days)

    def _list(
        self, owner: str, kind: str, day: date, *, counted: bool = False, mistyped: bool = False, tier: str = ""
    ) -> Case:
        """Put one threat on the list on a day."""
        chance = self.region.chance
        force = chance.pick(tuple(FORCES)) if owner == UNIT else owner
        ward = self.region.places.ward(chance, force)
        said = self._described(kind, force, ward, mistyped=mistyped)
        self.count += 1
        lead = chance.between(1, LEADS[owner])
        lro = "" if chance.yes(WITHOUT_LEAD.get(owner, 0.01)) else mailbox(f"soc-lro-{lead}", owner)
        case = Case(
            key=f"l{self.count}",
            owner=owner,
            kind=kind,
            theme=said["themes"][0],
            name=said["name"],
            ward=ward.name,
            town=ward.town,
            lro=lro,
            listed_on=day,
            phase=chance.draw(PHASES),
            tiers=[(day, tier or chance.draw(TIERS))],
            counted=counted,
            mistyped=mistyped,
        )
        case.summary = said["summary"]
        if kind == "OCG" and chance.yes(0.45):
            case.sio = mailbox("sio", owner)
        if said["aliases"]:
            case.brand = said["aliases"][0].removesuffix(" line")
        self.region.cases.append(case)
        self.book.add(
            day,
            "10:00",
            analyst(owner),
            "list",
            key=case.key,
            owner=owner,
            threat_type=kind,
            tier=case.tiers[0][1],
            phase=case.phase,
            lro=lro,
            deputy=self._deputy(owner, lead) if lro and chance.yes(0.35) else "",
            sio=case.sio,
            places=[self._place(ward)],
            **said,
        )
        return case

    def _place(self, ward: Ward) -> str:
        street = self.region.chance.pick(ward.streets)
        return f"{street.name}, {ward.name}, {ward.town} {street.postcode}"

    def _deputy(self, owner: str, lead: int) -> str:
        return mailbox(f"soc-lro-{lead % LEADS[owner] + 1}", owner)

    def _described(self, kind: str, force: str, ward: Ward, *, mistyped: bool) -> dict[str, Any]:
        chance = self.region.chance
        far = self.region.places.ward(chance, chance.pick(NEIGHBOURS[force])).town
        facts = {"ward": ward.name, "town": ward.town, "far": far}
        facts["brand"] = self.region.names.forename(chance, "british", "M", 2000)
        if kind == "VULNERABILITY" or mistyped:
            entry = chance.draw(self.weaknesses)
            name = entry["name"].format(**facts)
            if mistyped:
                name = chance.pick(self.mistyped_names).format(name=name)
            return self._said([name], entry, [entry["summary"]], facts)
        if kind == "PRIORITY_INDIVIDUAL":
            entry = chance.draw(self.specialisms)
            names = [self._person(force) for _ in range(NAME_TRIES)]
            return self._said(names, entry, [entry["summary"]], facts)
        entry = chance.draw(self.groups)
        while entry["theme"] == "DRU.county_lines" and force in {"cumbria", "north_wales"}:
            entry = chance.draw(self.groups)
        return self._said(chance.shuffled(entry["names"]), entry, entry["summaries"], facts)

    def _said(
        self, names: list[str], entry: Mapping[str, Any], summaries: list[str], facts: Mapping[str, str]
    ) -> dict[str, Any]:
        name = self._named(names, facts)
        return {
            "name": name,
            "aliases": [alias.format(**facts) for alias in entry.get("aliases", ())],
            "summary": self.region.chance.pick(summaries).format(**facts),
            "themes": [entry["theme"], *entry.get("more", ())],
        }

    def _named(self, patterns: list[str], facts: Mapping[str, str]) -> str:
        """The first name that is free, else one with a number."""
        chance, taken = self.region.chance, self.region.taken
        name = ""
        for turn in range(NAME_TRIES):
            name = patterns[turn % len(patterns)].format(word=chance.pick(self.operations), **facts)
            if name not in taken:
                break
        taken[name] = taken.get(name, 0) + 1
        return name if taken[name] == 1 else f"{name} ({taken[name]})"

    def _person(self, force: str) -> str:
        """A name of nobody, written as the list writes people."""
        chance, names = self.region.chance, self.region.names
        origin = chance.draw(names.origins[force])
        sex = "F" if chance.yes(0.12) else "M"
        return f"{names.forename(chance, origin, sex, 1990)} {names.surname(chance, origin).upper()}"
