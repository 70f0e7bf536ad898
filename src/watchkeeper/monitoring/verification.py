"""Does the deployed monitoring work? Asked through the AWS API alone, so that AWS and the embedded AWS answer alike.

One function per question, in :data:`STEPS`; each yields what it saw. What a caller may not look at is ``unknown``,
never passed. The first six are the checks that the requirements name; the others are what has to hold besides.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

ClientFactory = Callable[[str], Any]
"""Gives a boto3 client for a service name."""

CONFIG_PRINCIPAL = "config.amazonaws.com"
PING = {"source": "watchkeeper.verify"}
"""The event that every function answers without doing anything; see :mod:`watchkeeper.monitoring.functions.runtime`."""


class Outcome(StrEnum):
    """What a look at one thing said."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """It could not be looked at: denied, or not answered."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing looked at: what it is, what was seen, and what to do where it is wrong."""

    subject: str
    outcome: Outcome
    saw: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Deployment:
    """The names of what was deployed, from the stack's outputs."""

    report_bucket: str
    key_arn: str
    alert_topic_arn: str
    delivery_topic_arn: str
    recorder: str
    delivery_channel: str
    aggregator: str
    dashboard: str
    functions: Mapping[str, str] = field(default_factory=dict)
    """Deployed function name by its role in the system, e.g. ``compliance-processor``."""
    rules: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()

    @classmethod
    def of(cls, outputs: Mapping[str, Any]) -> Deployment:
        """From the outputs of a TapStack. What it leaves out, such as an adopted recorder's channel, is empty."""
        return cls(
            report_bucket=outputs["bucketName"],
            key_arn=outputs["keyArn"],
            alert_topic_arn=outputs["alertTopicArn"],
            delivery_topic_arn=outputs.get("deliveryTopicArn", ""),
            recorder=outputs["recorderName"],
            delivery_channel=outputs.get("deliveryChannelName", ""),
            aggregator=outputs.get("aggregatorName", ""),
            dashboard=outputs["dashboardName"],
            functions=outputs["functionNames"],
            rules=tuple(outputs["ruleNames"]),
            alarms=tuple(outputs.get("alarmNames", ())),
        )


@dataclass(frozen=True, slots=True)
class Probe:
    """What a step has to look with."""

    client: ClientFactory
    deployment: Deployment
    publish: bool = False
    """Send a test message to the alert topic, which its subscribers will get."""


