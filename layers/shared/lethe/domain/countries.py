"""Countries by what data protection law makes of them; ISO 3166-1 alpha-2."""

from __future__ import annotations

from typing import Final

_EU: Final = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
EU: Final = frozenset(_EU.split())
EEA: Final = EU | {"IS", "LI", "NO"}
"""Where the GDPR applies; data that leave it are transferred to a third country (Art. 44)."""
