"""The roles: exactly the matrix, and the sentences of the design that must stay true."""

import re
from typing import Any

import pytest
from lethe.store import message_items

from tests.template.expanded import arn, expanded, functions, listed, of_type, ref, source
from tests.template.matrix import CLEAR, MATRIX
from tests.template.rights import Rights, actions, key_rights, rights, statements
from tools.permission_matrix import DOCUMENT, with_matrix

NAMES = {folder: name for folder, name, _ in functions()}
KEYS = sorted(of_type("AWS::KMS::Key").keys() - {"StorageKey"})
BETWEEN_RIGHTS = re.compile(r" (?![^(]*\))")

WILDCARDS = {
    "ApiGatewayWritesTheLogsOfEveryApiOfThisRegion": (
        "one role writes the logs of all APIs of an account; API Gateway takes no narrower one"
    ),
    "NothingWithoutTls": "a denial: the wider, the better",
    "SendsMail": "SES knows which domains the company has proven, this stack does not",
}
"""Every statement with a `*`, and why it may stand; in a key policy `*` is the key itself."""


def matrix_of(function: str) -> Rights:
    rows = MATRIX[function].items()
    return {resource: frozenset(BETWEEN_RIGHTS.split(cell)) for resource, cell in rows}


@pytest.mark.parametrize("function", MATRIX)
def test_the_roles_rights_are_the_matrix(function: str) -> None:
    found = rights(NAMES[function])
    own_log = found.pop(f"{NAMES[function]}LogGroup")

    assert found == matrix_of(function)
    assert own_log == {"CreateLogStream", "PutLogEvents"}


def test_the_matrix_has_a_column_for_each_function() -> None:
    assert MATRIX.keys() == NAMES.keys()


def test_the_matrix_in_the_threat_model_is_this_one() -> None:
    text = DOCUMENT.read_text()
    assert text == with_matrix(text), "run `python -m tools.permission_matrix`"


@pytest.mark.parametrize("key", KEYS)
def test_a_key_policy_says_what_the_roles_say(key: str) -> None:
    by_role = {NAMES[f]: matrix_of(f)[key] for f in MATRIX if key in MATRIX[f]}
    assert key_rights(key) == by_role


def test_a_role_has_no_rights_but_those_of_its_function() -> None:
    for name in NAMES.values():
        properties = expanded()[f"{name}Role"]["Properties"]
        assert properties.keys() == {"AssumeRolePolicyDocument", "PermissionsBoundary"}
    owners = [p["Properties"]["Roles"] for p in of_type("AWS::IAM::Policy").values()]
    assert sorted(owners, key=str) == sorted(([ref(f"{n}Role")] for n in NAMES.values()), key=str)
    assert not of_type("AWS::IAM::ManagedPolicy")


def test_every_role_has_the_permissions_boundary() -> None:
    for role in of_type("AWS::IAM::Role").values():
        boundary = role["Properties"]["PermissionsBoundary"]["Fn::If"]
        assert boundary[0] == "HasPermissionsBoundary"


def test_only_access_decrypts() -> None:
    assert [n for n, actions in key_rights("HoldersKey").items() if "Decrypt" in actions] == [
        "Access"
    ]
    assert [f for f in MATRIX if "Decrypt" in MATRIX[f].get("HoldersKey", "")] == ["access"]


def test_nobody_reads_private_keys_but_access() -> None:
    for function in MATRIX.keys() - {"access"}:
        for table in ("KeysTable", "DayKeysTable", "HoldKeysTable", "ConsentKeysTable"):
            for right in matrix_of(function).get(table, ()):
                reads = re.match(r"(BatchGetItem|GetItem|Query|Scan)(.*)", right)
                assert reads is None or (reads[2] and "private" not in reads[2]), (function, right)


def test_messages_and_audit_are_changed_by_purge_alone() -> None:
    changes = {"UpdateItem", "DeleteItem"}
    for function in MATRIX:
        assert not matrix_of(function).get("AuditTable", frozenset()) & changes
        if function != "purge":
            assert not matrix_of(function).get("MessagesTable", frozenset()) & changes


