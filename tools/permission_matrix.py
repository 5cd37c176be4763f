"""Write the permission matrix into docs/threat-model.md."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.template.matrix import MATRIX

DOCUMENT = Path(__file__).parents[1] / "docs" / "threat-model.md"
BEGIN = "<!-- permission matrix: made by tools/permission_matrix.py -->"
END = "<!-- end of the permission matrix -->"


def main() -> None:
    DOCUMENT.write_text(with_matrix(DOCUMENT.read_text()))


def with_matrix(text: str) -> str:
    """Return the document with the matrix between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    matrix = "\n".join(_lines())
    return f"{before}{BEGIN}\n{matrix}\n{END}{after}"


def _lines() -> Iterator[str]:
    yield f"| | {' | '.join(f'`{function}`' for function in MATRIX)} |"
    yield "|---" * (len(MATRIX) + 1) + "|"
    for resource in sorted({resource for rights in MATRIX.values() for resource in rights}):
        cells = (rights.get(resource, "–") for rights in MATRIX.values())
        yield f"| `{resource}` | {' | '.join(map(_cell, cells))} |"


def _cell(rights: str) -> str:
    return re.sub(r" (?![^(]*\))", "<br>", rights)  # between rights, not inside parentheses


if __name__ == "__main__":
    main()
