"""Who may read and who may write under a label. Pure Python; tested as a table. PostgreSQL applies the answer.

Every condition must hold: a role today, a ceiling as high as the marking, membership of the compartment if there is
one, and the audience.
"""

from dataclasses import dataclass
from enum import StrEnum

MARKINGS = ("OFFICIAL", "OFFICIAL-SENSITIVE")
POLICE = frozenset({"FORCE", "ROCU"})


class Audience(StrEnum):
    """Who besides the owner a row is for."""

    OWN = "OWN"
    REGION = "REGION"
    NAMED = "NAMED"
    AGREEMENT = "AGREEMENT"


@dataclass(frozen=True)
class Reader:
    """What decides what someone sees, on one day."""

    organisation: int
    kind: str
    region: str
    ceiling: str
    capabilities: frozenset[str] = frozenset()
    compartments: frozenset[int] = frozenset()
    agreements: frozenset[int] = frozenset()
    has_role: bool = True
    is_service: bool = False
    is_active: bool = True


@dataclass(frozen=True)
class Label:
    """A label as the rules see it."""

    owner: int
    owner_region: str
    audience: Audience
    marking: str
    compartment: int | None = None
    agreement: int | None = None
    named: frozenset[int] = frozenset()


def may_read(reader: Reader, label: Label) -> bool:
    if not reader.is_active:
        return False
    if reader.is_service:
        return True
    if not reader.has_role or MARKINGS.index(label.marking) > MARKINGS.index(reader.ceiling):
        return False
    if label.compartment is not None and label.compartment not in reader.compartments:
        return False
    return reader.organisation == label.owner or _is_for(reader, label)


def may_write(reader: Reader, label: Label) -> bool:
    """Writers write what their own organisation owns; the region's own roles also what the whole region reads."""
    if not may_read(reader, label):
        return False
    if reader.is_service:
        return True
    if "record.write" not in reader.capabilities:
        return False
    is_of_region = label.audience is Audience.REGION and label.owner_region == reader.region
    return reader.organisation == label.owner or (is_of_region and "region.write" in reader.capabilities)


def _is_for(reader: Reader, label: Label) -> bool:
    """Whether the audience takes in a reader of another organisation than the owner."""
    match label.audience:
        case Audience.OWN:
            return False
        case Audience.REGION:
            is_police = reader.kind in POLICE and reader.region == label.owner_region
            return is_police or "region.read" in reader.capabilities
        case Audience.NAMED:
            return reader.organisation in label.named
        case Audience.AGREEMENT:
            return label.agreement in reader.agreements
