"""The past of a threat in words: every version of it and of all that stands on it, newest first."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from fourfold.platform.history.models import Versioned
from fourfold.platform.ui.jinja import shown_date, shown_moment
from fourfold.threats import rules, selectors
from fourfold.threats.models import Closing, HandOver, Threat, ThreatLine, ThreatLink, ThreatMember, ThreatPlace

LONGEST_IN_TITLE = 60
ADDED = "Added: "


@dataclass(frozen=True, kw_only=True)
class Change:
    """One version of a record in words."""

    title: str
    at: datetime
    by: str
    why: str
    lines: tuple[str, ...]


USER_FIELDS = {
    "lro_id": "Lead responsible officer",
    "deputy_id": "Deputy",
    "sio_id": "Senior investigating officer",
}


def changed_meanwhile(changes: Iterable[Change]) -> str:
    """What others recorded since a form was opened, in one text."""
    said = (f"{c.by}, {shown_moment(c.at)}: {'; '.join((c.title, *c.lines))}. Why: {c.why}" for c in changes)
    return " ".join(("Changed while you had this open.", *said))


@dataclass(frozen=True)
class Names:
    """What the ids in versions are called: users, organisations, threats that the reader may see, and the words."""

    users: Mapping[int, str]
    organisations: Mapping[int, str]
    threats: Mapping[int, str]
    words: rules.Vocabulary

    def who(self, user: int | None) -> str:
        return self.users.get(user, "nobody") if user else "nobody"


def changes_of(
    recorded: Iterable[selectors.Recorded], words: rules.Vocabulary, *, of: int | None = None
) -> tuple[Change, ...]:
    """Versions in words, newest first. Nobody in a threat is named: only the pages that ask for a reason do that.

    Args:
        of: The threat they are read from: a link reads otherwise from its other end.
    """
    recorded = tuple(recorded)
    asked: set[int | None] = {each.by for each in recorded}
    threats: set[int] = set()
    for each in recorded:
        asked |= {said[name] for said in (each.fields, each.before or {}) for name in USER_FIELDS if name in said}
        threats |= {each.fields[name] for name in ("one_id", "other_id", "into_id") if each.fields.get(name)}
    names = Names(
        selectors.users_in_words(asked),
        {organisation.pk: organisation.name for organisation in selectors.owners()},
        selectors.references_of(threats),
        words,
    )
    changes = (_change(each, names, of) for each in recorded if _is_told(each))
    return tuple(_together(list(same)) for _, same in groupby(changes, key=_added_at_once))


ANSWERABLE: tuple[type[Versioned], ...] = (HandOver, Closing)


def _is_told(each: selectors.Recorded) -> bool:
    """An offer or a proposal that only changed its readers says nothing new; its threat says it."""
    return each.of not in ANSWERABLE or each.before is None or each.fields["answer"] != each.before["answer"]


Said = Mapping[str, Any]


def _change(each: selectors.Recorded, names: Names, of: int | None) -> Change:
    said, before = each.fields, each.before
    title, lines = TOLD[each.of](said, before, names, of)
    return Change(
        title=title,
        at=each.at,
        by=names.users.get(each.by, "the service") if each.by is not None else "the service",
        why=said["because"] if "because" in said else said["answer_reason"] or said["reason"],
        lines=tuple(lines),
    )


def _told_threat(said: Said, before: Said | None, names: Names, of: int | None) -> tuple[str, list[str]]:
    facts = _threat_facts(names)
    if before is None:
        return "Nominated", [f"{label}: {show(said)}" for label, _, show in facts]
    changed = [
        (label, show(before), show(said))
        for label, columns, show in facts
        if any(said[column] != before[column] for column in columns)
    ]
    if said["closed_on"] and not before["closed_on"]:
        title = "Merged" if said["closing_ground"] == names.words.merged_ground else "Closed"
    else:
        title = "Reopened" if before["closed_on"] and not said["closed_on"] else _title(changed)
    return title, [f"{label}: from “{was}” to “{now}”" for label, was, now in changed]


def _told_member(said: Said, before: Said | None, names: Names, of: int | None) -> tuple[str, list[str]]:
    role = names.words.role_name(said["role"]).lower()
    lines = [f"In this role from {shown_date(said['from_on'])}"]
    if said["to_on"] is not None:
        return f"Ended: {role}", [*lines, f"Until {shown_date(said['to_on'])}"]
    return (f"{ADDED}{role}" if before is None else f"Changed: {role}"), lines


def _told_part(noun: str, name: Callable[[Said], str]) -> "Telling":
    """How a place or a line is told, which come, go and change alike."""

    def told(said: Said, before: Said | None, names: Names, of: int | None) -> tuple[str, list[str]]:
        lines = [f"From {shown_date(said['from_on'])}"]
        if said["to_on"] is not None:
            return f"{noun} ended: {name(said)}", [*lines, f"Until {shown_date(said['to_on'])}"]
        return f"{noun} {'added' if before is None else 'changed'}: {name(said)}", lines

    return told


def _told_link(said: Said, before: Said | None, names: Names, of: int | None) -> tuple[str, list[str]]:
    here, there = rules.LINK_WORDS[rules.LinkKind(said["kind"])]
    how, other = (here, said["other_id"]) if said["one_id"] == of else (there, said["one_id"])
    title = f"{how} {names.threats.get(other, 'another threat')}"
    if said["to_on"] is not None:
        return f"Link ended: {title}", [f"Until {shown_date(said['to_on'])}"]
    return title, [f"From {shown_date(said['from_on'])}"]


ANSWERED = {"ACCEPTED": "accepted", "DECLINED": "declined", "WITHDRAWN": "withdrawn"}


def _told_hand_over(said: Said, before: Said | None, names: Names, of: int | None) -> tuple[str, list[str]]:
    if said["answer"]:
        return f"Hand-over {ANSWERED[said['answer']]}", []
    to = names.organisations.get(said["to_organisation_id"], "another organisation")
    return f"Offered to {to}", [f"{label}: {names.who(said[column])}" for column, label in USER_FIELDS.items()]


def _told_closing(said: Said, before: Said | None, names: Names, of: int | None) -> tuple[str, list[str]]:
    into = names.threats.get(said["into_id"], "another threat") if said["into_id"] else ""
    if said["answer"]:
        done = {"ACCEPTED": "confirmed", "DECLINED": "refused"}.get(said["answer"], "withdrawn")
        return f"{'Merge' if into else 'Closing'} {done}", []
    if into:
        return f"Merge proposed into {into}", []
    closed_on = shown_date(said["closed_on"])
    return f"Closing proposed: {names.words.phase_name(said['ground'])}", [f"Closed on {closed_on}"]


Telling = Callable[[Said, Said | None, Names, int | None], tuple[str, list[str]]]
TOLD: Mapping[type[Versioned], Telling] = {
    Threat: _told_threat,
    ThreatMember: _told_member,
    ThreatPlace: _told_part("Place", lambda said: str(said["name"])),
    ThreatLine: _told_part("Line", lambda said: " ".join(filter(None, (said["number"], said["brand"])))),
    ThreatLink: _told_link,
    HandOver: _told_hand_over,
    Closing: _told_closing,
}


def _added_at_once(change: Change) -> object:
    """People added in one go are told as one change; every other change is told alone."""
    return (change.at, change.by, change.why) if change.title.startswith(ADDED) else id(change)


def _together(changes: list[Change]) -> Change:
    first = changes[0]
    if len(changes) == 1:
        return first
    counted = Counter(change.title.removeprefix(ADDED) for change in changes)
    roles = ", ".join(role if number == 1 else f"{role} ({number})" for role, number in counted.items())
    lines = tuple(f"{change.title.removeprefix(ADDED).capitalize()}: {change.lines[0].lower()}" for change in changes)
    return replace(first, title=f"{len(changes)} people added: {roles}", lines=lines)


def _title(changed: list[tuple[str, str, str]]) -> str:
    if len(changed) == 1:
        label, _, now = changed[0]
        return f"{label} changed" if len(now) > LONGEST_IN_TITLE else f"{label}: {now}"
    labels = [label.lower() for label, _, _ in changed]
    return f"{', '.join(labels)} changed".capitalize() if labels else "Recorded again"


Show = Callable[[Said], str]


def _threat_facts(names: Names) -> tuple[tuple[str, tuple[str, ...], Show], ...]:
    """What of a threat is told in its history: label, the columns it depends on, and how it reads."""
    words = names.words

    def who(column: str) -> Show:
        return lambda said: names.who(said[column])

    return (
        ("Kind", ("threat_type",), lambda said: rules.type_name(said["threat_type"])),
        ("Name", ("name",), lambda said: str(said["name"])),
        ("Other names", ("aliases",), lambda said: ", ".join(said["aliases"]) or "none"),
        ("Summary", ("summary",), lambda said: str(said["summary"])),
        ("Themes", ("themes",), lambda said: ", ".join(words.theme_name(code) for code in said["themes"])),
        ("Owner", ("owner_id",), lambda said: names.organisations.get(said["owner_id"], "not known")),
        ("Tier", ("tier",), lambda said: words.tier_name(said["tier"])),
        ("Phase", ("phase",), lambda said: words.phase_name(said["phase"])),
        *((label, (column,), who(column)) for column, label in USER_FIELDS.items()),
    )
