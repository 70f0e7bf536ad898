"""No input makes a check crash or hang: missing, null, unknown, misspelled, nested values; cycles; large policies."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchkeeper.aws.facts.event_patterns import problem as pattern_problem
from watchkeeper.aws.facts.schedules import problem as schedule_problem
from watchkeeper.preflight import Options, Target, run
from watchkeeper.preflight.code import javascript, python
from watchkeeper.preflight.formats import FORMATS, render
from watchkeeper.preflight.inputs import read_document
from watchkeeper.preflight.meaning.identity import IDENTITIES
from watchkeeper.preflight.meaning.policy import matches
from watchkeeper.preflight.meaning.views import BUCKET_POLICY, EVENT_TARGET, PERMISSION, REMEDIATION, ROLE_POLICY
from watchkeeper.pulumi.graph import UNKNOWN, Archive, Asset, Graph, Reference, Resource, Secret

SLOW = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
TYPES = [*IDENTITIES, BUCKET_POLICY, EVENT_TARGET, PERMISSION, REMEDIATION, ROLE_POLICY, "", "custom:x:Y"]
URNS = [f"urn:{number}" for number in range(6)]
KEYS = st.sampled_from(
    [
        "name",
        "bucket",
        "policy",
        "arn",
        "source",
        "sourceIdentifier",
        "owner",
        "inputParameters",
        "tags",
        "environment",
        "variables",
        "code",
        "role",
        "runtime",
        "recordingGroup",
        "eventPattern",
        "scheduleExpression",
        "dashboardBody",
        "metricName",
        "namespace",
        "dimensions",
        "regions",
        "Statement",
        "Effect",
        "Action",
        "Principal",
        "Resource",
        "Condition",
        "accountAggregationSource",
        "rule",
        "rules",
        "kmsMasterKeyId",
        "s3BucketName",
    ]
) | st.text(max_size=8)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(max_size=20)
    | st.just(UNKNOWN)
    | st.sampled_from(
        ["AWS", "DESIRED_INSTANCE_TYPE", "arn:aws:s3:::b", "*", "rate(1 hours)", '{"Statement": [[]]}', "[" * 3000]
    )
    | st.builds(Reference, st.sampled_from(URNS), st.sampled_from(["", "arn", "name", "x"]))
    | st.builds(Secret, st.text(max_size=5) | st.just(UNKNOWN))
    | st.builds(Asset, text=st.text(max_size=30))
    | st.just(Archive(path="/nowhere"))
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
RESOURCES = st.builds(
    Resource,
    urn=st.sampled_from(URNS),
    type=st.sampled_from(TYPES),
    name=st.text(max_size=10),
    inputs=st.dictionaries(KEYS, VALUES, max_size=8),
    outputs=st.dictionaries(KEYS, VALUES, max_size=3),
    custom=st.booleans(),
    parent=st.sampled_from(["", *URNS]),
    dependencies=st.lists(st.sampled_from(URNS), max_size=3).map(tuple),
    property_dependencies=st.dictionaries(KEYS, st.lists(st.sampled_from(URNS), max_size=2).map(tuple), max_size=3),
)
GRAPHS = st.lists(RESOURCES, max_size=8).map(
    lambda items: Graph({item.urn: item for item in items}, stack="dev", region="eu-west-1")
)


@SLOW
@given(GRAPHS)
def test_no_graph_makes_a_check_crash(graph: Graph) -> None:
    report = run(graph)
    assert report.errors == ()
    for name in FORMATS:
        assert isinstance(render(report, name), str)


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of the value itself and of everything inside it."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths(item, (*path, key))


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(copy[path[0]], path[1:], new)
    return copy


@pytest.mark.parametrize("stack", ["reference", "regions", "events"])
@SLOW
@given(st.data())
def test_no_value_in_a_correct_stack_makes_a_check_crash(
    request: pytest.FixtureRequest, stack: str, data: st.DataObject
) -> None:
    target: Target = request.getfixturevalue(stack)
    resource = data.draw(st.sampled_from([item for item in target.graph if item.inputs]))
    place = data.draw(st.sampled_from([path for path in paths(dict(resource.inputs)) if path]))
    changed = replace(resource, inputs=put(dict(resource.inputs), place, data.draw(VALUES)))
    graph = replace(target.graph, resources={**target.graph.resources, changed.urn: changed})
    assert run(graph, Options(root=target.root)).errors == ()


@pytest.mark.parametrize("stack", ["regions", "events"])
@pytest.mark.parametrize("wrong", [None, UNKNOWN, 7, "x", [], {}, Secret(UNKNOWN)], ids=repr)
def test_no_property_of_a_wrong_type_makes_a_check_crash(
    request: pytest.FixtureRequest, stack: str, wrong: object
) -> None:
    """All properties of one resource after the other, then of all resources."""
    target: Target = request.getfixturevalue(stack)
    changed = {
        item.urn: replace(item, inputs=dict.fromkeys(item.inputs, wrong)) for item in target.graph if item.inputs
    }
    for resource in changed.values():
        graph = replace(target.graph, resources={**target.graph.resources, resource.urn: resource})
        assert run(graph, Options(root=target.root)).errors == ()
    everything = {**target.graph.resources, **changed}
    assert run(replace(target.graph, resources=everything), Options(root=target.root)).errors == ()


@SLOW
@given(st.text(max_size=60))
def test_no_text_makes_a_parser_crash(text: str) -> None:
    schedule_problem(text)
    schedule_problem(f"cron({text})")
    schedule_problem(f"rate({text})")
    python.read_package({"index.py": text})
    javascript.read(text, "index.ts")
    assert matches("*", text)


@SLOW
@given(VALUES)
def test_no_value_makes_the_pattern_check_crash(value: Any) -> None:
    assert isinstance(pattern_problem(value), str)


def _role_with(statements: list[dict[str, Any]]) -> Graph:
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    role = Resource("urn:role", "aws:iam/role:Role", "role", {"assumeRolePolicy": policy})
    part = Resource("urn:policy", ROLE_POLICY, "policy", {"role": Reference("urn:role", "name"), "policy": policy})
    bucket = Resource("urn:bucket", "aws:s3/bucket:Bucket", "bucket", {"bucket": "b", "policy": policy})
    recorder = Resource(
        "urn:recorder", "aws:cfg/recorder:Recorder", "recorder", {"roleArn": Reference("urn:role", "arn")}
    )
    channel = Resource("urn:channel", "aws:cfg/deliveryChannel:DeliveryChannel", "channel", {"s3BucketName": "b"})
    return Graph({item.urn: item for item in (role, part, bucket, recorder, channel)}, stack="dev", region="eu-west-1")


def test_a_policy_with_ten_thousand_statements_takes_seconds() -> None:
    statements = [
        {"Effect": "Allow", "Action": f"s3:Get{i}*", "Resource": "arn:aws:s3:::*a*a*a*a*a*b"} for i in range(10_000)
    ]
    start = time.process_time()
    report = run(_role_with(statements))
    assert report.errors == ()
    assert time.process_time() - start < 20


def test_cycles_end() -> None:
    a = Resource(
        "urn:0", "aws:s3/bucket:Bucket", "a", {"bucket": Reference("urn:1", "bucket")}, dependencies=("urn:1",)
    )
    b = Resource(
        "urn:1",
        "aws:s3/bucket:Bucket",
        "b",
        {"bucket": Reference("urn:0", "bucket")},
        parent="urn:0",
        dependencies=("urn:0",),
    )
    report = run(Graph({"urn:0": a, "urn:1": b}, stack="dev"))
    assert report.errors == ()
    assert report.findings


def test_a_large_graph_takes_seconds() -> None:
    buckets = [Resource(f"urn:{i}", "aws:s3/bucket:Bucket", f"b{i}", {"bucket": f"b-{i}-dev"}) for i in range(2000)]
    blocks = [
        Resource(
            f"urn:p{i}", "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", f"p{i}", {"bucket": f"b-{i}-dev"}
        )
        for i in range(2000)
    ]
    start = time.process_time()
    report = run(Graph({item.urn: item for item in (*buckets, *blocks)}, stack="dev", region="eu-west-1"))
    assert report.errors == ()
    assert time.process_time() - start < 20


def test_a_secret_is_never_shown() -> None:
    rule = Resource(
        "urn:rule", "aws:cloudwatch/eventRule:EventRule", "rule", {"scheduleExpression": Secret("hunter2 hunter2")}
    )
    report = run(Graph({"urn:rule": rule}, stack="dev", region="eu-west-1"))
    assert report.findings
    assert all("hunter2" not in render(report, name) for name in FORMATS)


@pytest.mark.parametrize("runtime", ["python3.13", "nodejs22.x"])
def test_half_a_surrogate_pair_makes_no_check_crash(template: str, runtime: str) -> None:
    """JSON may hold one anywhere: in names, in ARNs, in code."""
    document = json.loads(template)
    names = list(document["Resources"])
    text = template.replace("python3.13", runtime)
    for name in names:
        text = text.replace(f'"{name}"', f'"{name}\\ud800"').replace(f"${{{name}", f"${{{name}\\ud800")
    for word in ("s3:", "arn:", "import ", "-dev", "Owner"):
        text = text.replace(word, f"{word}\\udfff")
    report = run(read_document(json.loads(text), "template.json").graph)
    assert report.errors == ()
