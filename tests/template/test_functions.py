"""Functions: a folder each, a role, a log, alarms and exactly the environment that they read."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from lethe import settings

from tests.template.expanded import (
    ROOT,
    Resource,
    arn,
    expanded,
    functions,
    listed,
    of_type,
    ref,
    source,
)

FUNCTIONS = {folder: (name, properties) for folder, name, properties in functions()}
POWERTOOLS = {
    "POWERTOOLS_METRICS_NAMESPACE": "Lethe",
    "POWERTOOLS_LOG_LEVEL": "INFO",
    "POWERTOOLS_LOGGER_LOG_EVENT": "false",
}
every_function = pytest.mark.parametrize("folder", FUNCTIONS)


def alarms_on(namespace: str, metric: str, dimensions: Mapping[str, object]) -> list[Resource]:
    wanted = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    found = [alarm["Properties"] for alarm in of_type("AWS::CloudWatch::Alarm").values()]
    return [
        alarm
        for alarm in found
        if (alarm["Namespace"], alarm["MetricName"]) == (namespace, metric)
        and alarm["Dimensions"] == wanted
    ]


def test_a_folder_is_a_function_and_the_reverse() -> None:
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}
    assert folders == FUNCTIONS.keys() == settings.BY_FUNCTION.keys()
    for folder in folders:
        files = {p.name for p in (ROOT / "functions" / folder).iterdir()} - {"__pycache__"}
        assert files == {"app.py"}


@every_function
def test_a_function_is_named_after_its_folder(folder: str) -> None:
    name, properties = FUNCTIONS[folder]
    assert name == "".join(word.title() for word in folder.split("_"))
    assert properties["Handler"] == "app.handler"


@every_function
def test_a_function_has_a_role_of_its_own(folder: str) -> None:
    name, properties = FUNCTIONS[folder]
    assert properties["Role"] == arn(f"{name}Role")
    assert expanded()[f"{name}Function"]["DependsOn"] == f"{name}Rights"


@every_function
def test_a_function_logs_to_a_group_that_forgets_and_is_encrypted(folder: str) -> None:
    name, properties = FUNCTIONS[folder]
    assert properties["LoggingConfig"]["LogGroup"] == ref(f"{name}LogGroup")
    assert source()["Resources"][f"{name}LogGroup"]["Properties"] == {
        "KmsKeyId": arn("StorageKey"),
        "RetentionInDays": ref("LogRetentionDays"),
    }


@every_function
def test_a_function_has_the_environment_that_its_settings_read(folder: str) -> None:
    _, properties = FUNCTIONS[folder]
    variables = dict(properties["Environment"]["Variables"])
    service = variables.pop("POWERTOOLS_SERVICE_NAME")
    powertools = {name: variables.pop(name) for name in POWERTOOLS}

    assert service == f"lethe-{folder}"
    assert powertools == POWERTOOLS
    model = settings.BY_FUNCTION[folder]
    assert {name.lower() for name in variables} == model.model_fields.keys()


@every_function
def test_a_failed_run_rings(folder: str) -> None:
    name, _ = FUNCTIONS[folder]
    for alarm in (
        *alarms_on("AWS/Lambda", "Errors", {"FunctionName": ref(f"{name}Function")}),
        *alarms_on("Lethe", "UnhandledErrors", {"service": f"lethe-{folder}"}),
    ):
        assert (alarm["Statistic"], alarm["Threshold"]) == ("Sum", 0)
    assert len(alarms_on("AWS/Lambda", "Errors", {"FunctionName": ref(f"{name}Function")})) == 1
    assert len(alarms_on("Lethe", "UnhandledErrors", {"service": f"lethe-{folder}"})) == 1


@pytest.mark.parametrize("folder", ["ingest", "access", "erase", "consent", "dispatch"])
def test_turned_away_callers_ring(folder: str) -> None:
    name, _ = FUNCTIONS[folder]
    assert alarms_on("AWS/Lambda", "Throttles", {"FunctionName": ref(f"{name}Function")})


def test_L70_a_silent_sweep_rings() -> None:
    (alarm,) = alarms_on("Lethe", "oldest_overdue_seconds", {"service": "lethe-retention_sweep"})
    assert alarm["TreatMissingData"] == "breaching"


def test_every_dead_letter_rings() -> None:
    for queue in of_type("AWS::SQS::Queue"):
        dimensions = {"QueueName": {"Fn::GetAtt": [queue, "QueueName"]}}
        alarms = alarms_on("AWS/SQS", "ApproximateNumberOfMessagesVisible", dimensions)
        assert bool(alarms) == queue.endswith("DeadLetterQueue")


def test_waiting_work_rings() -> None:
    for queue in ("PurgeQueue", "EraseQueue", "SendQueue"):
        dimensions = {"QueueName": {"Fn::GetAtt": [queue, "QueueName"]}}
        assert alarms_on("AWS/SQS", "ApproximateAgeOfOldestMessage", dimensions)


def test_every_alarm_reaches_the_topic_and_the_operators_manual() -> None:
    manual = (ROOT / "docs" / "operations.md").read_text()
    for name, alarm in of_type("AWS::CloudWatch::Alarm").items():
        assert alarm["Properties"]["AlarmActions"]["Fn::If"][:2] == [
            "HasAlarmTopic",
            [ref("AlarmTopicArn")],
        ]
        assert f"`{name}`" in manual, f"docs/operations.md lacks {name}"
    for name in of_type("AWS::Events::Rule"):
        if expanded()[name].get("Condition") == "HasAlarmTopic":
            assert f"`{name}`" in manual, f"docs/operations.md lacks {name}"


@pytest.mark.parametrize(
    ("rule", "acts"),
    [
        ("KeysTouchedRule", {"DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy"}),
        (
            "TablesTouchedRule",
            {"DeleteTable", "UpdateContinuousBackups", "ExportTableToPointInTime"},
        ),
        ("LedgerTouchedRule", {"DeleteObject", "PutObjectRetention"}),
        ("RolesTouchedRule", {"PutRolePolicy", "AttachRolePolicy", "UpdateAssumeRolePolicy"}),
        ("CallersTouchedRule", {"AdminAddUserToGroup"}),
    ],
)
def test_what_only_an_administrator_can_do_rings(rule: str, acts: set[str]) -> None:
    properties = expanded()[rule]["Properties"]
    assert acts <= set(properties["EventPattern"]["detail"]["eventName"])
    (target,) = properties["Targets"]
    assert target["Arn"] == ref("AlarmTopicArn")


def test_every_key_is_watched() -> None:
    watched = expanded()["KeysTouchedRule"]["Properties"]["EventPattern"]["detail"]["resources"]
    assert watched["ARN"] == [arn(key) for key in of_type("AWS::KMS::Key")]


def test_no_rule_watches_with_a_pattern_that_is_too_long() -> None:
    for rule in of_type("AWS::Events::Rule").values():
        assert len(str(rule["Properties"].get("EventPattern", ""))) < 3000  # the limit is 4096


def test_queues_hand_over_one_record_at_a_time_to_retry() -> None:
    mappings = of_type("AWS::Lambda::EventSourceMapping").values()
    for mapping in mappings:
        assert mapping["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    sources = {m["Properties"]["EventSourceArn"]["Fn::GetAtt"][0] for m in mappings}
    work = {queue for queue in of_type("AWS::SQS::Queue") if not queue.endswith("LetterQueue")}
    assert sources == work
    for queue in work:
        redrive = expanded()[queue]["Properties"]["RedrivePolicy"]
        dead_letters = queue.replace("Queue", "DeadLetterQueue")
        assert redrive["deadLetterTargetArn"] == arn(dead_letters)


def test_a_queue_waits_longer_than_its_function_runs() -> None:
    for mapping in of_type("AWS::Lambda::EventSourceMapping").values():
        queue = mapping["Properties"]["EventSourceArn"]["Fn::GetAtt"][0]
        function = mapping["Properties"]["FunctionName"]["Ref"]
        timeout = expanded()[function]["Properties"]["Timeout"]
        if timeout == ref("LongestCaptureSeconds"):
            timeout = source()["Parameters"]["LongestCaptureSeconds"]["Default"]
        assert expanded()[queue]["Properties"]["VisibilityTimeout"] >= 6 * timeout


def test_capture_ends_when_the_rest_of_the_house_thinks_it_does() -> None:
    written = source()["Resources"]["IngestFunction"]["Properties"]
    assert written["Timeout"] == ref("LongestCaptureSeconds")


def test_the_sweep_has_a_schedule() -> None:
    rule = source()["Resources"]["RetentionSweepFunction"]["Properties"]["Events"]["Sweep"]
    assert rule["Properties"]["Schedule"] == ref("SweepSchedule")


def test_the_layer_leaves_no_old_versions() -> None:
    (layer,) = of_type("AWS::Lambda::LayerVersion").values()
    assert layer["DeletionPolicy"] == "Delete"
    for _, properties in FUNCTIONS.values():
        assert len(listed(properties["Layers"])) == 1


def test_the_build_needs_no_interpreter_of_the_target() -> None:
    for name, _ in FUNCTIONS.values():
        assert source()["Resources"][f"{name}Function"]["Metadata"]["BuildMethod"] == "makefile"
    assert Path(ROOT / "functions" / "Makefile").exists()
