"""The policy: what is kept, why, how long, and who may end it (Art. 5(1), 6 and 17 GDPR)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, Field, model_validator

from lethe.domain.channel_settings import ChannelSettings
from lethe.domain.classification import (
    Classification,
    ClassificationRule,
    Facts,
    Name,
    RuleResult,
)
from lethe.domain.controller import Controller, NoticeFacts
from lethe.domain.errors import FieldProblem, InvalidInputError
from lethe.domain.periods import Period, PeriodField
from lethe.domain.purposes import Purpose
from lethe.domain.reviews import STRICT, Review, Text
from lethe.domain.validation import wrong_at
from lethe.domain.vendors import Vendor

_STRICT: Final = STRICT
_NO_WINDOW: Final = Period()


class Starts(StrEnum):
    """From which day a period counts."""

    MESSAGE_DAY = "message_day"
    END_OF_YEAR = "end_of_year"


class ErasureRule(StrEnum):
    """Whose erasure ends a message."""

    AUTHOR = "author"
    ANY_PARTY = "any_party"


class DeletableBy(StrEnum):
    """Who may delete one message within the window."""

    EXTERNAL = "external"
    ANY_PARTICIPANT = "any_participant"
    NOBODY = "nobody"


class OnErasure(StrEnum):
    """What an erasure does to a person's messages of a class."""

    ERASE = "erase"
    REVIEW = "review"
    KEEP = "keep"


def _keeps(fields: dict[str, Any]) -> bool:
    return fields.get("on_erasure") is OnErasure.KEEP


class RetentionClass(BaseModel):
    """How long messages of one sort are kept, on what basis, and what ends them earlier."""

    model_config = _STRICT

    description: Text
    period: PeriodField
    starts: Starts = Starts.MESSAGE_DAY
    legal_basis: Text
    erasure_rule: ErasureRule = ErasureRule.AUTHOR
    on_erasure: OnErasure = OnErasure.ERASE
    keep_article: Text | None = None
    deletable_by: DeletableBy = DeletableBy.EXTERNAL
    deletion_window: PeriodField = _NO_WINDOW
    keep_original: bool = Field(default_factory=_keeps)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        wrong = []
        if self.keeps and self.keep_article is None:
            wrong.append((("keep_article",), "on_erasure: keep needs the article that demands it."))
        if not self.keeps and self.keep_article is not None:
            wrong.append((("keep_article",), "Only on_erasure: keep has an article."))
        if self.keeps and self.deletable_by is not DeletableBy.NOBODY:
            wrong.append((("deletable_by",), "on_erasure: keep demands nobody."))
        if self.keeps and self.erasure_rule is not ErasureRule.AUTHOR:
            wrong.append((("erasure_rule",), "on_erasure: keep has no erasure rule: leave it out."))
        nobody = self.deletable_by is DeletableBy.NOBODY
        if nobody is not (self.deletion_window == _NO_WINDOW):
            expected = "Give a window exactly where somebody may delete."
            wrong.append((("deletion_window",), expected))
        if wrong:
            raise wrong_at(wrong, "RetentionClass")
        return self

    @property
    def keeps(self) -> bool:
        """Say whether a legal duty keeps its messages until the period ends."""
        return self.on_erasure is OnErasure.KEEP

    def end_date(self, day: date) -> date:
        """Return the first day (UTC) on which a message of `day` is over."""
        counts_from = date(day.year, 12, 31) if self.starts is Starts.END_OF_YEAR else day
        return self.period.over(counts_from)

    def deletable_until(self, day: date) -> date:
        """Return the last day (UTC) on which a message of `day` may be deleted alone."""
        return self.deletion_window.last_day(day)


class OwnRecord(BaseModel):
    """One sort of Lethe's own records: what is in it, on what basis, and for how long."""

    model_config = _STRICT

    content: Text
    legal_basis: Text
    starts: Text
    period: PeriodField | None = None
    personal_data: bool


class Reclassification(BaseModel):
    """Messages of one class, of some days, that end as another class would end them, if earlier."""

    model_config = _STRICT

    from_class: Name
    to_class: Name
    first_day: date
    last_day: date


