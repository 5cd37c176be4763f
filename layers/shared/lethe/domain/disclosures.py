"""What notices and records of processing both say of the policy: one function for each fact."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Final

from lethe.domain.classification import LegalBasis
from lethe.domain.countries import EEA
from lethe.domain.earlier_periods import Span, Starts
from lethe.domain.in_force import Audience
from lethe.domain.live import LiveSettings
from lethe.domain.policy import OwnRecord, Policy, RetentionClass
from lethe.domain.purposes import Purpose
from lethe.domain.statements import Own, Statement, Value, Word
from lethe.domain.vendors import SubProcessor, Transfer, Vendor

BASES: Final = {basis: Word("basis", basis.name.lower()) for basis in LegalBasis}


def own(text: str, *at: str | int) -> Own:
    """The company's own words at a place in the policy."""
    return Own(text, "".join(f"/{step}" for step in at))


def named(text: str, *at: str | int) -> Own:
    """A name, an address or a citation at a place in the policy."""
    return replace(own(text, *at), name=True)


def owns(texts: Iterable[str], *at: str | int) -> tuple[Own, ...]:
    """A list of the company's own words at a place in the policy."""
    return tuple(own(text, *at, index) for index, text in enumerate(texts))


def country(code: str) -> Word:
    """A country."""
    return Word("countries", code)


def contact(policy: Policy) -> Own:
    """Where rights are exercised."""
    if policy.notice.rights_contact is not None:
        return named(policy.notice.rights_contact, "notice", "rights_contact")
    return named(policy.controller.contact, "controller", "contact")


def purposes(policy: Policy, audience: Audience) -> dict[str, Purpose]:
    """The purposes that concern an audience: those of employees alone are not the others'."""
    internal = _internal((rule.purpose, rule.when.external) for rule in policy.rules)
    return {
        name: purpose
        for name, purpose in policy.purposes.items()
        if audience is Audience.EMPLOYEES or name not in internal - {policy.default_purpose}
    }


def classes(policy: Policy, audience: Audience) -> dict[str, RetentionClass]:
    """The retention classes that concern an audience."""
    internal = _internal((rule.cls, rule.when.external) for rule in policy.rules)
    return {
        name: cls
        for name, cls in policy.classes.items()
        if audience is Audience.EMPLOYEES or name not in internal - {policy.default_class}
    }


def classes_of(policy: Policy, purpose: str) -> tuple[str, ...]:
    """The classes that messages of a purpose may get, in the policy's order."""
    reached = {policy.default_class}
    for rule in policy.rules:
        declared = not rule.when.purpose or purpose in rule.when.purpose
        if rule.purpose == purpose or (rule.purpose is None and declared):
            reached.add(rule.cls)
    return tuple(name for name in policy.classes if name in reached)


def title(name: str, description: str, *at: str) -> Own:
    """What a purpose, class or channel is called."""
    return replace(own(description, *at, name, "description"), title=True)


def class_title(policy: Policy, name: str) -> Value:
    """What a class is called; one that has left the policy by its name alone."""
    known = policy.classes.get(name)
    return title(name, known.description if known else name, "classes")


def vendors(policy: Policy) -> dict[str, Vendor]:
    """The vendors that receive data: those of a channel, and whoever is approved."""
    of_channels = {channel.vendor for channel in policy.channels.values()}
    return {
        name: vendor
        for name, vendor in policy.vendors.items()
        if vendor.approved or name in of_channels
    }


def transfers(policy: Policy) -> Iterator[tuple[str, int, Transfer]]:
    """Every transfer to a third country: the vendor's name, its place, and the transfer."""
    for name, vendor in vendors(policy).items():
        for place, transfer in enumerate(vendor.transfers):
            yield name, place, transfer


def unsafe_countries(vendor: Vendor) -> tuple[str, ...]:
    """The third countries that a vendor's data reach and no safeguard covers."""
    covered = {transfer.country for transfer in vendor.transfers}
    return tuple(code for code in vendor.third_countries if code not in covered)


def storage_is_unsafe(policy: Policy, live: LiveSettings) -> bool:
    """Whether the stack stands in a third country for which no vendor has a safeguard."""
    covered = {transfer.country for _, _, transfer in transfers(policy)}
    return live.country is not None and live.country not in EEA | covered


