"""Every call is admitted or refused, and every failure has one answer that shows no value."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from lethe.api import answers
from lethe.api.calls import Call
from lethe.api.resolver import Answer, resolver
from lethe.domain import errors
from lethe.observability import entrypoint

if TYPE_CHECKING:
    from collections.abc import Callable

CANARY = "canary-mara@example.org"
CONTEXT: Any = SimpleNamespace(aws_request_id="r-1")
CLAIMS = {"scope": "lethe/staff", "sub": "s-1", "cognito:groups": "[investigator]"}


def event(method: str, path: str, **changes: object) -> dict[str, Any]:
    call = {
        "httpMethod": method,
        "path": path,
        "headers": {},
        "queryStringParameters": None,
        "requestContext": {
            "requestId": "5f0c7d3e",
            "stage": "production",
            "authorizer": {"claims": CLAIMS},
        },
        "body": None,
        "isBase64Encoded": False,
    }
    return call | changes


def answered(call: dict[str, Any], route: Callable[[], Answer]) -> tuple[dict[str, Any], Any]:
    app = resolver()
    app.get("/messages/<message_id>")(lambda message_id: route())  # noqa: ARG005 - by name
    response = entrypoint(app.resolve)(call, CONTEXT)
    return response, json.loads(response["body"])


def failing(error: Exception) -> Callable[[], Answer]:
    def route() -> Answer:
        raise error

    return route


def ok() -> Answer:
    return answers.answer(200, {})


@pytest.mark.parametrize(
    ("error", "status", "name"),
    [
        (errors.InvalidInputError("No."), 400, "invalid-input"),
        (errors.ForbiddenError("No."), 403, "forbidden"),
        (errors.NotFoundError("No."), 404, "not-found"),
        (errors.ConflictError("No."), 409, "conflict"),
        (errors.ErasedError("No."), 410, "erased"),
        (errors.TooLargeError("No."), 413, "too-large"),
        (errors.RestrictedError("No."), 423, "restricted"),
        (errors.UnavailableError("No."), 503, "unavailable"),
    ],
)
def test_each_known_failure_has_its_status_and_its_type(
    error: errors.LetheError, status: int, name: str
) -> None:
    response, problem = answered(event("GET", "/messages/m"), failing(error))

    assert response["statusCode"] == status
    assert response["multiValueHeaders"]["Content-Type"] == ["application/problem+json"]
    assert problem == {
        "type": f"urn:lethe:problem:{name}",
        "title": error.title,
        "status": status,
        "detail": "No.",
        "instance": "urn:lethe:request:5f0c7d3e",
    }


def test_every_known_failure_is_tested() -> None:
    known = {kind.status for kind in errors.LetheError.__subclasses__()}

    assert known == {400, 403, 404, 405, 409, 410, 413, 423, 500, 503}


@pytest.mark.parametrize(
    ("error", "seconds"),
    [(errors.UnavailableError("Later.", 90), "90"), (errors.RaceLostError("Again."), "1")],
)
def test_what_is_safe_to_retry_says_when(error: errors.LetheError, seconds: str) -> None:
    response, _ = answered(event("GET", "/messages/m"), failing(error))

    assert response["multiValueHeaders"]["Retry-After"] == [seconds]


def test_wrong_fields_are_named() -> None:
    error = errors.InvalidInputError("No.", (errors.FieldProblem("/to/0", "Write a URI."),))

    _, problem = answered(event("GET", "/messages/m"), failing(error))

    assert problem["errors"] == [{"pointer": "/to/0", "detail": "Write a URI."}]


@pytest.mark.parametrize("error", [ValueError(CANARY), KeyError(CANARY), errors.SealError()])
def test_what_nobody_foresaw_is_500_and_rings(
    error: Exception, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    response, problem = answered(event("GET", "/messages/m"), failing(error))

    assert response["statusCode"] == 500
    assert problem["type"] == "urn:lethe:problem:internal"
    out = capsys.readouterr().out
    assert json.loads(out.splitlines()[-1])["UnhandledErrors"] == [1.0]
    assert CANARY not in out + caplog.text + response["body"]


def test_a_missing_group_is_refused_before_the_route_runs() -> None:
    call = event("GET", "/messages/m")
    call["requestContext"]["authorizer"]["claims"] = {**CLAIMS, "cognito:groups": "operator"}

    response, _ = answered(call, failing(AssertionError()))

    assert response["statusCode"] == 403


@pytest.mark.parametrize("authorizer", [None, {}, {"claims": None}])
def test_a_call_without_claims_is_refused(authorizer: object) -> None:
    call = event("GET", "/messages/m")
    call["requestContext"]["authorizer"] = authorizer

    assert answered(call, ok)[0]["statusCode"] == 403


@pytest.mark.parametrize("path", ["/", "/message", "/messages/a/b", f"/{CANARY}"])
def test_an_unknown_path_is_404_and_not_repeated(path: str) -> None:
    response, problem = answered(event("GET", path), ok)

    assert (response["statusCode"], problem["detail"]) == (404, "There is no such path.")


def test_a_wrong_method_is_405_and_names_the_right_ones() -> None:
    response, problem = answered(event("DELETE", "/messages/m"), ok)

    assert (response["statusCode"], problem["status"]) == (405, 405)
    assert response["multiValueHeaders"]["Allow"] == ["GET"]


def test_a_route_that_the_table_does_not_know_is_not_answered() -> None:
    app = resolver()
    app.get("/hidden")(ok)

    assert app.resolve(event("GET", "/hidden"), CONTEXT)["statusCode"] == 404


def test_a_call_does_not_outlive_its_answer() -> None:
    app = resolver()
    app.get("/messages/<message_id>")(lambda message_id: ok())  # noqa: ARG005 - by name
    app.resolve(event("GET", "/messages/m"), CONTEXT)

    with pytest.raises(KeyError):
        Call.of(app)
