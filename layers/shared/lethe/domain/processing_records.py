"""Records of processing activities (Art. 30), by the functions that the notice is made with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from lethe.domain import disclosures as of
from lethe.domain.in_force import Audience
from lethe.domain.languages import Language, language, text_of
from lethe.domain.live import LiveSettings
from lethe.domain.notice_endings import hosting, security
from lethe.domain.policy import Policy
from lethe.domain.purposes import Purpose
from lethe.domain.statements import Entry, Statement, Value, Word


class View(StrEnum):
    """Whose record: the controller's own (Art. 30(1)), or the processor's for others (30(2))."""

    CONTROLLER = "controller"
    PROCESSOR = "processor"


COLUMNS: Final[Mapping[View, Mapping[str, str]]] = {
    View.CONTROLLER: {
        "controller": "30(1)(a)",
        "purpose": "30(1)(b)",
        "basis": "6(1)",
        "persons": "30(1)(c)",
        "data": "30(1)(c)",
        "recipients": "30(1)(d)",
        "transfers": "30(1)(e)",
        "limits": "30(1)(f)",
        "security": "30(1)(g)",
    },
    View.PROCESSOR: {
        "processor": "30(2)(a)",
        "controller": "30(2)(a)",
        "categories": "30(2)(b)",
        "transfers": "30(2)(c)",
        "security": "30(2)(d)",
    },
}
"""The columns of each record, with the letters of the law that they answer."""

Cell = tuple[Statement | Entry, ...]
"""What a column says of an activity; an entry is one thing with what is said of it."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a record in words, with the letter of the law that it answers."""

    id: str
    title: str
    article: str


