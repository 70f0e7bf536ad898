"""Automatic remediation in the embedded AWS: the document runs as its role, or says why it could not."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.waiting import until
from watchkeeper.awsconfig.services import ServiceRefused
from watchkeeper.clients import LOOPBACK, Clients
from watchkeeper.local.automation import DOCUMENTS, INVALID, UNSUPPORTED, check_document, run_document
from watchkeeper.local.server import Running, running

ROLE = "arn:aws:iam::123456789012:role/{}"
VERSIONING = "AWS-ConfigureS3BucketVersioning"


def refusal(name: str, version: str | None = None, **parameters: list[str]) -> ServiceRefused:
    with pytest.raises(ServiceRefused) as caught:
        check_document(name, version, parameters)
    return caught.value


def test_a_document_that_is_not_known_is_named_with_those_that_are():
    error = refusal("AWS-RunPatchBaseline")
    assert error.code == UNSUPPORTED
    assert "AWS-RunPatchBaseline" in error.message
    assert VERSIONING in error.message
    assert refusal(VERSIONING, "7", BucketName=["bucket"]).code == UNSUPPORTED


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        (VERSIONING, {}, "needs the parameter BucketName"),
        (VERSIONING, {"BucketName": ["bucket"], "Bucket": ["b"]}, "has no parameter Bucket; it takes Automation"),
        (VERSIONING, {"BucketName": ["bucket"], "VersioningState": ["On"]}, r"doesn't match Enabled\|Suspended"),
        (VERSIONING, {"BucketName": ["bucket", "other"]}, "takes one BucketName, not 2"),
        ("AWSConfigRemediation-EnableKeyRotation", {"KeyId": ["k"]}, "needs the parameter AutomationAssumeRole"),
    ],
)
def test_wrong_parameters(name, parameters, said):
    error = refusal(name, **parameters)
    assert error.code == INVALID
    assert re.search(said, error.message)


@given(
    name=st.sampled_from(sorted(DOCUMENTS)),
    parameters=st.dictionaries(st.text(max_size=8) | st.just("BucketName"), st.lists(st.text(), max_size=2)),
)
def test_any_parameters_are_taken_or_refused(name, parameters):
    try:
        check_document(name, None, parameters)
    except ServiceRefused as error:
        assert error.code == INVALID


class Lab:
    """An embedded AWS that records, with what the tests ask of it."""

    def __init__(self, aws: Running) -> None:
        self.aws = aws

    def __call__(self, service: str) -> Any:
        return boto3.client(service, **self.aws.boto())

    def prepare(self) -> None:
        self.role("config", ["*"], trusted="config.amazonaws.com")
        self("s3").create_bucket(Bucket="config-bucket")
        config = self("config")
        config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": ROLE.format("config")})
        config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "config-bucket"})
        config.start_configuration_recorder(ConfigurationRecorderName="default")

    def role(self, name: str, actions: list[str], trusted: str = "ssm.amazonaws.com") -> str:
        statement = {"Effect": "Allow", "Principal": {"Service": trusted}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam = self("iam")
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
        if actions:
            allowed = {"Effect": "Allow", "Action": actions, "Resource": "*"}
            document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document)
        return ROLE.format(name)

    def remediate(self, rule: str, document: str, role: str, automatic: bool = True, **parameters: Any) -> None:
        values = {name: {"StaticValue": {"Values": [value]}} for name, value in parameters.items() if value}
        of_resource = {n: {"ResourceValue": {"Value": "RESOURCE_ID"}} for n, value in parameters.items() if not value}
        given_role = {"AutomationAssumeRole": {"StaticValue": {"Values": [role]}}}
        shape = {
            "ConfigRuleName": rule,
            "TargetType": "SSM_DOCUMENT",
            "TargetId": document,
            "Parameters": {**values, **of_resource, **given_role},
            "Automatic": automatic,
        }
        if automatic:
            shape |= {"MaximumAutomaticAttempts": 5, "RetryAttemptSeconds": 60}
        self("config").put_remediation_configurations(RemediationConfigurations=[shape])

    def rule(self, name: str, identifier: str, scope: dict[str, Any] | None = None) -> None:
        rule = {"ConfigRuleName": name, "Source": {"Owner": "AWS", "SourceIdentifier": identifier}}
        self("config").put_config_rule(ConfigRule=rule | ({"Scope": scope} if scope else {}))

    def compliance(self, rule: str, resource_id: str) -> str | None:
        found = self("config").get_compliance_details_by_config_rule(ConfigRuleName=rule, Limit=100)
        for result in found["EvaluationResults"]:
            qualifier = result["EvaluationResultIdentifier"]["EvaluationResultQualifier"]
            if qualifier["ResourceId"] == resource_id:
                return str(result["ComplianceType"])
        return None

    def executions(self, rule: str) -> dict[str, dict[str, Any]]:
        found = self("config").describe_remediation_execution_status(ConfigRuleName=rule)
        return {each["ResourceKey"]["resourceId"]: each for each in found["RemediationExecutionStatuses"]}

    def ended(self, rule: str, resource_id: str) -> dict[str, Any]:
        """The execution once it is over."""

        def over() -> dict[str, Any] | None:
            found = self.executions(rule).get(resource_id)
            return found if found and found["State"] in ("SUCCEEDED", "FAILED") else None

        execution: dict[str, Any] = self.until(over)
        return execution

    def exceptions(self, rule: str) -> list[dict[str, Any]]:
        found = self("config").describe_remediation_exceptions(ConfigRuleName=rule)["RemediationExceptions"]
        return list(found)

    def until(self, what: Any) -> Any:
        return until("what the test waits for", what)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with running() as aws:
        lab = Lab(aws)
        lab.prepare()
        yield lab


def test_a_violation_is_repaired_by_the_role_and_then_compliant(lab):
    role = lab.role("repair", ["s3:PutBucketVersioning"])
    scope = {"ComplianceResourceTypes": ["AWS::S3::Bucket"], "ComplianceResourceId": "repaired-bucket"}
    lab.rule("versioned", "S3_BUCKET_VERSIONING_ENABLED", scope)
    lab.remediate("versioned", VERSIONING, role, BucketName="")
    lab("s3").create_bucket(Bucket="repaired-bucket")
    lab.until(lambda: lab.compliance("versioned", "repaired-bucket") == "COMPLIANT")
    assert lab("s3").get_bucket_versioning(Bucket="repaired-bucket")["Status"] == "Enabled"
    assert lab.ended("versioned", "repaired-bucket")["State"] == "SUCCEEDED"


def test_a_role_that_may_not_fails_with_awss_error_and_after_five_attempts_an_exception(lab):
    role = lab.role("helpless", ["s3:GetBucketVersioning"])
    lab("s3").create_bucket(Bucket="helpless-bucket")
    scope = {"ComplianceResourceTypes": ["AWS::S3::Bucket"], "ComplianceResourceId": "helpless-bucket"}
    lab.rule("helpless", "S3_BUCKET_VERSIONING_ENABLED", scope)
    lab.remediate("helpless", VERSIONING, role, BucketName="")
    failed = lab.ended("helpless", "helpless-bucket")
    assert failed["State"] == "FAILED"
    message = failed["StepDetails"][0]["ErrorMessage"]
    assert "AccessDenied" in message
    assert "PutBucketVersioning" in message

    attempts = {failed["LastUpdatedTime"]}
    while not lab.exceptions("helpless"):
        lab.aws.advance(7)
        seen = max(attempts)
        lab.until(lambda seen=seen: lab.ended("helpless", "helpless-bucket")["LastUpdatedTime"] > seen)
        attempts.add(lab.ended("helpless", "helpless-bucket")["LastUpdatedTime"])
    assert len(attempts) == 5
    (exception,) = lab.exceptions("helpless")
    assert exception["ResourceId"] == "helpless-bucket"
    assert lab.compliance("helpless", "helpless-bucket") == "NON_COMPLIANT"


@pytest.mark.parametrize("case", ["missing", "closed"])
def test_a_role_that_can_not_be_assumed(lab, case):
    name = f"{case}-role"
    role = ROLE.format(name) if case == "missing" else lab.role(name, ["*"], trusted="lambda.amazonaws.com")
    bucket = f"{case}-role-bucket"
    lab("s3").create_bucket(Bucket=bucket)
    scope = {"ComplianceResourceTypes": ["AWS::S3::Bucket"], "ComplianceResourceId": bucket}
    lab.rule(name, "S3_BUCKET_VERSIONING_ENABLED", scope)
    lab.until(lambda: lab.compliance(name, bucket) == "NON_COMPLIANT")
    lab.remediate(name, VERSIONING, role, automatic=False, BucketName="")
    key = {"resourceType": "AWS::S3::Bucket", "resourceId": bucket}
    lab("config").start_remediation_execution(ConfigRuleName=name, ResourceKeys=[key])
    execution = lab.ended(name, bucket)
    assert execution["State"] == "FAILED"
    assert "unable to be assumed" in execution["StepDetails"][0]["ErrorMessage"]


EVERY = {
    "AWS-CloseSecurityGroup": ("group", "SecurityGroupId"),
    "AWS-DisableS3BucketPublicReadWrite": ("bucket", "S3BucketName"),
    "AWS-EnableS3BucketEncryption": ("bucket", "BucketName"),
    "AWS-ReleaseElasticIP": ("address", "AllocationId"),
    "AWS-StopEC2Instance": ("instance", "InstanceId"),
    "AWS-StartEC2Instance": ("instance", "InstanceId"),
    "AWS-TerminateEC2Instance": ("instance", "InstanceId"),
    "AWSConfigRemediation-ConfigureS3BucketPublicAccessBlock": ("bucket", "BucketName"),
    "AWSConfigRemediation-ConfigureS3PublicAccessBlock": ("account", "AccountId"),
    "AWSConfigRemediation-DisablePublicAccessToRDSInstance": ("database", "DbiResourceId"),
    "AWSConfigRemediation-EnableKeyRotation": ("key", "KeyId"),
    "AWSConfigRemediation-EnablePITRForDynamoDbTable": ("table", "TableName"),
    "AWSConfigRemediation-EnableRDSInstanceBackup": ("database", "DbiResourceId"),
    "AWSConfigRemediation-EnableRDSInstanceDeletionProtection": ("database", "DbInstanceResourceId"),
    "AWSConfigRemediation-EncryptSNSTopic": ("topic", "TopicArn"),
    "AWSConfigRemediation-RemoveVPCDefaultSecurityGroupRules": ("default_group", "GroupId"),
    "AWSConfigRemediation-RestrictBucketSSLRequestsOnly": ("bucket", "BucketName"),
    "AWSConfigRemediation-SetIAMPasswordPolicy": ("account", ""),
    "AWSConfigRemediation-CancelKeyDeletion": ("dying_key", "KeyId"),
    "AWS-ConfigureS3BucketVersioning": ("bucket", "BucketName"),
    "AWS-EnableCloudTrail": ("bucket", "S3BucketName"),
    "AWS-PublishSNSNotification": ("topic", "TopicArn"),
}
"""Document to the kind of resource that it repairs, and the parameter that names it."""
MORE = {
    "AWSConfigRemediation-EnableRDSInstanceBackup": {"BackupRetentionPeriod": "7", "ApplyImmediately": "true"},
    "AWSConfigRemediation-EncryptSNSTopic": {"KmsKeyArn": "alias/aws/sns"},
    "AWSConfigRemediation-SetIAMPasswordPolicy": {"MinimumPasswordLength": "14"},
    "AWS-EnableCloudTrail": {"TrailName": "remedy"},
    "AWS-PublishSNSNotification": {"Message": "broken"},
}


def make(lab: Lab, kind: str) -> str:
    """A resource of that kind; its id."""
    ec2 = lab("ec2")
    if kind == "bucket":
        name = f"every-{time.monotonic_ns()}"
        lab("s3").create_bucket(Bucket=name)
        return name
    if kind == "instance":
        return str(ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"])
    if kind in ("group", "default_group"):
        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        if kind == "group":
            return str(ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"])
        groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
        return str(next(group["GroupId"] for group in groups if group["GroupName"] == "default"))
    if kind == "address":
        return str(ec2.allocate_address(Domain="vpc")["AllocationId"])
    if kind == "database":
        made = lab("rds").create_db_instance(
            DBInstanceIdentifier=f"every-{time.monotonic_ns()}",
            DBInstanceClass="db.t3.micro",
            Engine="mysql",
            AllocatedStorage=20,
            MasterUsername="admin",
            MasterUserPassword="not-a-secret",
            BackupRetentionPeriod=0,
        )
        return str(made["DBInstance"]["DbiResourceId"])
    if kind in ("key", "dying_key"):
        key = str(lab("kms").create_key()["KeyMetadata"]["KeyId"])
        if kind == "dying_key":
            lab("kms").schedule_key_deletion(KeyId=key)
        return key
    if kind == "topic":
        return str(lab("sns").create_topic(Name="every")["TopicArn"])
    if kind == "table":
        lab("dynamodb").create_table(
            TableName="every",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        )
        return "every"
    return lab.aws.account


def test_every_document_has_its_row():
    assert set(EVERY) == set(DOCUMENTS)


@pytest.mark.parametrize("name", sorted(EVERY))
def test_every_document_runs(lab, name):
    kind, parameter = EVERY[name]
    values = {parameter: [make(lab, kind)]} if parameter else {}
    values |= {key: [value] for key, value in MORE.get(name, {}).items()}
    session = boto3.Session(lab.aws.account, lab.aws.secret)
    run_document(
        Clients(session, lab.aws.region, lab.aws.endpoint, LOOPBACK), lab.aws.account, name, "1",
        {**values, "AutomationAssumeRole": ["r"]},
    )  # fmt: skip


def test_what_documents_change(lab):
    session = boto3.Session(lab.aws.account, lab.aws.secret)
    clients = Clients(session, lab.aws.region, lab.aws.endpoint, LOOPBACK)

    def run(name: str, **values: str) -> None:
        given = {key: [value] for key, value in values.items()}
        run_document(clients, lab.aws.account, name, None, {**given, "AutomationAssumeRole": ["r"]})

    database = make(lab, "database")
    run(
        "AWSConfigRemediation-EnableRDSInstanceBackup",
        DbiResourceId=database,
        BackupRetentionPeriod="7",
        ApplyImmediately="true",
    )
    databases = {each["DbiResourceId"]: each for each in clients("rds").describe_db_instances()["DBInstances"]}
    assert databases[database]["BackupRetentionPeriod"] == 7
    group = make(lab, "default_group")
    run("AWSConfigRemediation-RemoveVPCDefaultSecurityGroupRules", GroupId=group)
    held = clients("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    assert (held["IpPermissions"], held["IpPermissionsEgress"]) == ([], [])
    bucket = make(lab, "bucket")
    for _ in range(2):
        run("AWSConfigRemediation-RestrictBucketSSLRequestsOnly", BucketName=bucket)
    policy = json.loads(clients("s3").get_bucket_policy(Bucket=bucket)["Policy"])
    assert [statement["Sid"] for statement in policy["Statement"]] == ["AllowSSLRequestsOnly"]
    with pytest.raises(ServiceRefused, match="not the default security group"):
        run("AWSConfigRemediation-RemoveVPCDefaultSecurityGroupRules", GroupId=make(lab, "group"))
    with pytest.raises(ServiceRefused, match="no DB instance with the resource id"):
        run("AWSConfigRemediation-DisablePublicAccessToRDSInstance", DbiResourceId="db-GONE")
