"""The same program on the embedded engine: nothing in it may depend on who runs it."""

from __future__ import annotations

import pytest

from tests.support.places import INFRA
from watchkeeper.preflight.options import Options
from watchkeeper.preflight.run.running import run
from watchkeeper.pulumi.engine.preview import Preview, preview
from watchkeeper.pulumi.engine.program import load_project
from watchkeeper.pulumi.graph import UNKNOWN, Graph
from watchkeeper.pulumi.provider import AwsProvider


@pytest.fixture(scope="module")
def previewed() -> Preview:
    return preview(load_project(INFRA, "dev"))


def test_it_registers_what_it_registers_under_pulumis_mocks(previewed: Preview, dev: Graph) -> None:
    assert previewed.error is None
    mine = {(resource.type, resource.name) for resource in previewed.graph if resource.type != "pulumi:pulumi:Stack"}
    assert mine == {(resource.type, resource.name) for resource in dev if resource.type != "pulumi:pulumi:Stack"}


def test_the_embedded_aws_can_make_all_of_it(previewed: Preview) -> None:
    provider = AwsProvider("http://127.0.0.1:1", "eu-west-1", "key", "secret", "123456789012")
    wanted = {resource.type for resource in previewed.graph if resource.custom and resource.type.startswith("aws:")}
    assert wanted <= set(provider.types)


def test_a_preview_shows_every_policy_but_those_of_the_key(previewed: Preview) -> None:
    hidden = {
        resource.name
        for resource in previewed.graph
        if any(resource.inputs.get(name) is UNKNOWN for name in ("policy", "assumeRolePolicy", "dashboardBody"))
    }
    assert all("key" in name for name in hidden), hidden


def test_no_preflight_check_finds_anything(previewed: Preview) -> None:
    report = run(previewed.graph, Options(environment="dev", root=str(INFRA)))
    assert report.errors == ()
    assert report.findings == ()
    assert len(report.checks_run) > 40
