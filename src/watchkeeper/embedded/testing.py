"""Fixtures for the test suites of users: ``from watchkeeper.embedded.testing import aws, aws_server`` in a conftest.

``aws_server`` starts one embedded AWS for the session, in a process of its own on a free loopback port. ``aws`` gives
it to a test empty, with the environment set so that any AWS client in the test, boto3 or other, uses it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from watchkeeper.embedded.server import Running, running


@pytest.fixture(scope="session")
def aws_server() -> Iterator[Running]:
    """One for the session; ready in about two seconds."""
    with running() as server:
        yield server


@pytest.fixture
def aws(aws_server: Running, monkeypatch: pytest.MonkeyPatch) -> Running:
    """Emptied; a reset takes some milliseconds."""
    aws_server.reset()
    for name, value in aws_server.environment.items():
        monkeypatch.setenv(name, value)
    return aws_server
