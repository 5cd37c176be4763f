"""`make demo`: the sample traffic through a fresh local stack; the last line is JSON.

Every figure is measured on the deployed stack; what it should be is computed from the sample alone.
The exit code is 1 if anything is not as it should be.
"""

from __future__ import annotations

import base64
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lethe.crypto import stream

from tools.demo_campaign import Campaign
from tools.evidence import Evidence
from tools.fake_vendors import FakeVendors
from tools.local_aws import Answer, LocalAws, LocalAwsError
from tools.run import step
from tools.sample_delivery import Delivery, keep_invoices
from tools.sample_messages import Document, Request, Said
from tools.sample_people import SUPPORT_MAIL
from tools.sample_traffic import EXPIRING, Traffic, traffic
from tools.stack import Stack, deploy

FIGURES = (
    "captured",
    "duplicates",
    "read_back",
    "deleted",
    "erased_person_messages",
    "unreadable_after_erasure",
    "purged",
    "expired",
    "ingest_decrypt_denied",
    "kms_calls_in_capture",
)
REASON = {"Access-Reason": "audit DEMO-1"}
PAGE = 7
WAIT_SECONDS = 150.0
NEEDED_BEFORE_MIDNIGHT = timedelta(minutes=6)
OK, CONFLICT, GONE, RESTRICTED = (
    HTTPStatus.OK,
    HTTPStatus.CONFLICT,
    HTTPStatus.GONE,
    HTTPStatus.LOCKED,
)


def main() -> int:
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lethe-", ignore_cleanup_errors=True) as home:
        try:
            _wait_out_midnight()
            aws, vendors = LocalAws(Path(home), record=True), FakeVendors().start()
            with step("starting the local AWS"):
                aws.start()
            try:
                with step("building and deploying"):
                    stack = deploy(aws, vendors)
                tour = Tour(stack, vendors, traffic(datetime.now(UTC).date()))
                tour.go()
            finally:
                with step("stopping"):
                    aws.stop()
                    vendors.stop()
        except LocalAwsError as error:
            print(error, file=sys.stderr)
            return 1
    seconds = time.monotonic() - start
    print(f"\nAll of it took {seconds:.0f} seconds; the local AWS has stopped and left nothing.")
    for failure in tour.failures:
        print(f"NOT AS IT SHOULD BE: {failure}")
    print(json.dumps(tour.figures))
    return 1 if tour.failures else 0


def _wait_out_midnight() -> None:
    """A message belongs to the UTC day on which it comes; the tour needs one that lasts."""
    now = datetime.now(UTC)
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    if midnight - now < NEEDED_BEFORE_MIDNIGHT:
        with step("waiting for the next day (UTC), for the tour needs one that lasts"):
            time.sleep((midnight - now).total_seconds() + 1)


