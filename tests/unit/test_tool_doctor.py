"""`make doctor` says in lines what the function finds."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest

from tools import doctor

FOUND = [
    {
        "severity": "problem",
        "code": "review_overdue",
        "place": "/review",
        "facts": {"owner": "privacy", "days": 31},
        "mend": "Its owner looks at it again.",
    },
    {"severity": "hint", "code": "kem_classical", "place": "", "facts": {}, "mend": "Know it."},
]


class Lambda:
    def __init__(self, payload: object, **answer: str) -> None:
        self.answer = {"Payload": BytesIO(json.dumps(payload).encode()), **answer}
        self.event: Any = None

    def invoke(self, *, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803 - AWS
        assert FunctionName == "govern"
        self.event = json.loads(Payload)
        return self.answer


def test_it_runs_the_function_and_writes_what_it_found() -> None:
    client = Lambda({"findings": FOUND})
    assert list(doctor.lines(doctor.examine(client, "govern"))) == [
        "problem: review_overdue /review owner=privacy days=31",
        "    Its owner looks at it again.",
        "hint: kem_classical",
        "    Know it.",
    ]
    assert client.event == {"scheduled": "doctor"}
    assert list(doctor.lines([])) == ["nothing found"]


def test_a_failure_is_no_finding() -> None:
    with pytest.raises(SystemExit):
        doctor.examine(Lambda({}, FunctionError="Unhandled"), "govern")
