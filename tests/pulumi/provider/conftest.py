"""A MiniStack process of its own for these tests, and a provider against it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from tests.support.waiting import answers, started
from watchkeeper.pulumi.provider import AwsProvider

REGION = "us-east-1"
ACCOUNT = "000000000000"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a MiniStack that lives as long as the tests."""
    port = _free_port()
    folder: Path = tmp_path_factory.mktemp("ministack")
    environment = {
        **os.environ,
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"], env=environment, cwd=folder, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            started("MiniStack", process, lambda: answers(f"http://127.0.0.1:{port}/_ministack/health"))
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


@pytest.fixture(scope="session")
def provider(endpoint: str) -> AwsProvider:
    """The provider, against that MiniStack."""
    return AwsProvider(endpoint, REGION, "test", "test", ACCOUNT)


@pytest.fixture(scope="session")
def session(endpoint: str) -> boto3.session.Session:
    """boto3 credentials and region for the same endpoint."""
    return boto3.session.Session("test", "test", region_name=REGION)


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsProvider]:
    """The provider against the whole embedded AWS: MiniStack behind the gateway, with our AWS Config."""
    folder: Path = tmp_path_factory.mktemp("embedded")
    command = [sys.executable, "-m", "watchkeeper.local", "--directory", str(folder), "--no-iam"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
        try:
            said = started("the embedded AWS", process, lambda: _announced(folder / "server.json"))
            yield AwsProvider(said["endpoint"], REGION, said["account"], said["secret"], said["account"])
        finally:
            process.terminate()
            process.wait()


def _announced(file: Path) -> dict[str, str] | None:
    said = file.read_text() if file.exists() else ""
    return dict(json.loads(said)) if said.strip() else None
