"""One embedded AWS for the readers' tests: they only add to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from watchkeeper.clients import Clients
from watchkeeper.local.server import Running, running


@pytest.fixture(scope="session")
def aws() -> Iterator[Running]:
    with running() as found:
        yield found


@pytest.fixture(scope="session")
def session(aws: Running) -> boto3.Session:
    credentials = {name.lower(): value for name, value in aws.credentials.items()}
    return boto3.Session(**credentials, region_name=aws.region)


@pytest.fixture(scope="session")
def clients(aws: Running, session: boto3.Session) -> Clients:
    return Clients(session, aws.region, aws.endpoint)


@pytest.fixture
def calls(clients: Clients) -> Iterator[list[str]]:
    """The operations asked for while the test runs."""
    seen: list[str] = []

    def note(event_name: str, **_: Any) -> None:
        seen.append(event_name.removeprefix("before-call."))

    watched = [clients(service) for service in ("s3", "ec2", "rds")]
    for client in watched:
        client.meta.events.register("before-call.*.*", note)
    yield seen
    for client in watched:
        client.meta.events.unregister("before-call.*.*", note)
