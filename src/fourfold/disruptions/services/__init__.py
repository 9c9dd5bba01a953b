"""Every change to disruptions: checked, written and noted in one transaction, with the reason given for it.

`drafting` keeps unfinished forms, `recording` stores records, `changing` says them differently, `passing` lets them
count, `reviewing` looks at their effect again, `deciding` answers what the finder proposes, `relabelling` follows the
threat; `writing` holds the steps they share. Who may: whoever records for the lead agency; passing and looking again
are somebody else's, by `rules.py`; a draft is its author's.
"""

from fourfold.disruptions.services.changing import change_disruption, recategorise, withdraw
from fourfold.disruptions.services.deciding import begin_from_lead, decline_lead, doubt_lead
from fourfold.disruptions.services.drafting import (
    DRAFTS_KEPT,
    empty_old_drafts,
    save_draft,
    send_draft,
    throw_draft_away,
)
from fourfold.disruptions.services.passing import (
    Decision,
    check_sample,
    moderate,
    moderate_many,
    return_disruption,
    validate,
    validate_many,
)
from fourfold.disruptions.services.recording import Outcome, record_disruption, record_disruptions
from fourfold.disruptions.services.relabelling import relabel
from fourfold.disruptions.services.reviewing import Look, review_category, review_many

__all__ = [
    "DRAFTS_KEPT",
    "Decision",
    "Look",
    "Outcome",
    "begin_from_lead",
    "change_disruption",
    "check_sample",
    "decline_lead",
    "doubt_lead",
    "empty_old_drafts",
    "moderate",
    "moderate_many",
    "recategorise",
    "record_disruption",
    "record_disruptions",
    "relabel",
    "return_disruption",
    "review_category",
    "review_many",
    "save_draft",
    "send_draft",
    "throw_draft_away",
    "validate",
    "validate_many",
    "withdraw",
]
