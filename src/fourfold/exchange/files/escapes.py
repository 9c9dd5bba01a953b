"""What would not come back from a spreadsheet as it went in, written so that reading undoes it exactly.

- A text that a spreadsheet would run as a formula has an apostrophe before it; so has one that begins with apostrophes
  and would be one without them. Reading takes exactly one apostrophe off such a text, and off no other.
- A character that a workbook cannot hold is written as `_x000D_`, as the standard has it (ECMA-376, ST_Xstring).
- A text longer than a cell may be stands in parts on a sheet of its own, and the cell names it by a mark.
"""

import re
from collections.abc import Iterator
from typing import Final

from fourfold.platform.ui.exports import FORMULA, TEXT_IN_A_CELL

WOULD_RUN: Final = re.compile(rf"'*(?:{FORMULA.pattern.replace('^', '')})")
NOT_IN_XML: Final = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
LONG_MARK: Final = re.compile(r"^\[\[long text \d+\]\]$")
UNITS_OF_A_CHARACTER: Final = 14
"""The most that one character takes of a cell: seven signs of an escape, counted twice beyond the first plane."""


def neutral(text: str) -> str:
    """The text so that no spreadsheet runs it; `restored` undoes it."""
    return f"'{text}" if WOULD_RUN.match(text) else text


def restored(text: str) -> str:
    return text[1:] if text.startswith("'") and WOULD_RUN.match(text[1:]) else text


def to_xml(text: str) -> str:
    """The text with what a workbook cannot hold written in its own escapes; `from_xml` undoes it."""
    return NOT_IN_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def from_xml(text: str) -> str:
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


class LongTexts:
    """The texts of one workbook that its cells cannot hold."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def fitted(self, text: str) -> str:
        """What stands in the cell: the text, or the mark under which it stands on the sheet of long texts."""
        made = to_xml(neutral(text))
        if len(made.encode("utf-16-le")) // 2 <= TEXT_IN_A_CELL and not LONG_MARK.match(text):
            return made
        self._texts.append(text)
        return f"[[long text {len(self._texts)}]]"

    def parts(self) -> Iterator[tuple[str, str]]:
        """Mark and part. The stroke before each part keeps it from being run or trimmed."""
        step = TEXT_IN_A_CELL // UNITS_OF_A_CHARACTER
        for number, text in enumerate(self._texts, start=1):
            for at in range(0, len(text), step):
                yield f"[[long text {number}]]", f"|{to_xml(text[at : at + step])}"

    def __bool__(self) -> bool:
        return bool(self._texts)
