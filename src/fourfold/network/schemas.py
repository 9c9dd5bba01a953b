"""What programs ask for when they take a person or a threat as a file."""

from datetime import date
from typing import Annotated

from ninja import Field, Path, Schema
from pydantic import AfterValidator, ConfigDict

from fourfold.network import leaving
from fourfold.network.leaving import Form


def _without_nulls(text: str) -> str:
    if "\x00" in text:
        raise ValueError("A null character cannot be kept")
    return text


Text = Annotated[str, AfterValidator(_without_nulls)]
Day = Annotated[date | None, Field(ge=date(1800, 1, 1), le=date(2999, 12, 30))]
PersonReference = Annotated[str, Path(pattern=r"^P-[0-9]{7,15}$", description="Such as P-0000412")]
ThreatReference = Annotated[str, Path(pattern=r"^[A-Z]{2,8}-[0-9]{1,8}$", description="Such as SOC-0412")]


class ReadingIn(Schema):
    """Why people are read, as the pages ask once for a task."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[Text, Field(max_length=40, description="Code of reference kind reading_reason")]
    text: Annotated[Text, Field(min_length=1, max_length=500, description="In a few words; an auditor may read it")]
    operation_reference: Annotated[Text, Field(max_length=80)] = ""


class FileIn(Schema):
    """Which file, how far it reaches, for whom and what for."""

    model_config = ConfigDict(extra="forbid")

    reading: ReadingIn
    reason: Annotated[
        Text, Field(max_length=leaving.REASON_LIMIT, description="What the file is for; file and ledger keep it")
    ]
    form: Form = Form.FOLLOW_THE_MONEY
    depth: Annotated[int, Field(ge=min(leaving.DEPTHS), le=max(leaving.DEPTHS), description="Links followed")] = 0
    recipient: Annotated[
        Text, Field(max_length=200, description="Who gets it, where it leaves the organisation; empty for own use")
    ] = ""
    links_from: Annotated[Day, Field(description="Links active from this day")] = None
    links_to: Annotated[Day, Field(description="Links active up to this day")] = None
    as_recorded_on: Annotated[Day, Field(description="As recorded by the end of this day; empty is now")] = None
    with_protected: bool = Field(default=False, description="People who are to be protected are in it too")
