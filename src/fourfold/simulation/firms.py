"""Firms that some people of a block run or work for, drawn from a stream of their own so that nothing else changes.

What a firm is called, where it is and its number are made up; numbers from 99,000,000 on are given to no company.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fourfold.simulation.chance import Chance
from fourfold.simulation.holdings import Holding
from fourfold.simulation.moments import DAY
from fourfold.simulation.places import Address
from fourfold.simulation.world import AGE_DAY, BLOCK, Block

FIRM_WORDS = ("Apex", "Castle", "Crown", "Delta", "Eagle", "Forge", "Harbour", "Kestrel", "Meridian", "Orchard",
              "Pennine", "Quayside", "Redrose", "Summit", "Trident", "Vale")  # fmt: skip
FIRM_TRADES = ("Car Sales", "Car Wash", "Couriers", "Letting", "Nails", "Recovery", "Scaffolding", "Takeaway", "Vapes")
FORMS = ("Limited", "Ltd", "LTD.", "Limited", "")
LETTERS = "abcdefghijklmnoprstuw"
FIRST_COMPANY = 99_000_000
PEOPLE_PER_FIRM = 60
OF_AGE = 18 * 365
"""Days: nobody younger runs or works for a firm."""
DIRECTOR, WORKS_FOR = "DIRECTOR_OF", "WORKS_FOR"


@dataclass(frozen=True)
class Firm:
    """A firm, at the home of the person who runs it."""

    name: str
    trading: str
    company: int
    at: Address
    since: int
    people: tuple[tuple[Holding, str], ...]
    """Nominals of one database with what each has to do with the firm; the first runs it."""


@dataclass(frozen=True)
class Said:
    """What one force wrote of a firm."""

    name: str
    trading: str
    company: str


def firms_of(block: Block, holdings: Mapping[int, Sequence[Holding]]) -> Iterator[Firm]:
    """The firms of a block, run by people whom a database knows.

    Args:
        block: The block; a firm's people are of one of its groups, or a household.
        holdings: The database's nominals, by person; only those that stand are linked.
    """
    known = {number: held for number, nominals in holdings.items() if (held := _standing(nominals)) is not None}
    chance = stream(block, "firms")
    rings = [[member.person.number for member in group.members] for group in block.groups]
    lone = [[person.number] for person in block.people if person.number in known and person.vehicles]
    wanted = max(1, len(block.people) // PEOPLE_PER_FIRM)
    taken: set[int] = set()
    for position, ring in enumerate([*rings, *chance.shuffled(lone)][:wanted]):
        people = [known[number] for number in ring if number in known]
        people = [held for held in people if held.person.born < AGE_DAY - OF_AGE and held.person.number not in taken]
        if people:
            taken |= {held.person.number for held in people[:3]}
            yield _firm(chance, block, position, people[:3])


def stream(block: Block, name: str) -> Chance:
    """A stream of decisions that follows from who is in the block and takes nothing from any other."""
    first = block.people[0]
    return Chance(f"{name} {block.index} {first.forename} {first.surname} {first.born}")


def _standing(nominals: Sequence[Holding]) -> Holding | None:
    return next((held for held in nominals if not held.deleted and not held.restricted), None)


def _firm(chance: Chance, block: Block, position: int, people: Sequence[Holding]) -> Firm:
    boss = people[0]
    name = f"{chance.pick(FIRM_WORDS)} {boss.home.ward.town} {chance.pick(FIRM_TRADES)}"
    roles = [DIRECTOR, *(DIRECTOR if chance.yes(0.2) else WORKS_FOR for _ in people[1:])]
    return Firm(
        name=name,
        trading=f"{chance.pick(FIRM_WORDS)} {chance.pick(FIRM_TRADES)}" if chance.yes(0.25) else "",
        company=FIRST_COMPANY + block.index * (BLOCK // PEOPLE_PER_FIRM) + position,
        at=boss.home,
        since=max(held.created for held in people) - chance.between(30, 900) * DAY,
        people=tuple(zip(people, roles, strict=True)),
    )


def said_of(chance: Chance, firm: Firm) -> Said:
    """A firm as somebody wrote it down: its legal form in one of many ways or none, a slip, what it trades as."""
    name = f"{firm.name} {chance.pick(FORMS)}".strip()
    draw = chance.random()
    if firm.trading and draw < 0.3:
        name = firm.trading
    elif draw > 0.92:
        name = slipped(chance, firm.name, LETTERS)
    elif draw > 0.8:
        name = name.upper()
    return Said(
        name=name,
        trading=firm.trading if firm.trading and name != firm.trading and chance.yes(0.4) else "",
        company=str(firm.company) if chance.yes(0.5) else "",
    )


def slipped(chance: Chance, text: str, letters: str) -> str:
    """The text with one character struck wrong, not its first."""
    at = chance.between(1, len(text) - 1)
    return text[:at] + chance.pick(letters.replace(text[at], "")) + text[at + 1 :]
