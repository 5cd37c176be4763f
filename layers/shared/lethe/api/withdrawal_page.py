"""The page behind a withdrawal link: one button, no script, nothing from elsewhere, no address.

A language is a file of `withdrawal_texts`. To look at the page changes nothing: mail programs
and scanners open links by themselves (RFC 8058).
"""

from __future__ import annotations

import json
from base64 import b64encode
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from aws_lambda_powertools.event_handler.api_gateway import Response

from lethe.domain.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lethe.usecases.withdrawing import ShownLink, Withdrawing

LANGUAGES: Final = ("en", "de", "fr")
"""A language is a file; whoever asks for another one gets the first."""

_EVERY: Final = "*"
_STYLE: Final = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:3rem auto;padding:0 1rem;"
    "color:#1a1a1a;background:#fff}button{font:inherit;padding:.75rem 1.5rem;border:0;"
    "border-radius:.3rem;color:#fff;background:#0b4f8a;cursor:pointer}"
    "button:focus-visible{outline:.2rem solid #1a1a1a;outline-offset:.2rem}"
    "dt{font-weight:600}dd{margin:0 0 .75rem}"
)
_STYLE_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
_PAGE: Final = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{content}
</main>
</body>
</html>
"""


def ask(withdrawing: Withdrawing, token: str, accepted: str | None) -> Response[str]:
    """Answer to a look at a link."""
    try:
        return _asked(withdrawing.shown(token), accepted)
    except NotFoundError:
        return _unknown(accepted)


def withdraw(withdrawing: Withdrawing, token: str, accepted: str | None) -> Response[str]:
    """Answer to the button, and to a mail program's one click, whatever the body says."""
    try:
        return _done(withdrawing.by_link(token), accepted)
    except NotFoundError:
        return _unknown(accepted)


def _asked(shown: ShownLink, accepted: str | None) -> Response[str]:
    """Return the page with the button."""
    language = preferred(accepted)
    words = _words(language)
    content = (
        f"<p>{_filled(words['ask'], shown)}</p>\n"
        f"<h2>{escape(words['about'])}</h2>\n"
        f"<dl>\n<dt>{escape(words['purpose'])}</dt>\n<dd>{escape(_purpose(shown, language))}</dd>\n"
        f"<dt>{escape(words['channel'])}</dt>\n<dd>{escape(_channel(shown, language))}</dd>\n"
        "</dl>\n"
        '<form method="post">\n'
        '<input type="hidden" name="List-Unsubscribe" value="One-Click">\n'
        f'<button type="submit">{escape(words["button"])}</button>\n</form>'
    )
    return _page(200, language, words["title"], content)


def _done(shown: ShownLink, accepted: str | None) -> Response[str]:
    """Return the page that says that it holds."""
    language = preferred(accepted)
    words = _words(language)
    content = (
        f'<p role="status">{_filled(words["done"], shown)}</p>\n<p>{escape(words["lawful"])}</p>'
    )
    return _page(200, language, words["done_title"], content)


def _unknown(accepted: str | None) -> Response[str]:
    """Return the page for what is no link of ours; it does not say why."""
    language = preferred(accepted)
    words = _words(language)
    return _page(404, language, words["unknown_title"], f"<p>{escape(words['unknown'])}</p>")


def preferred(accepted: str | None) -> str:
    """Return the language that an Accept-Language header likes best of those that there are."""
    best, weight = LANGUAGES[0], 0.0
    for part in (accepted or "")[:500].split(","):
        tag, _, parameter = part.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        liked = _weight(parameter)
        if language in LANGUAGES and liked > weight:
            best, weight = language, liked
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.replace(" ", "").partition("=")
    if name.lower() != "q":
        return 1.0
    return float(value) if value.replace(".", "", 1).isdecimal() else 0.0


def _purpose(shown: ShownLink, language: str) -> str:
    purpose = shown.policy.purposes.get(shown.purpose)
    if purpose is None:
        return _words(language)["unknown_purpose"]
    return _own(shown, f"/purposes/{shown.purpose}/description", language) or purpose.description


def _channel(shown: ShownLink, language: str) -> str:
    if shown.channel == _EVERY:
        return _words(language)["every_channel"]
    known = shown.policy.channels.get(shown.channel)
    own = _own(shown, f"/channels/{shown.channel}/description", language)
    return own or (known.description if known else shown.channel)


def _own(shown: ShownLink, place: str, language: str) -> str | None:
    """A text of the company's own in this language, if the policy has it."""
    return shown.policy.notice.translations.get(language, {}).get(place)


def _filled(words: str, shown: ShownLink) -> str:
    return escape(words.format(controller=shown.policy.controller.name))


def _page(status: int, language: str, title: str, content: str) -> Response[str]:
    text = _PAGE.format(language=language, title=escape(title), style=_STYLE, content=content)
    headers: dict[str, str | list[str]] = {**_HEADERS, "Content-Language": language}
    return Response(status, "text/html; charset=utf-8", text, headers)


@cache
def _words(language: str) -> dict[str, str]:
    place = files("lethe.api").joinpath(f"withdrawal_texts/{language}.json")
    words: dict[str, str] = json.loads(place.read_text("utf-8"))
    return words