class Policy(BaseModel):
    """The whole policy; a version of it is in force from the moment it is stored."""

    model_config = _STRICT

    schema_version: Literal[1]
    controller: Controller
    default_class: Name
    default_purpose: Name
    classes: dict[Name, RetentionClass] = Field(min_length=1, max_length=100)
    purposes: dict[Name, Purpose] = Field(min_length=1, max_length=100)
    rules: tuple[ClassificationRule, ...] = Field(default=(), max_length=1000)
    function_shards: int = Field(default=4, ge=1, le=64)
    records: dict[Name, OwnRecord] = Field(default_factory=dict, max_length=100)
    channels: dict[Name, ChannelSettings] = Field(default_factory=dict, max_length=100)
    vendors: dict[Name, Vendor] = Field(default_factory=dict, max_length=100)
    notice: NoticeFacts = Field(default_factory=NoticeFacts)
    reclassifications: tuple[Reclassification, ...] = Field(default=(), max_length=100)
    review: Review | None = None

    @model_validator(mode="after")
    def _names_what_exists(self) -> Self:
        no_class, no_purpose = "No class has this name.", "No purpose has this name."
        wrong: list[tuple[tuple[str | int, ...], str]] = []
        if self.default_class not in self.classes:
            wrong.append((("default_class",), no_class))
        elif self.classes[self.default_class].keeps:
            wrong.append((("default_class",), "The default must not be a class that keeps."))
        if self.default_purpose not in self.purposes:
            wrong.append((("default_purpose",), no_purpose))
        for at, rule in enumerate(self.rules):
            if rule.cls not in self.classes:
                wrong.append((("rules", at, "class"), no_class))
            if rule.purpose is not None and rule.purpose not in self.purposes:
                wrong.append((("rules", at, "purpose"), no_purpose))
            if not set(rule.when.purpose) <= self.purposes.keys():
                wrong.append((("rules", at, "when", "purpose"), no_purpose))
        if wrong:
            raise wrong_at(wrong, "Policy")
        return self

    def classify(self, facts: Facts) -> Classification:
        """Return what the first matching rule says, else the default class; never nothing."""
        self._check_declared(facts)
        for at, rule in enumerate(self.rules):
            if not rule.when.failed(facts):
                return self._classification(rule.cls, rule.purpose or facts.purpose, at)
        return self._classification(self.default_class, facts.purpose, None)

    def explain(self, facts: Facts) -> tuple[RuleResult, ...]:
        """Return how every rule fared, so that an officer sees why a message got its class."""
        decided = self.classify(facts).rule_index
        return tuple(
            RuleResult(at, rule.when.failed(facts), at == decided)
            for at, rule in enumerate(self.rules)
        )

    def effective_end(self, cls: str, day: date, end: date) -> date:
        """Return the day on which a message is over: what was fixed at capture, or earlier.

        A policy that shortens a period shortens it for what exists; it never lengthens. A class
        that keeps by law, or that the policy no longer knows, stands as recorded.
        """
        known = self.classes.get(cls)
        if known is None or known.keeps:
            return end
        return min(end, known.end_date(day))

    def refused_changes(self, previous: Policy) -> tuple[FieldProblem, ...]:
        """Return what this policy may not change about classes that messages were sealed under."""
        expected = "Messages exist under this; name a new class instead."
        return tuple(
            FieldProblem(f"/classes/{name}/{field}", expected)
            for name, old in previous.classes.items()
            if (new := self.classes.get(name)) is not None
            for field, changed in (
                ("on_erasure", new.keeps is not old.keeps),
                ("erasure_rule", new.erasure_rule is not old.erasure_rule),
            )
            if changed
        )

    def _check_declared(self, facts: Facts) -> None:
        if facts.purpose and facts.purpose not in self.purposes:
            problem = FieldProblem("/purpose", "The policy has no purpose of this name.")
            raise InvalidInputError("The purpose is unknown.", (problem,))

    def _classification(self, cls: str, purpose: str, rule_index: int | None) -> Classification:
        purpose = purpose or self.default_purpose
        return Classification(cls, purpose, self.purposes[purpose].legal_basis, rule_index)


def load_default() -> Policy:
    """Return the policy that a new deployment starts with, from policy_default.yaml."""
    import json  # noqa: PLC0415 - needed once in the life of a deployment
    from importlib.resources import files  # noqa: PLC0415 - as above

    import yaml  # noqa: PLC0415 - as above

    text = files("lethe.domain").joinpath("policy_default.yaml").read_text("utf-8")
    return Policy.model_validate_json(json.dumps(yaml.safe_load(text)))
