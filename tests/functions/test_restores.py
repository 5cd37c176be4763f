"""A restore is a merge: from a backup of all but the keys, nothing that ended comes back."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from lethe.domain.errors import ErasedError, RestrictedError
from lethe.domain.messages import MessageId
from lethe.store.wrap import KmsKeyWrap
from lethe.usecases import sweep
from lethe.usecases.capture import Captured, CaptureStatus

from tests.aws_store import AwsStores, declared, on_aws
from tests.functions.test_crashes import START, Place, work
from tests.scenes import LONG, Scene, message
from tests.snapshots import Snapshot, items, tables
from tests.system import Clock
from tools.restore_merge import Merge

KEYS = {"KeysTable", "DayKeysTable", "HoldKeysTable"}
RESTORED = ("MessagesTable", "EntriesTable", "RegisterTable", "RequestsTable", "CountsTable")
SENT = {
    one.external_id: one
    for one in (
        message("of a", "a", "x"),
        message("large of a", "a", "bx", body=LONG),
        message("to a and b", "x", "ab"),
        message("to b and c", "x", "bc"),
        message("of c", "c", "x"),
        message("of any", "b", "ax", purpose="any"),
        message("under review", "a", "x", purpose="review"),
        message("kept", "a", "x", purpose="law"),
        message("expired", "b", "x", purpose="original"),
    )
}
GONE = ("of a", "large of a", "of c", "of any", "expired")
LIVES = {"to a and b": {"x", "b"}, "to b and c": {"x", "c"}}
RESTRICTED = ("under review", "kept")


@dataclass
class Ended:
    """A company in which much has ended since its backup."""

    scene: Scene
    backup: bytes
    objects: Snapshot


def _scene(stores: AwsStores) -> Scene:
    return Scene(stores, clock=Clock(START))


@pytest.fixture(scope="module")
def place() -> Iterator[tuple[Place, bytes, Scene]]:
    with pytest.MonkeyPatch.context() as patch, on_aws() as stores:
        patch.setattr(sweep, "DAYS_AHEAD", 1)
        key = stores.kms.create_key()["KeyMetadata"]["KeyId"]
        stores.wrap = KmsKeyWrap(stores.kms, holders_key=key)
        scene = _scene(stores)
        scene.open()
        for sent in SENT.values():
            scene.captured(sent)
        backup = pickle.dumps({name: tables()[name].items for name in RESTORED})
        scene.erase("a")
        scene.delete(_id(scene, "to b and c"), "b")
        scene.delete(_id(scene, "of c"), "c")
        work(scene)
        scene.stores.days.shred(_day(scene, "original"), scene.clock(), 0)
        yield Place(stores, None, Snapshot.of(stores)), backup, scene  # type: ignore[arg-type]


def _day(scene: Scene, cls: str) -> Any:
    return next(day for day in scene.stores.days.all() if day.cls == cls)


def _id(scene: Scene, name: str) -> MessageId:
    return scene.id_of(SENT[name])


@pytest.fixture
def ended(place: tuple[Place, bytes, Scene]) -> Ended:
    at, backup, scene = place
    at.opened.restore()
    at.stores._build()
    again = Scene(at.stores, clock=Clock(scene.clock.now))
    return Ended(again, backup, at.opened)


def put_back(ended: Ended, *, replaces: bool) -> None:
    """What a restore without any care does: missing items, or all of them."""
    for name, copy in pickle.loads(ended.backup).items():  # noqa: S301 - our own
        living = tables()[name].items
        for hash_key, ranges in copy.items():
            if not isinstance(ranges, dict):
                if hash_key not in living or (replaces and name != "RegisterTable"):
                    living[hash_key] = ranges
                continue
            for range_key, item in ranges.items():
                if replaces or range_key not in living[hash_key]:
                    living[hash_key][range_key] = item


def merge(ended: Ended) -> dict[str, dict[str, int]]:
    stores = ended.scene.stores
    told = {}
    for name, copy in pickle.loads(ended.backup).items():  # noqa: S301 - our own
        stores.dynamodb.create_table(
            TableName=f"{name}-restored",
            **{
                key: declared("AWS::DynamoDB::Table")[name][key]
                for key in ("AttributeDefinitions", "KeySchema", "BillingMode")
            }
            | ({"AttributeDefinitions": _keys_of(name)}),
        )
        tables()[f"{name}-restored"].items = copy
        told[name] = dict(_merge(stores, ended.scene).merge(name, f"{name}-restored"))
        stores.dynamodb.delete_table(TableName=f"{name}-restored")
    return told


def _merge(stores: AwsStores, scene: Scene) -> Merge:
    return Merge(
        dynamodb=stores.dynamodb,
        s3=stores.s3,
        messages="MessagesTable",
        entries="EntriesTable",
        register="RegisterTable",
        keys="KeysTable",
        day_keys="DayKeysTable",
        ledger=stores.buckets["LedgerBucket"],
        now=scene.clock(),
        write=True,
    )


def _keys_of(name: str) -> list[dict[str, str]]:
    declaration = declared("AWS::DynamoDB::Table")[name]
    keys = {part["AttributeName"] for part in declaration["KeySchema"]}
    return [one for one in declaration["AttributeDefinitions"] if one["AttributeName"] in keys]


def nothing_is_back(scene: Scene) -> None:
    for _ in range(2):
        for name in GONE:
            with pytest.raises(ErasedError):
                scene.read(_id(scene, name))
        for name in RESTRICTED:
            with pytest.raises(RestrictedError):
                scene.read(_id(scene, name))
        for name, people in LIVES.items():
            assert scene.shown(_id(scene, name)) == people
        assert scene.found("a") == []
        assert scene.found("b") == [_id(scene, "to a and b")]
        assert scene.found("c") == [_id(scene, "to b and c")]
        for sent in SENT.values():  # and again after every message was delivered again
            [outcome] = scene.deliver(sent)
            if isinstance(outcome, Captured):
                assert outcome.status is CaptureStatus.DUPLICATE
            else:
                assert isinstance(outcome, ErasedError)


def test_nothing_is_back_before_any_restore(ended: Ended) -> None:
    nothing_is_back(ended.scene)


@pytest.mark.parametrize("replaces", [False, True])
def test_a_careless_restore_makes_nothing_readable(ended: Ended, *, replaces: bool) -> None:
    put_back(ended, replaces=replaces)
    nothing_is_back(ended.scene)


def test_a_merge_puts_nothing_back_that_ended(ended: Ended) -> None:
    before = {name: len(items(name)) for name in RESTORED}
    told = merge(ended)
    assert all("put back" not in counts for counts in told.values()), told
    assert {name: len(items(name)) for name in RESTORED} == before
    nothing_is_back(ended.scene)


def test_a_merge_puts_back_what_was_lost_and_nothing_else(ended: Ended) -> None:
    """All the tables are gone by accident: from the backup, all that had not ended comes back."""
    for name in RESTORED:
        tables()[name].items.clear()
    told = merge(ended)
    assert told["MessagesTable"]["put back"] == len(LIVES) + len(RESTRICTED)
    scene = ended.scene
    nothing_is_lost(scene)
    dead = {h for one in _persons(ended) for h in one["holders"].values()}
    assert dead
    assert not dead & {item["pk"]["S"].split("#")[0] for item in items("EntriesTable")}


def nothing_is_lost(scene: Scene) -> None:
    for name, people in LIVES.items():
        assert scene.shown(_id(scene, name)) == people
    assert scene.found("a") == []
    assert scene.found("b") == [_id(scene, "to a and b")]
    for name in RESTRICTED:
        with pytest.raises(RestrictedError):
            scene.read(_id(scene, name))


def _persons(ended: Ended) -> list[dict[str, Any]]:
    return list(_merge(ended.scene.stores, ended.scene)._of("person"))


class TestTheRegisterIsLost:
    """And comes back as it was before the erasure."""

    @pytest.fixture
    def scene(self, ended: Ended) -> Scene:
        tables()["RegisterTable"].items.clear()
        merge(ended)
        ended.scene.clock.pass_(timedelta(seconds=1))
        return ended.scene

    def test_what_was_erased_is_not_captured_again(self, scene: Scene) -> None:
        late = message("late", "a", "x", time=START)
        assert isinstance(scene.deliver(late, importing=True)[0], ErasedError)

    @pytest.mark.parametrize("cls", ["short", "review", "law", "any"])
    def test_a_new_message_has_a_new_holder(self, scene: Scene, cls: str) -> None:
        message_id = scene.captured(message("new", "a", "x", purpose=cls))
        assert scene.shown(message_id) == {"a", "x"}
        assert scene.found("a") == [message_id]

    def test_all_else_is_as_before(self, scene: Scene) -> None:
        nothing_is_back(scene)


def test_a_table_of_keys_is_not_among_them() -> None:
    assert not KEYS & set(RESTORED)
    assert set(declared("AWS::DynamoDB::Table")) >= KEYS
