"""Canonical: landed text becomes persons, objects, locations, events and links, or goes to quarantine with a reason."""

from fourfold.pipeline.canonical.engine import Canonical, ContractBroken, CountsDisagree, canonicalise

__all__ = ["Canonical", "ContractBroken", "CountsDisagree", "canonicalise"]