@dataclass(frozen=True, slots=True)
class Step:
    """A question about the deployment."""

    id: str
    question: str
    look: Callable[[Probe], Iterator[Observation]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A step with everything it saw; the worst observation is its outcome."""

    step: Step
    observations: tuple[Observation, ...]

    @property
    def outcome(self) -> Outcome:
        """FAILED before UNKNOWN before PASSED; a step that saw nothing at all is UNKNOWN."""
        seen = {observation.outcome for observation in self.observations}
        worst_first = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.PASSED)
        return next((outcome for outcome in worst_first if outcome in seen), Outcome.UNKNOWN)


def document_of(answers: Iterable[Answer]) -> dict[str, Any]:
    """Answers as JSON: ``schemas/verification.schema.json``."""
    return {
        "checks": [
            {
                "id": answer.step.id,
                "question": answer.step.question,
                "outcome": answer.outcome.value,
                "observations": [
                    {"subject": seen.subject, "outcome": seen.outcome.value, "saw": seen.saw, "fix": seen.fix}
                    for seen in answer.observations
                ],
            }
            for answer in answers
        ]
    }


def verify(probe: Probe, steps: Iterable[Step] | None = None) -> Iterator[Answer]:
    """Answer each step in turn; an AWS error ends that step alone, and is told as what was seen."""
    for step in STEPS if steps is None else steps:
        yield Answer(step, tuple(_looked(step, probe)))


NOT_FOUND_SUFFIXES = ("NotFound", "NotFoundException", "NonExistentQueue", "QueueDoesNotExist")


def _looked(step: Step, probe: Probe) -> Iterator[Observation]:
    try:
        yield from step.look(probe)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        missing = code.startswith(("NoSuch", "ResourceNotFound")) or code.endswith(NOT_FOUND_SUFFIXES)
        outcome = Outcome.FAILED if missing else Outcome.UNKNOWN
        yield Observation(error.operation_name, outcome, f"{code}: {error.response['Error'].get('Message', '')}")
    except BotoCoreError as error:
        yield Observation(step.id, Outcome.UNKNOWN, f"no answer: {error}")


def _seen(subject: str, good: bool, saw: str, fix: str = "") -> Observation:
    return Observation(subject, Outcome.PASSED if good else Outcome.FAILED, saw, "" if good else fix)


def _recorder(probe: Probe) -> Iterator[Observation]:
    config, name = probe.client("config"), probe.deployment.recorder
    statuses = config.describe_configuration_recorder_status(ConfigurationRecorderNames=[name])
    for status in statuses["ConfigurationRecordersStatus"]:
        recording = bool(status.get("recording"))
        yield _seen(
            name,
            recording and status.get("lastStatus") != "FAILURE",
            f"recording: {str(recording).lower()}, last status: {status.get('lastStatus', 'none yet')}"
            + (
                f" ({status['lastErrorCode']}: {status.get('lastErrorMessage', '')})"
                if "lastErrorCode" in status
                else ""
            ),
            f"start it: aws configservice start-configuration-recorder --configuration-recorder-name {name}",
        )


def _channel(probe: Probe) -> Iterator[Observation]:
    config, name = probe.client("config"), probe.deployment.delivery_channel
    # An adopted recorder's channel is not the stack's own: look at all there are.
    names = [name] if name else []
    for channel in config.describe_delivery_channels(DeliveryChannelNames=names)["DeliveryChannels"]:
        frequency = channel.get("configSnapshotDeliveryProperties", {}).get("deliveryFrequency")
        wanted = {"bucket": channel.get("s3BucketName"), "topic": channel.get("snsTopicARN"), "snapshots": frequency}
        missing = [part for part, value in wanted.items() if not value]
        saw = ", ".join(f"{part}: {value or 'none'}" for part, value in wanted.items())
        yield _seen(channel["name"], not missing, saw, f"give the delivery channel its {' and '.join(missing)}")
    for status in config.describe_delivery_channel_status(DeliveryChannelNames=names)["DeliveryChannelsStatus"]:
        for kind in ("configHistoryDeliveryInfo", "configSnapshotDeliveryInfo", "configStreamDeliveryInfo"):
            info = status.get(kind, {})
            if info.get("lastStatus") == "FAILURE":
                yield _seen(
                    kind, False, f"{info.get('lastErrorCode')}: {info.get('lastErrorMessage')}", "see the policies"
                )


def _rules(probe: Probe) -> Iterator[Observation]:
    config = probe.client("config")
    deployed = {
        rule["ConfigRuleName"]: rule["ConfigRuleState"]
        for page in config.get_paginator("describe_config_rules").paginate()
        for rule in page["ConfigRules"]
    }
    evaluation = {
        status["ConfigRuleName"]: status
        for page in config.get_paginator("describe_config_rule_evaluation_status").paginate()
        for status in page["ConfigRulesEvaluationStatus"]
    }
    for name in probe.deployment.rules:
        if deployed.get(name) != "ACTIVE":
            yield _seen(name, False, f"state: {deployed.get(name, 'not there')}", "deploy the stack again")
            continue
        status = evaluation.get(name, {})
        if "LastErrorCode" in status:
            yield _seen(
                name, False, f"{status['LastErrorCode']}: {status.get('LastErrorMessage', '')}", "see the error"
            )
            continue
        when = status.get("LastSuccessfulEvaluationTime")
        if when is None:
            yield Observation(name, Outcome.UNKNOWN, "not evaluated yet", "wait for its first evaluation, or start one")
            continue
        yield _seen(name, True, f"last evaluated {when:%Y-%m-%d %H:%M:%S}")


def _functions(probe: Probe) -> Iterator[Observation]:
    functions = probe.client("lambda")
    for role, name in probe.deployment.functions.items():
        answer = functions.invoke(FunctionName=name, Payload=json.dumps(PING).encode())
        text = answer["Payload"].read().decode(errors="replace")
        good = "FunctionError" not in answer
        yield _seen(role, good, text[:200], f"read its log: aws logs tail /aws/lambda/{name}")


def _policies(probe: Probe) -> Iterator[Observation]:
    deployment = probe.deployment
    documents: dict[str, Callable[[], str]] = {
        f"bucket {deployment.report_bucket}": lambda: _bucket_policy(probe),
        f"key {deployment.key_arn}": lambda: _key_policy(probe),
    }
    if deployment.delivery_topic_arn:
        topic = deployment.delivery_topic_arn
        documents[f"topic {topic}"] = lambda: _topic_policy(probe, topic)
    for subject, read in documents.items():
        actions = sorted(set(_allowed_actions(json.loads(read()), CONFIG_PRINCIPAL)))
        saw = f"{CONFIG_PRINCIPAL} may {', '.join(actions)}" if actions else f"nothing allows {CONFIG_PRINCIPAL}"
        yield _seen(subject, bool(actions), saw, "deploy the stack again: its policy was changed by hand")


def _bucket_policy(probe: Probe) -> str:
    return str(probe.client("s3").get_bucket_policy(Bucket=probe.deployment.report_bucket)["Policy"])


def _key_policy(probe: Probe) -> str:
    return str(probe.client("kms").get_key_policy(KeyId=probe.deployment.key_arn, PolicyName="default")["Policy"])


def _topic_policy(probe: Probe, arn: str) -> str:
    return str(probe.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"])


def _allowed_actions(document: Mapping[str, Any], principal: str) -> Iterator[str]:
    """The actions that a policy document's Allow statements give this service principal."""
    for statement in _as_list(document.get("Statement")):
        services = _as_list((statement.get("Principal") or {}).get("Service")) if _has_principals(statement) else []
        if statement.get("Effect") == "Allow" and principal in services:
            yield from _as_list(statement.get("Action"))


def _has_principals(statement: Mapping[str, Any]) -> bool:
    return isinstance(statement.get("Principal"), Mapping)


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _topic(probe: Probe) -> Iterator[Observation]:
    sns, arn = probe.client("sns"), probe.deployment.alert_topic_arn
    attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    key = attributes.get("KmsMasterKeyId")
    yield _seen("encryption", bool(key), f"key: {key or 'none'}", "give the alert topic the stack's key")
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
    subscriptions = [subscription for page in pages for subscription in page["Subscriptions"]]
    pending = [s for s in subscriptions if s["SubscriptionArn"] in ("PendingConfirmation", "pending confirmation")]
    for subscription in pending:
        yield Observation(
            str(subscription["Endpoint"]), Outcome.UNKNOWN, "not confirmed", "open the mail from AWS and confirm"
        )
    confirmed = len(subscriptions) - len(pending)
    yield _seen("subscriptions", confirmed > 0, f"{confirmed} confirmed", "set watchkeeper:alertEmails, or subscribe")
    if probe.publish:
        sent = sns.publish(TopicArn=arn, Subject="Watchkeeper test", Message="A test message: nothing is wrong.")
        yield _seen("publish", True, f"message {sent['MessageId']}")


def _schedules(probe: Probe) -> Iterator[Observation]:
    functions, events = probe.client("lambda"), probe.client("events")
    for role, name in probe.deployment.functions.items():
        arn = functions.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
        rules = events.list_rule_names_by_target(TargetArn=arn)["RuleNames"]
        if not rules:
            yield _seen(role, False, "no EventBridge rule has it as a target", "deploy the stack again")
        for rule_name in rules:
            rule = events.describe_rule(Name=rule_name)
            targets = [t for t in events.list_targets_by_rule(Rule=rule_name)["Targets"] if t["Arn"] == arn]
            trigger = rule.get("ScheduleExpression") or "event pattern"
            saw = f"{rule_name}: {rule['State'].lower()}, {trigger}"
            yield _seen(role, rule["State"] == "ENABLED", saw, f"aws events enable-rule --name {rule_name}")
            queued = all("DeadLetterConfig" in target for target in targets)
            if not queued:
                yield _seen(role, False, f"{rule_name}: no dead-letter queue", "give its target one")


def _bucket(probe: Probe) -> Iterator[Observation]:
    s3, name = probe.client("s3"), probe.deployment.report_bucket
    versioning = s3.get_bucket_versioning(Bucket=name).get("Status", "off")
    yield _seen("versioning", versioning == "Enabled", versioning, "enable versioning")
    rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    algorithms = [rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm", "none") for rule in rules]
    yield _seen("encryption", "aws:kms" in algorithms, ", ".join(algorithms), "encrypt it with the stack's key")
    block = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    off = sorted(setting for setting, value in block.items() if not value)
    yield _seen("public access", not off, f"off: {', '.join(off)}" if off else "blocked", "turn on all four settings")
    lifecycle = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    enabled = [rule for rule in lifecycle if rule["Status"] == "Enabled"]
    yield _seen("lifecycle", bool(enabled), f"{len(enabled)} rules enabled", "give it a lifecycle")


def _aggregator(probe: Probe) -> Iterator[Observation]:
    config, name = probe.client("config"), probe.deployment.aggregator
    statuses = config.describe_configuration_aggregator_sources_status(ConfigurationAggregatorName=name)
    for status in statuses["AggregatedSourceStatusList"]:
        subject = f"{status.get('SourceId', 'source')} {status.get('AwsRegion', '')}".strip()
        state = status.get("LastUpdateStatus", "none yet")
        yield _seen(subject, state != "FAILED", f"last update: {state}", "authorize the aggregator in that account")


def _dead_letters(probe: Probe) -> Iterator[Observation]:
    functions, sqs = probe.client("lambda"), probe.client("sqs")
    for role, name in probe.deployment.functions.items():
        configuration = functions.get_function_configuration(FunctionName=name)
        target = configuration.get("DeadLetterConfig", {}).get("TargetArn", "")
        if not target:
            yield _seen(role, False, "no dead-letter queue", "give the function one")
            continue
        url = sqs.get_queue_url(QueueName=target.rpartition(":")[2])["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])[
            "Attributes"
        ]
        depth = int(attributes["ApproximateNumberOfMessages"])
        yield _seen(role, depth == 0, f"{depth} dead letters", f"read them: aws sqs receive-message --queue-url {url}")


def _alarms(probe: Probe) -> Iterator[Observation]:
    cloudwatch, wanted = probe.client("cloudwatch"), probe.deployment.alarms
    found: dict[str, Mapping[str, Any]] = {}
    for page in cloudwatch.get_paginator("describe_alarms").paginate(AlarmTypes=["MetricAlarm"]):
        found.update({alarm["AlarmName"]: alarm for alarm in page["MetricAlarms"]})
    for name in wanted:
        if name not in found:
            yield _seen(name, False, "not there", "deploy the stack again")
            continue
        alarm = found[name]
        # No data is quiet: a function that did not run reported no error.
        yield _seen(name, alarm["StateValue"] != "ALARM", alarm["StateValue"], alarm.get("StateReason", ""))


def _dashboard(probe: Probe) -> Iterator[Observation]:
    name = probe.deployment.dashboard
    body = json.loads(probe.client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"])
    yield _seen(name, bool(body.get("widgets")), f"{len(body.get('widgets', ()))} widgets", "deploy the stack again")


def _logs(probe: Probe) -> Iterator[Observation]:
    logs = probe.client("logs")
    for role, name in probe.deployment.functions.items():
        group = f"/aws/lambda/{name}"
        found = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
        days = next((g.get("retentionInDays") for g in found if g["logGroupName"] == group), None)
        saw = f"kept for {days} days" if days else "kept for ever"
        yield _seen(role, days is not None, saw, f"aws logs put-retention-policy --log-group-name {group} …")


STEPS: tuple[Step, ...] = (
    Step("recorder-recording", "Is the configuration recorder recording?", _recorder),
    Step("channel-complete", "Is the delivery channel complete, and does it deliver?", _channel),
    Step("rules-evaluating", "Are the rules evaluating?", _rules),
    Step("functions-answer", "Do the functions answer?", _functions),
    Step("policies-in-place", "Do the policies let AWS Config in?", _policies),
    Step("topic-publishes", "Does the alert topic reach somebody?", _topic),
    Step("schedules-enabled", "Is every function triggered?", _schedules),
    Step("bucket-protected", "Is the report bucket protected?", _bucket),
    Step("aggregator-collects", "Does the aggregator collect?", _aggregator),
    Step("dead-letters-empty", "Are the dead-letter queues empty?", _dead_letters),
    Step("alarms-quiet", "Are the alarms quiet?", _alarms),
    Step("dashboard-there", "Is the dashboard there?", _dashboard),
    Step("logs-retained", "Do the logs have a retention?", _logs),
)
