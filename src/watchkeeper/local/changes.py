"""From a request that succeeded to the resources that it may have changed.

Errs on the side of too much: what is named here is read again, and an unchanged resource gives no new item. Data, not
branches: per service, which keys of the request and the reply name which resources. A mutating operation that names
none means 'read all of the service's types again'."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

EVERYTHING = "*"
"""As a key: every resource of the type; as a type: every type."""


@dataclass(frozen=True, slots=True)
class Change:
    """A resource that may have changed, by what the API names it (``inventory.Reader.key``)."""

    account: str
    region: str
    resource_type: str
    key: str


@dataclass(frozen=True, slots=True)
class Request:
    """What of a request tells its effect. Header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def service(self) -> str:
        """The service that the signature is for (``s3``, ``ec2``, ``elasticloadbalancing`` …); empty if unsigned."""
        found = _CREDENTIAL.search(self.headers.get("authorization", "")) or _CREDENTIAL.search(unquote(self.query))
        return found[1] if found else ""

    @property
    def is_form(self) -> bool:
        """Whether its body is a form, as the Query protocol's is."""
        return self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")


_CREDENTIAL = re.compile(r"Credential=[^/\s]+/\d{8}/[a-z0-9-]+/([a-z0-9-]+)/aws4_request")
_READ_ONLY = re.compile(
    r"^(Describe|List|Get|Head|BatchGet|Query|Scan|Select|Search|Lookup|Estimate|Simulate|Test|Validate|Check|Preview|"
    r"Receive|Filter|Generate|Decrypt|Encrypt|ReEncrypt|Sign|Verify|Assume|Decode|Export)"
)
_DATA_PLANE = frozenset(
    {
        *("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems", "ExecuteStatement"),
        *("SendMessage", "SendMessageBatch", "DeleteMessage", "DeleteMessageBatch", "ChangeMessageVisibility"),
        *("ChangeMessageVisibilityBatch", "PurgeQueue", "Publish", "PublishBatch", "PutLogEvents", "CreateLogStream"),
        *(
            "DeleteLogStream",
            "StartQuery",
            "StopQuery",
            "PutMetricData",
            "PutEvents",
            "SetAlarmState",
            "GetSecretValue",
        ),
        *("InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "PutImage", "BatchDeleteImage"),
        *(
            "PutRecord",
            "PutRecords",
            "StartExecution",
            "StartSyncExecution",
            "StopExecution",
            "StartBuild",
            "StopBuild",
        ),
        *("SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat"),
        *("RunTask", "StartTask", "StopTask", "SubmitTaskStateChange", "SubmitContainerStateChange"),
    }
)
"""Operations on what is inside a resource: they change no configuration item."""

_OBSERVED = frozenset({"PutMetricData", "PutLogEvents", "CreateLogStream", "StartQuery", "StopQuery"})
"""Operations whose effect is observation: it may wait for the periodic write."""
_SESSION = re.compile(r"^(Assume|GetSessionToken|GetFederationToken)")
"""Operations that only read, by their names, and yet make something: a session."""

Keys = Mapping[str, tuple[str, ...]]
"""Resource type -> names of the request's or reply's fields that hold a key of it."""


@dataclass(frozen=True, slots=True)
class Service:
    """How one service's requests name resources."""

    keys: Keys
    arns: tuple[tuple[re.Pattern[str], str], ...] = ()
    """Pattern over any text value, resource type; group 1 is the key."""
    everything: tuple[str, ...] = ()
    """Types to read whole when nothing is named; default: those of ``keys`` and ``arns``."""

    @property
    def types(self) -> tuple[str, ...]:
        """Every type that a request of this service can change."""
        return self.everything or tuple(dict.fromkeys((*self.keys, *(type_ for _, type_ in self.arns))))


def _pattern(text: str, resource_type: str) -> tuple[re.Pattern[str], str]:
    return re.compile(text), resource_type


_EC2_PREFIXES = {
    "i": "AWS::EC2::Instance",
    "vol": "AWS::EC2::Volume",
    "sg": "AWS::EC2::SecurityGroup",
    "vpc": "AWS::EC2::VPC",
    "subnet": "AWS::EC2::Subnet",
    "eni": "AWS::EC2::NetworkInterface",
    "eipalloc": "AWS::EC2::EIP",
    "acl": "AWS::EC2::NetworkAcl",
    "cgw": "AWS::EC2::CustomerGateway",
    "cr": "AWS::EC2::CapacityReservation",
    "dopt": "AWS::EC2::DHCPOptions",
    "fl": "AWS::EC2::FlowLog",
    "fleet": "AWS::EC2::EC2Fleet",
    "igw": "AWS::EC2::InternetGateway",
    "lt": "AWS::EC2::LaunchTemplate",
    "pl": "AWS::EC2::PrefixList",
    "rtb": "AWS::EC2::RouteTable",
    "vgw": "AWS::EC2::VPNGateway",
    "vpn": "AWS::EC2::VPNConnection",
}
_S3_OBJECT_QUERIES = re.compile(
    r"(^|&)(uploads|uploadId|delete|select|restore|retention|legal-hold|torrent|attributes|versionId)(=|&|$)"
)
SERVICES: Mapping[str, Service] = {
    # EC2's ids say what they are, wherever they stand.
    "ec2": Service(
        {}, tuple(_pattern(rf"^({prefix}-[0-9a-f]{{8,17}})$", type_) for prefix, type_ in _EC2_PREFIXES.items())
    ),
    "rds": Service(
        {
            "AWS::RDS::DBInstance": ("DBInstanceIdentifier", "NewDBInstanceIdentifier", "TargetDBInstanceIdentifier"),
            "AWS::RDS::DBCluster": ("DBClusterIdentifier", "NewDBClusterIdentifier"),
            "AWS::RDS::DBSnapshot": ("DBSnapshotIdentifier", "TargetDBSnapshotIdentifier", "FinalDBSnapshotIdentifier"),
            "AWS::RDS::DBClusterSnapshot": ("DBClusterSnapshotIdentifier", "TargetDBClusterSnapshotIdentifier"),
            "AWS::RDS::DBSubnetGroup": ("DBSubnetGroupName",),
            "AWS::RDS::GlobalCluster": ("GlobalClusterIdentifier", "NewGlobalClusterIdentifier"),
        },
        (
            _pattern(r"^arn:[^:]+:rds:[^:]*:\d*:db:(.+)$", "AWS::RDS::DBInstance"),
            _pattern(r"^arn:[^:]+:rds:[^:]*:\d*:cluster:(.+)$", "AWS::RDS::DBCluster"),
            _pattern(r"^arn:[^:]+:rds:[^:]*:\d*:snapshot:(.+)$", "AWS::RDS::DBSnapshot"),
        ),
    ),
    "iam": Service(
        {
            "AWS::IAM::User": ("UserName", "NewUserName"),
            "AWS::IAM::Role": ("RoleName",),
            "AWS::IAM::Group": ("GroupName", "NewGroupName"),
        },
        (_pattern(r"^(arn:[^:]+:iam::\d{12}:policy/.+)$", "AWS::IAM::Policy"),),
    ),
    "lambda": Service(
        {"AWS::Lambda::Function": ("FunctionName",)},
        (_pattern(r"^arn:[^:]+:lambda:[^:]*:\d*:function:([^:]+)", "AWS::Lambda::Function"),),
    ),
    "kms": Service(
        {"AWS::KMS::Key": ("KeyId", "TargetKeyId")},
        (_pattern(r"^arn:[^:]+:kms:[^:]*:\d*:key/(.+)$", "AWS::KMS::Key"),),
    ),
    "sns": Service({}, (_pattern(r"^(arn:[^:]+:sns:[^:]*:\d*:[^:]+)(?::[0-9a-f-]{36})?$", "AWS::SNS::Topic"),)),
    "sqs": Service({"AWS::SQS::Queue": ("QueueUrl",)}),
    "dynamodb": Service(
        {"AWS::DynamoDB::Table": ("TableName", "GlobalTableName")},
        (_pattern(r"^arn:[^:]+:dynamodb:[^:]*:\d*:table/([^/]+)", "AWS::DynamoDB::Table"),),
    ),
    "cloudtrail": Service({}, everything=("AWS::CloudTrail::Trail",)),
    "monitoring": Service({"AWS::CloudWatch::Alarm": ("AlarmName", "AlarmNames", "member")}),
    "logs": Service(
        {"AWS::Logs::LogGroup": ("logGroupName", "logGroupIdentifier")},
        (_pattern(r"^arn:[^:]+:logs:[^:]*:\d*:log-group:([^:]+)", "AWS::Logs::LogGroup"),),
    ),
    "ecr": Service(
        {"AWS::ECR::Repository": ("repositoryName",)},
        (_pattern(r"^arn:[^:]+:ecr:[^:]*:\d*:repository/(.+)$", "AWS::ECR::Repository"),),
    ),
    "ecs": Service(
        {"AWS::ECS::Cluster": ("clusterName", "cluster")},
        (
            _pattern(r"^arn:[^:]+:ecs:[^:]*:\d*:cluster/(.+)$", "AWS::ECS::Cluster"),
            _pattern(r"^(arn:[^:]+:ecs:[^:]*:\d*:task-definition/.+)$", "AWS::ECS::TaskDefinition"),
        ),
    ),
    "elasticfilesystem": Service(
        {},
        (
            _pattern(r"\b(fs-[0-9a-f]{8,17})\b", "AWS::EFS::FileSystem"),
            _pattern(r"\b(fsap-[0-9a-f]{8,17})\b", "AWS::EFS::AccessPoint"),
        ),
    ),
    "elasticloadbalancing": Service(
        {},
        (
            _pattern(
                r"^(arn:[^:]+:elasticloadbalancing:[^:]*:\d*:loadbalancer/.+)$",
                "AWS::ElasticLoadBalancingV2::LoadBalancer",
            ),
            _pattern(
                r"^(arn:[^:]+:elasticloadbalancing:[^:]*:\d*:listener/.+)$", "AWS::ElasticLoadBalancingV2::Listener"
            ),
        ),
        everything=(
            *("AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancingV2::Listener"),
            "AWS::ElasticLoadBalancing::LoadBalancer",
        ),
    ),
    "autoscaling": Service(
        {
            "AWS::AutoScaling::AutoScalingGroup": ("AutoScalingGroupName", "ResourceId"),
            "AWS::AutoScaling::LaunchConfiguration": ("LaunchConfigurationName",),
        }
    ),
    "elasticache": Service({"AWS::ElastiCache::ReplicationGroup": ("ReplicationGroupId",)}),
    "kinesis": Service({"AWS::Kinesis::Stream": ("StreamName",)}),
    "states": Service(
        {}, (_pattern(r"^(arn:[^:]+:states:[^:]*:\d*:stateMachine:[^:]+)$", "AWS::StepFunctions::StateMachine"),)
    ),
    # Few, and often named by an id that isn't theirs in AWS Config: all of them are read again.
    "acm": Service({}, everything=("AWS::ACM::Certificate",)),
    "apigateway": Service(
        {}, everything=("AWS::ApiGateway::RestApi", "AWS::ApiGateway::Stage", "AWS::ApiGatewayV2::Stage")
    ),
    "backup": Service({}, everything=("AWS::Backup::RecoveryPoint",)),
    "batch": Service({}, everything=("AWS::Batch::ComputeEnvironment", "AWS::Batch::JobQueue")),
    "cloudfront": Service({}, everything=("AWS::CloudFront::Distribution",)),
    "codebuild": Service({}, everything=("AWS::CodeBuild::Project",)),
    "eks": Service({}, everything=("AWS::EKS::Cluster",)),
    "es": Service({}, everything=("AWS::OpenSearch::Domain",)),
    "wafv2": Service({}, everything=("AWS::ElasticLoadBalancingV2::LoadBalancer",)),
    "secretsmanager": Service(
        {}, (_pattern(r"^(arn:[^:]+:secretsmanager:[^:]*:\d*:secret:.+)$", "AWS::SecretsManager::Secret"),)
    ),
    # A stack makes resources of any type, after its request was answered.
    "cloudformation": Service({}, everything=(EVERYTHING,)),
    "cloudcontrol": Service({}, everything=(EVERYTHING,)),
    "cloudcontrolapi": Service({}, everything=(EVERYTHING,)),
    "tagging": Service({}, everything=(EVERYTHING,)),
}


def worth_reading(request: Request) -> bool:
    """Whether the request could change a configuration item, as far as its head tells: then its body and its reply are
    worth keeping for :func:`changes`."""
    if request.service == "s3":
        return request.method in ("PUT", "DELETE", "POST") and _bucket_request(request) is not None
    return request.method in ("POST", "PUT", "DELETE", "PATCH") and request.service in SERVICES


def is_read_only(request: Request) -> bool:
    """Whether the request can't have changed anything, as far as its operation's name tells."""
    operation = _operation(request)
    return bool(operation and _READ_ONLY.match(operation))


def keeps_nothing(request: Request) -> bool:
    """Whether the answer needn't wait for a write: a read, an observation, a function's invocation."""
    operation = _operation(request)
    if not operation:
        return request.service == "lambda" and _is_harmless_post(request)
    if _SESSION.match(operation):
        return False
    return operation in _OBSERVED or is_read_only(request)


def changes(request: Request, reply: bytes, account: str, region: str) -> list[Change]:
    """What a successful request may have changed. IAM's resources have no region; theirs is the request's."""
    if request.service == "s3":
        return _s3_changes(request, account, region)
    service = SERVICES.get(request.service)
    if service is None:
        return []
    operation = _operation(request)
    if operation and (_READ_ONLY.match(operation) or operation in _DATA_PLANE):
        return []
    if not operation and _is_harmless_post(request):
        return []
    found = list(dict.fromkeys(_named(service, request, reply)))
    if not found:
        found = [(type_, EVERYTHING) for type_ in service.types]
    return [Change(account, region, type_, key) for type_, key in found]


def _operation(request: Request) -> str:
    """The operation in the JSON, CBOR and Query protocols; empty in REST."""
    if rpc := re.fullmatch(r"/service/[^/]+/operation/([A-Za-z0-9]+)", request.path):
        return rpc[1]
    target = request.headers.get("x-amz-target", "")
    if target:
        return target.rpartition(".")[2]
    return dict(_form(request)).get("Action", "")


def _form(request: Request) -> list[tuple[str, str]]:
    if not request.is_form:
        return parse_qsl(request.query)
    return parse_qsl(request.query) + parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)


