"""The sheet of disruptions: what one record of them says, stored and changed through the services of its room."""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, cast

from django.db.models import Prefetch, Q

from fourfold.disruptions import rules as disruption_rules
from fourfold.disruptions import selectors, services
from fourfold.exchange.rules import Fault, Field, Kind, Shape, Value
from fourfold.exchange.sheets.desk import Desk, Known, Line
from fourfold.exchange.sheets.threats import ThreatsDesk, threats_named
from fourfold.plans import selectors as plans
from fourfold.platform.errors import RuleBroken

FACT: Final = "fact_"
NOT_OURS: Final = ("DIS-", "EVT-")
IN_BATCH: Final = re.compile(r"\bline (\d+)\b")
GRADE, REFERENCE_END = re.compile(r"^([1-3][A-E])\b[\s,]*"), re.compile(r"(?<!\\):")


def fields(facts: Mapping[str, disruption_rules.FactWords]) -> Mapping[str, Field]:
    """The facts of a disruption; each outcome that the region counts is one."""
    counted = (
        Field(f"{FACT}{code}", Shape.WHOLE if words.unit == "number" else Shape.DECIMAL)
        for code, words in facts.items()
    )
    return {f.name: f for f in (*PLAIN, *counted)}


PLAIN: Final = (
    Field("reference", Shape.TEXT),
    Field("threat", Shape.TEXT, fixed=True),
    Field("threat_name", Shape.TEXT, for_the_reader=True),
    Field("threat_type", Shape.CODE, words="threat_type", ours=True),
    Field("role", Shape.CODE, words="disruption_role"),
    Field("lead_agency", Shape.CODE, words="organisation"),
    Field("event_on", Shape.DATE),
    Field("record_date", Shape.DATE),
    Field("added_at", Shape.MOMENT, ours=True),
    Field("late", Shape.YES_NO, ours=True),
    Field("category", Shape.CODE, words="disruption_category"),
    Field("original_category", Shape.CODE, words="disruption_category", ours=True),
    Field("primary_p", Shape.CODE, words="p"),
    Field("secondary_ps", Shape.CODES, words="p"),
    Field("theme", Shape.CODE, words="theme"),
    Field("place", Shape.TEXT),
    Field("tactics", Shape.CODES, words="tactic"),
    Field("outcome", Shape.CODE, words="disruption_outcome"),
    Field("stopped", Shape.TEXT),
    Field("for_how_long", Shape.TEXT),
    Field("how_known", Shape.TEXT),
    Field("effect_ends_on", Shape.DATE),
    Field("programme", Shape.CODE, words="programme"),
    Field("shared_event", Shape.TEXT, ours=True),
    Field("supports", Shape.PAIRS, words="organisation"),
    Field("evidence", Shape.TEXTS),
    Field("aims", Shape.TEXTS, for_the_reader=True),
    Field("handling", Shape.CODE, words="handling"),
    Field("different_because", Shape.TEXT),
    Field("state", Shape.CODE, words="disruption_state", ours=True),
    Field("validated_by", Shape.TEXT, ours=True),
    Field("moderator", Shape.TEXT, ours=True),
)
SAID_AS_READ: Final = (
    *("role", "lead_agency", "event_on", "record_date", "category", "primary_p", "secondary_ps", "theme", "place"),
    *("tactics", "outcome", "stopped", "for_how_long", "how_known", "effect_ends_on", "programme", "handling"),
    "different_because",
)


