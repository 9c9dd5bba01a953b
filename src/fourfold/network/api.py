"""A person or a threat as a file, for programs: the same file as the pages hand out, by the same rules.

A signed-in person takes it with their session; a program with a bearer token that was made for files, which has its
owner's rights. Each time says why people are read and what the file is for, and the ledger keeps both.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from ninja import Router
from ninja.security import HttpBearer

from fourfold.formats import followthemoney, stix
from fourfold.intake.rules import token_hash
from fourfold.network import leaving, taking
from fourfold.network.rules import Period
from fourfold.network.schemas import FileIn, PersonReference, ThreatReference
from fourfold.network.taking import File, Wanted
from fourfold.performance import selectors as readers
from fourfold.performance.api import SessionReader
from fourfold.platform import clock
from fourfold.platform.audit.services import Reason
from fourfold.platform.errors import NotThere
from fourfold.platform.people.models import User
from fourfold.platform.people.rules import may
from fourfold.platform.people.services import service_user
from fourfold.platform.reference.selectors import terms
from fourfold.platform.visibility import scope
from fourfold.platform.visibility.middleware import answering
from fourfold.pole import rules as pole_rules
from fourfold.threats import rules as threat_rules

READ_PEOPLE = "person.read"
ANSWER: dict[str, Any] = {
    "responses": {
        200: {
            "description": "The file",
            "content": {kind: {"schema": {"type": "string"}} for kind in (followthemoney.MEDIA_TYPE, stix.MEDIA_TYPE)},
        }
    }
}


class TokenTaker(HttpBearer):
    """A program, by a token that somebody made for it to take files. Answers the token's owner."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        if scope.current() is not None or not token:
            return None
        with scope.acting_as(service_user("figures")):
            return readers.reader_of_token(token_hash(token), today=clock.today(), for_files=True)


class SessionTaker(SessionReader):
    """Somebody who is signed in, from a page of ours. Who sends no session is asked for no proof of that."""

    def _get_key(self, request: HttpRequest) -> str | None:
        return super()._get_key(request) if self.param_name in request.COOKIES else None


router = Router(auth=[TokenTaker(), SessionTaker()], tags=["Files"])


@router.post(
    "/people/{reference}", operation_id="take_person", summary="A person as a file", response=None, openapi_extra=ANSWER
)
def take_person(request: HttpRequest, reference: PersonReference, asked: FileIn) -> HttpResponse:
    """One person, and what up to two links join to them, as FollowTheMoney entities or a STIX bundle."""
    person_id = pole_rules.person_id_of(reference)
    if person_id is None or pole_rules.reference_of(person_id) != reference:
        raise NotThere

    def take(actor: User, wanted: Wanted, reading: Reason) -> File:
        return taking.take_person(
            actor=actor,
            person_id=person_id,
            wanted=wanted,
            reading=reading,
            region=settings.REGION,
            now=clock.now(),
        )

    return _taken(request, asked, take)


@router.post(
    "/threats/{reference}",
    operation_id="take_threat",
    summary="A threat and its network as a file",
    response=None,
    openapi_extra=ANSWER,
)
def take_threat(request: HttpRequest, reference: ThreatReference, asked: FileIn) -> HttpResponse:
    """A threat with its people, places, lines, links and disruptions, and what up to two links join to its people."""

    def take(actor: User, wanted: Wanted, reading: Reason) -> File:
        return taking.take_threat(
            actor=actor,
            reference=reference,
            wanted=wanted,
            reading=reading,
            region=settings.REGION,
            now=clock.now(),
        )

    return _taken(request, asked, take, threat_rules.READ)


def _taken(
    request: HttpRequest, asked: FileIn, take: Callable[[User, Wanted, Reason], File], *also: str
) -> HttpResponse:
    """The file, for who reads people and has the other rights. Raises `RuleBroken` NT27 without a known reason."""
    with _acting(request, READ_PEOPLE, *also) as actor:
        codes = [term.code for term in terms("reading_reason")]
        if asked.reading.code not in codes:
            raise leaving.broken("NT27", "reading", codes=", ".join(codes))
        wanted = Wanted(
            form=asked.form,
            depth=asked.depth,
            reason=asked.reason.strip(),
            period=Period(asked.links_from, asked.links_to),
            with_protected=asked.with_protected,
            recipient=asked.recipient.strip(),
            on=asked.as_recorded_on,
        )
        file = take(actor, wanted, Reason(**asked.reading.dict()))
    answer = HttpResponse(file.content, content_type=file.media_type)
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=file.name)
    answer["Cache-Control"] = "private, no-store"
    return answer


@contextmanager
def _acting(request: HttpRequest, *rights: str) -> Iterator[User]:
    """The scope of who asks: the session's, or one for the token's owner. Raises `NotThere` without the rights."""
    actor: User = getattr(request, "auth")  # noqa: B009  ninja puts it there
    with nullcontext() if scope.current() is not None else answering(request, actor):
        if not all(may(actor, right) for right in rights):
            raise NotThere
        yield actor
