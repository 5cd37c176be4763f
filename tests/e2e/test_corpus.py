"""Mails of the world, as they are: taken in, or refused for a reason; originals bit for bit."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.archive import EVIDENCE, Archive
from tools.local_aws import ROOT

CORPUS = ROOT.parent / "shared" / "corpus" / "email"
LEAST = 40


def mails() -> list[Path]:
    return sorted(CORPUS.glob("*.eml"))


@pytest.mark.skipif(not mails(), reason="the corpus is not here")
def test_mails_of_the_world(archive: Archive) -> None:
    """Some are copies of others but for what on their way was added: no new message (200)."""
    counted: Counter[int] = Counter()
    for path in mails():
        raw = path.read_bytes()
        answer = archive.mail(raw, EVIDENCE)
        counted[answer.status] += 1
        if answer.status >= 400:
            assert answer.status < 500, (path.name, answer.body)
            assert answer.headers["Content-Type"] == "application/problem+json"
            continue
        captured = answer.json()
        assert captured["class"] == "evidence"
        if answer.status == 201:
            below = f"/original?version={captured['version']}"
            original = archive.get(captured["message_id"], below)
            assert (original.status, original.body == raw) == (200, True), path.name
        again = archive.mail(raw, EVIDENCE)
        assert (again.status, again.json()["message_id"]) == (200, captured["message_id"])

    assert counted[201] >= LEAST, counted
    assert counted[201] + counted[200] == len(mails()), counted
