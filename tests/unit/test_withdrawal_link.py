"""The token of a withdrawal link: it opens to what was sealed, shows nothing, and stays ours."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lethe.crypto.withdrawal_link import MAX_TOKEN, WithdrawalLink, open_link, seal_link
from lethe.domain.errors import SealError
from lethe.domain.register import Pseudonym

KEY = bytes(range(32))
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,31}", fullmatch=True)
PSEUDONYMS = st.binary(min_size=32, max_size=32).map(
    lambda raw: Pseudonym(base64.urlsafe_b64encode(raw).rstrip(b"=").decode())
)
LINKS = st.builds(WithdrawalLink, PSEUDONYMS, NAMES, NAMES, PSEUDONYMS)
LINK = WithdrawalLink(Pseudonym("A" * 43), "marketing", "email", "B" * 43)


@given(LINKS)
def test_a_token_opens_to_what_was_sealed(link: WithdrawalLink) -> None:
    token = seal_link(KEY, link)

    assert open_link(KEY, token) == link
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert len(token) < MAX_TOKEN


def test_two_links_of_one_person_have_nothing_in_common() -> None:
    first, second = seal_link(KEY, LINK), seal_link(KEY, LINK)

    assert not set(_chunks(first)) & set(_chunks(second))
    assert LINK.pseudonym[:8] not in first


def test_the_length_does_not_tell_the_purpose() -> None:
    other = WithdrawalLink(LINK.pseudonym, "ads", "sms", LINK.own)

    assert len(seal_link(KEY, LINK)) == len(seal_link(KEY, other))


@pytest.mark.parametrize(
    "token",
    ["", "x", "not a token", "ä" * 80, "A" * 200, "A" * (MAX_TOKEN + 1), "../../policy", "%00"],
)
def test_what_is_no_token_does_not_open(token: str) -> None:
    with pytest.raises(SealError):
        open_link(KEY, token)


def test_a_changed_token_does_not_open() -> None:
    raw = bytearray(base64.urlsafe_b64decode(_padded(seal_link(KEY, LINK))))
    for place in range(len(raw)):
        raw[place] ^= 1
        with pytest.raises(SealError):
            open_link(KEY, base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode())
        raw[place] ^= 1


def test_a_token_of_another_deployment_does_not_open() -> None:
    with pytest.raises(SealError):
        open_link(bytes(32), seal_link(KEY, LINK))


def _padded(token: str) -> str:
    return token + "=" * (-len(token) % 4)


def _chunks(token: str) -> list[str]:
    return [token[at : at + 6] for at in range(len(token) - 6)]
