"""The rights of each function's role, read from the template in the words of the matrix."""

import re
from collections import defaultdict
from typing import Any

from tests.template.expanded import Resource, expanded, listed, of_type

Rights = dict[str, frozenset[str]]
"""Resource → what may be done to it, as in `matrix.py`."""

ON_THE_LOCAL_AWS = {"Fn::If": ["IsLocal", "sqs:SendMessageBatch", {"Ref": "AWS::NoValue"}]}
_OF_SES = re.compile(r":ses:.*:([a-z-]+)/\*$")
_IN_ARN = re.compile(r"^\$\{(?P<resource>\w+)\.Arn\}/(?P<rest>.+)$")


def statements(function: str) -> list[Resource]:
    """Everything that the role of a function may do by its own policies."""
    found = []
    for policy in of_type("AWS::IAM::Policy").values():
        if {"Ref": f"{function}Role"} in policy["Properties"]["Roles"]:
            found += policy["Properties"]["PolicyDocument"]["Statement"]
    return found


def rights(function: str) -> Rights:
    """The template's rights of a function, by resource."""
    found: dict[str, set[str]] = defaultdict(set)
    for statement in statements(function):
        for resource in listed(statement["Resource"]):
            label = resource_of(resource)
            for action in actions(statement):
                found[label].add(action.partition(":")[2] + restriction(statement))
    return {label: frozenset(allowed) for label, allowed in found.items()}


def actions(statement: Resource) -> list[str]:
    """The actions on AWS, where one that only the local AWS knows is none."""
    return [action for action in listed(statement["Action"]) if action != ON_THE_LOCAL_AWS]


def key_rights(key: str) -> dict[str, frozenset[str]]:
    """What a key policy lets the functions do, by function."""
    found: dict[str, set[str]] = defaultdict(set)
    for statement in expanded()[key]["Properties"]["KeyPolicy"]["Statement"]:
        for principal in listed(statement["Principal"].get("AWS", [])):
            match principal:
                case {"Fn::GetAtt": [str(role), "Arn"]}:
                    found[role.removesuffix("Role")] |= {
                        action.partition(":")[2] for action in actions(statement)
                    }
                case _:
                    pass
    return {function: frozenset(allowed) for function, allowed in found.items()}


def resource_of(resource: Any) -> str:
    """`KeepBucket` for the bucket and its objects, `KeepBucket keys/*` for some of them."""
    match resource:
        case {"Fn::GetAtt": [str(logical_id), "Arn" | "Id"]}:
            return logical_id
        case {"Fn::If": ["IsLocal", "*", deployed]}:
            return resource_of(deployed)
        case {"Ref": str(logical_id)}:
            return logical_id
        case {"Fn::Sub": str(text)} if found := _OF_SES.search(text):
            return f"every {found[1]} of SES"
        case {"Fn::Sub": str(text)} if found := _IN_ARN.match(text):
            rest = found["rest"]
            return found["resource"] if rest == "*" else f"{found['resource']} {rest}"
        case _:
            return str(resource)


def restriction(statement: Resource) -> str:
    """`(a b)` where only attributes a and b are read, `[holds]` where only that item is."""
    conditions = dict(statement.get("Condition", {}))
    every = conditions.pop("ForAllValues:StringEquals", {})
    if select := conditions.pop("StringEqualsIfExists", None):
        if "Fn::If" in select:  # the local AWS does not see the attributes of a batch
            condition, local, select = select["Fn::If"]
            if (condition, local) != ("IsLocal", {"Ref": "AWS::NoValue"}):
                return f" with {statement['Condition']}"
        if select != {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}:
            return f" with {statement['Condition']}"
    if not every and not select:
        every = conditions.pop("ForAllValues:StringLike", {})
    match conditions, every, bool(select):
        case {}, {}, False if not statement.get("Condition"):
            return ""
        case {}, {"dynamodb:Attributes": list(names)}, True if len(every) == 1:
            return f"({' '.join(names)})"
        case {}, {"dynamodb:LeadingKeys": list(keys)}, False if len(every) == 1:
            return f"[{' '.join(keys)}]"
        case _:
            return f" with {statement['Condition']}"