class DisruptionsDesk(Desk):
    kind = Kind.DISRUPTIONS

    @cached_property
    def _facts(self) -> Mapping[str, disruption_rules.FactWords]:
        return selectors.region_data().words.facts

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        return fields(self._facts)

    @cached_property
    def _events(self) -> dict[str, str]:
        """Events by the name that the file gives them."""
        return {}

    @cached_property
    def _made(self) -> dict[str, int]:
        """Lines of the records that this file made, by reference."""
        return {}

    def rows(self) -> Any:
        """Those that say of themselves that they are true. Parts that are no longer said are left out when read."""
        parts = ("supports__agency", "evidence", "aims")
        return (
            selectors.disruptions()
            .filter(pk__in=selectors.standing().values("pk"))
            .prefetch_related(*(Prefetch(part) for part in parts))
            .order_by("pk")
        )

    def said(self, rows: Sequence[Any]) -> list[dict[str, Value]]:
        urns = ThreatsDesk(self.work, self.sheet).urns({row.threat_id: row.threat.reference for row in rows})
        served = {each.aim_id for row in rows for each in row.aims.all()}
        aims = {each.pk: each.text for each in plans.aims(served)} if served else {}
        return [self._said(row, urns[row.threat_id], aims) for row in rows]

    def _said(self, row: Any, threat: str, aims: Mapping[int, str]) -> dict[str, Value]:
        """`aims` has those that the reader may see, by key: fewer may see an aim than a record that serves it."""
        return {
            "reference": row.reference,
            "threat": threat,
            "threat_name": row.threat.name,
            "threat_type": row.threat_type,
            **{
                name: getattr(row, name)
                for name in SAID_AS_READ
                if name not in {"lead_agency", "secondary_ps", "tactics"}
            },
            "lead_agency": row.lead_agency.code,
            "secondary_ps": tuple(row.secondary_ps),
            "tactics": tuple(row.tactics),
            "added_at": row.added_at,
            "late": row.late,
            "original_category": row.original_category,
            "shared_event": row.shared_event,
            "supports": tuple(f"{each.agency.code}={each.benefit}" for each in _held(row.supports)),
            "evidence": tuple(evidence_in_words(each) for each in _held(row.evidence)),
            "aims": tuple(aims[each.aim_id] for each in _held(row.aims) if each.aim_id in aims),
            "state": row.state,
            "validated_by": row.validated_by.email if row.validated_by else "",
            "moderator": row.moderator.email if row.moderator else "",
            **{f"{FACT}{code}": self._amount(code, value) for code, value in row.facts.items() if code in self._facts},
        }

    def _amount(self, code: str, value: object) -> Value:
        return int(str(value)) if self._facts[code].unit == "number" else Decimal(str(value))

    def make(self, lines: Sequence[Line]) -> Iterator[tuple[Line, Any | Sequence[Fault]]]:
        entries, ready = [], []
        called = threats_named(self.work, self.sheet, lines)
        here = self._events_here(lines)
        for line in lines:
            try:
                threat = called.get(line.text("threat").strip())
                if threat is None:
                    raise self.no_threat(line)
                entries.append(self._entry(line, threat, here))
            except RuleBroken as refused:
                yield line, self.faults_of(refused, line)
            else:
                ready.append(line)
        outcomes = services.record_disruptions(
            actor=self.work.actor, entries=entries, now=self.work.now, today=self.work.today, all_or_nothing=False
        )
        for line, outcome in zip(ready, outcomes, strict=True):
            if outcome.disruption is None:
                yield line, [fault for each in outcome.refusals for fault in self._faults(each, line, ready)]
            else:
                self._made[outcome.disruption.reference] = line.number
                if line.text("shared_event"):
                    self._events[line.text("shared_event")] = outcome.disruption.shared_event
                yield line, outcome.disruption

    def _faults(self, refused: RuleBroken, line: Line, ready: Sequence[Line]) -> tuple[Fault, ...]:
        """Lines are called by their number in the file, and records that this file would make by their line."""
        words = IN_BATCH.sub(lambda found: f"line {ready[int(found[1]) - 1].number}", refused.sentence)
        for reference, number in self._made.items():
            if reference in words:
                words = words.replace(reference, f"line {number}")
        return self.faults_of(RuleBroken(refused.code, words, refused.field), line)

    def _events_here(self, lines: Sequence[Line]) -> frozenset[str]:
        """Events and records that lines name and that the person may see here."""
        named = {line.text("shared_event") for line in lines} - {""}
        if not named:
            return frozenset()
        held = selectors.disruptions().filter(Q(shared_event__in=named) | Q(reference__in=named))
        return frozenset(name for pair in held.values_list("shared_event", "reference") for name in pair)

    def _entry(self, line: Line, threat: Any, here: frozenset[str]) -> disruption_rules.Said:
        name = line.text("shared_event")
        event = self._events.get(name, name)
        if event == name and name.startswith(NOT_OURS) and name not in here:
            event = f"of file {name}"
        said = {each: line.values[each] for each in SAID_AS_READ if line.values.get(each) not in {None, "", ()}}
        return disruption_rules.Said(
            **{"event_on": None, "category": "", "primary_p": "", **said},  # type: ignore[arg-type]
            threat=threat.reference,
            facts={
                name.removeprefix(FACT): value if isinstance(value, int) else format(cast("Decimal", value), "f")
                for name, value in line.values.items()
                if name.startswith(FACT) and value is not None
            },
            supports=tuple(_support(each) for each in line.texts("supports")),
            evidence=tuple(evidence_of(each) for each in line.texts("evidence")),
            shared_event=event,
        )

    def change(self, line: Line, known: Known, names: frozenset[str]) -> Any:
        entry = self._entry(line, known.row.threat, frozenset({line.text("shared_event")}))
        changes: dict[str, Any] = {name: getattr(entry, name) for name in names if not name.startswith(FACT)}
        if any(name.startswith(FACT) for name in names):
            changes["facts"] = {**known.row.facts, **entry.facts}
            for name in names:
                if name.startswith(FACT) and line.values.get(name) is None:
                    changes["facts"].pop(name.removeprefix(FACT), None)
        services.change_disruption(
            actor=self.work.actor,
            disruption=known.row,
            reason=self.work.because(line.number),
            today=self.work.today,
            **changes,
        )
        return self.rows().get(pk=known.row.pk)


def _held(parts: Any) -> list[Any]:
    return sorted((each for each in parts.all() if each.held), key=lambda each: each.pk)


def _support(text: str) -> disruption_rules.Support:
    agency, _, benefit = text.partition("=")
    return disruption_rules.Support(agency=agency, benefit=benefit)


def evidence_in_words(each: Any) -> str:
    """One piece of evidence in a cell: "2B CR/123: Seizure record". A colon of the reference's own is escaped."""
    reference = each.reference.replace("\\", "\\\\").replace(":", "\\:")
    return f"{each.grade} {reference}: {each.text}"


def evidence_of(text: str) -> disruption_rules.Evidence:
    """The opposite; a grade that is missing is empty, and the rules of the record say so."""
    graded = GRADE.match(text)
    rest = text[graded.end() :] if graded else text
    end = REFERENCE_END.search(rest)
    reference = re.sub(r"\\(.)", r"\1", rest[: end.start()]) if end else ""
    words = rest[end.end() :].removeprefix(" ") if end else rest
    return disruption_rules.Evidence(text=words, grade=graded[1] if graded else "", reference=reference)
