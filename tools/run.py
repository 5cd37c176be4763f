"""`make run`: the whole stack on a local AWS until Ctrl-C; its state lies under .local/run."""

import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from tools.fake_vendors import FakeVendors
from tools.local_aws import ROOT, LocalAws, LocalAwsError, free_port
from tools.sample_delivery import Delivery
from tools.sample_people import CUSTOMERS
from tools.sample_traffic import traffic
from tools.stack import Stack, deploy

HOME = ROOT / ".local" / "run"
WATCH_SECONDS = 1

MESSAGE = {
    "channel": "sms",
    "external_id": "first-message",
    "direction": "inbound",
    "participants": [
        {"address": "tel:+4915112345678", "role": "sender", "name": "Ada Example"},
        {"address": "tel:+4930123456", "role": "recipient"},
    ],
    "body": "Where is my parcel?",
}
QUESTION = {
    "from": "tel:+493023125200",
    "channel": "sms",
    "purpose": "newsletter",
    "recipients": [{"address": "tel:+4915112345678"}],
    "text": "News!",
}
SEARCH = {"address": "tel:+4915112345678", "reason": "audit RUN-1"}


def main() -> int:
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        aws, vendors = LocalAws(HOME, port=remembered_port(HOME)), FakeVendors().start()
        with step("starting the local AWS"):
            aws.start()
        try:
            with step("building and deploying"):
                stack = deploy_over_kept_state(aws, vendors)
            with step("making callers"):
                tokens = make_tokens(stack)
            deliver_sample(stack)
            print(welcome(stack, vendors, tokens), flush=True)
            while aws.alive:
                time.sleep(WATCH_SECONDS)
        finally:
            with step("stopping; the state is kept"):
                aws.stop()
                vendors.stop()
    except KeyboardInterrupt:
        return 0
    except LocalAwsError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"The local AWS ended by itself: see {aws.log}", file=sys.stderr)
    return 1


def deploy_over_kept_state(aws: LocalAws, vendors: FakeVendors) -> Stack:
    try:
        return deploy(aws, vendors)
    except LocalAwsError as error:
        hint = f"If the kept state does not fit this version: rm -rf {HOME.relative_to(ROOT)}"
        raise LocalAwsError(f"{error}\n{hint}") from None


def remembered_port(home: Path) -> int:
    """Return the same port every time: URLs in the kept state name it."""
    home.mkdir(parents=True, exist_ok=True)
    file = home / "port"
    if not file.exists():
        file.write_text(str(free_port()))
    return int(file.read_text())


@contextmanager
def step(name: str) -> Iterator[None]:
    """Show one step and how long it took."""
    start = time.monotonic()
    print(f"· {name} …", end="", flush=True, file=sys.stderr)
    try:
        yield
    except BaseException:
        print(" failed", file=sys.stderr)
        raise
    print(f" {time.monotonic() - start:.1f} s", file=sys.stderr)


def deliver_sample(stack: Stack) -> None:
    """Hand over the sample traffic, once in the life of the state."""
    marker = HOME / "sample"
    if not marker.exists():
        with step("capturing the sample traffic"):
            captured = Delivery(stack).everything(traffic(datetime.now(UTC).date()))
        marker.write_text(f"{captured} messages\n")


def make_tokens(stack: Stack) -> dict[str, str]:
    """Make a token per kind of caller, and leave them in a file for the shell."""
    tokens = {
        "CAPTURE": stack.callers.machine("import"),
        "REQUESTS": stack.callers.machine("requests"),
        "CONSENT": stack.callers.machine("consent"),
        "DISPATCH": stack.callers.machine("dispatch"),
        "OFFICER": stack.callers.staff("privacy-officer"),
    }
    lines = [f"export {name}={value}" for name, value in {"API": stack.api_url, **tokens}.items()]
    file = HOME / "environment"
    file.touch(mode=0o600)
    file.write_text("\n".join(lines) + "\n")
    return tokens


def welcome(stack: Stack, vendors: FakeVendors, tokens: dict[str, str]) -> str:
    environment = (HOME / "environment").relative_to(ROOT)
    sample = (HOME / "sample").read_text().strip()
    machine, officer, asking = (
        f'-H "Authorization: Bearer ${who}"' for who in ("CAPTURE", "OFFICER", "DISPATCH")
    )
    return f"""
Lethe runs. Ctrl-C ends it; `make run` goes on from where it was.

  API      {stack.api_url}
  AWS      {stack.aws.endpoint}
  vendors  {vendors.url}/accepted shows what was sent
  token    {tokens["CAPTURE"]}
  sample   {sample}; search for {CUSTOMERS[0].addresses[0]}

Tokens hold for an hour. In another terminal, first `source {environment}`, then:

  curl -s $API/messages {machine} -d '{json.dumps(MESSAGE)}'
  curl -s $API/messages/search {officer} -d '{json.dumps(SEARCH)}'
  curl -s $API/dispatches {asking} -d '{json.dumps(QUESTION)}'
  curl -s $API/policy {officer}
"""


def _as_interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
