"""What stands on a threat as it leaves in a file: itself, the kinds it was of, its places and lines, the threats it has
to do with, and the disruptions of it with what they moved.

Reads like every page: what the reader may not see is not there. What may leave is asked of each record.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from fourfold.disruptions import rules as disruption_rules
from fourfold.disruptions import selectors as disruptions
from fourfold.formats.entities import Bond, Row, Sort, Thing, Tie, Value
from fourfold.plans import selectors as plans
from fourfold.plans.rules import P_NAMES, P
from fourfold.platform.ui.jinja import shown_date
from fourfold.platform.visibility.models import AccessLabel
from fourfold.pole import rules as pole_rules
from fourfold.threats import rules
from fourfold.threats import selectors as threats

if TYPE_CHECKING:
    from fourfold.disruptions.models import CategoryReview, Disruption, DisruptionAim, DisruptionSupport
    from fourfold.plans.selectors import AimLine
    from fourfold.platform.history.models import Versioned
    from fourfold.threats.models import Threat, ThreatLine, ThreatPlace

HERE = "Fourfold"
TOPICS = {
    "CYB": "crime.cyber",
    "DRU": "crime.traffick.drug",
    "MSH": "crime.traffick.human",
    "ECO": "crime.fin",
    "SAC": "crime.theft",
}
"""Topics that FollowTheMoney has a word for, by theme. They are said of a threat, never of a person."""

Leaves = Callable[[AccessLabel, int, str], bool]
"""Whether a record of a label, an owner and a handling code may be in the file."""


@dataclass(frozen=True)
class Standing:
    """What leaves of what stands on a threat, and how many records stay behind because they may not leave."""

    things: tuple[Thing, ...]
    bonds: tuple[Bond, ...]
    rows: tuple[Row, ...]
    kept_back: int


def standing_on(threat: "Threat", *, leaves: Leaves, goes_out: bool, until: datetime | None) -> Standing:
    """Everything that stands on a threat but the people in it. The threat itself may leave: the caller has asked.

    Args:
        leaves: Whether a record may be in the file.
        goes_out: It leaves the organisation: without free text, which may name people who are not asked for, and
            without disruptions that nobody has passed yet.
        until: The past moment that is read; None is now.
    """
    gathered = _Gathered(threat, leaves, goes_out=goes_out)
    gathered.add_threat(until)
    gathered.add_parts()
    gathered.add_links()
    gathered.add_disruptions()
    return Standing(tuple(gathered.things), tuple(gathered.bonds), tuple(gathered.rows), gathered.kept_back)


class _Gathered:
    """What leaves, as it is gathered."""

    def __init__(self, threat: "Threat", leaves: Leaves, *, goes_out: bool) -> None:
        self.threat, self.leaves, self.goes_out = threat, leaves, goes_out
        self.labels = AccessLabel.objects.select_related("owner", "compartment", "agreement").in_bulk()
        self.words = threats.vocabulary()
        self.things: list[Thing] = []
        self.bonds: list[Bond] = []
        self.rows: list[Row] = []
        self.kept_back = 0

    def add_threat(self, until: datetime | None) -> None:
        threat = self.threat
        self.rows.append(row_of(key_of(threat), threat, threat.reference, self.labels[threat.label_id]))
        kinds = [
            each for each in threats.reclassified(threat, until=until) if self._may(each.label_id, threat.owner_id)
        ]
        self.things.append(_threat_thing(threat, self.words, kinds=kinds, with_summary=not self.goes_out))

    def add_parts(self) -> None:
        """The places it touches and the lines it is run on."""
        threat = self.threat
        parts: list[tuple[ThreatPlace | ThreatLine, str, Thing]] = []
        parts += [(each, "Touches", _place_thing(each)) for each in threats.places(threat)]
        parts += [(each, "Run on", _line_thing(each)) for each in threats.lines(threat)]
        for part, joined, thing in parts:
            if not self._may(part.label_id):
                self.kept_back += 1
                continue
            number = f"{threat.reference} {thing.key.replace(':', ' ')}"
            row = row_of(thing.key, threat, number, self.labels[part.label_id], of=part)
            self.rows.append(row)
            self.things.append(thing)
            self._join(f"{row.key}:of", (key_of(threat), row.key), joined, row, (part.from_on, part.to_on))

    def add_links(self) -> None:
        """The threats that it has to do with: what each is, without its free text, and since when."""
        there = {key_of(self.threat)}
        for link in threats.links_of(self.threat):
            far = link.other if link.one_id == self.threat.pk else link.one
            if not (self._may(link.label_id) and self._may(far.label_id, far.owner_id)):
                self.kept_back += 1
                continue
            if key_of(far) not in there:
                there.add(key_of(far))
                self.rows.append(row_of(key_of(far), far, far.reference, self.labels[far.label_id]))
                self.things.append(_threat_thing(far, self.words, with_summary=False))
            number = f"{link.one.reference} link {link.pk}"
            row = row_of(f"threatlink:{link.pk}", link.one, number, self.labels[link.label_id], of=link)
            self.rows.append(row)
            how, _ = rules.LINK_WORDS[rules.LinkKind(link.kind)]
            self._join(row.key, (key_of(link.one), key_of(link.other)), how, row, (link.from_on, link.to_on))

    def add_disruptions(self) -> None:
        """Those that say of themselves that they are true. Nine queries at most, however many there are."""
        found = []
        for each in disruptions.of_threat(self.threat).exclude(state=disruption_rules.State.WITHDRAWN):
            may_go = each.state in disruption_rules.PASSED or not self.goes_out
            if may_go and self._may(each.label_id, each.lead_agency_id, each.handling):
                found.append(each)
            else:
                self.kept_back += 1
        parts, reviews = disruptions.parts_of_many(found), disruptions.reviews_of_many(found)
        aims = {aim.pk: aim for aim in plans.aims({each.aim_id for part in parts.values() for each in part.aims})}
        for each in found:
            served = [(part, aims[part.aim_id]) for part in parts[each.pk].aims if part.aim_id in aims]
            self._add_disruption(each, served, parts[each.pk].supports, reviews[each.pk])

    def _add_disruption(
        self,
        found: "Disruption",
        served: "Iterable[tuple[DisruptionAim, AimLine]]",
        supports: "Iterable[DisruptionSupport]",
        reviews: "Iterable[CategoryReview]",
    ) -> None:
        words = disruptions.region_data().words
        row = self._row(found, found, f"disruption:{found.reference}", found.reference)
        rows = [row]
        said = _said(found, words, with_text=not self.goes_out)
        values = [Value(name, text, (row.key,)) for name, text in said if text]
        for part, aim in served:
            if self._may(part.label_id, found.lead_agency_id):
                number = f"{found.reference} aim {aim.position}"
                rows.append(self._row(found, part, f"disruptionaim:{part.pk}", number))
                text = f"Moved aim {aim.position}" if self.goes_out else f"Moved aim {aim.position}: {aim.text}"
                values.append(Value("moved", text, (rows[-1].key,)))
        for support in supports:
            if self._may(support.label_id, found.lead_agency_id):
                number = f"{found.reference} agency {support.agency.code}"
                rows.append(self._row(found, support, f"disruptionsupport:{support.pk}", number))
                text = _support_in_words(found, support, with_text=not self.goes_out)
                values.append(Value("support", text, (rows[-1].key,)))
        for review in reviews:
            if self._may(review.label_id, found.lead_agency_id):
                number = f"{found.reference} looked at on {review.reviewed_on}"
                rows.append(self._row(found, review, f"categoryreview:{review.pk}", number))
                values.append(Value("reviewed", _review_in_words(review, words), (rows[-1].key,)))
        state = disruption_rules.STATE_NAMES[disruption_rules.State(found.state)]
        title = f"{found.reference}, {words.category_name(found.category).lower()}"
        keys = tuple(each.key for each in rows)
        self.rows += rows
        self.things.append(Thing(row.key, Sort.DISRUPTION, title, tuple(values), keys, (found.reference, state)))
        days = (found.event_on, found.event_on)
        self._join(f"{row.key}:of", (row.key, key_of(self.threat)), "Disrupted", row, days)

    def _may(self, label_id: int, owner_id: int | None = None, handling: str = "") -> bool:
        """Whether a record may be in the file; its owner is its label's where no other is named."""
        label = self.labels[label_id]
        return self.leaves(label, label.owner_id if owner_id is None else owner_id, handling)

    def _join(
        self, key: str, ends: tuple[str, str], words: str, row: Row, days: tuple[date | None, date | None]
    ) -> None:
        left, right = ends
        from_on, to_on = days
        self.bonds.append(
            Bond(
                key=key,
                tie=Tie.OTHER,
                left=left,
                right=right,
                words=words,
                known="",
                rows=(row.key,),
                from_on=from_on,
                to_on=to_on,
            )
        )

    def _row(
        self,
        of: "Disruption",
        part: "Disruption | DisruptionAim | DisruptionSupport | CategoryReview",
        key: str,
        number: str,
    ) -> Row:
        """A disruption, or what belongs to it, as the row a value goes back to."""
        handling = pole_rules.HANDLING_WORDS.get(of.handling, of.handling)
        return Row(
            key=key,
            owner=of.lead_agency.name,
            system=HERE,
            number=number,
            recorded_at=part.recorded_from,
            conditions=". ".join(filter(None, (str(self.labels[part.label_id]), handling))),
            handling=of.handling,
        )


