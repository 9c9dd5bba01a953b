"""The catalogue of quarantine rules, for the rooms that show it."""

from fourfold.pipeline.catalogue import BY_CODE, CATALOGUE, RULES, Effect, Rule

__all__ = ["BY_CODE", "CATALOGUE", "RULES", "Effect", "Rule"]
