"""The four functions on a schedule: real S3 and CloudWatch, AWS Config at its protocol."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema
import pytest

from tests.monitoring.functions.support import RULES, World, event
from watchkeeper.monitoring.functions import runtime
from watchkeeper.monitoring.functions.compliance_processor import start_evaluations
from watchkeeper.monitoring.functions.runtime import ReportBucketGoneError, SettingError, UnknownEventError
from watchkeeper.reports.to_json import schema

Run = Callable[..., dict[str, Any]]
BUCKET, INSTANCE = "AWS::S3::Bucket", "AWS::EC2::Instance"
KMS_RULE, TYPE_RULE = "s3-default-encryption-kms-test", "desired-instance-type-test"
SCHEDULED = ("compliance-processor", "compliance-report", "daily-aggregator", "executive-summary")
HOSTILE = "<img src=x onerror=alert(1)>"


def some_results(world: World) -> None:
    """Three buckets, one in violation; one instance that nobody could evaluate."""
    world.config.add(
        KMS_RULE, (BUCKET, "a", "COMPLIANT"), (BUCKET, "b", "COMPLIANT"), (BUCKET, HOSTILE, "NON_COMPLIANT")
    )
    world.config.add(TYPE_RULE, (INSTANCE, "i-1", "INSUFFICIENT_DATA"))


def test_the_processor_starts_every_rule_and_publishes_every_number(run: Run, world: World) -> None:
    some_results(world)

    done = run("compliance-processor", event("scheduled"))

    assert (done["compliant"], done["non_compliant"], done["not_evaluated"]) == (2, 1, 1)
    assert done["started"] == len(RULES)
    assert done["pending"] == []
    metrics = world.metrics()
    assert metrics[("NonCompliant", "Environment=test")] == 1
    assert metrics[("Compliant", "Environment=test", f"Rule={KMS_RULE}")] == 2
    assert metrics[("NonCompliant", "Category=encryption", "Environment=test")] == 1
    assert metrics[("NonCompliant", "Environment=test", "Severity=HIGH")] == 1
    assert metrics[("NonCompliant", "Environment=test", "Severity=CRITICAL")] == 0
    assert metrics[("NotEvaluated", "Environment=test", f"ResourceType={INSTANCE}")] == 1
    assert metrics[("RulesNotEvaluated", "Environment=test")] == 0


def test_thousands_of_results_are_all_counted(run: Run, world: World) -> None:
    world.config.add(
        KMS_RULE, *((BUCKET, f"bucket-{n}", "COMPLIANT" if n % 3 else "NON_COMPLIANT") for n in range(2350))
    )
    done = run("compliance-processor", {"wait_seconds": 0})
    assert (done["compliant"], done["non_compliant"]) == (1566, 784)
    pages = [body for name, body in world.config.calls if name == "GetComplianceDetailsByConfigRule"]
    assert sum(body["ConfigRuleName"] == KMS_RULE for body in pages) == 24
    assert not [name for name, _ in world.config.calls if "Summary" in name]


def test_more_rules_than_fit_into_a_call(run: Run, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = {f"rule-{n:03}-test": RULES[TYPE_RULE] for n in range(60)}
    monkeypatch.setenv("RULES", json.dumps(rules))
    for name in rules:
        world.config.add(name, (INSTANCE, "i-1", "COMPLIANT"))
    assert run("compliance-processor", event("scheduled"))["compliant"] == 60
    starts = [len(body["ConfigRuleNames"]) for name, body in world.config.calls if name == "StartConfigRulesEvaluation"]
    assert starts == [25, 25, 10]


@pytest.mark.parametrize("code", ["LimitExceededException", "ResourceInUseException", "ThrottlingException"])
def test_a_busy_config_is_reported_and_the_present_results_are_published(run: Run, world: World, code: str) -> None:
    some_results(world)
    world.config.refuse["StartConfigRulesEvaluation"] = [code]
    done = run("compliance-processor", {"wait_seconds": 0})
    assert done["started"] == 0
    assert done["pending"] == sorted(RULES)
    assert done["non_compliant"] == 1


def test_a_busy_config_is_asked_again_while_there_is_time(run: Run, world: World) -> None:
    run("compliance-processor", {"wait_seconds": 0})
    world.config.refuse["StartConfigRulesEvaluation"] = ["LimitExceededException"] * 2
    pauses: list[float] = []
    started = start_evaluations(
        runtime.client("config", attempts=1), sorted(RULES), time.monotonic() + 60, sleep=pauses.append
    )
    assert started == frozenset(RULES)
    assert pauses == [5.0, 15.0]


def test_a_rule_that_does_not_finish_is_pending(run: Run, world: World) -> None:
    some_results(world)
    world.config.evaluates = False
    assert run("compliance-processor", {"wait_seconds": 0})["pending"] == sorted(RULES)


def test_throttling_is_waited_out(run: Run, world: World) -> None:
    some_results(world)
    world.config.refuse["GetComplianceDetailsByConfigRule"] = ["ThrottlingException"] * 2
    assert run("compliance-processor", event("scheduled"))["compliant"] == 2


def test_an_error_of_config_is_raised_and_nothing_partial_published(run: Run, world: World) -> None:
    world.config.refuse["GetComplianceDetailsByConfigRule"] = ["AccessDeniedException"]
    with pytest.raises(Exception, match="AccessDeniedException"):
        run("compliance-processor", event("scheduled"))
    assert world.metrics() == {}


def test_a_missing_and_a_failing_rule_are_not_evaluated(run: Run, world: World) -> None:
    some_results(world)
    del world.config.status[KMS_RULE]
    world.config.status[TYPE_RULE] |= {
        "LastFailedEvaluationTime": datetime.now(UTC).timestamp() + 60,
        "LastErrorCode": "AccessDenied",
        "LastErrorMessage": "no permission",
    }
    world.config.evaluates = False

    done = run("compliance-processor", {"wait_seconds": 0})

    assert done["rules_not_evaluated"] == {
        TYPE_RULE: "AccessDenied: no permission",
        KMS_RULE: "AWS Config has no rule of this name; deploy the stack again",
    }
    assert done["not_evaluated"] == 3
    assert world.metrics()[("RulesNotEvaluated", "Environment=test")] == 2


def test_the_report_is_written_in_three_forms(run: Run, world: World) -> None:
    some_results(world)

    done = run("compliance-report", event("scheduled"))

    (document,) = world.documents("reports/compliance/")
    jsonschema.validate(document, schema("compliance-report"))
    assert document["totals"]["score"] == done["score"] == 66.6
    assert document["account"] == "000000000000"
    page, table = world.text(done["keys"][1]), world.text(done["keys"][2])
    assert HOSTILE not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert [row["compliance"] for row in csv.DictReader(io.StringIO(table))].count("NON_COMPLIANT") == 1
    head = world.clients("s3").head_object(Bucket=world.bucket, Key=done["keys"][1])
    assert head["ContentType"] == "text/html; charset=utf-8"


def day_key(days_ago: int) -> str:
    """The key of the daily score that many days before the scheduled event's day."""
    return f"scores/daily/{datetime(2026, 11, 23, tzinfo=UTC) - timedelta(days=days_ago):%Y/%m/%d}.json"


