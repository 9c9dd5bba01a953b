"""Every change to models and assessments: checked, written and noted in one transaction.

`loading` keeps models, `scoring` is the force's side, `moderating` the regional unit's, `recording` takes whole work
that was done elsewhere, many at a time; `writing` holds the steps they share.
"""

from fourfold.assessments.services.loading import FILE_LIMIT, load_model, load_shipped_models, read_model
from fourfold.assessments.services.moderating import (
    appeal,
    decide_appeal,
    keep_blind,
    may_appeal,
    moderate,
    put_back,
    return_assessment,
    score_blind,
    second,
    take_up,
)
from fourfold.assessments.services.recording import (
    Decision,
    FromElsewhere,
    Submission,
    record_from_elsewhere,
    record_moderated,
    record_moderated_many,
    record_submitted,
    record_submitted_many,
    relabel,
)
from fourfold.assessments.services.scoring import (
    begin_assessment,
    check_assessment,
    cite,
    save_scores,
    submit_assessment,
    take_back,
    withdraw_assessment,
    withdraw_evidence,
)
from fourfold.assessments.services.writing import Themed, check_evidence

__all__ = [
    "FILE_LIMIT",
    "Decision",
    "FromElsewhere",
    "Submission",
    "Themed",
    "appeal",
    "begin_assessment",
    "check_assessment",
    "check_evidence",
    "cite",
    "decide_appeal",
    "keep_blind",
    "load_model",
    "load_shipped_models",
    "may_appeal",
    "moderate",
    "put_back",
    "read_model",
    "record_from_elsewhere",
    "record_moderated",
    "record_moderated_many",
    "record_submitted",
    "record_submitted_many",
    "relabel",
    "return_assessment",
    "save_scores",
    "score_blind",
    "second",
    "submit_assessment",
    "take_back",
    "take_up",
    "withdraw_assessment",
    "withdraw_evidence",
]
