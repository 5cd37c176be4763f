"""What the gate reads of the register, over memory and AWS: one call for 100 persons."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from lethe.domain.holders import PublicHolder
from lethe.domain.in_force import InForce
from lethe.domain.own_addresses import AddressKind, OwnSpan
from lethe.domain.ports import NewPersonKey
from lethe.domain.register import Pseudonym, RegisterEntry, RegisterItem

from tests.aws_store import on_aws
from tests.faults import Faults
from tests.memory_store import MemoryStores

ANNA, SHOP = Pseudonym("A" * 43), Pseudonym("s" * 43)
SPANS = (OwnSpan(AddressKind.FUNCTION, date(2020, 1, 1), None),)


@pytest.fixture(params=["memory", "aws"])
def stores(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "memory":
        yield MemoryStores()
    else:
        with on_aws() as on:
            yield on


def test_many_items_are_as_each_alone(stores: Any) -> None:
    holder = PublicHolder(os.urandom(16), 1, os.urandom(32))  # type: ignore[arg-type]
    entry = RegisterEntry(holder.id, holder, "2026-03")
    stores.register.create(RegisterItem(ANNA), "all", entry, NewPersonKey(b"w", b"a"))
    stores.register.set_own(SHOP, SPANS)
    names = [Pseudonym(f"{number:043}") for number in range(250)]
    found = stores.register.items([ANNA, SHOP, *names, ANNA])
    assert found.keys() == {ANNA, SHOP, *names}
    assert found[ANNA].entries == {"all": entry}
    assert found[SHOP].own == SPANS
    assert all(found[name] == RegisterItem(name) for name in names)
    assert stores.register.items([]) == {}


def test_the_sender_comes_with_what_is_in_force(stores: Any) -> None:
    assert stores.register.sender(SHOP) == (RegisterItem(SHOP), InForce())
    stores.register.set_own(SHOP, SPANS)
    item, in_force = stores.register.sender(SHOP)
    assert (item.own, in_force) == (SPANS, InForce())


def test_what_is_in_force_is_all_of_it() -> None:
    with on_aws() as on:
        head = {"pk": {"S": "head"}, "version": {"N": "7"}, "notice": {"N": "3"}}
        on.dynamodb.put_item(TableName="PolicyTable", Item=head)
        assert on.register.sender(SHOP)[1] == InForce(7, 3, 0)


def test_each_is_one_strongly_consistent_call_for_a_hundred() -> None:
    with on_aws() as on:
        faults = Faults()
        faults.watch(on.dynamodb)
        on.register.sender(SHOP)
        on.register.items([Pseudonym(f"{number:043}") for number in range(100)])
        assert [operation for operation, _ in faults.calls] == ["BatchGetItem"] * 2
        for _, arguments in faults.calls:
            for request in arguments["RequestItems"].values():
                assert request["ConsistentRead"] is True
