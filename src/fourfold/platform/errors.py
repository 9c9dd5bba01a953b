"""Refusals that a person is told about."""


class RuleBroken(Exception):
    """A rule refused what was asked: its code, the sentence for the person, and the field to mend.

    `others` are refusals of the same answers: a form of many fields says them all at once.
    """

    def __init__(self, code: str, sentence: str, field: str = "", *, others: "tuple[RuleBroken, ...]" = ()) -> None:
        super().__init__(sentence)
        self.code, self.sentence, self.field, self.others = code, sentence, field, others


class NotThere(Exception):
    """What was asked for is not there, or not for this reader: the two are never told apart."""
