"""README.md, and what it points to, is true of the repository and of the API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lethe.channels import generic
from pydantic_core import from_json

from tools.generate_openapi import OPERATIONS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text("utf-8")
TEXTS = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
TARGETS = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
_CALL = re.compile(
    r"curl -s(?: -X (?P<method>[A-Z]+))? \"?\$API(?P<path>/[^\s\"?]*)[^\n]*?(?:\n[^\n]*?)??"
    r" -d '(?P<body>\{.*?\})'",
    re.DOTALL,
)


def test_the_repository_is_what_the_table_of_folders_says() -> None:
    _, _, section = README.partition("## The repository")
    folders = re.findall(r"^\| `([^`]+)`", section.partition("## ")[0], re.MULTILINE)

    assert folders
    assert not [folder for folder in folders if not (ROOT / folder).exists()]
    functions = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}
    line = next(line for line in section.splitlines() if line.startswith("| `functions/`"))
    assert set(re.findall(r"`(\w+)`", line)) == functions


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_target_of_make_that_a_text_names_is_there(path: Path) -> None:
    named = re.findall(r"(?:^|`)make ([a-z][a-z-]*)", path.read_text("utf-8"), re.MULTILINE)

    assert set(named) <= set(TARGETS)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in _LINK.findall(path.read_text("utf-8")):
        if link.startswith(("https://", "http://")):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path

        assert target.exists(), link
        assert not anchor or anchor in set(_anchors(target)), link


def test_every_document_stands_in_the_table() -> None:
    written = {path.relative_to(ROOT).as_posix() for path in [*DOCS.glob("*.md")]}

    assert written <= set(_LINK.findall(README))


def test_every_file_that_the_architecture_names_is_there() -> None:
    text = (DOCS / "architecture.md").read_text("utf-8")
    named = set(re.findall(r"`((?:[\w<>-]+/)*\w+\.(?:py|toml|yaml))`", text))
    places = [ROOT, ROOT / "layers/shared/lethe", ROOT / "layers/shared/lethe/channels"]
    named -= {"functions/<name>/app.py"}

    assert len(named) > 30
    assert not [
        name
        for name in named
        if not any((place / name).exists() for place in (*places, places[1] / "usecases"))
    ]


def _calls(name: str) -> Iterator[tuple[str, str, str]]:
    for block in _SHELL.findall((ROOT / name).read_text("utf-8")):
        for found in _CALL.finditer(block):
            path = (
                found["path"]
                .replace("$ID", "<message_id>")
                .replace("$REQUEST/", "<request_id>/")
                .replace("$EVENT/", "<event_id>/")
                .replace("$REVIEW/", "<review_id>/")
            )
            yield found["method"] or "POST", path, found["body"]


CALLS = [(name, *call) for name in ("README.md", "docs/api.md") for call in _calls(name)]


@pytest.mark.parametrize(("text", "method", "path", "body"), CALLS, ids=lambda part: part[:40])
def test_every_body_of_an_example_is_one_that_the_api_takes(
    text: str, method: str, path: str, body: str
) -> None:
    model = OPERATIONS[method, path].body
    document = from_json(body)
    if path == "/messages/batch":
        for each in document["messages"]:
            generic.read(each)
    elif path == "/messages":
        generic.read(document)
    else:
        assert model is not None, text
        model.model_validate_json(body)


def test_the_examples_are_found() -> None:
    assert sum(name == "README.md" for name, *_ in CALLS) == README.count(" -d '")
    paths = {path for _, _, path, _ in CALLS}
    assert {"/messages", "/messages/search", "/requests", "/policy/explanations"} <= paths


def _anchors(path: Path) -> Iterator[str]:
    """The anchors that a reader of Markdown makes of headings."""
    for heading in re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
