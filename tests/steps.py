"""A store that says at each of its calls which one it is, and lets a test act or fail there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

PORTS = (
    "register",
    "keys",
    "days",
    "archive",
    "objects",
    "staging",
    "requests",
    "audit",
    "policies",
    "proposals",
    "notices",
    "counts",
    "activity",
    "report_log",
    "report_topic",
    "consents",
    "ledger",
    "purge_queue",
    "erase_queue",
    "consent_queue",
    "reviews",
    "day_requests",
    "wrap",
    "outbox",
    "transit",
    "send_queue",
    "sent_queue",
)


@dataclass
class Stepped:
    """Stores whose calls are numbered from 1, over all ports; what a test does inside is not."""

    stores: Any
    calls: list[str] = field(default_factory=list)
    _at: Callable[[int], None] | None = None

    def __post_init__(self) -> None:
        for port in PORTS:
            setattr(self, port, _Port(self, port, getattr(self.stores, port)))

    @property
    def world(self) -> Any:
        return self.stores.world

    @contextmanager
    def before(self, step: int, act: Callable[[], object]) -> Iterator[list[str]]:
        """Act before the call of this number, or after the last one; gives the calls until then."""
        done: list[str] = []

        def at(number: int) -> None:
            if number == step:
                self._at = None
                done.extend(self.calls[:-1])
                act()

        self.calls, self._at = [], at
        yield done
        if self._at is not None:
            self._at = None
            done.extend(self.calls)
            act()

    def entered(self, name: str) -> None:
        """A call begins."""
        if self._at is not None:
            self.calls.append(name)
            self._at(len(self.calls))


@dataclass(frozen=True)
class _Port:
    stepped: Stepped
    name: str
    port: Any

    def __getattr__(self, method: str) -> Any:
        called = getattr(self.port, method)

        def stepping(*args: object, **kwargs: object) -> object:
            self.stepped.entered(f"{self.name}.{method}")
            return called(*args, **kwargs)

        return stepping


def count(stores: Stepped, run: Callable[[], object]) -> int:
    """How many calls a run makes."""
    with stores.before(0, lambda: None) as calls:
        run()
    return len(calls)
