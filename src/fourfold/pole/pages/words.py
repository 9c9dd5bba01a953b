"""What every page of the picture says the same way: dates, where a value came from, who may see, tables of links."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from fourfold.platform.clock import LONDON
from fourfold.platform.ui import components as ui
from fourfold.platform.ui.jinja import plural, shown_date, shown_moment
from fourfold.platform.ui.pages import Foot, Link
from fourfold.pole import rules, selectors
from fourfold.pole.models import EventRecord, LocationRecord, ObjectRecord, PersonRecord, SourceRecord
from fourfold.pole.selectors import Joined, Panel

TIMELINE_SHOWN = 8
NOON = 12
PICTURE = Link("Picture", "/picture/")
NOT_SHOWN_WORDS = ("ethnic",)
"""Parts of the names of delivered fields that are kept to monitor disparity and not shown on records."""


def when(record: EventRecord) -> str:
    """When it happened, no finer than the source says."""
    if record.time_precision == "minute" and record.happened_at is not None:
        return shown_moment(record.happened_at)
    if record.happened_on is None:
        return "Date not recorded"
    if record.time_precision == "month":
        return f"{record.happened_on:%B %Y}"
    return shown_date(record.happened_on)


def time_of_day(record: EventRecord) -> str:
    """The time in London, where the source gives one."""
    if record.time_precision != "minute" or record.happened_at is None:
        return ""
    local = record.happened_at.astimezone(LONDON)
    return f"{local.hour % 12 or 12}:{local:%M}{'am' if local.hour < NOON else 'pm'}"


def lineage(record: SourceRecord) -> str:
    return f"{record.source_file}, line {record.source_line}, batch {record.batch_id}"


def birth_words(line: selectors.PersonLine) -> str:
    if line.born is None:
        return "Not recorded"
    age = f" (age {line.age})" if line.age is not None else ""
    return f"{shown_date(line.born)}{age}{', disputed' if line.birth_disputed else ''}"


def born_words(record: PersonRecord) -> str:
    """A record's date of birth with how far it can be trusted."""
    if record.birth_on is None:
        return {"invalid": "Delivered, but not a date", "partial": "Only in part"}.get(record.birth_quality, "")
    doubt = {"default": " (1 January may stand for not known)", "partial": " (in part)"}.get(record.birth_quality, "")
    return shown_date(record.birth_on) + doubt


def seen_by(records: Iterable[SourceRecord]) -> str:
    """Who may see what is on the page: one phrase for each label."""
    phrases = Counter(str(record.label) for record in records)
    if len(phrases) == 1:
        return next(iter(phrases))
    return "; ".join(f"{plural(n, 'record', 'records')} {phrase}" for phrase, n in phrases.most_common())


def changed_words(records: Iterable[SourceRecord]) -> str:
    latest = max((record.recorded_from for record in records), default=None)
    return f"Last changed {shown_moment(latest)}" if latest else ""


def foot_of(records: Sequence[SourceRecord], links: tuple[Link, ...]) -> Foot:
    return Foot(changed=changed_words(records), seen_by=seen_by(records), links=links)


@dataclass(frozen=True, kw_only=True)
class RewindForm:
    """The control that asks for the same page as recorded on another date."""

    on: date | None
    kept: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Role:
    """One event with every role that the person has in it."""

    event: EventRecord
    types: tuple[str, ...]

    @property
    def words(self) -> str:
        return ", ".join(rules.LINK_TYPES.get(code, code) for code in self.types)

    @property
    def protects(self) -> bool:
        return bool(rules.PROTECTED_ROLES & set(self.types))


def forces_words(forces: Sequence[str]) -> str:
    return forces[0] if len(forces) == 1 else plural(len(forces), "force", "forces")


def agreed(values: Iterable[str]) -> str:
    said = Counter(value for value in values if value)
    if not said:
        return "Not known"
    return " or ".join(value for value, _ in said.most_common())


def panel_table(panel: Panel) -> ui.Table:
    return ui.Table(panel.title, tuple(ui.Head(text) for text in panel.head), panel.rows, empty=panel.empty)


def moments_of(roles: Iterable[Role]) -> tuple[ui.Moment, ...]:
    return tuple(
        ui.Moment(
            title=selectors.event_title(role.event),
            at=role.event.happened_on or role.event.recorded_from,
            text=" · ".join(filter(None, (kind_words(role.event), role.event.reference, role.event.owner.name))),
            href=selectors.address_of(role.event),
            tag=ui.Tag(role.words, "purple" if role.protects else "grey"),
        )
        for role in roles
    )


def kind_words(event: EventRecord) -> str:
    return rules.EVENT_KINDS.get(event.kind, event.kind)


