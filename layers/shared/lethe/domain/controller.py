"""The controller as notices and records of processing name it (Art. 13, 14, 30, 88)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from lethe.domain.reviews import STRICT, LongText, Text
from lethe.domain.vendors import Country

Url = Annotated[str, Field(pattern=r"^https?://[!-~]{1,500}$")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
"""ISO 639-1."""
Pointer = Annotated[str, Field(pattern=r"^(/[a-z0-9_-]{1,64}){1,8}$")]
"""A JSON Pointer (RFC 6901) into the policy document."""


class Controller(BaseModel):
    """The company that runs Lethe, as the notice names it."""

    model_config = STRICT

    name: Text
    contact: Text
    country: Country = "DE"
    representative: Text | None = None
    """In the Union, where the company has no establishment there (Art. 27)."""
    data_protection_officer: Text | None = None
    supervisory_authority: Text | None = None


class ProcessorRole(BaseModel):
    """What the company processes for another controller (Art. 30(2))."""

    model_config = STRICT

    controller: Text
    contact: Text
    categories: tuple[Text, ...] = Field(min_length=1, max_length=50)


class NoticeFacts(BaseModel):
    """What a notice must say and no setting knows."""

    model_config = STRICT

    language: Language = "en"
    """The language in which the policy's own texts are written."""
    translations: dict[Language, dict[Pointer, LongText]] = Field(
        default_factory=dict, max_length=30
    )
    """The policy's own texts in other languages: by the place of each in the document."""
    public_url: Url | None = None
    """Where the notices are found; the API's own address if there is none."""
    sources: tuple[Text, ...] = Field(default=(), max_length=20)
    """Where data come from that the person did not give (Art. 14(2)(f))."""
    automated_decisions: LongText | None = None
    """Whether there are any, with the logic involved (Art. 13(2)(f), 22)."""
    requirement: LongText | None = None
    """Whether data must be given, where a purpose does not say it (Art. 13(2)(e))."""
    rights_contact: Text | None = None
    """Where rights are exercised; the controller's contact if there is none."""
    employees: LongText | None = None
    """What employees are told besides: agreement with the works council, Art. 88."""
    security_measures: tuple[Text, ...] = Field(default=(), max_length=50)
    """Besides those that Lethe itself takes (Art. 30(1)(g), 32)."""
    processor_for: tuple[ProcessorRole, ...] = Field(default=(), max_length=100)
