"""What may leave in a file, in which form, and what the file says of itself. Plain Python."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Final

from fourfold.platform.errors import RuleBroken

DEPTHS: Final = (0, 1, 2)
CYBER: Final = "CYB"
"""The theme of cyber-dependent crime in the national assessments: STIX is its language, and has no word for drugs."""
WITH_CONDITIONS: Final = "C"
WHOLE_REGION: Final = "REGION"
REASON_WORDS: Final = 4
REASON_LIMIT: Final = 2_000
MARKING: Final = "OFFICIAL-SENSITIVE"
HANDLING: Final = (
    "Police information: handle, store and send it as OFFICIAL-SENSITIVE, share it only with those who need it, and "
    "ask the owner named in it before it goes further. It is what could be seen by the person who took it, on the day "
    "they took it: check with the owner before acting on it, and destroy it when the purpose is served."
)
"""Data Protection Act 2018, section 38(4) and (5): what is sent says how reliable it is and can be verified."""


class Form(StrEnum):
    """In which format a file is written."""

    FOLLOW_THE_MONEY = "ftm"
    STIX = "stix"


FORM_NAMES: Final = {
    Form.FOLLOW_THE_MONEY: ("FollowTheMoney entities", "One JSON object a line, for link analysis. Any theme"),
    Form.STIX: ("STIX 2.1 bundle", "JSON, for threat intelligence. Cyber themes only"),
}
SENTENCES: Final = {
    "NT20": "STIX is for cyber themes only, and {what}. Take FollowTheMoney entities instead",
    "NT21": "Say in at least {words} words what the file is for",
    "NT22": "Choose FollowTheMoney entities or a STIX bundle",
    "NT23": "Choose how far the file reaches",
    "NT24": "What the file is for can have at most {limit} characters",
    "NT25": "Nothing of this may leave: every record is shared under conditions or in a closed circle. Ask its owner",
    "NT26": "The day as of which it is to be has not come yet",
    "NT27": "Say why you read people: the code of the reason must be one of {codes}",
}


def broken(code: str, field: str = "", **facts: object) -> RuleBroken:
    return RuleBroken(code, SENTENCES[code].format(**facts), field)


def is_cyber(themes: Iterable[str]) -> bool:
    """Whether one of some themes, of either level, is of cyber crime."""
    return any(theme.partition(".")[0] == CYBER for theme in themes)


def may_leave(*, handling: str, audience: str, is_own: bool, in_circle: bool, goes_out: bool) -> bool:
    """Whether a record may be in a file.

    For one's own use everything that one may see may. To somebody else goes nothing out of a closed circle. Of another
    owner's records only those that the whole region reads go, and none under conditions (intelligence report, handling
    C: ask first): what was shared with us alone, or under an agreement, is not ours to pass on.
    """
    if not goes_out:
        return True
    return not in_circle and (is_own or (audience == WHOLE_REGION and handling != WITH_CONDITIONS))


def check(
    *, form: str, depth: int, reason: str, is_cyber_themed: bool, what: str, on: date | None, today: date
) -> Form:
    """What is asked for, read; or why it cannot be taken."""
    if form not in list(Form):
        raise broken("NT22", "form")
    if form == Form.STIX and not is_cyber_themed:
        raise broken("NT20", "form", what=what)
    if depth not in DEPTHS:
        raise broken("NT23", "depth")
    if len(reason.split()) < REASON_WORDS:
        raise broken("NT21", "reason", words=REASON_WORDS)
    if len(reason) > REASON_LIMIT:
        raise broken("NT24", "reason", limit=REASON_LIMIT)
    if on is not None and on > today:
        raise broken("NT26", "as_recorded_on")
    return Form(form)
