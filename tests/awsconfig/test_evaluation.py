"""Rules run when resources change, by the clock, and on demand; what changed is announced."""

from __future__ import annotations

import orjson

from watchkeeper.model import ConfigurationItem, ItemStatus

RULE, IDENTIFIER = "versioning", "S3_BUCKET_VERSIONING_ENABLED"
COMPLIANCE_CHANGE, ITEM_CHANGE = "Config Rules Compliance Change", "Config Configuration Item Change"


def test_a_recorded_resource_is_evaluated_and_both_changes_are_announced(running, service, services, make):
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
    changes = services.of_type(COMPLIANCE_CHANGE)
    assert [(c["resourceId"], c["newEvaluationResult"]["complianceType"]) for c in changes] == [
        ("good", "COMPLIANT"),
        ("bad", "NON_COMPLIANT"),
    ]
    assert "oldEvaluationResult" not in changes[0]
    items = [c for c in services.of_type(ITEM_CHANGE) if c["configurationItem"]["resourceType"] == "AWS::S3::Bucket"]
    assert [c["configurationItem"]["configurationItemStatus"] for c in items] == ["ResourceDiscovered"] * 2


def test_only_a_changed_compliance_is_announced_with_the_old_one(running, service, services, clock, make):
    running.put_managed(RULE, IDENTIFIER)
    service.record([make.bucket("b", "Off")])
    clock.forward(seconds=5)
    service.record([make.bucket("b", "Off", tags={"Owner": "me"})])
    assert len(services.of_type(COMPLIANCE_CHANGE)) == 1

    clock.forward(seconds=5)
    service.record([make.bucket("b", "Enabled", tags={"Owner": "me"})])

    change = services.of_type(COMPLIANCE_CHANGE)[-1]
    assert change["oldEvaluationResult"]["complianceType"] == "NON_COMPLIANT"
    assert change["oldEvaluationResult"]["annotation"]
    assert change["newEvaluationResult"]["complianceType"] == "COMPLIANT"
    assert change["messageType"] == "ComplianceChangeNotification"
    assert change["recordVersion"] == "1.0"


def test_the_same_state_twice_is_one_state(running, service, services, make):
    service.record([make.bucket("b")])
    before = len(services.events)
    service.record([make.bucket("b")])
    assert len(services.events) == before


def test_the_difference_is_in_the_item_change(running, service, services, clock, make):
    service.record([make.bucket("b", "Off")])
    clock.forward(seconds=1)
    service.record([make.bucket("b", "Enabled")])
    difference = services.of_type(ITEM_CHANGE)[-1]["configurationItemDiff"]
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


def test_a_deleted_resource_is_not_applicable_and_leaves_the_results(running, service, services, clock, make):
    running.put_managed(RULE, IDENTIFIER)
    service.record([make.bucket("b", "Off")])
    clock.forward(seconds=1)

    service.record([make.bucket("b", status=ItemStatus.DELETED)])

    assert running.compliance(RULE) == {}
    assert services.of_type(COMPLIANCE_CHANGE)[-1]["newEvaluationResult"]["complianceType"] == "NOT_APPLICABLE"
    kinds = running("DescribeComplianceByConfigRule")["ComplianceByConfigRules"]
    assert kinds[0]["Compliance"] == {"ComplianceType": "INSUFFICIENT_DATA"}


def test_a_rule_put_later_evaluates_what_is_there(running, service, make):
    service.record([make.bucket("b", "Off"), make.instance("i-1")])
    running.put_managed(RULE, IDENTIFIER)
    assert running.compliance(RULE) == {"b": "NON_COMPLIANT"}


def test_a_custom_rule_is_invoked_with_awss_event_and_answers(running, service, services, clock, make):
    running.put_custom("mine", "ConfigurationItemChangeNotification", InputParameters='{"a": "1"}')
    service.record([make.bucket("b")])
    (event,) = services.functions[next(iter(services.functions))]
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


def test_an_event_that_could_not_be_sent_is_sent_later(running, service, services, clock, make):
    services.events.clear()
    services.broken_bus = True
    service.record([make.bucket("b")])
    assert services.events == []

    services.broken_bus = False
    clock.forward(seconds=5)
    service.tick()

    assert services.of_type(ITEM_CHANGE)[0]["configurationItem"]["resourceId"] == "b"


