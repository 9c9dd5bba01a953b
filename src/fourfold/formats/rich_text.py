"""Rich text (RTF) that record systems keep narratives in, to plain text."""

from __future__ import annotations

import re

# Groups that hold fonts, colours and the like and no words.
UNSEEN_GROUPS = r"\{\\(?:\*|fonttbl|colortbl|stylesheet|info)(?:[^{}]|\{[^{}]*\})*\}"
LINE_ENDS = r"\\(?:par|line)(?:[^a-z0-9]|$)"
CONTROL_WORDS = r"\\[a-z]+-?[0-9]* ?"
START = r"{\rtf"


def plain(raw: str) -> str:
    """The words of a narrative. Text that is not RTF comes back as it is."""
    if not raw.startswith(START):
        return raw
    text = re.sub(UNSEEN_GROUPS, "", raw)
    text = re.sub(LINE_ENDS, "\n", text)
    first, *rest = text.split(r"\'")
    text = first + "".join(_letter(part[:2]) + part[2:] for part in rest)
    text = re.sub(CONTROL_WORDS, "", text)
    return text.replace("{", "").replace("}", "").strip(" \n")


def _letter(digits: str) -> str:
    """The Windows-1252 letter of two hexadecimal digits, or nothing where there is none."""
    if not re.fullmatch("[0-9a-f]{2}", digits):
        return ""
    return bytes([int(digits, 16)]).decode("windows-1252", "ignore")


LETTERS = {f"{n:02x}": _letter(f"{n:02x}") for n in range(256)}
