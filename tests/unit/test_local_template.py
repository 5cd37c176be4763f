"""The reader of templates sees what CloudFormation would see of tables and buckets."""

from typing import Any

from tools.complete import Template

CONDITIONS = {
    "HasBackups": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Days"}, 0]}]},
    "IsLocal": {"Fn::Equals": [{"Ref": "Stage"}, "local"]},
    "Both": {"Fn::And": [{"Condition": "HasBackups"}, {"Condition": "IsLocal"}]},
}
RECOVERY = {
    "Enabled": {"Fn::If": ["HasBackups", True, False]},
    "Days": {"Fn::If": ["HasBackups", {"Ref": "Days"}, {"Ref": "AWS::NoValue"}]},
}


def read(values: dict[str, str], **resource: Any) -> list[tuple[str, dict[str, Any]]]:
    document = {
        "Parameters": {"Days": {"Default": 7}, "Stage": {"Default": "production"}},
        "Conditions": CONDITIONS,
        "Resources": {"Table": {"Type": "AWS::DynamoDB::Table", **resource}},
    }
    return list(Template(document, values).resources("AWS::DynamoDB::Table"))


def test_defaults_and_conditions_are_resolved() -> None:
    assert read({}, Properties=RECOVERY) == [("Table", {"Enabled": True, "Days": 7})]


def test_given_values_win_and_no_value_leaves_a_property_out() -> None:
    assert read({"Days": "0"}, Properties=RECOVERY) == [("Table", {"Enabled": False})]


def test_a_resource_whose_condition_fails_is_not_there() -> None:
    assert read({}, Condition="Both") == []
    assert read({"Stage": "local"}, Condition="Both") == [("Table", {})]
