"""The correct stack, read once for all tests of the room."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from watchkeeper.local.testing import aws, aws_server
from watchkeeper.preflight import Target, read_target
from watchkeeper.preflight.inputs import load

__all__ = ["aws", "aws_server"]
FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(scope="session")
def reference() -> Target:
    """The correct Pulumi program, run in preview."""
    return read_target(FIXTURES / "reference")


@pytest.fixture(scope="session")
def regions() -> Target:
    """A correct Pulumi program in several regions, run in preview."""
    return read_target(FIXTURES / "styles" / "regions")


@pytest.fixture(scope="session")
def events() -> Target:
    """A correct Pulumi program with rules of its own, queues and schedules, run in preview."""
    return read_target(FIXTURES / "styles" / "events")


@pytest.fixture(scope="session")
def template() -> str:
    """The correct CloudFormation template, as JSON."""
    document = load((FIXTURES / "reference.yaml").read_text(), "reference.yaml").document
    return json.dumps(document)


@pytest.fixture(scope="session")
def program_fixtures() -> Path:
    return FIXTURES
