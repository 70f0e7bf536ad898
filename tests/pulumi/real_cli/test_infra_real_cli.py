"""The repository's own project, `infra/`, through the real Pulumi CLI on the embedded AWS."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.places import INFRA
from tests.support.pulumi_cli import pulumi_user
from watchkeeper.local import server
from watchkeeper.local.deploying import state_file
from watchkeeper.pulumi.engine import deployment
from watchkeeper.pulumi.engine.program import load_project
from watchkeeper.pulumi.provider import AwsProvider


@pytest.mark.full
def test_infra_by_the_real_cli_is_what_our_engine_plans_and_stays_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "infra"
    shutil.copytree(INFRA, folder, ignore=shutil.ignore_patterns(".watchkeeper", "__pycache__"))
    with server.running(region="eu-west-1") as aws:
        user = pulumi_user(folder, aws)
        user("config", "set", "aws:region", "eu-west-1")
        provider = AwsProvider(aws.endpoint, "eu-west-1", aws.account, "test", aws.account)
        steps = deployment.plan(load_project(folder, "dev"), provider, state_file(tmp_path, "watchkeeper", "dev"))
        planned = {(step.type, step.name) for step in steps if step.type.startswith("aws:")}

        made = user.steps("up")
        state = user.state()
        assert made == {"create": made["create"]}
        by_the_cli = {(one["type"], urn.rpartition("::")[2]) for urn, one in state.items()}
        assert {one for one in by_the_cli if one[0].startswith("aws:")} == planned
        assert user.outputs()["bucketName"] == f"compliance-reports-{aws.account}-eu-west-1-dev"
        assert user.steps("up") == {"same": made["create"]}
        assert user.steps("destroy") == {"delete": made["create"]}
