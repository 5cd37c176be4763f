"""The API and its callers: every route asks for a token with a scope, every error is a problem."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lethe.api.auth import ROUTES

from tests.template.expanded import ROOT, expanded, of_type, ref, source

BODY = expanded()["Api"]["Properties"]["Body"]
TRIGGERS = {
    "ingest": {
        "POST /messages",
        "POST /messages/batch",
        "POST /channels/email",
        "POST /uploads",
    },
    "access": {
        "GET /messages/{id}",
        "POST /messages/search",
        "GET /messages/{id}/original",
        "GET /messages/{id}/attachments/{number}",
        "POST /consents/proof",
    },
    "erase": {
        "POST /messages/{id}/deletion",
        "POST /requests",
        "GET /requests/{id}",
        "POST /requests/{id}/decisions",
    },
    "govern": {
        "GET /policy",
        "POST /policy/proposals",
        "GET /policy/proposals/{id}",
        "POST /policy/proposals/{id}/preview",
        "POST /policy/proposals/{id}/approval",
        "POST /policy/explanations",
        "POST /own-addresses",
        "POST /own-addresses/search",
        "GET /doctor",
        "GET /reports/{day}",
        "POST /notices/{audience}/drafts",
        "POST /notices/{audience}/approval",
        "GET /notice-versions/{audience}/{version}",
        "GET /notices/{audience}/{language}",
        "GET /records-of-processing",
    },
    "consent": {
        "POST /consents",
        "POST /consents/import",
        "POST /consents/search",
        "POST /withdrawals",
        "GET /withdrawals/{token}",
        "POST /withdrawals/{token}",
        "POST /objections",
        "POST /objections/{event_id}/decision",
        "POST /basis-events",
        "POST /opt-outs",
        "GET /reviews",
        "POST /reviews/{review_id}/decision",
        "GET /.well-known/jwks.json",
        "GET /schemas/consent-record.json",
    },
    "dispatch": {
        "POST /dispatches",
        "GET /dispatches/{dispatch_id}",
        "POST /suppressions/search",
        "POST /2010-04-01/Accounts/{sid}/Messages.json",
        "GET /2010-04-01/Accounts/{sid}/Messages/{message_sid}",
    },
}


def routes() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in BODY["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def scopes(operation: dict[str, Any]) -> list[str]:
    """The scopes of a route; Cognito must be its only authorizer, but for what is public."""
    (requirement,) = operation["security"]
    (authorizer,) = requirement
    if authorizer == "NONE":
        return []
    assert authorizer == "Cognito"
    found: list[str] = requirement[authorizer]
    return found


def test_each_function_answers_its_routes() -> None:
    found: dict[str, set[str]] = {}
    for method, path, operation in routes():
        uri = operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
        function = re.search(r"\$\{(\w+)Function\.Arn\}", uri)
        assert function
        found.setdefault(function[1].lower(), set()).add(f"{method} {path}")
    assert found == TRIGGERS


def test_every_route_asks_for_the_scopes_that_the_code_admits() -> None:
    in_code = {
        (method, re.sub(r"<\w+>", "{}", path)): set(access.token_scopes)
        for (method, path), access in ROUTES.items()
    }
    in_template = {
        (method, re.sub(r"\{\w+\}", "{}", path)): set(scopes(operation))
        for method, path, operation in routes()
    }
    assert in_template == in_code


def test_what_anybody_may_call_is_this() -> None:
    public = {f"{method} {path}" for (method, path), access in ROUTES.items() if access.public}

    assert public == {
        "GET /notices/<audience>/<language>",
        "GET /withdrawals/<token>",
        "POST /withdrawals/<token>",
        "GET /.well-known/jwks.json",
        "GET /schemas/consent-record.json",
        "POST /2010-04-01/Accounts/<sid>/Messages.json",
        "GET /2010-04-01/Accounts/<sid>/Messages/<message_sid>",
    }
    for (method, path), access in ROUTES.items():
        assert bool(access.token_scopes) is not access.public, (method, path)


def test_the_authorizer_is_the_user_pool() -> None:
    (scheme,) = BODY["components"]["securitySchemes"].values()
    assert scheme["x-amazon-apigateway-authorizer"]["providerARNs"] == [
        {"Fn::GetAtt": ["UserPool", "Arn"]}
    ]


def test_the_scopes_are_these() -> None:
    offered = expanded()["ResourceServer"]["Properties"]["Scopes"]
    assert [scope["ScopeName"] for scope in offered] == [
        "capture",
        "import",
        "dispatch",
        "consent",
        "requests",
        "staff",
    ]


def test_a_client_has_no_scope_but_its_own() -> None:
    clients = of_type("AWS::Cognito::UserPoolClient")
    assert {name: c["Properties"]["AllowedOAuthScopes"] for name, c in clients.items()} == {
        "CaptureClient": ["lethe/capture", "lethe/import"],
        "RequestsClient": ["lethe/requests"],
        "ConsentClient": ["lethe/consent"],
        "DispatchClient": ["lethe/dispatch"],
        "StaffClient": ["openid", "lethe/staff"],
    }


def test_staff_sign_in_with_a_password_on_the_local_aws_alone() -> None:
    flows = expanded()["StaffClient"]["Properties"]["ExplicitAuthFlows"]
    assert flows == [
        "ALLOW_REFRESH_TOKEN_AUTH",
        {"Fn::If": ["IsLocal", "ALLOW_ADMIN_USER_PASSWORD_AUTH", ref("AWS::NoValue")]},
    ]
    assert expanded()["UserPool"]["Properties"]["MfaConfiguration"] == {
        "Fn::If": ["IsLocal", "OFF", "ON"]
    }


def test_nobody_signs_up_alone() -> None:
    pool = expanded()["UserPool"]["Properties"]
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert pool["DeletionProtection"] == "ACTIVE"


def test_the_groups_are_these() -> None:
    groups = of_type("AWS::Cognito::UserPoolGroup").values()
    assert {group["Properties"]["GroupName"] for group in groups} == {
        "privacy-officer",
        "approver",
        "investigator",
        "auditor",
        "operator",
    }


def test_every_error_of_the_gateway_is_a_problem() -> None:
    responses = BODY["x-amazon-apigateway-gateway-responses"]
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "REQUEST_TOO_LARGE", "UNAUTHORIZED"} <= responses.keys()
    for response in responses.values():
        header = response["responseParameters"]["gatewayresponse.header.Content-Type"]
        assert header == "'application/problem+json'"
        (template,) = response["responseTemplates"].values()
        problem = json.loads(template)
        assert {"type", "title"} <= problem.keys()
        assert "$" not in template, "it might show what the caller sent"


def test_what_is_too_large_learns_of_the_way_that_is_open() -> None:
    response = BODY["x-amazon-apigateway-gateway-responses"]["REQUEST_TOO_LARGE"]
    problem = json.loads(response["responseTemplates"]["application/json"])
    assert problem["status"] == 413
    assert "/uploads" in problem["detail"]


def test_bytes_arrive_as_they_were_sent() -> None:
    assert source()["Resources"]["Api"]["Properties"]["BinaryMediaTypes"] == ["*/*"]


def test_the_api_asks_for_tls_1_2_at_least() -> None:
    policies = {expanded()[name]["Properties"]["SecurityPolicy"] for name in ("Api", "ApiDomain")}
    assert policies == {"SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09"}


def test_access_logs_hold_no_personal_data() -> None:
    stage = expanded()["ApiStage"]["Properties"]
    fields = set(re.findall(r"\$context\.([\w.]+)", stage["AccessLogSetting"]["Format"]))
    assert fields == {
        "requestId",
        "requestTime",
        "httpMethod",
        "resourcePath",
        "status",
        "error.responseType",
        "responseLatency",
        "responseLength",
        "tlsVersion",
    }
    json.loads(re.sub(r"\$context\.[\w.]+", "x", stage["AccessLogSetting"]["Format"]))


def test_the_gateway_logs_no_bodies_and_throttles() -> None:
    (everything,) = expanded()["ApiStage"]["Properties"]["MethodSettings"]
    assert everything["DataTraceEnabled"] is False
    assert everything["LoggingLevel"] == "OFF"
    assert everything["ThrottlingRateLimit"] > 0


def test_failures_of_the_gateway_ring() -> None:
    alarm = expanded()["ApiFailuresAlarm"]["Properties"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/ApiGateway", "5XXError")


def test_the_template_is_valid_and_clean() -> None:
    sam = shutil.which("sam", path=str(Path(sys.executable).parent)) or "sam"
    done = subprocess.run(  # noqa: S603 - a tool of ours
        [sam, "validate", "--lint", "--region", "eu-central-1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