def key_of(threat: "Threat") -> str:
    return f"threat:{threat.reference}"


def row_of(key: str, threat: "Threat", number: str, label: AccessLabel, *, of: "Versioned | None" = None) -> Row:
    """A record that was typed here, as the row a value goes back to."""
    return Row(
        key=key,
        owner=threat.owner.name,
        system=HERE,
        number=number,
        recorded_at=(of or threat).recorded_from,
        conditions=str(label),
    )


def _threat_thing(
    threat: "Threat",
    words: rules.Vocabulary,
    *,
    kinds: Iterable[threats.Reclassified] = (),
    with_summary: bool,
) -> Thing:
    """`with_summary`: with the free text, which may name people who are not asked for. A recipient does not get it."""
    row = (key_of(threat),)
    topics = dict.fromkeys(TOPICS.get(theme.partition(".")[0], "crime") for theme in threat.themes)
    said = [
        ("name", threat.name),
        *(("alias", alias) for alias in threat.aliases),
        ("reference", threat.reference),
        ("type", rules.type_name(threat.threat_type)),
        ("type_code", threat.threat_type),
        *(("type_before", f"{rules.type_name(each.was)} until {shown_date(each.at)}") for each in kinds),
        *(("theme", words.theme_name(theme)) for theme in threat.themes),
        *(("topic", topic) for topic in topics),
        ("phase", words.phase_name(threat.phase)),
        ("tier", words.tier_name(threat.tier)),
        ("summary", threat.summary if with_summary else ""),
        ("since", threat.nominated_on.isoformat()),
        ("until", threat.closed_on.isoformat() if threat.closed_on else ""),
    ]
    values = tuple(Value(name, text, row) for name, text in said if text)
    return Thing(key_of(threat), Sort.THREAT, threat.name, values, row, (threat.reference,))


