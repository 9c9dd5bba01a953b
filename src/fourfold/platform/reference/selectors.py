"""Terms by kind, as they stand on a day."""

from collections.abc import Mapping
from datetime import date

from django.db.models import Q

from fourfold.platform import clock
from fourfold.platform.errors import NotThere
from fourfold.platform.reference.keeping import kept
from fourfold.platform.reference.models import ReferenceTerm

DEFAULT_NOTE = "default, not the national model"


def terms(kind: str, *, on: date | None = None) -> tuple[ReferenceTerm, ...]:
    """Terms of a kind in force on a day (today where not given), in the region's order."""
    return _in_force(kind, on or clock.today())


def term(kind: str, code: str, *, on: date | None = None) -> ReferenceTerm:
    """One term. Raises `NotThere` where the kind has no such code on that day."""
    found = next((each for each in terms(kind, on=on) if each.code == code), None)
    if found is None:
        raise NotThere
    return found


@kept
def names(kind: str) -> Mapping[str, str]:
    """Code to name for every term that the kind ever had; the latest name where it changed. For showing old records."""
    found = ReferenceTerm.objects.filter(kind=kind).order_by("effective_from").values_list("code", "name")
    return dict(found)


def name_of(kind: str, code: str) -> str:
    """The name of a code, or the code itself where the kind never had it."""
    return names(kind).get(code, code)


def choices(kind: str, *, on: date | None = None) -> list[tuple[str, str]]:
    """Code and name for a form's choices; our own defaults say that they are."""
    return [(t.code, f"{t.name} ({DEFAULT_NOTE})" if t.mark == "D" else t.name) for t in terms(kind, on=on)]


def notes_on_defaults(kind: str) -> str:
    """A sentence where any term of the kind is a default or unchecked, else nothing."""
    if any(found.is_our_default for found in terms(kind)):
        return f"Some of these are a {DEFAULT_NOTE}. Your region can change them in its folder of data."
    return ""


@kept
def _in_force(kind: str, day: date) -> tuple[ReferenceTerm, ...]:
    in_force = Q(effective_from__lte=day) & (Q(effective_to=None) | Q(effective_to__gt=day))
    return tuple(ReferenceTerm.objects.filter(in_force, kind=kind).order_by("position", "code"))
