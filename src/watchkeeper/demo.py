"""The whole system once through, against an embedded AWS of its own: what ``watchkeeper demo`` shows.

Everything here goes through the AWS API, as a user's own script would. What is counted was read back, and what was timed
is the wall clock between two things that were seen to happen.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from watchkeeper import sample
from watchkeeper.deployment import engine as deploying
from watchkeeper.deployment.endpoint import Endpoint, of_running
from watchkeeper.deployment.outcome import DeploymentError
from watchkeeper.embedded import server
from watchkeeper.engine import deployment as engine
from watchkeeper.engine.program import Project
from watchkeeper.functions import manifest
from watchkeeper.model import ComplianceType

POLL_SECONDS = 0.1
PATIENCE_SECONDS = 60.0
"""How long the demo waits for something that takes a second or two, before it says that it did not happen."""
ALERT_TOPIC_TYPE = "aws:sns/topic:Topic"
LIVE_RULE = "S3_DEFAULT_ENCRYPTION_KMS"
"""The rule that the live change violates: a new bucket has SSE-S3, and this asks for KMS."""
REPORTERS = ("compliance-processor", "compliance-report", "daily-aggregator", "executive-summary")

Say = Callable[[str, str], None]
"""Told of progress: the step's id, and a sentence of plain text."""


class DemoError(Exception):
    """The demo could not show what it set out to show: which step, and what was seen instead."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Resources per outcome under one rule."""

    compliant: int = 0
    non_compliant: int = 0
    not_evaluated: int = 0


@dataclass(frozen=True, slots=True)
class Demo:
    """All that was seen. The fields are those of ``schemas/demo.json``."""

    endpoint: str
    deployed: Sequence[Mapping[str, str]]
    compliance_before: Mapping[str, Counts]
    compliance_after: Mapping[str, Counts]
    alerts: Sequence[Mapping[str, Any]]
    remediations: Sequence[Mapping[str, Any]]
    reports: Sequence[str]
    files: Sequence[str]
    summary: Mapping[str, Any]
    timings: Mapping[str, float]


class Watcher:
    """Reads every rule's results again and again in the background, and keeps each resource's first and last result.

    In the background, so that a violation is seen before its remediation takes it away.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._config = endpoint.client("config")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._error: ClientError | None = None
        self.rules: tuple[str, ...] = ()
        self.first: dict[tuple[str, str], ComplianceType] = {}
        self.last: dict[tuple[str, str], ComplianceType] = {}

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def wait(self, what: str, seen: Callable[[], bool]) -> float:
        """Wait until ``seen`` says so; gives the seconds it took. Raises DemoError when it never does."""
        started = time.monotonic()
        while not seen():
            if self._error is not None:
                raise DemoError(f"AWS Config stopped answering: {self._error}") from self._error
            if time.monotonic() - started > PATIENCE_SECONDS:
                raise DemoError(f"Not seen within {PATIENCE_SECONDS:.0f} s: {what}.")
            time.sleep(POLL_SECONDS / 4)
        return time.monotonic() - started

    def counts(self, results: Mapping[tuple[str, str], ComplianceType]) -> dict[str, Counts]:
        """Count results by rule; a rule without any is there with zeros."""
        tally = Counter((rule, compliance) for (rule, _), compliance in results.items())
        return {
            rule: Counts(
                tally[rule, ComplianceType.COMPLIANT],
                tally[rule, ComplianceType.NON_COMPLIANT],
                tally[rule, ComplianceType.INSUFFICIENT_DATA],
            )
            for rule in self.rules
        }

    def _loop(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            try:
                self._look()
            except ClientError as error:
                # A rule may go between the list and the look.
                if error.response["Error"]["Code"] != "NoSuchConfigRuleException":
                    self._error = error
                    return

    def _look(self) -> None:
        pages = self._config.get_paginator("describe_config_rules").paginate()
        rules = tuple(rule["ConfigRuleName"] for page in pages for rule in page["ConfigRules"])
        now = {(rule, resource): compliance for rule in rules for resource, compliance in self._results(rule)}
        self.rules = rules
        self.first = {**now, **self.first}
        self.last = now

    def _results(self, rule: str) -> Iterator[tuple[str, ComplianceType]]:
        paginator = self._config.get_paginator("get_compliance_details_by_config_rule")
        for page in paginator.paginate(ConfigRuleName=rule, PaginationConfig={"PageSize": 100}):
            for result in page["EvaluationResults"]:
                qualifier = result["EvaluationResultIdentifier"]["EvaluationResultQualifier"]
                yield qualifier["ResourceId"], ComplianceType(result["ComplianceType"])


class Inbox:
    """A subscriber of the alert topic: a queue that gets what a mailbox would get."""

    NAME = "demo-alert-inbox"

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._sqs = endpoint.client("sqs")
        self._url = ""

    def subscribe(self, topic_arn: str) -> None:
        """Make the queue, let the topic in, subscribe."""
        self._url = self._sqs.create_queue(QueueName=self.NAME)["QueueUrl"]
        answer = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        arn = answer["Attributes"]["QueueArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._sqs.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": policy})
        self._endpoint.client("sns").subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn)

    def read(self) -> list[dict[str, Any]]:
        """All that came until now, oldest first."""
        messages: list[dict[str, Any]] = []
        while True:
            answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=0)
            batch = answer.get("Messages", [])
            if not batch:
                return messages
            for message in batch:
                messages.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
