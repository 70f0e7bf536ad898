"""What is deployed to Lambda and what each function needs, as data: the stack reads it, and so do the tests.

Standard library only, so that a Pulumi program can import it. A function's code and its row here are held together by
tests: an environment variable that is read but not listed, or a metric that is published but not listed, fails them.

Symbols in :attr:`Permission.resources`, which the stack turns into ARNs:

=====================  ==========================================================================
``report-bucket``      ARN of the report bucket
``report-bucket/…``    ARN of its objects under that key pattern
``alert-topic``        ARN of the encrypted alert topic
``key``                ARN of the KMS key of bucket and topic
``config-rules``       ``arn:…:config:<region>:<account>:config-rule/*``; AWS gives rules a generated id, not their name
``log-group``          the function's own log group and its streams (``<log group ARN>:*``)
``dead-letter-queue``  ARN of the function's dead-letter queue
``buckets``            ``arn:…:s3:::*``: remediation acts on any bucket of the account
``db-instances``       ``arn:…:rds:<region>:<account>:db:*``
``*``                  the action takes nothing else (Service Authorization Reference)
=====================  ==========================================================================

A value in braces inside a condition, such as ``{METRIC_NAMESPACE}``, is the value of that environment variable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

PACKAGE_PREFIX: Final = "watchkeeper.monitoring.functions"

ENVIRONMENT: Final[Mapping[str, str]] = {
    "REPORT_BUCKET": "Name of the report bucket.",
    "ALERT_TOPIC_ARN": "ARN of the encrypted alert topic.",
    "METRIC_NAMESPACE": "CloudWatch namespace of every metric.",
    "ENVIRONMENT_SUFFIX": "The stack's suffix: the value of the metric dimension Environment.",
    "RULES": (
        "JSON object, deployed rule name -> {identifier, severity, category, remediation: off | dry-run | automatic}; "
        "or file:<path inside the bundle> with the same JSON, where it would not fit Lambda's 4 KB of environment."
    ),
    "EXEMPTION_TAG": "Tag key that keeps remediation away from a resource, unless its value is 'false'.",
    "MINIMUM_BACKUP_RETENTION_DAYS": "Days of automated RDS backups that remediation sets at least: 1 to 35.",
    "REMEDIATION_KMS_KEY_ARN": (
        "Key that remediation gives to unencrypted buckets. Optional: without it the AWS managed key aws/s3, which "
        "outlives this stack; never give the stack's own key, or destroying the stack makes those buckets unreadable."
    ),
}
OPTIONAL_ENVIRONMENT: Final = frozenset({"REMEDIATION_KMS_KEY_ARN"})

REMEDIATION_MODES: Final = ("off", "dry-run", "automatic")

# Where things are in the report bucket. The stack's lifecycle rules may give each prefix its own age.
PREFIX_COMPLIANCE: Final = "reports/compliance/"
PREFIX_EXECUTIVE: Final = "reports/executive/"
PREFIX_DAILY: Final = "scores/daily/"
PREFIX_AUDIT: Final = "audit/remediation/"
PREFIX_ALERT_LEDGER: Final = "dedupe/alerts/"
PREFIX_REMEDIATION_LEDGER: Final = "dedupe/remediation/"
PREFIXES: Final[Mapping[str, str]] = {
    PREFIX_COMPLIANCE: "detailed reports (JSON, HTML, CSV)",
    PREFIX_EXECUTIVE: "executive summaries (JSON, HTML)",
    PREFIX_DAILY: "one score object a day: the trend reads these, so their age bounds the trend",
    PREFIX_AUDIT: "one record for each remediation decision",
    PREFIX_ALERT_LEDGER: "which alert went out already; needed for days, not weeks",
    PREFIX_REMEDIATION_LEDGER: "which violation was decided already; needed for days, not weeks",
}


@dataclass(frozen=True, slots=True)
class Permission:
    """One statement of a function's role: ``resources`` are the symbols described above."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, str | tuple[str, ...]]] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True, slots=True)
