"""Runs the SSM Automation documents of AWS that remediations use most, as the role that they are given.

AWS's documents are small: they read something, change something, and check that it changed. Each is here a row of
:data:`DOCUMENTS` with its parameters as AWS documents them and a function that makes its calls; any other document is
refused by name. Page: https://docs.aws.amazon.com/systems-manager-automation-runbooks/latest/userguide/
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from watchkeeper.awsconfig.services import ServiceRefused
from watchkeeper.inventory.core import ClientFactory

UNSUPPORTED = "UnsupportedDocument"
INVALID = "InvalidAutomationExecutionParametersException"
"""What StartAutomationExecution answers to wrong parameters, and to a role that can't be assumed."""
PRINCIPAL = "ssm.amazonaws.com"
ASSUME_ROLE = "AutomationAssumeRole"

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a document: ``default`` None means required, or, with ``optional``, left out."""

    default: str | None = None
    optional: bool = False
    pattern: str = ""
    """What its whole text has to match."""
    kind: str = "text"
    """``text``, ``boolean``, ``integer`` or ``list``."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a document: whose clients, with which parameters."""

    clients: ClientFactory
    account: str
    given: Values

    def call(self, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
        """One call. Raises ServiceRefused with AWS's code, in the words of Automation's failed step."""
        try:
            answer: dict[str, Any] = getattr(self.clients(service), operation)(**arguments)
        except ClientError as error:
            raise _failed(str(error.response.get("Error", {}).get("Code", "")), str(error)) from error
        except BotoCoreError as error:
            raise _failed(type(error).__name__, str(error)) from error
        return answer


@dataclass(frozen=True, slots=True)
class Document:
    """An Automation document."""

    run: Callable[[Run], None]
    parameters: Mapping[str, Parameter]
    role_required: bool = False
    """Whether AutomationAssumeRole has to be given: so in all documents named AWSConfigRemediation."""


def run_document(
    clients: ClientFactory, account: str, name: str, version: str | None, parameters: Mapping[str, Sequence[str]]
) -> None:
    """Run a document to its end with ``clients``, which act as its role.

    Raises ServiceRefused: :data:`UNSUPPORTED` for a document that isn't in :data:`DOCUMENTS` or another version,
    :data:`INVALID` for wrong parameters, otherwise the code of the AWS call that failed.
    """
    document = _document(name, version)
    document.run(Run(clients, account, given(document, name, parameters)))


def check_document(name: str, version: str | None, parameters: Mapping[str, Sequence[str]]) -> None:
    """Whether the document is known and takes the parameters; raises ServiceRefused as :func:`run_document`."""
    given(_document(name, version), name, parameters)


def given(document: Document, name: str, parameters: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The parameters as the document takes them, defaults filled in. Raises ServiceRefused (:data:`INVALID`)."""
    unknown = sorted(set(parameters) - set(document.parameters) - {ASSUME_ROLE})
    if unknown:
        known = ", ".join(sorted({*document.parameters, ASSUME_ROLE}))
        raise _invalid(f"{name} has no parameter {', '.join(unknown)}; it takes {known}.")
    if document.role_required and not parameters.get(ASSUME_ROLE):
        raise _invalid(f"{name} needs the parameter {ASSUME_ROLE}.")
    values = {key: _value(name, key, shape, parameters.get(key)) for key, shape in document.parameters.items()}
    return {key: value for key, value in values.items() if value is not None}


def _document(name: str, version: str | None) -> Document:
    document = DOCUMENTS.get(name)
    if document is None:
        raise ServiceRefused(
            UNSUPPORTED,
            f"The SSM document {name} can't be run by the embedded AWS; it runs {', '.join(sorted(DOCUMENTS))}.",
        )
    if version not in (None, "", "1", "$DEFAULT", "$LATEST"):
        raise ServiceRefused(UNSUPPORTED, f"The embedded AWS has version 1 of {name} alone, not {version}.")
    return document


def _value(document: str, name: str, shape: Parameter, given_values: Sequence[str] | None) -> Any:
    values = list(given_values or ([shape.default] if shape.default is not None else []))
    if not values:
        if shape.optional:
            return None
        raise _invalid(f"{document} needs the parameter {name}.")
    for value in values:
        if shape.pattern and not re.fullmatch(shape.pattern, value):
            raise _invalid(f"{document}: {name} is {value!r:.80}, which doesn't match {shape.pattern}.")
    if shape.kind == "list":
        return values
    if len(values) > 1:
        raise _invalid(f"{document} takes one {name}, not {len(values)}.")
    return _CONVERTERS[shape.kind](values[0])


_CONVERTERS: Mapping[str, Callable[[str], Any]] = {
    "text": str,
    "boolean": lambda text: text.lower() == "true",
    "integer": int,
}


def _invalid(message: str) -> ServiceRefused:
    return ServiceRefused(INVALID, message)


def _failed(code: str, message: str) -> ServiceRefused:
    return ServiceRefused(
        code,
        f"Step fails when it is Execute/Cancelling action. {message}. Please refer to Automation Service "
        "Troubleshooting Guide for more diagnosis details.",
    )


# --- S3 -------------------------------------------------------------------------------------------------------------

_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def _encrypt_bucket(run: Run) -> None:
    default = {"SSEAlgorithm": run.given["SSEAlgorithm"]}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    run.call(
        "s3", "put_bucket_encryption", Bucket=run.given["BucketName"], ServerSideEncryptionConfiguration=rules
    )  # fmt: skip


def _version_bucket(run: Run) -> None:
    status = {"Status": run.given["VersioningState"]}
    run.call("s3", "put_bucket_versioning", Bucket=run.given["BucketName"], VersioningConfiguration=status)


def _block_bucket(run: Run) -> None:
    bucket = run.given.get("BucketName") or run.given["S3BucketName"]
    blocks = {name: run.given.get(name, True) for name in _BLOCKS}
    run.call("s3", "put_public_access_block", Bucket=bucket, PublicAccessBlockConfiguration=blocks)
    held = run.call("s3", "get_public_access_block", Bucket=bucket)["PublicAccessBlockConfiguration"]
    if {name: held.get(name) for name in _BLOCKS} != blocks:
        raise _failed("VerificationFailed", f"The public access block of {bucket} is not as asked for")


def _block_account(run: Run) -> None:
    blocks = {name: run.given[name] for name in _BLOCKS}
    account = run.given["AccountId"]
    run.call("s3control", "put_public_access_block", AccountId=account, PublicAccessBlockConfiguration=blocks)


def _secure_bucket(run: Run) -> None:
    bucket = run.given["BucketName"]
    try:
        policy = json.loads(run.call("s3", "get_bucket_policy", Bucket=bucket)["Policy"])
    except ServiceRefused as refusal:
        if refusal.code != "NoSuchBucketPolicy":
            raise
        policy = {"Version": "2012-10-17", "Statement": []}
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    denial = {
        "Sid": "AllowSSLRequestsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    kept = [statement for statement in statements if statement.get("Sid") != denial["Sid"]]
    document = json.dumps({**policy, "Statement": [*kept, denial]})
    run.call("s3", "put_bucket_policy", Bucket=bucket, Policy=document)


# --- EC2 ------------------------------------------------------------------------------------------------------------


def _stop_instances(run: Run) -> None:
    run.call("ec2", "stop_instances", InstanceIds=run.given["InstanceId"])


def _start_instances(run: Run) -> None:
    run.call("ec2", "start_instances", InstanceIds=run.given["InstanceId"])


def _terminate_instances(run: Run) -> None:
    run.call("ec2", "terminate_instances", InstanceIds=run.given["InstanceId"])


def _release_address(run: Run) -> None:
    run.call("ec2", "release_address", AllocationId=run.given["AllocationId"])


def _group(run: Run, group_id: str) -> dict[str, Any]:
    groups = run.call("ec2", "describe_security_groups", GroupIds=[group_id])["SecurityGroups"]
    found: dict[str, Any] = groups[0]
    return found


def _close_group(run: Run) -> None:
    _revoke_all(run, _group(run, run.given["SecurityGroupId"]))


def _close_default_group(run: Run) -> None:
    group = _group(run, run.given["GroupId"])
    if group.get("GroupName") != "default":
        raise _failed("AssertionFailed", f"{group['GroupId']} is not the default security group of a VPC")
    _revoke_all(run, group)


def _revoke_all(run: Run, group: Mapping[str, Any]) -> None:
    for operation, key in (
        ("revoke_security_group_ingress", "IpPermissions"),
        ("revoke_security_group_egress", "IpPermissionsEgress"),
    ):
        if group.get(key):
            run.call("ec2", operation, GroupId=group["GroupId"], IpPermissions=[_bare(rule) for rule in group[key]])


def _bare(permission: Mapping[str, Any]) -> dict[str, Any]:
    """A permission as it was described, without the empty lists that revoking doesn't take."""
    return {key: value for key, value in permission.items() if value not in ([], None)}


# --- other services -------------------------------------------------------------------------------------------------


def _modify_database(**change: Any) -> Callable[[Run], None]:
    """A document that changes the DB instance whose resource id it is given; ``change`` may name parameters."""

    def run_it(run: Run) -> None:
        wanted = run.given.get("DbiResourceId") or run.given["DbInstanceResourceId"]
        found = run.call("rds", "describe_db_instances", Filters=[{"Name": "dbi-resource-id", "Values": [wanted]}])
        # An endpoint that doesn't know the filter gives every instance.
        names = [each["DBInstanceIdentifier"] for each in found["DBInstances"] if each.get("DbiResourceId") == wanted]
        if not names:
            raise _failed("DBInstanceNotFound", f"There is no DB instance with the resource id {wanted}")
        named = {
            key: run.given.get(value.name) if isinstance(value, _Given) else value for key, value in change.items()
        }
        arguments = {key: value for key, value in named.items() if value is not None}
        run.call("rds", "modify_db_instance", DBInstanceIdentifier=names[0], **arguments)

    return run_it


@dataclass(frozen=True, slots=True)
class _Given:
    """Stands for a parameter's value."""

    name: str


def _rotate_key(run: Run) -> None:
    run.call("kms", "enable_key_rotation", KeyId=run.given["KeyId"])
    if not run.call("kms", "get_key_rotation_status", KeyId=run.given["KeyId"])["KeyRotationEnabled"]:
        raise _failed("VerificationFailed", f"The key {run.given['KeyId']} is not rotated")


def _keep_key(run: Run) -> None:
    run.call("kms", "cancel_key_deletion", KeyId=run.given["KeyId"])


def _encrypt_topic(run: Run) -> None:
    value = {"AttributeName": "KmsMasterKeyId", "AttributeValue": run.given["KmsKeyArn"]}
    run.call("sns", "set_topic_attributes", TopicArn=run.given["TopicArn"], **value)


def _publish(run: Run) -> None:
    run.call("sns", "publish", TopicArn=run.given["TopicArn"], Message=run.given["Message"])


def _create_trail(run: Run) -> None:
    name = run.given["TrailName"]
    run.call("cloudtrail", "create_trail", Name=name, S3BucketName=run.given["S3BucketName"])
    run.call("cloudtrail", "start_logging", Name=name)


def _recover_table(run: Run) -> None:
    run.call(
        "dynamodb",
        "update_continuous_backups",
        TableName=run.given["TableName"],
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )


_PASSWORD_FLAGS = (
    "AllowUsersToChangePassword",
    "HardExpiry",
    "RequireLowercaseCharacters",
    "RequireNumbers",
    "RequireSymbols",
    "RequireUppercaseCharacters",
)
_PASSWORD_NUMBERS = {"MaxPasswordAge": "0", "MinimumPasswordLength": "6", "PasswordReusePrevention": "0"}


def _password_policy(run: Run) -> None:
    """Zero means no expiry and no memory: those are then left out of the call."""
    policy = {name: run.given[name] for name in (*_PASSWORD_FLAGS, *_PASSWORD_NUMBERS) if run.given[name] != 0}
    policy |= {name: run.given[name] for name in _PASSWORD_FLAGS}
    run.call("iam", "update_account_password_policy", **policy)


_FLAG = r"(?i)true|false"
_TRUE = Parameter(default="true", pattern=_FLAG, kind="boolean")
_FALSE = Parameter(default="false", pattern=_FLAG, kind="boolean")
_BUCKET = Parameter(pattern=r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
_GROUP = Parameter(pattern=r"sg-[0-9a-f]{8,17}")
_INSTANCES = {"InstanceId": Parameter(pattern=r"i-[0-9a-f]{8,17}", kind="list")}
_DATABASE = Parameter(pattern=r"db-[A-Za-z0-9-]{1,255}")
_TEXT = Parameter(pattern=r"(?s).+")

DOCUMENTS: Mapping[str, Document] = MappingProxyType(
    {
        "AWS-CloseSecurityGroup": Document(_close_group, {"SecurityGroupId": _GROUP}),
        "AWS-ConfigureS3BucketVersioning": Document(
            _version_bucket,
            {"BucketName": _BUCKET, "VersioningState": Parameter(default="Enabled", pattern="Enabled|Suspended")},
        ),
        "AWS-DisableS3BucketPublicReadWrite": Document(_block_bucket, {"S3BucketName": _BUCKET}),
        "AWS-EnableCloudTrail": Document(_create_trail, {"TrailName": _TEXT, "S3BucketName": _BUCKET}),
        "AWS-EnableS3BucketEncryption": Document(
            _encrypt_bucket,
            {"BucketName": _BUCKET, "SSEAlgorithm": Parameter(default="AES256", pattern="AES256|aws:kms")},
        ),
        "AWS-PublishSNSNotification": Document(_publish, {"TopicArn": _TEXT, "Message": _TEXT}),
        "AWS-ReleaseElasticIP": Document(_release_address, {"AllocationId": Parameter(pattern=r"eipalloc-[0-9a-f]+")}),
        "AWS-StartEC2Instance": Document(_start_instances, _INSTANCES),
        "AWS-StopEC2Instance": Document(_stop_instances, _INSTANCES),
        "AWS-TerminateEC2Instance": Document(_terminate_instances, _INSTANCES),
        "AWSConfigRemediation-CancelKeyDeletion": Document(_keep_key, {"KeyId": _TEXT}, role_required=True),
        "AWSConfigRemediation-ConfigureS3BucketPublicAccessBlock": Document(
            _block_bucket, {"BucketName": _BUCKET, **dict.fromkeys(_BLOCKS, _TRUE)}, role_required=True
        ),
        "AWSConfigRemediation-ConfigureS3PublicAccessBlock": Document(
            _block_account,
            {"AccountId": Parameter(pattern=r"\d{12}"), **dict.fromkeys(_BLOCKS, _TRUE)},
            role_required=True,
        ),
        "AWSConfigRemediation-DisablePublicAccessToRDSInstance": Document(
            _modify_database(PubliclyAccessible=False), {"DbiResourceId": _DATABASE}, role_required=True
        ),
        "AWSConfigRemediation-EnableKeyRotation": Document(_rotate_key, {"KeyId": _TEXT}, role_required=True),
        "AWSConfigRemediation-EnablePITRForDynamoDbTable": Document(
            _recover_table, {"TableName": _TEXT}, role_required=True
        ),
        "AWSConfigRemediation-EnableRDSInstanceBackup": Document(
            _modify_database(
                BackupRetentionPeriod=_Given("BackupRetentionPeriod"),
                PreferredBackupWindow=_Given("PreferredBackupWindow"),
                ApplyImmediately=_Given("ApplyImmediately"),
            ),
            {
                "DbiResourceId": _DATABASE,
                "BackupRetentionPeriod": Parameter(pattern=r"[1-9]|[12]\d|3[0-5]", kind="integer"),
                "PreferredBackupWindow": Parameter(optional=True, pattern=r"\d\d:\d\d-\d\d:\d\d"),
                "ApplyImmediately": _FALSE,
            },
            role_required=True,
        ),
        "AWSConfigRemediation-EnableRDSInstanceDeletionProtection": Document(
            _modify_database(DeletionProtection=True, ApplyImmediately=_Given("ApplyImmediately")),
            {"DbInstanceResourceId": _DATABASE, "ApplyImmediately": _FALSE},
            role_required=True,
        ),
        "AWSConfigRemediation-EncryptSNSTopic": Document(
            _encrypt_topic, {"TopicArn": _TEXT, "KmsKeyArn": _TEXT}, role_required=True
        ),
        "AWSConfigRemediation-RemoveVPCDefaultSecurityGroupRules": Document(
            _close_default_group, {"GroupId": _GROUP}, role_required=True
        ),
        "AWSConfigRemediation-RestrictBucketSSLRequestsOnly": Document(
            _secure_bucket, {"BucketName": _BUCKET}, role_required=True
        ),
        "AWSConfigRemediation-SetIAMPasswordPolicy": Document(
            _password_policy,
            {
                **dict.fromkeys(_PASSWORD_FLAGS, _FALSE),
                **{
                    name: Parameter(default=number, pattern=r"\d{1,4}", kind="integer")
                    for name, number in _PASSWORD_NUMBERS.items()
                },
            },
            role_required=True,
        ),
    }
)
"""Document name to what it takes and does, as AWS's runbook reference has them."""
