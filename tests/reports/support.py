"""One account's worth of values that the report tests render: two good categories, hostile names, a blind spot."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from watchkeeper.model import ComplianceType, Evaluation, Severity
from watchkeeper.reports.results import (
    ComplianceReport,
    DailyScore,
    ExecutiveSummary,
    Outcome,
    RuleInfo,
    RuleResult,
    RuleState,
    count,
    result_key,
    unknown_rule,
)
from watchkeeper.reports.summary import Baseline, Handled, executive_summary
from watchkeeper.reports.trend import trend

NOW = datetime(2026, 11, 23, 8, 15, tzinfo=UTC)
HOSTILE = "<script>alert('x')</script>\u202e\x1b[31m=cmd|' /C calc'!A0"

KMS = RuleInfo("s3-default-encryption-kms-prod", "S3_DEFAULT_ENCRYPTION_KMS", Severity.HIGH, "encryption", "automatic")
PUBLIC = RuleInfo(
    "s3-bucket-level-public-access-prohibited-prod",
    "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED",
    Severity.CRITICAL,
    "exposure",
    "dry-run",
)
TYPES = RuleInfo("desired-instance-type-prod", "DESIRED_INSTANCE_TYPE", Severity.LOW, "cost", "off")
BACKUP = RuleInfo(
    "db-instance-backup-enabled-prod", "DB_INSTANCE_BACKUP_ENABLED", Severity.HIGH, "resilience", "dry-run"
)
TRAIL = RuleInfo("cloudtrail-enabled-prod", "CLOUD_TRAIL_ENABLED", Severity.MEDIUM, "audit", "off")
RULES = (KMS, PUBLIC, TYPES, BACKUP, TRAIL)

_BUCKET, _INSTANCE, _DATABASE = "AWS::S3::Bucket", "AWS::EC2::Instance", "AWS::RDS::DBInstance"


def result(rule: RuleInfo, resource_type: str, resource_id: str, compliant: bool, annotation: str = "") -> Evaluation:
    """A result recorded 20 minutes ago."""
    return Evaluation(
        rule.name,
        resource_type,
        resource_id,
        ComplianceType.COMPLIANT if compliant else ComplianceType.NON_COMPLIANT,
        annotation,
        NOW - timedelta(minutes=30),
        NOW - timedelta(minutes=20),
    )


def results(hostile: bool = False) -> tuple[Evaluation, ...]:
    """What is found now."""
    buckets = [
        f"prod-data-{name}" for name in ("billing", "events", "exports", "images", "ledger", "logs", "raw", "web")
    ]
    found = [
        *(result(KMS, _BUCKET, name, name not in ("prod-data-raw",), "SSE-S3, not KMS") for name in buckets),
        *(result(PUBLIC, _BUCKET, name, name not in ("prod-data-web", "prod-data-images")) for name in buckets),
        *(
            result(TYPES, _INSTANCE, f"i-0{n:016x}", n not in (3, 5, 8), "m5.24xlarge is not approved")
            for n in range(10)
        ),
        *(result(BACKUP, _DATABASE, f"db-{name}", name != "REPORTING7QK") for name in ("ORDERS4TZ81", "REPORTING7QK")),
    ]
    if hostile:
        found.append(result(KMS, _BUCKET, HOSTILE, False, HOSTILE))
    return tuple(sorted(found, key=result_key))


def report(hostile: bool = False) -> ComplianceReport:
    """The detailed report, with one rule that nobody could evaluate."""
    everything = results(hostile)
    rows = []
    for rule in RULES:
        found = [item for item in everything if item.rule == rule.name]
        blind = rule is TRAIL
        state = RuleState.ERROR if blind else RuleState.EVALUATED
        reason = "AccessDenied: AWS Config may not call cloudtrail:DescribeTrails" if blind else ""
        rows.append(RuleResult(rule, state, count(found) + unknown_rule(state), reason, NOW, pending=rule is TYPES))
    rows.sort(key=lambda row: row.rule.name)
    return ComplianceReport("123456789012", "eu-west-1", "prod", NOW, tuple(rows), everything)


def baseline() -> Baseline:
    """The day before: one bucket was not yet public, two others were not encrypted, one is gone since."""
    before = {result_key(item): item for item in results()}
    before[(PUBLIC.name, _BUCKET, "prod-data-web")] = result(PUBLIC, _BUCKET, "prod-data-web", True)
    for name in ("prod-data-billing", "prod-data-exports", "prod-data-old"):
        before[(KMS.name, _BUCKET, name)] = result(KMS, _BUCKET, name, False)
    return Baseline(NOW - timedelta(days=1), tuple(before.values()))


HISTORY: tuple[float | None, ...] = (
    61.2, 61.2, 64.0, 66.7, 66.7, 65.1, 70.3, 72.8, 72.8, None, None, 74.0, 77.7, 77.7, 79.2, 78.5, 80.0,
    81.4, 81.4, None, 82.1, 82.1, 80.7, 79.9, 81.0, 82.4, 80.2, 78.9, 76.4,
)  # fmt: skip


def summary(hostile: bool = False) -> ExecutiveSummary:
    """The page for management."""
    made = report(hostile)
    days = {date(2026, 10, 25) + timedelta(days=n): score for n, score in enumerate(HISTORY)}
    return executive_summary(
        made,
        trend(NOW.date(), made.totals.score, days),
        {"encryption": 25.0, "exposure": -12.5, "cost": 0.0},
        baseline(),
        (
            Handled(KMS.name, _BUCKET, "prod-data-billing", Outcome.APPLIED),
            Handled(KMS.name, _BUCKET, "prod-data-raw", Outcome.EXEMPT),
            Handled(PUBLIC.name, _BUCKET, "prod-data-web", Outcome.DRY_RUN),
        ),
        frozenset({KMS.identifier, PUBLIC.identifier, BACKUP.identifier}),
    )


def daily() -> DailyScore:
    """The day's scores."""
    made = report()
    return DailyScore(
        day=NOW.date(),
        account=made.account,
        region=made.region,
        environment=made.environment,
        generated_at=NOW,
        overall=made.totals,
        categories=made.by_category,
        rules_not_evaluated=1,
        trend=trend(NOW.date(), made.totals.score, {NOW.date() - timedelta(days=3): 70.0}),
        category_changes={"encryption": 25.0},
    )