def keep_day(world: World, days_ago: int, score: float | None) -> None:
    """A daily score of an earlier day."""
    day = datetime(2026, 11, 23, tzinfo=UTC) - timedelta(days=days_ago)
    counts = {"score": score}
    document = {
        "schema": "daily-score",
        "day": f"{day:%Y-%m-%d}",
        "overall": counts,
        "categories": {"encryption": counts},
    }
    world.clients("s3").put_object(Bucket=world.bucket, Key=day_key(days_ago), Body=json.dumps(document).encode())


def test_the_daily_score_has_gaps_not_zeros(run: Run, world: World) -> None:
    some_results(world)
    keep_day(world, 5, 50.0)
    keep_day(world, 2, 60.0)
    keep_day(world, 1, None)
    keep_day(world, 400, 1.0)
    world.clients("s3").put_object(Bucket=world.bucket, Key=day_key(3), Body=b"{broken")

    done = run("daily-aggregator", event("scheduled"))

    assert done["key"] == "scores/daily/2026/11/23.json"
    document = json.loads(world.text(done["key"]))
    jsonschema.validate(document, schema("daily-score"))
    assert [point["score"] for point in document["trend"]["history"]] == [50.0, None, None, 60.0, None, 66.6]
    assert document["trend"]["previous"] == {"day": "2026-11-21", "score": 60.0}
    assert document["trend"]["change"] == 6.6
    assert document["categories"]["encryption"]["change"] == 6.6
    assert document["categories"]["cost"]["score"] is None
    metrics = world.metrics()
    assert metrics[("ComplianceScore", "Environment=test")] == 66.6
    assert ("ComplianceScore", "Category=cost", "Environment=test") not in metrics

    again = run("daily-aggregator", event("scheduled"))
    assert again["change"] == 6.6


