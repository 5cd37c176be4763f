"""The last words of a message: how to stop, said in each one that a person may stop (L5, L91)."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import Final

from lethe.domain.addresses import network
from lethe.domain.channel_settings import ChannelSettings
from lethe.domain.classification import LegalBasis
from lethe.domain.outbox import OutMessage
from lethe.domain.purposes import Purpose

_URL: Final = "{url}"
_BY_LINK: Final = {
    "en": "Stop these messages: {url}",
    "de": "Diese Nachrichten abbestellen: {url}",
    "fr": "Ne plus recevoir ces messages : {url}",
}
_BY_KEYWORD: Final = {
    "en": "Reply STOP to end.",
    "de": "Mit STOP antworten beendet.",
    "fr": "Répondez STOP pour arrêter.",
}
"""Said where the policy names no line for the channel; a soft opt-in then is denied anyway."""
_FALLBACK: Final = "en"


def is_withdrawable(purpose: Purpose) -> bool:
    """Say whether a message bears the way to stop: it rests on consent, or is marketing."""
    on_consent = purpose.legal_basis in {LegalBasis.CONSENT, LegalBasis.SOFT_OPT_IN}
    return on_consent or purpose.direct_marketing


def with_withdrawal(
    message: OutMessage, settings: ChannelSettings | None, url: str, *, is_mail: bool
) -> OutMessage:
    """Return the message with its withdrawal line; a mail has the link for one click besides."""
    line = _line(message, settings, is_mail=is_mail)
    said = line.replace(_URL, url)
    gap = " " if message.template else "\n\n" if is_mail else "\n"
    text = message.text if said in message.text else f"{message.text.rstrip()}{gap}{said}".lstrip()
    html = _html(message.html, line, url) if message.html else ""
    return replace(message, text=text, html=html, withdrawal_url=url if is_mail else "")


def _line(message: OutMessage, settings: ChannelSettings | None, *, is_mail: bool) -> str:
    lines = settings.withdrawal_line if settings else {}
    if not lines:
        # Nobody can answer a name; and no link works where no address of ours is known.
        by_link = is_mail or network(message.sender) == "sms-sender"
        lines = _BY_LINK if by_link else _BY_KEYWORD
    return lines.get(message.locale) or lines.get(_FALLBACK) or next(iter(lines.values()))


def _html(html: str, line: str, url: str) -> str:
    link = f'<a href="{escape(url)}">{escape(url)}</a>'
    paragraph = f"<p>{escape(line).replace(_URL, link)}</p>"
    place = html.lower().rfind("</body>")
    return html + paragraph if place < 0 else html[:place] + paragraph + html[place:]
