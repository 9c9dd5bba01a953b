"""Numbers that makers, networks and registers give: of vehicles, handsets, SIM cards and companies.

Sources: ISO 3779 (vehicle identification number: 17 characters, never I, O or Q; its check digit is kept in North
America only and so is not asked for); 3GPP TS 23.003 (IMEI, its last digit by Luhn; 16 digits are an IMEISV without
one); ITU-T E.212 (IMSI: 14 or 15 digits); Companies House numbers as its public register writes them.
"""

from __future__ import annotations

import re

VIN = "[A-HJ-NPR-Z0-9]{17}"
IMEI = "[0-9]{15,16}"
IMSI = "[2-7][0-9]{13,14}"
COMPANY = (
    "[0-9]{8}|(?:AC|CE|CS|FC|FE|GE|GS|IC|IP|LP|NA|NC|NF|NI|NL|NO|NP|NR|NZ|OC|OE|PC|R0|RC|RS|SA|SC|SF|SI|SL|SO|SP|SR|SZ"
    "|ZC)[0-9]{6}"
)
_NOT_ALPHANUMERIC = re.compile("[^A-Za-z0-9]+")


def vin(raw: str) -> str:
    """A vehicle identification number in capitals; "" when it cannot be one."""
    text = _NOT_ALPHANUMERIC.sub("", raw).upper()
    return text if re.fullmatch(VIN, text) else ""


def imei(raw: str) -> str:
    """The 14 digits of an IMEI that name the handset; "" when the check digit is wrong or it cannot be one."""
    digits = re.sub("[^0-9]+", "", raw)
    if not re.fullmatch(IMEI, digits):
        return ""
    if len(digits) == 15:
        doubled = [int(d) * (1 + place % 2) for place, d in enumerate(digits)]
        if sum(d // 10 + d % 10 for d in doubled) % 10:
            return ""
    return digits[:14]


def imsi(raw: str) -> str:
    """The identity of a SIM card's subscription; "" when it cannot be one."""
    digits = re.sub("[^0-9]+", "", raw)
    return digits if re.fullmatch(IMSI, digits) else ""


def company_number(raw: str) -> str:
    """A company's number as the register writes it, eight characters; "" when it cannot be one. No digit checks it."""
    text = _NOT_ALPHANUMERIC.sub("", raw).upper()
    if text.isascii() and text.isdigit() and len(text) <= 8:
        text = text.rjust(8, "0")
    return text if re.fullmatch(COMPANY, text) else ""
