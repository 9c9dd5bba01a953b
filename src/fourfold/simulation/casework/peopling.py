"""Who officers name as members of the groups they listed: people of the simulated world, by records that have come."""

from dataclasses import dataclass
from datetime import date, timedelta

from fourfold.simulation.casework.book import UNIT, Book, Case, Region, analyst, meeting
from fourfold.simulation.chance import Weighted

KNOWN_AT_MOST = 400
MEMBERSHIPS = 320
PEOPLED = 0.6
ROLES = Weighted([("LIEUTENANT", 2), ("RUNNER", 4), ("ENFORCER", 1), ("ASSOCIATE", 3), ("DRIVER", 1), ("FINANCIER", 1)])
AFTER_DELIVERY = timedelta(days=7)
LATELY = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Known:
    """An adult whom a force keeps meeting and who is in no group of the world: how one source names them."""

    force: str
    source: str
    record_key: str
    grade: str
    seen: date


class Peopling:
    """Names a few members of groups that are open at the end, once the first delivery has brought their records."""

    def __init__(self, region: Region, book: Book, known: list[Known], delivered: date) -> None:
        self.region = region
        self.book = book
        self.known = known
        self.ready = delivered + AFTER_DELIVERY
        self.count = 0

    def people_all(self) -> None:
        if self.ready >= self.region.last - LATELY:
            return
        for case in self.region.cases:
            fits = case.kind == "OCG" and case.closed_on is None and not case.own and not case.moving
            if fits and not case.reclassified_on and self.region.chance.yes(PEOPLED) and self.count < MEMBERSHIPS:
                self._people(case)

    def _people(self, case: Case) -> None:
        chance = self.region.chance
        on = meeting(self.region, case.owner, max(self.ready, case.listed_on), self.region.last - LATELY)
        near = [each for each in self.known if case.owner in {each.force, UNIT} and each.seen < min(on, self.ready)]
        for turn, each in enumerate(chance.shuffled(near)[: chance.between(2, 4)]):
            self.count += 1
            self.book.add(
                on,
                "10:40",
                analyst(case.owner),
                "member",
                threat=case.key,
                source=each.source,
                record_key=each.record_key,
                role=chance.draw(ROLES) if turn else "LEADER",
                from_on=max(case.listed_on, each.seen).isoformat(),
                grade=each.grade,
            )