class Trigger:
    """What starts a function: a schedule (EventBridge expression, UTC) or an event pattern, never both."""

    key: str
    """Stable name, for the EventBridge rule: ``every-six-hours``."""
    schedule: str | None = None
    event_pattern: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One deployed function."""

    name: str
    """Without the suffix; the deployed name is ``<name>-<suffix>``."""
    description: str
    timeout: int
    """Seconds."""
    memory: int
    """Megabytes."""
    environment: tuple[str, ...]
    """Names out of :data:`ENVIRONMENT`."""
    permissions: tuple[Permission, ...]
    triggers: tuple[Trigger, ...]

    @property
    def handler(self) -> str:
        """``watchkeeper.monitoring.functions.compliance_processor.handler``."""
        return f"{PACKAGE_PREFIX}.{self.name.replace('-', '_')}.handler"


@dataclass(frozen=True, slots=True)
class Metric:
    """One CloudWatch metric and every set of dimension names that it is published with."""

    name: str
    unit: str
    dimensions: tuple[tuple[str, ...], ...]
    function: str
    description: str


BASE_PERMISSIONS: Final = (
    Permission(("logs:CreateLogStream", "logs:PutLogEvents"), ("log-group",), why="its own log"),
    Permission(("sqs:SendMessage",), ("dead-letter-queue",), why="events that it could not handle"),
)
"""What every function's role needs beside its own permissions; Lambda itself uses them on the function's behalf."""

_COLLECT = (
    Permission(("config:GetComplianceDetailsByConfigRule",), ("config-rules",), why="every result of every rule"),
    Permission(("config:DescribeConfigRuleEvaluationStatus",), ("*",), why="which rules failed or never ran"),
)
_METRICS = Permission(
    ("cloudwatch:PutMetricData",),
    ("*",),
    # AWS always gives this key with PutMetricData, so IfExists is as strict there; MiniStack 1.5.33 never gives it.
    {"StringEqualsIfExists": {"cloudwatch:namespace": "{METRIC_NAMESPACE}"}},
    why="its metrics, in our namespace only",
)


def _write(*prefixes: str) -> tuple[Permission, ...]:
    return (
        Permission(("s3:PutObject",), tuple(f"report-bucket/{prefix}*" for prefix in prefixes), why="what it writes"),
        Permission(("kms:GenerateDataKey",), ("key",), why="writing under SSE-KMS"),
    )


def _read(*prefixes: str) -> tuple[Permission, ...]:
    return (
        Permission(("s3:GetObject",), tuple(f"report-bucket/{prefix}*" for prefix in prefixes), why="what it reads"),
        Permission(("kms:Decrypt",), ("key",), why="reading under SSE-KMS, and publishing to the encrypted topic"),
    )


_LIST = Permission(("s3:ListBucket",), ("report-bucket",), why="finds earlier objects; tells a missing one from denied")
_PUBLISH = Permission(("sns:Publish",), ("alert-topic",), why="what people have to know")

_NON_COMPLIANT: Final = {"complianceType": ["NON_COMPLIANT"]}
_WORTH_TELLING: Final[Mapping[str, object]] = {
    "source": ["aws.config"],
    "detail-type": ["Config Rules Compliance Change"],
    "detail": {
        "messageType": ["ComplianceChangeNotification"],
        # Into a violation or out of one. A resource that is found compliant at first is no news, and there are many.
        "$or": [{"newEvaluationResult": _NON_COMPLIANT}, {"oldEvaluationResult": _NON_COMPLIANT}],
    },
}
_VIOLATION: Final[Mapping[str, object]] = {
    "source": ["aws.config"],
    "detail-type": ["Config Rules Compliance Change"],
    "detail": {
        "messageType": ["ComplianceChangeNotification"],
        "newEvaluationResult": _NON_COMPLIANT,
    },
}

FUNCTIONS: Final[tuple[FunctionSpec, ...]] = (
    FunctionSpec(
        name="compliance-processor",
        description="Has AWS Config re-evaluate every rule, collects every result and publishes the metrics.",
        timeout=900,
        memory=512,
        environment=("ENVIRONMENT_SUFFIX", "METRIC_NAMESPACE", "RULES"),
        permissions=(
            Permission(("config:StartConfigRulesEvaluation",), ("config-rules",), why="re-evaluation on schedule"),
            *_COLLECT,
            _METRICS,
        ),
        triggers=(Trigger("every-six-hours", schedule="rate(6 hours)"),),
    ),
    FunctionSpec(
        name="compliance-report",
        description="Writes the detailed compliance report to the report bucket: JSON, HTML and CSV.",
        timeout=900,
        memory=512,
        environment=("ENVIRONMENT_SUFFIX", "REPORT_BUCKET", "RULES"),
        permissions=(*_COLLECT, *_write(PREFIX_COMPLIANCE)),
        triggers=(Trigger("daily-report", schedule="cron(30 7 * * ? *)"),),
    ),
    FunctionSpec(
        name="daily-aggregator",
        description="Keeps the day's compliance scores, overall and per category, with the trend, and publishes them.",
        timeout=900,
        memory=512,
        environment=("ENVIRONMENT_SUFFIX", "METRIC_NAMESPACE", "REPORT_BUCKET", "RULES"),
        permissions=(*_COLLECT, _LIST, *_read(PREFIX_DAILY), *_write(PREFIX_DAILY), _METRICS),
        triggers=(Trigger("daily-scores", schedule="cron(0 8 * * ? *)"),),
    ),
    FunctionSpec(
        name="executive-summary",
        description="Writes one page for management: score, trend, what got worse, what was fixed, what to decide.",
        timeout=900,
        memory=512,
        environment=("ENVIRONMENT_SUFFIX", "REPORT_BUCKET", "RULES"),
        permissions=(
            *_COLLECT,
            _LIST,
            *_read(PREFIX_COMPLIANCE, PREFIX_DAILY, PREFIX_AUDIT),
            *_write(PREFIX_EXECUTIVE),
        ),
        triggers=(Trigger("daily-summary", schedule="cron(15 8 * * ? *)"),),
    ),
    FunctionSpec(
        name="compliance-alerts",
        description="Turns compliance changes into alerts, levelled by severity and never twice for the same change.",
        timeout=30,
        memory=256,
        environment=("ALERT_TOPIC_ARN", "ENVIRONMENT_SUFFIX", "METRIC_NAMESPACE", "REPORT_BUCKET", "RULES"),
        permissions=(*_read(PREFIX_ALERT_LEDGER), *_write(PREFIX_ALERT_LEDGER), _PUBLISH, _METRICS),
        triggers=(Trigger("compliance-change", event_pattern=_WORTH_TELLING),),
    ),
    FunctionSpec(
        name="compliance-remediation",
        description="Makes the safe fixes for violations, or says that a person has to, and records each decision.",
        timeout=60,
        memory=256,
        environment=(
            "ALERT_TOPIC_ARN",
            "ENVIRONMENT_SUFFIX",
            "EXEMPTION_TAG",
            "METRIC_NAMESPACE",
            "MINIMUM_BACKUP_RETENTION_DAYS",
            "REMEDIATION_KMS_KEY_ARN",
            "REPORT_BUCKET",
            "RULES",
        ),
        permissions=(
            Permission(
                (
                    "s3:GetBucketPublicAccessBlock",
                    "s3:GetBucketTagging",
                    "s3:GetBucketVersioning",
                    "s3:GetEncryptionConfiguration",
                    "s3:PutBucketPublicAccessBlock",
                    "s3:PutBucketVersioning",
                    "s3:PutEncryptionConfiguration",
                ),
                ("buckets",),
                why="reads a bucket again, then fixes it",
            ),
            Permission(("rds:DescribeDBInstances",), ("*",), why="finds an instance by its resource id"),
            Permission(("rds:ModifyDBInstance",), ("db-instances",), why="backup retention"),
            *_read(PREFIX_REMEDIATION_LEDGER),
            *_write(PREFIX_AUDIT, PREFIX_REMEDIATION_LEDGER),
            _PUBLISH,
            _METRICS,
        ),
        triggers=(Trigger("violation", event_pattern=_VIOLATION),),
    ),
)

_RESULTS = (
    ("Environment",),
    ("Environment", "Rule"),
    ("Environment", "Category"),
    ("Environment", "Severity"),
    ("Environment", "ResourceType"),
)

METRICS: Final[tuple[Metric, ...]] = (
    Metric("Compliant", "Count", _RESULTS, "compliance-processor", "Results that comply (a rule on a resource)."),
    Metric("NonCompliant", "Count", _RESULTS, "compliance-processor", "Results that violate a rule."),
    Metric("NotEvaluated", "Count", _RESULTS, "compliance-processor", "Results that nobody knows; not a pass."),
    Metric(
        "RulesNotEvaluated",
        "Count",
        (("Environment",),),
        "compliance-processor",
        "Rules that failed, are missing or never ran.",
    ),
    Metric(
        "ComplianceScore",
        "Percent",
        (("Environment",), ("Environment", "Category")),
        "daily-aggregator",
        "Compliant share of what was evaluated; absent on a day with nothing evaluated.",
    ),
    Metric(
        "Alerts",
        "Count",
        (("Environment",), ("Environment", "Severity")),
        "compliance-alerts",
        "Alerts published; Severity is CRITICAL, HIGH, MEDIUM, LOW or INFO (recoveries).",
    ),
    Metric(
        "Remediations",
        "Count",
        (("Environment",), ("Environment", "Outcome")),
        "compliance-remediation",
        "Decisions; Outcome is one of watchkeeper.reports.results.Outcome.",
    ),
)
"""Everything the functions publish, under METRIC_NAMESPACE. A dashboard or an alarm may use nothing else."""


def function(name: str) -> FunctionSpec:
    """The function of that name.

    Raises
    ------
    KeyError
        With the names there are.
    """
    for spec in FUNCTIONS:
        if spec.name == name:
            return spec
    raise KeyError(f"no function {name!r}; there are {', '.join(spec.name for spec in FUNCTIONS)}")