@dataclass(frozen=True, slots=True)
class Record:
    """A record in words: a row per activity, in it the texts of each column."""

    view: View
    language: str
    policy_version: int
    columns: tuple[Column, ...]
    rows: Mapping[str, Mapping[str, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Activity:
    """One line of a record, by its columns."""

    id: str
    cells: Mapping[str, Cell]


def activities(policy: Policy, live: LiveSettings, view: View) -> tuple[Activity, ...]:
    """Return every processing activity that the policy knows."""
    if view is View.PROCESSOR:
        return tuple(_for_others(policy, live))
    ours = (_of_purpose(policy, live, name) for name in policy.purposes)
    own = (_of_own_records(policy, live),) if policy.records else ()
    return (*ours, *own)


def record(policy: Policy, version: int, live: LiveSettings, view: View, code: str) -> Record:
    """Return a record in a language; NotFoundError if there is none such."""
    spoken = language(code).of(policy.notice.language, policy.notice.translations)
    labels = spoken.words["labels"]
    columns = (Column(name, labels[f"col_{name}"], law) for name, law in COLUMNS[view].items())
    rows = {
        activity.id: {name: _told(spoken, cell) for name, cell in activity.cells.items()}
        for activity in activities(policy, live, view)
    }
    return Record(view, code, version, tuple(columns), rows)


def _told(spoken: Language, cell: Cell) -> list[str]:
    return [
        spoken.plain(each.title) + ": " + "; ".join(_said(spoken, part) for part in each.statements)
        if isinstance(each, Entry)
        else _labelled(spoken, each)
        for each in cell
    ]


def _labelled(spoken: Language, statement: Statement) -> str:
    said = _said(spoken, statement)
    if statement.label not in _LABELLED:
        return said
    return f"{spoken.words['labels'][statement.label]}{spoken.words['page']['colon']} {said}"


def _said(spoken: Language, statement: Statement) -> str:
    return text_of(spoken.text(statement))


def _of_purpose(policy: Policy, live: LiveSettings, name: str) -> Activity:
    purpose = policy.purposes[name]
    titled = of.title(name, purpose.description, "purposes")
    limits = (
        Entry(cls, of.class_title(policy, cls), _limits(policy, cls))
        for cls in of.classes_of(policy, name)
    )
    return Activity(
        name,
        {
            "controller": of.controller_statements(policy),
            "purpose": (_says("purpose", titled),),
            "basis": tuple(_basis(name, purpose)),
            "persons": tuple(_persons(policy, name, purpose)),
            "data": (Statement("message", "data_message"), *_data(name, purpose)),
            "recipients": tuple(_recipients(policy, live, name)),
            "transfers": of.transfer_statements(policy),
            "limits": tuple(limits),
            "security": security(policy, live).statements,
        },
    )


def _of_own_records(policy: Policy, live: LiveSettings) -> Activity:
    records = policy.records
    return Activity(
        "records",
        {
            "controller": of.controller_statements(policy),
            "purpose": (Statement("purpose", "activity_records"),),
            "basis": tuple(
                _says(name, of.named(record.legal_basis, "records", name, "legal_basis"))
                for name, record in records.items()
            ),
            "persons": tuple(_says(name, Word("persons", name)) for name in _EVERYBODY),
            "data": tuple(_says(name, of.record_title(name, r)) for name, r in records.items()),
            "recipients": (hosting(live),),
            "transfers": of.transfer_statements(policy),
            "limits": tuple(
                Entry(name, of.record_title(name, record), (of.record_period(name, record),))
                for name, record in records.items()
            ),
            "security": security(policy, live).statements,
        },
    )


def _for_others(policy: Policy, live: LiveSettings) -> Iterator[Activity]:
    for place, role in enumerate(policy.notice.processor_for):
        at = ("notice", "processor_for", place)
        categories = of.owns(role.categories, *at, "categories")
        yield Activity(
            f"processor-{place + 1}",
            {
                "processor": of.controller_statements(policy),
                "controller": (
                    _says("name", of.named(role.controller, *at, "controller")),
                    _says("contact", of.named(role.contact, *at, "contact")),
                ),
                "categories": (_says("categories", categories),),
                "transfers": of.transfer_statements(policy),
                "security": security(policy, live).statements,
            },
        )


_EVERYBODY: Final = ("correspondents", "employees")
_LABELLED: Final = frozenset({"representative", "data_protection_officer", "interest"})
"""What would not be understood without its label."""


def _basis(name: str, purpose: Purpose) -> Iterator[Statement]:
    yield _says("basis", of.BASES[purpose.legal_basis])
    if purpose.legitimate_interest is not None:
        interest = of.own(purpose.legitimate_interest, "purposes", name, "legitimate_interest")
        yield _says("interest", interest, "interest")


def _persons(policy: Policy, name: str, purpose: Purpose) -> Iterator[Statement]:
    if name in of.purposes(policy, Audience.EXTERNAL):
        yield _says("correspondents", Word("persons", "correspondents"))
    if purpose.children:
        yield _says("children", Word("persons", "children"))
    yield _says("named", Word("persons", "named"))
    yield _says("employees", Word("persons", "employees"))


def _data(name: str, purpose: Purpose) -> Iterator[Statement]:
    if purpose.data_categories:
        yield _says(
            "further", of.owns(purpose.data_categories, "purposes", name, "data_categories")
        )
    if purpose.special_categories:
        yield of.special(name, purpose)


def _recipients(policy: Policy, live: LiveSettings, name: str) -> Iterator[Statement]:
    yield Statement("participants", "recipients_participants")
    yield hosting(live)
    for vendor_name, vendor in of.vendors(policy).items():
        if not vendor.purposes or name in vendor.purposes:
            yield _says(vendor_name, of.named(vendor.name, "vendors", vendor_name, "name"))
    if further := policy.purposes[name].recipients:
        yield _says("further", of.owns(further, "purposes", name, "recipients"))


def _limits(policy: Policy, cls: str) -> tuple[Statement, ...]:
    return (of.period(policy.classes[cls]), *of.earlier_periods(policy, cls))


def _says(name: str, value: Value, label: str = "") -> Statement:
    return Statement(name, "verbatim", {"text": value}, label)