class Tour:
    """Walks the sample through a stack, says what it sees, keeps what is not as it should be."""

    def __init__(self, stack: Stack, vendors: FakeVendors, sample: Traffic) -> None:
        self.figures: dict[str, Any] = dict.fromkeys(FIGURES)
        self.failures: list[str] = []
        self._stack = stack
        self._sample = sample
        self._evidence = Evidence(stack)
        self._ids: dict[str, str] = {}
        self._counted: Counter[int] = Counter()
        self._is_erased = False
        self._steps = 0
        self._delivery = Delivery(stack)
        callers, client = stack.callers, self._delivery.client
        self._requests = client(lambda: callers.machine("requests"))
        self._investigator = client(lambda: callers.staff("investigator"))
        self._erased = frozenset(sample.erased.addresses)
        self._fates = {each.name: each.fate(self._erased) for each in sample.messages}
        self._deleted = {sample.deletable.name}
        self._campaign = Campaign(
            stack, vendors, self._delivery, say=self._say, expect=self._expect
        )

    def go(self) -> None:
        """Take every step in order."""
        self._govern()
        self._capture()
        self._capture_known()
        self._repeat()
        self._read_back()
        self._search()
        self._open_files()
        self._try_to_decrypt()
        self._delete()
        request_id = self._erase()
        self._look_at_what_lives_on()
        since = self._shorten()
        self._wait_for_purge(request_id)
        self._return_of_the_erased()
        self._wait_for_sweep(since)
        self._look_again()
        self._campaign.go()
        self.figures |= self._campaign.figures

    # The steps

    def _govern(self) -> None:
        functions, people = self._delivery.own_addresses(self._sample)
        self._delivery.change_policy(keep_invoices)
        self._say(
            f"Own addresses: {functions} of functions (JSON), {people} of employees (CSV); "
            "invoices@ has a class that keeps."
        )

    def _capture(self) -> None:
        start = time.monotonic()
        counted: Counter[str] = Counter()
        for request in self._sample.first:
            self._send(request)
            counted["mail" if request.mailbox else _way(request)] += len(request.messages)
        days = {said.day for call in self._sample.first for said in call.messages}
        self._say(
            f"Captured {len(self._ids)} messages of {len(days)} days in "
            f"{time.monotonic() - start:.1f} s: {counted['batch']} in batches, "
            f"{counted['single']} one by one, {counted['mail']} mails."
        )

    def _capture_known(self) -> None:
        since = time.time()
        self._send(self._sample.known)
        made = self._stack.recorder.requests("IngestFunction", since=since)
        calls = sum(number for name, number in made.items() if name.startswith("kms:"))
        self.figures["captured"] = len(self._ids)
        self.figures["kms_calls_in_capture"] = calls
        self._expect(calls == 0, "capture between known people makes no KMS call")
        self._expect(bool(made), "the requests of capture are recorded")
        number = len(self._sample.known.messages)
        listed = ", ".join(f"{count} {name}" for name, count in sorted(made.items()))
        self._say(f"{number} more between people met before: {calls} KMS calls ({listed}).")

    def _repeat(self) -> None:
        for request in (*self._sample.repeated, *self._sample.copies, self._sample.conflict):
            self._send(request)
        self.figures["duplicates"] = self._counted[OK]
        self._say(
            f"{self._counted[OK]} repeated deliveries are no new messages, a blind copy of "
            "a mail is a further version of it, other content under a known id is a conflict (409)."
        )

    def _read_back(self) -> None:
        read = [self._compare(said) for said in self._sample.messages]
        self.figures["read_back"] = sum(read)
        self._say(f"Read back by id, with a reason: {sum(read)} of {len(read)} as they were said.")

    def _search(self) -> None:
        for address in (*sorted(self._erased), SUPPORT_MAIL):
            expected = {m.name for m in self._sample.messages if address in m.people}
            pages, found = self._find(address)
            self._expect(found == self._as_ids(expected), "a search finds each message once")
            self._say(f"Search by address: {len(found)} messages, {PAGE} a page, pages: {pages}.")

    def _open_files(self) -> None:
        files = originals = 0
        for said in self._sample.messages:
            path = f"/messages/{self._ids[said.name]}"
            for number, file in enumerate(said.files, 1):
                grant = self._read(f"{path}/attachments/{number}").json()
                files += self._opened(grant) == file.content
            if said.cls == "invoices":
                originals += self._read(f"{path}/original").body == said.raw
        attached = sum(len(said.files) for said in self._sample.messages)
        kept = sum(said.cls == "invoices" for said in self._sample.messages)
        self._expect(files == attached, "every attachment opens to its bytes")
        self._expect(originals == kept, "every kept original comes back bit for bit")
        self._say(f"Opened {files} attachments and {originals} kept originals, bit for bit.")

    def _try_to_decrypt(self) -> None:
        reader, ingest = map(self._evidence.decrypts, ("AccessFunction", "IngestFunction"))
        self._expect(reader, "the reader's role decrypts")
        self._expect(not ingest, "the ingest role does not decrypt")
        self.figures["ingest_decrypt_denied"] = not ingest
        self._say("The role of ingest may not decrypt a person's key; the role of access may.")

    def _delete(self) -> None:
        said = self._sample.deletable
        path = f"/messages/{self._ids[said.name]}"
        body = {"participant": said.places[0].address}
        answer = self._requests.call("POST", f"{path}/deletion", body)
        self._expect(answer.status == OK, "the author deletes a message")
        read = self._read(path).status
        again = self._deliver(said.request())
        self._expect(again in ([OK], [GONE]), "a deleted message is not captured anew")
        self._expect(read == self._read(path).status == GONE, "a deleted message is gone")
        self.figures["deleted"] = int(read == GONE)
        kept = next(each for each in self._sample.messages if each.cls == "invoices")
        path, body = self._ids[kept.name], {"participant": kept.places[0].address}
        refused = self._requests.call("POST", f"/messages/{path}/deletion", body).status
        self._expect(refused == CONFLICT, "an invoice is not deleted")
        self._say(
            f"Deleted one message for its author: read {read}, delivered again and read {read}. "
            f"Deleting an invoice is refused: {refused}."
        )

    def _erase(self) -> str:
        body = {
            "type": "erasure",
            "addresses": sorted(self._erased & _people(self._sample.messages)),
            "ground": "17(1)(b)",
            "identity_verified_by": "code_to_address",
        }
        request = self._requests.read("POST", "/requests", body, Idempotency_Key="demo-erasure-1")
        self._is_erased = True
        ended = self._of_fate("ended")
        statuses = [self._read(f"/messages/{self._ids[name]}").status for name in ended]
        gone = statuses.count(GONE)
        self.figures["erased_person_messages"] = len(ended)
        self.figures["unreadable_after_erasure"] = gone
        self._expect(gone == len(ended) > 0, "what the rule ends is gone from the next read on")
        again = [self._deliver(self._said(name).request(GONE)) for name in ended]
        self._expect(again == [[GONE]] * len(ended), "nothing erased is delivered again")
        self._say(
            f"Erased a person with {len(body['addresses'])} addresses: the rule ends {len(ended)} "
            f"of {sum(f != 'untouched' for f in self._fates.values())} messages; "
            f"read: {gone} × 410; delivered again: {again.count([GONE])} × 410."
        )
        return str(request["request_id"])

    def _look_at_what_lives_on(self) -> None:
        cut, restricted = self._of_fate("cut"), self._of_fate("restricted")
        clean = sum(self._compare(self._said(name)) for name in cut)
        held = sum(
            self._read(f"/messages/{self._ids[name]}").status == RESTRICTED for name in restricted
        )
        same = sum(self._compare(self._said(name)) for name in self._of_fate("untouched"))
        self._expect(held == len(restricted), "what the law keeps is restricted")
        self._say(
            f"{clean} messages of others live on, the person's place without address and name; "
            f"{held} are restricted (423); {same} between others are untouched."
        )

    def _shorten(self) -> float:
        since = time.time()
        preview = self._delivery.change_policy(_shorten_calls)
        [effect] = preview["classes"]
        overdue = effect["existing"]["newly_overdue"]["messages"]
        self._say(
            f"Shortened the class {EXPIRING} to the message's own day: one person proposed it, the "
            f"preview said that {overdue} messages end at the next sweep, another person approved."
        )
        return since

    def _wait_for_purge(self, request_id: str) -> None:
        def completed() -> bool:
            state = self._requests.read("GET", f"/requests/{request_id}")
            self._request = state
            return bool(state["state"] == "completed")

        self._expect(_wait(completed), "the request is completed")
        names = {*self._of_fate("ended"), *self._deleted}
        ids = self._as_ids(names)
        purged: set[str] = set()

        def all_purged() -> bool:
            purged.update(self._evidence.purged(ids))
            return purged == ids

        self._expect(_wait(all_purged), "nothing is left of what ended but tombstones")
        self.figures["purged"] = len(purged)
        again = self._deliver(self._sample.deletable.request(GONE))
        self._expect(again == [GONE], "a deleted message is not taken in again")
        self._say(
            f"The request is {self._request['state']}: purge has verified "
            f"{self._request['versions_purged']} versions; with the deleted one, of {len(purged)} "
            f"messages nothing is left but tombstones. The deleted one once more: {again[0]}."
        )

    def _return_of_the_erased(self) -> None:
        said = self._sample.later
        self._send(said.request())
        self.figures["captured"] = len(self._ids)
        _, found = self._find(said.places[0].address)
        self._expect(self._compare(said), "a later message is read")
        self._expect(found == self._as_ids({said.name}), "a later message is found alone")
        self._say("A new message from the erased address is taken in, and found alone.")

    def _wait_for_sweep(self, since: float) -> None:
        expiring = self._sample.expiring
        _wait(lambda: self._evidence.expired(since) >= len(expiring))
        expired = self._evidence.expired(since)
        self.figures["expired"] = expired
        self._expect(expired == len(expiring), "the schedule ends what the period ends")
        statuses = [self._read(f"/messages/{self._ids[said.name]}").status for said in expiring]
        self._expect(set(statuses) == {GONE}, "what expired is gone")
        days = {said.day.isoformat() for said in expiring}
        self._expect(not days & self._evidence.living_days(EXPIRING), "ended days have no keys")
        self._say(
            f"The scheduled sweep ended {len(days)} days of {EXPIRING} with {expired} messages; "
            f"read: {statuses.count(GONE)} × 410."
        )

    def _look_again(self) -> None:
        expired = {said.name for said in self._sample.expiring}
        gone = {*self._of_fate("ended"), *self._deleted, *expired}
        statuses = [self._read(f"/messages/{self._ids[name]}").status for name in sorted(gone)]
        self._expect(set(statuses) == {GONE}, "what ended stays ended")
        living = [
            said
            for said in (*self._sample.messages, self._sample.later)
            if said.name not in gone and self._fates.get(said.name) != "restricted"
        ]
        same = sum(self._compare(said) for said in living)
        self._say(f"At the end {same} messages read as they should, {len(gone)} are gone.")

    # What the steps have in common

    def _say(self, text: str) -> None:
        self._steps += 1
        print(f"{self._steps:2}. {text}", flush=True)

    def _expect(self, holds: bool, what: str) -> bool:  # noqa: FBT001 - reads like a sentence
        if not holds:
            self.failures.append(what)
        return holds

    def _send(self, request: Request) -> None:
        statuses = self._deliver(request)
        names = [said.name for said in request.messages]
        expected = list(request.statuses)
        self._expect(statuses == expected, f"{names[0]} … is answered {expected}, not {statuses}")

    def _deliver(self, request: Request) -> list[int]:
        """Deliver, and return the status of each message."""
        outcomes = self._delivery.deliver(request)
        for said, (status, captured) in zip(request.messages, outcomes, strict=True):
            if captured:
                self._counted[status] += 1
                self._ids[said.name] = captured["message_id"]
                self._expect(captured["class"] == said.cls, f"{said.name} has its class")
        return [status for status, _ in outcomes]

    def _read(self, path: str) -> Answer:
        return self._investigator.call("GET", path, headers=REASON)

    def _opened(self, grant: Document) -> bytes:
        """Return an attachment's bytes: its ciphertext from the bucket, opened with its own key."""
        place = urlsplit(grant["url"])
        sealed = self._stack.aws.http("GET", f"{place.path}?{place.query}").body
        key = base64.urlsafe_b64decode(grant["key"])
        return b"".join(stream.open_stream(key, [sealed], grant["part"].encode()))

    def _compare(self, said: Said) -> bool:
        """Say whether a message reads as it was said, but for what the erased person took along."""
        answer = self._read(f"/messages/{self._ids[said.name]}")
        is_same = answer.status == OK and not _differences(answer.json(), said, self._hidden(said))
        return self._expect(is_same, f"{said.name} reads as it was said: {answer.status}")

    def _hidden(self, said: Said) -> frozenset[str]:
        return self._erased if self._is_erased and said is not self._sample.later else frozenset()

    def _find(self, address: str) -> tuple[int, set[str]]:
        """Search page by page; return the number of pages and the ids found."""
        body: Document = {"address": address, "reason": REASON["Access-Reason"], "limit": PAGE}
        found: list[str] = []
        pages = 0
        while True:
            page = self._investigator.read("POST", "/messages/search", body)
            pages += 1
            found += [message["message_id"] for message in page["messages"]]
            if not page["cursor"]:
                self._expect(len(found) == len(set(found)), "no page repeats a message")
                return pages, set(found)
            body["cursor"] = page["cursor"]

    def _of_fate(self, fate: str) -> list[str]:
        return [
            name
            for name, its_fate in self._fates.items()
            if its_fate == fate and name not in self._deleted
        ]

    def _said(self, name: str) -> Said:
        return next(each for each in self._sample.messages if each.name == name)

    def _as_ids(self, names: Iterable[str]) -> set[str]:
        return {self._ids[name] for name in names}


