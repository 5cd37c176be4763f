"""What a notice must say by law and the policy does not yet (Art. 13, 14, 88)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lethe.domain import disclosures as of
from lethe.domain.classification import LegalBasis
from lethe.domain.countries import EEA
from lethe.domain.errors import FieldProblem
from lethe.domain.in_force import Audience
from lethe.domain.live import LiveSettings
from lethe.domain.policy import Policy

_REPRESENTATIVE: Final = (
    "A company outside the EEA names its representative in the Union (Art. 13(1)(a), 27)."
)
_OFFICER: Final = (
    "Say how the data protection officer is reached, or that none is designated and who answers"
    " instead (Art. 13(1)(b))."
)
_AUTHORITY: Final = "Name the authority that receives complaints (Art. 13(2)(d))."
_SOURCES: Final = "Say where data come from that the person did not give (Art. 14(2)(f))."
_AUTOMATED: Final = "Say whether anything is decided by machine alone, and how (Art. 13(2)(f))."
_REQUIREMENT: Final = (
    "Say whether the data must be given and what follows if not, here or for all purposes in"
    " /notice/requirement (Art. 13(2)(e))."
)
_EMPLOYEES: Final = "Say what employees are told besides: agreement, national rules (Art. 88)."
_TRANSFERS: Final = "Data reach a third country; name the safeguard of each (Art. 13(1)(f))."
_STORAGE: Final = (
    "The stack stands in a third country; register its provider with the safeguard of the transfer"
    " (Art. 13(1)(f))."
)
_TRANSLATIONS: Final = "Each translation names the place of a text in the policy."
_MUST_BE_GIVEN: Final = frozenset({LegalBasis.CONTRACT, LegalBasis.LEGAL_OBLIGATION})


def problems(
    policy: Policy, live: LiveSettings, audience: Audience | None = None
) -> tuple[FieldProblem, ...]:
    """Return each field that a notice needs and the policy lacks; of one audience, or of all."""
    found = {**dict(_facts(policy)), **dict(_transfers(policy, live)), **dict(_lost(policy))}
    if audience is not Audience.EXTERNAL and policy.notice.employees is None:
        found["/notice/employees"] = _EMPLOYEES
    return tuple(FieldProblem(pointer, expected) for pointer, expected in found.items())


def _facts(policy: Policy) -> Iterator[tuple[str, str]]:
    controller, notice = policy.controller, policy.notice
    if controller.country not in EEA and controller.representative is None:
        yield "/controller/representative", _REPRESENTATIVE
    if controller.data_protection_officer is None:
        yield "/controller/data_protection_officer", _OFFICER
    if controller.supervisory_authority is None:
        yield "/controller/supervisory_authority", _AUTHORITY
    if not notice.sources:
        yield "/notice/sources", _SOURCES
    if notice.automated_decisions is None:
        yield "/notice/automated_decisions", _AUTOMATED
    for name, purpose in policy.purposes.items():
        wanted = purpose.legal_basis in _MUST_BE_GIVEN and notice.requirement is None
        if wanted and purpose.requirement is None:
            yield f"/purposes/{name}/requirement", _REQUIREMENT


def _transfers(policy: Policy, live: LiveSettings) -> Iterator[tuple[str, str]]:
    for name, vendor in of.vendors(policy).items():
        if of.unsafe_countries(vendor):
            yield f"/vendors/{name}/transfers", _TRANSFERS
    if of.storage_is_unsafe(policy, live):
        yield "/vendors", _STORAGE


def _lost(policy: Policy) -> Iterator[tuple[str, str]]:
    """Name the languages in which a translation belongs to nothing."""
    document = policy.model_dump(mode="json")
    for language, texts in policy.notice.translations.items():
        if not all(isinstance(_at(document, place), str) for place in texts):
            yield f"/notice/translations/{language}", _TRANSLATIONS


def _at(document: object, pointer: str) -> object:
    for step in pointer.split("/")[1:]:
        if isinstance(document, dict):
            document = document.get(step)
        elif isinstance(document, list) and step.isdigit() and int(step) < len(document):
            document = document[int(step)]
        else:
            return None
    return document
