"""Checks that every family makes of the same kind of column."""

from __future__ import annotations

from fourfold.pipeline.canonical.family import Check


def birth_checks(column: str) -> tuple[Check, ...]:
    """Faults of a date of birth; `birth` is what ff_birth_uk or ff_birth_iso gave."""
    return (
        Check("Q-DATE-02", column, "(birth).birth_quality = 'invalid'"),
        Check("Q-DATE-03", column, "(birth).birth_quality = 'default'"),
        Check("Q-DATE-04", column, "(birth).birth_quality = 'partial'"),
    )


def identifier_checks(
    pnc_column: str, cro_column: str, nino_column: str, *, pnc: str = "", cro: str = "", nino: str = ""
) -> tuple[Check, ...]:
    """Identifiers delivered and not valid. pnc, cro, nino: SQL of the delivered value where not the column itself."""
    return (
        Check("Q-ID-01", pnc_column, f"{pnc or pnc_column} IS NOT NULL AND pnc_id IS NULL"),
        Check("Q-ID-01", cro_column, f"{cro or cro_column} IS NOT NULL AND cro IS NULL"),
        Check("Q-ID-01", nino_column, f"{nino or nino_column} IS NOT NULL AND nino IS NULL"),
    )


def time_checks(column: str, moment: str, *, local: bool = True) -> tuple[Check, ...]:
    """Faults of the time of an event; `moment` is what ff_local_uk or ff_zoned gave."""
    stops = (
        Check("Q-DATE-01", column, f"({moment}).quality = 'invalid'"),
        Check("Q-TIME-02", column, f"({moment}).quality = 'skipped'"),
    )
    late = Check("Q-DATE-07", column, f"({moment}).on_day > ff_latest()")
    if not local:
        return (*stops[:1], late)
    return (
        *stops,
        late,
        Check("Q-TIME-01", column, f"({moment}).quality = 'ambiguous'"),
        Check("Q-TIME-03", column, f"({moment}).quality IN ('universal', 'twelve_hour')"),
    )


def offence_class_check(column: str, code: str = "") -> Check:
    """A source without a code table: the code must at least have the form of a Home Office class."""
    said = code or column
    return Check(
        "Q-CODE-01",
        column,
        f"{said} IS NOT NULL AND (NOT regexp_full_match({said}, '[1-9][0-9]{{0,2}}(?:/[1-9][0-9]?)?') "
        f"OR starts_with({said}, '999'))",
    )


def unfinished_check(column: str, text: str, limit: int = 0) -> Check:
    """A narrative without an end: it does not end like a sentence, or it fills the source's field to its limit."""
    # Trimming may have taken a space off the end.
    full = f" OR length({text}) >= {limit - 1}" if limit else ""
    return Check("Q-TEXT-02", column, f"NOT regexp_matches({text}, '[.!?)\"'']$'){full}")
