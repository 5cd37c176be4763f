"""Who may call what: the table of routes, the claims; functions and template agree with it."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from lethe.api import auth
from lethe.domain.callers import Group
from lethe.domain.errors import ForbiddenError

ROOT = Path(__file__).parents[2]
WITH_ROUTES = ("ingest", "access", "erase", "govern", "consent", "dispatch")
STAFF = {"sub": "s-1", "token_use": "access", "scope": "aws.cognito.signin.user.admin"}
READ = auth.ROUTES["GET", "/messages/<message_id>"]
CAPTURE = auth.ROUTES["POST", "/messages"]


@pytest.mark.parametrize(
    "claim",
    [
        ["investigator", "auditor"],
        "[investigator, auditor]",
        "[investigator auditor]",
        '["investigator", "auditor"]',
        "investigator,auditor",
        "investigator, auditor, unknown",
    ],
)
def test_groups_are_read_in_every_shape_that_the_gateway_gives_them(claim: object) -> None:
    caller = auth.admit({**STAFF, "cognito:groups": claim}, READ)

    assert caller.groups == {Group.INVESTIGATOR, Group.AUDITOR}
    assert caller.actor == "s-1"


@pytest.mark.parametrize("claim", [None, "", "[]", "{}", "privacy", ["operator"], 7])
def test_staff_of_no_admitted_group_are_refused(claim: object) -> None:
    with pytest.raises(ForbiddenError, match="the group investigator"):
        auth.admit({**STAFF, "cognito:groups": claim}, READ)


def test_a_machine_is_known_by_its_client_id() -> None:
    claims = {"client_id": "c-1", "sub": "c-1", "scope": "lethe/capture lethe/import"}

    caller = auth.admit(claims, CAPTURE)

    assert caller.actor == "c-1"
    assert caller.scopes == {"lethe/capture", "lethe/import"}


def test_groups_count_in_staff_tokens_alone() -> None:
    claims = {"client_id": "c-1", "scope": "lethe/capture", "cognito:groups": ["investigator"]}

    with pytest.raises(ForbiddenError):
        auth.admit(claims, READ)


def test_staff_may_not_capture() -> None:
    with pytest.raises(ForbiddenError, match="the scope lethe/capture"):
        auth.admit({**STAFF, "cognito:groups": ["privacy-officer"]}, CAPTURE)


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"scope": "lethe/capture"},
        {"client_id": "", "scope": "lethe/capture"},
        {"client_id": "c-1", "scope": "lethe/capture", "token_use": "id"},
    ],
)
def test_a_token_that_names_no_caller_is_refused(claims: dict[str, object]) -> None:
    with pytest.raises(ForbiddenError):
        auth.admit(claims, CAPTURE)


def test_every_route_of_the_functions_stands_in_the_table_and_the_reverse() -> None:
    found = [
        (route.method, route.path)
        for name in WITH_ROUTES
        for app in [import_module(f"functions.{name}.app").app]
        for route in app._static_routes + app._dynamic_routes
    ]

    assert sorted(found) == sorted(auth.ROUTES)


def test_the_template_opens_the_same_routes_to_the_same_tokens() -> None:
    in_template = {
        (event["Method"], re.sub(r"\{(\w+)\}", "{}", event["Path"])): set(
            event["Auth"].get("AuthorizationScopes", ())  # none where anybody may call
        )
        for resource in template()["Resources"].values()
        for event in api_events(resource)
    }

    assert in_template == {
        (method, re.sub(r"<\w+>", "{}", rule)): access.token_scopes
        for (method, rule), access in auth.ROUTES.items()
    }


def api_events(resource: dict[str, Any]) -> list[dict[str, Any]]:
    events = resource.get("Properties", {}).get("Events", {})
    return [event["Properties"] for event in events.values() if event["Type"] == "Api"]


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's tags as what stands behind them."""


def untagged(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


yaml.add_multi_constructor("!", untagged, Loader)


def template() -> dict[str, Any]:
    document = yaml.load((ROOT / "template.yaml").read_text(), Loader)  # noqa: S506 - safe
    assert isinstance(document, dict)
    return document
