"""Starting, stopping and asking the embedded AWS, from outside its process.

with running() as aws:                       # a test: a process of its own, gone afterwards
    boto3.client("s3", **aws.boto())

aws = start(Path(".watchkeeper/local"))      # a user: stays until stop(directory)
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from watchkeeper.extras import need
from watchkeeper.local.patience import STILL_SECONDS, Patience

DEFAULT_ACCOUNT, DEFAULT_REGION = "123456789012", "us-east-1"
_SERVER_FILE, _LOCK_FILE, _LOG_FILE = "server.json", "lock", "server.log"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "config.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}
_DELIVER = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["s3:PutObject", "s3:GetBucketAcl"], "Resource": "*"}],
}


class EmbeddedError(Exception):
    """The embedded AWS couldn't be started, stopped or asked; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Running:
    """An embedded AWS that runs."""

    directory: Path
    endpoint: str
    pid: int
    account: str
    region: str
    iam: bool
    secret: str = field(default="", repr=False)
    """What the root of every account signs with, and what the paths that are not AWS's ask for."""
    test_credentials: bool = False

    @property
    def credentials(self) -> dict[str, str]:
        """The account's root: everything is allowed to it. A 12-digit access key is the root of that account."""
        return {"AWS_ACCESS_KEY_ID": self.account, "AWS_SECRET_ACCESS_KEY": self.secret}

    @property
    def environment(self) -> dict[str, str]:
        """What to set so that any AWS client uses it: ``eval "$(watchkeeper local env)"``."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            **self.credentials,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def document(self) -> dict[str, Any]:
        """As JSON: ``schemas/local-start.schema.json``."""
        return {
            "endpoint": self.endpoint,
            "account": self.account,
            "region": self.region,
            "pid": self.pid,
            "environment": self.environment,
        }

    def boto(self, *, account: str | None = None, region: str | None = None) -> dict[str, str]:
        """Keyword arguments of ``boto3.client``, for this or another account and region."""
        return {
            "endpoint_url": self.endpoint,
            "aws_access_key_id": account or self.account,
            "aws_secret_access_key": self.secret,
            "region_name": region or self.region,
        }

    def status(self) -> dict[str, Any]:
        """What it says of itself: recorders, silent losses, latency. Raises EmbeddedError."""
        return _ask(self, "GET", "/_watchkeeper/status")

    def reset(self) -> None:
        """Forget every resource, AWS Config's history included. Raises EmbeddedError."""
        _ask(self, "POST", "/_watchkeeper/reset")

    def wait_until_idle(self, timeout: float = 10.0) -> bool:
        """Until every change so far is recorded, and what follows from it done; False where nothing of that has moved
        for ``timeout`` seconds. Raises EmbeddedError."""
        seen, since = None, time.monotonic()
        while not (answer := _ask(self, "GET", "/_watchkeeper/idle?timeout=1", 60))["idle"]:
            marks = answer["recorded"], answer["waiting"]
            if marks != seen:
                seen, since = marks, time.monotonic()
            if time.monotonic() - since > timeout:
                return False
        return True

    def advance(self, seconds: float) -> None:
        """Move AWS Config's clock on: periodic rules, snapshots and retention follow it. Raises EmbeddedError."""
        _ask(self, "POST", f"/_watchkeeper/clock?advance={seconds}", 60)

    def record(self, *, account: str | None = None, region: str | None = None) -> None:
        """Switch AWS Config on, as a test suite needs it: a recorder of every type, and a channel to a bucket
        ``config-<account>-<region>``. Raises botocore's ClientError, where there is a recorder already of another name,
        say."""
        import boto3

        where = self.boto(account=account, region=region)
        owner, place = where["aws_access_key_id"], where["region_name"]
        bucket, role = f"config-{owner}-{place}", f"config-recorder-{place}"
        iam, s3, config = (boto3.client(service, **where) for service in ("iam", "s3", "config"))
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(_TRUST))
        iam.put_role_policy(RoleName=role, PolicyName="deliver", PolicyDocument=json.dumps(_DELIVER))
        constraint = {} if place == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": place}}
        s3.create_bucket(Bucket=bucket, **constraint)
        config.put_configuration_recorder(
            ConfigurationRecorder={
                "name": "default",
                "roleARN": f"arn:aws:iam::{owner}:role/{role}",
                "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
            }
        )
        config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": bucket})
        config.start_configuration_recorder(ConfigurationRecorderName="default")

    def mail(self) -> list[dict[str, str]]:
        """What topics sent by mail: topic, address, subject, message, at. Raises EmbeddedError."""
        found: list[dict[str, str]] = _ask(self, "GET", "/_watchkeeper/mail")["mail"]
        return found