def roles_of(links: Iterable[Joined]) -> tuple[Role, ...]:
    """The person's events, newest first, each once, with every role in it."""
    found: dict[int, tuple[EventRecord, dict[str, None]]] = {}
    for joined in links:
        if isinstance(joined.other, EventRecord):
            _, types = found.setdefault(joined.other.pk, (joined.other, {}))
            types[joined.link.type] = None
    roles = [Role(event, tuple(sorted(types, key=_protected_first))) for event, types in found.values()]
    return tuple(sorted(roles, key=lambda role: (role.event.happened_on or date.min, role.event.pk), reverse=True))


def _protected_first(code: str) -> tuple[bool, str]:
    return code not in rules.PROTECTED_ROLES, code


def assertion(assertion: str, grade: str) -> str:
    said = "Assessment" if assertion == "assessment" else "Fact"
    return f"{said}, graded {grade}" if grade else said


def period(from_on: date | None, to_on: date | None) -> str:
    if from_on and to_on:
        return f"{shown_date(from_on)} to {shown_date(to_on)}"
    if from_on:
        return f"From {shown_date(from_on)}"
    return f"Until {shown_date(to_on)}" if to_on else "Dates not recorded"


def tables_of_things(links: Iterable[Joined]) -> list[ui.Table]:
    """Vehicles, phones and organisations, places, people: each thing once, however many records link it."""
    tables = []
    for kind, caption, empty in (
        (rules.Kind.OBJECT, "Vehicles, phones and organisations", "No vehicle, phone or organisation is linked."),
        (rules.Kind.LOCATION, "Places", "No place is linked."),
        (rules.Kind.PERSON, "People", "No person is linked."),
    ):
        rows: dict[tuple[str, str], list[Joined]] = defaultdict(list)
        for joined in links:
            if joined.other_kind == kind:
                rows[_sameness(joined), joined.link.type].append(joined)
        tables.append(
            ui.Table(
                caption,
                (ui.Head("What"), ui.Head("How"), ui.Head("Latest"), ui.Head("Who says so")),
                tuple(_thing_row(same) for same in rows.values()),
                empty=empty,
            )
        )
    return tables


def _sameness(joined: Joined) -> str:
    match joined.other:
        case PersonRecord() as person:
            return str(person.person_id)
        case ObjectRecord() as thing:
            by_value = f"{thing.kind} {thing.value}" if thing.valid and thing.value else f"#{thing.pk}"
            return by_value if thing.thing_id is None else f"@{thing.thing_id}"
        case LocationRecord() as place:
            return place.place_key or f"#{place.pk}" if place.thing_id is None else f"@{place.thing_id}"
        case event:
            return f"#{event.pk}"


def _thing_row(same: Sequence[Joined]) -> tuple[ui.Cell, ...]:
    latest = max(same, key=lambda j: (j.link.to_on or j.link.from_on or date.min, j.link.pk))
    _, noun, title, _ = selectors.described(latest.other)
    detail = ""
    if isinstance(latest.other, ObjectRecord):
        thing = latest.other
        detail = " ".join(filter(None, (thing.colour, thing.make, thing.model))) or noun.capitalize()
    if isinstance(latest.other, PersonRecord):
        born = f"born {shown_date(latest.other.birth_on)}" if latest.other.birth_on else "date of birth not recorded"
        detail = f"{rules.reference_of(latest.other.person_id)}, {born}"
    return (
        ui.Cell(title, selectors.address_of(latest.other), hint=detail),
        ui.Cell(rules.LINK_TYPES.get(latest.link.type, latest.link.type)),
        ui.Cell(period(latest.link.from_on, latest.link.to_on)),
        ui.Cell(", ".join(sorted({joined.link.owner.name for joined in same}))),
    )


def delivered_facts(record: SourceRecord) -> tuple[tuple[ui.Fact, ...], str]:
    """The fields as they were delivered, and a sentence where some are kept back."""
    delivered = record.delivered
    raw = delivered if isinstance(delivered, dict) else {"": delivered}
    shown_fields = {name: v for name, v in raw.items() if not any(word in name.lower() for word in NOT_SHOWN_WORDS)}
    facts = tuple(ui.Fact(name or "Row", _plain(value)) for name, value in shown_fields.items())
    if len(shown_fields) == len(raw):
        return facts, ""
    return facts, "Ethnicity was delivered. It is kept to monitor disparity and is not shown on records."


def _plain(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, (dict, list)):
        return _listed(value)
    return str(value)


def _listed(value: object) -> str:
    match value:
        case dict():
            return "; ".join(
                f"{name}: {_listed(part)}" for name, part in value.items() if part not in (None, "", [], {})
            )
        case list():
            return " / ".join(_listed(part) for part in value)
        case _:
            return str(value)
