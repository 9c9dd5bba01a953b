"""What managers do with a threat once it is on the list: read it again, move it on, hand it over, merge it, end it."""

from datetime import date, timedelta

from fourfold.simulation import identifiers
from fourfold.simulation.casework.book import (
    AFTERNOON,
    UNIT,
    Book,
    Case,
    Region,
    between,
    mailbox,
    manager,
    meeting,
    words,
    working,
)
from fourfold.simulation.chance import Weighted

PHASES = (
    "IDENTIFIED",
    "DEVELOPMENT",
    "ACTIVE_INVESTIGATION",
    "ACTIVE_DISRUPTION",
    "POST_CHARGE",
    "CUSTODY_MANAGEMENT",
    "LIFETIME_MANAGEMENT",
)
GROUNDS = Weighted(
    [
        ("CLOSED_DISMANTLED", 50),
        ("CLOSED_DORMANT", 22),
        ("CLOSED_NO_LONGER_MEETS", 18),
        ("CLOSED_TRANSFERRED", 5),
        ("CLOSED_MERGED", 3),
        ("CLOSED_ERROR", 2),
    ]
)
EACH_GROUND = tuple(GROUNDS.values)
MOVED_ON = 0.1
NEWER_CLOSED = 35  # in a hundred
HANDED, PENDING, DECLINED = 8, 2, 1
LATELY = timedelta(days=60)
LINE_NUMBERS = 90_000_000  # far from any number a simulated person has
LEAVERS = (("cheshire", 2), ("north_wales", 1), ("gmp", 3))
LEFT_BEFORE = timedelta(days=75)