def test_the_summary_says_what_changed(run: Run, world: World) -> None:
    some_results(world)
    first = run("compliance-report", {})
    assert first["score"] == 66.6
    world.config.results[KMS_RULE][2]["ComplianceType"] = "COMPLIANT"
    world.config.results[KMS_RULE][0]["ComplianceType"] = "NON_COMPLIANT"

    done = run("executive-summary", event("scheduled"))

    (document,) = world.documents("reports/executive/")
    jsonschema.validate(document, schema("executive-summary"))
    assert [item["resource_id"] for item in document["worse"]] == ["a"]
    assert [item["resource_id"] for item in document["fixed"]] == [HOSTILE]
    page = world.text(done["keys"][1])
    assert HOSTILE not in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_first_summary_compares_with_nothing(run: Run, world: World) -> None:
    run("executive-summary", {})
    (document,) = world.documents("reports/executive/")
    jsonschema.validate(document, schema("executive-summary"))
    assert document["baseline"] is None
    assert document["totals"]["score"] is None
    assert document["headline"] == "Nothing has been evaluated, so there is no score yet."


def test_the_summary_reads_the_remediation_records(run: Run, world: World) -> None:
    world.config.add(KMS_RULE, (BUCKET, "gone-bucket", "NON_COMPLIANT"))
    world.config.add(TYPE_RULE, (INSTANCE, "i-0123456789abcdef0", "NON_COMPLIANT"))
    payload = event("violation-instance")
    payload["detail"]["newEvaluationResult"]["resultRecordedTime"] = datetime.now(UTC).isoformat()
    run("compliance-report", {})
    run("compliance-remediation", payload)

    run("executive-summary", {})

    (document,) = world.documents("reports/executive/")
    assert document["remediations"] == {"needs-person": 1}
    assert "Assign the violations of desired-instance-type-test" in [item["title"] for item in document["decisions"]]


@pytest.mark.parametrize("name", SCHEDULED)
@pytest.mark.parametrize("payload", [event("violation"), {"Records": []}, [], "text", {"wait_seconds": "soon"}])
def test_an_event_it_does_not_know_is_raised(run: Run, name: str, payload: object) -> None:
    with pytest.raises(UnknownEventError):
        run(name, payload)


@pytest.mark.parametrize("name", SCHEDULED[1:])
def test_a_report_bucket_that_is_gone_is_named(run: Run, world: World, name: str) -> None:
    world.clients("s3").delete_bucket(Bucket=world.bucket)
    with pytest.raises(ReportBucketGoneError, match=world.bucket):
        run(name, {})


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ("{", "RULES is not JSON"),
        ("{}", "at least one rule"),
        ('{"r": {}}', "'r' has no identifier"),
        ('{"r": {"identifier": "X", "severity": "BAD", "category": "c"}}', "CRITICAL, HIGH, MEDIUM, LOW"),
        (
            '{"r": {"identifier": "X", "severity": "LOW", "category": "c", "remediation": "on"}}',
            "off, dry-run, automatic",
        ),
        ("file:nowhere.json", "not in the bundle"),
    ],
)
def test_wrong_rules_are_named(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch, rules: str, message: str
) -> None:
    monkeypatch.setenv("RULES", rules)
    with pytest.raises(SettingError, match=message):
        run("compliance-processor", {})
