"""Which tests stay together where several processes run them."""

from __future__ import annotations

import pytest


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in this very hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep each file in one process, for its fixtures; and what is deployed, for its one stack."""
    for item in items:
        deployed = "e2e" in item.path.parts
        item.add_marker(pytest.mark.xdist_group("deployed" if deployed else str(item.path)))