def test_a_periodic_rule_runs_by_the_clock_over_what_is_there(running, service, services, clock, make):
    running.put_custom("hourly", "ScheduledNotification", frequency="One_Hour")
    invocations = services.functions[next(iter(services.functions))]
    assert [orjson.loads(event["invokingEvent"])["messageType"] for event in invocations] == ["ScheduledNotification"]

    service.tick()
    clock.forward(minutes=59)
    service.tick()
    assert len(invocations) == 1

    clock.forward(minutes=2)
    service.tick()
    assert len(invocations) == 2


def test_a_managed_periodic_rule_evaluates_without_a_change(running, service, clock, make):
    running.put_managed("plan", "RDS_IN_BACKUP_PLAN")
    status = running("DescribeConfigRuleEvaluationStatus", ConfigRuleNames=["plan"])["ConfigRulesEvaluationStatus"][0]
    assert status["FirstEvaluationStarted"] is True


def test_a_rule_without_logic_says_so_and_has_no_results(running, service, make):
    from watchkeeper.aws import facts
    from watchkeeper.rules import logic

    identifier = next(
        rule.identifier
        for rule in facts.managed_rules().values()
        if rule.identifier not in logic()
        and rule.in_region("eu-west-1")
        and not any(p.required for p in rule.parameters)
    )
    running.put_managed("unknown", identifier)
    (status,) = running("DescribeConfigRuleEvaluationStatus")["ConfigRulesEvaluationStatus"]
    assert identifier in status["LastErrorMessage"]
    (compliance,) = running("DescribeComplianceByConfigRule")["ComplianceByConfigRules"]
    assert compliance["Compliance"] == {"ComplianceType": "INSUFFICIENT_DATA"}
    (gap,) = service.not_evaluated(running.account, running.region)
    assert gap["rule"] == "unknown"


def test_what_the_logic_could_not_judge_is_neither_finding_nor_pass(running, service, make):
    running.put_managed(RULE, IDENTIFIER)
    service.record([make.bucket("odd", supplementary={})])
    assert running.compliance(RULE) == {}
    (gap,) = service.not_evaluated(running.account, running.region)
    assert (gap["rule"], gap["resource_id"]) == (RULE, "odd")
    (status,) = running("DescribeConfigRuleEvaluationStatus")["ConfigRulesEvaluationStatus"]
    assert "odd" in status["LastErrorMessage"]

    service.record([make.bucket("odd")])
    assert running.compliance(RULE) == {"odd": "COMPLIANT"}
    assert service.not_evaluated(running.account, running.region) == []


def test_scope_by_tag_and_leaving_it(running, service, services, clock, make):
    running.put_managed(RULE, IDENTIFIER, Scope={"TagKey": "Env", "TagValue": "prod"})
    service.record([make.bucket("a", "Off", tags={"Env": "prod"}), make.bucket("b", "Off", tags={"Env": "dev"})])
    assert running.compliance(RULE) == {"a": "NON_COMPLIANT"}
    clock.forward(seconds=1)
    service.record([make.bucket("a", "Off", tags={"Env": "dev"})])
    assert running.compliance(RULE) == {}
    assert services.of_type(COMPLIANCE_CHANGE)[-1]["newEvaluationResult"]["complianceType"] == "NOT_APPLICABLE"


def test_a_custom_rule_hears_that_a_resource_left_its_scope(running, service, services, clock, make):
    running.put_custom("mine", "ConfigurationItemChangeNotification", Scope={"TagKey": "Env"})
    invocations = services.functions[next(iter(services.functions))]
    service.record([make.bucket("a", tags={"Env": "x"}), make.bucket("b")])
    assert len(invocations) == 1
    evaluation = {
        "ComplianceResourceType": "AWS::S3::Bucket",
        "ComplianceResourceId": "a",
        "ComplianceType": "COMPLIANT",
        "OrderingTimestamp": clock.now.timestamp(),
    }
    running("PutEvaluations", Evaluations=[evaluation], ResultToken=invocations[0]["resultToken"])
    clock.forward(seconds=1)
    service.record([make.bucket("a")])
    assert [event["eventLeftScope"] for event in invocations] == [False, True]


