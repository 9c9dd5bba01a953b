"""Building the demonstration: a simulated region comes in by the real door, officers' words through the services.

Time is told: each delivery is received on the day its manifest says, each nomination and change is made on its own
day, so that history holds true dates. That needs a connection of the role `fourfold_simulation`, which production
refuses to have. Every step is noted in the ledger in the same transaction as what it did, so a build that was stopped
goes on where it was.
"""

import json
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test.utils import override_settings

from fourfold.assessments import services as assessments
from fourfold.entry.demo import BUILT, PASSWORD, PLAN, SERVICE, STEP, UNIT, note_step, steps_done
from fourfold.entry.demo_casework import CASEWORK, PEOPLE, Casework, mailboxes_in
from fourfold.entry.demo_crew import Crew, Said, Step
from fourfold.intake import region as intake_region
from fourfold.intake import selectors as intake
from fourfold.intake import services as intake_services
from fourfold.intake.processing import Desk, process_batches
from fourfold.intake.rules import How, State
from fourfold.intake.storage import Store
from fourfold.plans import services as plans
from fourfold.plans.models import Action
from fourfold.plans.rules import State as PlanState
from fourfold.plans.rules import Status
from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.errors import RuleBroken
from fourfold.platform.people import services as people
from fourfold.platform.people.models import Organisation, OrganisationKind, User
from fourfold.platform.reference import services as reference
from fourfold.platform.visibility import services as visibility
from fourfold.platform.visibility.models import Compartment
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import selectors as pole
from fourfold.simulation.run import simulate
from fourfold.threats import rules, selectors, services
from fourfold.threats.models import Threat

ROLES_SINCE = date(2021, 1, 1)
FIRST_DELIVERY = date(2024, 3, 31)
MINUTE = timedelta(minutes=1)
NOMINATED_FIRST = timedelta(hours=2)
OFFICE_OPENS = time_of_day(9, 0)
COMPARTMENTS = ("NWC01", "NWC02", "NWC03")
LEAD = "soc-lro-"
DELIVERIES = "deliveries"
# About how many acts of officers one day's deliveries take as long as.
LONG = 800
SAID_OF = {"TM10": "The person already had that role, on another record"}

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Post:
    """Somebody in the demonstration: a mailbox of a role, never a person's name."""

    mailbox: str
    name: str
    role: str


SENIOR = (
    Post("sio", "Senior investigating officer", "sio"),
    Post("sro", "Senior responsible officer", "sro"),
    Post("community-coordinator", "SOC community co-ordinator", "community_coordinator"),
)
IN_EACH_FORCE = (
    Post("analyst", "Force analyst", "analyst"),
    Post("intelligence-manager", "Force intelligence manager", "intelligence_manager"),
    *SENIOR,
    Post("safeguarding-lead", "Safeguarding lead", "safeguarding_lead"),
    Post("data-protection-officer", "Data protection officer", "data_protection_officer"),
)
IN_THE_UNIT = (
    Post("rocta-moderator", "ROCTA moderator", "rocta_moderator"),
    Post("second-moderator", "Second ROCTA moderator", "rocta_moderator"),
    Post("rocta-head", "Head of ROCTA", "rocta_head"),
    Post("unit-lead", "Regional unit lead", "rocu_lead"),
    Post("analyst", "Regional analyst", "analyst"),
    Post("data-manager", "Regional data manager", "data_manager"),
    *SENIOR,
    Post("auditor", "Regional auditor", "auditor"),
)
ELSEWHERE: Mapping[str, tuple[Post, ...]] = {
    "hmpps": (Post("analyst", "Prison service analyst", "partner_analyst"),),
    "nca": (Post("inspector", "Visiting inspector", "inspector"),),
}

ASKED_OF_PROBATION = 8


class QuickHasher(PBKDF2PasswordHasher):
    """Few rounds: the password of the demonstration is printed for everybody, so slow hashing would protect nothing."""

    iterations = 1_000


