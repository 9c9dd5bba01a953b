"""Identifiers of people, phones and vehicles: right in form, and as far as possible never anybody's.

Check letters follow the CJS data standards catalogue as published in the Ministry of Justice's own code.
"""

from fourfold.simulation.chance import Chance

CHECK_LETTERS = "ZABCDEFGHJKLMNPQRTUVWXY"
# Prefixes HM Revenue & Customs keeps for administrative numbers: valid in form, given to no ordinary person.
NINO_PREFIXES = ("PZ", "PY", "NC", "MW", "CR", "PP")
# First letters of a plate that name no registration area (ordinary new cars start with another).
PLATE_AREAS = tuple(first + second for first in "JTU" for second in "ABCDEFGHJKLMNOPRSTUVWXY")
PLATE_LETTERS = "ABCDEFGHJKLMNOPRSTUVWXYZ"
PREFIX_YEARS = "RSTVWXY"
SERIAL_STEP = 7_340_033  # no factor in common with ten: walks through every serial before repeating one
SERIALS = 10_000_000


def pnc_id(number: int, year: int) -> str:
    """Return the Police National Computer identity of the person with this number, first entered in this year."""
    serial = number * SERIAL_STEP % SERIALS
    letter = CHECK_LETTERS[(year % 100 * SERIALS + serial) % 23]
    return f"{year}/{serial:07d}{letter}"


def cro_number(number: int, year: int) -> str:
    """Return the criminal records office number of the person with this number."""
    serial = (number * 703_709) % 999_999 + 1
    letter = CHECK_LETTERS[(year % 100 * 1_000_000 + serial) % 23]
    return f"{serial}/{year % 100:02d}{letter}"


def arrest_summons(year: int, force: str, unit: str, sequence: int) -> str:
    """Return an arrest summons number with its check letter."""
    system = "01"
    letter = CHECK_LETTERS[int(f"{force}{system}{year % 100:02d}{sequence:011d}") % 23]
    return f"{year % 100:02d}/{force}{unit}/{system}/{sequence:011d}{letter}"


def nino(number: int) -> str:
    """Return a National Insurance number from the administrative prefixes."""
    serial = number * SERIAL_STEP % (len(NINO_PREFIXES) * 4_000_000)
    serial, suffix = divmod(serial, 4)
    prefix, digits = divmod(serial, 1_000_000)
    return f"{NINO_PREFIXES[prefix]}{digits:06d}{'ABCD'[suffix]}"


def mobile(sequence: int) -> str:
    """Return the mobile number of this position: first those set aside for drama, then 071, not known to be in use."""
    if sequence < 1000:
        return f"07700900{sequence:03d}"
    return f"071{(sequence - 1000) * 12_345_677 % 100_000_000:08d}"


def plate(chance: Chance, year: int, second_half: bool) -> str:
    """Return a registration mark for a vehicle first registered in this half of a year."""
    letters = chance.pick(PLATE_LETTERS) + chance.pick(PLATE_LETTERS) + chance.pick(PLATE_LETTERS)
    if year < 2002:
        return f"{chance.pick(PREFIX_YEARS)}{chance.between(1, 999)}{letters.replace('Z', 'Y')}"
    return f"{chance.pick(PLATE_AREAS)}{year % 100 + (50 if second_half else 0):02d}{letters}"
