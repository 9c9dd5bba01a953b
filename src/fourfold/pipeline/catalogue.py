"""Every rule by which the pipeline refuses a file, sets a row aside, holds it or flags it.

The sentence is what an officer reads. `canonical.rules` is the door by which other rooms read the catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Effect(StrEnum):
    """What breaking a rule does."""

    REFUSE = "REFUSE"
    QUARANTINE = "QUARANTINE"
    HOLD = "HOLD"
    WARN = "WARN"

    @property
    def label(self) -> str:
        return {
            Effect.REFUSE: "the delivery is refused whole",
            Effect.QUARANTINE: "the row waits in quarantine until a person repairs it",
            Effect.HOLD: "the row waits until what it points at is delivered",
            Effect.WARN: "the row is published and the fault is reported",
        }[self]


@dataclass(frozen=True)
class Rule:
    """One rule. The sentence may hold {names} that are filled in where the rule is broken."""

    code: str
    effect: Effect
    sentence: str
    advice: str


RULES: tuple[Rule, ...] = (
    # The delivery as a whole
    Rule("Q-FILE-01", Effect.REFUSE, "There is nothing at the place given: {name}.", "Check the name and send again."),
    Rule("Q-FILE-02", Effect.REFUSE, "The file {name} is empty.", "Ask the source to run the extract again."),
    Rule(
        "Q-FILE-03",
        Effect.REFUSE,
        "The file {name} is a web page, not data. An error page was probably saved in place of the extract.",
        "Ask the source to run the extract again.",
    ),
    Rule(
        "Q-FILE-04",
        Effect.REFUSE,
        "The file {name} is written in {found}; this source sends {expected}.",
        "Ask the source to send the agreed encoding.",
    ),
    Rule(
        "Q-FILE-05",
        Effect.REFUSE,
        "The file {name} separates its columns with {found}; this source uses {expected}.",
        "Ask the source to send the agreed separator.",
    ),
    Rule(
        "Q-FILE-06",
        Effect.REFUSE,
        "The header of {name} has the column {column} more than once.",
        "Ask the source to name each column once.",
    ),
    Rule(
        "Q-FILE-07",
        Effect.REFUSE,
        "The header of {name} lacks the column {column}.",
        "The source has changed its extract: agree the change, then change the source's mapping.",
    ),
    Rule(
        "Q-FILE-08",
        Effect.REFUSE,
        "The file {name} is not well-formed: {why}.",
        "Ask the source to run the extract again; the transfer may have stopped half way.",
    ),
    Rule(
        "Q-FILE-09",
        Effect.REFUSE,
        "The file {name} declares a document type or entities, which can be used to attack the reader.",
        "Do not open the file. Tell the source and the information security officer.",
    ),
    Rule(
        "Q-FILE-10",
        Effect.REFUSE,
        "The file {name} is nested more than {most} levels deep.",
        "Do not open the file. Tell the source and the information security officer.",
    ),
    Rule(
        "Q-FILE-11",
        Effect.REFUSE,
        "{name} is larger than the limit of {most} bytes.",
        "Send the extract in parts, or raise the limit for this source.",
    ),
    Rule("Q-FILE-12", Effect.REFUSE, "The delivery has more than {most} files.", "Send the extract in parts."),
    Rule(
        "Q-FILE-13",
        Effect.REFUSE,
        "The file {name} of this kind of source is not in the delivery.",
        "Ask the source to send the whole delivery again.",
    ),
    Rule(
        "Q-FILE-14",
        Effect.REFUSE,
        "The file {name} is a link to another place, not a file.",
        "Send the file itself.",
    ),
    Rule(
        "Q-FILE-15",
        Effect.WARN,
        "The file {name} has a header and no rows.",
        "Ask the source whether nothing happened in the period.",
    ),
    Rule(
        "Q-FILE-16",
        Effect.WARN,
        "The file {name} has the field {column}, which was not agreed. It is kept with each row and not used.",
        "The source has changed its extract: agree the change, then change the source's mapping.",
    ),
    Rule(
        "Q-ZIP-01",
        Effect.REFUSE,
        "The zip file {name} cannot be opened: {why}.",
        "Send it again; the transfer may have stopped half way.",
    ),
    Rule(
        "Q-ZIP-02",
        Effect.REFUSE,
        "The zip file {name} holds a file with an unsafe name, {member}.",
        "Do not open the file. Tell the source and the information security officer.",
    ),
    Rule(
        "Q-ZIP-03",
        Effect.REFUSE,
        "The zip file {name} would unpack to far more than it weighs, or to more than the limit.",
        "Do not open the file. Tell the source and the information security officer.",
    ),
    Rule(
        "Q-ZIP-04",
        Effect.REFUSE,
        "The zip file {name} is locked with a password.",
        "Send it without a password over the agreed channel.",
    ),
    Rule(
        "Q-MANIFEST-01",
        Effect.REFUSE,
        "The manifest cannot be read: {why}.",
        "Ask the source to send the whole delivery again.",
    ),
    Rule(
        "Q-MANIFEST-02",
        Effect.REFUSE,
        "The manifest names the file {name}, which is not in the delivery.",
        "Ask the source to send the whole delivery again.",
    ),
    Rule(
        "Q-MANIFEST-03",
        Effect.REFUSE,
        "The file {name} is not the one the manifest describes: its SHA-256 is different.",
        "The file changed on its way. Ask the source to send the whole delivery again.",
    ),
    Rule(
        "Q-MANIFEST-04",
        Effect.REFUSE,
        "The file {name} has {found} bytes; the manifest says {expected}.",
        "The transfer probably stopped half way. Ask the source to send the whole delivery again.",
    ),
    Rule(
        "Q-MANIFEST-05",
        Effect.WARN,
        "The file {name} has {found} rows; the manifest says {expected}.",
        "Ask the source which is right. The rows were read; any that could not be are in quarantine.",
    ),
    Rule(
        "Q-MANIFEST-06",
        Effect.WARN,
        "The file {name} is not in the manifest. It was kept and not read.",
        "Ask the source whether it belongs to the delivery.",
    ),
    Rule(
        "Q-MANIFEST-07",
        Effect.REFUSE,
        "The manifest is for a source of the family {found}; this source is of the family {expected}.",
        "The delivery was probably sent to the wrong source.",
    ),
    Rule(
        "Q-MANIFEST-08",
        Effect.REFUSE,
        "There is no manifest.json and nothing says which family of source this is.",
        "Name the family of source, or send the delivery with its manifest.",
    ),
    Rule(
        "Q-FAMILY-01",
        Effect.REFUSE,
        "No source family is called {family}.",
        "See how to add a source system in the documentation.",
    ),
    # A row as text
    Rule(
        "Q-ROW-01",
        Effect.QUARANTINE,
        "The row has {found} fields; the header has {expected}. It was probably cut short.",
        "Complete the row from the source system, or ask for it again.",
    ),
    Rule(
        "Q-ROW-02",
        Effect.QUARANTINE,
        "The row has {found} fields; the header has {expected}. A separator inside a value was probably not quoted.",
        "Put the value that holds the separator in quotes.",
    ),
    Rule(
        "Q-ROW-03",
        Effect.QUARANTINE,
        "The row holds bytes that are not text in {encoding}. They are shown as \\x and two digits.",
        "Replace the bytes with the right letters.",
    ),
    Rule(
        "Q-ROW-04",
        Effect.QUARANTINE,
        "A field of the row is longer than {most} characters.",
        "Check the value in the source system and shorten it.",
    ),
    Rule("Q-ROW-05", Effect.QUARANTINE, "The row holds a NUL character.", "Remove the character."),
    Rule(
        "Q-ROW-06",
        Effect.QUARANTINE,
        "A quotation mark in the row is never closed, or closes in the middle of a value.",
        "Close the quotation mark, or ask for the row again.",
    ),
    Rule(
        "Q-ROW-07",
        Effect.QUARANTINE,
        "The line is not a JSON object: {why}.",
        "Repair the line, or ask for it again.",
    ),
    Rule(
        "Q-ROW-08",
        Effect.QUARANTINE,
        "The line is nested more than {most} levels deep.",
        "Do not open it elsewhere. Tell the source and the information security officer.",
    ),
    Rule(
        "Q-ROW-09",
        Effect.QUARANTINE,
        "The record holds a character code that is half of a pair and no text on its own.",
        "Replace it with the right letters.",
    ),
    Rule(
        "Q-ROW-10",
        Effect.QUARANTINE,
        "The record has the field {column}, which was not agreed with this source and most of its records do not have.",
        "Remove the field, or agree it and add it to the source's mapping.",
    ),
    Rule(
        "Q-ROW-11",
        Effect.QUARANTINE,
        "The row holds a line break in the middle of a value without quotation marks.",
        "Remove the line break, or put the value in quotes.",
    ),
    # What a row says
    Rule(
        "Q-KEY-01",
        Effect.QUARANTINE,
        "The row has no identifier of its own.",
        "Give the identifier from the source system.",
    ),
    Rule(
        "Q-KEY-02",
        Effect.QUARANTINE,
        "An earlier row of the same file has the same identifier. The earlier row was taken.",
        "Ask the source which of the rows is right.",
    ),
    Rule(
        "Q-KEY-03",
        Effect.WARN,
        "The source gave this identifier to more than one row. Each row was kept, numbered in the order delivered.",
        "Ask the source whether the rows are one record.",
    ),
    Rule(
        "Q-FORCE-01",
        Effect.QUARANTINE,
        "The force number is missing or is not one of this source's forces.",
        "Correct the number. Nobody may read a row without an owner.",
    ),
    Rule(
        "Q-RESTRICT-01",
        Effect.QUARANTINE,
        "The restriction on the row is not one that is known here.",
        "Create the compartment or correct the code. Until then the row is kept from everyone but its owner.",
    ),
    Rule(
        "Q-DATE-01",
        Effect.QUARANTINE,
        "The date or time cannot be read.",
        "Correct it from the source system. A date is never guessed.",
    ),
    Rule(
        "Q-DATE-02",
        Effect.WARN,
        "The date of birth cannot be right. The person was published without one.",
        "Ask the owning force to correct it.",
    ),
    Rule(
        "Q-DATE-03",
        Effect.WARN,
        "The date of birth is 1 January, which is often typed when the day is not known.",
        "Ask the owning force to confirm it.",
    ),
    Rule(
        "Q-DATE-04",
        Effect.WARN,
        "The date of birth is only known in part. The person was published without one.",
        "Ask the owning force to complete it.",
    ),
    Rule(
        "Q-DATE-05",
        Effect.WARN,
        "The time the row was made or changed cannot be read. The row was published without it.",
        "Tell the source's administrator.",
    ),
    Rule(
        "Q-DATE-06",
        Effect.WARN,
        "The period ends before it starts. Both ends were kept as delivered.",
        "Ask the owning force to correct it.",
    ),
    Rule(
        "Q-DATE-07",
        Effect.WARN,
        "The date is later than the extract itself.",
        "Ask the owning force to correct it.",
    ),
    Rule(
        "Q-DATE-08",
        Effect.WARN,
        "The time it happened is missing. The time it was reported was taken.",
        "Ask the owning force to complete it.",
    ),
    Rule(
        "Q-TIME-01",
        Effect.WARN,
        "The clocks went back that night and the time came twice. The first, in summer time, was taken.",
        "Ask the owning force which it was.",
    ),
    Rule(
        "Q-TIME-02",
        Effect.QUARANTINE,
        "The clocks went forward that night and the time never came.",
        "Correct the time. It may be in universal time and not local time.",
    ),
    Rule(
        "Q-TIME-03",
        Effect.WARN,
        "The time is written in universal time or on the 12-hour clock where this source writes local 24-hour time. "
        "It was read as it is written.",
        "Tell the source's administrator.",
    ),
    Rule(
        "Q-CODE-01",
        Effect.WARN,
        "The code is not in the source's own code table. The code was kept and has no name.",
        "Ask the source for its newest code table.",
    ),
    Rule(
        "Q-CODE-02",
        Effect.QUARANTINE,
        "The code decides what the row is, and it is not one that is known here.",
        "Correct the code, or add it to the source's mapping.",
    ),
    Rule(
        "Q-CODE-03",
        Effect.WARN,
        "The role is not one that is known here. The person is shown as involved.",
        "Correct the role, or add it to the source's mapping.",
    ),
    Rule(
        "Q-CODE-04",
        Effect.WARN,
        "The sex is not one that is known here. It was taken as not known.",
        "Ask the owning force to correct it.",
    ),
    Rule(
        "Q-ID-01",
        Effect.WARN,
        "The PNC identifier, CRO number or National Insurance number has a wrong check letter or form. "
        "It was kept with the row and not used.",
        "Ask the owning force to correct it.",
    ),
    Rule(
        "Q-VRM-01",
        Effect.WARN,
        "The registration is not in the form of any United Kingdom plate. It may be foreign or misread.",
        "Ask the owning force to check it.",
    ),
    Rule(
        "Q-PHONE-01",
        Effect.WARN,
        "The telephone number cannot be a number that rings. It was kept and marked not valid.",
        "Ask the owning force to check it.",
    ),
    Rule(
        "Q-POST-01",
        Effect.WARN,
        "The postcode is not in the form of a United Kingdom postcode. It was left out.",
        "Ask the owning force to correct it.",
    ),
    Rule("Q-POST-02", Effect.WARN, "The address has no postcode.", "Ask the owning force to complete it."),
    Rule(
        "Q-PLACE-01",
        Effect.WARN,
        "The position is outside Great Britain and Northern Ireland or cannot be read. It was left out.",
        "Ask the owning force to correct it.",
    ),
    Rule("Q-PLACE-02", Effect.WARN, "The event has no place.", "Ask the owning force whether one is known."),
    Rule(
        "Q-CLOSED-01",
        Effect.WARN,
        "The register says that this place is not in use and gives no address for it.",
        "Nothing to do; it was published as a place without a position.",
    ),
    Rule("Q-NAME-01", Effect.QUARANTINE, "The person has no name at all.", "Give a name, or 'unknown' as surname."),
    Rule(
        "Q-VALUE-01",
        Effect.QUARANTINE,
        "The row says nothing: the value it exists for is missing.",
        "Give the value from the source system.",
    ),
    Rule(
        "Q-GRADE-01",
        Effect.WARN,
        "The grading of the intelligence is not one that is known here. It was kept as delivered.",
        "Ask the owning force to correct it.",
    ),
    Rule(
        "Q-HANDLING-01",
        Effect.QUARANTINE,
        "The handling code is missing or is not P or C.",
        "Correct it. Intelligence is not shown to anyone before its handling is known.",
    ),
    Rule(
        "Q-TEXT-01",
        Effect.WARN,
        "A cell starts like a spreadsheet formula. It was kept as text and is made harmless when exported.",
        "Tell the source's administrator if there are many.",
    ),
    Rule(
        "Q-TEXT-02",
        Effect.WARN,
        "The text was probably cut off by the source at its limit.",
        "Read the whole text in the source system.",
    ),
    Rule(
        "Q-LINK-01",
        Effect.HOLD,
        "The row links to a record that was never delivered.",
        "It is tried again with each later delivery of this source.",
    ),
    Rule(
        "Q-LINK-02",
        Effect.WARN,
        "The row points at an address, person or thing that was never delivered. It was published without the link.",
        "Ask the source for the missing record.",
    ),
    Rule(
        "Q-LINK-03",
        Effect.HOLD,
        "The row links to a record that the source has deleted.",
        "Ask the source to remove the link or to say which record took its place.",
    ),
    Rule(
        "Q-LINK-04",
        Effect.WARN,
        "The row links to a record that the source has merged into another. The link was made to the other.",
        "Nothing to do; the source will correct the link in time.",
    ),
    Rule(
        "Q-LINK-05",
        Effect.HOLD,
        "The row links to a record that is itself in quarantine or held.",
        "It is tried again when that record has been repaired.",
    ),
    Rule(
        "Q-LINK-06",
        Effect.QUARANTINE,
        "The row links two kinds of record that cannot be linked like this.",
        "Correct the tables or the role, or add the link to the source's mapping.",
    ),
    Rule(
        "Q-LINK-09",
        Effect.QUARANTINE,
        "The row links records that are in two different compartments.",
        "Decide with the owners of both which compartment may hold the link.",
    ),
    Rule(
        "Q-LINK-07",
        Effect.WARN,
        "The row links to an identifier that the source gave to more than one record. The link was made to the first.",
        "Ask the source which of the records is meant.",
    ),
    Rule(
        "Q-LINK-08",
        Effect.HOLD,
        "The alias is of a person who was delivered earlier and not again with it.",
        "Ask the source to deliver the person again with all aliases.",
    ),
    Rule(
        "Q-MERGE-01",
        Effect.QUARANTINE,
        "The source says these records were merged into each other in a circle.",
        "Ask the source which record is the right one.",
    ),
)

BY_CODE: Mapping[str, Rule] = MappingProxyType({rule.code: rule for rule in RULES})
CATALOGUE: Mapping[str, str] = MappingProxyType({rule.code: rule.sentence for rule in RULES})
