"""Proposes which source records are of one vehicle, telephone, address or organisation, and says why.

Read `data/rules.yaml` first, then `running.py`. Records are never changed; the numbers of things are given in `pole`.
"""

from fourfold.pipeline.things.rules import Kind, Rule, Rules, RulesWrong, load_rules
from fourfold.pipeline.things.running import Counts, Grouped, group_things, made_by

__all__ = ["Counts", "Grouped", "Kind", "Rule", "Rules", "RulesWrong", "group_things", "load_rules", "made_by"]
