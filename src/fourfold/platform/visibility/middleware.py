"""Puts every signed-in request inside the scope of the person who asks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from uuid import uuid4

from django.db import transaction
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase, StreamingHttpResponse
from django.urls import get_resolver
from django.utils.cache import patch_cache_control

from fourfold.platform.errors import NotThere
from fourfold.platform.people.models import User
from fourfold.platform.visibility.scope import Acting, acting_as

FIRST_SERVER_ERROR = 500


class VisibilityMiddleware:
    """The outer transaction of a request; `ATOMIC_REQUESTS` is the savepoint that undoes a view that fails.

    An answer of 500 or more undoes everything. A streamed answer is read after the transaction has closed, so each one
    opens the scope again. No browser keeps an answer to somebody signed in: who sits down next does not see it by
    going back. The request's id goes out as `X-Request-Id`: it is what history and ledger call the request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = uuid4().hex
        request.META["fourfold.request_id"] = request_id
        user = request.user
        if isinstance(user, User) and user.is_active:
            session, address = session_hash(request), address_of(request)
            with acting_as(user, request_id=request_id, session=session, address=address):
                response = self.get_response(request)
                if response.status_code >= FIRST_SERVER_ERROR:
                    transaction.set_rollback(True)
            if isinstance(response, StreamingHttpResponse):
                _stream_as(user, response, request_id=request_id, session=session, address=address)
            patch_cache_control(response, private=True, no_store=True)
        else:
            response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """What is not there, or not for this reader, is one and the same 404."""
        if isinstance(exception, NotThere):
            not_found: Callable[..., HttpResponseBase] = get_resolver().resolve_error_handler(404)
            return not_found(request, exception=Http404())
        return None


def session_hash(request: HttpRequest) -> str:
    """Names a session in the ledger without being able to take it over."""
    key = request.session.session_key
    return sha256(key.encode()).hexdigest()[:16] if key else ""


def address_of(request: HttpRequest) -> str:
    """The address that the server saw. A proxy's header is not believed: the server in front sets REMOTE_ADDR."""
    return str(request.META.get("REMOTE_ADDR", ""))


@contextmanager
def answering(request: HttpRequest, user: User) -> Iterator[Acting]:
    """The scope of somebody whom the request names by something else than a session: a token. History and ledger call
    the request what the answer's `X-Request-Id` does, have the address it came from, and `by token` for a session.
    """
    request_id, address = request.META["fourfold.request_id"], address_of(request)
    with acting_as(user, request_id=request_id, session="by token", address=address) as acting:
        yield acting


def _stream_as(user: User, response: StreamingHttpResponse, *, request_id: str, session: str, address: str) -> None:
    content = iter(response)

    def reopened() -> Iterator[bytes]:
        with acting_as(user, request_id=request_id, session=session, address=address):
            try:
                yield from content
            except GeneratorExit:
                # Whoever asked has gone. That is no fault: what the ledger was told of it stays.
                return

    response.streaming_content = reopened()
