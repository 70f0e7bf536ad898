"""The order that AWS insists on, its limits, and the mistakes that it refuses."""

from __future__ import annotations

import orjson
import pytest

ACCOUNT, REGION = "123456789012", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/config"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:config"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:my-rule"
BUCKET_CHANNEL = {"name": "default", "s3BucketName": "config"}
VERSIONING = {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_VERSIONING_ENABLED"}


def rule(**more):
    return {"ConfigRuleName": "r", "Source": VERSIONING, **more}


def test_the_whole_life_in_order(config):
    config.set_up()
    (status,) = config("DescribeConfigurationRecorderStatus")["ConfigurationRecordersStatus"]
    assert (status["recording"], status["lastStatus"]) == (True, "Success")
    config("StopConfigurationRecorder", ConfigurationRecorderName="default")
    config("DeleteDeliveryChannel", DeliveryChannelName="default")
    config("DeleteConfigurationRecorder", ConfigurationRecorderName="default")
    assert config("DescribeConfigurationRecorders")["ConfigurationRecorders"] == []


def test_a_rule_before_the_recorder(config):
    assert config.refused("PutConfigRule", ConfigRule=rule()).code == "NoAvailableConfigurationRecorderException"


def test_a_channel_before_the_recorder(config):
    error = config.refused("PutDeliveryChannel", DeliveryChannel=BUCKET_CHANNEL)
    assert error.code == "NoAvailableConfigurationRecorderException"


def test_a_recorder_started_before_the_channel(config):
    config.put_recorder()
    error = config.refused("StartConfigurationRecorder", ConfigurationRecorderName="default")
    assert error.code == "NoAvailableDeliveryChannelException"


def test_a_second_recorder_and_a_second_channel(running):
    recorder = {"name": "second", "roleARN": ROLE}
    error = running.refused("PutConfigurationRecorder", ConfigurationRecorder=recorder)
    assert error.code == "MaxNumberOfConfigurationRecordersExceededException"
    error = running.refused("PutDeliveryChannel", DeliveryChannel={**BUCKET_CHANNEL, "name": "second"})
    assert error.code == "MaxNumberOfDeliveryChannelsExceededException"


def test_the_channel_of_a_running_recorder_stays(running):
    error = running.refused("DeleteDeliveryChannel", DeliveryChannelName="default")
    assert error.code == "LastDeliveryChannelDeleteFailedException"


@pytest.mark.parametrize("bucket", ["missing", "arn:aws:s3:::config"])
def test_a_bucket_that_is_not_there_or_is_named_by_its_arn(config, bucket):
    config.put_recorder()
    error = config.refused("PutDeliveryChannel", DeliveryChannel={"s3BucketName": bucket})
    assert error.code == "NoSuchBucketException"


def test_a_bucket_policy_that_keeps_config_out(config, services):
    services.closed_buckets.add("config")
    config.put_recorder()
    error = config.refused("PutDeliveryChannel", DeliveryChannel=BUCKET_CHANNEL)
    assert error.code == "InsufficientDeliveryPolicyException"


@pytest.mark.parametrize("topic", ["alerts", TOPIC + "-missing"])
def test_a_topic_that_is_not_there_or_not_an_arn(config, topic):
    config.put_recorder()
    error = config.refused("PutDeliveryChannel", DeliveryChannel={**BUCKET_CHANNEL, "snsTopicARN": topic})
    assert error.code == "InvalidSNSTopicARNException"


@pytest.mark.parametrize("prefix", ["", "a/AWSLogs"])
def test_a_prefix_that_config_refuses(config, prefix):
    config.put_recorder()
    error = config.refused("PutDeliveryChannel", DeliveryChannel={**BUCKET_CHANNEL, "s3KeyPrefix": prefix})
    assert error.code == "InvalidS3KeyPrefixException"


@pytest.mark.parametrize("role", [None, "config", f"arn:aws:iam::{ACCOUNT}:role/missing"])
def test_a_role_that_config_can_not_assume(config, role):
    recorder = {"name": "default"} | ({"roleARN": role} if role else {})
    assert config.refused("PutConfigurationRecorder", ConfigurationRecorder=recorder).code == "InvalidRoleException"


@pytest.mark.parametrize(
    "group",
    [
        {"allSupported": True, "resourceTypes": ["AWS::S3::Bucket"]},
        {"allSupported": False},
        {"allSupported": False, "includeGlobalResourceTypes": True, "resourceTypes": ["AWS::S3::Bucket"]},
        {"recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"}},
        {"allSupported": True, "exclusionByResourceTypes": {"resourceTypes": ["AWS::S3::Bucket"]}},
    ],
)
def test_a_recording_group_that_contradicts_itself(config, group):
    recorder = {"name": "default", "roleARN": ROLE, "recordingGroup": group}
    error = config.refused("PutConfigurationRecorder", ConfigurationRecorder=recorder)
    assert error.code == "InvalidRecordingGroupException"


