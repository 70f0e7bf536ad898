"""A Config service over a small AWS in memory, and one hook through which every reply is checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from watchkeeper.awsconfig import ConfigError, ConfigService
from watchkeeper.awsconfig.api_model import reply_problems
from watchkeeper.awsconfig.memory import MemoryServices
from watchkeeper.awsconfig.services import ServiceRefused
from watchkeeper.model import ConfigurationItem

ACCOUNT, REGION = "123456789012", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/config"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:config"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:my-rule"


@dataclass
class Account(MemoryServices):
    """The services of an account that remembers what Config did to it, and that a test can close to Config."""

    buckets: dict[str, dict[str, bytes]] = field(default_factory=lambda: {"config": {}})
    closed_buckets: set[str] = field(default_factory=set)
    roles: set[str] = field(default_factory=lambda: {ROLE})
    topics: dict[str, list[tuple[str, dict[str, Any]]]] = field(default_factory=lambda: {TOPIC: []})
    encrypted_topics: set[str] = field(default_factory=set)
    functions: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {FUNCTION: []})
    closed_functions: set[str] = field(default_factory=set)
    readable_types: frozenset[str] = frozenset({"AWS::S3::Bucket", "AWS::EC2::Instance", "AWS::RDS::DBInstance"})
    broken_bus: bool = False

    def put_events(self, account: str, region: str, entries: Sequence[Mapping[str, Any]]) -> None:
        if self.broken_bus:
            raise ConnectionError("the bus is down")
        super().put_events(account, region, entries)

    def invoke_function(self, account: str, region: str, function_arn: str, event: Mapping[str, Any]) -> None:
        if function_arn in self.closed_functions:
            raise ServiceRefused("AccessDenied", "config.amazonaws.com may not invoke the function")
        super().invoke_function(account, region, function_arn, event)

    def check_bucket(self, account: str, region: str, bucket: str, key: str, role_arn: str | None = None) -> None:
        super().check_bucket(account, region, bucket, key, role_arn)
        if bucket in self.closed_buckets:
            raise ServiceRefused("AccessDenied", "the bucket policy doesn't let Config in")

    def publish(self, account: str, region: str, topic_arn: str, subject: str, message: str) -> None:
        if topic_arn in self.encrypted_topics:
            raise ServiceRefused("KMSEncryptedTopic", "Config can't publish to an encrypted topic")
        super().publish(account, region, topic_arn, subject, message)

    def function_allows_config(self, account: str, region: str, function_arn: str) -> bool:
        return function_arn not in self.closed_functions

    def of_type(self, detail_type: str) -> list[dict[str, Any]]:
        """The details of the events of a type, oldest first."""
        return [event["Detail"] for event in self.events if event["DetailType"] == detail_type]


@dataclass
class Clock:
    """A clock that tests move."""

    now: datetime = datetime(2026, 9, 27, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Client:
    """Calls the service as somebody in an account and region, and checks every reply against the API model."""

    service: ConfigService
    account: str = ACCOUNT
    region: str = REGION

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        reply = self.service.handle(operation, request, self.account, self.region)
        assert reply_problems(operation, orjson.loads(orjson.dumps(reply))) == []
        return reply

    def refused(self, operation: str, **request: Any) -> ConfigError:
        """The error that a request is answered with."""
        with pytest.raises(ConfigError) as caught:
            self(operation, **request)
        return caught.value

    def elsewhere(self, account: str = ACCOUNT, region: str = REGION) -> Client:
        """The same service, asked from another account or region."""
        return Client(self.service, account, region)

    def set_up(self, **group: Any) -> Client:
        """Recorder, delivery channel, started."""
        self.put_recorder(**group)
        self("PutDeliveryChannel", DeliveryChannel={"s3BucketName": "config", "snsTopicARN": TOPIC})
        self("StartConfigurationRecorder", ConfigurationRecorderName="default")
        return self

    def put_recorder(self, name: str = "default", mode: dict[str, Any] | None = None, **group: Any) -> None:
        recorder = {"name": name, "roleARN": ROLE, "recordingGroup": group or {"allSupported": True}}
        if mode:
            recorder["recordingMode"] = mode
        self("PutConfigurationRecorder", ConfigurationRecorder=recorder)

    def put_managed(self, name: str, identifier: str, parameters: Any = None, **more: Any) -> None:
        rule = {"ConfigRuleName": name, "Source": {"Owner": "AWS", "SourceIdentifier": identifier}, **more}
        if parameters is not None:
            rule["InputParameters"] = orjson.dumps(parameters).decode()
        self("PutConfigRule", ConfigRule=rule)

    def put_custom(self, name: str, *messages: str, frequency: str | None = None, **more: Any) -> None:
        details = [{"EventSource": "aws.config", "MessageType": message} for message in messages]
        if frequency:
            details[-1]["MaximumExecutionFrequency"] = frequency
        source = {"Owner": "CUSTOM_LAMBDA", "SourceIdentifier": FUNCTION, "SourceDetails": details}
        self("PutConfigRule", ConfigRule={"ConfigRuleName": name, "Source": source, **more})

    def all(self, operation: str, key: str, **request: Any) -> list[Any]:
        """Every page."""
        rows: list[Any] = []
        small = operation in ("GetResourceConfigHistory", "ListDiscoveredResources", "GetDiscoveredResourceCounts")
        token_name = "nextToken" if small else "NextToken"
        token = None
        while True:
            reply = self(operation, **request, **({token_name: token} if token else {}))
            rows += reply[key]
            token = reply.get(token_name)
            if not token:
                return rows

    def compliance(self, rule: str) -> dict[str, str]:
        """Resource id to compliance."""
        results = self.all("GetComplianceDetailsByConfigRule", "EvaluationResults", ConfigRuleName=rule, Limit=100)
        named = [(r["EvaluationResultIdentifier"]["EvaluationResultQualifier"], r["ComplianceType"]) for r in results]
        return {qualifier["ResourceId"]: compliance for qualifier, compliance in named}


def bucket(name: str, versioning: str = "Enabled", **more: Any) -> ConfigurationItem:
    """A bucket as the recorder hands it over."""
    supplementary = {"BucketVersioningConfiguration": {"status": versioning, "isMfaDeleteEnabled": None}}
    return ConfigurationItem(
        **{
            "resource_type": "AWS::S3::Bucket",
            "resource_id": name,
            "account_id": ACCOUNT,
            "region": REGION,
            "resource_name": name,
            "arn": f"arn:aws:s3:::{name}",
            "configuration": {"name": name},
            "supplementary": supplementary,
            **more,
        }
    )


def instance(name: str, kind: str = "t3.micro", **more: Any) -> ConfigurationItem:
    """An EC2 instance as the recorder hands it over."""
    return ConfigurationItem(
        **{
            "resource_type": "AWS::EC2::Instance",
            "resource_id": name,
            "account_id": ACCOUNT,
            "region": REGION,
            "arn": f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{name}",
            "configuration": {"instanceId": name, "instanceType": kind},
            **more,
        }
    )


@pytest.fixture
def services() -> Account:
    return Account()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(tmp_path: Path, services: Account, clock: Clock) -> Iterator[ConfigService]:
    service = ConfigService(tmp_path / "config.sqlite", services, clock)
    yield service
    service.close()


@pytest.fixture
def config(service: ConfigService) -> Client:
    return Client(service)


@pytest.fixture
def running(config: Client) -> Client:
    """Config with its recorder on."""
    return config.set_up()


@pytest.fixture
def make() -> Any:
    """The makers of items."""

    class Makers:
        bucket = staticmethod(bucket)
        instance = staticmethod(instance)

    return Makers
