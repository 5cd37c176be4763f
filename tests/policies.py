"""Small policies for tests, changed field by field."""

from __future__ import annotations

import json
from typing import Any

import pytest
from lethe.domain.policy import Policy
from lethe.domain.validation import problems
from pydantic import ValidationError

A_CLASS: dict[str, Any] = {
    "description": "Anything.",
    "period": "P2Y",
    "legal_basis": "Art. 6(1)(f)",
    "deletion_window": "P30D",
}
KEPT: dict[str, Any] = {
    "description": "Invoices.",
    "period": "P8Y",
    "starts": "end_of_year",
    "legal_basis": "Art. 6(1)(c)",
    "on_erasure": "keep",
    "keep_article": "§ 147 AO",
    "deletable_by": "nobody",
}


def document(**changes: object) -> dict[str, Any]:
    """Return a small policy, changed."""
    small: dict[str, Any] = {
        "schema_version": 1,
        "controller": {"name": "Example GmbH", "contact": "privacy@example.com"},
        "default_class": "general",
        "default_purpose": "service",
        "classes": {"general": A_CLASS, "invoices": KEPT},
        "purposes": {"service": {"description": "Service.", "legal_basis": "Art. 6(1)(b)"}},
    }
    return small | changes


def policy(**changes: object) -> Policy:
    return Policy.model_validate_json(json.dumps(document(**changes)))


def refused(**changes: object) -> set[str]:
    """Return the pointers of what is wrong in a changed policy."""
    with pytest.raises(ValidationError) as error:
        policy(**changes)
    found = problems(error.value)
    assert "canary" not in repr(found)
    return {problem.pointer for problem in found}
