"""compliance-alerts against real S3, SNS, SQS and CloudWatch."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from tests.monitoring.functions.support import World, event
from watchkeeper.monitoring.functions.runtime import (
    ReportBucketGoneError,
    RetryLaterError,
    SettingError,
    UnknownEventError,
)
from watchkeeper.reports.to_json import schema

Run = Callable[..., dict[str, Any]]


def test_a_violation_goes_out_with_the_level_of_its_rule(run: Run, world: World) -> None:
    assert run("compliance-alerts", event("violation"))["outcome"] == "sent"

    (message,) = world.messages()
    alert = json.loads(message["Message"])
    jsonschema.validate(alert, schema("alert"))
    assert (alert["level"], alert["kind"], alert["resource_id"]) == ("HIGH", "violation", "sample-bucket")
    assert message["Subject"] == "[HIGH] sample-bucket violates s3-default-encryption-kms-test"
    assert {name: value["Value"] for name, value in message["MessageAttributes"].items()} == {
        "kind": "violation",
        "severity": "HIGH",
        "rule": "s3-default-encryption-kms-test",
        "category": "encryption",
        "resourceType": "AWS::S3::Bucket",
        "complianceType": "NON_COMPLIANT",
        "environment": "test",
    }
    assert world.metrics() == {
        ("Alerts", "Environment=test"): 1,
        ("Alerts", "Environment=test", "Severity=HIGH"): 1,
    }


def test_a_repeated_event_is_never_sent_twice(run: Run, world: World) -> None:
    outcomes = [run("compliance-alerts", event("violation"))["outcome"] for _ in range(3)]
    # The same change in another envelope: AWS repeats the content, not always the event id.
    outcomes.append(run("compliance-alerts", event("violation") | {"id": "another"})["outcome"])

    assert outcomes == ["sent", "duplicate", "duplicate", "duplicate"]
    assert len(world.messages()) == 1


@pytest.mark.parametrize(
    ("name", "level", "kind"),
    [
        ("recovery", "INFO", "recovery"),
        ("resource-deleted", "INFO", "gone"),
        ("insufficient-data", "LOW", "unknown"),
        ("violation-again", "HIGH", "violation"),
        ("violation-instance", "MEDIUM", "violation"),
    ],
)
def test_levels(run: Run, world: World, name: str, level: str, kind: str) -> None:
    run("compliance-alerts", event(name))

    (message,) = world.messages()
    alert = json.loads(message["Message"])
    assert (alert["level"], alert["kind"]) == (level, kind)
    assert message["MessageAttributes"]["severity"]["Value"] == level


@pytest.mark.parametrize(("name", "outcome"), [("first-compliant", "nothing-to-tell"), ("other-rule", "not-ours")])
def test_no_news_is_not_sent(run: Run, world: World, name: str, outcome: str) -> None:
    assert run("compliance-alerts", event(name))["outcome"] == outcome
    assert world.messages() == []


@pytest.mark.parametrize("payload", [event("configuration-item-change"), event("scheduled"), {}, [], None, "text"])
def test_an_event_it_does_not_know_is_raised(run: Run, payload: object) -> None:
    with pytest.raises(UnknownEventError, match="has to be"):
        run("compliance-alerts", payload)


def test_the_error_names_the_field(run: Run) -> None:
    broken = event("violation")
    broken["detail"]["newEvaluationResult"]["complianceType"] = "FINE"
    with pytest.raises(UnknownEventError, match=r"detail\.newEvaluationResult\.complianceType is 'FINE'"):
        run("compliance-alerts", broken)


def test_a_publish_that_fails_is_tried_again_and_not_lost(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setenv("ALERT_TOPIC_ARN", world.topic + "-gone")
        with pytest.raises(Exception, match="NotFound"):
            run("compliance-alerts", event("violation"), aws_request_id="first")
    assert world.messages() == []

    assert run("compliance-alerts", event("violation"), aws_request_id="second")["outcome"] == "sent"
    assert len(world.messages()) == 1


def test_two_at_once_send_one(run: Run, world: World) -> None:
    claim = {"state": "claimed", "request_id": "the-other", "at": "2999-01-01T00:00:00+00:00"}
    run("compliance-alerts", event("violation"))
    (key,) = [item["Key"] for item in world.clients("s3").list_objects_v2(Bucket=world.bucket)["Contents"]]
    world.clients("s3").put_object(Bucket=world.bucket, Key=key, Body=json.dumps(claim).encode())

    with pytest.raises(RetryLaterError, match="held by another invocation"):
        run("compliance-alerts", event("violation"))

    claim["at"] = "2020-01-01T00:00:00+00:00"
    world.clients("s3").put_object(Bucket=world.bucket, Key=key, Body=json.dumps(claim).encode())
    assert run("compliance-alerts", event("violation"))["outcome"] == "sent"


def test_a_report_bucket_that_is_gone_is_named(run: Run, world: World) -> None:
    world.clients("s3").delete_bucket(Bucket=world.bucket)
    with pytest.raises(ReportBucketGoneError, match=f"report bucket '{world.bucket}' does not exist"):
        run("compliance-alerts", event("violation"))
    assert world.messages() == []


def test_a_missing_setting_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALERT_TOPIC_ARN")
    with pytest.raises(SettingError, match="ALERT_TOPIC_ARN is not set"):
        run("compliance-alerts", event("violation"))


def test_hostile_names_do_not_reach_subject_or_mail(run: Run, world: World) -> None:
    hostile = event("violation")
    for place in (hostile["detail"], hostile["detail"]["newEvaluationResult"]["evaluationResultIdentifier"]):
        place["resourceId"] = "bucket\r\nBcc: everyone\x1b[2J" + "x" * 300
    run("compliance-alerts", hostile)

    (message,) = world.messages()
    assert len(message["Subject"]) <= 100
    assert message["Subject"].isprintable()
