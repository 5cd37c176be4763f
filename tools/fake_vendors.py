"""Vendors that run on this machine: they speak as Twilio and the WhatsApp Cloud API do.

    python tools/fake_vendors.py --port 4570

    POST   /2010-04-01/Accounts/<sid>/Messages.json   as Twilio
    POST   /<phone number id>/messages                as the Cloud API
    POST   /script    {"acts": ["refuse:21610", "drop_after"], "to": "+49…"}   what happens next
    GET    /accepted  what was taken, in order
    DELETE /accepted  forget it, and what was scripted

An act is used up by the message that it happens to; `to` keeps it for one number. Acts:
accept; refuse:<code>; status:<status>; slow:<seconds>, then accepted; drop_before and drop_after,
the connection is closed without an answer, before the message was taken or after it;
status_after:<status>, an error although it was taken; garbage, taken and answered with no JSON.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import json
import re
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs
from uuid import uuid4

_TWILIO: Final = re.compile(r"/2010-04-01/Accounts/([^/]+)/Messages\.json")
_WHATSAPP: Final = re.compile(r"/([^/]+)/messages")
_REFUSALS: Final = {
    "20429": (429, "Too Many Requests"),
    "20003": (401, "Authenticate"),
    "21610": (400, "Attempt to send to unsubscribed recipient"),
    "130429": (429, "Rate limit hit"),
    "80007": (400, "Rate limit issues"),
    "190": (401, "Access token has expired"),
    "131000": (500, "Something went wrong"),
}
"""Status and text by code; others are answered 400."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that a vendor took."""

    vendor: str
    id: str
    sender: str
    to: str
    text: str
    document: dict[str, Any]


@dataclass
class FakeVendors:
    """What happens next, and what was taken; `url` is where the vendors are found."""

    port: int = 0
    accepted: list[Accepted] = field(default_factory=list)
    calls: int = 0
    account_sid: str | None = None
    auth_token: str | None = None
    access_token: str | None = None
    """Where these are set, other credentials are refused."""
    _acts: deque[tuple[str, str]] = field(default_factory=deque)
    lock: threading.Lock = field(default_factory=threading.Lock)
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        if self._server is None:
            raise RuntimeError("not started")
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> FakeVendors:
        """Listen, in threads of this process."""
        vendors = self

        class Handler(_Handler):
            world = vendors

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def script(self, *acts: str, to: str = "") -> None:
        """Let these happen to the next messages, or to the next to this number."""
        with self.lock:
            self._acts.extend((act, to) for act in acts)

    def forget(self) -> None:
        with self.lock:
            self.accepted.clear()
            self._acts.clear()
            self.calls = 0

    def sent_to(self, number: str) -> list[str]:
        """The texts that were taken for a number."""
        with self.lock:
            return [one.text for one in self.accepted if one.to.endswith(number)]

    def next_act(self, to: str) -> str:
        with self.lock:
            self.calls += 1
            for place, (act, only) in enumerate(self._acts):
                if not only or to.endswith(only):
                    del self._acts[place]
                    return act
        return "accept"

    def take(self, vendor: str, sender: str, to: str, text: str, document: dict[str, Any]) -> str:
        names = {"twilio": f"SM{uuid4().hex}", "whatsapp": _wamid(to)}
        taken = Accepted(vendor, names[vendor], sender, to, text, document)
        with self.lock:
            self.accepted.append(taken)
        return taken.id


def _wamid(to: str) -> str:
    """An id as the Cloud API makes them: the number can be read out of it."""
    inner = f"{to.removeprefix('+')}\x15{uuid4().hex[:18].upper()}"
    return "wamid." + base64.b64encode(b"\x1d" + inner.encode()).decode()


