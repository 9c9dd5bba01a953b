"""How the ledger's records are called: each room says how a reference of its own is read, and what it shows."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from django.apps import apps
from django.db.models import Q

from fourfold.platform.audit.models import Entry

NOTHING = Q(pk__in=[])


@dataclass(frozen=True)
class Referring:
    """The references of one type of record.

    Attributes:
        object_type: What the ledger calls the type, such as `threats.threat`.
        about: Which entries are about what was typed; None where it is no reference of this type.
        called: References by object id, as far as the reader may see the records.
    """

    object_type: str
    about: Callable[[str], Q | None]
    called: Callable[[Collection[str]], Mapping[str, str]]


_registered: dict[str, Referring] = {}


def register(referring: Referring) -> None:
    """Let the ledger read and show the references of a type. Rooms call this when they start."""
    _registered[referring.object_type] = referring


def entries_about(text: str) -> Q:
    """Which entries are about what was typed: a reference, a type, or a type and its number as the ledger shows it.

    A number alone is nobody's: the same number stands in every type for another record.
    """
    text = text.strip()
    found = Q(details__reference__iexact=text)
    kind, _, number = text.rpartition(" ")
    if number.isdecimal():
        found |= Q(object_type__in=_types_called(kind), object_id=number) if kind else NOTHING
    else:
        found |= Q(object_id__iexact=text) | Q(object_type__icontains=text)
        for referring in _registered.values():
            found |= referring.about(text) or NOTHING
    return found


def things(entries: Iterable[Entry]) -> dict[int, str]:
    """What each entry acted on, in words: its reference where the reader may see it, else its type and number."""
    entries = tuple(entries)
    called = {
        name: referring.called({e.object_id for e in entries if e.object_type == name and _is_number(e.object_id)})
        for name, referring in _registered.items()
    }
    return {
        e.pk: called.get(e.object_type, {}).get(e.object_id) or f"{_type_in_words(e.object_type)} {e.object_id}".strip()
        for e in entries
    }


def in_words(record: str) -> str:
    """A record that an address names, as in `pole.person:7`, in words that `entries_about` reads; else as it is."""
    object_type, _, object_id = record.partition(":")
    if not object_id:
        return record
    referring = _registered.get(object_type)
    called = referring.called({object_id}) if referring and _is_number(object_id) else {}
    return called.get(object_id) or f"{_type_in_words(object_type)} {object_id}"


def _is_number(object_id: str) -> bool:
    """Whether a record can have this number: one in an address can have any length."""
    return object_id.isdecimal() and len(object_id) < len(str(2**63))


def _types_called(kind: str) -> list[str]:
    return [model._meta.label_lower for model in apps.get_models() if model._meta.verbose_name == kind.lower()]


def _type_in_words(object_type: str) -> str:
    try:
        return str(apps.get_model(object_type)._meta.verbose_name).capitalize()
    except (LookupError, ValueError):
        words = object_type.replace(".", " ").replace("_", " ")
        return f"{words[:1].upper()}{words[1:]}"
