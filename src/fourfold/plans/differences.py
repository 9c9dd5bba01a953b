"""What differs between two versions of a plan, and how it is said. Pure Python."""

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from typing import Any

from fourfold.plans import rules

type Content = Mapping[str, Any]
LONGEST_IN_LINE = 60


@dataclass(frozen=True)
class Difference:
    """One value that came, went or changed. `path` leads to it: ("actions", "4", "due_on"); None is nothing there."""

    path: tuple[str, ...]
    was: Any
    now: Any


def differences(before: Content, after: Content) -> tuple[Difference, ...]:
    """Every value that differs, in the order of a plan: header, sections, aims, actions, consultations."""
    return tuple(_between((), before, after))


def replay(before: Content, found: Iterable[Difference]) -> dict[str, Any]:
    """The later version, made from the earlier and what differs."""
    made: dict[str, Any] = deepcopy(dict(before))
    for each in found:
        place = made
        for step in each.path[:-1]:
            place = place.setdefault(step, {})
        if each.now is None:
            place.pop(each.path[-1], None)
        else:
            place[each.path[-1]] = deepcopy(each.now)
    return made


def _between(path: tuple[str, ...], before: Content, after: Content) -> Iterable[Difference]:
    for key in (*before, *(key for key in after if key not in before)):
        was, now = before.get(key), after.get(key)
        if isinstance(was, Mapping) and isinstance(now, Mapping):
            yield from _between((*path, key), was, now)
        elif was != now:
            yield Difference((*path, key), was, now)


FIELDS: Mapping[str, str] = {
    "p": "kind",
    "title": "what is to be done",
    "text": "aim",
    "aim": "aim served",
    "owner": "owner",
    "agency": "agency",
    "partner": "partner",
    "tactic": "tactic",
    "outcome_wanted": "outcome wanted",
    "measure": "measure",
    "unit": "unit",
    "baseline": "baseline",
    "target": "target",
    "target_on": "target date",
    "due_on": "due date",
    "resource": "resource",
    "legal_basis": "legal basis",
    "why_this_threat": "why this threat",
    "status": "status",
    "status_reason": "reason for the status",
    "result": "result",
    "evidence": "evidence",
    "done_on": "done on",
    "state": "state",
    "with_whom": "who was asked",
    "consulted_on": "date",
    "said": "what they said",
    "changed": "what changed",
    "name": "name of the threat",
    "lro": "lead responsible officer",
    "deputy": "deputy",
    "sio": "senior investigating officer",
    "threat": "threat",
}
VALUES: Mapping[str, Mapping[Any, str]] = {
    "p": {p.value: names[0] for p, names in rules.P_NAMES.items()},
    "status": {status.value: name for status, name in rules.STATUS_NAMES.items()},
    "state": {state.value: name for state, name in rules.AIM_STATE_NAMES.items()},
}


type Names = Mapping[str, Callable[[str], str]]
"""How the region calls what is kept as a code, by the name of the fact."""


@dataclass(frozen=True)
class Said:
    """One difference as people read it. Long texts stand beside each other in `was` and `now`; else they are empty."""

    sentence: str
    was: str = ""
    now: str = ""


def in_words(
    found: Iterable[Difference], *, tactic_name: Callable[[str], str] = str, tier_name: Callable[[str], str] = str
) -> tuple[Said, ...]:
    """Each difference as a sentence: "Action 4: due date 3 March 2026 → 20 March 2026"."""
    names = {"tactic": tactic_name, "tier": tier_name}
    return tuple(said for each in found for said in _said(each, names))


def _said(each: Difference, names: Names) -> Iterable[Said]:
    kind, *rest = each.path
    if kind == "sections" and rest:
        name = rules.PART_NAMES[rules.Part(rest[0])][0]
        verb = "written" if not each.was else "taken out" if not each.now else "rewritten"
        yield Said(f"{name} {verb}", str(each.was or ""), str(each.now or ""))
    elif kind == "header" and rest:
        yield _changed("", rest[-1], each, names)
    elif kind in {"aims", "actions"} and rest:
        yield from _about(f"{'Aim' if kind == 'aims' else 'Action'} {rest[0]}", rest[1:], each, names)
    elif kind == "consultations" and rest:
        yield from _about("Consultation", rest[1:], each, names)
    elif isinstance(each.now or each.was, Mapping):
        for key in {**(each.was or {}), **(each.now or {})}:
            inner = Difference((*each.path, key), (each.was or {}).get(key), (each.now or {}).get(key))
            yield from _said(inner, names)


def _about(what: str, rest: list[str], each: Difference, names: Names) -> Iterable[Said]:
    if not rest:
        thing = each.now if each.was is None else each.was
        title = thing.get("title") or thing.get("text") or thing.get("partner") or ""
        yield Said(f"{what} {'added' if each.was is None else 'taken out'}: {title}")
    elif rest[0] == "readings":
        read = {rest[1]: each.now} if len(rest) > 1 else dict(each.now or {})
        for day, value in read.items():
            yield Said(f"{what}: measure read {_plain('', value, names)} on {_plain('', day, names)}")
    else:
        yield _changed(f"{what}: ", rest[0], each, names)


def _changed(about: str, name: str, each: Difference, names: Names) -> Said:
    label = FIELDS.get(name, name) + " "
    if name == "tier":
        label = ""
    was, now = (_plain(name, value, names) for value in (each.was, each.now))
    if max(len(was), len(now)) > LONGEST_IN_LINE:
        return Said(_capital(f"{about}{label}changed"), was, now)
    return Said(_capital(f"{about}{label}{was or 'nothing'} → {now or 'nothing'}"))


def _plain(name: str, value: Any, names: Names) -> str:
    if value in {None, ""}:
        return ""
    if name in VALUES:
        return VALUES[name].get(value, str(value))
    if name in names:
        return names[name](str(value))
    text = str(value)
    if len(text) == len("2026-01-02") and text[4] == text[7] == "-":
        try:
            return f"{date.fromisoformat(text):%-d %B %Y}"
        except ValueError:
            return text
    return text.removesuffix(".00")


def in_plain_words(name: str, value: Any) -> str:
    """One value as people read it."""
    return _plain(name, value, {})


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
