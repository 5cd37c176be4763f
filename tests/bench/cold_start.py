"""Cold starts: a fresh process, the handler imported, its factory built; against a plain handler.

The plain one has Powertools' REST resolver, pydantic and one DynamoDB client. Both run in turn, so
that whatever else the machine does hits both; the median of each counts. No network is needed: a
client connects when it is first used.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from lethe import settings

Figure = dict[str, Any]

ROOT = Path(__file__).parents[2]
BAR = 1.35
ROUNDS = 15
PLAIN = """
import boto3
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from pydantic import BaseModel

class Message(BaseModel):
    body: str

app = APIGatewayRestResolver()
table = boto3.client("dynamodb")

@app.post("/messages")
def post():
    return Message.model_validate(app.current_event.json_body).model_dump()

def handler(event, context):
    return app.resolve(event, context)
"""
OURS = """
import sys
sys.path.insert(0, {folder!r})
import app
from lethe.bootstrap.{name} import {name}
{first}
"""
FIRST = {"consent": "consent().consenting, consent().withdrawing"}
"""What the first call builds, where the factory itself builds nothing yet."""


def figures() -> Iterator[Figure]:
    """Yield the ratio of each function."""
    programs = {"": PLAIN} | {
        name: OURS.format(
            folder=str(ROOT / "functions" / name), name=name, first=FIRST.get(name, f"{name}()")
        )
        for name in settings.BY_FUNCTION
    }
    taken: dict[str, list[float]] = {name: [] for name in programs}
    for counts in (False, *[True] * ROUNDS):
        for name, program in programs.items():
            seconds = _seconds(program)
            if counts:  # the first round fills the caches of the disk
                taken[name].append(seconds)
    plain = median(taken.pop(""))
    for name, times in taken.items():
        ratio = median(times) / plain
        yield {
            "name": f"cold_start_ratio.{name}",
            "value": round(ratio, 2),
            "unit": "ratio",
            "bar": BAR,
            "ok": ratio <= BAR,
        }


def _seconds(program: str) -> float:
    start = perf_counter()
    subprocess.run([sys.executable, "-c", program], env=_environment(), check=True)  # noqa: S603
    return perf_counter() - start


def _environment() -> dict[str, str]:
    """Return what a function finds around it; the names lead nowhere, and nobody follows them."""
    values = {
        field.upper(): "example"
        for model in settings.BY_FUNCTION.values()
        for field in model.model_fields
    }
    return values | {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "layers/shared"),
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "example",
        "AWS_SECRET_ACCESS_KEY": "example",
        "KEM": "X25519",
        "KEY_BACKUP_DAYS": "7",
        "LONGEST_CAPTURE_SECONDS": "30",
        "LOG_RETENTION_DAYS": "30",
        "MESSAGE_BACKUP_DAYS": "35",
    }