def sub_processor(vendor: str, place: int, sub: SubProcessor) -> Statement:
    """One processor of a processor: who, where and for what."""
    at = ("vendors", vendor, "sub_processors", place)
    values: dict[str, Value] = {
        "name": named(sub.name, *at, "name"),
        "country": country(sub.country),
        "service": replace(own(sub.service, *at, "service"), title=True),
    }
    return Statement(f"sub-processor-{place}", "vendor_sub_processor", values, "sub_processors")


def period(cls: RetentionClass) -> Statement:
    """How long a class keeps a message, and from when."""
    return Statement("period", _kept(cls.starts), {"period": cls.period}, "kept")


def record_title(name: str, record: OwnRecord) -> Own:
    """What one of Lethe's own records holds."""
    return replace(own(record.content, "records", name, "content"), title=True)


def record_period(name: str, record: OwnRecord) -> Statement:
    """How long one of Lethe's own records is kept, and from when."""
    starts = own(record.starts, "records", name, "starts")
    if record.period is None:
        return Statement("period", "record_until", {"starts": starts}, "kept")
    return Statement("period", "record_period", {"period": record.period, "starts": starts}, "kept")


def controller_statements(policy: Policy) -> tuple[Statement, ...]:
    """Who the controller is, and who speaks for it."""
    it = policy.controller
    said: dict[str, Value] = {"name": named(it.name, "controller", "name")}
    said["contact"] = named(it.contact, "controller", "contact")
    said["country"] = country(it.country)
    for field in ("representative", "data_protection_officer"):
        if (text := getattr(it, field)) is not None:
            said[field] = named(text, "controller", field)
    return tuple(
        Statement(label, "verbatim", {"text": text}, label) for label, text in said.items()
    )


def transfer_statements(policy: Policy) -> tuple[Statement, ...]:
    """Which data go to which third country, on what safeguard; or that none do."""
    said: dict[object, Statement] = {}
    for name, place, transfer in transfers(policy):
        values: dict[str, Value] = {
            "vendor": named(policy.vendors[name].name, "vendors", name, "name"),
            "country": country(transfer.country),
            "safeguard": Word("safeguard", transfer.safeguard.name.lower()),
        }
        told = (policy.vendors[name].name, transfer.country, transfer.safeguard)
        said.setdefault(told, Statement(f"{name}-{place}", "transfer", values))
    return tuple(said.values()) or (Statement("none", "transfers_none"),)


def special(name: str, purpose: Purpose) -> Statement:
    """On what ground special categories of data are processed (Art. 9(2))."""
    if purpose.special_ground is None:
        return Statement("special", "purpose_special", label="basis")
    ground = named(purpose.special_ground, "purposes", name, "special_ground")
    return Statement("special", "purpose_special_ground", {"ground": ground}, "basis")


def earlier_periods(policy: Policy, name: str) -> Iterator[Statement]:
    """By when messages of a class end that came while an earlier version of the policy said so."""
    for place, earlier in enumerate(policy.earlier_periods):
        if earlier.of_class == name:
            values = {"period": earlier.period, **days(earlier)}
            says = f"{_kept(earlier.starts)}_{_of_days(earlier)}"
            yield Statement(f"earlier-{place}", says, values, "kept")


def reclassifications(policy: Policy, names: Collection[str]) -> Iterator[Statement]:
    """Which messages of these classes end as those of another do."""
    for place, moved in enumerate(policy.reclassifications):
        if moved.from_class in names:
            values: dict[str, Value] = {
                "from": class_title(policy, moved.from_class),
                "to": class_title(policy, moved.to_class),
                **days(moved),
            }
            yield Statement(f"moved-{place}", f"retention_moved_{_of_days(moved)}", values)


def days(span: Span) -> dict[str, Value]:
    """The first and the last day of a span."""
    first: dict[str, Value] = {"first": span.first_day} if span.first_day else {}
    return first | {"last": span.last_day}


def _of_days(span: Span) -> str:
    return "from_to" if span.first_day else "until"


def _kept(starts: Starts) -> str:
    return "kept_from_year" if starts is Starts.END_OF_YEAR else "kept_from_day"


def _internal(given: Iterable[tuple[str | None, bool | None]]) -> set[str]:
    """The names that rules give to messages without anybody from outside, and to no others."""
    inside: set[str] = set()
    outside: set[str] = set()
    for name, external in given:
        if name is not None:
            (inside if external is False else outside).add(name)
    return inside - outside
