"""A small region's words, for tests of rules that need no database."""

from fourfold.threats.rules import MemberRole, Phase, Side, Tier, TypeHelp, Vocabulary

HELP = TypeHelp(question="", means="", examples="", not_when="")
WORDS = Vocabulary(
    tiers={
        "1": Tier("1", "Tier 1", "Critical", lro_required=True, review_months=3),
        "5": Tier("5", "Tier 5", "Residual", review_months=12),
        "UNTIERED": Tier("UNTIERED", "Untiered"),
    },
    phases={
        "IDENTIFIED": Phase("IDENTIFIED", "Identified", closed=False),
        "DEVELOPMENT": Phase("DEVELOPMENT", "Development", closed=False),
        "CLOSED_DORMANT": Phase("CLOSED_DORMANT", "Closed – dormant", closed=True),
    },
    themes={"DRU": "Drugs", "DRU.county_lines": "County lines", "CYB": "Cyber-dependent crime"},
    roles={
        "LEADER": MemberRole("LEADER", "Leader", Side.OFFENDER),
        "RUNNER": MemberRole("RUNNER", "Runner", Side.OFFENDER, check_exploited=True),
        "ASSOCIATE": MemberRole("ASSOCIATE", "Associate", Side.PERIPHERY),
        "EXPLOITED": MemberRole("EXPLOITED", "Exploited person", Side.PROTECT),
        "WITNESS": MemberRole("WITNESS", "Witness", Side.PROTECT),
    },
    types=dict.fromkeys(("OCG", "PRIORITY_INDIVIDUAL", "VULNERABILITY"), HELP),
    ended={("tier", "0"): "Tier 0"},
)
