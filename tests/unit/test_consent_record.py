"""Records of consent hold what ISO/IEC TS 27560 demands, and their schema is the published one."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from lethe.crypto import jws
from lethe.domain.consent import EVERY, EventType
from lethe.domain.consent_fold import GRANTS
from lethe.domain.evidence import Evidence, Method

from tests.consent_scene import OWN, ConsentScene, given
from tests.memory_store import MemoryStores

SCHEMA: dict[str, Any] = json.loads(
    files("lethe.domain").joinpath("schemas/consent-record.json").read_text("utf-8")
)
RECEIPT = SCHEMA | {"$ref": "#/$defs/receipt"}
for _name in ("type", "properties", "required", "additionalProperties"):
    RECEIPT.pop(_name)

MANDATORY = {
    (): ("schema_version", "record_id", "pii_principal_id"),
    ("pii_processing",): ("privacy_notice", "language", "purposes"),
    ("pii_processing", "purposes", 0): (
        "purpose",
        "pii_information",
        "pii_controllers",
        "storage_locations",
        "retention_period",
        "jurisdiction",
        "recipient_third_parties",
        "withdrawal_method",
        # Optional in the standard, and asked for by the GDPR:
        "lawful_basis",
        "collection_method",
        "processing_method",
        "privacy_rights",
        "authority_party",
    ),
    ("pii_processing", "purposes", 0, "pii_information", 0): ("pii_type", "special_category"),
    ("party_identification", 0): (
        "party_id",
        "party_address",
        "party_name",
        "party_contact",
        "party_type",
        "party_role",
    ),
    ("events", 0): (
        "event_time",
        "validity_duration",
        "entity_id",
        "event_type",
        "event_state",
    ),
}


def validate(document: dict[str, Any], schema: dict[str, Any] = SCHEMA) -> None:
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(document)


@pytest.fixture
def scene() -> ConsentScene:
    made = ConsentScene(MemoryStores())
    made.open()
    return made


def of_every_kind(scene: ConsentScene) -> list[tuple[dict[str, Any], str]]:
    """A record and a receipt of each type of event."""
    scopes: dict[EventType, dict[str, Any]] = {
        EventType.BASIS_BEGUN: {"purpose": "contract", "channel": EVERY},
        EventType.BASIS_ENDED: {"purpose": "contract", "channel": EVERY},
        EventType.STOPPED: {"purpose": EVERY, "own": OWN},
        EventType.VENDOR_BLOCKED: {"purpose": EVERY, "own": OWN},
        EventType.VENDOR_UNBLOCKED: {"purpose": EVERY, "own": OWN},
        EventType.VOIDED: {"purpose": EVERY, "channel": EVERY},
    }
    objected = scene.one(EventType.OBJECTED, purpose="survey")
    scopes[EventType.OBJECTION_OVERRULED] = {"purpose": "survey", "about": objected.event_id}
    made = [
        scene.one(kind, **scopes.get(kind, {}))
        for kind in sorted(EventType, key=lambda kind: kind is EventType.OBJECTED)
    ]
    made.append(scene.one(EventType.WITHDRAWN, evidence=Evidence(method=Method.LINK)))
    return [(one.record, one.receipt) for one in made]


def at(document: Any, path: tuple[str | int, ...]) -> dict[str, Any]:
    for step in path:
        document = document[step]
    found: dict[str, Any] = document
    return found


def test_the_schema_itself_is_valid() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator.check_schema(RECEIPT)


def test_every_record_and_receipt_keeps_to_the_schema(scene: ConsentScene) -> None:
    public = scene.stores.signer.public_key()
    for record, receipt in of_every_kind(scene):
        validate(record)
        validate(jws.verify(receipt, public), RECEIPT)


def test_every_field_that_the_standard_demands_is_there_and_says_something(
    scene: ConsentScene,
) -> None:
    record = scene.one(EventType.GIVEN).record
    may_be_empty = {"recipient_third_parties", "authority_party", "special_category"}
    for path, names in MANDATORY.items():
        for name in names:
            value = at(record, path)[name]
            assert value or name in may_be_empty, (path, name)


def test_a_record_without_a_mandatory_field_is_not_valid(scene: ConsentScene) -> None:
    record = scene.one(EventType.GIVEN).record
    validate(record)
    for path, names in MANDATORY.items():
        for name in names:
            broken = json.loads(json.dumps(record))
            del at(broken, path)[name]
            with pytest.raises(ValidationError):
                validate(broken)


def test_a_record_with_more_than_it_should_is_not_valid(scene: ConsentScene) -> None:
    record = scene.one(EventType.GIVEN).record
    for path in MANDATORY:
        broken = json.loads(json.dumps(record))
        at(broken, path)["address"] = "mailto:anna@example.org"
        with pytest.raises(ValidationError):
            validate(broken)


def test_schema_and_code_know_the_same_types() -> None:
    assert SCHEMA["$defs"]["event"]["properties"]["event_type"]["enum"] == [
        kind.value for kind in EventType
    ]


def test_who_acted_is_named_by_role(scene: ConsentScene) -> None:
    entities = {
        record["events"][0]["event_type"]: record["events"][0]["entity_id"]
        for record, _ in of_every_kind(scene)
    }
    assert entities["given"] == entities["stopped"] == "pii_principal"
    assert entities["expired"] == entities["objection_overruled"] == "controller"
    assert entities["vendor_blocked"] == "vendor"


def test_a_grant_alone_has_an_end(scene: ConsentScene) -> None:
    for record, _ in of_every_kind(scene):
        [event] = record["events"]
        is_grant = event["event_type"] in GRANTS
        assert ("valid_until" in event) is is_grant
        assert (event["validity_duration"] == "indefinite") is not is_grant


def test_special_categories_are_marked(scene: ConsentScene) -> None:
    evidence = given(scene.clock.now, explicit=True)
    record = scene.one(EventType.GIVEN, purpose="health", evidence=evidence).record
    [purpose] = record["pii_processing"]["purposes"]
    assert all(information["special_category"] for information in purpose["pii_information"])
