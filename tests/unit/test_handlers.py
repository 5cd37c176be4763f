"""Handlers: protocol alone, short, and importable with nothing around them."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = sorted((ROOT / "functions").glob("*/app.py"))
OFFLINE = """
import socket, sys
def refuse(*_, **__): raise OSError("no network")
socket.socket.connect = socket.getaddrinfo = refuse
sys.path.insert(0, {folder!r})
import app
assert callable(app.handler)
dear = {{"boto3", "botocore.client", "yaml", "phonenumbers", "lethe.channels.email"}}
assert not dear & set(sys.modules), dear & set(sys.modules)
"""


@pytest.mark.parametrize("path", FUNCTIONS, ids=lambda path: path.parent.name)
def test_a_handler_imports_in_an_empty_environment_without_network(path: Path) -> None:
    environment = {"PYTHONPATH": str(ROOT / "layers/shared")}

    subprocess.run(  # noqa: S603 - a program of ours
        [sys.executable, "-c", OFFLINE.format(folder=str(path.parent))],
        env=environment,
        check=True,
        timeout=60,
    )


@pytest.mark.parametrize("path", FUNCTIONS, ids=lambda path: path.parent.name)
def test_a_handler_holds_no_rule(path: Path) -> None:
    tree = ast.parse(path.read_text())
    type_checking = [
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    rules = (ast.If, ast.IfExp, ast.Try, ast.For, ast.While, ast.Match, ast.BoolOp, ast.With)

    assert not [
        node for node in ast.walk(tree) if isinstance(node, rules) and node not in type_checking
    ]
    source = path.read_text()
    assert len(source.splitlines()) <= 30 + 9 * source.count("@app.")


def test_every_function_has_its_events() -> None:
    names = {path.parent.name for path in FUNCTIONS}

    assert {path.name for path in (ROOT / "events").iterdir()} == names
