"""The source families there are. A new one is added here; see docs/how-to/add-a-source-system.md."""

from collections.abc import Mapping
from types import MappingProxyType

from fourfold.pipeline.canonical.family import Family
from fourfold.pipeline.delivery import Refused

FAMILIES: Mapping[str, Family] = MappingProxyType({family.code: family for family in ()})


def family_named(code: str) -> Family:
    """The family of that code, or a refusal that says there is none."""
    if code not in FAMILIES:
        raise Refused("Q-FAMILY-01", family=code)
    return FAMILIES[code]