def build(
    *, people: int, seed: int, tell: Tell, until: date | None = None, extracts: bool = True, processes: int = 0
) -> None:
    """Build the demonstration, or finish one that was stopped. Does nothing where it is built.

    Args:
        people: How many live in the simulated region.
        seed: Another seed, another region.
        tell: Is given a line for each part, with the seconds it took.
        until: The last day that the extracts cover; yesterday where not given.
        extracts: Without them the record systems are left out: the master list has no members, and the rest is there.
        processes: How many more processes play the acts of officers side by side. They are forked from this one.
    """
    done = steps_done()
    if BUILT in done:
        tell("The demonstration is built already.")
        return
    started = time.monotonic()
    plan = done.get(PLAN) or {"until": (until or clock.today() - timedelta(days=1)).isoformat()}
    plan = {"people": people, "seed": seed, "extracts": extracts} | plan
    days = delivery_days(date.fromisoformat(plan["until"]))
    with tempfile.TemporaryDirectory(prefix="fourfold-demo-") as name:
        folder = Path(name)
        with timed(tell, "Region loaded: organisations, words, sources"):
            load_region(first_day=days[0])
            note_step(PLAN, done, **plan)
        with timed(tell, f"{plan['people']:,} people simulated, and what four systems would send about them"):
            simulate(plan["people"], plan["seed"], folder, days=days)
        nominations = read_nominations(folder)
        with timed(tell, "Mailboxes made for each organisation, with the roles they hold"):
            make_staff(nominations, named=mailboxes_in(folder))
        Player(folder, nominations, done, tell).play(extracts=plan["extracts"], processes=processes)
    with timed(tell, "Summaries shared with the probation service, with what it is asked to do"):
        ask_probation()
    with timed(tell, "Plans marked as they stand today, and what is due said to its owners"):
        do_nightly_jobs()
    with timed(tell, "Ledger sealed"):
        note_step(BUILT, done, **plan)
        audit.seal()
    tell(f"The demonstration was built in {time.monotonic() - started:.1f} s.")


def do_nightly_jobs() -> None:
    """What the night before would have done: scores of plans are of today, and reminders are there."""
    with acting_as(people.service_user(SERVICE)):
        plans.rescore_plans(today=clock.today())
        plans.remind(today=clock.today())


def ask_probation() -> None:
    """Where a plan has an action with probation, its officer shares a summary and asks for the action."""
    today, probation = clock.today(), Organisation.objects.get(code="hmpps")
    with acting_as(people.service_user(SERVICE)):
        open_ones = Action.objects.filter(
            partner="Probation",
            status__in=(Status.PROPOSED, Status.AGREED, Status.IN_PROGRESS),
            plan__state=PlanState.ADOPTED,
            plan__threat__closed_on=None,
            label__compartment=None,
            asked=None,
        )
        found = list(open_ones.select_related("plan__threat__lro", "aim").order_by("plan_id", "number"))
    for action in found[:ASKED_OF_PROBATION]:
        lro = action.plan.threat.lro
        if lro is None:
            continue
        with acting_as(lro):
            plans.share_summary(
                actor=lro,
                plan=action.plan,
                organisation=probation,
                title="What the plan is for",
                text=action.aim.text if action.aim else action.outcome_wanted,
                today=today,
            )
            plans.ask_partner(
                actor=lro,
                action=action,
                organisation=probation,
                title=action.title,
                text=action.outcome_wanted,
                due_on=action.due_on,
                today=today,
            )


def delivery_days(until: date) -> list[date]:
    """The last day of each delivery: the first brings everything up to then, the second what is new or changed."""
    return [FIRST_DELIVERY, until] if until > FIRST_DELIVERY else [until]


