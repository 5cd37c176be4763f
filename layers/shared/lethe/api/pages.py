"""Pages that people read: templates under which every word that comes from elsewhere is escaped."""

from __future__ import annotations

import base64
import re
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape

from lethe.domain.languages import Run, text_of

_LINKS: Final = re.compile(
    r"(?P<url>https?://[^\s<>\"]*[^\s<>\".,;:!?)])"
    r"|(?P<mail>[\w.%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+)"
)
_MARKED: Final = re.compile(r"([\\`*_\[\]#|~])")
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_OPENERS: Final = re.compile(r"^(\d{0,9})([-+=.)])")
"""What makes a list or a heading where a line begins with it."""


def style(name: str) -> Markup:
    """Return a style sheet of ours, as it stands in a page."""
    return Markup(_source(name).replace("\n", ""))  # noqa: S704 - a file of ours


def policy_for(name: str) -> str:
    """Return the Content-Security-Policy of a page that has this style sheet and nothing else."""
    digest = base64.b64encode(sha256(style(name).encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    )


def html(template: str, **values: Any) -> str:  # noqa: ANN401 - whatever a template shows
    """Return a page as HTML."""
    return _html().get_template(template).render(values)


def markdown(template: str, **values: Any) -> str:  # noqa: ANN401 - as above
    """Return a page as Markdown, in which nothing marks up but the template."""
    text = _markdown().get_template(template).render(values)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def linked(runs: list[Run]) -> Markup:
    """Return runs as HTML, in which addresses are links and other languages are marked."""
    return Markup("").join(
        _linked(run)
        if isinstance(run, str)
        else Markup('<span lang="{}">{}</span>').format(run[1], _linked(run[0]))
        for run in runs
    )


def escaped(text: object) -> object:
    """Return text so that Markdown shows it as it is; what a template made stays."""
    if isinstance(text, Markup) or not isinstance(text, str):
        return text
    plain = re.sub(r"[\r\n\t\v\f\u2028\u2029]+", " ", text)
    plain = "".join(_ENTITIES.get(character, character) for character in plain)
    return Markup(_OPENERS.sub(r"\1\\\2", _MARKED.sub(r"\\\1", plain)))  # noqa: S704 - escaped here


def said(runs: list[Run]) -> str:
    """Return runs as one string."""
    return text_of(runs)


def _linked(text: str) -> Markup:
    parts: list[Markup] = []
    end = 0
    for found in _LINKS.finditer(text):
        parts.append(escape(text[end : found.start()]))
        target = found["url"] or f"mailto:{found['mail']}"
        parts.append(Markup('<a href="{}">{}</a>').format(target, found[0]))
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


@cache
def _html() -> Environment:
    made = Environment(loader=FunctionLoader(_source), autoescape=True, undefined=StrictUndefined)
    made.filters["linked"] = linked
    return made


@cache
def _markdown() -> Environment:
    made = Environment(
        loader=FunctionLoader(_source),
        autoescape=True,
        finalize=escaped,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    made.filters["said"] = said
    return made


@cache
def _source(name: str) -> str:
    return files("lethe.api").joinpath("templates", name).read_text("utf-8")