def test_global_types_are_recorded_only_when_asked_for(config, service):
    config.set_up()
    assert not service.recording(ACCOUNT, REGION).records("AWS::IAM::User")
    config.put_recorder(allSupported=True, includeGlobalResourceTypes=True)
    assert service.recording(ACCOUNT, REGION).records("AWS::IAM::User")
    config.put_recorder(
        exclusionByResourceTypes={"resourceTypes": ["AWS::EC2::Volume"]},
        recordingStrategy={"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
    )
    assert not service.recording(ACCOUNT, REGION).records("AWS::EC2::Volume")
    assert service.recording(ACCOUNT, REGION).records("AWS::IAM::User")


def test_service_linked_recorders_stand_apart(running):
    reply = running("PutServiceLinkedConfigurationRecorder", ServicePrincipal="observabilityadmin.amazonaws.com")
    assert reply["Name"].startswith("AWSConfigurationRecorderFor")
    assert len(running("DescribeConfigurationRecorders")["ConfigurationRecorders"]) == 1
    assert len(running("ListConfigurationRecorders")["ConfigurationRecorderSummaries"]) == 2
    again = running.refused(
        "PutServiceLinkedConfigurationRecorder", ServicePrincipal="observabilityadmin.amazonaws.com"
    )
    assert again.code == "ConflictException"
    error = running.refused("DeleteConfigurationRecorder", ConfigurationRecorderName=reply["Name"])
    assert error.code == "UnmodifiableEntityException"
    running("DeleteServiceLinkedConfigurationRecorder", ServicePrincipal="observabilityadmin.amazonaws.com")
    assert len(running("ListConfigurationRecorders")["ConfigurationRecorderSummaries"]) == 1


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        (rule(Source={"Owner": "AWS", "SourceIdentifier": "DB_BACKUP_RETENTION_PERIOD"}), "DB_INSTANCE_BACKUP_ENABLED"),
        (rule(Source={"Owner": "AWS", "SourceIdentifier": "EC2_INSTANCE_TYPE_ALLOWED"}), "is invalid"),
        (rule(MaximumExecutionFrequency="Six_Hours"), "maximum execution frequency is not allowed"),
        (rule(InputParameters='{"nope": "1"}'), "Unknown parameters provided"),
        (rule(InputParameters="{"), "Invalid json"),
        (rule(InputParameters="[]"), "Invalid json"),
        (rule(Source={"Owner": "AWS", "SourceIdentifier": "DESIRED_INSTANCE_TYPE"}), "[instanceType]"),
        (
            rule(
                Source={"Owner": "AWS", "SourceIdentifier": "ACCESS_KEYS_ROTATED"},
                InputParameters='{"maxAccessKeyAge": "soon"}',
            ),
            "whole number",
        ),
        (rule(Scope={"TagValue": "x"}), "TagKey"),
        (rule(Scope={"TagKey": "x", "ComplianceResourceTypes": ["AWS::S3::Bucket"]}), "both resource and tag"),
        (rule(Scope={"ComplianceResourceId": "x"}), "ComplianceResourceTypes should not be empty"),
        (rule(CreatedBy="me"), "CreatedBy"),
        (rule(ConfigRuleState="DELETING"), "ACTIVE"),
        (rule(ConfigRuleId="config-rule-abcdef"), "can not be specified when creating"),
        ({"Source": VERSIONING}, "identifiers needs to be provided"),
        (rule(Source={"Owner": "CUSTOM_LAMBDA", "SourceIdentifier": "my-function"}), "by ARN"),
        (rule(Source={"Owner": "CUSTOM_LAMBDA", "SourceIdentifier": FUNCTION}), "SourceDetails"),
        (rule(Source={"Owner": "CUSTOM_POLICY"}), "CustomPolicyDetails"),
    ],
)
def test_a_rule_that_aws_refuses(running, shape, said):
    error = running.refused("PutConfigRule", ConfigRule=shape)
    assert error.code == "InvalidParameterValueException"
    assert said in error.message


