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
    """A bucket; ``kms`` says whether new objects are encrypted with a KMS key."""

    name: str
    kms: bool
    exempt: bool = False
    why: str = ""


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
    Bucket("invoices", kms=True),
    Bucket("payroll", kms=True),
    Bucket("contracts", kms=True),
    Bucket("audit-exports", kms=True),
    Bucket("backups", kms=True),
    Bucket("customer-uploads", kms=False, why="SSE-S3 only"),
    Bucket("web-assets", kms=False, why="SSE-S3 only"),
    Bucket("access-logs", kms=False, why="SSE-S3 only"),
    Bucket("build-cache", kms=False, why="SSE-S3 only"),
    Bucket("ml-training", kms=False, why="SSE-S3 only"),
    Bucket("event-archive", kms=False, why="SSE-S3 only"),
    Bucket("tmp-exchange", kms=False, why="SSE-S3 only"),
    Bucket("legacy-import", kms=False, exempt=True, why="SSE-S3 only, tagged as exempt: reported, never changed"),
    Bucket("public-datasets", kms=False, exempt=True, why="SSE-S3 only, tagged as exempt: reported, never changed"),
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


def _violations(
    buckets: Mapping[str, str], instances: Mapping[str, str], databases: Mapping[str, str]
) -> Iterator[Planted]:
    for bucket in BUCKETS:
        if not bucket.kms:
            yield Planted("S3_DEFAULT_ENCRYPTION_KMS", buckets[bucket.name], bucket.why)
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
