"""`make invoke`: every function on every file of events/, under `sam local invoke`, in Docker.

The functions run in containers against a local AWS, each with the credentials of its own role.
Nothing is pulled: an image of the name that SAM looks for must be there. A pattern such as
`purge/*.json` as the argument picks events.
"""

import ipaddress
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

from lethe.domain.erasure import Grounds
from lethe.domain.messages import MessageId
from lethe.domain.requests import PrivacyRequest, RequestId, RequestState
from lethe.store.keys import DynamoKeys
from lethe.store.requests import DynamoRequests
from samtranslator.yaml_helper import yaml_parse

from tools.build import build_for_this_machine, overrides, run_sam
from tools.fake_vendors import FakeVendors
from tools.local_aws import ROOT, LocalAws
from tools.run import step
from tools.stack import Stack, deploy, local_parameters

EVENTS = ROOT / "events"


def main() -> int:
    failed = []
    pattern = sys.argv[1] if len(sys.argv) > 1 else "*/*.json"
    vendors = FakeVendors().start()
    with (
        tempfile.TemporaryDirectory(prefix="lethe-") as home,
        LocalAws(Path(home), host=docker_gateway()) as aws,
    ):
        with step("building and deploying"):
            stack = deploy(aws, vendors)
            prepare(stack)
        template = reachable_template(build_for_this_machine(local_parameters()), aws)
        for event in sorted(EVENTS.glob(pattern)):
            with step(f"invoking {event.relative_to(EVENTS)}"):
                answer = invoke(stack, template, event)
            print(f"{event.relative_to(EVENTS)}: {answer}")
            if failed_with(answer):
                failed.append(f"{event.parent.name}/{event.name}")
        template.unlink()
    vendors.stop()
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def prepare(stack: Stack) -> None:
    """Put in place what the events of queues speak of: an open request, a deleted message."""
    dynamodb, now = stack.client("dynamodb"), datetime.now(UTC)
    request_id = RequestId(queued("erase/resume.json")["request"])
    requests = DynamoRequests(
        dynamodb, requests=stack.resources["RequestsTable"], period=timedelta(days=1)
    )
    requests.create(
        PrivacyRequest(request_id, Grounds.OBJECTION, now, RequestState.RECEIVED, cases=())
    )
    keys = DynamoKeys(
        dynamodb,
        keys=stack.resources["KeysTable"],
        day_keys=stack.resources["DayKeysTable"],
    )
    keys.mark_deleted(MessageId(queued("purge/message.json")["message"]), None, now)


def queued(event: str) -> dict[str, str]:
    """Return the body of an event's first record."""
    body: dict[str, str] = json.loads(
        json.loads((EVENTS / event).read_text())["Records"][0]["body"]
    )
    return body


def failed_with(answer: str) -> bool:
    """Tell whether a function raised, answered that it failed, or could not do a queue's work."""
    result = json.loads(answer)
    return (
        "errorType" in result
        or result.get("statusCode", 0) >= HTTPStatus.INTERNAL_SERVER_ERROR
        or bool(result.get("batchItemFailures"))
    )


def docker_gateway() -> str:
    """Return the address at which containers, and nobody else, reach this machine."""
    wanted = "{{with index .IPAM.Config 0}}{{or .Gateway .Subnet}}{{end}}"
    command = ["docker", "network", "inspect", "bridge", "--format", wanted]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        raise SystemExit("This needs Docker, running.") from None
    # Docker takes the first address of the subnet, and may not say so.
    return str(next(iter(ipaddress.ip_network(done.stdout.strip(), strict=False).hosts())))


def reachable_template(built: Path, aws: LocalAws) -> Path:
    """Write a copy of the built template whose functions find the local AWS."""
    template = yaml_parse((built / "template.yaml").read_text())
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    variables["AWS_ENDPOINT_URL"] = aws.endpoint
    copy = built / f"template-{aws.port}.json"  # beside it: its paths are relative
    copy.write_text(json.dumps(template))
    return copy


def invoke(stack: Stack, template: Path, event: Path) -> str:
    """Return what a function answers to an event; the folder's name names the function."""
    function = "".join(word.capitalize() for word in event.parent.name.split("_")) + "Function"
    credentials = stack.assume(function).credentials
    environment = stack.aws.variables() | {key.upper(): value for key, value in credentials.items()}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as variables:
        # SAM resolves !Ref to logical ids; the deployed function has the real names.
        json.dump({function: stack.environment(function)}, variables)
        variables.flush()
        return run_sam(
            "local",
            "invoke",
            function,
            *("--template", template, "--event", event, "--env-vars", variables.name),
            "--skip-pull-image",
            *overrides(local_parameters()),
            environment=environment,
        ).strip()


if __name__ == "__main__":
    sys.exit(main())
