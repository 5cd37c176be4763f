"""The customers' opener, as they run it: one file, a grant, a URL."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from lethe.crypto.stream import CHUNK, seal_stream

OPENER = Path(__file__).parents[2] / "tools" / "open_attachment.py"
KEY, PART = bytes(range(32)), "attachment-1"
PLAINTEXT = bytes(range(256)) * (CHUNK // 128) + b"the end"


def sealed(plaintext: bytes = PLAINTEXT) -> bytes:
    return b"".join(seal_stream(KEY, [plaintext], PART.encode()))


def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    # -I: the tool stands alone, without this repository on its path.
    command = [sys.executable, "-I", str(OPENER), *arguments]
    return subprocess.run(  # noqa: S603  our own tool
        command, input=stdin, text=True, capture_output=True, timeout=60, check=False
    )


@pytest.fixture
def url() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(sealed())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/ciphertext"
    server.shutdown()
    server.server_close()


def grant(url: str = "", sha256: str = "") -> str:
    key = base64.urlsafe_b64encode(KEY).decode()
    sha256 = sha256 or hashlib.sha256(PLAINTEXT).hexdigest()
    return json.dumps({"url": url, "key": key, "part": PART, "sha256": sha256})


def test_a_grant_is_opened_from_its_url(tmp_path: Path, url: str) -> None:
    out = tmp_path / "report.pdf"
    done = run("--grant", "-", "--out", str(out), stdin=grant(url))
    assert (done.returncode, done.stderr) == (0, "")
    assert out.read_bytes() == PLAINTEXT
    assert [path.name for path in tmp_path.iterdir()] == ["report.pdf"]


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1])
def test_a_file_is_opened_with_a_key_file(tmp_path: Path, size: int) -> None:
    plaintext = bytes(size)
    (tmp_path / "c").write_bytes(sealed(plaintext))
    (tmp_path / "key").write_text(base64.urlsafe_b64encode(KEY).rstrip(b"=").decode() + "\n")
    inputs = ["--file", str(tmp_path / "c"), "--key-file", str(tmp_path / "key")]
    done = run(*inputs, "--part", PART, "--out", str(tmp_path / "out"))
    assert done.returncode == 0
    assert (tmp_path / "out").read_bytes() == plaintext


@pytest.mark.parametrize(
    "broken",
    [
        sealed()[:-1],
        sealed()[: CHUNK + 16],
        sealed()[: 2 * (CHUNK + 16)],
        sealed() + b"x",
        sealed()[CHUNK + 16 :],
        b"",
        sealed()[:100] + b"x" + sealed()[101:],
    ],
)
def test_what_is_not_authentic_leaves_nothing(tmp_path: Path, broken: bytes) -> None:
    source = tmp_path / "c"
    source.write_bytes(broken)
    out = tmp_path / "out"
    done = run("--grant", "-", "--file", str(source), "--out", str(out), stdin=grant())
    assert done.returncode == 1
    assert "not opened" in done.stderr
    assert list(tmp_path.iterdir()) == [source]


def test_another_file_than_the_captured_one_leaves_nothing(tmp_path: Path) -> None:
    source = tmp_path / "c"
    source.write_bytes(sealed())
    given = grant(sha256="00" * 32)
    done = run("--grant", "-", "--file", str(source), "--out", str(tmp_path / "o"), stdin=given)
    assert done.returncode == 1
    assert list(tmp_path.iterdir()) == [source]


def test_it_overwrites_nothing_and_reads_no_local_url(tmp_path: Path) -> None:
    out = tmp_path / "out"
    local = run("--grant", "-", "--out", str(out), stdin=grant(OPENER.as_uri()))
    assert local.returncode == 2
    assert not out.exists()
    out.write_text("mine")
    assert run("--grant", "-", "--out", str(out), stdin=grant("https://x.invalid")).returncode == 2
    assert out.read_text() == "mine"