def start(
    directory: Path,
    port: int = 0,
    account: str = DEFAULT_ACCOUNT,
    region: str = DEFAULT_REGION,
    iam: bool = True,
    *,
    sweep_seconds: float = 60.0,
    still: float = STILL_SECONDS,
    test_credentials: bool = False,
    allow_hosts: Sequence[str] = (),
    allow_origins: Sequence[str] = (),
) -> Running:
    """Start it on 127.0.0.1 with its state under ``directory``; what was there before is there again.

    The secret of its credentials is the folder's own; ``test_credentials`` makes it ``test``, for who can't ask for it.
    Requests to another Host than loopback's, and those of pages of another origin, are refused, but for these.
    ``port`` 0 takes a free one. One that already runs there is given back, if nothing else was asked for.

    Raises MissingExtraError, and EmbeddedError: port taken, another one with other options running there, or it died,
    or nothing of it moved for ``still`` seconds before it was ready.
    """
    need("local")
    directory = directory.resolve()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    present = find(directory)
    if present is not None:
        wanted = (account, region, iam, test_credentials)
        has = (present.account, present.region, present.iam, present.test_credentials)
        if port not in (0, _port(present)) or wanted != has:
            raise EmbeddedError(
                f"an embedded AWS runs in {directory} already ({present.endpoint}, account {present.account}, "
                f"region {present.region}): stop it first"
            )
        return present
    (directory / _SERVER_FILE).unlink(missing_ok=True)
    command = [sys.executable, "-m", "watchkeeper.local", "--directory", str(directory), "--port", str(port)]
    command += ["--account", account, "--region", region, "--sweep-seconds", str(sweep_seconds)]
    command += [] if iam else ["--no-iam"]
    command += ["--test-credentials"] if test_credentials else []
    command += [part for name in allow_hosts for part in ("--allow-host", name)]
    command += [part for origin in allow_origins for part in ("--allow-origin", origin)]
    log_file = os.open(directory / _LOG_FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(log_file, "ab") as log:
        beginning = log.tell()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=_environment(),
        )
    patience = Patience(process.pid, directory / _LOG_FILE, still)
    while not patience.over():
        if process.poll() is not None:
            raise EmbeddedError(f"the embedded AWS didn't start: {_log_tail(directory, beginning)}")
        running_now = _described(directory)
        if running_now is not None and running_now.pid == process.pid and _healthy(running_now):
            return running_now
        time.sleep(0.02)
    process.kill()
    process.wait()
    said = _log_tail(directory, beginning)
    raise EmbeddedError(f"the embedded AWS wasn't ready, and nothing of it moved for {still:g} s: {said}")


def stop(directory: Path, still: float = STILL_SECONDS) -> bool:
    """Stop the one that runs there, its state saved; whether there was one.

    It has as long as it gets on with saving. Raises EmbeddedError if it won't go.
    """
    directory = directory.resolve()
    present = find(directory)
    if present is None:
        return False
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(present.pid, number)
        patience = Patience(present.pid, still=still)
        while not patience.over():
            _reap(present.pid)
            if not _locked(directory):
                (directory / _SERVER_FILE).unlink(missing_ok=True)
                return True
            time.sleep(0.02)
    raise EmbeddedError(f"process {present.pid} doesn't stop")


