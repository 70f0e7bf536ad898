"""A MiniStack process of its own for these tests, and a provider against it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from watchkeeper.local.patience import Patience
from watchkeeper.pulumi.provider import AwsProvider

REGION = "us-east-1"
ACCOUNT = "000000000000"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    patience = Patience(process.pid)
    while not patience.over():
        if process.poll() is not None:
            raise RuntimeError(f"MiniStack ended with {process.returncode}")
        try:
            with urllib.request.urlopen(f"{url}/_ministack/health", timeout=2):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("MiniStack did not start")


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
            _wait(f"http://127.0.0.1:{port}", process)
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
            url = _announced(folder / "server.json", process)
            yield AwsProvider(url, REGION, "test", "test", "123456789012")
        finally:
            process.terminate()
            process.wait()


def _announced(file: Path, process: subprocess.Popen[bytes]) -> str:
    patience = Patience(process.pid)
    while not patience.over():
        if process.poll() is not None:
            raise RuntimeError(f"the embedded AWS ended with {process.returncode}")
        if file.exists() and file.read_text().strip():
            return str(json.loads(file.read_text())["endpoint"])
        time.sleep(0.1)
    raise RuntimeError("the embedded AWS did not start")
