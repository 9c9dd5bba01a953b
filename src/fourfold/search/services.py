"""Keeping a search, and looking again on its owner's behalf. Only its owner writes a saved search and its findings."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation, Reason
from fourfold.platform.people.models import User
from fourfold.platform.visibility import services as visibility
from fourfold.search import rules, selectors
from fourfold.search.models import SavedFinding, SavedSearch
from fourfold.search.selectors import Group


@transaction.atomic
def save_search(
    *, owner: User, name: str, text: str, reason: Reason, why: str, ends_on: date, now: datetime, today: date
) -> SavedSearch:
    """Keep a search. What it finds now is what its owner knows; only what comes later is news. Raises `RuleBroken`."""
    query = rules.read(text, today=today)
    groups = () if query.refusal else selectors.find(query, today=today)
    rules.check_may_keep(
        query,
        is_cut=_is_full(groups),
        kept=selectors.saved_searches(owner).count(),
        ends_on=ends_on,
        today=today,
    )
    saved = SavedSearch.objects.create(
        label=visibility.label_for(owner=owner.organisation, audience="OWN"),
        owner=owner,
        name=name,
        text=query.text,
        reason_code=reason.code,
        reason=why,
        saved_at=now,
        ends_on=ends_on,
        looked_at=now,
        run_at=now,
    )
    _keep(saved, groups, now=now)
    audit.note(Operation.COLLECTION, saved, change="saved a search", query=saved.text, ends_on=ends_on, reason=reason)
    return saved


@transaction.atomic
def look_again(*, saved: SavedSearch, now: datetime, today: date) -> int:
    """Search again as its owner, who acts, and keep what is new. Returns how much is.

    Noted in the ledger as a search on their behalf, with the reason that they gave when they saved it.
    """
    query = rules.read(saved.text, today=today)
    groups = () if query.refusal else selectors.find(query, today=today)
    new = _keep(saved, groups, now=now)
    saved.run_at, saved.is_full = now, _is_full(groups)
    saved.save(update_fields=["run_at", "is_full"])
    audit.note(
        Operation.SEARCH,
        saved,
        reason=Reason(saved.reason_code, saved.reason),
        on_behalf=True,
        query=saved.text,
        results={group.key: group.total for group in groups},
        new=new,
    )
    return new


@transaction.atomic
def mark_looked(*, saved: SavedSearch, seen_until: datetime) -> None:
    """Its owner has seen what was found until a moment: what came while they read stays new."""
    saved.looked_at = max(saved.looked_at, min(seen_until, saved.run_at))
    saved.save(update_fields=["looked_at"])
    audit.note(Operation.ALTERATION, saved, change="looked at what a saved search found")


@transaction.atomic
def change_search(*, saved: SavedSearch, name: str, why: str, ends_on: date, today: date) -> None:
    """Name it anew, or keep it longer with a reason. Raises `RuleBroken`."""
    rules.check_ends(ends_on, today=today)
    saved.name, saved.reason, saved.ends_on = name, why, ends_on
    saved.save(update_fields=["name", "reason", "ends_on"])
    audit.note(Operation.ALTERATION, saved, change="changed a saved search", ends_on=ends_on)


@transaction.atomic
def stop_search(*, saved: SavedSearch, now: datetime) -> None:
    """It is not searched any more and tells nothing. What it was stays on record."""
    saved.stopped_at = now
    saved.save(update_fields=["stopped_at"])
    audit.note(Operation.ALTERATION, saved, change="stopped a saved search")


def _is_full(groups: Sequence[Group]) -> bool:
    return any(group.is_cut for group in groups if group.key in selectors.WATCHED)


def _keep(saved: SavedSearch, groups: Sequence[Group], *, now: datetime) -> int:
    """Write what was found beside what was: new things, those with more records, and those not found any more."""
    known = {(finding.kind, finding.key): finding for finding in saved.findings.all()}
    there = {
        (group.key, hit.key): hit.size for group in groups for hit in group.hits if selectors.is_watched(hit, group)
    }
    added = [
        SavedFinding(label_id=saved.label_id, search=saved, kind=kind, key=key, size=size, found_at=now)
        for (kind, key), size in there.items()
        if (kind, key) not in known
    ]
    SavedFinding.objects.bulk_create(added)
    changed = []
    for place, finding in known.items():
        size = there.get(place, 0)
        if size > finding.size:
            finding.found_at = now
        if (size > 0, size or finding.size) != (finding.is_there, finding.size):
            finding.is_there, finding.size = size > 0, size or finding.size
            changed.append(finding)
    SavedFinding.objects.bulk_update(changed, ["is_there", "size", "found_at"])
    return len(added) + sum(finding.found_at == now for finding in changed)
