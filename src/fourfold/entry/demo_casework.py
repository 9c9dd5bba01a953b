"""Playing the casework of the simulated region through the services of each room, every act on its own day.

Acts of one person at one time are one transaction and one step, noted in it with the keys of what it made. What a rule
refuses is counted and told, never forced: what depended on it is left out.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from datetime import time as time_of_day
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from django.db import models, transaction

from fourfold.assessments import rules as assessment_rules
from fourfold.assessments import services as assessments
from fourfold.assessments.models import Assessment
from fourfold.disruptions import rules as disruption_rules
from fourfold.disruptions import services as disruptions
from fourfold.disruptions.models import Disruption
from fourfold.entry.demo import SERVICE, STEP
from fourfold.entry.demo_crew import EVERYTHING, Said, Step
from fourfold.plans import rules as plan_rules
from fourfold.plans import selectors as plan_selectors
from fourfold.plans import services as plans
from fourfold.plans.models import Action, Aim, Plan
from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people import services as people
from fourfold.platform.people.models import Organisation, User
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import selectors as pole
from fourfold.threats import rules, services
from fourfold.threats.models import HandOver, Threat

LISTED = "Put forward at the organisation's threat meeting"
NAMED = "Named in graded intelligence"
LINE_FOUND = "Number named in graded intelligence"

type Act = Mapping[str, Any]
type Acts = Sequence[Act]

NAMING = ("threat", "other", "into", "assessment", "disruption", "plan")
# What a step touches beside threats. Acts that number what they make do so in their order: rows are called alike each
# time the demonstration is built. A plan is marked by comparison with what others say, and by who the members are.
THEMES, PEOPLE, PLANS = "themes", "people", "plans"
CASEWORK = "casework"
TOUCHED: Mapping[str, tuple[str, ...]] = {
    "list": ("list",),
    "submit": ("submit",),
    "begin_assessment": ("submit",),
    "submit_theme": ("submit", THEMES),
    "moderate_theme": (THEMES,),
    "disrupt": ("disrupt",),
    "plan": (PLANS,),
    "leave": (EVERYTHING,),
}
ENDING_PLANS = ("close", "merge", "accept")
MARKED = ("adopt", "report", "review", "sign_review", "peer_review")


class Turn(NamedTuple):
    """Who acts in a step, and when."""

    actor: User
    now: datetime
    today: date


class Casework:
    """Plays `casework.jsonl`. Keys of acts become rows: threats, assessments, plans and disruptions."""

    def __init__(self, folder: Path, done: dict[str, dict[str, Any]], users: Mapping[str, User]) -> None:
        self.path = folder / "casework.jsonl"
        self.done = done
        self.users = users
        self.organisations = {each.code: each for each in Organisation.objects.all()}
        self.made: dict[str, int] = {}
        self.about: dict[str, str] = {}
        self.peopled: set[str] = set()
        self.planned: set[str] = set()
        self.refused: Counter[str] = Counter()
        self.seconds: dict[str, float] = {}
        self.played = 0
        self.doing: dict[str, Callable[[Turn, Acts], None]] = {
            "list": self._list,
            "submit": self._submit,
            "submit_theme": self._submit,
            "moderate": self._moderate,
            "moderate_theme": self._moderate,
            "disrupt": self._disrupt,
            "validate": self._validate,
            "moderate_disruption": self._moderate_disruptions,
            "review_category": self._review_categories,
            "plan": self._plan,
            "adopt": self._adopt,
        }

    def agenda(self) -> Iterator[Step]:
        """Each step with its moment: acts of one person at one time."""
        number = 0
        with self.path.open(encoding="utf-8") as lines:
            every = [json.loads(line) for line in lines]
        self.about = {act["key"]: act.get("threat", THEMES) for act in every if "key" in act and act["act"] != "list"}
        self.peopled = {act["threat"] for act in every if act["act"] == "member"}
        self.planned = {act["threat"] for act in every if act["act"] == "plan"}
        for (on, at, actor), those in groupby(every, key=_together):
            acts = list(those)
            opens = datetime.combine(date.fromisoformat(on), time_of_day.fromisoformat(at), tzinfo=clock.LONDON)
            play = partial(self.play, actor, acts)
            said = partial(self._said_of, actor, acts)
            touches, looks_at = self._touched(acts), self._looked_at(acts)
            yield Step(opens, f"casework {number}", play, touches, looks_at, said, cost=len(acts), book=CASEWORK)
            number += len(acts)

    def _touched(self, acts: Acts) -> frozenset[str]:
        """The threats that the acts are about, and what else they must not do beside others."""
        named = self._threats_of(acts) | {act["key"] for act in acts if act["act"] == "list"}
        ends = any(act["act"] in ENDING_PLANS and act["threat"] in self.planned for act in acts)
        words = {word for act in acts for word in TOUCHED.get(act["act"], ())}
        return frozenset(named | words | ({PLANS} if ends else set()))

    def _looked_at(self, acts: Acts) -> frozenset[str]:
        """What nobody may change meanwhile: people that deliveries bring, and what plans say."""
        with_people = any(key.startswith("n") or key in self.peopled for key in self._threats_of(acts))
        marked = any(act["act"] in MARKED for act in acts)
        return frozenset(({PEOPLE} if with_people else set()) | ({PLANS} if marked else set()))

    def _threats_of(self, acts: Acts) -> set[str]:
        keys = {str(act[name]) for act in acts for name in NAMING if name in act}
        return {self.about.get(key, key) for key in keys}

    def _said_of(self, actor: str, acts: list[Act]) -> Said:
        keys = {act[name] for act in acts for name in NAMING if name in act}
        keys |= {f"{word} {act['threat']}" for act in acts if "threat" in act for word in ("plan of", "offer")}
        rows = {key: pk for key in keys if (pk := self._pk(key)) is not None}
        return Said(actor, acts, rows)

    def play(self, actor: str, acts: Acts, step: str) -> None:
        """Play one step, unless it was played before; then its keys are remembered."""
        if step in self.done:
            self.made |= self.done[step]["made"]
            return
        before = set(self.made)
        leaving = all(act["act"] == "leave" for act in acts)
        who = people.service_user(SERVICE) if leaving else self.users[actor]
        with acting_as(who):
            turn = Turn(who, clock.now(), clock.today())
            for kind, those in groupby(acts, key=lambda act: act["act"]):
                started = time.monotonic()
                self._do(kind, turn, list(those))
                self.seconds[kind] = self.seconds.get(kind, 0.0) + time.monotonic() - started
            self._note(step, {key: pk for key, pk in self.made.items() if key not in before})
        self.played += len(acts)

    def _note(self, step: str, made: dict[str, int]) -> None:
        """Note the step in the transaction of what it did."""
        audit.note(Operation.COLLECTION, object_type=STEP, object_id=step, made=made)
        self.done[step] = {"made": made}

    def _do(self, kind: str, turn: Turn, acts: Acts) -> None:
        """Do acts of one kind together; where a rule refuses, one by one, so that only what it refuses is left out."""
        together = self.doing.get(kind)
        acts = [act for act in acts if self._knows(act)]
        if together is None:
            for act in acts:
                self._alone(getattr(self, f"_{kind}"), turn, act)
        elif acts and not self._tried(together, turn, acts):
            for act in acts:
                self._alone(lambda turn, act: together(turn, [act]), turn, act)

    def _tried(self, together: Callable[[Turn, Acts], None], turn: Turn, acts: Acts) -> bool:
        if len(acts) == 1:
            return False
        try:
            with transaction.atomic():
                together(turn, acts)
        except RuleBroken:
            return False
        return True

    def _alone(self, do: Callable[[Turn, Act], None], turn: Turn, act: Act) -> None:
        try:
            with transaction.atomic():
                do(turn, act)
        except RuleBroken as broken:
            self.refused[f"{act['act']}: {broken.sentence}"] += 1
        except NotThere:
            self.refused[f"{act['act']}: there is none that {turn.actor.name} may see"] += 1

    def _knows(self, act: Act) -> bool:
        """Whether everything that the act names is there."""
        keys = ("threat", "other", "into", "assessment", "disruption", "plan")
        named = [act[name] for name in keys if name in act]
        return all(self._pk(key) is not None for key in named)

    def _pk(self, key: str) -> int | None:
        """The row of a key; a threat of the simulated world is known by the step that nominated it."""
        if key in self.made:
            return self.made[key]
        return self.done.get(f"nomination {key[1:]}", {}).get("threat") if key.startswith("n") else None

    def _rows[Row: models.Model](self, rows: models.QuerySet[Row], keys: Sequence[str]) -> dict[str, Row]:
        pks = {key: self._pk(key) for key in keys}
        found = rows.in_bulk({pk for pk in pks.values() if pk is not None})
        missing = [key for key, pk in pks.items() if pk not in found]
        if missing:
            raise NotThere
        return {key: found[pk] for key, pk in pks.items() if pk is not None}

    def _threats(self, acts: Acts, name: str = "threat") -> dict[str, Threat]:
        rows = Threat.objects.select_related("owner", "label__owner", "label__compartment", "lro", "deputy", "sio")
        return self._rows(rows, [act[name] for act in acts])

    def _threat(self, act: Act, name: str = "threat") -> Threat:
        return self._threats([act], name)[act[name]]

    def _assessments(self, acts: Acts) -> dict[str, Assessment]:
        rows = Assessment.objects.select_related("label__owner", "threat")
        return self._rows(rows, [act["assessment"] for act in acts])

    def _disruptions(self, acts: Acts) -> dict[str, Disruption]:
        rows = Disruption.objects.select_related("label__owner")
        return self._rows(rows, [act["disruption"] for act in acts])

    def _user(self, mailbox: str) -> User | None:
        return self.users[mailbox] if mailbox else None

    # The master list

    def _list(self, turn: Turn, acts: Acts) -> None:
        entries = [self._put(turn, act) for act in acts]
        made = services.nominate_threats(actor=turn.actor, entries=entries, reason=LISTED, today=turn.today)
        self.made |= {act["key"]: threat.pk for act, threat in zip(acts, made, strict=True)}

    def _put(self, turn: Turn, act: Act) -> services.Put:
        return services.Put(
            nomination=rules.Nomination(
                threat_type=act["threat_type"],
                name=act["name"],
                summary=act["summary"],
                themes=tuple(act["themes"]),
                tier=act["tier"],
                phase=act["phase"],
                nominated_on=turn.today,
                aliases=tuple(act["aliases"]),
            ),
            owner=self.organisations[act["owner"]],
            leads=services.Leads(
                lro=self._user(act["lro"]), deputy=self._user(act["deputy"]), sio=self._user(act["sio"])
            ),
            places=tuple(act["places"]),
        )

    def _reclassify(self, turn: Turn, act: Act) -> None:
        threat, kind = self._threat(act), act["threat_type"]
        services.reclassify(actor=turn.actor, threat=threat, threat_type=kind, reason=act["because"])

    def _phase(self, turn: Turn, act: Act) -> None:
        services.change_phase(
            actor=turn.actor,
            threat=self._threat(act),
            phase=act["phase"],
            from_on=turn.today,
            reason=act["because"],
            today=turn.today,
        )

    def _close(self, turn: Turn, act: Act) -> None:
        services.close_threat(
            actor=turn.actor,
            threat=self._threat(act),
            ground=act["ground"],
            closed_on=turn.today,
            reason=act["because"],
            today=turn.today,
        )

    def _merge(self, turn: Turn, act: Act) -> None:
        threat, into = self._threat(act), self._threat(act, "into")
        services.merge_threats(actor=turn.actor, threat=threat, into=into, reason=act["because"], today=turn.today)

    def _member(self, turn: Turn, act: Act) -> None:
        """Named by a record that a delivery has brought; without deliveries there is nobody to name."""
        record = pole.record_ids(source=act["source"], keys=[act["record_key"]]).get(act["record_key"])
        if record is None:
            return
        services.add_member(
            actor=turn.actor,
            threat=self._threat(act),
            record=pole.person_record(record),
            membership=rules.Membership(
                role=act["role"],
                from_on=date.fromisoformat(act["from_on"]),
                grade=act["grade"],
                assertion=rules.Assertion.ASSESSMENT,
                category=rules.Category.SUSPECT,
            ),
            reason=NAMED,
            today=turn.today,
        )

    def _leave(self, turn: Turn, act: Act) -> None:
        people.close_user(user=self.users[act["who"]])

    def _link(self, turn: Turn, act: Act) -> None:
        services.link_threats(
            actor=turn.actor,
            one=self._threat(act),
            other=self._threat(act, "other"),
            kind=act["kind"],
            reason=act["because"],
            today=turn.today,
        )

    def _line(self, turn: Turn, act: Act) -> None:
        services.add_line(
            actor=turn.actor,
            threat=self._threat(act),
            number=act["number"],
            brand=act["brand"],
            from_on=turn.today,
            reason=LINE_FOUND,
            today=turn.today,
        )

    def _offer(self, turn: Turn, act: Act) -> None:
        offered = services.offer_hand_over(
            actor=turn.actor,
            threat=self._threat(act),
            leads=services.Leads(lro=self._user(act["lro"]), sio=self._user(act["sio"])),
            owner=self.organisations[act["to"]],
            reason=act["because"],
            now=turn.now,
        )
        self.made[f"offer {act['threat']}"] = offered.pk

    def _accept(self, turn: Turn, act: Act) -> None:
        services.accept_hand_over(actor=turn.actor, hand_over=self._offered(act), now=turn.now, reason=act["because"])

    def _decline(self, turn: Turn, act: Act) -> None:
        services.decline_hand_over(actor=turn.actor, hand_over=self._offered(act), now=turn.now, reason=act["because"])

    def _offered(self, act: Act) -> HandOver:
        key = f"offer {act['threat']}"
        return self._rows(HandOver.objects.select_related("threat"), [key])[key]

    # Assessments

    def _submit(self, turn: Turn, acts: Acts) -> None:
        threats = self._threats([act for act in acts if "threat" in act])
        entries = [
            assessments.Submission(
                values=act["values"],
                evidence=_evidence(act),
                checked_by=self.users[act["checked_by"]],
                threat=threats.get(act.get("threat", "")),
                themed=self._themed(act),
                soc=act.get("soc", True),
                why=_unknown(act),
            )
            for act in acts
        ]
        made = assessments.record_submitted_many(actor=turn.actor, entries=entries, now=turn.now, today=turn.today)
        self.made |= {act["key"]: each.pk for act, each in zip(acts, made, strict=True)}

    def _themed(self, act: Act) -> assessments.Themed | None:
        if "threat" in act:
            return None
        return assessments.Themed(theme=act["theme"], area=self.organisations[act["area"]], year=act["year"])

    def _moderate(self, turn: Turn, acts: Acts) -> None:
        found = self._assessments(acts)
        entries = [
            assessments.Decision(
                assessment=found[act["assessment"]],
                values=act.get("values"),
                reasons=act.get("reasons", {}),
                why={key: act["because"] for key, value in (act.get("values") or {}).items() if value is None},
                second_moderator=self._user(act.get("second", "")),
            )
            for act in acts
        ]
        decided = assessments.record_moderated_many(actor=turn.actor, entries=entries, now=turn.now, today=turn.today)
        for act, each in zip(acts, decided, strict=True):
            if each.tier != act.get("tier", each.tier):
                raise RuleBroken("D3", f"The simulation meant tier {act['tier']}, and the model gave {each.tier}")

    def _take_up(self, turn: Turn, act: Act) -> None:
        found = self._assessments([act])[act["assessment"]]
        assessments.take_up(actor=turn.actor, assessment=found, now=turn.now)

    def _return_assessment(self, turn: Turn, act: Act) -> None:
        found = self._assessments([act])[act["assessment"]]
        assessments.return_assessment(actor=turn.actor, assessment=found, missing=act["because"], now=turn.now)

    def _submit_again(self, turn: Turn, act: Act) -> None:
        found = self._assessments([act])[act["assessment"]]
        assessments.submit_assessment(actor=turn.actor, assessment=found, now=turn.now)

    def _check_again(self, turn: Turn, act: Act) -> None:
        found = self._assessments([act])[act["assessment"]]
        assessments.check_assessment(actor=turn.actor, assessment=found, agreed=True, now=turn.now, today=turn.today)

    def _begin_assessment(self, turn: Turn, act: Act) -> None:
        threat = self._threat(act)
        made = assessments.begin_assessment(actor=turn.actor, threat=threat, now=turn.now, today=turn.today)
        made = assessments.save_scores(actor=turn.actor, assessment=made, values=act["values"], why=_unknown(act))
        for each in _evidence(act):
            assessments.cite(actor=turn.actor, assessment=made, evidence=each, today=turn.today)
        if act["submit"]:
            assessments.submit_assessment(actor=turn.actor, assessment=made, now=turn.now)
        self.made[act["key"]] = made.pk

    def _appeal(self, turn: Turn, act: Act) -> None:
        found = self._assessments([act])[act["assessment"]]
        assessments.appeal(actor=turn.actor, assessment=found, why=act["because"], now=turn.now)

    # Plans

    def _plan(self, turn: Turn, acts: Acts) -> None:
        threats = self._threats(acts)
        entries = [(threats[act["threat"]], self._content(act)) for act in acts]
        made = plans.write_plans(actor=turn.actor, entries=entries, today=turn.today)
        for act, plan in zip(acts, made, strict=True):
            self.made[act["key"]] = self.made[f"plan of {act['threat']}"] = plan.pk

    def _content(self, act: Act) -> plan_rules.PlanContent:
        return plan_rules.PlanContent(
            sections=act["sections"],
            aims=tuple(plan_rules.AimSaid(**_dated(aim, "target_on")) for aim in act["aims"]),
            actions=tuple(self._action(action) for action in act["actions"]),
            consultations=tuple(
                plan_rules.ConsultationSaid(**_dated(each, "consulted_on")) for each in act["consultations"]
            ),
        )

    def _action(self, said: Mapping[str, Any]) -> plan_rules.ActionSaid:
        facts = _dated(said, "due_on", "done_on")
        owner, agency = self._user(facts.pop("owner", "")), facts.pop("agency", "")
        return plan_rules.ActionSaid(
            owner=owner.pk if owner else None,
            agency=self.organisations[agency].pk if agency else None,
            **facts,
        )

    def _adopt(self, turn: Turn, acts: Acts) -> None:
        found = self._rows(Plan.objects.select_related("threat__owner", "label__owner"), [act["plan"] for act in acts])
        for because, those in groupby(acts, key=lambda act: act["because"]):
            mine = [found[act["plan"]] for act in those]
            plans.adopt_plans(actor=turn.actor, plans=mine, why=because, today=turn.today)

    def _plan_of(self, act: Act) -> Plan:
        key = f"plan of {act['threat']}"
        return self._rows(Plan.objects.select_related("threat__owner", "label__owner"), [key])[key]

    def _review(self, turn: Turn, act: Act) -> None:
        """Begun and signed by the lead responsible officer; the senior investigating officer signs after them."""
        plan = self._plan_of(act)
        review = plans.begin_review(
            actor=turn.actor, plan=plan, prompt=act["prompt"], looked_at=act["looked_at"], today=turn.today
        )
        plans.sign_review(actor=turn.actor, review=review, today=turn.today)

    def _sign_review(self, turn: Turn, act: Act) -> None:
        review = plan_selectors.open_review(self._plan_of(act))
        if review is None:
            raise NotThere
        plans.sign_review(actor=turn.actor, review=review, today=turn.today)

    def _report(self, turn: Turn, act: Act) -> None:
        plan = self._plan_of(act)
        wanted = Action.objects.filter(plan=plan, status__in=plan_rules.OPEN_STATUSES).order_by("number").first()
        if wanted is None:
            raise NotThere
        plans.report_action(
            actor=turn.actor,
            action=wanted,
            status=plan_rules.Status.DONE,
            result=act["result"],
            done_on=turn.today,
            today=turn.today,
        )

    def _peer_review(self, turn: Turn, act: Act) -> None:
        plan = self._plan_of(act)
        plans.peer_review(actor=turn.actor, plan=plan, good=act["good"], better=act["better"], today=turn.today)

    # Disruptions

    def _disrupt(self, turn: Turn, acts: Acts) -> None:
        called = {key: threat.reference for key, threat in self._threats(acts).items()}
        aims = self._aims(acts)
        outcomes = disruptions.record_disruptions(
            actor=turn.actor,
            entries=[self._said(act, called, aims) for act in acts],
            now=turn.now,
            today=turn.today,
        )
        for act, outcome in zip(acts, outcomes, strict=True):
            if outcome.refusals:
                raise outcome.refusals[0]
            if outcome.disruption is not None:
                self.made[act["key"]] = outcome.disruption.pk

    def _aims(self, acts: Acts) -> dict[tuple[int, int], int]:
        """Aims by threat and position, of the threats whose aims the acts name."""
        wanted = {self._pk(act["threat"]) for act in acts if act["aims"]}
        if not wanted:
            return {}
        rows = Aim.objects.filter(plan__threat__in=wanted).values_list("plan__threat_id", "position", "pk")
        return {(threat, position): pk for threat, position, pk in rows}

    def _said(self, act: Act, called: Mapping[str, str], aims: Mapping[tuple[int, int], int]) -> disruption_rules.Said:
        threat = self._pk(act["threat"]) or 0
        return disruption_rules.Said(
            threat=called[act["threat"]],
            lead_agency=act["lead"],
            role=act["role"],
            event_on=date.fromisoformat(act["event_on"]),
            record_date=date.fromisoformat(act["record_date"]),
            category=act["category"],
            primary_p=act["primary_p"],
            secondary_ps=tuple(act["secondary_ps"]),
            tactics=tuple(act["tactics"]),
            theme=act["theme"],
            place=act["place"],
            facts=act["facts"],
            stopped=act["stopped"],
            for_how_long=act["for_how_long"],
            how_known=act["how_known"],
            outcome=act["outcome"],
            aims=tuple(aims[threat, at] for at in act["aims"] if (threat, at) in aims),
            supports=_supports(act["supports"]),
            evidence=tuple(disruption_rules.Evidence(**each) for each in act["evidence"]),
            different_because=act["different_because"],
        )

    def _validate(self, turn: Turn, acts: Acts) -> None:
        found = self._disruptions(acts)
        disruptions.validate_many(actor=turn.actor, disruptions=found.values(), today=turn.today)

    def _moderate_disruptions(self, turn: Turn, acts: Acts) -> None:
        found = self._disruptions(acts)
        entries = [disruptions.Decision(found[act["disruption"]], act["because"]) for act in acts]
        disruptions.moderate_many(actor=turn.actor, entries=entries, today=turn.today)

    def _review_categories(self, turn: Turn, acts: Acts) -> None:
        found = self._disruptions(acts)
        looks = [disruptions.Look(found[act["disruption"]], act["lasted"], act["because"]) for act in acts]
        disruptions.review_many(actor=turn.actor, entries=looks, today=turn.today)

    def _change(self, turn: Turn, act: Act) -> None:
        found = self._disruptions([act])[act["disruption"]]
        changes = _dated(act["change"], "record_date")
        disruptions.change_disruption(
            actor=turn.actor, disruption=found, reason=act["because"], today=turn.today, **changes
        )

    def _recategorise(self, turn: Turn, act: Act) -> None:
        found = self._disruptions([act])[act["disruption"]]
        disruptions.recategorise(
            actor=turn.actor, disruption=found, category=act["category"], reason=act["because"], today=turn.today
        )

    def _to_support(self, turn: Turn, act: Act) -> None:
        found = self._disruptions([act])[act["disruption"]]
        disruptions.change_disruption(
            actor=turn.actor,
            disruption=found,
            reason=act["because"],
            today=turn.today,
            role=disruption_rules.Role.SUPPORT,
            supports=_supports(act["supports"]),
        )

    def _withdraw(self, turn: Turn, act: Act) -> None:
        found = self._disruptions([act])[act["disruption"]]
        disruptions.withdraw(actor=turn.actor, disruption=found, reason=act["because"], today=turn.today)

    def _return(self, turn: Turn, act: Act) -> None:
        found = self._disruptions([act])[act["disruption"]]
        disruptions.return_disruption(actor=turn.actor, disruption=found, reason=act["because"], today=turn.today)


def mailboxes_in(folder: Path) -> set[str]:
    """Every mailbox that the casework names: who acts, leads, checks, owns an action or leaves."""
    found: set[str] = set()
    with (folder / "casework.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            act = json.loads(line)
            named = [act.get(name, "") for name in ("actor", "lro", "deputy", "sio", "checked_by", "second", "who")]
            found.update(named, (action.get("owner", "") for action in act.get("actions", ())))
    return found - {""}


def _together(act: Act) -> tuple[str, str, str]:
    return act["on"], act["at"], act["actor"]


def _evidence(act: Act) -> list[assessment_rules.Evidence]:
    return [
        assessment_rules.Evidence(
            keys=tuple(each["criteria"]),
            reference=each["reference"],
            grade=each["grade"],
            dated_on=date.fromisoformat(each["dated"]),
            what=each["what"],
        )
        for each in act["evidence"]
    ]


def _unknown(act: Act) -> dict[str, str]:
    """Why a criterion is not known."""
    return {key: act["unknown"] for key, value in act["values"].items() if value is None}


def _supports(said: Sequence[Mapping[str, str]]) -> tuple[disruption_rules.Support, ...]:
    return tuple(disruption_rules.Support(agency=each["agency"], benefit=each["benefit"]) for each in said)


def _dated(said: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The same facts, with the days named made into dates."""
    return {name: date.fromisoformat(value) if name in names and value else value for name, value in said.items()}
