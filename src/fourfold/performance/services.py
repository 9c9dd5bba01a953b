"""Writes of figures: counts of other regions, and tokens by which programs read figures."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import connection, transaction

from fourfold.intake.rules import token_hash
from fourfold.performance import rules
from fourfold.performance.models import ApiReader, RegionCount
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people.models import User, UserKind
from fourfold.platform.people.rules import may
from fourfold.platform.visibility.services import label_for

IMPORTING = 4_409
"""Advisory lock: counts of other regions are imported one file after another, so that none is kept twice."""


@transaction.atomic
def import_region_counts(*, actor: User, counts: Sequence[rules.RegionCount]) -> int:
    """Keep what other regions have. A region's count of a day that was there already takes the new number.

    Raises:
        RuleBroken: RG4, the actor does not manage reference data.
    """
    if not may(actor, rules.MANAGE):
        raise RuleBroken("RG4", "You do not have permission to import the counts of other regions")
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [IMPORTING])
    label = label_for(owner=actor.organisation, audience="REGION", marking="OFFICIAL")
    kept = {
        (each.region.casefold(), each.extracted_on): each
        for each in RegionCount.objects.filter(extracted_on__in={c.extracted_on for c in counts})
    }
    new: list[RegionCount] = []
    for said in counts:
        known = kept.get((said.region.casefold(), said.extracted_on))
        if known is None:
            new.append(
                RegionCount(
                    label=label,
                    region=said.region,
                    threats=said.threats,
                    extracted_on=said.extracted_on,
                    source=said.source,
                )
            )
        elif (known.threats, known.source) != (said.threats, said.source):
            known.threats, known.source = said.threats, said.source
            known.save(update_fields=["threats", "source"])
    RegionCount.objects.bulk_create(new)
    audit.note(
        Operation.COLLECTION,
        object_type="performance.regioncount",
        regions=sorted({c.region for c in counts}),
        days=sorted({c.extracted_on for c in counts}),
    )
    return len(counts)


@transaction.atomic
def make_reader(
    *,
    actor: User,
    owner: User,
    name: str,
    expires_on: date,
    now: datetime,
    today: date,
    takes_files: bool = False,
) -> str:
    """A new bearer token that reads figures with its owner's rights. Shown once; only its hash is kept.

    Args:
        takes_files: It also takes people and threats as files, which a token made for figures never does.

    Raises:
        RuleBroken: AR1 or AR2; AR3, the token is somebody else's, or the actor may write nothing; AR4, it is to take
            files and its owner reads no people.
    """
    rules.check_reader(name=name, expires_on=expires_on, today=today)
    is_service = actor.kind == UserKind.SERVICE
    if not is_service and (owner != actor or not may(actor, rules.WRITES)):
        raise RuleBroken("AR3", "Your role cannot make a token. Ask those who run the service to make one for you.")
    if takes_files and not may(owner, "person.read"):
        raise RuleBroken("AR4", "A token that takes files is for roles that read people", "takes_files")
    token = rules.new_token()
    label = label_for(owner=owner.organisation, audience="OWN", marking="OFFICIAL-SENSITIVE")
    made = ApiReader.objects.create(
        owner=owner,
        name=name.strip(),
        token_hash=token_hash(token),
        made_at=now,
        expires_on=expires_on,
        takes_files=takes_files,
        label=label,
    )
    audit.note(Operation.ALTERATION, made, token=made.name, expires_on=expires_on, takes_files=takes_files)
    return token


@transaction.atomic
def withdraw_reader(*, actor: User, pk: int, now: datetime) -> ApiReader:
    """From now on the token is not taken. Raises `NotThere` where the actor has no such token."""
    found = ApiReader.objects.select_for_update().filter(pk=pk, owner=actor, withdrawn_at=None).first()
    if found is None:
        raise NotThere
    found.withdrawn_at = now
    found.save(update_fields=["withdrawn_at"])
    audit.note(Operation.ALTERATION, found, token=found.name, withdrawn=True)
    return found