class _Handler(BaseHTTPRequestHandler):
    world: FakeVendors
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.path == "/script":
            asked = json.loads(body)
            self.world.script(*asked["acts"], to=asked.get("to", ""))
            self._answer(200, {})
        elif found := _TWILIO.fullmatch(self.path):
            self._twilio(found[1], body)
        elif found := _WHATSAPP.fullmatch(self.path):
            self._whatsapp(found[1], body)
        else:
            self._answer(404, {"code": 20404, "message": "not found", "status": 404})

    def do_GET(self) -> None:
        if self.path == "/accepted":
            with self.world.lock:
                taken = [
                    {"vendor": a.vendor, "id": a.id, "to": a.to, "from": a.sender, "text": a.text}
                    for a in self.world.accepted
                ]
            self._answer(200, {"accepted": taken})
        else:
            self._answer(404, {})

    def do_DELETE(self) -> None:
        self.world.forget()
        self._answer(200, {})

    def _twilio(self, sid: str, body: bytes) -> None:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if not self._knows_twilio(sid):
            self._refuse_twilio("20003")
            return
        missing = {"To": 21604, "From": 21603, "Body": 21602}
        for name, code in missing.items():
            if not form.get(name):
                self._refuse_twilio(str(code))
                return

        def take() -> dict[str, Any]:
            to, sender, text = form["To"], form["From"], form["Body"]
            taken = self.world.take("twilio", sender, to, text, form)
            return {
                "sid": taken, "account_sid": sid, "to": to, "from": sender, "body": text,
                "status": "queued", "error_code": None, "error_message": None,
                "direction": "outbound-api", "num_segments": "1", "api_version": "2010-04-01",
                "uri": f"/2010-04-01/Accounts/{sid}/Messages/{taken}.json",
            }  # fmt: skip

        self._act(self.world.next_act(form["To"]), 201, take, self._refuse_twilio)

    def _whatsapp(self, phone_number_id: str, body: bytes) -> None:
        token, known = self.headers.get("Authorization", ""), self.world.access_token
        if known is not None and token != f"Bearer {known}":
            self._refuse_whatsapp("190")
            return
        document = json.loads(body)
        to = document.get("to", "")
        text = document.get("text", {}).get("body", "") or json.dumps(document.get("template"))

        def take() -> dict[str, Any]:
            taken = self.world.take("whatsapp", phone_number_id, to, text, document)
            return {
                "messaging_product": "whatsapp",
                "contacts": [{"input": to, "wa_id": to.removeprefix("+")}],
                "messages": [{"id": taken, "message_status": "accepted"}],
            }

        self._act(self.world.next_act(to), 200, take, self._refuse_whatsapp)

    def _act(self, act: str, status: int, take: Any, refuse: Any) -> None:
        name, _, value = act.partition(":")
        match name:
            case "refuse":
                refuse(value)
            case "status":
                self._answer(int(value), {})
            case "status_after":
                take()
                self._answer(int(value), {})
            case "drop_before":
                self._drop()
            case "drop_after":
                take()
                self._drop()
            case "garbage":
                take()
                self._send(status, b"<html>taken</html>")
            case "slow":
                time.sleep(float(value))
                self._answer(status, take())
            case _:
                self._answer(status, take())

    def _knows_twilio(self, sid: str) -> bool:
        if self.world.account_sid is None:
            return True
        try:
            scheme, _, given = self.headers.get("Authorization", "").partition(" ")
            user, _, password = base64.b64decode(given).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        known = (self.world.account_sid, self.world.auth_token)
        return scheme == "Basic" and (user, password) == known and sid == user

    def _refuse_twilio(self, code: str) -> None:
        status, message = _REFUSALS.get(code, (400, "The request is not valid"))
        more = f"https://www.twilio.com/docs/errors/{code}"
        self._answer(
            status, {"code": int(code), "message": message, "more_info": more, "status": status}
        )

    def _refuse_whatsapp(self, code: str) -> None:
        status, message = _REFUSALS.get(code, (400, "(#100) Invalid parameter"))
        error = {"message": message, "type": "OAuthException", "code": int(code), "fbtrace_id": "x"}
        self._answer(status, {"error": error})

    def _drop(self) -> None:
        """End the connection as a broken network does."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _answer(self, status: int, document: dict[str, Any]) -> None:
        self._send(status, json.dumps(document).encode())

    def _send(self, status: int, body: bytes) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # whoever called has gone

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base
        """Say nothing: what comes in is about people."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--port", type=int, default=4570)
    vendors = FakeVendors(port=parser.parse_args().port).start()
    print(f"vendors on {vendors.url}")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        vendors.stop()


if __name__ == "__main__":
    main()
