"""Languages: each is one file in `locales/`, whose sentences are filled with the values of a model.

Nothing here knows what a notice is. A placeholder is `{name}`; `{name:form}` takes the words for
counts from the table of that form, where a language bends them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from string import Formatter
from typing import Any, Final

from lethe.domain.errors import NotFoundError
from lethe.domain.periods import Period
from lethe.domain.statements import (
    Count,
    Document,
    Entry,
    Literal,
    Own,
    Page,
    Section,
    Statement,
    Unit,
    Value,
    Word,
)

Run = str | list[str]
"""Words in the language of the page, or words and the language that they are in."""

_PLAIN: Final = "plain"
_PARSER: Final = Formatter()


@dataclass(frozen=True, slots=True)
class Language:
    """One language: its file, and the company's own words as far as they are translated."""

    code: str
    words: Mapping[str, Any]
    own_language: str = ""
    own: Mapping[str, str] = field(default_factory=dict)

    def of(self, own_language: str, translations: Mapping[str, Mapping[str, str]]) -> Language:
        """Return the language with the company's own words in it."""
        return Language(self.code, self.words, own_language, translations.get(self.code, {}))

    def document(self, sections: tuple[Section, ...]) -> Document:
        """Return sections in words, in the shape of their model."""
        return {
            section.id: {
                "title": self.words["sections"][section.id],
                "statements": self._statements(section.statements),
                "entries": {entry.id: self._entry(entry) for entry in section.entries},
            }
            for section in sections
        }

    def text(self, statement: Statement) -> list[Run]:
        """Return one statement in words."""
        return self.fill(self.words["texts"][statement.says], statement.values)

    def fill(self, sentence: str, values: Mapping[str, Value]) -> list[Run]:
        """Return a sentence of the language's file with values in it."""
        runs: list[Run] = []
        for literal, name, form, _ in _PARSER.parse(sentence):
            runs.append(literal)
            if name is not None:
                runs += self._runs(values[name], form or _PLAIN)
        return _joined(runs)

    def plain(self, value: Value) -> str:
        """Return a value in words, as one string."""
        return text_of(list(self._runs(value, _PLAIN)))

    def _entry(self, entry: Entry) -> Document:
        title = _joined(list(self._runs(entry.title, _PLAIN)))
        return {"title": title, "statements": self._statements(entry.statements)}

    def _statements(self, statements: tuple[Statement, ...]) -> Document:
        return {
            each.id: {
                "label": self.words["labels"][each.label] if each.label else "",
                "text": self.text(each),
            }
            for each in statements
        }

    def _runs(self, value: Value, form: str) -> Iterator[Run]:
        if isinstance(value, tuple):
            yield from self._list(value, form)
        elif isinstance(value, Own):
            yield self._own(value)
        elif isinstance(value, Word):
            yield self._word(value)
        elif isinstance(value, Literal):
            yield value.text
        elif isinstance(value, Page):
            yield value.url.replace("{language}", self.code)
        elif isinstance(value, Period):
            yield self._period(value, form)
        elif isinstance(value, Count):
            yield self._count(value.number, value.unit, form)
        else:
            yield self.day(value)

    def _own(self, own: Own) -> Run:
        translated = self.own.get(own.at)
        text = translated or own.text
        text = text.removesuffix(".") if own.title else text
        foreign = not (translated or own.name or self.own_language == self.code)
        return [text, self.own_language] if foreign else text

    def _word(self, word: Word) -> str:
        """A name that the table lacks stands for itself: a country's code, say."""
        found: str = self.words["words"][word.table].get(word.name, word.name)
        return found

    def _list(self, values: tuple[Value, ...], form: str) -> Iterator[Run]:
        """Values with commas between them, or with semicolons where they have commas themselves."""
        each = [list(self._runs(value, form)) for value in values]
        between = "; " if len(each) > 1 and any("," in text_of(runs) for runs in each) else ", "
        for place, runs in enumerate(each):
            if place:
                yield between
            yield from runs

    def _period(self, period: Period, form: str) -> str:
        parts = [
            self._count(number, unit, form)
            for number, unit in (
                (period.years, Unit.YEAR),
                (period.months, Unit.MONTH),
                (period.days, Unit.DAY),
            )
            if number
        ]
        if not parts:
            return self._count(0, Unit.DAY, form)
        *first, last = parts
        return f"{', '.join(first)} {self.words['and']} {last}" if first else last

    def _count(self, number: int, unit: Unit, form: str) -> str:
        one, many = self.words["units"][form][unit]
        return f"{number}\N{NO-BREAK SPACE}{one if number == 1 else many}"

    def day(self, day: date) -> str:
        """Return a date as the language writes it out."""
        month = self.words["months"][day.month - 1]
        pattern = self.words["date_first" if day.day == 1 else "date"]
        written: str = pattern.format(day=day.day, month=month, year=day.year)
        return written


def text_of(runs: list[Run]) -> str:
    """Return runs as one string."""
    return "".join(run if isinstance(run, str) else run[0] for run in runs)


def available() -> tuple[str, ...]:
    """Return the codes of the languages that have a file."""
    from importlib.resources import files  # noqa: PLC0415 - few calls speak

    found = files("lethe.domain").joinpath("locales").iterdir()
    return tuple(sorted(each.name.removesuffix(".yaml") for each in found))


@cache
def language(code: str) -> Language:
    """Return a language; NotFoundError names those that there are."""
    if code not in available():
        there = ", ".join(available())
        raise NotFoundError(f"There is no text in this language; there are {there}.")
    return Language(code, _words(code))


def _words(code: str) -> dict[str, Any]:
    from importlib.resources import files  # noqa: PLC0415 - few calls speak

    import yaml  # noqa: PLC0415 - as above

    text = files("lethe.domain").joinpath("locales", f"{code}.yaml").read_text("utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    words: dict[str, Any] = yaml.load(text, loader)  # noqa: S506 - both are safe
    return words


def _joined(runs: list[Run]) -> list[Run]:
    """Put neighbours in the language of the page together."""
    joined: list[Run] = []
    for run in runs:
        if isinstance(run, str) and joined and isinstance(joined[-1], str):
            joined[-1] += run
        elif run:
            joined.append(run)
    return joined
