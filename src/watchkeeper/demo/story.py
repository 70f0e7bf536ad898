"""The whole system once through, against an embedded AWS of its own: what ``watchkeeper demo`` shows.

Everything here goes through the AWS API, as a user's own script would. What is counted was read back, and what was
timed is the wall clock between two things that were seen to happen.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from watchkeeper.aws import facts
from watchkeeper.clients import Clients
from watchkeeper.demo import sample
from watchkeeper.local import deploying, server
from watchkeeper.model import ComplianceType
from watchkeeper.monitoring.functions import manifest
from watchkeeper.monitoring.settings import RemediationMode, Settings, from_pulumi_config
from watchkeeper.pulumi.engine import deployment as engine
from watchkeeper.pulumi.engine.program import Project
from watchkeeper.reports.results import Counts

POLL_SECONDS = 0.1
PATIENCE_LOOKS = 400
"""How often the demo looks for something that takes a second or two, before it says that it did not happen: looks, not
seconds, because on a busy machine both take longer."""
TOPIC_TYPE = "aws:sns/topic:Topic"
LIVE_RULE = "S3_DEFAULT_ENCRYPTION_KMS"
"""The rule that the live change violates: a new bucket has SSE-S3, and this asks for KMS."""
REPORTERS = ("compliance-processor", "compliance-report", "daily-aggregator", "executive-summary")

Record = Mapping[str, Any]
"""An alert or an audit record, as its schema has it."""
Say = Callable[[str, str], None]
"""Told of progress: the step's id, and a sentence of plain text."""


class DemoError(Exception):
    """The demo could not show what it set out to show: which step, and what was seen instead."""


@dataclass(frozen=True, slots=True)
class Demo:
    """All that was seen. The fields are those of ``schemas/demo.schema.json``."""

    endpoint: str
    deployed: Sequence[Mapping[str, str]]
    compliance_before: Mapping[str, Counts]
    """By rule, each resource's first result."""
    compliance_after: Mapping[str, Counts]
    """By rule, each resource's last result."""
    alerts: Sequence[Record]
    remediations: Sequence[Record]
    reports: Sequence[str]
    files: Sequence[str]
    summary: Mapping[str, Any]
    """The executive summary, as the function wrote it."""
    timings: dict[str, float]
    """Seconds."""

    @property
    def document(self) -> dict[str, Any]:
        """As JSON: ``schemas/demo.schema.json``."""
        return {**asdict(self), "timings": {name: round(value, 3) for name, value in self.timings.items()}}


