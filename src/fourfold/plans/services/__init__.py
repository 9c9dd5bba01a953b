"""Every change to a plan: checked, written, marked by the lint and noted in one transaction.

`drafting` begins and writes a plan, `standing` adopts, closes and reopens it, `reviewing` and `sharing` are as their
names say, `reminding` is run every night, `calendar` keeps the addresses of calendars; `writing` holds the steps they
share. Who may: whoever writes for the owner; adopting, signing and peer review are somebody else's, by their rules.
"""

from fourfold.plans.services.calendar import calendar_user, end_calendar_address, hash_of, make_calendar_address
from fourfold.plans.services.drafting import (
    add_action,
    add_aim,
    add_reading,
    change_action,
    change_aim,
    consult,
    draft_plan,
    report_action,
    write_plan,
    write_plans,
    write_section,
)
from fourfold.plans.services.reminding import remind, rescore_plans
from fourfold.plans.services.reviewing import answer_peer_review, begin_review, peer_review, sign_review
from fourfold.plans.services.sharing import (
    answer_report,
    ask_partner,
    relabel,
    report_asked,
    report_from_elsewhere,
    share_summary,
    stop_sharing,
)
from fourfold.plans.services.standing import (
    adopt_plan,
    adopt_plans,
    close_merged_plan,
    close_plan,
    reopen_plan,
    take_over_actions,
)

__all__ = [
    "add_action",
    "add_aim",
    "add_reading",
    "adopt_plan",
    "adopt_plans",
    "answer_peer_review",
    "answer_report",
    "ask_partner",
    "begin_review",
    "calendar_user",
    "change_action",
    "change_aim",
    "close_merged_plan",
    "close_plan",
    "consult",
    "draft_plan",
    "end_calendar_address",
    "hash_of",
    "make_calendar_address",
    "peer_review",
    "relabel",
    "remind",
    "reopen_plan",
    "report_action",
    "report_asked",
    "report_from_elsewhere",
    "rescore_plans",
    "share_summary",
    "sign_review",
    "stop_sharing",
    "take_over_actions",
    "write_plan",
    "write_plans",
    "write_section",
]
