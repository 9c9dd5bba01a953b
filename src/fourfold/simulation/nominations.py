"""What officers put forward for the master list, and what they changed their minds about later.

An officer knows records, not truth: members are named by the records of a source, and only by those that existed that
day.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, TextIO

from fourfold.simulation.chance import Chance, Weighted
from fourfold.simulation.moments import DAY, EPOCH_ORDINAL, minute_of
from fourfold.simulation.places import Address
from fourfold.simulation.systems.base import System
from fourfold.simulation.world import Block, Builder, Group, Member, Person

FIRST = date(2022, 1, 10)
INSPECTED = date(2023, 11, 10)  # when inspectors found one force's vulnerabilities recorded as groups
PEOPLE_PER_INDIVIDUAL = 500
PEOPLE_PER_VULNERABILITY = 400
TIERS = Weighted([("1", 6), ("2", 16), ("3", 34), ("4", 28), ("5", 16)])
ENDINGS = Weighted(
    [("CLOSED_DISMANTLED", 55), ("CLOSED_DORMANT", 25), ("CLOSED_NO_LONGER_MEETS", 17), ("CLOSED_ERROR", 3)]
)
PHASES = (
    "IDENTIFIED",
    "DEVELOPMENT",
    "ACTIVE_INVESTIGATION",
    "ACTIVE_DISRUPTION",
    "POST_CHARGE",
    "CUSTODY_MANAGEMENT",
    "LIFETIME_MANAGEMENT",
)
GRADES = ("1A", "1B", "2A", "2B", "2D", "2D", "3D")
PROTECTED = frozenset({"EXPLOITED", "VICTIM", "WITNESS", "AT_RISK"})
SOURCES_PER_MEMBER = 2
REASONS = {
    "up": "Recent intelligence shows greater violence and reach",
    "down": "Arrests have reduced what the group can do",
    "phase": "Agreed at the monthly tasking meeting",
    "closed": "Agreed at the threat management meeting",
}
WEAKNESSES = (
    (
        "MSH.care_sector",
        "Recruitment into care homes around {town}",
        "Workers brought in on sponsored visas are moved between homes around {town}, with wages withheld.",
    ),
    (
        "DRU.county_lines",
        "Children drawn into drug supply in {ward}",
        "Children missing from home in {ward} are found with drugs and phones. Several lines use the same streets.",
    ),
    (
        "PRI.conveyance",
        "Drone deliveries to custody from {ward}",
        "Open ground in {ward} is used to fly packages over a prison wall. Several groups use the same launch point.",
    ),
    (
        "DRU.county_lines",
        "Cuckooed homes in {ward}",
        "Homes of vulnerable tenants in {ward} are taken over in turn by different lines.",
    ),
    (
        "ECO.fraud_person",
        "Courier fraud against older residents of {town}",
        "Older residents of {town} are called by people who say they are police officers or bank staff.",
    ),
    (
        "MSH.labour",
        "Hand car washes in {town}",
        "Workers at hand car washes in {town} sleep on site and do not hold their own papers.",
    ),
    (
        "OIC.clandestine",
        "Lorry park in {ward} used for clandestine arrivals",
        "People leave the backs of lorries at a stop in {ward}; more than one facilitator is believed to use it.",
    ),
    (
        "FIR.conversion",
        "Converted blank-firing pistols reaching {town}",
        "Converted pistols of one make have been recovered in {town} from unconnected people.",
    ),
)
SPECIALISMS = (
    ("ARMOURER", "FIR.supply", "Believed to hold and hire out firearms to several groups."),
    (
        "SUPPLIER",
        "DRU.class_a_wholesale",
        "Supplies class A drugs at multi-kilogram level to groups in more than one force area.",
    ),
    ("FACILITATOR", "ECO.money_laundering", "Sets up companies and moves money for groups, whoever leads them."),
    ("ENFORCER", "VIO", "Carries out violence for hire; not tied to one group."),
    ("LEADER", "DRU.county_lines", "Runs lines from custody and on release; under lifetime management."),
)
SUMMARIES = {
    "DRU": "The group supplies class A drugs from {town}, using {line}young runners and hire cars.",
    "FIR": "The group has access to firearms and is in dispute with others in {town}.",
    "MSH": "The group recruits and controls people in {town} and takes what they earn.",
    "OIC": "The group arranges travel and false papers for people brought to {town}.",
    "ECO": "The group takes money by deception and moves it through accounts opened in {town}.",
    "CSA": "The group grooms and abuses children in and around {town}.",
    "SAC": "The group steals to order around {town} and across the force boundary.",
    "PRI": "The group gets drugs and phones into prison from {town}.",
}


def named(entry: dict[str, str]) -> dict[str, str]:
    """Return only what says which record a member is."""
    return {"source": entry["source"], "record_key": entry["record_key"]}


class Nominator:
    """Writes a line for each threat put forward."""

    def __init__(self, builder: Builder, systems: Sequence[System], out: TextIO) -> None:
        self.builder = builder
        self.systems = systems
        self.out = out
        self.count = 0
        self.last = date.fromordinal(EPOCH_ORDINAL + builder.until // DAY)
        self.chance = Chance()
        self.names: set[str] = set()

    def nominate(self, block: Block, chance: Chance) -> None:
        """Write the block's nominations; called while the systems still know the block."""
        self.chance = chance
        for group in block.groups:
            for threat in self.group(group):
                self.write(threat)
        self.names = set()
        taken = {member.person.number for group in block.groups for member in group.members}
        lone = [person for person in block.people if person.number not in taken and person.activity > 1]
        for _ in range(max(2, len(block.people) // PEOPLE_PER_INDIVIDUAL)):
            if lone:
                self.write(self.individual(chance.pick(lone)))
        for position in range(max(2, len(block.people) // PEOPLE_PER_VULNERABILITY)):
            self.write(self.vulnerability(block, "cheshire" if position % 3 == 1 else chance.draw(self.builder.force)))

    def write(self, threat: dict[str, Any]) -> None:
        """Write one line, its later changes in order and none after the end of the world."""
        last = self.last.isoformat()
        if threat["nominated_on"] > last:
            return
        threat["later"] = sorted(
            (change for change in threat["later"] if change["on"] <= last), key=lambda change: change["on"]
        )
        threat["reference"] = f"N{self.count + 1:06d}"
        self.count += 1
        self.out.write(json.dumps(threat, ensure_ascii=False) + "\n")

    def day(self, low: date, high: date) -> date:
        """Return a working day between two days."""
        day = date.fromordinal(self.chance.between(low.toordinal(), max(low, high).toordinal()))
        return day - timedelta(days=max(0, day.weekday() - 4))

    def mailbox(self, force: str) -> str:
        """Return the mailbox of a lead responsible officer: a role, not a person."""
        return f"soc-lro-{self.chance.between(1, 3)}@{force.replace('_', '-')}.example"

    def records(self, member: Member, before: date) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield the day each record of a member is first seen by the officer, and how the list names it."""
        found = [
            (created, system.source, key)
            for system in self.systems
            for key, created, _ in system.members(member.person)
        ]
        found.sort()
        grade = self.chance.pick(GRADES)
        first: dict[str, tuple[int, str, str]] = {}
        for record in found:
            first.setdefault(record[1], record)
        for created, source, key in list(first.values())[:SOURCES_PER_MEMBER]:
            seen = EPOCH_ORDINAL + max(created, member.since, 0) // DAY + 1
            since = date.fromordinal(EPOCH_ORDINAL + max(member.since, 0) // DAY)
            yield (
                max(date.fromordinal(seen), before).isoformat(),
                {
                    "source": source,
                    "record_key": key,
                    "role": member.role,
                    "from_on": since.isoformat(),
                    "grade": grade,
                },
            )

    def split(self, members: Sequence[Member], on: date) -> tuple[list[dict[str, str]], list[dict[str, Any]]]:
        """Return the members known on the day of nomination, and the changes that bring others or see some leave."""
        now, later = [], []
        for member in members:
            if member.role not in PROTECTED and member.person.age(minute_of(on)) < 10:
                continue
            known = list(self.records(member, on))
            at_once = [entry for seen, entry in known if seen <= on.isoformat()]
            now.extend(at_once)
            if known and not at_once:
                seen, entry = known[0]
                later.append({"on": seen, "change": {"member_joined": entry}})
            if member.until is not None and known:
                left = date.fromordinal(EPOCH_ORDINAL + member.until // DAY).isoformat()
                gone = at_once or [entry for seen, entry in known[:1] if seen < left]
                if left > on.isoformat():
                    later.extend({"on": left, "change": {"member_left": named(entry)}} for entry in gone)
        return now, later

    def course(self, on: date, tier: str, phase: str, ended: date | None) -> list[dict[str, Any]]:
        """Return the tier and phase changes of a threat after its nomination."""
        chance, changes = self.chance, []
        at, step = on, PHASES.index(phase)
        while True:
            at = self.day(at + timedelta(days=60), at + timedelta(days=330))
            if at > self.last or (ended is not None and at >= ended):
                break
            if chance.yes(0.5) and step < len(PHASES) - 1:
                step += 1
                changes.append({"on": at.isoformat(), "change": {"phase": PHASES[step], "reason": REASONS["phase"]}})
            else:
                up = chance.yes(0.4)
                moved = str(max(1, min(5, int(tier) + (-1 if up else 1))))
                if moved != tier:
                    tier = moved
                    changes.append(
                        {"on": at.isoformat(), "change": {"tier": tier, "reason": REASONS["up" if up else "down"]}}
                    )
        if ended is not None and ended <= self.last:
            changes.append(
                {"on": ended.isoformat(), "change": {"phase": chance.draw(ENDINGS), "reason": REASONS["closed"]}}
            )
        return changes

    def place(self, address: Address) -> dict[str, Any]:
        """Return a place of a threat."""
        ward = address.ward
        return {
            "name": ward.name,
            "town": ward.town,
            "force": ward.force,
            "authority": ward.authority,
            "address": address.line,
            "postcode": address.street.postcode,
            "latitude": address.latitude,
            "longitude": address.longitude,
        }

    def group(self, group: Group) -> Iterator[dict[str, Any]]:
        """Yield the nomination of a group; sometimes two forces put forward the same one."""
        chance = self.chance
        begun = max(FIRST, date.fromordinal(EPOCH_ORDINAL + max(0, group.started) // DAY + 120))
        on = self.day(begun, begun + timedelta(days=500))
        ended = None
        if group.ended is not None:
            ended = date.fromordinal(EPOCH_ORDINAL + group.ended // DAY)
            ended = self.day(max(ended, on + timedelta(days=90)), max(ended, on) + timedelta(days=200))
        tier = chance.draw(TIERS)
        phase = PHASES[chance.upto(4)]
        force = "nwrocu" if group.elsewhere and tier in {"1", "2"} and chance.yes(0.6) else group.force
        members, joining = self.split(group.members, on)
        town = group.premises[0].ward.town
        line = f"the {group.brand} line, " if group.brand else ""
        theme = group.themes[0].split(".")[0]
        later = joining + self.course(on, tier, phase, ended)
        if force != "nwrocu" and group.elsewhere and chance.yes(0.18) and ended is None:
            handed = self.day(on + timedelta(days=200), on + timedelta(days=700))
            change = {
                "force": "nwrocu",
                "lro": self.mailbox("nwrocu"),
                "reason": "The group works across force boundaries",
            }
            later.append({"on": handed.isoformat(), "change": change})
        elif chance.yes(0.25):
            handed = self.day(on + timedelta(days=150), on + timedelta(days=800))
            later.append(
                {
                    "on": handed.isoformat(),
                    "change": {"lro": self.mailbox(force), "reason": "The lead officer has changed role"},
                }
            )
        yield {
            "nominated_on": on.isoformat(),
            "force": force,
            "threat_type": "OCG",
            "name": group.name,
            "aliases": [f"{group.brand} line"] if group.brand else [],
            "summary": SUMMARIES[theme].format(town=town, line=line),
            "themes": list(group.themes),
            "tier": tier,
            "phase": phase,
            "lro": self.mailbox(force),
            "members": members,
            "places": [self.place(address) for address in group.premises],
            "compartment": group.compartment,
            "later": later,
        }
        if group.elsewhere and ended is None and chance.yes(0.2):
            other = self.day(on + timedelta(days=30), on + timedelta(days=240))
            merged = self.day(other + timedelta(days=60), other + timedelta(days=400))
            some, _ = self.split(group.members[: 2 + chance.upto(3)], other)
            yield {
                "nominated_on": other.isoformat(),
                "force": group.elsewhere,
                "threat_type": "OCG",
                "name": f"{group.brand or group.name.removeprefix('Op ')} group, {group.premises[-1].ward.town}",
                "aliases": [],
                "summary": SUMMARIES[theme].format(town=group.premises[-1].ward.town, line=line),
                "themes": list(group.themes[:1]),
                "tier": str(min(5, int(tier) + 1)),
                "phase": "IDENTIFIED",
                "lro": self.mailbox(group.elsewhere),
                "members": some,
                "places": [self.place(group.premises[-1])],
                "compartment": "",
                "later": [
                    {
                        "on": merged.isoformat(),
                        "change": {
                            "phase": "CLOSED_MERGED",
                            "merged_into": group.name,
                            "reason": "The same group as one already on the list",
                        },
                    }
                ],
            }

    def individual(self, person: Person) -> dict[str, Any]:
        """Return the nomination of a priority individual."""
        chance = self.chance
        role, theme, summary = chance.pick(SPECIALISMS)
        on = self.day(FIRST, self.last - timedelta(days=60))
        tier = chance.draw(TIERS)
        members, joining = self.split([Member(person, role, minute_of(on) - 400 * DAY)], on)
        ended = self.day(on + timedelta(days=200), on + timedelta(days=1200)) if chance.yes(0.2) else None
        phase = "LIFETIME_MANAGEMENT" if role == "LEADER" else PHASES[chance.upto(4)]
        force = person.home(minute_of(on))[1].ward.force
        return {
            "nominated_on": on.isoformat(),
            "force": force,
            "threat_type": "PRIORITY_INDIVIDUAL",
            "name": f"{person.forename} {person.surname.upper()}",
            "aliases": [" ".join(person.street_name)] if person.street_name else [],
            "summary": summary,
            "themes": [theme],
            "tier": tier,
            "phase": phase,
            "lro": self.mailbox(force),
            "members": members,
            "places": [self.place(person.home(minute_of(on))[1])],
            "compartment": "",
            "later": joining + self.course(on, tier, phase, ended),
        }

    def vulnerability(self, block: Block, force: str) -> dict[str, Any]:
        """Return the nomination of a weakness any criminal could use; those of one force begin wrongly as groups."""
        chance = self.chance
        theme, name, summary = chance.pick(WEAKNESSES)
        ward = self.builder.places.ward(chance, force)
        place = self.builder.places.street(chance, ward)
        mistaken = force == "cheshire"
        on = self.day(FIRST, INSPECTED - timedelta(days=60) if mistaken else self.last - timedelta(days=90))
        tier = chance.draw(TIERS)
        young = [
            p for p in block.people if p.home(minute_of(on))[1].ward.force == force and 11 <= p.age(minute_of(on)) <= 20
        ]
        role = "EXPLOITED" if theme.startswith(("DRU", "MSH")) else "AT_RISK"
        drawn = [
            Member(chance.pick(young), role, minute_of(on) - 200 * DAY) for _ in range(chance.between(2, 5)) if young
        ]
        members, joining = self.split(list({member.person.number: member for member in drawn}.values()), on)
        later = joining + self.course(on, tier, "IDENTIFIED", None)
        if mistaken:
            change = {
                "threat_type": "VULNERABILITY",
                "reason": "Recorded as a group in error: no one group does this harm",
            }
            later.append({"on": self.day(INSPECTED, INSPECTED + timedelta(days=240)).isoformat(), "change": change})
        title = name.format(town=ward.town, ward=ward.name)
        return {
            "nominated_on": on.isoformat(),
            "force": force,
            "threat_type": "OCG" if mistaken else "VULNERABILITY",
            "name": title,
            "aliases": [],
            "summary": summary.format(town=ward.town, ward=ward.name),
            "themes": [theme],
            "tier": tier,
            "phase": "IDENTIFIED",
            "lro": self.mailbox(force),
            "members": members,
            "places": [self.place(place)],
            "compartment": "",
            "later": later,
        }
