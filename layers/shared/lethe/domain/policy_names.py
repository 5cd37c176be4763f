"""Which names in a policy name nothing, with the place of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lethe.domain.policy import Policy

_Place = tuple[tuple[str | int, ...], str]
_NO_CLASS: Final = "No class has this name."
_NO_PURPOSE: Final = "No purpose has this name."
_NO_VENDOR: Final = "No vendor has this name."


def unknown_names(policy: Policy) -> Iterator[_Place]:
    """Yield every name that names nothing, or that may not stand where it does."""
    yield from _of_defaults(policy)
    yield from _of_rules(policy)
    yield from _of_channels_and_vendors(policy)
    yield from _of_reclassifications(policy)


def _of_defaults(policy: Policy) -> Iterator[_Place]:
    if policy.default_class not in policy.classes:
        yield ("default_class",), _NO_CLASS
    elif policy.classes[policy.default_class].keeps:
        yield ("default_class",), "The default must not be a class that keeps."
    if policy.default_purpose not in policy.purposes:
        yield ("default_purpose",), _NO_PURPOSE


def _of_rules(policy: Policy) -> Iterator[_Place]:
    for at, rule in enumerate(policy.rules):
        if rule.cls not in policy.classes:
            yield ("rules", at, "class"), _NO_CLASS
        if rule.purpose is not None and rule.purpose not in policy.purposes:
            yield ("rules", at, "purpose"), _NO_PURPOSE
        if not set(rule.when.purpose) <= policy.purposes.keys():
            yield ("rules", at, "when", "purpose"), _NO_PURPOSE


def _of_channels_and_vendors(policy: Policy) -> Iterator[_Place]:
    for name, channel in policy.channels.items():
        if channel.vendor is not None and channel.vendor not in policy.vendors:
            yield ("channels", name, "vendor"), _NO_VENDOR
        if channel.default_purpose not in {None, *policy.purposes}:
            yield ("channels", name, "default_purpose"), _NO_PURPOSE
    for name, vendor in policy.vendors.items():
        for at, purpose in enumerate(vendor.purposes):
            if purpose not in policy.purposes:
                yield ("vendors", name, "purposes", at), _NO_PURPOSE


def _of_reclassifications(policy: Policy) -> Iterator[_Place]:
    for at, moved in enumerate(policy.reclassifications):
        if moved.from_class == moved.to_class:
            yield ("reclassifications", at, "to_class"), "Name another class than from_class."
        for field, cls in (("from_class", moved.from_class), ("to_class", moved.to_class)):
            known = policy.classes.get(cls)
            if known is None:
                yield ("reclassifications", at, field), _NO_CLASS
            elif known.keeps:
                expected = "A class that keeps by law neither gives nor takes messages."
                yield ("reclassifications", at, field), expected