_HARMLESS_POSTS = {
    "lambda": re.compile(r"/(invocations|invoke-async|response-streaming-invocations)/?$"),
    "batch": re.compile(r"^/v1/(describe|list|submitjob|canceljob|terminatejob)"),
    "es": re.compile(r"/domain-info/?$"),
}
"""REST requests that read, or work on what is inside a resource, and yet aren't GET: service to path."""


def _is_harmless_post(request: Request) -> bool:
    known = _HARMLESS_POSTS.get(request.service)
    return bool(known and known.search(request.path))


def _named(service: Service, request: Request, reply: bytes) -> Iterator[tuple[str, str]]:
    by_field = {name: type_ for type_, names in service.keys.items() for name in names}
    for field, value in _fields(request, reply):
        type_ = by_field.get(field)
        if type_ is not None and not value.startswith("arn:"):
            yield type_, value
        for pattern, arn_type in service.arns:
            if found := pattern.search(value):
                yield arn_type, found[1]


def _fields(request: Request, reply: bytes) -> Iterator[tuple[str, str]]:
    """Every text in the request and its reply with the name of its field."""
    # ``InstanceId.1`` and ``Filter.1.Value.2`` are members of lists: the name is the last word.
    yield from ((_last_word(name), value) for name, value in _form(request))
    yield from _parsed(request.body)
    yield from _parsed(reply)
    if request.service == "lambda":
        parts = [unquote(part) for part in request.path.split("/") if part]
        yield from (("FunctionName", parts[i + 1]) for i, part in enumerate(parts[:-1]) if part == "functions")
        yield from (("Resource", part) for part in parts if part.startswith("arn:"))
    elif not request.headers.get("x-amz-target"):
        yield from (("Resource", unquote(part)) for part in request.path.split("/") if part)


