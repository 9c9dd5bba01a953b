"""Who may read and write under which label, as a table."""

from dataclasses import replace

import pytest

from fourfold.platform.visibility.rules import Audience, Label, Reader, may_read, may_write

MERSEYSIDE, GMP, UNIT, PRISONS, LONDON = 1, 2, 3, 4, 5
WRITES = frozenset({"record.write"})
ANALYST = Reader(MERSEYSIDE, "FORCE", "north_west", "OFFICIAL-SENSITIVE", WRITES)
NEIGHBOUR = replace(ANALYST, organisation=GMP)
MODERATOR = replace(ANALYST, organisation=UNIT, kind="ROCU", capabilities=WRITES | {"region.write"})
PARTNER = replace(ANALYST, organisation=PRISONS, kind="PARTNER", region="north_west")
OTHER_REGION = replace(ANALYST, organisation=LONDON, region="london")
INSPECTOR = replace(PARTNER, kind="AGENCY", capabilities=frozenset({"region.read", "audit.region"}))
SERVICE = Reader(9, "AGENCY", "", "OFFICIAL", is_service=True, has_role=False)
REGION = Label(MERSEYSIDE, "north_west", Audience.REGION, "OFFICIAL-SENSITIVE")
OWN = replace(REGION, audience=Audience.OWN)
NAMED = replace(REGION, audience=Audience.NAMED, named=frozenset({PRISONS}))
SHARED = replace(REGION, audience=Audience.AGREEMENT, agreement=7)
CIRCLE = replace(REGION, compartment=11)


@pytest.mark.parametrize(
    ("label", "who", "reads", "writes"),
    [
        (REGION, ANALYST, True, True),
        (REGION, NEIGHBOUR, True, False),
        (REGION, MODERATOR, True, True),
        (REGION, PARTNER, False, False),
        (REGION, OTHER_REGION, False, False),
        (REGION, INSPECTOR, True, False),
        (REGION, SERVICE, True, True),
        (OWN, ANALYST, True, True),
        (OWN, NEIGHBOUR, False, False),
        (OWN, MODERATOR, False, False),
        (OWN, INSPECTOR, False, False),
        (OWN, SERVICE, True, True),
        (NAMED, ANALYST, True, True),
        (NAMED, PARTNER, True, False),
        (NAMED, NEIGHBOUR, False, False),
        (NAMED, MODERATOR, False, False),
        (SHARED, ANALYST, True, True),
        (SHARED, PARTNER, False, False),
        (SHARED, replace(PARTNER, agreements=frozenset({7})), True, False),
        (SHARED, replace(PARTNER, agreements=frozenset({8})), False, False),
        (CIRCLE, ANALYST, False, False),
        (CIRCLE, MODERATOR, False, False),
        (CIRCLE, replace(ANALYST, compartments=frozenset({11})), True, True),
        (CIRCLE, replace(NEIGHBOUR, compartments=frozenset({11})), True, False),
        (CIRCLE, replace(PARTNER, compartments=frozenset({11})), False, False),
        (replace(OWN, compartment=11), replace(NEIGHBOUR, compartments=frozenset({11})), False, False),
        (CIRCLE, SERVICE, True, True),
        (REGION, replace(ANALYST, ceiling="OFFICIAL"), False, False),
        (replace(REGION, marking="OFFICIAL"), replace(ANALYST, ceiling="OFFICIAL"), True, True),
        (REGION, replace(ANALYST, has_role=False), False, False),
        (REGION, replace(ANALYST, is_active=False), False, False),
        (REGION, replace(SERVICE, is_active=False), False, False),
        (REGION, replace(ANALYST, capabilities=frozenset({"audit.read"})), True, False),
        (REGION, replace(OTHER_REGION, capabilities=WRITES | {"region.write"}), False, False),
    ],
)
def test_who_reads_and_who_writes(label, who, reads, writes):
    assert (may_read(who, label), may_write(who, label)) == (reads, writes)


def test_nobody_writes_what_they_may_not_read():
    for label in (REGION, OWN, NAMED, SHARED, CIRCLE):
        for who in (ANALYST, NEIGHBOUR, MODERATOR, PARTNER, OTHER_REGION, INSPECTOR, SERVICE):
            assert may_read(who, label) or not may_write(who, label)