def _way(request: Request) -> str:
    return "batch" if request.path.endswith("/batch") else "single"


def _people(messages: Iterable[Said]) -> frozenset[str]:
    return frozenset(address for said in messages for address in said.people)


def _shorten_calls(policy: Document) -> None:
    policy["classes"][EXPIRING]["period"] = "P0D"


def _differences(read: Document, said: Said, hidden: frozenset[str]) -> list[str]:
    """Return what of a read message is not as said; the places of `hidden` are to be empty."""
    version = read["versions"][0]
    expected = {
        "body": said.body,
        "html": said.html,
        "subject": said.subject,
        "attachments": [file.note for file in said.files],
        "class": said.cls,
        "participants": sorted(
            (place.role, "", "")
            if place.address in hidden
            else (place.role, place.address, place.name)
            for place in said.places
        ),
    }
    got = {
        **{name: version[name] for name in ("body", "html", "subject")},
        "attachments": [
            (file["name"], file["media_type"], file["size"], file["sha256"])
            for file in version["attachments"]
        ],
        "class": read["class"],
        "participants": sorted(
            (each["role"], each["address"] or "", each["name"]) for each in read["participants"]
        ),
    }
    differences = [name for name in expected if expected[name] != got[name]]
    if said.time and datetime.fromisoformat(version["time"]) != said.time:
        differences.append("time")
    text = json.dumps(read, ensure_ascii=False)
    words = {place.name for place in said.places if place.address in hidden} | hidden
    if any(word in text for word in words):
        differences.append("the person's name or address")
    return differences


def _wait(condition: Callable[[], bool]) -> bool:
    """Look once a second until the condition holds; say whether it did in time."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(1)
    return False


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
