"""The vectors of the format open as they say, here and by the independent opener."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from lethe.crypto import keyed, stream
from lethe.crypto.encoding import DICTIONARY
from lethe.domain.errors import SealError

from tools import generate_vectors

VECTORS = generate_vectors.FOLDER


def independent_opener() -> Any:
    spec = importlib.util.spec_from_file_location("opener", VECTORS / "independent_opener.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


OPENER = independent_opener()


def load(name: str, folder: Path = VECTORS) -> Any:
    return json.loads((folder / f"{name}.json").read_text())["vectors"]


def named(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("vector", load(name), ids=lambda vector: vector["name"])


@named("envelopes")
def test_lethe_opens_it_as_it_says(vector: Any) -> None:
    assert generate_vectors.opened(vector) == vector["opens_to"]


@named("envelopes")
def test_the_independent_opener_opens_it_as_it_says(vector: Any) -> None:
    assert OPENER.open_vector(vector) == vector["opens_to"]


@named("invalid")
def test_lethe_refuses_it(vector: Any) -> None:
    with pytest.raises(SealError) as refused:
        generate_vectors.opened(vector)
    assert str(refused.value) == SealError().detail


@named("invalid")
def test_the_independent_opener_refuses_it(vector: Any) -> None:
    with pytest.raises(OPENER.RefusedError):
        OPENER.open_vector(vector)


def test_vectors_made_now_mean_the_same(tmp_path: Path) -> None:
    generate_vectors.write(tmp_path)
    for vector in load("envelopes", tmp_path):
        assert OPENER.open_vector(vector) == vector["opens_to"] == generate_vectors.opened(vector)
    reasons = [vector["name"] for vector in load("invalid", tmp_path)]
    assert reasons == [vector["name"] for vector in load("invalid")]
    assert load("streams", tmp_path) == load("streams")
    assert load("names", tmp_path) == load("names")


def test_the_dictionary_is_the_one_of_the_format() -> None:
    envelopes = json.loads((VECTORS / "envelopes.json").read_text())
    assert hashlib.sha256(DICTIONARY).hexdigest() == envelopes["dictionary_sha256"]
    assert envelopes["dictionary_sha256"] in generate_vectors.DOCUMENT.read_text()


def test_the_worked_example_of_the_document_is_the_first_vector() -> None:
    document = generate_vectors.DOCUMENT.read_text()
    assert generate_vectors.with_example(document, load("envelopes")[0]) == document


def test_the_independent_opener_is_short_and_knows_nothing_of_lethe() -> None:
    source = (VECTORS / "independent_opener.py").read_text()
    assert len(source.splitlines()) < 150
    assert "import lethe" not in source
    assert "from lethe" not in source


@pytest.mark.parametrize("vector", load("streams"), ids=lambda vector: str(vector["size"]))
def test_streams_are_sealed_as_the_vectors_say(vector: Any) -> None:
    key, size = bytes.fromhex(vector["key"]), vector["size"]
    plaintext = (bytes(range(251)) * (size // 251 + 1))[:size]
    sealed = b"".join(stream.seal_stream(key, [plaintext]))
    assert len(sealed) == vector["sealed_size"]
    assert hashlib.sha256(sealed).hexdigest() == vector["sealed_sha256"]


def test_names_are_as_the_vectors_say() -> None:
    names = load("names")
    key = bytes.fromhex(names["key"])
    for address, pseudonym in names["pseudonyms"].items():
        assert keyed.pseudonym(key, address) == pseudonym
    for row in names["message_ids"]:
        assert keyed.message_id(key, row["channel"], row["external_id"]) == row["message_id"]
    for row in names["fingerprints"]:
        content = bytes.fromhex(row["content"])
        assert keyed.fingerprint(key, row["message_id"], content).hex() == row["fingerprint"]