def find(directory: Path) -> Running | None:
    """The one that runs there, or None; what a killed one left behind isn't mistaken for one."""
    directory = directory.resolve()
    return _described(directory) if _locked(directory) else None


@contextlib.contextmanager
def running(
    directory: Path | None = None,
    *,
    port: int = 0,
    account: str = DEFAULT_ACCOUNT,
    region: str = DEFAULT_REGION,
    iam: bool = True,
    sweep_seconds: float = 60.0,
    test_credentials: bool = False,
    allow_hosts: Sequence[str] = (),
    allow_origins: Sequence[str] = (),
) -> Iterator[Running]:
    """One for the time of a ``with``; without a ``directory`` its state is thrown away. Raises EmbeddedError."""
    with contextlib.ExitStack() as stack:
        where = directory or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="watchkeeper-")))
        aws = start(
            where,
            port,
            account,
            region,
            iam,
            sweep_seconds=sweep_seconds,
            test_credentials=test_credentials,
            allow_hosts=allow_hosts,
            allow_origins=allow_origins,
        )
        stack.callback(stop, where)
        yield aws


def document_of_status(aws: Running, status: Mapping[str, Any]) -> dict[str, Any]:
    """What it is and what it says of itself, as JSON: ``schemas/local-status.schema.json``."""
    return {**aws.document, **status}


def document_of_stop(stopped: bool) -> dict[str, Any]:
    """Whether there was one to stop, as JSON: ``schemas/local-stop.schema.json``."""
    return {"stopped": stopped}


def document_of_environment(variables: Mapping[str, str]) -> dict[str, Any]:
    """What points AWS clients at it, as JSON: ``schemas/local-env.schema.json``."""
    return {"environment": dict(variables)}


def document_of_reset() -> dict[str, Any]:
    """That it is empty, as JSON: ``schemas/local-reset.schema.json``."""
    return {"empty": True}


def _environment() -> dict[str, str]:
    """Bytecode is kept, whatever the caller wants for itself: a start without it compiles MiniStack each time."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPATH": _own_path()}


def _own_path() -> str:
    """So that the process runs the very package that starts it, installed or not."""
    root = str(Path(__file__).resolve().parents[2])
    return os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)


def _port(aws: Running) -> int:
    return int(aws.endpoint.rpartition(":")[2])


def _locked(directory: Path) -> bool:
    """The lock lives and dies with the process, unlike a pid in a file, which may be another's by now."""
    try:
        handle = (directory / _LOCK_FILE).open("r+")
    except FileNotFoundError:
        return False
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def _described(directory: Path) -> Running | None:
    try:
        raw = json.loads((directory / _SERVER_FILE).read_text())
        return Running(
            directory,
            raw["endpoint"],
            int(raw["pid"]),
            raw["account"],
            raw["region"],
            bool(raw["iam"]),
            raw["secret"],
            bool(raw["test_credentials"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _reap(pid: int) -> None:
    """A child of ours stays a zombie until it's waited for; another's isn't our business."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _healthy(aws: Running) -> bool:
    try:
        return bool(_ask(aws, "GET", "/_watchkeeper/health", 2).get("status") == "ok")
    except EmbeddedError:
        return False


def _ask(aws: Running, method: str, path: str, timeout: float = 30.0) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {aws.secret}"}
    request = urllib.request.Request(aws.endpoint + path, method=method, headers=headers)  # noqa: S310 - our own
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310
            document: dict[str, Any] = json.load(answer)
            return document
    except (OSError, ValueError) as error:
        raise EmbeddedError(f"the embedded AWS at {aws.endpoint} doesn't answer {method} {path}: {error}") from error


def _log_tail(directory: Path, beginning: int) -> str:
    try:
        text = (directory / _LOG_FILE).read_bytes()[beginning:].decode("utf-8", "replace").strip()
    except OSError:
        return "it left no log"
    return "\n".join(text.splitlines()[-8:]) or f"it said nothing; see {directory / _LOG_FILE}"
