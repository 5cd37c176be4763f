"""The policy: what is kept, why, how long, and who may end it (Art. 5(1), 6 and 17 GDPR)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from pathlib import Path
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
from lethe.domain.earlier_periods import (
    EarlierPeriod,
    Reclassification,
    Starts,
    end_date,
    without_idle,
)
from lethe.domain.errors import FieldProblem, InvalidInputError
from lethe.domain.periods import Period, PeriodField
from lethe.domain.policy_names import unknown_names
from lethe.domain.purposes import Purpose
from lethe.domain.reviews import STRICT, Review, Text
from lethe.domain.translations import by_place, stale
from lethe.domain.validation import wrong_at
from lethe.domain.vendors import Vendor

_STRICT: Final = STRICT
_NO_WINDOW: Final = Period()


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
        return end_date(self.period, self.starts, day)

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
    earlier_periods: tuple[EarlierPeriod, ...] = Field(default=(), max_length=1000)
    """Written by `after`, so that no version keeps longer what existed before it."""
    review: Review | None = None

    @model_validator(mode="after")
    def _names_what_exists(self) -> Self:
        if wrong := [*unknown_names(self)]:
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

        A policy that shortens a period shortens it for what exists, and so does one that
        reclassifies; none lengthens. A class that keeps by law stands as recorded.
        """
        known = self.classes.get(cls)
        if known is not None and known.keeps:
            return end
        by_class = [known.end_date(day)] if known is not None else []
        moved = [
            self.classes[one.to_class].end_date(day)
            for one in self.reclassifications
            if one.from_class == cls and one.covers(day)
        ]
        earlier = [
            one.end_date(day)
            for one in self.earlier_periods
            if one.of_class == cls and one.covers(day)
        ]
        return min([end, *by_class, *moved, *earlier])

    def after(self, previous: Policy, today: date) -> Policy:
        """Return this policy as it follows another: what that one would have ended, still ends.

        A longer period under an old name, a class or a reclassification that is gone would else
        keep what exists longer than the policy that was in force said (Art. 5(1)(b), (e)).
        """
        own = self._promises(date.max)
        lost = [p for p in previous._promises(today) if not any(mine.keeps(p) for mine in own)]
        earlier = without_idle([*self.earlier_periods, *lost])
        return self.model_copy(update={"earlier_periods": earlier})

    def refused_changes(self, previous: Policy) -> tuple[FieldProblem, ...]:
        """Return what may not change like this: what messages were sealed under, and by halves."""
        return (*self._sealed_under(previous), *stale(self, previous))

    def _sealed_under(self, previous: Policy) -> Iterator[FieldProblem]:
        expected = "Messages exist under this; name a new class instead."
        for name, old in previous.classes.items():
            new = self.classes.get(name)
            if new is not None and new.keeps is not old.keeps:
                yield FieldProblem(f"/classes/{name}/on_erasure", expected)
            if new is not None and new.erasure_rule is not old.erasure_rule:
                yield FieldProblem(f"/classes/{name}/erasure_rule", expected)

    def _promises(self, until: date) -> tuple[EarlierPeriod, ...]:
        """Return by when it ends what exists, of message days up to `until`."""
        spans: list[tuple[str, RetentionClass, date | None, date]] = [
            (name, retention, None, until)
            for name, retention in self.classes.items()
            if not retention.keeps
        ]
        spans += [
            (one.from_class, self.classes[one.to_class], one.first_day, min(one.last_day, until))
            for one in self.reclassifications
            if one.first_day is None or one.first_day <= until
        ]
        made = (
            EarlierPeriod(
                of_class=name, period=to.period, starts=to.starts, first_day=first, last_day=last
            )
            for name, to, first, last in spans
        )
        return (*made, *self.earlier_periods)

    def _check_declared(self, facts: Facts) -> None:
        if facts.purpose and facts.purpose not in self.purposes:
            problem = FieldProblem("/purpose", "The policy has no purpose of this name.")
            raise InvalidInputError("The purpose is unknown.", (problem,))

    def _classification(self, cls: str, purpose: str, rule_index: int | None) -> Classification:
        purpose = purpose or self.default_purpose
        return Classification(cls, purpose, self.purposes[purpose].legal_basis, rule_index)


def load_default() -> Policy:
    """Return the policy that a new deployment starts with, from policy_default.yaml."""
    folder = Path(__file__).parent
    document = _yaml((folder / "policy_default.yaml").read_text("utf-8"))
    document["notice"]["translations"] = {
        path.stem: by_place(document, _yaml(path.read_text("utf-8")))
        for path in sorted((folder / "policy_texts").glob("*.yaml"))
    }
    return _read(document)


def read_yaml(text: str) -> Policy:
    """Return the policy that a YAML document writes down; raises ValidationError."""
    return _read(_yaml(text))


def _yaml(text: str) -> Any:  # noqa: ANN401 - whatever the document holds
    import yaml  # noqa: PLC0415 - needed until a first policy is in force

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where it is built
    return yaml.load(text, loader)  # noqa: S506 - both are safe


def _read(document: object) -> Policy:
    import json  # noqa: PLC0415 - as above

    return Policy.model_validate_json(json.dumps(document, default=str))
