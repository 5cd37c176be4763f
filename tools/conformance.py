"""Write docs/conformance.md: each line of the law, and the tests that bear its number.

A test bears a line as `test_L45_…`, or several as `test_L47_L77_…`. `conformance.tsv` says what
each line asks for and what is open: a line with tests and nothing open is covered, one with both
is covered in part, one without tests is not covered.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
SOURCE: Final = Path(__file__).with_suffix(".tsv")
TARGET: Final = ROOT / "docs" / "conformance.md"
LINES: Final = range(1, 96)

_TEST: Final = re.compile(r"^ *(?:async )?def (test_(?:L\d+_)+\w*)", re.MULTILINE)
_HEAD: Final = """# Conformance

What data protection law asks of an archive, as behaviour, and the tests that show it. Articles
are those of the GDPR where nothing else is said. This is engineering and not legal advice.

A line is covered if tests bear its number and nothing is known to be open; *in part* says what is
open; the rest is not covered. Made by `python -m tools.conformance` from `tools/conformance.tsv`
and the names of the tests.
"""


@dataclass(frozen=True)
class Line:
    """One line: what is asked for, which tests bear its number, and what is open."""

    number: int
    articles: str
    behaviour: str
    open: str
    tests: tuple[str, ...]

    @property
    def status(self) -> str:
        """Covered, in part, or not."""
        if not self.tests:
            return "not covered"
        return "in part" if self.open else "covered"


def main() -> None:
    TARGET.write_text(text(), "utf-8")


def lines() -> list[Line]:
    """Return every line, with the tests that are there now."""
    found = tests()
    with SOURCE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [
        Line(int(r["line"]), r["articles"], r["behaviour"], r["open"], tuple(found[int(r["line"])]))
        for r in rows
    ]


def tests() -> defaultdict[int, list[str]]:
    """Return the tests by the lines that they bear, each as file and name."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for name in _TEST.findall(path.read_text("utf-8")):
            for number in re.findall(r"L(\d+)_", name):
                found[int(number)].append(f"{path.relative_to(ROOT / 'tests')}::{name}")
    return found


def text() -> str:
    """Return the document."""
    return "\n".join(_text(lines())) + "\n"


def _text(every: list[Line]) -> Iterator[str]:
    yield _HEAD
    yield "| status | lines |"
    yield "|---|---|"
    for status in ("covered", "in part", "not covered"):
        numbers = [f"L{line.number}" for line in every if line.status == status]
        yield f"| {status}: {len(numbers)} of {len(every)} | {', '.join(numbers)} |"
    yield ""
    yield "| | articles | what is asked for | status | tests in `tests/` |"
    yield "|---|---|---|---|---|"
    for line in every:
        status = f"{line.status}: {line.open}" if line.open else line.status
        cited = "<br>".join(f"`{test}`" for test in line.tests) or "–"
        yield f"| L{line.number} | {line.articles} | {line.behaviour} | {status} | {cited} |"


if __name__ == "__main__":
    main()