def test_scope_by_id(running, service, make):
    scope = {"ComplianceResourceTypes": ["AWS::S3::Bucket"], "ComplianceResourceId": "a"}
    running.put_managed(RULE, IDENTIFIER, Scope=scope)
    service.record([make.bucket("a", "Off"), make.bucket("b", "Off")])
    assert running.compliance(RULE) == {"a": "NON_COMPLIANT"}


def test_a_function_that_config_may_not_invoke_is_visible_in_the_status(running, service, services, make):
    running.put_custom("mine", "ConfigurationItemChangeNotification")
    services.closed_functions.update(services.functions)
    service.record([make.bucket("b")])
    (status,) = running("DescribeConfigRuleEvaluationStatus")["ConfigRulesEvaluationStatus"]
    assert status["LastErrorCode"] == "AccessDenied"


def test_the_recording_group_decides_what_is_kept(config, service, make):
    config.set_up(resourceTypes=["AWS::EC2::Instance"])
    service.record([make.bucket("b"), make.instance("i-1")])
    counts = config("GetDiscoveredResourceCounts")
    assert counts["resourceCounts"] == [{"resourceType": "AWS::EC2::Instance", "count": 1}]


def test_a_daily_type_is_recorded_at_the_days_end(config, service, clock, make):
    config.put_recorder(mode={"recordingFrequency": "DAILY"}, allSupported=True)
    config("PutDeliveryChannel", DeliveryChannel={"s3BucketName": "config"})
    config("StartConfigurationRecorder", ConfigurationRecorderName="default")
    service.tick()
    service.record([make.bucket("b", "Off")])
    clock.forward(hours=1)
    service.record([make.bucket("b", "Suspended")])
    service.record([make.bucket("b", "Enabled")])
    states = lambda: config.all(  # noqa: E731
        "GetResourceConfigHistory", "configurationItems", resourceType="AWS::S3::Bucket", resourceId="b"
    )
    assert len(states()) == 1
    clock.forward(hours=24)
    service.tick()
    assert len(states()) == 2
    assert '"Enabled"' in states()[0]["supplementaryConfiguration"]["BucketVersioningConfiguration"]
    assert states()[0]["recordingFrequency"] == "DAILY"


def test_nothing_is_recorded_while_the_recorder_is_off(running, service, make):
    running("StopConfigurationRecorder", ConfigurationRecorderName="default")
    assert service.recording(running.account, running.region) is None
    service.record([make.bucket("b")])
    assert running("ListDiscoveredResources", resourceType="AWS::S3::Bucket")["resourceIdentifiers"] == []


def test_the_compliance_of_a_resource_is_itself_recorded(running, service, clock, make):
    running.put_managed(RULE, IDENTIFIER)
    service.record([make.bucket("b", "Off")])
    clock.forward(seconds=1)
    service.record([make.bucket("b", "Enabled")])
    states = running(
        "GetResourceConfigHistory", resourceType="AWS::Config::ResourceCompliance", resourceId="AWS::S3::Bucket/b"
    )["configurationItems"]
    kinds = [orjson.loads(state["configuration"])["complianceType"] for state in states]
    assert kinds == ["COMPLIANT", "NON_COMPLIANT"]


def test_a_deleted_rule_takes_its_results_with_it(running, service, make):
    running.put_managed(RULE, IDENTIFIER)
    service.record([make.bucket("b", "Off")])
    running("DeleteConfigRule", ConfigRuleName=RULE)
    assert running("DescribeComplianceByResource")["ComplianceByResources"] == []
    assert running.refused("DescribeConfigRules", ConfigRuleNames=[RULE]).code == "NoSuchConfigRuleException"


def test_accounts_and_regions_are_apart(running, service, make):
    other = running.elsewhere("210987654321", "us-east-1")
    assert other("DescribeConfigRules")["ConfigRules"] == []
    running.put_managed(RULE, IDENTIFIER)
    service.record([make.bucket("b", region="us-east-1")])
    assert running.compliance(RULE) == {}
    assert other("DescribeConfigRules")["ConfigRules"] == []


