"""Every change to the picture: `publication` brings in batches, `judging` takes what people say of identity.

`regrouping` puts records where matches and judgements say they belong. Vehicles, phones, addresses and organisations
have the same two: `judging_things` and `regrouping_things`. `telling` says to a run what stands.
"""

from fourfold.pole.services.judging import (
    Ambiguous,
    ambiguous,
    answer_deconfliction,
    judge,
    place,
    take_apart,
    undo,
    withdraw,
)
from fourfold.pole.services.judging_things import (
    judge_things,
    take_things_apart,
    undo_of_things,
)
from fourfold.pole.services.publication import COMPARED_FROM, Published, after_publication, publish_batch
from fourfold.pole.services.telling import write_judgements

__all__ = [
    "COMPARED_FROM",
    "Ambiguous",
    "Published",
    "after_publication",
    "ambiguous",
    "answer_deconfliction",
    "judge",
    "judge_things",
    "place",
    "publish_batch",
    "take_apart",
    "take_things_apart",
    "undo",
    "undo_of_things",
    "withdraw",
    "write_judgements",
]
