"""What the bench prints: a figure a line, with its bar where it has one."""

from __future__ import annotations

from typing import Any

Figure = dict[str, Any]


def at_most(name: str, value: float, unit: str, bar: float) -> Figure:
    """A figure that a bar bounds from above."""
    ok = round(value, 6) <= bar
    return {"name": name, "value": round(value, 4), "unit": unit, "bar": bar, "ok": ok}


def at_least(name: str, value: float, bar: float | None, unit: str = "×") -> Figure:
    """A ratio and the least that it has to be; without a bar it only informs."""
    ok = bar is None or value >= bar
    return {"name": name, "value": round(value, 2), "unit": unit, "bar": bar, "ok": ok}


def informs(name: str, value: float, unit: str) -> Figure:
    """A figure without a bar."""
    return {"name": name, "value": round(value, 2), "unit": unit, "bar": None, "ok": True}
