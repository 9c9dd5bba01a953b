"""The sheet of assessments: what was decided about threats and themes, kept as another system has it.

Only what was decided is exchanged. Until then scores are shown to nobody who moderates, and a file shows everything.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from fourfold.assessments import rules as assessment_rules
from fourfold.assessments import selectors, services
from fourfold.exchange import rules
from fourfold.exchange.rules import Fault, Field, Kind, Shape, Value
from fourfold.exchange.sheets.desk import Desk, Known, Line
from fourfold.exchange.sheets.threats import ThreatsDesk, threats_named
from fourfold.platform.errors import RuleBroken
from fourfold.platform.people.models import User

UNKNOWN: Final = "u"
RESULTS: Final = ("harm", "likelihood", "risk", "position", "priority")
PEOPLE: Final = ("assessor", "checked_by", "moderator", "second_moderator")
FIELDS: Final[Mapping[str, Field]] = {
    f.name: f
    for f in (
        Field("reference", Shape.TEXT),
        Field("threat", Shape.TEXT, fixed=True),
        Field("kind", Shape.CODE, words="assessment_kind", fixed=True),
        Field("status", Shape.CODE, words="assessment_status", fixed=True),
        Field("soc", Shape.CODE, words="soc", fixed=True),
        Field("tier", Shape.CODE, words="tier", fixed=True),
        Field("threat_name", Shape.TEXT, for_the_reader=True),
        Field("threat_type", Shape.CODE, words="threat_type", for_the_reader=True),
        Field("phase", Shape.CODE, words="phase", for_the_reader=True),
        Field("owner", Shape.CODE, words="organisation", for_the_reader=True),
        Field("theme", Shape.CODE, words="theme", fixed=True),
        Field("area", Shape.CODE, words="organisation", fixed=True),
        Field("year", Shape.WHOLE, fixed=True),
        Field("model", Shape.TEXT, fixed=True),
        *(Field(each, Shape.TEXT, fixed=True) for each in PEOPLE),
        Field("submitted_at", Shape.MOMENT, fixed=True),
        Field("due_on", Shape.DATE, fixed=True),
        Field("decided_at", Shape.MOMENT, fixed=True),
        Field("outcome", Shape.CODE, words="assessment_outcome", fixed=True),
        *(Field(each, Shape.DECIMAL, fixed=True) for each in RESULTS),
        Field("confidence", Shape.WHOLE, fixed=True),
        Field("floored", Shape.YES_NO, fixed=True),
        Field("assessor_scores", Shape.TEXTS, fixed=True, asked_as=("values",)),
        Field("moderator_scores", Shape.TEXTS, fixed=True),
        Field("whys", Shape.TEXTS, fixed=True),
        Field("reasons", Shape.TEXTS, fixed=True),
    )
}
READ_AS_THEY_ARE: Final = (
    *("submitted_at", "due_on", "decided_at", "outcome", "tier", "confidence", "floored", "theme", "status", "kind"),
    *RESULTS,
)


class AssessmentsDesk(Desk):
    kind = Kind.ASSESSMENTS

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        return FIELDS

    @cached_property
    def _people(self) -> dict[str, User]:
        """Everybody by address: who assessed once may have left since."""
        return {each.email.lower(): each for each in User.objects.filter(kind="PERSON")}

    def rows(self) -> Any:
        return selectors.assessments().filter(status__in=assessment_rules.DECIDED).order_by("pk")

    def said(self, rows: Sequence[Any]) -> list[dict[str, Value]]:
        called = {row.threat_id: row.threat.reference for row in rows if row.threat is not None}
        urns = ThreatsDesk(self.work, self.sheet).urns(called)
        scores = selectors.scores_of_many([row.pk for row in rows])
        return [self._said(row, urns.get(row.threat_id, ""), scores.get(row.pk, ())) for row in rows]

    def _said(self, row: Any, threat: str, scores: Sequence[selectors.ScoreLine]) -> dict[str, Value]:
        whys = {each.key: each.why for each in scores if each.why}
        return {
            "reference": row.reference,
            "threat": threat,
            "soc": "SOC" if row.soc else "NON_SOC",
            **{name: getattr(row, name) for name in READ_AS_THEY_ARE},
            "threat_name": row.threat.name if row.threat else "",
            "threat_type": row.threat.threat_type if row.threat else "",
            "phase": row.threat.phase if row.threat else "",
            "owner": row.threat.owner.code if row.threat else "",
            "area": row.area.code if row.area else "",
            "year": row.year,
            "model": row.model.code if row.model else "",
            **{each: user.email if (user := getattr(row, each)) else "" for each in PEOPLE},
            "assessor_scores": _scores_in_words(scores, assessment_rules.Side.ASSESSOR),
            "moderator_scores": _scores_in_words(scores, assessment_rules.Side.MODERATOR),
            "whys": tuple(f"{key}={why}" for key, why in whys.items()),
            "reasons": tuple(f"{key}={why}" for key, why in row.reasons.items()),
        }

    def asks_first(self, lines: Sequence[Line]) -> Mapping[int, tuple[str, str, datetime]]:
        """A moderated line takes the place of what stands here of its threat: that is asked, never done silently."""
        moderated = [line for line in lines if line.text("status") == assessment_rules.Status.MODERATED]
        called = threats_named(self.work, self.sheet, moderated)
        named = {
            line.number: threat for line in moderated if (threat := called.get(line.text("threat").strip())) is not None
        }
        standing = selectors.assessments().filter(
            threat__in={threat.pk for threat in named.values()},
            kind=assessment_rules.Kind.TACTICAL,
            status=assessment_rules.Status.MODERATED,
        )
        stands = {each.threat_id: each for each in standing}
        heading = self.sheet.heading("status")
        return {
            number: (heading, stands[threat.pk].reference, stands[threat.pk].recorded_from)
            for number, threat in named.items()
            if threat.pk in stands
        }

    def make(self, lines: Sequence[Line]) -> Iterator[tuple[Line, Any | Sequence[Fault]]]:
        entries, ready = [], []
        called = threats_named(self.work, self.sheet, lines)
        for line in lines:
            try:
                entries.append(self._entry(line, called))
            except RuleBroken as refused:
                yield line, self.faults_of(refused, line)
            else:
                ready.append(line)
        made = services.record_from_elsewhere(
            actor=self.work.actor, entries=entries, now=self.work.now, today=self.work.today
        )
        for line, came in zip(ready, made, strict=True):
            yield line, self.faults_of(came, line) if isinstance(came, RuleBroken) else came

    def change(self, line: Line, known: Known, names: frozenset[str]) -> Any:
        """Every fact of a decision is fixed, so nothing comes here; a later decision is a line of its own."""
        raise rules.broken("EX33", heading=", ".join(sorted(names)))

    def _entry(self, line: Line, called: Mapping[str, Any]) -> services.FromElsewhere:
        named = line.text("threat").strip()
        if named and named not in called:
            raise self.no_threat(line)
        said: dict[str, Any] = {
            name: value
            for name in (*READ_AS_THEY_ARE, "year", "model")
            if (value := line.values.get(name)) not in {None, ""}
        }
        return services.FromElsewhere(
            **said,
            elsewhere=line.urn,
            threat=called.get(named),
            soc=line.text("soc") == "SOC",
            area=self.work.organisations.get(line.text("area")),
            reason=self.work.because(line.number),
            assessor=self._person(line, "assessor"),
            checked_by=self._person(line, "checked_by"),
            moderator=self._person(line, "moderator"),
            second_moderator=self._person(line, "second_moderator"),
            assessor_scores=self._scores(line, "assessor_scores"),
            moderator_scores=self._scores(line, "moderator_scores"),
            whys=dict(_pairs(line.texts("whys"))),
            reasons=dict(_pairs(line.texts("reasons"))),
        )

    def _scores(self, line: Line, name: str) -> dict[str, int | None]:
        found: dict[str, int | None] = {}
        for key, text in _pairs(line.texts(name)):
            if text.casefold() != UNKNOWN and not text.removeprefix("-").isdecimal():
                raise rules.broken("EX24", name, heading=self.sheet.heading(name), value=f"{key}={text}")
            found[key] = None if text.casefold() == UNKNOWN else int(text)
        return found

    def _person(self, line: Line, name: str) -> User | None:
        email = line.text(name).strip()
        if not email:
            return None
        found = self._people.get(email.lower())
        if found is None:
            raise self.not_there(name, "officer", line, email)
        return found


def _pairs(texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    for each in texts:
        key, _, text = each.partition("=")
        yield key.strip(), text


def _scores_in_words(scores: Sequence[selectors.ScoreLine], side: str) -> tuple[str, ...]:
    return tuple(f"{each.key}={UNKNOWN if each.value is None else each.value}" for each in scores if each.side == side)
