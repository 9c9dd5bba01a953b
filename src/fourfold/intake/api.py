"""Deliveries by source systems. Each has a bearer token of its own; it sees its own batches and nothing else."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Path as InPath
from ninja import Router, Status
from ninja.security import HttpBearer

from fourfold.intake import rules, selectors, services
from fourfold.intake.models import SourceToken
from fourfold.intake.rules import State
from fourfold.intake.schemas import BatchNumber, BatchOut, IdempotencyKey, SourceCode, batch_out
from fourfold.intake.storage import CHUNK, Store, TooLarge
from fourfold.platform import clock
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people.services import service_user
from fourfold.platform.visibility import scope

ZIP_TYPES = frozenset({"application/zip", "application/x-zip-compressed", "application/octet-stream"})
MULTIPART = "multipart/form-data"
FIELD = "delivery"


class Refusal(RuleBroken):
    """A refusal with its HTTP status and, for a delivery that was kept, the address of its batch."""

    def __init__(self, status: int, code: str, sentence: str, *, instance: str = "") -> None:
        super().__init__(code, sentence)
        self.status, self.instance = status, instance


class SourceBearer(HttpBearer):
    """Knows a source system by its token. Answers the code of the source."""

    def authenticate(self, request: HttpRequest, token: str) -> str | None:
        if scope.current() is not None or not token:
            return None
        with _acting():
            found = SourceToken.objects.filter(token_hash=rules.token_hash(token), withdrawn_at=None)
            return found.values_list("source__code", flat=True).first()


router = Router(auth=SourceBearer(), tags=["Intake"])


@router.post(
    "/{source}/batches",
    response={202: BatchOut, 200: BatchOut},
    operation_id="deliver_batch",
    summary="Send an extract",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/zip": {"schema": {"type": "string", "format": "binary"}},
                MULTIPART: {
                    "schema": {
                        "type": "object",
                        "properties": {FIELD: {"type": "string", "format": "binary"}},
                        "required": [FIELD],
                    }
                },
            },
        }
    },
)
def deliver_batch(
    request: HttpRequest,
    response: HttpResponse,
    source: InPath[SourceCode],
    idempotency_key: IdempotencyKey = None,
) -> Status[BatchOut]:
    """Send a zip of the extract's folder, as the body or as the part `delivery` of a form. It is kept, then loaded.

    Answers 202 with the batch's address when it is new, 200 when the same delivery came before and is not loaded again.
    """
    _check_own(request, source)
    with _sent_file(request) as (path, name), _acting():
        received = services.receive(
            source=selectors.source_of(source),
            path=path,
            store=Store(Path(settings.INTAKE_FOLDER)),
            how=rules.How.SYSTEM,
            now=clock.now(),
            today=clock.today(),
            name=name,
            idempotency_key=idempotency_key,
        )
        batch = received.batch
        url = reverse("api:batch_status", args=[source, batch.pk])
        if batch.state == State.REFUSED:
            refusal = Refusal(422, batch.rule_code, batch.sentence, instance=url)
        else:
            refusal = None
            counts = selectors.file_counts(batch)
            out = batch_out(batch, url=url, counts=counts, sentence=received.sentence, again=received.again)
    if refusal is not None:
        raise refusal
    response["Location"] = url
    return Status(200 if received.again else 202, out)


@router.get(
    "/{source}/batches/{batch_id}",
    response=BatchOut,
    operation_id="batch_status",
    url_name="batch_status",
    summary="Ask what became of an extract",
)
def batch_status(request: HttpRequest, source: InPath[SourceCode], batch_id: InPath[BatchNumber]) -> BatchOut:
    """How far a batch has come, and what became of the rows of each of its files."""
    _check_own(request, source)
    with _acting():
        batch = selectors.batch_of(batch_id)
        if batch.source.code != source:
            raise NotThere
        url = reverse("api:batch_status", args=[source, batch.pk])
        return batch_out(batch, url=url, counts=selectors.file_counts(batch))


def _check_own(request: HttpRequest, source: str) -> None:
    if getattr(request, "auth", None) != source:
        raise NotThere


@contextmanager
def _sent_file(request: HttpRequest) -> Iterator[tuple[Path, str]]:
    """What was sent, on disk, with its name. Never in memory."""
    kind = (request.content_type or "").lower()
    if kind == MULTIPART:
        _check_length(request)
        sent = request.FILES.get(FIELD)
        if sent is None:
            raise Refusal(422, "IN1", f"Send the extract as the part {FIELD} of the form")
        with _on_disk(iter(sent.chunks(CHUNK))) as path:
            yield path, sent.name or f"{FIELD}.zip"
    elif kind in ZIP_TYPES:
        _check_length(request)
        with _on_disk(iter(lambda: request.read(CHUNK), b"")) as path:
            yield path, f"{FIELD}.zip"
    else:
        raise Refusal(415, "IN17", "Send a zip as application/zip, or a form with the zip as multipart/form-data")


def _check_length(request: HttpRequest) -> None:
    length = request.headers.get("Content-Length", "")
    if not length.isdecimal():
        raise Refusal(411, "IN17", "Say how long the delivery is in Content-Length")
    if int(length) > settings.INTAKE_MOST_BYTES:
        raise _too_large()


@contextmanager
def _on_disk(chunks: Iterator[bytes]) -> Iterator[Path]:
    folder = Path(settings.INTAKE_FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder) as out:
        _write(chunks, out)
        yield Path(out.name)


def _write(chunks: Iterator[bytes], out: IO[bytes]) -> None:
    written = 0
    for chunk in chunks:
        written += len(chunk)
        if written > settings.INTAKE_MOST_BYTES:
            raise _too_large()
        out.write(chunk)
    out.flush()


def _too_large() -> TooLarge:
    most = rules.size_in_words(settings.INTAKE_MOST_BYTES)
    return TooLarge("IN4", f"The delivery is more than {most}, the most taken at once. Send it in parts")


@contextmanager
def _acting() -> Iterator[Any]:
    with scope.acting_as(service_user("intake")) as acting:
        yield acting
