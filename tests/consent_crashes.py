"""Consents on an account where each call to AWS fails once, before its effect or after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from botocore.exceptions import ClientError
from lethe.domain.errors import LetheError

from tests.aws_store import AwsStores, on_aws
from tests.consent_scene import ConsentScene
from tests.faults import CrashError, Faults
from tests.snapshots import Snapshot

FAILURES = (CrashError, ClientError, LetheError)
S = TypeVar("S", bound=ConsentScene)


@dataclass
class Place(Generic[S]):
    """An account with the policy in it, and what fails."""

    stores: AwsStores
    faults: Faults
    opened: Snapshot
    make: Callable[[AwsStores], S]
    fewest: int
    """Calls that an act makes; fewer would mean that nothing was tried."""

    def scene(self, at: timedelta = timedelta()) -> S:
        """A process that begins now: nothing is in its memory."""
        self.stores._build()
        made = self.make(self.stores)
        made.clock.pass_(at)
        return made

    def fails_anywhere(
        self,
        prepare: Callable[[S], object],
        act: Callable[[S], object],
        check: Callable[[S], object],
    ) -> int:
        """Run the act with each of its calls failing in turn, in each way; how many it makes."""
        self.opened.restore()
        scene = self.scene()
        begun_at = scene.clock.now
        prepare(scene)
        passed = scene.clock.now - begun_at
        begun = Snapshot.of(self.stores)
        self.faults.plan(None)
        act(scene)
        calls = len(self.faults.calls)
        check(scene)
        assert calls >= self.fewest
        for number in range(1, calls + 1):
            for after in (False, True):
                begun.restore()
                scene = self.scene(passed)
                crash = after is bool(number % 2)
                self.faults.plan(number, after=after, crash=crash)
                try:
                    act(scene)
                except FAILURES:
                    scene.clock.pass_(timedelta(seconds=1))
                    act(scene)  # the caller repeats it; now it is answered
                finally:
                    failed = f"{number}: {self.faults.failed} after={after} crash={crash}"
                    self.faults.plan(None)
                try:
                    check(scene)
                except Exception as error:
                    error.add_note(failed)
                    raise
        return calls


@contextmanager
def place_of(make: Callable[[AwsStores], S], *, fewest: int = 1) -> Iterator[Place[S]]:
    """An account that moto plays, watched, with the scene's policy in force."""
    with on_aws() as stores:
        holders = stores.kms.create_key()["KeyMetadata"]["KeyId"]
        receipts = stores.kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
        vars(stores)["kms_keys"] = {
            "HoldersKey": holders,
            "ReceiptsKey": receipts["KeyMetadata"]["KeyId"],
        }
        faults = Faults()
        faults.watch(*stores.clients)
        make(stores).open()
        yield Place(stores, faults, Snapshot.of(stores), make, fewest)