def test_each_table_of_keys_is_ended_by_one_function() -> None:
    changes = {"UpdateItem", "DeleteItem"}
    ends = {"KeysTable": {"DeleteItem"}, "DayKeysTable": changes, "ConsentKeysTable": changes}
    enders = {
        table: [f for f in MATRIX if matrix_of(f).get(table, frozenset()) & actions]
        for table, actions in ends.items()
    }
    assert enders == {
        "KeysTable": ["erase"],
        "DayKeysTable": ["retention_sweep"],
        "ConsentKeysTable": ["consent"],
    }


def test_nobody_changes_what_was_said_or_shown() -> None:
    changes = {"UpdateItem", "DeleteItem"}
    for function in MATRIX:
        for table in ("ConsentTable", "NoticesTable"):
            assert not matrix_of(function).get(table, frozenset()) & changes, (function, table)


def test_what_stands_in_clear_is_what_the_store_reads() -> None:
    assert f"({' '.join(message_items.CLEAR)})" == CLEAR


def test_L90_nobody_bypasses_a_lock() -> None:
    for function in MATRIX:
        for cell in MATRIX[function].values():
            assert not {"BypassGovernanceRetention", "PutObjectLegalHold"} & set(cell.split())


def test_every_wildcard_has_a_reason() -> None:
    found = set()
    for statement in all_statements():
        star = [a for a in actions(statement) if "*" in a]
        star += [r for r in listed(statement["Resource"]) if is_wide(r)]
        if star:
            found.add(statement["Sid"])
    assert found == WILDCARDS.keys()


def test_every_statement_reads_as_a_sentence() -> None:
    for statement in [*all_statements(), *key_statements()]:
        assert re.fullmatch(r"([A-Z][a-z]*)+", statement["Sid"])


def test_only_denials_name_everybody() -> None:
    for statement in [*all_statements(), *key_statements()]:
        if statement.get("Principal") == "*":
            assert statement["Effect"] == "Deny"


def test_keys_are_administered_and_not_used_by_the_administrator() -> None:
    uses = {"Decrypt", "Encrypt", "GenerateMac", "VerifyMac", "CreateGrant"}
    administrator = source()["Resources"]["HoldersKey"]["Properties"]["KeyPolicy"]["Statement"][0]
    for key in of_type("AWS::KMS::Key").values():
        first, *others = key["Properties"]["KeyPolicy"]["Statement"]
        assert first == administrator
        assert not {action.partition(":")[2] for action in first["Action"]} & uses
        for statement in others:
            if "Fn::If" in statement["Principal"].get("AWS", {}):
                assert "kms:ViaService" in statement["Condition"]["StringEquals"]


def test_the_storage_key_is_used_through_services_alone() -> None:
    _, functions_use, administrator_uses, logs = expanded()["StorageKey"]["Properties"][
        "KeyPolicy"
    ]["Statement"]
    assert functions_use["Principal"]["AWS"] == [arn(f"{name}Role") for name in NAMES.values()]
    for statement in (functions_use, administrator_uses):
        assert statement["Condition"]["StringEquals"].keys() == {
            "kms:CallerAccount",
            "kms:ViaService",
        }
    assert logs["Principal"].keys() == {"Service"}
    assert "kms:EncryptionContext:aws:logs:arn" in logs["Condition"]["ArnLike"]


def all_statements() -> list[dict[str, Any]]:
    """Every statement but those of key policies."""
    found = [s for name in NAMES.values() for s in statements(name)]
    for role in of_type("AWS::IAM::Role").values():
        for policy in role["Properties"].get("Policies", []):
            found += policy["PolicyDocument"]["Statement"]
    for kind in ("AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"):
        for policy in of_type(kind).values():
            found += policy["Properties"]["PolicyDocument"]["Statement"]
    return found


def key_statements() -> list[dict[str, Any]]:
    keys = of_type("AWS::KMS::Key").values()
    return [s for key in keys for s in key["Properties"]["KeyPolicy"]["Statement"]]


def is_wide(resource: Any) -> bool:
    """Whether a resource says more than "all objects of this bucket" or "of this prefix"."""
    if not isinstance(resource, str) and "Fn::If" in resource:
        return any(map(is_wide, resource["Fn::If"][1:]))
    text = resource if isinstance(resource, str) else str(resource.get("Fn::Sub", ""))
    return "*" in re.sub(r"\$\{\w+\.Arn\}(/keys)?/\*$", "", text)
