"""The local AWS: ministack in a process, a port and a directory of its own."""

import http.client
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
from botocore.config import Config

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".venv-aws" / "bin" / "python"
REGION = "eu-central-1"
ACCOUNT = "000000000000"
ADMINISTRATOR = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}  # its root user

START_TIMEOUT = 60.0
STOP_TIMEOUT = 30.0


class LocalAwsError(RuntimeError):
    """The local AWS, or what was to run on it, failed."""


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP."""

    status: int
    headers: Message
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class LocalAws:
    """One local AWS; a context manager, so that it never outlives its use."""

    def __init__(
        self,
        home: Path,
        *,
        host: str = "127.0.0.1",
        port: int | None = None,
        record: bool = False,
    ) -> None:
        self.home = home.resolve()
        self.host = host
        self.port = port or free_port()
        self.endpoint = f"http://{host}:{self.port}"
        self.log = self.home / "ministack.log"
        self._record = record
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        with socket.socket() as probe:
            if probe.connect_ex((self.host, self.port)) == 0:
                raise LocalAwsError(f"Port {self.port} is taken: does `make run` run already?")
        shutil.rmtree(self.home / "tmp", ignore_errors=True)  # unpacked functions of earlier runs
        for folder in ("tmp", "state", "s3"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [PYTHON, ROOT / "tools" / "tethered.py"],
                cwd=self.home,
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for us; we stop it in order
            )
        try:
            self._wait_until_healthy(self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it so that it saves its state; only what does not listen is killed."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin:
            process.stdin.close()

    def client(self, service: str, **credentials: str) -> Any:
        """Return a boto3 client: the administrator's, unless credentials say otherwise."""
        session: Any = boto3.Session(region_name=REGION)
        return session.client(
            service,
            endpoint_url=self.endpoint,
            config=Config(proxies={}, read_timeout=300),
            **(credentials or ADMINISTRATOR),
        )

    def http(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Make one plain HTTP request, past all proxies."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=300)
        try:
            connection.request(method, path, body or None, dict(headers or {}))
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def variables(self) -> dict[str, str]:
        """Return the environment in which AWS tools work on this AWS as its administrator."""
        ours = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        return ours | {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ADMINISTRATOR["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": ADMINISTRATOR["aws_secret_access_key"],
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": self.host,
            "SAM_CLI_POLL_DELAY": "0.2",
            "SAM_CLI_TELEMETRY": "0",
        }

    def _environment(self) -> dict[str, str]:
        # From nothing: Lambda functions inherit it, and ours might hold real credentials.
        environment = {
            "PATH": f"{PYTHON.parent}{os.pathsep}{os.defpath}",
            "HOME": str(self.home),
            "TMPDIR": str(self.home / "tmp"),
            "LANG": "C.UTF-8",
            "AUTH": "true",
            "BIND_HOST": self.host,
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_REGION": REGION,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,  # what functions call
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self.home / "state"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self.home / "s3"),
            "IOT_MTLS_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
        }
        if self._record:
            environment |= {"CLOUDTRAIL_RECORDING": "1", "CLOUDTRAIL_MAX_EVENTS": "50000"}
        return environment

    def _wait_until_healthy(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while process.poll() is None and time.monotonic() < deadline:
            try:
                self.http("GET", "/_ministack/health")
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
            else:
                return
        raise LocalAwsError(f"ministack did not start:\n{self.log.read_text()[-2000:]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