def _place_thing(place: "ThreatPlace") -> Thing:
    row = f"threatplace:{place.pk}"
    said = [("address", place.name), ("postcode", place.postcode)]
    values = tuple(Value(name, text, (row,)) for name, text in said if text)
    return Thing(row, Sort.PLACE, place.name, values, (row,))


def _line_thing(line: "ThreatLine") -> Thing:
    row = f"threatline:{line.pk}"
    tags = (f"Known as {line.brand}",) if line.brand else ()
    return Thing(row, Sort.PHONE, line.number, (Value("number", line.number, (row,)),), (row,), tags)


def _said(found: "Disruption", words: disruption_rules.Vocabulary, *, with_text: bool) -> Iterator[tuple[str, str]]:
    """What a record says, without what happened in words: it names people who are not asked for."""
    yield "reference", found.reference
    yield "happened", found.event_on.isoformat()
    yield "recorded", f"Record date {shown_date(found.record_date)}"
    yield "effect", f"Effect: {words.category_name(found.category).lower()}"
    if found.original_category != found.category:
        yield "effect_first", f"First recorded as {words.category_name(found.original_category).lower()}"
    if found.effect_ends_on is not None:
        yield "effect_ends", f"Effect expected to end on {shown_date(found.effect_ends_on)}"
    for p in (found.primary_p, *found.secondary_ps):
        yield "p", P_NAMES[P(p)][0]
    for tactic in found.tactics:
        yield "tactic", words.tactic_name(tactic)
    if found.outcome:
        yield "outcome", words.named("disruption_outcome", found.outcome)
    yield "agency", f"{disruption_rules.role_name(found.role)}: {found.lead_agency.name}"
    for code, amount in found.facts.items():
        yield "fact", _fact_in_words(code, amount, words)
    if with_text:
        yield "stopped", found.stopped


def _support_in_words(found: "Disruption", support: "DisruptionSupport", *, with_text: bool) -> str:
    """Another agency in it, without how it helped or gained where free text stays: that may name people."""
    who = "Supported by" if found.role == disruption_rules.Role.LEAD else "In support of"
    said = f": {support.benefit}" if with_text and support.benefit else ""
    return f"{who} {support.agency.name}{said}"


def _fact_in_words(code: str, amount: str | int, words: disruption_rules.Vocabulary) -> str:
    known = words.facts.get(code)
    if known is None:
        return f"{code}: {amount}"
    shown = {"money": f"£{amount}", "kilograms": f"{amount} kg", "years": f"{amount} years"}.get(
        known.unit, f"{amount}"
    )
    return f"{known.name}: {shown}"


def _review_in_words(review: "CategoryReview", words: disruption_rules.Vocabulary) -> str:
    lasted = disruption_rules.LASTED_NAMES[disruption_rules.Lasted(review.lasted)]
    was, now = (words.category_name(code).lower() for code in (review.category_was, review.category_now))
    effect = f"effect from {was} to {now}" if was != now else f"effect still {now}"
    return f"Looked at on {shown_date(review.reviewed_on)}. Did the effect last? {lasted}; {effect}"
