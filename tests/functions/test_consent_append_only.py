"""Nobody changes a consent event: no code can, every put demands a free place, no role may."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lethe
import pytest
from lethe.domain.consent import EVERY, EventType
from lethe.store import consents
from lethe.store.dynamo import Table
from lethe.usecases.consent_ledger import event_id

from tests.aws_store import AwsStores
from tests.consent_scene import OWN, ConsentScene
from tests.faults import Faults
from tests.template.matrix import MATRIX

SOURCE = Path(lethe.__file__).parent
STORE = Path(consents.__file__)
READS = {"get", "query", "name"}
TABLE = "ConsentTable"


def uses_of_the_table() -> Iterator[str]:
    """What `store/consents.py` does with the table of events, by attribute or as an argument."""
    tree = ast.parse(STORE.read_text("utf-8"))
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Attribute) and node.attr == "_events"):
            continue
        parent = parents[node]
        if isinstance(parent, ast.Attribute):
            yield parent.attr
        elif isinstance(parent, ast.Call) and isinstance(parent.func, ast.Attribute):
            yield f"{parent.func.attr}()"
        else:
            yield type(parent).__name__


def test_the_store_reads_events_and_puts_new_ones() -> None:
    found = set(uses_of_the_table())
    assert found - READS == {"_new()", "Assign"}


def test_what_is_new_demands_a_free_place() -> None:
    made = consents.DynamoConsents._new(Table(None, TABLE), {})  # type: ignore[arg-type]
    assert made["ConditionExpression"] == "attribute_not_exists(pk)"


def test_no_other_module_has_the_table() -> None:
    named = {
        path: source
        for path in SOURCE.rglob("*.py")
        if "consent_table" in (source := path.read_text("utf-8"))
    }
    assert {path.relative_to(SOURCE).parts[0] for path in named} <= {"settings.py", "bootstrap"}
    for path, source in named.items():
        if path.name != "settings.py":
            given = re.findall(r"consents=(?:self\.)?env\.consent_table", source)
            assert len(given) == source.count("consent_table"), path.name


@pytest.mark.parametrize("function", MATRIX)
def test_L4_no_role_may_update_or_delete_an_event(function: str) -> None:
    rights = re.sub(r"\([^)]*\)", "", MATRIX[function].get(TABLE, "")).split()
    assert set(rights) <= {"GetItem", "PutItem", "Query", "BatchGetItem"}


def test_L4_every_call_on_the_table_reads_or_puts_what_is_new(aws: AwsStores) -> None:
    faults = Faults()
    faults.watch(*aws.clients)
    scene = ConsentScene(aws)
    scene.open()
    for kind in (EventType.GIVEN, EventType.REFUSED, EventType.WITHDRAWN, EventType.OBJECTED):
        for _ in range(2):
            scene.one(kind, event_id=event_id("test", kind))
    scene.one(EventType.STOPPED, purpose=EVERY, own=OWN)
    scene.proof()
    aws.consents.end_evidence(scene.state())
    scene.one(EventType.GIVEN)
    seen = [call for call in faults.calls if TABLE in repr(call[1])]
    assert {operation for operation, _ in seen} == {"GetItem", "Query", "TransactWriteItems"}
    puts = [put for operation, arguments in seen for put in _writes(operation, arguments)]
    assert len(puts) == 2 * 6
    for kind_of_write, write in puts:
        assert kind_of_write == "Put"
        assert write["ConditionExpression"] == "attribute_not_exists(pk)"


def _writes(operation: str, arguments: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if operation != "TransactWriteItems":
        return
    for write in arguments["TransactItems"]:
        [(kind, what)] = write.items()
        if what["TableName"] == TABLE:
            yield kind, what
