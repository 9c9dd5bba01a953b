"""Every change to the master list: checked, written and noted in one transaction, with the reason given for it.

`nominating` puts threats on the list, `changing` says what they are, `developing` who and what is in them; `linking`,
`merging`, `closing` and `handing_over` are as their names say; `writing` holds the steps they share. Who may: whoever
manages or develops threats for the owner, by `rules.py`; offers and proposals are answered by somebody else.
"""

from fourfold.threats.services.changing import (
    change_phase,
    change_tier,
    describe_threat,
    reclassify,
    set_tier_from_moderation,
)
from fourfold.threats.services.closing import (
    close_threat,
    confirm_closing,
    propose_closing,
    propose_merge,
    refuse_closing,
    reopen_threat,
    withdraw_closing,
)
from fourfold.threats.services.developing import (
    add_line,
    add_member,
    add_place,
    end_line,
    end_member,
    end_place,
    move_member,
)
from fourfold.threats.services.handing_over import (
    accept_hand_over,
    decline_hand_over,
    hand_over,
    offer_hand_over,
    withdraw_hand_over,
)
from fourfold.threats.services.linking import end_link, link_threats
from fourfold.threats.services.merging import Parts, merge_threats, move_what_was_left, split_threat
from fourfold.threats.services.nominating import nominate_threat, nominate_threats
from fourfold.threats.services.writing import Leads, Put

__all__ = [
    "Leads",
    "Parts",
    "Put",
    "accept_hand_over",
    "add_line",
    "add_member",
    "add_place",
    "change_phase",
    "change_tier",
    "close_threat",
    "confirm_closing",
    "decline_hand_over",
    "describe_threat",
    "end_line",
    "end_link",
    "end_member",
    "end_place",
    "hand_over",
    "link_threats",
    "merge_threats",
    "move_member",
    "move_what_was_left",
    "nominate_threat",
    "nominate_threats",
    "offer_hand_over",
    "propose_closing",
    "propose_merge",
    "reclassify",
    "refuse_closing",
    "reopen_threat",
    "set_tier_from_moderation",
    "split_threat",
    "withdraw_closing",
    "withdraw_hand_over",
]
