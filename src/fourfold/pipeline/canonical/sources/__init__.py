"""The source families there are. A new one is added here; see docs/how-to/add-a-source-system.md."""

from collections.abc import Mapping
from types import MappingProxyType

from fourfold.pipeline.canonical.family import Family
from fourfold.pipeline.canonical.sources.connect import Connect
from fourfold.pipeline.canonical.sources.force_areas import OnsForceAreas
from fourfold.pipeline.canonical.sources.mark43 import Mark43
from fourfold.pipeline.canonical.sources.niche import Niche
from fourfold.pipeline.canonical.sources.police_uk import PoliceUkStreet
from fourfold.pipeline.canonical.sources.policeworks import PoliceWorks
from fourfold.pipeline.canonical.sources.prisons import HmppsPrisons
from fourfold.pipeline.canonical.sources.st_louis import StLouisCrimes
from fourfold.pipeline.delivery import Refused

FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        family.code: family
        for family in (
            Niche(),
            Connect(),
            PoliceWorks(),
            Mark43(),
            PoliceUkStreet(),
            HmppsPrisons(),
            OnsForceAreas(),
            StLouisCrimes(),
        )
    }
)


def family_named(code: str) -> Family:
    """The family of that code, or a refusal that says there is none."""
    if code not in FAMILIES:
        raise Refused("Q-FAMILY-01", family=code)
    return FAMILIES[code]
