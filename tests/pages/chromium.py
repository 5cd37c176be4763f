"""A browser of the machine, driven by its command line: what a page looks like to who reads it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)
SECONDS: Final = 120


def found() -> str | None:
    """Return the browser of this machine, if it has one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the browser once, with a profile of its own that is gone afterwards."""
    browser = found()
    assert browser is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        return subprocess.run(  # noqa: S603 - the browser that was found
            [browser, *FLAGS, f"--user-data-dir={profile}", *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=SECONDS,
            env={"HOME": profile, "PATH": os.defpath, "LANG": "C.UTF-8"},
        )


def dom(url: str) -> str:
    """Return the document that a page becomes once it has run."""
    return run("--virtual-time-budget=10000", "--dump-dom", url).stdout


def console(url: str) -> list[str]:
    """Return what the browser has to say of a page."""
    told = run("--enable-logging=stderr", "--log-level=0", "--dump-dom", url).stderr
    return [line for line in told.splitlines() if "CONSOLE" in line]


def picture(url: str, width: int, height: int, target: Path) -> None:
    """Take a picture of a page."""
    run(f"--window-size={width},{height}", f"--screenshot={target}", url)


@contextmanager
def serving(pages: Mapping[str, tuple[str, Mapping[str, str]]]) -> Iterator[str]:
    """Serve pages with their headers, by path; gives the address of the server."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text, headers = pages.get(self.path, ("", {}))
            body = text.encode()
            self.send_response(200 if self.path in pages else 404)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
