"""The report bucket: what Config delivers and what the functions write."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from watchkeeper.monitoring.functions.manifest import PREFIX_ALERT_LEDGER, PREFIX_REMEDIATION_LEDGER
from watchkeeper.monitoring.settings import DELIVERY_PREFIX
from watchkeeper.monitoring.stack.context import Concern, Context
from watchkeeper.monitoring.stack.policies import Statement, allow_service, deny_plain_http, document, from_account

LEDGER_DAYS = 7
"""A repeated event comes within hours; what was sent and decided need not be remembered longer than this."""
INCOMPLETE_UPLOAD_DAYS = 7


class ReportBucket(Concern):
    """Versioned, encrypted with the key, private, TLS only, emptied by age; Config may deliver into it."""

    def __init__(self, context: Context, key: aws.kms.Key, parent: pulumi.Resource) -> None:
        super().__init__("ReportBucket", "report-bucket", context, parent)
        name = context.name("compliance-reports")
        self.name = self.name_in(context)
        self.arn = context.bucket_arn(self.name)
        self.bucket = aws.s3.Bucket(
            name,
            bucket=self.name,
            force_destroy=True,
            tags=context.tags,
            opts=self.child(),
        )
        self.public_access_block = aws.s3.BucketPublicAccessBlock(
            context.name("compliance-reports-public-access"),
            bucket=self.bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self.child(),
        )
        self.versioning = aws.s3.BucketVersioning(
            context.name("compliance-reports-versioning"),
            bucket=self.bucket.id,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=self.child(),
        )
        self.encryption = aws.s3.BucketServerSideEncryptionConfiguration(
            context.name("compliance-reports-encryption"),
            bucket=self.bucket.id,
            rules=[_encryption_rule(key)],
            opts=self.child(),
        )
        # Its rules for noncurrent versions mean nothing before there are versions.
        self.lifecycle = aws.s3.BucketLifecycleConfiguration(
            context.name("compliance-reports-lifecycle"),
            bucket=self.bucket.id,
            rules=_lifecycle_rules(context.settings.report_retention_days),
            opts=self.child(self.versioning),
        )
        # S3 refuses a policy while public access is being blocked (OperationAborted): one after the other.
        self.policy = aws.s3.BucketPolicy(
            context.name("compliance-reports-policy"),
            bucket=self.bucket.id,
            policy=document(*_statements(context, self.arn)),
            opts=self.child(self.public_access_block),
        )
        self.register_outputs({"bucketName": self.bucket.bucket, "bucketArn": self.bucket.arn})

    @staticmethod
    def name_in(context: Context) -> pulumi.Output[str]:
        """The bucket's name: all of AWS shares one space of names, so it carries account and region."""
        suffix = context.settings.environment_suffix
        return pulumi.Output.concat("compliance-reports-", context.account_id, "-", context.region, "-", suffix)


def _encryption_rule(key: aws.kms.Key) -> aws.s3.BucketServerSideEncryptionConfigurationRuleArgs:
    return aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
        apply_server_side_encryption_by_default=aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="aws:kms", kms_master_key_id=key.arn
        ),
        bucket_key_enabled=True,
    )


def _lifecycle_rules(days: int) -> list[aws.s3.BucketLifecycleConfigurationRuleArgs]:
    """Everything goes after its days, old versions, unfinished uploads and empty delete markers too; ledgers sooner."""
    ledgers = {"alert-ledger": PREFIX_ALERT_LEDGER, "remediation-ledger": PREFIX_REMEDIATION_LEDGER}
    return [
        _expiry("expire-all", "", days),
        *(_expiry(f"expire-{name}", prefix, min(days, LEDGER_DAYS)) for name, prefix in ledgers.items()),
        aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="remove-delete-markers",
            status="Enabled",
            filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
            expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(expired_object_delete_marker=True),
        ),
    ]


def _expiry(id_: str, prefix: str, days: int) -> aws.s3.BucketLifecycleConfigurationRuleArgs:
    return aws.s3.BucketLifecycleConfigurationRuleArgs(
        id=id_,
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=prefix),
        expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=days),
        noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
            noncurrent_days=days
        ),
        abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
            days_after_initiation=INCOMPLETE_UPLOAD_DAYS
        ),
    )


def delivery_objects(context: Context, bucket_arn: pulumi.Output[str]) -> pulumi.Output[str]:
    """ARN of all that Config delivers."""
    return pulumi.Output.concat(bucket_arn, f"/{DELIVERY_PREFIX}/AWSLogs/", context.account_id, "/Config/*")


def _statements(context: Context, arn: pulumi.Output[str]) -> list[Statement]:
    """Config's three as in https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-policy.html, and TLS."""
    tls_only = deny_plain_http(["s3:*"], [arn, pulumi.Output.concat(arn, "/*")])
    if context.settings.adopt_recorder:
        return [tls_only]
    config = "config.amazonaws.com"
    delivery = {"StringEquals": {**from_account(context)["StringEquals"], "s3:x-amz-acl": "bucket-owner-full-control"}}
    return [
        allow_service(
            config,
            ["s3:GetBucketAcl"],
            arn,
            sid="AWSConfigBucketPermissionsCheck",
            condition=from_account(context),
        ),
        allow_service(
            config, ["s3:ListBucket"], arn, sid="AWSConfigBucketExistenceCheck", condition=from_account(context)
        ),
        allow_service(
            config,
            ["s3:PutObject"],
            delivery_objects(context, arn),
            sid="AWSConfigBucketDelivery",
            condition=delivery,
        ),
        tls_only,
    ]