def test_a_rule_that_the_region_does_not_have(config):
    from watchkeeper.aws import facts

    managed = next(
        r
        for r in facts.managed_rules().values()
        if "us-gov-west-1" in r.excluded_regions and not any(p.required for p in r.parameters)
    )
    there = config.elsewhere(region="us-gov-west-1").set_up()
    error = there.refused(
        "PutConfigRule", ConfigRule=rule(Source={"Owner": "AWS", "SourceIdentifier": managed.identifier})
    )
    assert error.code == "InvalidParameterValueException"
    assert "us-gov-west-1" in error.message


@pytest.mark.parametrize("what", ["missing", "closed"])
def test_a_custom_rule_whose_function_is_missing_or_closed_to_config(running, services, what):
    if what == "missing":
        services.functions.clear()
    else:
        services.closed_functions.add(FUNCTION)
    details = [{"EventSource": "aws.config", "MessageType": "ConfigurationItemChangeNotification"}]
    source = {"Owner": "CUSTOM_LAMBDA", "SourceIdentifier": FUNCTION, "SourceDetails": details}
    error = running.refused("PutConfigRule", ConfigRule=rule(Source=source))
    assert error.code == "InsufficientPermissionsException"


def test_the_thousandth_rule_is_the_last(running, service):
    from watchkeeper.awsconfig.rules import LIMIT

    running.put_managed("first", "S3_BUCKET_VERSIONING_ENABLED")
    (first,) = running("DescribeConfigRules")["ConfigRules"]
    with service._store.write() as db:
        for number in range(LIMIT - 1):
            db.put(ACCOUNT, REGION, "rule", f"r{number}", {"rule": {**first, "ConfigRuleName": f"r{number}"}})
    error = running.refused("PutConfigRule", ConfigRule=rule(ConfigRuleName="one-too-many"))
    assert error.code == "MaxNumberOfConfigRulesExceededException"
    running("PutConfigRule", ConfigRule=rule(ConfigRuleName="first", Description="changed"))
    assert running("DescribeConfigRules", ConfigRuleNames=["first"])["ConfigRules"][0]["Description"] == "changed"


def test_an_update_keeps_arn_and_id(running):
    running.put_managed("r", "S3_BUCKET_VERSIONING_ENABLED")
    (before,) = running("DescribeConfigRules")["ConfigRules"]
    running("PutConfigRule", ConfigRule={"ConfigRuleArn": before["ConfigRuleArn"], "Source": VERSIONING})
    (after,) = running("DescribeConfigRules")["ConfigRules"]
    assert after == before


def test_a_rule_is_evaluated_on_demand_once_a_minute(running, clock):
    running.put_managed("r", "S3_BUCKET_VERSIONING_ENABLED")
    running("StartConfigRulesEvaluation", ConfigRuleNames=["r"])
    assert running.refused("StartConfigRulesEvaluation", ConfigRuleNames=["r"]).code == "LimitExceededException"
    clock.forward(seconds=61)
    running("StartConfigRulesEvaluation", ConfigRuleNames=["r"])
    assert running.refused("StartConfigRulesEvaluation", ConfigRuleNames=["x"]).code == "NoSuchConfigRuleException"
    assert running.refused("StartConfigRulesEvaluation", ConfigRuleNames=["r"] * 26).code == "ValidationException"
    assert running.refused("StartConfigRulesEvaluation").code == "InvalidParameterValueException"


def test_a_rule_with_remediation_stays(running):
    running.put_managed("r", "S3_BUCKET_VERSIONING_ENABLED")
    configuration = {"ConfigRuleName": "r", "TargetType": "SSM_DOCUMENT", "TargetId": "AWS-ConfigureS3BucketVersioning"}
    running("PutRemediationConfigurations", RemediationConfigurations=[configuration])
    assert running.refused("DeleteConfigRule", ConfigRuleName="r").code == "ResourceInUseException"
    running("DeleteRemediationConfiguration", ConfigRuleName="r")
    running("DeleteConfigRule", ConfigRuleName="r")


