"""A few calls at once: capture has no right to write in batches, which would let it delete."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import TypeVar

_THREADS = 16

T = TypeVar("T")
R = TypeVar("R")


def each(function: Callable[[T], R], things: Iterable[T]) -> list[R]:
    """Call the function for each thing; all have ended before the first failure is raised."""
    listed = list(things)
    if len(listed) <= 1:
        return [function(thing) for thing in listed]
    futures = [_pool().submit(function, thing) for thing in listed]
    wait(futures)
    return [future.result() for future in futures]


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="lethe-store")