@contextmanager
def timed(tell: Tell, what: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    tell(f"  {time.monotonic() - started:5.1f} s  {what}")


def load_region(*, first_day: date) -> None:
    """What the region's folder says, and the compartments that the simulated systems use."""
    reference.load(settings.REGION, Path(settings.REGIONS), today=clock.today())
    visibility.load_compartments()
    assessments.load_shipped_models(Path(settings.REGIONS) / settings.REGION, now=clock.now())
    unit = Organisation.objects.get(code=UNIT)
    for code in COMPARTMENTS:
        if not Compartment.objects.filter(code=code).exists():
            visibility.make_compartment(code=code, name=f"Restricted investigation {code}", owner=unit)
    moment = datetime.combine(first_day, OFFICE_OPENS, tzinfo=clock.LONDON)
    with clock.told(moment), acting_as(people.service_user("intake")):
        for facts in intake_region.sources_in(Path(settings.REGIONS) / settings.REGION):
            intake_services.register_source(facts=facts)


def read_nominations(folder: Path) -> list[dict[str, Any]]:
    with (folder / "nominations.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def address(mailbox: str, organisation: str) -> str:
    return f"{mailbox}@{organisation.replace('_', '-')}.example"


def make_staff(nominations: list[dict[str, Any]], *, named: set[str]) -> None:
    """The mailboxes that nominate, lead, manage and read; those who manage or lead are let into their compartments.

    Args:
        nominations: Threats of the simulated world.
        named: Mailboxes that the casework names, lead responsible officers among them.
    """
    forces = Organisation.objects.filter(kind=OrganisationKind.FORCE)
    posts = [(post, force) for force in forces for post in IN_EACH_FORCE]
    posts += [(post, Organisation.objects.get(code=UNIT)) for post in IN_THE_UNIT]
    posts += [(post, Organisation.objects.get(code=code)) for code, those in ELSEWHERE.items() for post in those]
    by_domain = {code.replace("_", "-"): code for code in Organisation.objects.values_list("code", flat=True)}
    leads = {email for email in named if email.startswith(LEAD)}
    for email in sorted(lead_mailboxes(nominations) | leads, key=by_number):
        mailbox, _, domain = email.partition("@")
        organisation = Organisation.objects.get(code=by_domain[domain.removesuffix(".example")])
        number = mailbox.rpartition("-")[2]
        posts.append((Post(mailbox, f"Lead responsible officer {number}", "lro"), organisation))
    quick = f"{QuickHasher.__module__}.{QuickHasher.__qualname__}"
    with override_settings(PASSWORD_HASHERS=[quick]):
        for post, organisation in posts:
            email = address(post.mailbox, organisation.code)
            if not User.objects.filter(email=email).exists():
                people.create_user(
                    email=email,
                    name=post.name,
                    organisation=organisation,
                    roles=[post.role],
                    password=PASSWORD,
                    held_from=ROLES_SINCE,
                )
    for line in nominations:
        if line["compartment"]:
            let_in(line)


def let_in(nomination: Mapping[str, Any]) -> None:
    """Those who manage and lead a restricted threat need to know of it."""
    circle = Compartment.objects.get(code=nomination["compartment"])
    for email in {*lead_mailboxes([nomination]), manager_of(nomination["force"]), manager_of(UNIT)}:
        user = User.objects.get(email=email)
        if not circle.members.filter(user=user).exists():
            visibility.let_into_compartment(compartment=circle, user=user, held_from=ROLES_SINCE)


def by_number(email: str) -> tuple[str, int]:
    """The key that sorts the lead responsible officers of a body by their number."""
    mailbox, _, domain = email.partition("@")
    return domain, int(mailbox.rpartition("-")[2])


def lead_mailboxes(nominations: list[Any]) -> set[str]:
    found = {line["lro"] for line in nominations}
    return found | {each["change"]["lro"] for line in nominations for each in line["later"] if "lro" in each["change"]}


def manager_of(organisation: str) -> str:
    return address("unit-lead" if organisation == UNIT else "intelligence-manager", organisation)


@dataclass(frozen=True)
class Named:
    """A person an officer named as a member, by a record that a delivery has brought or will bring."""

    nomination: int
    step: str
    entry: Mapping[str, Any]


class Deliveries:
    """Takes the deliveries of a day through the pipeline, as the nightly work would."""

    def __init__(self, done: dict[str, dict[str, Any]], tell: Tell) -> None:
        self.done = done
        self.tell = tell
        self.store = Store(settings.INTAKE_FOLDER)
        self.made: dict[str, int] = {}
        self.refused: Counter[str] = Counter()
        self.played = 0

    def play(self, actor: str, acts: list[Path], step: str) -> None:
        """Receive the folders of one day and publish them, unless that was done. Nobody in particular acts."""
        if step in self.done:
            return
        with timed(self.tell, f"{step.capitalize()}: {len(acts)} extracts received, read, matched, published"):
            self._receive(acts)
        note_step(step, self.done, made={})

    def _receive(self, folders: list[Path]) -> None:
        wanted = []
        with acting_as(people.service_user("intake")):
            for folder in folders:
                received = intake_services.receive(
                    source=intake.source_of(folder.parent.name),
                    path=folder,
                    store=self.store,
                    how=How.COMMAND,
                    now=clock.now(),
                    today=clock.today(),
                    name=f"{folder.parent.name} {folder.name}",
                )
                wanted.append(received.batch.pk)
        for batch in process_batches(batch_ids=wanted, desk=Desk(store=self.store, clock=clock.now)):
            if batch.state != State.PUBLISHED:
                raise RuleBroken("D1", f"{batch.source.code} {batch.name} was not loaded: {batch.sentence}")


class Player:
    """Plays deliveries, nominations and later changes in order of time, each on its own day."""

    def __init__(
        self, folder: Path, nominations: list[dict[str, Any]], done: dict[str, dict[str, Any]], tell: Tell
    ) -> None:
        self.folder = folder
        self.nominations = nominations
        self.done = done
        self.tell = tell
        self.users = {user.email: user for user in User.objects.select_related("organisation")}
        self.organisations = {organisation.code: organisation for organisation in Organisation.objects.all()}
        self.words = selectors.vocabulary()
        self.circles = {circle.code: circle for circle in Compartment.objects.all()}
        self.waiting: list[Named] = []
        self.refused: Counter[str] = Counter()
        self.members = 0
        self.seconds = 0.0
        self.casework = Casework(folder, done, self.users)
        self.deliveries = Deliveries(done, tell)

    def play(self, *, extracts: bool = True, processes: int = 0) -> None:
        """Play everything that is not done yet; without `extracts` nothing of what record systems would send."""
        agenda = [*self.agenda(), *self.casework.agenda()]
        agenda += self.arrivals() if extracts else ()
        agenda.sort(key=lambda step: step.moment)
        left, started = Counter(step.moment.year for step in agenda), time.monotonic()

        def ended(step: Step) -> None:
            left[step.moment.year] -= 1
            if not left[step.moment.year]:
                year = step.moment.year
                self.tell(
                    f"          after {time.monotonic() - started:4.1f} s  Officers have done their work of {year}"
                )

        with (
            timed(self.tell, "Deliveries, nominations and casework played, side by side where they may be"),
            Crew({CASEWORK: self.casework, DELIVERIES: self.deliveries}, processes) as crew,
        ):
            crew.play(agenda, ended=ended)
        self.tell(f"           {self.casework.played:,} acts of officers played")
        self.tell(
            f"  {self.seconds:5.1f} s  {len(self.nominations):,} threats nominated with {self.members:,} memberships, "
            "and what became of them since"
        )
        for sentence, times in (self.refused + self.casework.refused).most_common():
            self.tell(f"           {times:,} times not recorded: {sentence}")
        if self.waiting:
            self.tell(f"           {len(self.waiting):,} memberships name a record that the officer may not see")

    def arrivals(self) -> Iterator[Step]:
        """The deliveries of each day, and after them the members whose records they brought."""
        deliveries: dict[str, list[Path]] = defaultdict(list)
        for manifest in self.folder.glob("extracts/*/*/manifest.json"):
            deliveries[manifest.parent.name].append(manifest.parent)
        for day, folders in deliveries.items():
            sent = [json.loads((each / "manifest.json").read_text())["extracted_at"] for each in folders]
            moment = max(datetime.fromisoformat(at) for at in sent)
            said = partial(Said, "", sorted(folders), {})
            name, touches = f"delivery {day}", frozenset({PEOPLE})
            play = partial(self.deliveries.play, "", sorted(folders))
            yield Step(moment, name, play, touches, said=said, cost=LONG, book=DELIVERIES)
            yield Step(moment, f"{name} members", lambda step: self.add_waiting(), touches)

    def agenda(self) -> Iterator[Step]:
        for number, line in enumerate(self.nominations):
            opens = datetime.combine(date.fromisoformat(line["nominated_on"]), OFFICE_OPENS, tzinfo=clock.LONDON)
            touches, looks_at = frozenset({f"n{number}", "list"}), frozenset({PEOPLE})
            play = partial(self.nominate, number)
            yield Step(opens + number * MINUTE, f"nomination {number}", play, touches, looks_at)
            for turn, later in enumerate(line["later"]):
                opens = datetime.combine(date.fromisoformat(later["on"]), OFFICE_OPENS, tzinfo=clock.LONDON)
                at = opens + NOMINATED_FIRST + turn * MINUTE
                change = partial(self.change, number, later)
                yield Step(at, f"nomination {number} change {turn}", change, touches, looks_at)

    def add_waiting(self) -> None:
        """Add the members who waited for the delivery that has come."""
        started = time.monotonic()
        waiting, self.waiting = self.waiting, []
        waiting = [each for each in waiting if not self._closed(each.nomination)]
        for number, named in groupby(waiting, key=lambda each: each.nomination):
            with acting_as(self._officer(self.nominations[number])) as acting:
                self._add(self._threat(number), list(named), acting.user)
        self.seconds += time.monotonic() - started

    def nominate(self, number: int, step: str) -> None:
        started = time.monotonic()
        line = self.nominations[number]
        named = [Named(number, f"{step} member {turn}", entry) for turn, entry in enumerate(line["members"])]
        if step in self.done:
            self.waiting += [each for each in named if each.step not in self.done]
            return
        actor = self._officer(line)
        with acting_as(actor):
            threat = services.nominate_threat(
                actor=actor,
                nomination=rules.Nomination(
                    threat_type=line["threat_type"],
                    name=line["name"],
                    summary=line["summary"],
                    themes=tuple(line["themes"]),
                    tier=line["tier"],
                    phase=line["phase"],
                    nominated_on=clock.today(),
                    aliases=tuple(line["aliases"]),
                ),
                owner=self.organisations[line["force"]],
                leads=services.Leads(lro=self.users[line["lro"]]),
                places=[f"{place['name']}, {place['town']}" for place in line["places"]],
                compartment=self.circles.get(line["compartment"]),
                reason="Put forward at the organisation's threat meeting",
                today=clock.today(),
            )
            self._note(step, threat=threat.pk)
            self._add(threat, named, actor)
        self.seconds += time.monotonic() - started

    def change(self, number: int, later: Mapping[str, Any], step: str) -> None:
        """One later change of a threat, by the manager or the analyst of the organisation that owns it."""
        started = time.monotonic()
        change = later["change"]
        if "add_member" in change:
            with acting_as(self._officer(self.nominations[number])) as acting:
                self._add(self._threat(number), [Named(number, step, change["add_member"])], acting.user)
        elif step not in self.done:
            manager = self.users[manager_of(self.nominations[number]["force"])]
            because = later.get("because", "Recorded at the organisation's threat meeting")
            if "merged_into" in later:
                because += f": {later['merged_into']}"
            with acting_as(manager):
                with self._refusals():
                    self._manage(self._threat(number), change, manager, because)
                self._note(step)
        self.seconds += time.monotonic() - started

    def _manage(self, threat: Threat, change: Mapping[str, Any], actor: User, because: str) -> None:
        ((kind, value),) = change.items()
        today = clock.today()
        if kind == "tier":
            services.change_tier(actor=actor, threat=threat, tier=value, reason=because)
        elif kind == "phase":
            services.change_phase(actor=actor, threat=threat, phase=value, from_on=today, reason=because, today=today)
        elif kind == "threat_type":
            services.reclassify(actor=actor, threat=threat, threat_type=value, reason=because)
        elif kind == "lro":
            leads = services.Leads(lro=self.users[value])
            services.hand_over(actor=actor, threat=threat, leads=leads, reason=because)
        elif kind == "close":
            services.close_threat(
                actor=actor, threat=threat, ground=value, closed_on=today, reason=because, today=today
            )
        elif kind == "end_member":
            self._end(threat, value, actor, because)
        else:
            raise RuleBroken("D2", f"The simulation changes a threat in a way that is not known here: {kind}")

    def _end(self, threat: Threat, entry: Mapping[str, Any], actor: User, because: str) -> None:
        for record in self._records([entry]).values():
            for member in selectors.members_on_record(threat, record):
                services.end_member(
                    actor=actor,
                    member=member,
                    to_on=date.fromisoformat(entry["to_on"]),
                    reason=because,
                    today=clock.today(),
                )

    def _add(self, threat: Threat, named: list[Named], actor: User) -> None:
        """Add members whose records are there; let the others wait for the delivery that brings them."""
        wanted = [each for each in named if each.step not in self.done]
        records = self._records(each.entry for each in wanted)
        for each in wanted:
            record = records.get((each.entry["source"], each.entry["record_key"]))
            if record is None:
                self.waiting.append(each)
                continue
            role = each.entry["role"]
            with self._refusals():
                services.add_member(
                    actor=actor,
                    threat=threat,
                    record=pole.person_record(record),
                    membership=rules.Membership(
                        role=role,
                        from_on=date.fromisoformat(each.entry["from_on"]),
                        grade=each.entry["grade"],
                        assertion=rules.Assertion.ASSESSMENT,
                        category=self._category(role),
                    ),
                    reason="Named in graded intelligence",
                    today=clock.today(),
                )
                self.members += 1
            self._note(each.step)

    def _category(self, role: str) -> rules.Category:
        if self.words.roles[role].side is not rules.Side.PROTECT:
            return rules.Category.SUSPECT
        return rules.Category.WITNESS if role == "WITNESS" else rules.Category.VICTIM

    def _records(self, entries: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], int]:
        """Records that the officer may see, by source and key."""
        keys: dict[str, set[str]] = defaultdict(set)
        for entry in entries:
            keys[entry["source"]].add(entry["record_key"])
        found = {source: pole.record_ids(source=source, keys=those) for source, those in keys.items()}
        return {(source, key): record for source, those in found.items() for key, record in those.items()}

    def _closed(self, number: int) -> bool:
        """Whether the threat was closed before the record that an officer named had come."""
        closings = (later["on"] for later in self.nominations[number]["later"] if "close" in later["change"])
        return any(on <= clock.today().isoformat() for on in closings)

    def _threat(self, number: int) -> Threat:
        return Threat.objects.select_related("owner", "label").get(pk=self.done[f"nomination {number}"]["threat"])

    def _officer(self, line: Mapping[str, Any]) -> User:
        """Who speaks for the organisation: its analyst, or for a restricted threat its manager, who needs to know."""
        organisation = line["force"]
        return self.users[manager_of(organisation) if line["compartment"] else address("analyst", organisation)]

    def _note(self, step: str, **details: Any) -> None:
        """Note the step in the transaction of what it did."""
        audit.note(Operation.COLLECTION, object_type=STEP, object_id=step, **details)
        self.done[step] = details

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """A rule may refuse what an officer asks, here as on the page: it is counted and told at the end."""
        try:
            yield
        except RuleBroken as broken:
            self.refused[SAID_OF.get(broken.code, broken.sentence)] += 1
