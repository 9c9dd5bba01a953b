"""The API's root: one OpenAPI document, RFC 9457 problems for every refusal, no internals in any answer."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, URLResolver
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema

from fourfold.intake import api as intake
from fourfold.intake.schemas import Problem
from fourfold.intake.storage import TooLarge
from fourfold.network import api as files
from fourfold.performance import api as figures
from fourfold.platform.errors import NotThere, RuleBroken

PROBLEM_TYPE = "application/problem+json"
PROBLEMS: Mapping[int, str] = {
    400: "The request can't be read",
    401: "The token is missing or not known",
    403: "A request with a session needs the proof that it comes from a page of ours",
    404: "There is no such thing for this token",
    409: "The idempotency key was used for other content",
    411: "Content-Length is missing",
    413: "The delivery is too large",
    415: "The delivery is of a kind that isn't taken",
    422: "The request or the delivery breaks a rule",
}


class Api(NinjaAPI):
    """Says in its document every problem that an operation may answer.

    Its addresses ask for no session and have no transaction around them: an operation knows its caller by a token and
    opens the scope of its own actor.
    """

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        schema["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        reference = {"schema": {"$ref": "#/components/schemas/Problem"}}
        for operations in schema["paths"].values():
            for operation in operations.values():
                for status, words in PROBLEMS.items():
                    answer = {"description": words, "content": {PROBLEM_TYPE: reference}}
                    operation["responses"].setdefault(status, answer)
        return schema

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        found = super()._get_urls()
        for each in found:
            if isinstance(each, URLPattern):
                transaction.non_atomic_requests(login_not_required(each.callback))
        return found


api = Api(
    title="Fourfold",
    version="1",
    description="Source systems deliver extracts here and ask what became of them; programs read figures, and take "
    "people and threats as files.",
    urls_namespace="api",
    docs_url=None,
)
api.add_router("/intake", intake.router)
api.add_router("/figures", figures.router)
api.add_router("/files", files.router)


def problem(status: int, detail: str, *, code: str = "", instance: str = "") -> HttpResponse:
    """One refusal as RFC 9457 says."""
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, code=code, instance=instance)
    answer = JsonResponse(body.model_dump(exclude_defaults=False), status=status, content_type=PROBLEM_TYPE)
    if status == HTTPStatus.UNAUTHORIZED:
        answer["WWW-Authenticate"] = "Bearer"
    return answer


@api.exception_handler(RuleBroken)
def _rule_broken(_request: HttpRequest, broken: RuleBroken) -> HttpResponse:
    if isinstance(broken, intake.Refusal):
        return problem(broken.status, broken.sentence, code=broken.code, instance=broken.instance)
    status = HTTPStatus.CONFLICT if broken.code == "IN5" else HTTPStatus.UNPROCESSABLE_ENTITY
    if isinstance(broken, TooLarge):
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return problem(status, broken.sentence, code=broken.code)


@api.exception_handler(NotThere)
@api.exception_handler(Http404)
def _not_there(_request: HttpRequest, _exception: Exception) -> HttpResponse:
    return problem(HTTPStatus.NOT_FOUND, "There is no such thing, or not for this token")


@api.exception_handler(AuthenticationError)
def _not_known(_request: HttpRequest, _exception: AuthenticationError) -> HttpResponse:
    return problem(HTTPStatus.UNAUTHORIZED, "Send your token as Authorization: Bearer …")


@api.exception_handler(ValidationError)
def _not_valid(_request: HttpRequest, invalid: ValidationError) -> HttpResponse:
    wrong = "; ".join(f"{error['loc'][-1]}: {error['msg']}" for error in invalid.errors)
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, wrong)


@api.exception_handler(HttpError)
def _http_error(_request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(error.status_code, error.message)
