"""Authorisations: valid for what they were made for, for fifteen minutes, and nothing else."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lethe.crypto.authorisation import (
    LIFETIME,
    MAX_TOKEN,
    Authorised,
    Covered,
    Verdict,
    check,
    mint,
    text_digest,
)
from lethe.domain.classification import LegalBasis
from lethe.domain.register import Pseudonym

KEY = bytes(range(32))
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
COVERED = Covered("sms", Pseudonym("S" * 43), Pseudonym("R" * 43), "Your parcel is here.")
AUTHORISED = Authorised("service", LegalBasis.CONTRACT, "ab" * 16, 7, NOW + LIFETIME)
TOKEN = mint(KEY, COVERED, AUTHORISED)


def test_it_allows_what_it_was_made_for() -> None:
    assert check(KEY, COVERED, TOKEN, NOW) == (Verdict.VALID, AUTHORISED)


def test_it_ends_to_the_second_and_still_says_what_it_was() -> None:
    last = AUTHORISED.expires - timedelta(microseconds=1)
    assert check(KEY, COVERED, TOKEN, last)[0] is Verdict.VALID
    assert check(KEY, COVERED, TOKEN, AUTHORISED.expires) == (Verdict.EXPIRED, AUTHORISED)


@pytest.mark.parametrize(
    "other",
    [
        replace(COVERED, channel="whatsapp"),
        replace(COVERED, sender=Pseudonym("T" * 43)),
        replace(COVERED, recipient=Pseudonym("S" * 43)),
        replace(COVERED, text="Your parcel is here!"),
        replace(COVERED, sender=COVERED.recipient, recipient=COVERED.sender),
    ],
)
def test_for_anything_else_it_is_invalid_and_says_nothing(other: Covered) -> None:
    assert check(KEY, other, TOKEN, NOW) == (Verdict.INVALID, None)


@pytest.mark.parametrize(
    "forged",
    [
        replace(AUTHORISED, purpose="marketing"),
        replace(AUTHORISED, legal_basis=LegalBasis.CONSENT),
        replace(AUTHORISED, evidence="cd" * 16),
        replace(AUTHORISED, policy_version=8),
        replace(AUTHORISED, expires=AUTHORISED.expires + timedelta(seconds=1)),
    ],
)
def test_no_claim_can_be_changed(forged: Authorised) -> None:
    claims = mint(bytes(32), COVERED, forged).split(".")[1]
    version, _, mac = TOKEN.split(".")
    assert check(KEY, COVERED, f"{version}.{claims}.{mac}", NOW) == (Verdict.INVALID, None)


def test_another_key_makes_another_token() -> None:
    assert check(bytes(32), COVERED, TOKEN, NOW) == (Verdict.INVALID, None)


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "1..",
        TOKEN + "=",
        TOKEN + " ",
        " " + TOKEN,
        TOKEN + ".",
        TOKEN.upper(),
        "2" + TOKEN[1:],
        TOKEN[:-1],
        TOKEN.replace(".", "!.", 1),
        TOKEN.replace(".", ".!", 1),
        "1.é." + TOKEN.split(".")[2],
        "1.\ud800.",
        "1" * (MAX_TOKEN + 1),
    ],
)
def test_what_is_no_token_of_ours_is_invalid(token: str) -> None:
    assert check(KEY, COVERED, token, NOW) == (Verdict.INVALID, None)


@given(st.integers(0, len(TOKEN) - 1), st.characters(codec="ascii"))
def test_no_character_can_be_changed(at: int, character: str) -> None:
    changed = TOKEN[:at] + character + TOKEN[at + 1 :]
    assert (check(KEY, COVERED, changed, NOW)[0] is Verdict.VALID) is (changed == TOKEN)


@given(st.text())
def test_any_text_can_be_authorised(text: str) -> None:
    covered = replace(COVERED, text=text)
    assert check(KEY, covered, mint(KEY, covered, AUTHORISED), NOW)[0] is Verdict.VALID


def test_a_text_survives_what_mail_and_phones_do_to_it() -> None:
    sent, arrived = "Grüße\nfrom us", "Gru\u0308ße\r\nfrom us  \r\n"
    assert text_digest(sent) == text_digest(arrived)
    assert text_digest("a b") != text_digest("ab")
    assert text_digest(" a") != text_digest("a")


def test_it_shows_nobody_and_no_text() -> None:
    claims = urlsafe_b64decode(TOKEN.split(".")[1] + "==").decode()
    assert claims == f'["service","Art. 6(1)(b)","{"ab" * 16}",7,1773144900]'
    assert len(TOKEN) < 180


def test_it_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(a: bytes, b: bytes) -> bool:
        compared.append((a, b))
        return False

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert check(KEY, COVERED, TOKEN, NOW)[0] is Verdict.INVALID
    assert len(compared) == 1