class Managing:
    """Ends and changes threats so that nothing that is to be counted is gone on the day."""

    def __init__(self, region: Region, book: Book) -> None:
        self.region = region
        self.book = book
        self.said = words("management_words")
        self.after = region.calibration.threats.mistyped.reclassified_by
        self.grounds = 0
        self.lines = 0
        self.leavers: dict[str, date] = {}

    def manage_all(self) -> None:
        for case in self.region.cases:
            if not case.own:
                self._reclassify(case)
                self._close(case)
        for case in self.region.cases:
            if not case.own:
                self._move_on(case)
        self._hand_over()
        self._link()
        self._leave()

    def _reclassify(self, case: Case) -> None:
        """The force whose list was read again: weaknesses are called so from a day between the two counts."""
        mistyped = self.region.calibration.threats.mistyped
        if not (case.counted and case.mistyped):
            return
        day = between(self.region.chance, mistyped.reclassified_from, mistyped.reclassified_by - timedelta(days=3))
        case.reclassified_on = day
        because = self.region.chance.pick(self.said["reclassified"])
        kind = "VULNERABILITY"
        self.book.add(
            day, AFTERNOON, manager(case.owner), "reclassify", threat=case.key, threat_type=kind, because=because
        )

    def _close(self, case: Case) -> None:
        chance, last = self.region.chance, self.region.last
        threats = self.region.calibration.threats
        if case.into:
            return
        if case.closed_on is None and case.listed_on < threats.counted_on and not case.late:
            low = self.after + timedelta(days=9)
            if chance.yes(threats.closed_by_the_end / 100) and low < last - LATELY:
                case.closed_on = meeting(self.region, case.owner, low, last - timedelta(days=20))
        elif case.closed_on is None and case.listed_on > threats.counted_on:
            low = case.listed_on + timedelta(days=150)
            if chance.yes(NEWER_CLOSED / 100) and low < last - LATELY:
                case.closed_on = meeting(self.region, case.owner, low, last - timedelta(days=20))
        if case.closed_on is None:
            return
        if case.closed_on < threats.counted_on:
            ground = EACH_GROUND[self.grounds % len(EACH_GROUND)]
            self.grounds += 1
        else:
            ground = chance.draw(GROUNDS)
        into = self._other(case, case.closed_on) if ground == "CLOSED_MERGED" else None
        if ground == "CLOSED_MERGED" and into is None:
            ground = "CLOSED_DORMANT"
        because = self.said["closed"][ground]
        act = "merge" if into else "close"
        facts = {"into": into.key} if into else {"ground": ground}
        self.book.add(case.closed_on, AFTERNOON, manager(case.owner), act, threat=case.key, because=because, **facts)

    def _other(self, case: Case, on: date) -> Case | None:
        """A threat of the same owner and kind that a threat could be merged into on a day and that stays open."""
        for other in self.region.of(case.owner):
            if (
                not other.own
                and other is not case
                and other.theme == case.theme
                and other.counted
                and other.kind == case.kind
                and not other.mistyped
                and other.is_open(on)
                and other.listed_on < on
                and other.closed_on is None
                and not other.into
            ):
                other.into = True
                return other
        return None

    def _move_on(self, case: Case) -> None:
        """One step to a later phase for some, while they are open."""
        chance = self.region.chance
        low, high = case.listed_on + timedelta(days=60), (case.closed_on or self.region.last) - timedelta(days=10)
        at = PHASES.index(case.phase)
        if not chance.yes(MOVED_ON) or low >= high or at + 1 >= len(PHASES):
            return
        phase = PHASES[min(len(PHASES) - 1, at + chance.between(1, 2))]
        day = meeting(self.region, case.owner, low, high)
        if day > case.listed_on:
            because = self.said["phases"][phase]
            self.book.add(day, AFTERNOON, manager(case.owner), "phase", threat=case.key, phase=phase, because=because)

    def _hand_over(self) -> None:
        """Offers of the last weeks: most accepted by the regional unit, one declined, some waiting."""
        chance, last = self.region.chance, self.region.last
        if last < self.after + 3 * LATELY:
            return
        cases = [
            case
            for case in chance.shuffled(self.region.cases)
            if case.owner != UNIT
            and not case.own
            and case.counted
            and case.closed_on is None
            and case.kind == "OCG"
            and not case.mistyped
            and not case.into
        ]
        for turn, case in enumerate(cases[: HANDED + PENDING + DECLINED]):
            case.moving = True
            offered = working(last - timedelta(days=chance.between(2, 4) if turn < PENDING else chance.between(12, 40)))
            self.book.add(
                offered,
                "12:00",
                manager(case.owner),
                "offer",
                threat=case.key,
                to=UNIT,
                lro=mailbox(f"soc-lro-{chance.between(1, 3)}", UNIT),
                sio=mailbox("sio", UNIT),
                because=self.said["handed"],
            )
            if turn < PENDING:
                continue
            answered = working(offered + timedelta(days=chance.between(4, 9)))
            act = "decline" if turn < PENDING + DECLINED else "accept"
            because = self.said["declined" if act == "decline" else "accepted"]
            self.book.add(answered, "12:30", manager(UNIT), act, threat=case.key, because=because)

    def _link(self) -> None:
        """Rivals, suppliers and others, within an organisation; and the lines of groups that sell by telephone."""
        chance = self.region.chance
        for owner in self.region.calibration.forces:
            groups = [case for case in self.region.of(owner) if case.closed_on is None and case.kind == "OCG"]
            groups = [case for case in groups if not case.restricted and not case.moving]
            for one, other in zip(groups[::9], groups[1::9], strict=False):
                kind = chance.pick(tuple(self.said["links"]))
                on = meeting(self.region, owner, max(one.listed_on, other.listed_on), self.region.last)
                if on > max(one.listed_on, other.listed_on):
                    because = self.said["links"][kind]
                    facts = {"threat": one.key, "other": other.key, "kind": kind}
                    self.book.add(on, AFTERNOON, manager(owner), "link", because=because, **facts)
            for case in groups:
                if case.theme == "DRU.county_lines" and not case.own:
                    self._line(case)

    def _line(self, case: Case) -> None:
        self.lines += 1
        on = case.listed_on
        number = identifiers.mobile(LINE_NUMBERS + self.lines)
        brand = case.brand or case.town
        self.book.add(on, "10:30", manager(case.owner), "line", threat=case.key, number=number, brand=brand)

    def _leave(self) -> None:
        """Lead responsible officers who can no longer sign in, with threats and actions still in their names."""
        on = working(self.region.last - LEFT_BEFORE)
        if on < self.after:
            return
        for owner, number in LEAVERS:
            who = mailbox(f"soc-lro-{number}", owner)
            self.leavers[who] = on
            self.book.add(on, "17:00", manager(owner), "leave", who=who)
