"""A real MiniStack process for S3, SNS, SQS, CloudWatch and RDS, and AWS Config's protocol on a port of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.support.waiting import answers, started
from watchkeeper.monitoring.functions import runtime
from watchkeeper.monitoring.functions.manifest import FUNCTIONS

REGION = "eu-west-1"
ACCOUNT = "000000000000"
EVENTS = Path(__file__).parent / "events"
RULES = {
    "s3-default-encryption-kms-test": {
        "identifier": "S3_DEFAULT_ENCRYPTION_KMS",
        "severity": "HIGH",
        "category": "encryption",
        "remediation": "automatic",
    },
    "s3-bucket-versioning-enabled-test": {
        "identifier": "S3_BUCKET_VERSIONING_ENABLED",
        "severity": "LOW",
        "category": "resilience",
        "remediation": "automatic",
    },
    "s3-bucket-level-public-access-prohibited-test": {
        "identifier": "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED",
        "severity": "CRITICAL",
        "category": "exposure",
        "remediation": "automatic",
    },
    "db-instance-backup-enabled-test": {
        "identifier": "DB_INSTANCE_BACKUP_ENABLED",
        "severity": "HIGH",
        "category": "resilience",
        "remediation": "automatic",
    },
    "desired-instance-type-test": {
        "identifier": "DESIRED_INSTANCE_TYPE",
        "severity": "MEDIUM",
        "category": "cost",
        "remediation": "off",
    },
}


def event(name: str) -> dict[str, Any]:
    """An event of the fixture folder."""
    loaded: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return loaded


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The endpoint of a MiniStack of our own."""
    port = free_port()
    folder = tmp_path_factory.mktemp("ministack")
    environment = os.environ | {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "MINISTACK_REGION": REGION,
        "LOG_LEVEL": "WARNING",
        "TMPDIR": str(folder),
    }
    endpoint = f"http://127.0.0.1:{port}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"], env=environment, stdout=log, stderr=log, cwd=folder
        )
        try:
            started("MiniStack", process, lambda: answers(f"{endpoint}/_ministack/health"))
            yield endpoint
        finally:
            process.terminate()
            process.wait()


@dataclass
class ConfigService:
    """AWS Config at its own edge, the protocol only: what the test says it holds, page by page, with AWS's errors."""

    results: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    status: dict[str, dict[str, Any]] = field(default_factory=dict)
    refuse: dict[str, list[str]] = field(default_factory=dict)
    """Operation -> error codes of its next calls."""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    evaluates: bool = True
    endpoint: str = ""

    def add(self, rule: str, *results: tuple[str, str, str]) -> None:
        """Results (type, id, compliance) of a rule that was evaluated."""
        now = time.time()
        self.status.setdefault(rule, {"ConfigRuleName": rule, "LastSuccessfulEvaluationTime": now - 3600})
        self.results.setdefault(rule, []).extend(
            {
                "EvaluationResultIdentifier": {
                    "EvaluationResultQualifier": {"ConfigRuleName": rule, "ResourceType": kind, "ResourceId": name},
                    "OrderingTimestamp": now,
                },
                "ComplianceType": compliance,
                "ResultRecordedTime": now,
                "ConfigRuleInvokedTime": now,
            }
            for kind, name, compliance in results
        )

    def answer(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        """One call."""
        self.calls.append((operation, body))
        if self.refuse.get(operation):
            raise ConfigRefusal(self.refuse[operation].pop(0))
        handlers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "StartConfigRulesEvaluation": self._start,
            "DescribeConfigRuleEvaluationStatus": self._status,
            "GetComplianceDetailsByConfigRule": self._details,
        }
        return handlers[operation](body)

    def _start(self, body: dict[str, Any]) -> dict[str, Any]:
        assert len(body["ConfigRuleNames"]) <= 25
        if self.evaluates:
            for name in body["ConfigRuleNames"]:
                self.status[name] = self.status[name] | {"LastSuccessfulEvaluationTime": time.time()}
        return {}

    def _status(self, body: dict[str, Any]) -> dict[str, Any]:
        assert len(body["ConfigRuleNames"]) <= 25
        missing = [name for name in body["ConfigRuleNames"] if name not in self.status]
        if missing:
            raise ConfigRefusal("NoSuchConfigRuleException")
        names = body["ConfigRuleNames"]
        start = int(body.get("NextToken", "0"))
        page = {"ConfigRulesEvaluationStatus": [self.status[name] for name in names[start : start + 10]]}
        return page | ({"NextToken": str(start + 10)} if len(names) > start + 10 else {})

    def _details(self, body: dict[str, Any]) -> dict[str, Any]:
        assert body["Limit"] <= 100
        if body["ConfigRuleName"] not in self.status:
            raise ConfigRefusal("NoSuchConfigRuleException")
        found = self.results.get(body["ConfigRuleName"], [])
        start, size = int(body.get("NextToken", "0")), body["Limit"]
        page = {"EvaluationResults": found[start : start + size]}
        return page | ({"NextToken": str(start + size)} if len(found) > start + size else {})