class Watcher:
    """Reads every rule's results again and again in the background, and keeps each resource's first and last result.

    In the background, so that a violation is seen before its remediation takes it away.
    """

    def __init__(self, clients: Clients) -> None:
        self._config = clients("config")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._error: ClientError | None = None
        self._looks = 0
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
        started, last = time.monotonic(), self._looks + PATIENCE_LOOKS
        while not seen():
            if self._error is not None:
                raise DemoError(f"AWS Config stopped answering: {self._error}") from self._error
            if self._looks > last:
                raise DemoError(f"Not seen within {time.monotonic() - started:.0f} s: {what}.")
            time.sleep(POLL_SECONDS / 4)
        return time.monotonic() - started

    def counts(self, results: Mapping[tuple[str, str], ComplianceType]) -> dict[str, Counts]:
        """Count results by rule; a rule without any is there with zeros."""
        tally = Counter((rule, compliance) for (rule, _), compliance in results.items())
        return {
            rule: Counts(
                compliant=tally[rule, ComplianceType.COMPLIANT],
                non_compliant=tally[rule, ComplianceType.NON_COMPLIANT],
                not_evaluated=tally[rule, ComplianceType.INSUFFICIENT_DATA],
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
        self._looks += 1

    def _results(self, rule: str) -> Iterator[tuple[str, ComplianceType]]:
        paginator = self._config.get_paginator("get_compliance_details_by_config_rule")
        for page in paginator.paginate(ConfigRuleName=rule, PaginationConfig={"PageSize": 100}):
            for result in page["EvaluationResults"]:
                qualifier = result["EvaluationResultIdentifier"]["EvaluationResultQualifier"]
                yield qualifier["ResourceId"], ComplianceType(result["ComplianceType"])


class Inbox:
    """A subscriber of the alert topic: a queue that gets what a mailbox would get."""

    NAME = "demo-alert-inbox"

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._sqs = clients("sqs")
        self._url = ""
        self._messages: list[dict[str, Any]] = []

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
        self._clients("sns").subscribe(
            TopicArn=topic_arn, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
        )

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts that came until now, oldest first; what the topic says of remediations is not among them."""
        while batch := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get("Messages"):
            for message in batch:
                self._messages.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return [message for message in self._messages if message.get("schema") == "alert"]


def run(project: Project, folder: Path, output: Path, say: Say, *, keep: bool = False) -> Demo:
    """Start an embedded AWS in ``folder``, fill it, deploy ``project`` to it, and see what happens.

    Report files go to ``output``. Unless ``keep`` is set, nothing is left running. Raises DemoError, and what the rooms
    that it goes through raise.
    """
    started = time.monotonic()
    settings = from_pulumi_config(project.config)
    say("start", "Starting an embedded AWS, with IAM enforced")
    running = server.start(folder, region=project.region or server.DEFAULT_REGION)
    stage = _Stage(project, settings, folder, output, say, running, {"start": time.monotonic() - started})
    try:
        demo = stage.play()
    finally:
        if not keep:
            server.stop(folder)
    demo.timings["total"] = time.monotonic() - started
    return demo


class _Stage:
    """One run, in the order that it is shown."""

    def __init__(
        self,
        project: Project,
        settings: Settings,
        folder: Path,
        output: Path,
        say: Say,
        running: server.Running,
        timings: dict[str, float],
    ) -> None:
        self.project, self.settings, self.folder, self.output = project, settings, folder, output
        self.say, self.running, self.timings = say, running, timings
        self.clients = deploying.clients_of(running, project.region)
        self.inbox = Inbox(self.clients)
        self._bucket = ""
        self._audit: dict[str, dict[str, Any]] = {}
        self.rules = {f"{rule.name}-{settings.environment_suffix}": rule for rule in settings.all_rules}

    def play(self) -> Demo:
        self.say("sample", "Making a sample account through the AWS API")
        account = sample.create(self.clients, self.running.account, self.clients.region, self.settings.exemption_tag)
        self.say("sample", f"{account.size} resources, {len(account.violations)} violations planted")
        with Watcher(self.clients) as watcher:
            result = self._deploy()
            self._first_evaluation(watcher, account)
            before = watcher.counts(watcher.first)
            self._decisions(watcher, account)
            self._live_change(watcher)
            self._alerted(watcher)
            keys = self._reports(result.outputs["functionNames"])
            after = watcher.counts(watcher.last)
        files = self._download(keys)
        self.say("done", "Reading what was sent and what was done")
        return Demo(
            endpoint=self.running.endpoint,
            deployed=[{"type": one.type, "name": one.name} for one in result.resources if one.custom],
            compliance_before=before,
            compliance_after=after,
            alerts=self.inbox.alerts(),
            remediations=self._records(),
            reports=keys,
            files=[str(file) for file in files],
            summary=self._summary(files),
            timings=self.timings,
        )

    def _deploy(self) -> engine.Result:
        started = time.monotonic()
        self.say("deploy", f"Deploying {self.project.directory.name} ({self.project.stack}) with the embedded engine")
        result = engine.up(
            self.project,
            deploying.provider(self.running, self.project),
            deploying.state_file(self.folder, self.project.name, self.project.stack),
            on_event=self._deployed_one,
        )
        if result.errors:
            raise DemoError("The deployment failed:\n" + "\n".join(map(str, result.errors)))
        self.timings["deploy"] = time.monotonic() - started
        self._bucket = str(result.outputs["bucketName"])
        return result

    def _deployed_one(self, event: engine.Event) -> None:
        if event.kind != "succeeded":
            return
        self.say("deploy", f"{event.type} {event.name}")
        topic = f"compliance-alerts-{self.settings.environment_suffix}"
        # At once, so that the inbox misses no alert.
        if event.type == TOPIC_TYPE and event.name == topic:
            self.inbox.subscribe(f"arn:aws:sns:{self.clients.region}:{self.running.account}:{topic}")

    def _first_evaluation(self, watcher: Watcher, account: sample.SampleAccount) -> None:
        self.say("evaluate", "Waiting for AWS Config to evaluate every sample resource")
        by_type = {
            "AWS::S3::Bucket": set(account.buckets.values()),
            "AWS::EC2::Instance": set(account.instances.values()),
            "AWS::RDS::DBInstance": set(account.databases.values()),
        }
        managed = facts.managed_rules()
        expected = {
            (name, resource)
            for name, rule in self.rules.items()
            for resource_type in managed[rule.identifier].resource_types
            for resource in by_type.get(resource_type, ())
        }
        self.timings["first_evaluation"] = watcher.wait(
            "a result of each rule on each sample resource", lambda: expected <= watcher.first.keys()
        )

    def _decisions(self, watcher: Watcher, account: sample.SampleAccount) -> None:
        """Every violation that may be fixed is fixed, and every one has its record."""
        self.say("remediate", "Waiting for a decision on every violation")
        wanted = {
            (name, resource)
            for (name, resource), compliance in watcher.first.items()
            if compliance is ComplianceType.NON_COMPLIANT and resource in account.ids
        }
        watcher.wait(
            "an audit record for each violation",
            lambda: wanted <= {(record["rule"], record["resource_id"]) for record in self._records()},
        )
        fixed = {
            (record["rule"], record["resource_id"]) for record in self._records() if record["outcome"] == "applied"
        }
        watcher.wait(
            "COMPLIANT again for everything that was fixed",
            lambda: all(watcher.last.get(key) is ComplianceType.COMPLIANT for key in fixed),
        )

    def _live_change(self, watcher: Watcher) -> None:
        """A user makes a bucket: from the answer of the API to NON_COMPLIANT, and to COMPLIANT again."""
        rule = next((name for name, rule in self.rules.items() if rule.identifier == LIVE_RULE), None)
        if rule is None:
            return
        bucket = f"made-just-now-{self.running.account}"
        self.say("live", f"Making a bucket that violates {rule}")
        sample.make_bucket(self.clients("s3"), bucket, self.clients.region)
        self.timings["change_to_non_compliant"] = watcher.wait(
            f"{rule} on {bucket}", lambda: watcher.first.get((rule, bucket)) is ComplianceType.NON_COMPLIANT
        )
        if self.rules[rule].remediation is not RemediationMode.AUTOMATIC:
            return
        self.timings["non_compliant_to_compliant"] = watcher.wait(
            f"{bucket} COMPLIANT again", lambda: watcher.last.get((rule, bucket)) is ComplianceType.COMPLIANT
        )

    def _alerted(self, watcher: Watcher) -> None:
        """Somebody heard of every violation."""
        violated = {key for key, found in watcher.first.items() if found is ComplianceType.NON_COMPLIANT}
        watcher.wait(
            "an alert for each violation",
            lambda: violated <= {(alert["rule"]["name"], alert["resource_id"]) for alert in self.inbox.alerts()},
        )

    def _reports(self, deployed: Mapping[str, str]) -> list[str]:
        """Run what the schedules would run, and list what it left in the report bucket."""
        functions = self.clients("lambda")
        for name in REPORTERS:
            self.say("report", f"Running {name}")
            answer = functions.invoke(FunctionName=deployed[name], Payload=b"{}")
            if "FunctionError" in answer:
                raise DemoError(f"{name} failed: {answer['Payload'].read().decode(errors='replace')}")
        prefixes = (manifest.PREFIX_COMPLIANCE, manifest.PREFIX_EXECUTIVE, manifest.PREFIX_DAILY)
        return [key for prefix in prefixes for key in self._keys(prefix)]

    def _keys(self, prefix: str) -> list[str]:
        pages = self.clients("s3").get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", ())]

    def _records(self) -> list[dict[str, Any]]:
        """The audit records of all remediation decisions, oldest first."""
        s3 = self.clients("s3")
        for key in self._keys(manifest.PREFIX_AUDIT):
            if key not in self._audit:
                self._audit[key] = json.loads(s3.get_object(Bucket=self._bucket, Key=key)["Body"].read())
        return sorted(self._audit.values(), key=lambda record: str(record["decided_at"]))

    def _download(self, keys: Sequence[str]) -> list[Path]:
        self.output.mkdir(parents=True, exist_ok=True)
        s3, files = self.clients("s3"), []
        for key in keys:
            file = self.output / _file_name(key)
            file.write_bytes(s3.get_object(Bucket=self._bucket, Key=key)["Body"].read())
            files.append(file)
        return files

    def _summary(self, files: Sequence[Path]) -> Mapping[str, Any]:
        newest = max((file for file in files if "executive" in file.name and file.suffix == ".json"), default=None)
        if newest is None:
            raise DemoError("The executive-summary function wrote no JSON document.")
        summary: Mapping[str, Any] = json.loads(newest.read_text())
        return summary


def _file_name(key: str) -> str:
    """A daily score's key ends with the day alone."""
    if key.startswith(manifest.PREFIX_DAILY):
        return "daily-score-" + key.removeprefix(manifest.PREFIX_DAILY).replace("/", "-")
    return Path(key).name
