"""Requests that a machine invents from the API's own document, tried on the API in this process.

Schemathesis, with all its phases and checks, but without its command: a second interpreter, sockets, and a site whose
first request reads every view cost more than the requests do.
"""

import warnings
from collections.abc import Collection, Iterator

from django.core.handlers.wsgi import WSGIHandler
from schemathesis import openapi
from schemathesis.checks import load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import StopReason, events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.schemas import BaseSchema


def faults(part: str, token: str, *, examples: int, unchecked: Collection[str]) -> list[str]:
    """What broke when every operation of a part of the API was tried.

    Args:
        part: Regular expression for the paths of the part.
        token: Sent with each request.
        examples: How many requests are invented for each operation, beside those that the document's bounds give.
        unchecked: Checks that are left out.
    """
    load_all_checks()
    config = SchemathesisConfig(seed=1)
    ours = config.projects.override
    ours.update(headers={"Authorization": f"Bearer {token}"})
    ours.checks.update(included_check_names=["all"], excluded_check_names=list(unchecked))
    ours.generation.update(max_examples=examples)
    # What is tried follows from the document alone, not from whatever strings stand in the code.
    ours.analysis.constants.enabled = False
    # Worries of schemathesis's own, such as an operation that refuses most of what is sent, are no faults.
    with warnings.catch_warnings(action="ignore"):
        schema = openapi.from_wsgi("/api/openapi.json", WSGIHandler(), config=config).include(path_regex=part)
        return list(_faults(schema))


def _faults(schema: BaseSchema) -> Iterator[str]:
    untried = {operation.ok().label for operation in schema.get_all_operations()}
    assert untried
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            if event.recorder.interactions:
                untried.discard(event.recorder.label)
            yield from _failures(event.recorder)
        elif isinstance(event, events.PhaseFinished) and event.status in {"failure", "error", "interrupted"}:
            yield f"{event.phase.name}: {event.status}"
        elif isinstance(event, events.NonFatalError):
            yield f"{event.label}: {event.info}"
        elif isinstance(event, events.FatalError):
            raise event.exception
        elif isinstance(event, events.EngineFinished):
            yield from map(str, event.failures)
            if event.stop_reason is not StopReason.COMPLETED:
                yield f"Ended early: {event.stop_reason}"
    yield from (f"{label}: no request was made" for label in sorted(untried))


def _failures(recorder: ScenarioRecorder) -> Iterator[str]:
    for checks in recorder.checks.values():
        for check in checks:
            if check.failure_info is not None:
                yield f"{recorder.label}, {check.name}: {check.failure_info.failure}\n{check.failure_info.code_sample}"