class ConfigRefusal(Exception):  # noqa: N818
    """An error code that AWS Config answers with."""


@pytest.fixture
def config_service() -> Iterator[ConfigService]:
    """AWS Config, empty."""
    service = ConfigService()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
            operation = self.headers["X-Amz-Target"].split(".")[-1]
            try:
                status, answer = 200, service.answer(operation, body)
            except ConfigRefusal as refusal:
                status, answer = 400, {"__type": str(refusal), "message": "as AWS would say"}
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    service.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    yield service
    server.shutdown()
    server.server_close()


@dataclass
class World:
    """A deployment's surroundings, on MiniStack: bucket, topic with a queue behind it, the functions' environment."""

    bucket: str
    topic: str
    queue: str
    namespace: str
    config: ConfigService
    clients: Callable[[str], Any]

    def documents(self, prefix: str) -> list[dict[str, Any]]:
        """The JSON documents under a prefix of the report bucket."""
        found = self.clients("s3").list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])
        return [json.loads(self.text(item["Key"])) for item in found if item["Key"].endswith(".json")]

    def text(self, key: str) -> str:
        """An object of the report bucket."""
        body: bytes = self.clients("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return body.decode()

    def messages(self) -> list[dict[str, Any]]:
        """The SNS envelopes that came to the queue since the last look."""
        found: list[dict[str, Any]] = []
        sqs = self.clients("sqs")
        while batch := sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", []):
            for message in batch:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    def metrics(self) -> dict[tuple[str, ...], float]:
        """Every metric published: (name, dimension=value …) -> the sum of its values."""
        cloudwatch = self.clients("cloudwatch")
        found: dict[tuple[str, ...], float] = {}
        for page in cloudwatch.get_paginator("list_metrics").paginate(Namespace=self.namespace):
            for metric in page["Metrics"]:
                dimensions = sorted(f"{item['Name']}={item['Value']}" for item in metric["Dimensions"])
                points = cloudwatch.get_metric_statistics(
                    Namespace=self.namespace,
                    MetricName=metric["MetricName"],
                    Dimensions=metric["Dimensions"],
                    StartTime=time.time() - 3600,
                    EndTime=time.time() + 3600,
                    Period=7200,
                    Statistics=["Sum"],
                )["Datapoints"]
                found[(metric["MetricName"], *dimensions)] = sum(point["Sum"] for point in points)
        return found


@dataclass
class Context:
    """A Lambda context."""

    name: str
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    seconds: float = 300.0

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.name}-test"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@pytest.fixture
def world(ministack: str, config_service: ConfigService, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Everything that the functions find when they run, and nothing else in their environment."""
    settings = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": ministack,
        "AWS_ENDPOINT_URL_CONFIG_SERVICE": config_service.endpoint,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    runtime.client.cache_clear()
    unique = uuid.uuid4().hex[:12]
    clients: dict[str, Any] = {}

    def client(service: str) -> Any:
        return clients.setdefault(service, boto3.client(service))

    bucket = f"compliance-reports-{unique}"
    client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    topic = client("sns").create_topic(Name=f"alerts-{unique}")["TopicArn"]
    queue = client("sqs").create_queue(QueueName=f"alerts-{unique}")["QueueUrl"]
    queue_arn = client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
    namespace = f"Watchkeeper/{unique}"
    function_environment = {
        "REPORT_BUCKET": bucket,
        "ALERT_TOPIC_ARN": topic,
        "METRIC_NAMESPACE": namespace,
        "ENVIRONMENT_SUFFIX": "test",
        "RULES": json.dumps(RULES),
        "EXEMPTION_TAG": "watchkeeper:exempt",
        "MINIMUM_BACKUP_RETENTION_DAYS": "7",
    }
    for name, value in function_environment.items():
        monkeypatch.setenv(name, value)
    for name in RULES:
        config_service.add(name)
    yield World(bucket, topic, queue, namespace, config_service, client)
    runtime.client.cache_clear()


@pytest.fixture
def run(world: World) -> Callable[..., dict[str, Any]]:
    """Runs a deployed function by name, as Lambda does: its handler, and only the environment that its row lists."""
    specs = {spec.name: spec for spec in FUNCTIONS}

    def invoke(name: str, payload: object, **context: Any) -> dict[str, Any]:
        spec = specs[name]
        module, function = spec.handler.rsplit(".", 1)
        with pytest.MonkeyPatch.context() as patch:
            for other in set(runtime.ENVIRONMENT) - set(spec.environment):
                patch.delenv(other, raising=False)
            result: dict[str, Any] = getattr(import_module(module), function)(payload, Context(name, **context))
        return result

    return invoke
