"""The words of receipts: a language is a file of `receipt_texts`; another gets the first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from lethe.domain.consent import EVERY
from lethe.domain.policy import Policy

LANGUAGES: Final = ("en", "de", "fr")
_LINK: Final = "{url}"


def words(language: str) -> Mapping[str, str]:
    """Return the sentences of a language by event type, and some words besides."""
    return _words(language if language in LANGUAGES else LANGUAGES[0])


def withdrawal_method(channel: str, language: str, policy: Policy) -> str:
    """Return how what was given on a channel is taken back, without the link of one message."""
    settings = policy.channels.get(channel)
    line = settings.withdrawal_line.get(language, "") if settings is not None else ""
    if line and _LINK not in line:
        return line
    contact = policy.notice.rights_contact or policy.controller.contact
    way = "by_link" if _LINK in line or channel == "email" else "by_keyword"
    way = "by_contact" if channel == EVERY else way
    return words(language)[way].format(contact=contact)


@cache
def _words(language: str) -> Mapping[str, str]:
    content = files("lethe.domain").joinpath(f"receipt_texts/{language}.json").read_text("utf-8")
    found: dict[str, str] = json.loads(content)
    return found
