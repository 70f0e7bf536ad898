"""Rules run when resources change, by the clock, and on demand; what changed is announced."""

from __future__ import annotations

import orjson

from watchkeeper.model import ItemStatus

RULE, IDENTIFIER = "versioning", "S3_BUCKET_VERSIONING_ENABLED"
COMPLIANCE_CHANGE, ITEM_CHANGE = "Config Rules Compliance Change", "Config Configuration Item Change"


def test_a_recorded_resource_is_evaluated_and_both_changes_are_announced(running, service, environment, make):
    running.put_managed(RULE, IDENTIFIER)

    service.record([make.bucket("good"), make.bucket("bad", "Off")])

    assert running.compliance(RULE) == {"good": "COMPLIANT", "bad": "NON_COMPLIANT"}
    rules = running("DescribeComplianceByConfigRule")["ComplianceByConfigRules"]
    assert rules == [
        {
            "ConfigRuleName": RULE,
            "Compliance": {
                "ComplianceType": "NON_COMPLIANT",
                "ComplianceContributorCount": {"CappedCount": 1, "CapExceeded": False},
            },
        }
    ]
    changes = environment.of_type(COMPLIANCE_CHANGE)
    assert [(c["resourceId"], c["newEvaluationResult"]["complianceType"]) for c in changes] == [
        ("good", "COMPLIANT"),
        ("bad", "NON_COMPLIANT"),
    ]
    assert "oldEvaluationResult" not in changes[0]
    items = [c for c in environment.of_type(ITEM_CHANGE) if c["configurationItem"]["resourceType"] == "AWS::S3::Bucket"]
    assert [c["configurationItem"]["configurationItemStatus"] for c in items] == ["ResourceDiscovered"] * 2


def test_only_a_changed_compliance_is_announced_with_the_old_one(running, service, environment, clock, make):
    running.put_managed(RULE, IDENTIFIER)
    service.record([make.bucket("b", "Off")])
    clock.forward(seconds=5)
    service.record([make.bucket("b", "Off", tags={"Owner": "me"})])
    assert len(environment.of_type(COMPLIANCE_CHANGE)) == 1

    clock.forward(seconds=5)
    service.record([make.bucket("b", "Enabled", tags={"Owner": "me"})])

    change = environment.of_type(COMPLIANCE_CHANGE)[-1]
    assert change["oldEvaluationResult"]["complianceType"] == "NON_COMPLIANT"
    assert change["oldEvaluationResult"]["annotation"]
    assert change["newEvaluationResult"]["complianceType"] == "COMPLIANT"
    assert change["messageType"] == "ComplianceChangeNotification"
    assert change["recordVersion"] == "1.0"


def test_the_same_state_twice_is_one_state(running, service, environment, make):
    service.record([make.bucket("b")])
    before = len(environment.events)
    service.record([make.bucket("b")])
    assert len(environment.events) == before


def test_the_difference_is_in_the_item_change(running, service, environment, clock, make):
    service.record([make.bucket("b", "Off")])
    clock.forward(seconds=1)
    service.record([make.bucket("b", "Enabled")])
    difference = environment.of_type(ITEM_CHANGE)[-1]["configurationItemDiff"]
    assert difference == {
        "changeType": "UPDATE",
        "changedProperties": {
            "SupplementaryConfiguration.BucketVersioningConfiguration.Status": {
                "previousValue": "Off",
                "updatedValue": "Enabled",
                "changeType": "UPDATE",
            }
        },
    }


def test_a_deleted_resource_is_not_applicable_and_leaves_the_results(running, service, environment, clock, make):
    running.put_managed(RULE, IDENTIFIER)
    service.record([make.bucket("b", "Off")])
    clock.forward(seconds=1)

    service.record([make.bucket("b", status=ItemStatus.DELETED)])

    assert running.compliance(RULE) == {}
    assert environment.of_type(COMPLIANCE_CHANGE)[-1]["newEvaluationResult"]["complianceType"] == "NOT_APPLICABLE"
    kinds = running("DescribeComplianceByConfigRule")["ComplianceByConfigRules"]
    assert kinds[0]["Compliance"] == {"ComplianceType": "INSUFFICIENT_DATA"}


def test_a_rule_put_later_evaluates_what_is_there(running, service, make):
    service.record([make.bucket("b", "Off"), make.instance("i-1")])
    running.put_managed(RULE, IDENTIFIER)
    assert running.compliance(RULE) == {"b": "NON_COMPLIANT"}


def test_discovery_records_what_exists_and_buries_what_is_gone(config, service, environment, clock, make):
    item = make.bucket("b")
    environment.resources[item.key] = item
    config.set_up()
    config.put_managed(RULE, IDENTIFIER)
    assert config.compliance(RULE) == {"b": "COMPLIANT"}

    config("StopConfigurationRecorder", ConfigurationRecorderName="default")
    environment.resources.clear()
    clock.forward(minutes=1)
    config("StartConfigurationRecorder", ConfigurationRecorderName="default")

    assert config.compliance(RULE) == {}


def test_a_custom_rule_is_invoked_with_awss_event_and_answers(running, service, environment, clock, make):
    running.put_custom("mine", "ConfigurationItemChangeNotification", InputParameters='{"a": "1"}')
    service.record([make.bucket("b")])
    (event,) = environment.functions[next(iter(environment.functions))]
    invoking = orjson.loads(event["invokingEvent"])
    assert invoking["messageType"] == "ConfigurationItemChangeNotification"
    assert invoking["configurationItem"]["resourceId"] == "b"
    assert orjson.loads(event["ruleParameters"]) == {"a": "1"}
    assert event["eventLeftScope"] is False
    assert event["configRuleName"] == "mine"

    evaluation = {
        "ComplianceResourceType": "AWS::S3::Bucket",
        "ComplianceResourceId": "b",
        "ComplianceType": "NON_COMPLIANT",
        "Annotation": "because",
        "OrderingTimestamp": clock.now.timestamp(),
    }
    running("PutEvaluations", Evaluations=[evaluation], ResultToken=event["resultToken"])
    assert running.compliance("mine") == {"b": "NON_COMPLIANT"}

    late = evaluation | {"ComplianceType": "COMPLIANT", "OrderingTimestamp": clock.now.timestamp() - 60}
    running("PutEvaluations", Evaluations=[late], ResultToken=event["resultToken"])
    assert running.compliance("mine") == {"b": "NON_COMPLIANT"}

    error = running.refused("PutEvaluations", Evaluations=[evaluation], ResultToken="made-up")
    assert error.code == "InvalidResultTokenException"
    assert running("PutEvaluations", Evaluations=[evaluation], ResultToken="any", TestMode=True) == {
        "FailedEvaluations": []
    }


def test_an_event_that_could_not_be_sent_is_sent_later(running, service, environment, clock, make):
    environment.events.clear()
    environment.broken_bus = True
    service.record([make.bucket("b")])
    assert environment.events == []

    environment.broken_bus = False
    clock.forward(seconds=5)
    service.tick()

    assert environment.of_type(ITEM_CHANGE)[0]["configurationItem"]["resourceId"] == "b"
