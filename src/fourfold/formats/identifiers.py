"""Identifiers of people and cases in the criminal justice system, with their check letters.

Source: CJS data standards catalogue as applied by the Ministry of Justice (docs/sources.md#cjs-identifiers); National
Insurance numbers: HMRC NIM39110. A value whose check letter is wrong is kept in `raw` and never used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

CHECK_LETTERS = "ZABCDEFGHJKLMNPQRTUVWXY"

PNC = r"(?:[0-9]{2})?[0-9]{2}/?[0-9]{1,7}[A-HJ-NP-RT-Z]"
CRO_STANDARD = r"[0-9]{1,6}/[0-9]{2}[A-HJ-NP-RT-Z]"
CRO_SF = r"SF[0-9]{2}/[0-9]{1,6}[A-HJ-NP-RT-Z]"
NINO = r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][0-9]{6}[A-D]?"
NINO_NEVER = ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")
_ASN = re.compile(r"([0-9]{2})/?([0-9A-Z]{2})/?([0-9A-Z]{2})/?([0-9A-Z]{2})/?([0-9]{1,11})([A-HJ-NP-RT-Z])")
_URN = re.compile(r"[0-9]{2}[0-9A-Z]{2}[0-9]{5}[0-9]{2}")
_NOMS = re.compile(r"[A-Z][0-9]{4}[A-Z]{2}")
_CRN = re.compile(r"[A-Z][0-9]{6}")
_SPACES = re.compile(r"[ \t\r\n\f\v]+")


@dataclass(frozen=True)
class Identifier:
    """A delivered identifier. `value` is "" unless it is valid."""

    raw: str
    value: str
    valid: bool
    scheme: str


def _upper(raw: str) -> str:
    """Upper, without spaces; "" for letters no identifier has."""
    return _SPACES.sub("", raw).upper() if raw.isascii() else ""


def _no(raw: str, scheme: str) -> Identifier:
    return Identifier(raw, "", valid=False, scheme=scheme)


def check_letter(number: int) -> str:
    """Check letter of a number, by modulus 23; I, O and S are never used."""
    return CHECK_LETTERS[number % 23]


def pnc(raw: str, *, latest_year: int) -> Identifier:
    """PNC identifier YYYY/NNNNNNNL. Two-digit years up to that of `latest_year` are of this century.

    Short forms are taken with a slash or with their serial padded; without a slash only the padded forms are sure.
    """
    text = _upper(raw)
    if not re.fullmatch(PNC, text):
        return _no(raw, "pnc")
    year, slash, rest = text.partition("/")
    if not slash:
        if len(text) not in {10, 12}:
            return _no(raw, "pnc")
        year, rest = text[:-8], text[-8:]
    serial, letter = rest[:-1].rjust(7, "0"), rest[-1]
    if check_letter(int(year[-2:] + serial)) != letter:
        return _no(raw, "pnc")
    if len(year) == 2:
        year = ("20" if int(year) <= latest_year % 100 else "19") + year
    return Identifier(raw, f"{year}/{serial}{letter}", valid=True, scheme="pnc")


def cro(raw: str) -> Identifier:
    """CRO number, N…/YYL or SFYY/N…L; serials are written without leading zeros.

    The published rule pads the serial of the standard form to six digits; published examples with shorter serials
    (85227/65E) were made without. Both letters are taken in the standard form; the SF form is never padded.
    """
    text = _upper(raw)
    if re.fullmatch(CRO_SF, text):
        year, serial, letter = text[2:4], text[5:-1], text[-1]
        if check_letter(int(year + serial)) != letter:
            return _no(raw, "cro_sf")
        return Identifier(raw, f"SF{year}/{int(serial)}{letter}", valid=True, scheme="cro_sf")
    if not re.fullmatch(CRO_STANDARD, text):
        return _no(raw, "cro")
    serial, year, letter = text[:-4], text[-3:-1], text[-1]
    if letter not in {check_letter(int(year + serial)), check_letter(int(year + serial.rjust(6, "0")))}:
        return _no(raw, "cro")
    return Identifier(raw, f"{int(serial)}/{year}{letter}", valid=True, scheme="cro")


def asn(raw: str) -> Identifier:
    """Arrest summons number YY/FFUU/SS/NNNNNNNNNNNL.

    The check letter is over force, system, year and sequence. How letters in force or system count is not published
    clearly enough, so such a number is not accepted as checked.
    """
    match = _ASN.fullmatch(_upper(raw))
    if match is None:
        return _no(raw, "asn")
    year, force, unit, system, sequence, letter = match.groups()
    sequence = sequence.rjust(11, "0")
    if not (force + system).isdecimal() or check_letter(int(force + system + year + sequence)) != letter:
        return _no(raw, "asn")
    return Identifier(raw, f"{year}/{force}{unit}/{system}/{sequence}{letter}", valid=True, scheme="asn")


def urn(raw: str) -> Identifier:
    """Case reference: force, unit, five digits, year, such as 05AB1234526."""
    text = _upper(raw).replace("/", "")
    return Identifier(raw, text, valid=True, scheme="urn") if _URN.fullmatch(text) else _no(raw, "urn")


def nino(raw: str) -> Identifier:
    """National Insurance number. There is no check digit: only impossible letters can be told."""
    text = _upper(raw)
    if not re.fullmatch(NINO, text) or text.startswith(NINO_NEVER):
        return _no(raw, "nino")
    return Identifier(raw, text, valid=True, scheme="nino")


def noms(raw: str) -> Identifier:
    """Prison number A1234BC, or the probation case number A123456."""
    text = _upper(raw)
    if _NOMS.fullmatch(text):
        return Identifier(raw, text, valid=True, scheme="noms")
    if _CRN.fullmatch(text):
        return Identifier(raw, text, valid=True, scheme="crn")
    return _no(raw, "noms")