def test_oversized_items_go_through_s3(running, service, services, make):
    running.put_custom("big", "ConfigurationItemChangeNotification", "OversizedConfigurationItemChangeNotification")
    running.put_custom("small", "ConfigurationItemChangeNotification")
    service.record([make.bucket("huge", configuration={"text": "x" * 300_000})])
    (message,) = [
        m for m in services.of_type(ITEM_CHANGE) if m["messageType"] == "OversizedConfigurationItemChangeNotification"
    ]
    assert message["configurationItemSummary"]["resourceId"] == "huge"
    bucket, _, key = message["s3DeliverySummary"]["s3BucketLocation"].partition("/")
    assert key in services.buckets[bucket]
    (event,) = services.functions[next(iter(services.functions))]
    assert event["configRuleName"] == "big"
    assert "Oversized" in orjson.loads(event["invokingEvent"])["messageType"]


def open_group(name, cidr="0.0.0.0/0"):
    """A security group that lets SSH in from somewhere."""
    permission = {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipv4Ranges": [{"cidrIp": cidr}], "ipv6Ranges": []}
    configuration = {"groupId": name, "ipPermissions": [permission | {"userIdGroupPairs": [], "ipRanges": [cidr]}]}
    return ConfigurationItem("AWS::EC2::SecurityGroup", name, "123456789012", "eu-west-1", configuration=configuration)


def evaluated_at(config, rule):
    (status,) = config("DescribeConfigRuleEvaluationStatus", ConfigRuleNames=[rule])["ConfigRulesEvaluationStatus"]
    return status["LastSuccessfulEvaluationTime"]


def test_a_hybrid_managed_rule_runs_on_a_change_and_by_the_clock(running, service, clock):
    running.put_managed("ssh", "INCOMING_SSH_DISABLED", MaximumExecutionFrequency="One_Hour")
    service.record([open_group("sg-1")])
    assert running.compliance("ssh") == {"sg-1": "NON_COMPLIANT"}
    first = evaluated_at(running, "ssh")
    clock.forward(minutes=10)
    service.record([open_group("sg-1", "10.0.0.0/8")])
    assert running.compliance("ssh") == {"sg-1": "COMPLIANT"}
    on_change = evaluated_at(running, "ssh")
    assert on_change > first
    service.tick()
    clock.forward(hours=1)
    service.tick()
    assert evaluated_at(running, "ssh") > on_change


def test_a_hybrid_custom_rule_is_invoked_with_both_kinds_of_event(running, service, services, clock, make):
    running.put_custom("mine", "ConfigurationItemChangeNotification", "ScheduledNotification", frequency="One_Hour")
    invoked = next(iter(services.functions.values()))
    invoked.clear()
    service.record([make.bucket("b")])
    service.tick()
    clock.forward(hours=1)
    service.tick()
    kinds = [orjson.loads(event["invokingEvent"])["messageType"] for event in invoked]
    assert kinds[0] == "ConfigurationItemChangeNotification"
    assert "ScheduledNotification" in kinds[1:]


def test_a_started_evaluation_is_announced(running, services):
    running.put_managed(RULE, IDENTIFIER)
    running("StartConfigRulesEvaluation", ConfigRuleNames=[RULE])
    (detail,) = services.of_type("Config Rules Re-evaluation Status")
    assert (detail["messageType"], detail["configRuleNames"]) == ("ConfigRulesEvaluationStarted", [RULE])


def test_a_resource_twice_in_one_recording_has_the_last_state_and_both_events(running, service, services, make):
    running.put_managed(RULE, IDENTIFIER)
    services.events.clear()
    service.record([make.bucket("b", "Off"), make.bucket("c"), make.bucket("b", "Enabled")])
    assert running.compliance(RULE) == {"b": "COMPLIANT", "c": "COMPLIANT"}
    of_b = [each for each in services.of_type(COMPLIANCE_CHANGE) if each["resourceId"] == "b"]
    kinds = [each["newEvaluationResult"]["complianceType"] for each in of_b]
    assert kinds == ["NON_COMPLIANT", "COMPLIANT"]
    assert of_b[1]["oldEvaluationResult"]["complianceType"] == "NON_COMPLIANT"