def test_a_custom_policy_rule_is_kept_and_named_as_not_evaluated(running):
    policy = {"PolicyRuntime": "guard-2.x.x", "PolicyText": "rule a { true == true }"}
    details = [{"EventSource": "aws.config", "MessageType": "ConfigurationItemChangeNotification"}]
    source = {"Owner": "CUSTOM_POLICY", "SourceDetails": details, "CustomPolicyDetails": policy}
    running("PutConfigRule", ConfigRule=rule(Source=source))
    assert running("GetCustomRulePolicy", ConfigRuleName="r") == {"PolicyText": policy["PolicyText"]}
    (described,) = running("DescribeConfigRules")["ConfigRules"]
    assert described["Source"]["CustomPolicyDetails"]["PolicyText"] == ""
    (status,) = running("DescribeConfigRuleEvaluationStatus")["ConfigRulesEvaluationStatus"]
    assert "Guard" in status["LastErrorMessage"]


def test_tags_of_rules(running):
    running("PutConfigRule", ConfigRule=rule(), Tags=[{"Key": "Owner", "Value": "me"}])
    arn = running("DescribeConfigRules")["ConfigRules"][0]["ConfigRuleArn"]
    running("TagResource", ResourceArn=arn, Tags=[{"Key": "Env", "Value": "dev"}])
    running("UntagResource", ResourceArn=arn, TagKeys=["Owner"])
    assert running("ListTagsForResource", ResourceArn=arn)["Tags"] == [{"Key": "Env", "Value": "dev"}]
    many = [{"Key": f"k{n}", "Value": ""} for n in range(50)]
    assert running.refused("TagResource", ResourceArn=arn, Tags=many).code == "TooManyTagsException"
    assert running.refused("ListTagsForResource", ResourceArn=arn + "x").code == "ResourceNotFoundException"


def test_retention(running):
    running("PutRetentionConfiguration", RetentionPeriodInDays=30)
    (shape,) = running("DescribeRetentionConfigurations")["RetentionConfigurations"]
    assert shape == {"Name": "default", "RetentionPeriodInDays": 30}
    running("DeleteRetentionConfiguration", RetentionConfigurationName="default")
    error = running.refused("DeleteRetentionConfiguration", RetentionConfigurationName="default")
    assert error.code == "NoSuchRetentionConfigurationException"


def test_states_out_of_retention_go_and_the_present_stays(running, service, clock, make):
    running("PutRetentionConfiguration", RetentionPeriodInDays=30)
    service.record([make.bucket("b", "Off")])
    clock.forward(days=1)
    service.record([make.bucket("b", "Enabled")])
    clock.forward(days=40)
    service.tick()
    history = running("GetResourceConfigHistory", resourceType="AWS::S3::Bucket", resourceId="b")
    assert len(history["configurationItems"]) == 1


def test_reset_forgets_everything(running, service, make):
    service.record([make.bucket("b")])
    service.reset()
    assert running("DescribeConfigurationRecorders")["ConfigurationRecorders"] == []
    assert service.recording(ACCOUNT, REGION) is None
    running.set_up()
    running.put_managed("r", "S3_BUCKET_VERSIONING_ENABLED")
    service.record([make.bucket("b")])
    assert running.compliance("r") == {"b": "COMPLIANT"}


def test_a_token_of_another_question_is_refused(running, service, make):
    service.record([make.bucket(f"b{n}") for n in range(5)])
    reply = running("ListDiscoveredResources", resourceType="AWS::S3::Bucket", limit=2)
    error = running.refused(
        "ListDiscoveredResources", resourceType="AWS::EC2::Instance", limit=2, nextToken=reply["nextToken"]
    )
    assert error.code == "InvalidNextTokenException"
    for token in ("x", "####", orjson.dumps([1]).decode()):
        error = running.refused("ListDiscoveredResources", resourceType="AWS::S3::Bucket", nextToken=token)
        assert error.code == "InvalidNextTokenException"
