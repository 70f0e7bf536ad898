"""Every operation of AWS Config's API once, over HTTP, as a boto3 client sends it: two accounts, two regions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.support.waiting import until
from watchkeeper.awsconfig.registry import OPERATIONS, UNSUPPORTED
from watchkeeper.local.server import Running, running

OWN, OTHER, REGION, FAR = "123456789012", "210987654321", "us-east-1", "eu-west-1"
ROLE = "arn:aws:iam::{}:role/config"
BUCKET = "AWS::S3::Bucket"
RULE = {
    "ConfigRuleName": "v",
    "Scope": {"ComplianceResourceTypes": [BUCKET]},
    "Source": {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_VERSIONING_ENABLED"},
}
POLICY_RULE = {
    "ConfigRuleName": "policy",
    "Source": {
        "Owner": "CUSTOM_POLICY",
        "SourceDetails": [{"EventSource": "aws.config", "MessageType": "ConfigurationItemChangeNotification"}],
        "CustomPolicyDetails": {"PolicyRuntime": "guard-2.x.x", "PolicyText": "rule r { configuration exists }"},
    },
}
ORGANIZATION_POLICY = {
    "OrganizationConfigRuleTriggerTypes": ["ConfigurationItemChangeNotification"],
    "PolicyRuntime": "guard-2.x.x",
    "PolicyText": "rule r { configuration exists }",
}
TEMPLATE = json.dumps({"Resources": {"Versioned": {"Type": "AWS::Config::ConfigRule", "Properties": RULE}}}).replace(
    '"v"', '"packed"'
)
REPAIR = {
    "ConfigRuleName": "v",
    "TargetType": "SSM_DOCUMENT",
    "TargetId": "AWS-ConfigureS3BucketVersioning",
    "Parameters": {"BucketName": {"ResourceValue": {"Value": "RESOURCE_ID"}}},
}
KEY = {"resourceType": BUCKET, "resourceId": "own-bucket"}
EXCEPTION_KEY = {"ResourceType": BUCKET, "ResourceId": "own-bucket"}
ALL = {"ConfigurationAggregatorName": "all"}
SOURCE = {"SourceAccountId": OTHER, "SourceRegion": FAR, "ResourceType": BUCKET, "ResourceId": "other-bucket"}
LINKED = "observabilityadmin.amazonaws.com"
CUSTOM = {"ResourceType": "Acme::App::Server", "ResourceId": "server"}

Seen = dict[str, dict[str, Any]]
"""Operation to its last reply."""


@dataclass(frozen=True)
class Step:
    """One call, and what of its reply proves that it did its work."""

    operation: str
    request: dict[str, Any] | Callable[[Seen], dict[str, Any]] = field(default_factory=dict)
    proof: Callable[[dict[str, Any]], Any] = lambda reply: True
    who: str = OWN
    where: str = REGION


def recorder(account: str) -> dict[str, Any]:
    return {"ConfigurationRecorder": {"name": "default", "roleARN": ROLE.format(account)}}


def channel(bucket: str) -> dict[str, Any]:
    return {"DeliveryChannel": {"name": "default", "s3BucketName": bucket}}


def arn_of_recorder(seen: Seen) -> str:
    return str(seen["DescribeConfigurationRecorders"]["ConfigurationRecorders"][0]["arn"])


def rows(key: str, number: int | None = None) -> Callable[[dict[str, Any]], bool]:
    """The reply has rows, or that many."""
    return lambda reply: bool(reply[key]) if number is None else len(reply[key]) == number


STEPS = [
    Step("PutConfigurationRecorder", recorder(OWN)),
    Step("PutDeliveryChannel", channel("own-bucket")),
    Step("StartConfigurationRecorder", {"ConfigurationRecorderName": "default"}),
    Step("PutConfigurationRecorder", recorder(OTHER), who=OTHER, where=FAR),
    Step("PutDeliveryChannel", channel("other-bucket"), who=OTHER, where=FAR),
    Step("StartConfigurationRecorder", {"ConfigurationRecorderName": "default"}, who=OTHER, where=FAR),
    Step("PutConfigRule", {"ConfigRule": RULE}, who=OTHER, where=FAR),
    Step("DescribeConfigurationRecorders", proof=rows("ConfigurationRecorders", 1)),
    Step("DescribeConfigurationRecorderStatus", proof=lambda r: r["ConfigurationRecordersStatus"][0]["recording"]),
    Step("ListConfigurationRecorders", proof=rows("ConfigurationRecorderSummaries", 1)),
    Step("DescribeDeliveryChannels", proof=rows("DeliveryChannels", 1)),
    Step("DescribeDeliveryChannelStatus", proof=rows("DeliveryChannelsStatus", 1)),
    Step("DeliverConfigSnapshot", {"deliveryChannelName": "default"}, lambda r: r["configSnapshotId"]),
    Step("PutConfigRule", {"ConfigRule": RULE}),
    Step("PutConfigRule", {"ConfigRule": POLICY_RULE}),
    Step("DescribeConfigRules", proof=rows("ConfigRules", 2)),
    Step("GetCustomRulePolicy", {"ConfigRuleName": "policy"}, lambda r: r["PolicyText"].startswith("rule r")),
    Step(
        "DescribeComplianceByConfigRule",
        {"ConfigRuleNames": ["v"]},
        lambda r: r["ComplianceByConfigRules"][0]["Compliance"]["ComplianceType"] == "NON_COMPLIANT",
    ),
    Step("DescribeConfigRuleEvaluationStatus", {"ConfigRuleNames": ["v"]}, rows("ConfigRulesEvaluationStatus", 1)),
    Step(
        "DescribeComplianceByResource",
        {"ResourceType": BUCKET, "ResourceId": "own-bucket"},
        lambda r: r["ComplianceByResources"][0]["Compliance"]["ComplianceType"] == "NON_COMPLIANT",
    ),
    Step("GetComplianceDetailsByConfigRule", {"ConfigRuleName": "v"}, rows("EvaluationResults", 1)),
    Step(
        "GetComplianceDetailsByResource",
        {"ResourceType": BUCKET, "ResourceId": "own-bucket"},
        rows("EvaluationResults", 1),
    ),
    Step(
        "GetComplianceSummaryByConfigRule",
        proof=lambda r: r["ComplianceSummary"]["NonCompliantResourceCount"]["CappedCount"] == 1,
    ),
    Step(
        "GetComplianceSummaryByResourceType", {"ResourceTypes": [BUCKET]}, rows("ComplianceSummariesByResourceType", 1)
    ),
    Step("StartConfigRulesEvaluation", {"ConfigRuleNames": ["v"]}),
    Step("PutEvaluations", {"ResultToken": "any", "TestMode": True}, lambda r: not r.get("FailedEvaluations")),
    Step(
        "PutExternalEvaluation",
        {
            "ConfigRuleName": "v",
            "ExternalEvaluation": {
                "ComplianceResourceType": BUCKET,
                "ComplianceResourceId": "elsewhere",
                "ComplianceType": "COMPLIANT",
                "OrderingTimestamp": 1790000000,
            },
        },
    ),
    Step("ListDiscoveredResources", {"resourceType": BUCKET}, rows("resourceIdentifiers", 1)),
    Step("GetDiscoveredResourceCounts", proof=lambda r: r["totalDiscoveredResources"] > 1),
    Step("GetResourceConfigHistory", KEY, rows("configurationItems")),
    Step("BatchGetResourceConfig", {"resourceKeys": [KEY]}, rows("baseConfigurationItems", 1)),
    Step("PutResourceConfig", {**CUSTOM, "SchemaVersionId": "00000001", "Configuration": "{}"}),
    Step("DeleteResourceConfig", CUSTOM),
    Step("SelectResourceConfig", {"Expression": f"SELECT resourceId WHERE resourceType = '{BUCKET}'"}, rows("Results")),
    Step("PutStoredQuery", {"StoredQuery": {"QueryName": "q", "Expression": "SELECT resourceId"}}),
    Step("GetStoredQuery", {"QueryName": "q"}, lambda r: r["StoredQuery"]["Expression"] == "SELECT resourceId"),
    Step("ListStoredQueries", proof=rows("StoredQueryMetadata", 1)),
    Step("DeleteStoredQuery", {"QueryName": "q"}),
    Step("PutRetentionConfiguration", {"RetentionPeriodInDays": 30}),
    Step("DescribeRetentionConfigurations", proof=rows("RetentionConfigurations", 1)),
    Step("DeleteRetentionConfiguration", {"RetentionConfigurationName": "default"}),
    # Another account's resources, once it has let the aggregator in.
    Step(
        "PutConfigurationAggregator",
        {**ALL, "AccountAggregationSources": [{"AccountIds": [OWN, OTHER], "AwsRegions": [REGION, FAR]}]},
    ),
    Step("DescribeConfigurationAggregators", proof=rows("ConfigurationAggregators", 1)),
    Step("DescribePendingAggregationRequests", {}, rows("PendingAggregationRequests", 1), OTHER, FAR),
    Step(
        "DeletePendingAggregationRequest",
        {"RequesterAccountId": OWN, "RequesterAwsRegion": REGION},
        who=OTHER,
        where=FAR,
    ),
    Step(
        "PutAggregationAuthorization",
        {"AuthorizedAccountId": OWN, "AuthorizedAwsRegion": REGION},
        who=OTHER,
        where=FAR,
    ),
    Step("DescribeAggregationAuthorizations", {}, rows("AggregationAuthorizations", 1), OTHER, FAR),
    Step("DescribeConfigurationAggregatorSourcesStatus", ALL, rows("AggregatedSourceStatusList")),
    Step(
        "DescribeAggregateComplianceByConfigRules",
        ALL,
        lambda r: (
            {(c["AccountId"], c["AwsRegion"]) for c in r["AggregateComplianceByConfigRules"]}
            >= {(OWN, REGION), (OTHER, FAR)}
        ),
    ),
    Step(
        "GetAggregateComplianceDetailsByConfigRule",
        {**ALL, "ConfigRuleName": "v", "AccountId": OTHER, "AwsRegion": FAR},
        rows("AggregateEvaluationResults", 1),
    ),
    Step(
        "GetAggregateConfigRuleComplianceSummary",
        {**ALL, "GroupByKey": "ACCOUNT_ID"},
        rows("AggregateComplianceCounts", 2),
    ),
    Step(
        "GetAggregateDiscoveredResourceCounts",
        {**ALL, "GroupByKey": "ACCOUNT_ID"},
        rows("GroupedResourceCounts", 2),
    ),
    Step(
        "GetAggregateResourceConfig",
        {**ALL, "ResourceIdentifier": SOURCE},
        lambda r: r["ConfigurationItem"]["accountId"] == OTHER,
    ),
    Step(
        "BatchGetAggregateResourceConfig",
        {**ALL, "ResourceIdentifiers": [SOURCE]},
        rows("BaseConfigurationItems", 1),
    ),
    Step("ListAggregateDiscoveredResources", {**ALL, "ResourceType": BUCKET}, rows("ResourceIdentifiers", 2)),
    Step(
        "SelectAggregateResourceConfig",
        {**ALL, "Expression": f"SELECT accountId, resourceId WHERE resourceType = '{BUCKET}'"},
        rows("Results", 2),
    ),
    # Packs.
    Step("PutConformancePack", {"ConformancePackName": "base", "TemplateBody": TEMPLATE}),
    Step("DescribeConformancePacks", proof=rows("ConformancePackDetails", 1)),
    Step(
        "DescribeConformancePackStatus",
        proof=lambda r: r["ConformancePackStatusDetails"][0]["ConformancePackState"] == "CREATE_COMPLETE",
    ),
    Step(
        "DescribeConformancePackCompliance",
        {"ConformancePackName": "base"},
        rows("ConformancePackRuleComplianceList", 1),
    ),
    Step(
        "GetConformancePackComplianceDetails",
        {"ConformancePackName": "base"},
        rows("ConformancePackRuleEvaluationResults", 1),
    ),
    Step(
        "GetConformancePackComplianceSummary",
        {"ConformancePackNames": ["base"]},
        rows("ConformancePackComplianceSummaryList", 1),
    ),
    Step("ListConformancePackComplianceScores", proof=rows("ConformancePackComplianceScores", 1)),
    Step("DescribeAggregateComplianceByConformancePacks", ALL, rows("AggregateComplianceByConformancePacks", 1)),
    Step(
        "GetAggregateConformancePackComplianceSummary",
        {**ALL, "GroupByKey": "ACCOUNT_ID"},
        rows("AggregateConformancePackComplianceSummaries"),
    ),
    Step("DeleteConformancePack", {"ConformancePackName": "base"}),
    # The organization: every account with a recorder in the region.
    Step(
        "PutOrganizationConfigRule",
        {
            "OrganizationConfigRuleName": "org",
            "OrganizationManagedRuleMetadata": {"RuleIdentifier": "S3_BUCKET_VERSIONING_ENABLED"},
        },
    ),
    Step(
        "PutOrganizationConfigRule",
        {"OrganizationConfigRuleName": "org-policy", "OrganizationCustomPolicyRuleMetadata": ORGANIZATION_POLICY},
    ),
    Step("GetOrganizationCustomRulePolicy", {"OrganizationConfigRuleName": "org-policy"}, lambda r: r["PolicyText"]),
    Step("DescribeOrganizationConfigRules", proof=rows("OrganizationConfigRules", 2)),
    Step("DescribeOrganizationConfigRuleStatuses", proof=rows("OrganizationConfigRuleStatuses", 2)),
    Step(
        "GetOrganizationConfigRuleDetailedStatus",
        {"OrganizationConfigRuleName": "org"},
        rows("OrganizationConfigRuleDetailedStatus"),
    ),
    Step("DeleteOrganizationConfigRule", {"OrganizationConfigRuleName": "org"}),
    Step("PutOrganizationConformancePack", {"OrganizationConformancePackName": "orgpack", "TemplateBody": TEMPLATE}),
    Step("DescribeOrganizationConformancePacks", proof=rows("OrganizationConformancePacks", 1)),
    Step("DescribeOrganizationConformancePackStatuses", proof=rows("OrganizationConformancePackStatuses", 1)),
    Step(
        "GetOrganizationConformancePackDetailedStatus",
        {"OrganizationConformancePackName": "orgpack"},
        rows("OrganizationConformancePackDetailedStatuses"),
    ),
    Step("DeleteOrganizationConformancePack", {"OrganizationConformancePackName": "orgpack"}),
    # Remediation.
    Step("PutRemediationConfigurations", {"RemediationConfigurations": [REPAIR]}),
    Step("DescribeRemediationConfigurations", {"ConfigRuleNames": ["v"]}, rows("RemediationConfigurations", 1)),
    Step(
        "PutRemediationExceptions",
        {"ConfigRuleName": "v", "ResourceKeys": [EXCEPTION_KEY], "Message": "agreed"},
    ),
    Step("DescribeRemediationExceptions", {"ConfigRuleName": "v"}, rows("RemediationExceptions", 1)),
    Step("DeleteRemediationExceptions", {"ConfigRuleName": "v", "ResourceKeys": [EXCEPTION_KEY]}),
    Step("StartRemediationExecution", {"ConfigRuleName": "v", "ResourceKeys": [KEY]}),
    Step(
        "DescribeRemediationExecutionStatus",
        {"ConfigRuleName": "v"},
        lambda r: r["RemediationExecutionStatuses"][0]["State"] == "SUCCEEDED",
    ),
    Step("DeleteRemediationConfiguration", {"ConfigRuleName": "v"}),
    # Tags, and recorders that belong to a service.
    Step(
        "TagResource",
        lambda seen: {
            "ResourceArn": seen["DescribeConfigRules"]["ConfigRules"][0]["ConfigRuleArn"],
            "Tags": [{"Key": "k", "Value": "v"}],
        },
    ),
    Step(
        "ListTagsForResource",
        lambda seen: {"ResourceArn": seen["DescribeConfigRules"]["ConfigRules"][0]["ConfigRuleArn"]},
        rows("Tags", 1),
    ),
    Step(
        "UntagResource",
        lambda seen: {
            "ResourceArn": seen["DescribeConfigRules"]["ConfigRules"][0]["ConfigRuleArn"],
            "TagKeys": ["k"],
        },
    ),
    Step("PutServiceLinkedConfigurationRecorder", {"ServicePrincipal": LINKED}, lambda r: r["Arn"]),
    Step("DeleteServiceLinkedConfigurationRecorder", {"ServicePrincipal": LINKED}, lambda r: r["Arn"]),
    Step(
        "PutConfigurationRecorder",
        {
            "ConfigurationRecorder": {
                "name": "default",
                "roleARN": ROLE.format(OWN),
                "recordingGroup": {"allSupported": False, "resourceTypes": [BUCKET]},
            }
        },
    ),
    Step(
        "AssociateResourceTypes",
        lambda seen: {"ConfigurationRecorderArn": arn_of_recorder(seen), "ResourceTypes": ["AWS::EC2::Instance"]},
        lambda r: len(r["ConfigurationRecorder"]["recordingGroup"]["resourceTypes"]) == 2,
    ),
    Step(
        "DisassociateResourceTypes",
        lambda seen: {"ConfigurationRecorderArn": arn_of_recorder(seen), "ResourceTypes": ["AWS::EC2::Instance"]},
        lambda r: len(r["ConfigurationRecorder"]["recordingGroup"]["resourceTypes"]) == 1,
    ),
    # And away with it.
    Step("DeleteEvaluationResults", {"ConfigRuleName": "v"}),
    Step("DeleteConfigRule", {"ConfigRuleName": "v"}),
    Step(
        "DeleteAggregationAuthorization",
        {"AuthorizedAccountId": OWN, "AuthorizedAwsRegion": REGION},
        who=OTHER,
        where=FAR,
    ),
    Step("DeleteConfigurationAggregator", ALL),
    Step("StopConfigurationRecorder", {"ConfigurationRecorderName": "default"}),
    Step("DeleteDeliveryChannel", {"DeliveryChannelName": "default"}),
    Step("DeleteConfigurationRecorder", {"ConfigurationRecorderName": "default"}),
]
"""In an order that AWS takes; each proof is waited for, since Config is eventually consistent."""


@pytest.fixture(scope="module")
def aws() -> Iterator[Running]:
    with running() as server:
        for account, bucket, region in ((OWN, "own-bucket", REGION), (OTHER, "other-bucket", FAR)):
            prepare(server, account, bucket, region)
        yield server


def prepare(server: Running, account: str, bucket: str, region: str) -> None:
    """A bucket and a role that Config may use."""
    place = server.boto(account=account, region=region)
    where = {} if region == REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    boto3.client("s3", **place).create_bucket(Bucket=bucket, **where)
    statement = {"Effect": "Allow", "Principal": {"Service": "config.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allowed = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam = boto3.client("iam", **place)
    iam.create_role(RoleName="config", AssumeRolePolicyDocument=json.dumps({"Statement": [statement]}))
    iam.put_role_policy(RoleName="config", PolicyName="p", PolicyDocument=json.dumps({"Statement": [allowed]}))


def client_of(server: Running, account: str, region: str) -> Any:
    return boto3.client("config", **server.boto(account=account, region=region))


def proved(client: Any, step: Step, request: dict[str, Any]) -> dict[str, Any]:
    """The reply, asked again until it has what the step says."""
    method = getattr(client, boto_name(client, step.operation))

    def asked() -> dict[str, Any] | None:
        reply: dict[str, Any] = method(**request)
        return reply if step.proof(reply) else None

    reply: dict[str, Any] = until(f"what {step.operation} should answer", asked)
    return reply


def boto_name(client: Any, operation: str) -> str:
    return next(name for name, api in client.meta.method_to_api_mapping.items() if api == operation)


def test_the_steps_have_every_operation():
    assert {step.operation for step in STEPS} == set(OPERATIONS)


def test_every_operation_does_its_work_over_http(aws):
    clients = {place: client_of(aws, *place) for place in ((OWN, REGION), (OTHER, FAR))}
    seen: Seen = {}
    for step in STEPS:
        request = step.request(seen) if callable(step.request) else step.request
        seen[step.operation] = proved(clients[step.who, step.where], step, request)


@pytest.mark.parametrize("operation", sorted(UNSUPPORTED))
def test_an_unsupported_operation_answers_by_name_over_http(aws, operation):
    client = boto3.client(
        "config",
        **aws.boto(),
        config=Config(parameter_validation=False, retries={"mode": "standard", "total_max_attempts": 1}),
    )
    with pytest.raises(ClientError) as caught:
        getattr(client, boto_name(client, operation))()
    error = caught.value.response["Error"]
    assert error["Code"] == "UnsupportedOperationException"
    assert operation in error["Message"]
