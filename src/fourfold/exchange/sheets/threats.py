"""The sheet of threats: facts of the master list, nominated and changed through its services."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any, Final

from django.db import transaction

from fourfold.exchange import rules
from fourfold.exchange.rules import Fault, Field, Kind, Shape, Sheet, Value
from fourfold.exchange.sheets.desk import Desk, Known, Line, Work
from fourfold.platform.errors import RuleBroken
from fourfold.platform.people.models import User
from fourfold.threats import rules as threat_rules
from fourfold.threats import selectors, services

FIELDS: Final[Mapping[str, Field]] = {
    f.name: f
    for f in (
        Field("reference", Shape.TEXT),
        Field("threat_type", Shape.CODE, words="threat_type"),
        Field("name", Shape.TEXT),
        Field("aliases", Shape.TEXTS),
        Field("summary", Shape.TEXT),
        Field("themes", Shape.CODES, words="theme"),
        Field("owner", Shape.CODE, words="organisation"),
        Field("tier", Shape.CODE, words="tier"),
        Field("phase", Shape.CODE, words="phase", asked_as=("ground",)),
        Field("phase_from", Shape.DATE, asked_as=("from_on", "closed_on")),
        Field("lro", Shape.TEXT),
        Field("deputy", Shape.TEXT),
        Field("sio", Shape.TEXT),
        Field("places", Shape.TEXTS),
        Field("nominated_on", Shape.DATE, fixed=True),
        Field("audience", Shape.CODE, words="audience", fixed=True),
        Field("circle", Shape.CODE, words="circle", fixed=True),
        Field("marking", Shape.CODE, words="marking", for_the_reader=True),
    )
}
WORDS_OF: Final = frozenset({"name", "aliases", "summary", "themes"})
PEOPLE: Final = ("lro", "deputy", "sio")


class ThreatsDesk(Desk):
    kind = Kind.THREATS

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        return FIELDS

    def rows(self) -> Any:
        return selectors.threats().prefetch_related("places").order_by("pk")

    def said(self, rows: Sequence[Any]) -> list[dict[str, Value]]:
        return [
            {
                "reference": row.reference,
                "threat_type": row.threat_type,
                "name": row.name,
                "aliases": tuple(row.aliases),
                "summary": row.summary,
                "themes": tuple(row.themes),
                "owner": row.owner.code,
                "tier": row.tier,
                "phase": row.phase,
                "phase_from": row.phase_from,
                **{each: _email(getattr(row, each)) for each in PEOPLE},
                "places": tuple(
                    place.name for place in sorted(row.places.all(), key=lambda p: p.pk) if place.to_on is None
                ),
                "nominated_on": row.nominated_on,
                "audience": row.label.audience,
                "circle": row.label.compartment.code if row.label.compartment else "",
                "marking": row.label.marking,
            }
            for row in rows
        ]

    def make(self, lines: Sequence[Line]) -> Iterator[tuple[Line, Any | Sequence[Fault]]]:
        """All at once where all of them hold; else in halves, until each that does not says what is wrong with it."""
        try:
            with transaction.atomic():
                made = self._nominate(lines)
        except RuleBroken as refused:
            if len(lines) == 1:
                yield lines[0], self.faults_of(refused, lines[0])
                return
            half = len(lines) // 2
            yield from self.make(lines[:half])
            yield from self.make(lines[half:])
        else:
            yield from zip(lines, made, strict=True)

    def _nominate(self, lines: Sequence[Line]) -> list[Any]:
        """Nominated on their days; a later phase and its end are acts of their own, as they would be on the screens."""
        made = services.nominate_threats(
            actor=self.work.actor,
            entries=[self._put(line) for line in lines],
            reason=self.work.because(*(line.number for line in lines)),
            today=self.work.today,
        )
        for line, threat in zip(lines, made, strict=True):
            phase = self.work.vocabulary.phases.get(line.text("phase"))
            if phase is not None and self._goes_on(line):
                self._enter(threat, line, phase, self.work.because(line.number))
        return made

    def _goes_on(self, line: Line) -> bool:
        """Whether the threat is in a later phase than the one it was nominated in."""
        phase = self.work.vocabulary.phases.get(line.text("phase"))
        since, nominated = line.day("phase_from"), line.day("nominated_on") or self.work.today
        return phase is not None and (phase.closed or (since or nominated) != nominated)

    def _put(self, line: Line) -> services.Put:
        work, first, circle = self.work, line.text("phase"), line.text("circle")
        if self._goes_on(line):
            first = next(code for code, each in work.vocabulary.phases.items() if not each.closed and code != first)
        if circle and circle not in work.circles:
            raise self.not_there("circle", "circle", line, circle)
        return services.Put(
            nomination=threat_rules.Nomination(
                threat_type=line.text("threat_type"),
                name=line.text("name"),
                summary=line.text("summary"),
                themes=line.texts("themes"),
                tier=line.text("tier") or "UNTIERED",
                phase=first,
                nominated_on=line.day("nominated_on") or work.today,
                aliases=line.texts("aliases"),
            ),
            owner=work.organisations[line.text("owner") or work.actor.organisation.code],
            leads=self._leads(line),
            places=line.texts("places"),
            audience=line.text("audience") or "REGION",
            compartment=work.circles.get(circle),
        )

    def _enter(self, threat: Any, line: Line, phase: threat_rules.Phase, reason: str) -> None:
        since = line.day("phase_from") or self.work.today
        today = self.work.today
        if phase.closed:
            self._close(threat, line, ground=phase.code, closed_on=since, reason=reason)
        else:
            services.change_phase(
                actor=self.work.actor, threat=threat, phase=phase.code, from_on=since, reason=reason, today=today
            )

    def _close(self, threat: Any, line: Line, *, ground: str, closed_on: date, reason: str) -> None:
        """By the word of those who write for the region or moderate for another; else proposed, as on the screens."""
        actor, today = self.work.actor, self.work.today
        if threat_rules.closes_unanswered(actor, owner=threat.owner.code):
            services.close_threat(
                actor=actor, threat=threat, ground=ground, closed_on=closed_on, reason=reason, today=today
            )
            return
        services.propose_closing(
            actor=actor,
            threat=threat,
            ground=ground,
            closed_on=closed_on,
            reason=reason,
            now=self.work.now,
            today=today,
        )
        self.work.proposed.add(line.number)

    def change(self, line: Line, known: Known, names: frozenset[str]) -> Any:
        threat, actor, reason = known.row, self.work.actor, self.work.because(line.number)
        if names & WORDS_OF:
            said = {name: line.values.get(name, known.values[name]) for name in WORDS_OF}
            services.describe_threat(actor=actor, threat=threat, reason=reason, **said)  # type: ignore[arg-type]
        if "tier" in names:
            services.change_tier(actor=actor, threat=threat, tier=line.text("tier"), reason=reason)
        if "threat_type" in names:
            services.reclassify(actor=actor, threat=threat, threat_type=line.text("threat_type"), reason=reason)
        if names & {"owner", *PEOPLE}:
            self._hand_over(line, known, reason)
        if "places" in names:
            self._change_places(line, known, reason)
        if names & {"phase", "phase_from"}:
            phase = self.work.vocabulary.phases.get(line.text("phase") or threat.phase)
            if phase is None:
                raise threat_rules.broken("TH7", "phase")
            self._enter(threat, line, phase, reason)
        return self.rows().get(pk=threat.pk)

    def _hand_over(self, line: Line, known: Known, reason: str) -> None:
        given = Line(line.number, line.cells, {**known.values, **line.values})
        services.hand_over(
            actor=self.work.actor,
            threat=known.row,
            leads=self._leads(given),
            owner=self.work.organisations[given.text("owner")],
            reason=reason,
        )

    def _change_places(self, line: Line, known: Known, reason: str) -> None:
        """Places that are named are added. One that is left out is not taken away: a list may be a part of a list."""
        held = set(known.values["places"])  # type: ignore[arg-type]
        if held - set(line.texts("places")):
            raise rules.broken("EX33", "places", heading=self.sheet.heading("places"))
        for name in line.texts("places"):
            if name not in held:
                services.add_place(
                    actor=self.work.actor,
                    threat=known.row,
                    name=name,
                    from_on=self.work.today,
                    reason=reason,
                    today=self.work.today,
                )

    def _leads(self, line: Line) -> services.Leads:
        return services.Leads(**{each: self._person(line, each) for each in PEOPLE})

    def _person(self, line: Line, name: str) -> User | None:
        email = line.text(name).strip()
        if not email:
            return None
        found = self.work.leaders.get(email.lower())
        if found is None:
            raise self.not_there(name, "officer", line, email)
        return found


def threats_named(work: Work, sheet: Sheet, lines: Sequence[Line]) -> Mapping[str, Any]:
    """Threats by what lines of another sheet call them: those of this file, else those here that may be seen."""
    named = {line.text("threat").strip() for line in lines} - {""}
    unknown = named - work.threats.keys()
    if unknown:
        known = ThreatsDesk(work, sheet).known(unknown)
        work.threats |= {urn: each.row.pk for urn, each in known.items()}
    keys = {urn: work.threats[urn] for urn in named if urn in work.threats}
    rows = selectors.threats().in_bulk(set(keys.values()))
    return {urn: rows[pk] for urn, pk in keys.items() if pk in rows}


def _email(user: User | None) -> str:
    return user.email if user is not None else ""
