"""The template as CloudFormation gets it: expanded offline, intrinsic functions in place."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "template.yaml"

Resource = dict[str, Any]
Resources = dict[str, Resource]


@cache
def source() -> dict[str, Any]:
    """The template as written; a copy without YAML's aliases, which the expansion would share."""
    read: dict[str, Any] = json.loads(json.dumps(yaml_parse(TEMPLATE.read_text())))
    return read


@cache
def expanded(**parameters: str) -> Resources:
    """Every resource of the expanded template; parameters have their defaults unless given."""
    template = json.loads(json.dumps(source()))
    for resource in template["Resources"].values():
        for built in ("CodeUri", "ContentUri"):
            if built in resource["Properties"]:
                resource["Properties"][built] = "s3://bucket/artefact"
    session = boto3.Session(region_name="eu-central-1")
    translator = Translator({}, Parser(), boto_session=session)
    result = translator.translate(template, parameters)
    resources: Resources = json.loads(json.dumps(result["Resources"]))  # plain dictionaries again
    return resources


def of_type(kind: str, **parameters: str) -> Resources:
    """The resources of one type, by logical id."""
    return {n: r for n, r in expanded(**parameters).items() if r["Type"] == kind}


def functions() -> Iterator[tuple[str, str, Resource]]:
    """Each function as `ingest`, `Ingest` and its properties."""
    for logical_id, resource in of_type("AWS::Lambda::Function").items():
        written = source()["Resources"][logical_id]["Properties"]
        name = logical_id.removesuffix("Function")
        yield Path(written["CodeUri"]).name, name, resource["Properties"]


def listed(value: Any) -> list[Any]:
    """A list, for what IAM lets stand alone."""
    return value if isinstance(value, list) else [value]


def ref(logical_id: str) -> dict[str, str]:
    return {"Ref": logical_id}


def arn(logical_id: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [logical_id, "Arn"]}
