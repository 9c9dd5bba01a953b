"""Every change to the picture: `publication` brings in batches, `judging` takes what people say of identity.

`regrouping` puts records where matches and judgements say they belong.
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
    write_judgements,
)
from fourfold.pole.services.publication import COMPARED_FROM, Published, after_publication, publish_batch

__all__ = [
    "COMPARED_FROM",
    "Ambiguous",
    "Published",
    "after_publication",
    "ambiguous",
    "answer_deconfliction",
    "judge",
    "place",
    "publish_batch",
    "take_apart",
    "undo",
    "withdraw",
    "write_judgements",
]
