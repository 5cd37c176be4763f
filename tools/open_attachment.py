r"""Opens an attachment that Lethe handed out as ciphertext. Needs Python 3.11 and `cryptography`.

The answer of GET /messages/{id}/attachments/{number} is a grant: a URL that works for minutes and
the key of this one attachment. Save it, or pipe it in; the key never stands on a command line:

    curl … /attachments/1 | python open_attachment.py --grant - --out report.pdf

Or with the ciphertext at hand and the key, base64url, in a file of its own (- is standard input):

    python open_attachment.py --file report.sealed --key-file key.txt --part attachment-1 \
        --out report.pdf

Nothing appears under the name that you give before the whole file has proven authentic.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK = 2**20 + 16  # a MiB of plaintext and its tag


class OpenError(Exception):
    """It does not open: cut short, changed, or sealed under another key."""


def opened(key: bytes, part: str, source: BinaryIO) -> Iterator[bytes]:
    """Plaintext chunk by chunk; only when the iterator has ended is it all and authentic."""
    aead, counter, chunk = AESGCM(key), 0, read_fully(source)
    while True:
        following = read_fully(source) if len(chunk) == CHUNK else b""
        nonce = counter.to_bytes(11, "big") + bytes([not following])
        try:
            plaintext = aead.decrypt(nonce, chunk, part.encode())
        except (InvalidTag, ValueError):
            raise OpenError("the attachment does not open") from None
        if counter and not plaintext:
            raise OpenError("the attachment does not open")
        yield plaintext
        if not following:
            return
        counter, chunk = counter + 1, following


def read_fully(source: BinaryIO) -> bytes:
    """A whole chunk, or what is left."""
    pieces, missing = [], CHUNK
    while missing and (piece := source.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def write(chunks: Iterator[bytes], out: Path, sha256: str | None) -> int:
    """Write to a neighbour first; give the size."""
    digest, size = hashlib.sha256(), 0
    descriptor, name = tempfile.mkstemp(dir=out.parent, prefix=".opening-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            for chunk in chunks:
                digest.update(chunk)
                size += file.write(chunk)
        compare(digest.hexdigest(), sha256)
        Path(name).replace(out)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return size


def compare(found: str, expected: str | None) -> None:
    """Refuse a file that is not the captured one."""
    if expected and found != expected.lower():
        raise OpenError("the attachment is not the one that was captured")


def text_of(name: str) -> str:
    """A file's text, or standard input's."""
    return sys.stdin.read() if name == "-" else Path(name).read_text()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    key = parser.add_mutually_exclusive_group(required=True)
    key.add_argument("--grant", help="file with the JSON answer; - is standard input")
    key.add_argument("--key-file", help="file with the key alone; - is standard input")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--url", help="where the ciphertext is, if not as the grant says")
    source.add_argument("--file", type=Path, help="the ciphertext, if it is here already")
    parser.add_argument("--part", help="as the grant says: attachment-1, attachment-2, …")
    parser.add_argument("--sha256", help="of the file, hexadecimal; taken from the grant")
    parser.add_argument("--out", type=Path, required=True, help="where the file goes")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    grant = json.loads(text_of(given.grant)) if given.grant else {}
    key = grant["key"] if given.grant else text_of(given.key_file).strip()
    part: str = given.part or grant.get("part") or ""
    url: str = given.url or grant.get("url") or ""
    if not part or not (url or given.file):
        print("say --part, and --url or --file, or give a whole --grant", file=sys.stderr)
        return 2
    if given.out.exists():
        print(f"{given.out} exists already", file=sys.stderr)
        return 2
    if url and not given.file and not url.startswith(("https://", "http://")):
        print("the URL must begin with https:// or http://", file=sys.stderr)
        return 2
    try:
        raw = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))
        source: BinaryIO = given.file.open("rb") if given.file else urllib.request.urlopen(url)
        with source:
            chunks = opened(raw, part, source)
            size = write(chunks, given.out, given.sha256 or grant.get("sha256"))
    except (OpenError, OSError, ValueError) as failure:
        print(f"not opened: {failure}", file=sys.stderr)
        return 1
    print(f"{given.out}: {size} bytes, authentic")
    return 0


if __name__ == "__main__":
    sys.exit(main())
