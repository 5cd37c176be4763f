"""The sweep does what time asks, and nothing that is stuck stands in the way of the rest."""

from datetime import timedelta

import pytest
from lethe.domain.errors import UnavailableError
from lethe.usecases.sweep import DAYS_AHEAD

from tests.memory_store import MemoryStores
from tests.system import System


def test_L70_objects_that_cannot_be_deleted_do_not_keep_days_from_being_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stores = MemoryStores()
    system = System(stores)
    system.sweep.run(dry_run=False)
    system.clock.pass_(timedelta(days=400))

    def stuck(*_: object, **__: object) -> int:
        raise UnavailableError("locked")

    with monkeypatch.context() as patch:
        patch.setattr(stores.objects, "delete_prefix", stuck)
        report = system.sweep.run(dry_run=False)
    assert report.days_stuck == report.days_ended > 0
    assert report.days_made == len(stores.policies.at(0).classes) * (DAYS_AHEAD + 1)
    assert report.oldest_overdue_seconds == 0

    again = system.sweep.run(dry_run=False)
    assert again.days_stuck == 0
    assert all(day.cleared for day in stores.days.all() if day.ended)


def test_L70_a_dry_run_changes_nothing_and_says_what_it_would_do() -> None:
    stores = MemoryStores()
    system = System(stores)
    report = system.sweep.run(dry_run=True)
    assert report.dry_run
    assert report.days_made > 0
    assert not list(stores.days.all())
