"""docs/limits.md says what the code does, and docs/api.md knows every route."""

from __future__ import annotations

import re
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from lethe.api import auth, limits

from tools import generate_openapi

DOCS = Path(__file__).parents[2] / "docs"
ROW = re.compile(r"^\| .+ \| (.+) \| `([a-z_.]+)\.([A-Z_]+)` \|$", re.MULTILINE)
ROWS = ROW.findall((DOCS / "limits.md").read_text("utf-8"))
UNITS = {"KiB": 1024, "MiB": 1024**2}


@pytest.mark.parametrize(("written", "module", "name"), ROWS, ids=str)
def test_a_limit_is_written_as_it_is(written: str, module: str, name: str) -> None:
    value = getattr(import_module(f"lethe.{module}"), name)

    number, _, unit = written.partition(" ")
    stated = int(number.replace(",", "")) * UNITS.get(unit, 1)
    if isinstance(value, timedelta):
        assert timedelta(**{unit: stated}) == value
    else:
        assert stated == value


def test_every_limit_of_the_api_is_written() -> None:
    ours = {name for name in vars(limits) if name.isupper()}

    assert ours <= {name for _, module, name in ROWS if module == "api.limits"}


def test_every_route_is_documented_and_nothing_else() -> None:
    headings = re.findall(
        r"^### `([A-Z]+) (/\S+)`$", (DOCS / "api.md").read_text("utf-8"), re.MULTILINE
    )

    assert sorted(headings) == sorted(
        (method, re.sub(r"<(\w+)>", r"{\1}", rule)) for method, rule in auth.ROUTES
    )


def test_the_description_of_the_api_is_what_the_code_says() -> None:
    assert (DOCS / "openapi.yaml").read_text("utf-8") == generate_openapi.text()
