"""What officers put forward of the simulated world, and what they changed their minds about later.

An officer knows records, not truth: members are named by the records of a source, and only by those that existed that
day.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, TextIO

from fourfold.simulation.casework.peopling import KNOWN_AT_MOST, Known
from fourfold.simulation.casework.region import Gathering
from fourfold.simulation.chance import Chance, Weighted
from fourfold.simulation.moments import DAY, EPOCH_ORDINAL, minute_of
from fourfold.simulation.places import Address
from fourfold.simulation.reference import FORCES
from fourfold.simulation.systems.system import System
from fourfold.simulation.world import Block, Builder, Group, Member, Person

OWNERS = (*FORCES, "nwrocu")
FIRST = date(2022, 1, 10)
MISTYPED_UNTIL = date(2022, 12, 1)  # before it one force typed its weaknesses as groups
PEOPLE_PER_INDIVIDUAL = 400
PEOPLE_PER_VULNERABILITY = 330
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
AGE_OF_RESPONSIBILITY = 10
ADULT = 18
REASONS = {
    "up": "Recent intelligence shows greater violence and reach.",
    "down": "Arrests have reduced what can be done.",
    "phase": "Agreed at the monthly tasking meeting.",
    "closed": "Agreed at the threat management meeting.",
    "handed": "Handed to the regional unit: the group works across force boundaries.",
    "new lead": "The lead officer has changed role.",
    "mistyped": "Recorded as a group in error: no one group does this harm.",
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


def ending(entry: dict[str, str], on: str) -> dict[str, str]:
    """Return what says which membership ends, and when."""
    return {"source": entry["source"], "record_key": entry["record_key"], "role": entry["role"], "to_on": on}


def change(on: date, kind: str, value: object, because: str) -> dict[str, Any]:
    """Return one later change and the sentence kept with it."""
    return {"on": on.isoformat(), "change": {kind: value}, "because": because}


class Nominator:
    """Writes a line for each threat put forward."""

    def __init__(self, builder: Builder, systems: Sequence[System], out: TextIO, own: Gathering) -> None:
        self.builder = builder
        self.systems = systems
        self.out = out
        self.own = own
        self.read_again = own.calibration.threats.mistyped
        self.count = 0
        self.last = date.fromordinal(EPOCH_ORDINAL + builder.until // DAY)
        self.chance = Chance()
        self.names: dict[str, int] = {}

    def nominate(self, block: Block, chance: Chance) -> None:
        """Write the block's nominations; called while the systems still know the block."""
        self.chance = chance
        for group in block.groups:
            for threat in self.group(group):
                self.write(threat)
        members = {member.person.number for group in block.groups for member in group.members}
        lone = [person for person in block.people if person.number not in members and person.activity > 1]
        for owner in self.owners(block, PEOPLE_PER_INDIVIDUAL):
            near = [person for person in lone if owner in {person.force, "nwrocu"}]
            if near or lone:
                person = chance.pick(near or lone)
                lone.remove(person)
                self.write(self.individual(person, owner))
        for owner in self.owners(block, PEOPLE_PER_VULNERABILITY):
            self.write(self.vulnerability(block, owner))
        for person in lone:
            self.know(person)

    def know(self, person: Person) -> None:
        """Remember an adult whom officers may name in a threat they list, by the record they saw first."""
        if len(self.own.known) < KNOWN_AT_MOST and person.age(minute_of(FIRST)) >= ADULT:
            found = self.records(Member(person, "ASSOCIATE", 0), FIRST)
            if found:
                seen, entry = found[0]
                day = date.fromisoformat(seen)
                known = Known(person.force, entry["source"], entry["record_key"], entry["grade"], day)
                self.own.known.append(known)

    def owners(self, block: Block, people_each: int) -> list[str]:
        """Return the forces that put forward a threat in this block, all in turn over the blocks."""
        count = max(2, len(block.people) // people_each)
        return [OWNERS[(block.index * count + turn) % len(OWNERS)] for turn in range(count)]

    def write(self, threat: dict[str, Any]) -> None:
        """Write one line, its later changes in order and none after the end of the world."""
        last = self.last.isoformat()
        if threat["nominated_on"] > last:
            return
        later = [entry for entry in threat["later"] if threat["nominated_on"] < entry["on"] <= last]
        closed = min((entry["on"] for entry in later if "close" in entry["change"]), default=last)
        later = sorted((entry for entry in later if entry["on"] <= closed), key=in_order)
        threat["later"] = later
        threat["name"] = self.named(threat["name"])
        self.out.write(json.dumps(threat, ensure_ascii=False) + "\n")
        self.own.take(self.count, threat)
        self.count += 1

    def named(self, name: str) -> str:
        """Return the name, with a number where the list has it already."""
        self.names[name] = self.names.get(name, 0) + 1
        return name if self.names[name] == 1 else f"{name} ({self.names[name]})"

    def day(self, low: date, high: date) -> date:
        """Return a working day between two days."""
        day = date.fromordinal(self.chance.between(low.toordinal(), max(low, high).toordinal()))
        return day - timedelta(days=max(0, day.weekday() - 4))

    def mailbox(self, force: str) -> str:
        """Return the mailbox of a lead responsible officer: a role, not a person."""
        return f"soc-lro-{self.chance.between(1, 3)}@{force.replace('_', '-')}.example"

    def records(self, member: Member, before: date) -> list[tuple[str, dict[str, str]]]:
        """Return the day the officer first sees a record of the member, and how the list names it; one of a source."""
        first: dict[str, tuple[int, str, str]] = {}
        for system in self.systems:
            found = system.members(member.person)
            if found:
                key, created, _ = min(found, key=lambda record: (record[1], record[0]))
                first[system.source] = created, system.source, key
        grade = self.chance.pick(GRADES)
        since = date.fromordinal(EPOCH_ORDINAL + max(member.since, 0) // DAY).isoformat()
        seen = []
        for created, source, key in sorted(first.values())[:SOURCES_PER_MEMBER]:
            day = date.fromordinal(EPOCH_ORDINAL + max(created, member.since, 0) // DAY + 1)
            entry = {"source": source, "record_key": key, "role": member.role, "from_on": since, "grade": grade}
            seen.append((max(day, before).isoformat(), entry))
        return seen

    def split(self, members: Sequence[Member], on: date) -> tuple[list[dict[str, str]], list[dict[str, Any]]]:
        """Return the members known on the day of nomination, and the changes that bring others or see some leave."""
        now: list[dict[str, str]] = []
        later: list[dict[str, Any]] = []
        for member in members:
            if member.role not in PROTECTED and member.person.age(minute_of(on)) < AGE_OF_RESPONSIBILITY:
                continue
            known = self.records(member, on)
            at_once = [entry for seen, entry in known if seen <= on.isoformat()]
            now.extend(at_once)
            if known and not at_once:
                seen, entry = known[0]
                later.append({"on": seen, "change": {"add_member": entry}})
            if known and member.until is not None:
                left = date.fromordinal(EPOCH_ORDINAL + member.until // DAY).isoformat()
                gone = at_once or [entry for seen, entry in known[:1] if seen < left]
                later.extend({"on": left, "change": {"end_member": ending(entry, left)}} for entry in gone)
        return now, later

    def course(self, on: date, tier: str, phase: str, ended: date | None) -> list[dict[str, Any]]:
        """Return the tier and phase changes of a threat after its nomination, and its end."""
        chance, changes = self.chance, []
        at, step = on, PHASES.index(phase)
        while True:
            at = self.day(at + timedelta(days=60), at + timedelta(days=330))
            if at > self.last or (ended is not None and at >= ended):
                break
            if chance.yes(0.5) and step < len(PHASES) - 1:
                step += 1
                changes.append(change(at, "phase", PHASES[step], REASONS["phase"]))
            else:
                up = chance.yes(0.4)
                moved = str(max(1, min(5, int(tier) + (-1 if up else 1))))
                if moved != tier:
                    tier = moved
                    changes.append(change(at, "tier", tier, REASONS["up" if up else "down"]))
        if ended is not None:
            changes.append(change(ended, "close", chance.draw(ENDINGS), REASONS["closed"]))
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
            finished = max(date.fromordinal(EPOCH_ORDINAL + group.ended // DAY), on + timedelta(days=90))
            ended = self.day(finished, finished + timedelta(days=200))
        tier = chance.draw(TIERS)
        phase = PHASES[chance.upto(4)]
        force = "nwrocu" if group.elsewhere and tier in {"1", "2"} and chance.yes(0.6) else group.force
        members, later = self.split(group.members, on)
        later += self.course(on, tier, phase, ended)
        if force != "nwrocu" and group.elsewhere and chance.yes(0.18):
            handed = self.day(on + timedelta(days=200), on + timedelta(days=700))
            later.append(change(handed, "lro", self.mailbox("nwrocu"), REASONS["handed"]))
        elif chance.yes(0.25):
            handed = self.day(on + timedelta(days=150), on + timedelta(days=800))
            later.append(change(handed, "lro", self.mailbox(force), REASONS["new lead"]))
        line = f"the {group.brand} line, " if group.brand else ""
        summary = SUMMARIES[group.themes[0].split(".")[0]]
        threat = {
            "nominated_on": on.isoformat(),
            "force": force,
            "threat_type": "OCG",
            "name": group.name,
            "aliases": [f"{group.brand} line"] if group.brand else [],
            "summary": summary.format(town=group.premises[0].ward.town, line=line),
            "themes": list(group.themes),
            "tier": tier,
            "phase": phase,
            "lro": self.mailbox(force),
            "members": members,
            "places": [self.place(address) for address in group.premises],
            "compartment": group.compartment,
            "later": later,
        }
        yield threat
        if group.elsewhere and not group.compartment and chance.yes(0.2):
            yield self.second_view(group, threat, on, summary.format(town=group.premises[-1].ward.town, line=line))

    def second_view(self, group: Group, first: dict[str, Any], on: date, summary: str) -> dict[str, Any]:
        """Return another force's nomination of a group already on the list, merged when somebody notices."""
        chance = self.chance
        other = self.day(on + timedelta(days=30), on + timedelta(days=240))
        merged = self.day(other + timedelta(days=60), other + timedelta(days=400))
        members, _ = self.split(group.members[: 2 + chance.upto(3)], other)
        because = f"The same group as {group.name}, already on the list."
        return {
            **first,
            "nominated_on": other.isoformat(),
            "force": group.elsewhere,
            "name": f"{group.brand or group.name.removeprefix('Op ')} group, {group.premises[-1].ward.town}",
            "aliases": [],
            "summary": summary,
            "themes": first["themes"][:1],
            "tier": str(min(5, int(first["tier"]) + 1)),
            "phase": "IDENTIFIED",
            "lro": self.mailbox(group.elsewhere),
            "members": members,
            "places": first["places"][-1:],
            "later": [{**change(merged, "close", "CLOSED_MERGED", because), "merged_into": group.name}],
        }

    def individual(self, person: Person, owner: str) -> dict[str, Any]:
        """Return the nomination of a priority individual."""
        chance = self.chance
        role, theme, summary = chance.pick(SPECIALISMS)
        on = self.day(FIRST, self.last - timedelta(days=60))
        tier = chance.draw(TIERS)
        members, later = self.split([Member(person, role, minute_of(on) - 400 * DAY)], on)
        ended = self.day(on + timedelta(days=200), on + timedelta(days=1200)) if chance.yes(0.2) else None
        phase = "LIFETIME_MANAGEMENT" if role == "LEADER" else PHASES[chance.upto(4)]
        return {
            "nominated_on": on.isoformat(),
            "force": owner,
            "threat_type": "PRIORITY_INDIVIDUAL",
            "name": f"{person.forename} {person.surname.upper()}",
            "aliases": [" ".join(person.street_name)] if person.street_name else [],
            "summary": summary,
            "themes": [theme],
            "tier": tier,
            "phase": phase,
            "lro": self.mailbox(owner),
            "members": members,
            "places": [self.place(person.home(minute_of(on))[1])],
            "compartment": "",
            "later": later + self.course(on, tier, phase, ended),
        }

    def vulnerability(self, block: Block, owner: str) -> dict[str, Any]:
        """Return the nomination of a weakness any criminal could use; those of one force begin wrongly as groups."""
        chance = self.chance
        theme, name, summary = chance.pick(WEAKNESSES)
        force = chance.draw(self.builder.force) if owner == "nwrocu" else owner
        place = self.builder.places.street(chance, self.builder.places.ward(chance, force))
        ward = place.ward
        on = self.day(FIRST, self.last - timedelta(days=90))
        mistaken = owner == self.read_again.force and on < MISTYPED_UNTIL
        tier = chance.draw(TIERS)
        moment = minute_of(on)
        young = [p for p in block.people if p.home(moment)[1].ward.force == force and 11 <= p.age(moment) <= 20]
        role = "EXPLOITED" if theme.startswith(("DRU", "MSH")) else "AT_RISK"
        count = 0 if chance.yes(0.3) else chance.between(1, 5)
        drawn = {person.number: Member(person, role, moment - 200 * DAY) for person in chance.shuffled(young)[:count]}
        members, later = self.split(list(drawn.values()), on)
        later += self.course(on, tier, "IDENTIFIED", None)
        if mistaken:
            found = self.day(self.read_again.reclassified_from, self.read_again.reclassified_by - timedelta(days=3))
            later.append(change(found, "threat_type", "VULNERABILITY", REASONS["mistyped"]))
        return {
            "nominated_on": on.isoformat(),
            "force": owner,
            "threat_type": "OCG" if mistaken else "VULNERABILITY",
            "name": name.format(town=ward.town, ward=ward.name),
            "aliases": [],
            "summary": summary.format(town=ward.town, ward=ward.name),
            "themes": [theme],
            "tier": tier,
            "phase": "IDENTIFIED",
            "lro": self.mailbox(owner),
            "members": members,
            "places": [self.place(place)],
            "compartment": "",
            "later": later,
        }


def in_order(entry: dict[str, Any]) -> tuple[str, bool]:
    """Return the key that sorts changes by day, an ending last."""
    return entry["on"], "close" in entry["change"]
