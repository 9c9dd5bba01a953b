"""What programs ask and get."""

from datetime import date, datetime
from typing import Annotated

from ninja import Field, Path, Query, Schema

MeasureCode = Annotated[str, Path(pattern=r"^[A-Z][A-Z0-9_]{1,39}$", description="Code of the measure")]
BodyCode = Annotated[
    str, Query(pattern=r"^([a-z][a-z0-9_]{1,39})?$", description="Code of a force or the unit; empty for the region")
]
Reading = Annotated[
    str, Query(pattern=r"^([a-z][a-z_]{1,39})?$", description="A reading of the source; empty for the default")
]
RecordedOn = Annotated[
    date | None, Query(ge=date(2000, 1, 1), le=date(2999, 12, 30), description="As recorded by the end of this day")
]
Day = Annotated[date, Query(ge=date(2000, 1, 1), le=date(2999, 12, 30))]
PeriodFrom = Annotated[
    date | None, Query(ge=date(2000, 1, 1), le=date(2999, 12, 30), description="First day, where a period is taken")
]
PeriodTo = Annotated[
    date | None, Query(ge=date(2000, 1, 1), le=date(2999, 12, 30), description="Last day, where a period is taken")
]
Offset = Annotated[int, Query(ge=0, le=10_000_000, description="How many rows to leave out")]
Limit = Annotated[int, Query(ge=1, le=1_000, description="How many rows at most")]


class ReadingOut(Schema):
    """One way to read the source, where its words and its filter differ."""

    code: str
    words: str


class MeasureOut(Schema):
    """A measure as the registry says it."""

    code: str
    name: str
    question: str
    unit: str
    extract: str
    filter: list[str] = Field(description="Its conditions in words; all must hold")
    readings: list[ReadingOut] = Field(description="The default first; empty where there is one only")
    takes_period: bool
    source: str
    mark: str = Field(description="S stated, V verified, K known, D our default")
    effective_from: date


class BodyFigureOut(Schema):
    """The figure of one body."""

    body: str = Field(description="Code; empty for the region")
    name: str
    number: float | None = Field(description="None where it cannot be worked out, or is too small to be shown")
    rows: int = Field(description="The rows that it stands on; for a share those that are the part")
    of: int | None = Field(description="For a share, the rows that it is a share of; for a rate, the people")
    hidden: bool = Field(description="True where it is too small to be shown to this reader")


class FigureOut(Schema):
    """A measure of every body, as recorded on a date, as this reader sees it."""

    measure: MeasureOut
    reading: str
    as_recorded_on: date | None = Field(description="None is now")
    period_from: date | None
    period_to: date | None
    read_by: str = Field(description="Whose rights decided which rows were counted")
    figures: list[BodyFigureOut]


class RowOut(Schema):
    """One row of a figure."""

    reference: str
    address: str = Field(description="Its page")
    facts: dict[str, str]


class RowsOut(Schema):
    """Rows of a figure, a part of them at a time, in the order of their keys."""

    total: int
    offset: int
    next_offset: int | None
    items: list[RowOut]


class StepOut(Schema):
    """One field from one value to another."""

    field: str = Field(description="Empty where the record was first made")
    before: str
    after: str
    at: datetime
    by: str
    reason: str


class RowChangeOut(Schema):
    """One row that came, went or changed."""

    kind: str = Field(description="CAME, WENT or CHANGED")
    reference: str
    name: str
    address: str
    steps: list[StepOut]


class DifferenceOut(Schema):
    """What came, went and changed between the ends of two days."""

    measure: str
    body: str
    earlier: date
    later: date
    then: float | None
    now: float | None
    came: int
    went: int
    changed: int
    next_offset: int | None
    items: list[RowChangeOut]


class InspectionLineOut(Schema):
    """One published figure beside ours."""

    code: str
    body: str
    name: str
    says: str
    ours: str
    number: float | None
    rows: int
    of: int | None
    other_reading: str
    agrees: bool | None = Field(description="None where it cannot be told")
    why: str
    as_recorded_on: date
    measure: str
    filter: list[str]
    source: str
