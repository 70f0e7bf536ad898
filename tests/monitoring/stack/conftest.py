"""Runs the program under Pulumi's stock mocks and gives what it registered as a resource graph."""

from __future__ import annotations

import asyncio
import runpy
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pytest
from google.protobuf import json_format
from pulumi.runtime import mocks as pulumi_mocks
from pulumi.runtime.stack import run_pulumi_func

from tests.support.places import INFRA
from watchkeeper.monitoring.settings import from_pulumi_config, read_config
from watchkeeper.pulumi.graph import Graph, Resource

ACCOUNT = "123456789012"
REGION = "eu-west-1"

ARNS = {
    "aws:kms/key:Key": "arn:aws:kms:{region}:{account}:key/{name}",
    "aws:s3/bucket:Bucket": "arn:aws:s3:::{physical}",
    "aws:sns/topic:Topic": "arn:aws:sns:{region}:{account}:{physical}",
    "aws:sqs/queue:Queue": "arn:aws:sqs:{region}:{account}:{physical}",
    "aws:iam/role:Role": "arn:aws:iam::{account}:role/{physical}",
    "aws:lambda/function:Function": "arn:aws:lambda:{region}:{account}:function:{physical}",
    "aws:cloudwatch/logGroup:LogGroup": "arn:aws:logs:{region}:{account}:log-group:{physical}",
    "aws:cloudwatch/eventRule:EventRule": "arn:aws:events:{region}:{account}:rule/{physical}",
}


class Answers(pulumi_mocks.Mocks):
    """Answers as AWS would: ARNs from names, and the look-ups for one account and region."""

    def new_resource(self, args: pulumi_mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        physical = args.inputs.get("name") or args.inputs.get("bucket") or args.name
        pattern = ARNS.get(args.typ, "arn:aws:test:{region}:{account}:{physical}")
        arn = pattern.format(region=REGION, account=ACCOUNT, name=args.name, physical=physical)
        computed = {"arn": arn, "keyId": args.name, "name": physical, "url": f"https://sqs/{physical}"}
        return str(physical), computed | args.inputs

    def call(self, args: pulumi_mocks.MockCallArgs) -> dict[str, Any]:
        answers = {
            "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT},
            "aws:index/getRegion:getRegion": {"region": REGION, "name": REGION},
            "aws:index/getPartition:getPartition": {"partition": "aws"},
        }
        return answers[args.token]


class Recording(pulumi_mocks.MockMonitor):
    """The stock monitor, remembering what it was asked."""

    def __init__(self, answers: pulumi_mocks.Mocks) -> None:
        super().__init__(answers)
        self.requests: dict[str, Any] = {}
        self.registered_outputs: dict[str, Any] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - gRPC's name
        response = super().RegisterResource(request)
        assert response.urn not in self.requests, f"{response.urn} registered twice"
        self.requests[response.urn] = request
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - gRPC's name
        self.registered_outputs[request.urn] = json_format.MessageToDict(request.outputs)
        return super().RegisterResourceOutputs(request)

    def graph(self) -> Graph:
        return Graph({urn: self._resource(urn, request) for urn, request in self.requests.items()}, region=REGION)

    def _resource(self, urn: str, request: Any) -> Resource:
        state = self.resources.get(urn)
        return Resource(
            urn=urn,
            type=request.type,
            name=request.name,
            inputs=json_format.MessageToDict(request.object),
            outputs=self.registered_outputs.get(urn) or (state.state if state else {}),
            custom=request.custom,
            parent=request.parent,
            dependencies=tuple(request.dependencies),
            property_dependencies={key: tuple(value.urns) for key, value in request.propertyDependencies.items()},
            protect=request.protect,
            retain_on_delete=request.retainOnDelete,
            outputs_registered=urn in self.registered_outputs,
        )


def run(program: Callable[[], Any], config: Mapping[str, str] | None = None) -> Graph:
    """The graph of a program, run under the mocks."""
    asyncio.set_event_loop(asyncio.new_event_loop())
    answers = Answers()
    monitor = Recording(answers)
    pulumi_mocks.set_mocks(answers, project="watchkeeper", stack="test", preview=False, monitor=monitor)
    pulumi.runtime.set_all_config(dict(config or {}))
    asyncio.get_event_loop().run_until_complete(run_pulumi_func(program))
    return monitor.graph()


def run_infra(environment: str) -> Graph:
    """The graph of ``infra/`` with one of its stack files."""
    import json

    given = read_config(INFRA / f"Pulumi.{environment}.yaml")
    config = {key: value if isinstance(value, str) else json.dumps(value) for key, value in given.items()}
    return run(lambda: runpy.run_path(str(INFRA / "__main__.py"), run_name="__main__"), config)


def run_stack(**settings: Any) -> Graph:
    """The graph of a TapStack with these settings, two of which have values unless given."""
    from watchkeeper.monitoring.stack import TapStack, TapStackArgs

    given = {"watchkeeper:environmentSuffix": "test", "watchkeeper:owner": "me"}
    given.update({f"watchkeeper:{key}": value for key, value in settings.items()})
    args = TapStackArgs(from_pulumi_config(given))
    return run(lambda: TapStack("watchkeeper", args).export())


@pytest.fixture(scope="session")
def dev() -> Graph:
    """``infra/`` with the dev settings."""
    return run_infra("dev")


@pytest.fixture(scope="session")
def prod() -> Graph:
    return run_infra("prod")


@pytest.fixture(scope="session")
def stack() -> Callable[..., Graph]:
    """Runs a TapStack with the given settings, in Pulumi's spelling."""
    return run_stack
