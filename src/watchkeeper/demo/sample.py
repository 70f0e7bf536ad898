"""A small account with known faults, made through the AWS API: what the demo and the tests look at.

Every violation stands in a table here, with the rule that has to find it, so that a run can be checked against it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

ClientFactory = Callable[[str], Any]
"""Gives a boto3 client for a service name."""

AMI = "ami-0123456789abcdef0"
TEAM_TAGS = {"Owner": "sample-team", "Environment": "sample"}


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket, with what of it is in order."""

    name: str
    kms: bool = True
    """New objects are encrypted with a KMS key, not only with S3's own."""
    versioned: bool = True
    private: bool = True
    """All four settings of its public access block are on."""
    exempt: bool = False
    """Tagged so that it is reported, and never changed."""


@dataclass(frozen=True, slots=True)
class Instance:
    """An EC2 instance by its Name tag."""

    name: str
    type: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Database:
    """An RDS instance with its backup retention in days; 0 means no automatic backup."""

    name: str
    retention: int
    why: str = ""


BUCKETS = (
    Bucket("invoices"),
    Bucket("payroll"),
    Bucket("contracts"),
    Bucket("audit-exports"),
    Bucket("backups"),
    Bucket("customer-uploads", kms=False),
    Bucket("access-logs", kms=False),
    Bucket("ml-training", kms=False),
    Bucket("event-archive", kms=False),
    Bucket("build-cache", kms=False, versioned=False),
    Bucket("tmp-exchange", kms=False, versioned=False),
    Bucket("web-assets", kms=False, private=False),
    Bucket("legacy-import", kms=False, versioned=False, exempt=True),
    Bucket("public-datasets", private=False, exempt=True),
)

INSTANCES = (
    Instance("web-1", "t3.micro"),
    Instance("web-2", "t3.micro"),
    Instance("web-3", "t3.small"),
    Instance("api-1", "t3.small"),
    Instance("api-2", "t3.small"),
    Instance("worker-1", "t3.micro"),
    Instance("worker-2", "t3.small"),
    Instance("bastion", "t3.micro"),
    Instance("ci-runner", "t3.small"),
    Instance("analytics", "m5.4xlarge", why="type not approved"),
    Instance("experiments", "p3.2xlarge", why="type not approved"),
    Instance("forgotten", "c5.large", why="type not approved"),
)

DATABASES = (
    Database("orders", 14),
    Database("customers", 30),
    Database("billing", 7),
    Database("catalog", 7),
    Database("sessions", 0, why="no automatic backup"),
    Database("staging", 0, why="no automatic backup"),
    Database("reporting", 1, why="kept for 1 day, 7 wanted"),
    Database("feature-flags", 3, why="kept for 3 days, 7 wanted"),
)


@dataclass(frozen=True, slots=True)
class Planted:
    """A violation that is in the account on purpose: the managed rule that has to report it and the resource's id."""

    identifier: str
    resource_id: str
    why: str


@dataclass(frozen=True, slots=True)
class SampleAccount:
    """What was made: ids by name, per kind, and the violations in it."""

    buckets: Mapping[str, str]
    instances: Mapping[str, str]
    databases: Mapping[str, str]
    violations: tuple[Planted, ...]

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all its resources, as AWS Config has them."""
        return frozenset((*self.buckets.values(), *self.instances.values(), *self.databases.values()))

    @property
    def size(self) -> int:
        """How many resources there are."""
        return len(self.buckets) + len(self.instances) + len(self.databases)


def create(client: ClientFactory, account: str, region: str, exemption_tag: str) -> SampleAccount:
    """Make the sample account's resources through the AWS API.

    ``exemption_tag`` is the tag key that keeps remediation away. Raises botocore's ClientError as it comes.
    """
    key_arn = client("kms").create_key(Description="sample account data", Tags=_kms_tags())["KeyMetadata"]["Arn"]
    with ThreadPoolExecutor(8) as pool:
        buckets = dict(pool.map(lambda b: _bucket(client("s3"), b, account, region, key_arn, exemption_tag), BUCKETS))
        instances = dict(pool.map(lambda i: _instance(client("ec2"), i), INSTANCES))
        databases = dict(pool.map(lambda d: _database(client("rds"), d), DATABASES))
    return SampleAccount(buckets, instances, databases, tuple(_violations(buckets, instances, databases)))


def make_bucket(s3: Any, name: str, region: str) -> None:
    """A bucket as S3 makes it by default: SSE-S3, no versioning, public access blocked."""
    # us-east-1 is the one region that must not be named as a location constraint.
    location = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, **location)


BUCKET_FAULTS: tuple[tuple[str, Callable[[Bucket], bool], str], ...] = (
    ("S3_DEFAULT_ENCRYPTION_KMS", lambda bucket: not bucket.kms, "SSE-S3 only"),
    ("S3_BUCKET_VERSIONING_ENABLED", lambda bucket: not bucket.versioned, "no versioning"),
    ("S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED", lambda bucket: not bucket.private, "public access not blocked"),
)
"""Managed rule, whether a bucket violates it, and why."""


def _violations(
    buckets: Mapping[str, str], instances: Mapping[str, str], databases: Mapping[str, str]
) -> Iterator[Planted]:
    for bucket in BUCKETS:
        for identifier, violates, why in BUCKET_FAULTS:
            if violates(bucket):
                yield Planted(identifier, buckets[bucket.name], why)
    for instance in INSTANCES:
        if instance.why:
            yield Planted("DESIRED_INSTANCE_TYPE", instances[instance.name], instance.why)
    for database in DATABASES:
        if database.why:
            yield Planted("DB_INSTANCE_BACKUP_ENABLED", databases[database.name], database.why)


def _kms_tags() -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in TEAM_TAGS.items()]


def _tags(**more: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in {**TEAM_TAGS, **more}.items()]


def _bucket(s3: Any, bucket: Bucket, account: str, region: str, key_arn: str, exemption_tag: str) -> tuple[str, str]:
    name = f"{bucket.name}-{account}-{region}"
    make_bucket(s3, name, region)
    tags = _tags(**({exemption_tag: "true"} if bucket.exempt else {}))
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags})
    if bucket.kms:
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_arn}
        rules = [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
    if bucket.versioned:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    settings = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    block = dict.fromkeys(settings, bucket.private)
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)
    return bucket.name, name


def _instance(ec2: Any, instance: Instance) -> tuple[str, str]:
    answer = ec2.run_instances(
        ImageId=AMI,
        InstanceType=instance.type,
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": _tags(Name=instance.name)}],
    )
    return instance.name, answer["Instances"][0]["InstanceId"]


def _database(rds: Any, database: Database) -> tuple[str, str]:
    answer = rds.create_db_instance(
        DBInstanceIdentifier=database.name,
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        MasterUsername="sample",
        ManageMasterUserPassword=True,
        AllocatedStorage=20,
        BackupRetentionPeriod=database.retention,
        Tags=_tags(),
    )
    # AWS Config identifies a database by its DbiResourceId, not by its name.
    return database.name, answer["DBInstance"]["DbiResourceId"]