def _last_word(name: str) -> str:
    return next((word for word in reversed(name.split(".")) if word and not word.isdigit()), name)


def _parsed(text: bytes) -> Iterator[tuple[str, str]]:
    head = text[:1].strip()
    if head == b"{":
        try:
            yield from _leaves("", json.loads(text))
        except (ValueError, RecursionError):
            return
    elif head == b"<":
        yield from _XML_LEAF.findall(text.decode("utf-8", "replace"))


_XML_LEAF = re.compile(r"<([A-Za-z0-9]+)>([^<>]+)</\1>")


def _leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(key, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(name, inner)


def _s3_changes(request: Request, account: str, region: str) -> list[Change]:
    bucket = _bucket_request(request)
    if bucket is None:
        return []
    if bucket == "":
        return [Change(account, region, "AWS::S3::AccountPublicAccessBlock", account)]
    return [Change(account, region, "AWS::S3::Bucket", bucket)]


def _bucket_request(request: Request) -> str | None:
    """The bucket whose configuration a request is about; empty for the account's; None for an object or nothing."""
    path = unquote(request.path)
    if path.startswith("/v20180820/"):
        return _control_request(path)
    if _S3_OBJECT_QUERIES.search(request.query):
        return None
    virtual = _virtual_bucket(request.headers.get("host", ""))
    segments = [part for part in path.split("/") if part]
    if virtual:
        return virtual if not segments else None
    return segments[0] if len(segments) == 1 else None


def _control_request(path: str) -> str | None:
    if path.startswith("/v20180820/configuration/publicAccessBlock"):
        return ""
    arn = re.search(r"arn:[^:]+:s3:::([^/:]+)$", path)
    return arn[1] if arn else None


def _virtual_bucket(host: str) -> str | None:
    """``bucket.s3.<anything>`` and ``bucket.localhost``."""
    name = host.partition(":")[0].lower()
    found = re.fullmatch(r"([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\.(?:s3[.-].*|s3|localhost)", name)
    return found[1] if found and found[1] not in ("s3", "s3-control") else None
