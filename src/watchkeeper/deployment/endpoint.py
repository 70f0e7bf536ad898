"""An endpoint of the AWS API: AWS itself, or the embedded AWS of a project. Whoever asks can't tell them apart."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from watchkeeper.deployment.outcome import DeploymentError
from watchkeeper.embedded import server

RETRIES = Config(retries={"mode": "adaptive", "max_attempts": 8}, connect_timeout=5, read_timeout=60)
"""Adaptive: slows down where AWS throttles instead of failing
(https://docs.aws.amazon.com/boto3/latest/guide/retries.html)."""


class Endpoint:
    """Makes clients for one region of one account. Clients are shared, and may be used from several threads."""

    def __init__(self, session: boto3.Session, region: str, url: str | None = None) -> None:
        self.region = region
        self.url = url
        self._session = session
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    def client(self, service: str, region: str | None = None) -> Any:
        """The boto3 client of a service, in this endpoint's region unless another is named."""
        key = (service, region or self.region)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._session.client(
                    service, region_name=key[1], endpoint_url=self.url, config=RETRIES
                )
            return self._clients[key]

    @property
    def account(self) -> str:
        """The account id, asked of STS. Raises DeploymentError when the endpoint does not let the caller in."""
        try:
            return str(self.client("sts").get_caller_identity()["Account"])
        except (ClientError, BotoCoreError) as error:
            raise DeploymentError(
                f"AWS does not answer: {error}", "Check credentials with: aws sts get-caller-identity"
            ) from error


def aws(region: str | None = None) -> Endpoint:
    """AWS itself, with the caller's own credentials. Raises DeploymentError where no region is set."""
    session = boto3.Session(region_name=region)
    if session.region_name is None:
        raise DeploymentError("No AWS region is set.", "Name one with --region, AWS_REGION or aws configure.")
    return Endpoint(session, session.region_name)


def embedded(directory: Path, region: str | None = None) -> Endpoint:
    """The embedded AWS that runs from this folder. Raises DeploymentError when it does not run."""
    running = server.find(directory)
    if running is None:
        raise DeploymentError("The embedded AWS is not running.", "Start it with: watchkeeper local start")
    return of_running(running, region)


def of_running(running: server.Running, region: str | None = None) -> Endpoint:
    """The endpoint of an embedded AWS, as its account's root user."""
    keys = running.boto()
    session = boto3.Session(keys["aws_access_key_id"], keys["aws_secret_access_key"])
    return Endpoint(session, region or running.region, running.endpoint)
