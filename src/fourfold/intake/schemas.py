"""What machines send and get."""

from datetime import datetime
from typing import Annotated

from ninja import Field, Header, Schema

from fourfold.intake import rules
from fourfold.intake.models import Batch
from fourfold.intake.rules import Counts

SourceCode = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$", description="Code of the source")]
BatchNumber = Annotated[int, Field(ge=1, le=2**63 - 1, description="Number of the batch")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=120,
        pattern=r"^[\x21-\x7e]+$",
        description="Any text of your own, new for each delivery: sending again with the same key loads nothing twice",
    ),
]


class FileOut(Schema):
    """What became of a file's rows: read = loaded + quarantined + held + reference."""

    name: str
    read: int
    loaded: int
    quarantined: int
    held: int
    reference: int


class BatchOut(Schema):
    """A batch as its source system sees it."""

    id: int
    source: str
    url: str = Field(description="Where its state can be asked for")
    state: str = Field(description="RECEIVED, LANDED, CANONICAL, RESOLVED, PUBLISHED, REFUSED or FAILED")
    sentence: str = Field(description="What happened, in words")
    received_at: datetime
    published_at: datetime | None
    content_hash: str = Field(description="SHA-256 over the files' names and their SHA-256")
    again: bool = Field(description="True when the same delivery came before and was not loaded again")
    files: list[FileOut]


class Problem(Schema):
    """RFC 9457: what is wrong, in words."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str = ""
    instance: str = ""


def batch_out(
    batch: Batch, *, url: str, counts: tuple[tuple[str, Counts], ...], sentence: str = "", again: bool = False
) -> BatchOut:
    """The answer for one batch."""
    return BatchOut(
        id=batch.pk,
        source=batch.source.code,
        url=url,
        state=batch.state,
        sentence=sentence or batch.sentence or rules.STATE_NAMES[rules.State(batch.state)],
        received_at=batch.received_at,
        published_at=batch.published_at,
        content_hash=batch.content_hash,
        again=again,
        files=[
            FileOut(
                name=name,
                read=n.read,
                loaded=n.loaded,
                quarantined=n.quarantined,
                held=n.held,
                reference=n.reference,
            )
            for name, n in counts
        ],
    )
