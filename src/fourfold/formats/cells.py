"""Cells that a spreadsheet program would run as a formula. Source: docs/sources.md#csv-injection (OWASP)."""

from __future__ import annotations

import re

# A number may start with a sign; a sign before anything else, or before more than a number, is suspect.
FORMULA = r"[=@\t\r]|[+-][^0-9 (.]|[+-].*[=|!]"
_STARTS = re.compile(FORMULA)


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would take the text for a formula."""
    return _STARTS.match(text) is not None


def harmless(text: str) -> str:
    """The text for an export that may be opened in a spreadsheet: an apostrophe before anything like a formula."""
    return f"'{text}" if is_formula(text) else text
