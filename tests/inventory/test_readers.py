"""Each resource type is made through the AWS API and read back as AWS Config would have recorded it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from tests.inventory import makers, test_answers
from watchkeeper.clients import Clients
from watchkeeper.inventory import READERS, Gap, UnknownTypeError, read, read_one, read_some
from watchkeeper.inventory.registry import NATIVE
from watchkeeper.local.changes import Request, changes, worth_reading
from watchkeeper.local.readable import READABLE
from watchkeeper.local.server import Running
from watchkeeper.model import ConfigurationItem

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]})


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("index.py", "def handler(event, context):\n    return event\n")
    return buffer.getvalue()


def bucket(c: Clients) -> str:
    c("s3").create_bucket(Bucket="reader-bucket")
    c("s3").put_bucket_versioning(Bucket="reader-bucket", VersioningConfiguration={"Status": "Enabled"})
    c("s3").put_bucket_tagging(Bucket="reader-bucket", Tagging={"TagSet": [{"Key": "Owner", "Value": "me"}]})
    return "reader-bucket"


def instance(c: Clients) -> str:
    return c("ec2").run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1, InstanceType="t3.micro")["Instances"][
        0
    ]["InstanceId"]


def volume(c: Clients) -> str:
    return c("ec2").create_volume(AvailabilityZone="us-east-1a", Size=8, Encrypted=True)["VolumeId"]


def vpc(c: Clients) -> str:
    return c("ec2").create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]


def subnet(c: Clients) -> str:
    own = c("ec2").create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    return c("ec2").create_subnet(VpcId=own, CidrBlock="10.2.1.0/24")["Subnet"]["SubnetId"]


def security_group(c: Clients) -> str:
    group = c("ec2").create_security_group(GroupName="readers", Description="x", VpcId=vpc(c))["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    c("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    return group


def interface(c: Clients) -> str:
    return c("ec2").create_network_interface(SubnetId=subnet(c))["NetworkInterface"]["NetworkInterfaceId"]


def address(c: Clients) -> str:
    return c("ec2").allocate_address(Domain="vpc")["AllocationId"]


def database(c: Clients) -> str:
    made = c("rds").create_db_instance(
        DBInstanceIdentifier="reader-db",
        DBInstanceClass="db.t3.micro",
        Engine="mysql",
        MasterUsername="admin",
        MasterUserPassword="password1",
        AllocatedStorage=20,
        BackupRetentionPeriod=7,
        Tags=[{"Key": "Owner", "Value": "me"}],
    )
    return made["DBInstance"]["DbiResourceId"]


def database_cluster(c: Clients) -> str:
    made = c("rds").create_db_cluster(
        DBClusterIdentifier="reader-cluster",
        Engine="aurora-mysql",
        MasterUsername="admin",
        MasterUserPassword="password1",
    )
    return made["DBCluster"]["DbClusterResourceId"]


def database_snapshot(c: Clients) -> str:
    if not c("rds").describe_db_instances()["DBInstances"]:
        database(c)
    c("rds").create_db_snapshot(DBSnapshotIdentifier="reader-snapshot", DBInstanceIdentifier="reader-db")
    return "reader-snapshot"


def user(c: Clients) -> str:
    made = c("iam").create_user(UserName="reader-user")["User"]["UserId"]
    c("iam").put_user_policy(UserName="reader-user", PolicyName="inline", PolicyDocument=POLICY)
    return made


def role(c: Clients) -> str:
    return c("iam").create_role(RoleName="reader-role", AssumeRolePolicyDocument=TRUST)["Role"]["RoleId"]


def group(c: Clients) -> str:
    return c("iam").create_group(GroupName="reader-group")["Group"]["GroupId"]


def policy(c: Clients) -> str:
    return c("iam").create_policy(PolicyName="reader-policy", PolicyDocument=POLICY)["Policy"]["PolicyId"]


def function(c: Clients) -> str:
    arn = c("iam").create_role(RoleName="reader-function", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    c("lambda").create_function(
        FunctionName="reader-function",
        Runtime="python3.13",
        Role=arn,
        Handler="index.handler",
        Code={"ZipFile": archive()},
        Environment={"Variables": {"KeepMyCase": "1"}},
    )
    return "reader-function"


def key(c: Clients) -> str:
    made = c("kms").create_key(Tags=[{"TagKey": "Owner", "TagValue": "me"}])["KeyMetadata"]["KeyId"]
    c("kms").enable_key_rotation(KeyId=made)
    return made


def topic(c: Clients) -> str:
    return c("sns").create_topic(Name="reader-topic", Tags=[{"Key": "Owner", "Value": "me"}])["TopicArn"]


def queue(c: Clients) -> str:
    return c("sqs").create_queue(QueueName="reader-queue", tags={"Owner": "me"})["QueueUrl"]


def table(c: Clients) -> str:
    c("dynamodb").create_table(
        TableName="reader-table",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return "reader-table"


def trail(c: Clients) -> str:
    c("s3").create_bucket(Bucket="reader-trail-bucket")
    return c("cloudtrail").create_trail(Name="reader-trail", S3BucketName="reader-trail-bucket")["TrailARN"]


def alarm(c: Clients) -> str:
    c("cloudwatch").put_metric_alarm(
        AlarmName="reader-alarm",
        MetricName="Errors",
        Namespace="AWS/Lambda",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    return "reader-alarm"


def log_group(c: Clients) -> str:
    c("logs").create_log_group(logGroupName="/reader/group")
    c("logs").put_retention_policy(logGroupName="/reader/group", retentionInDays=7)
    return "/reader/group"


def repository(c: Clients) -> str:
    c("ecr").create_repository(repositoryName="reader-repository")
    return "reader-repository"


def cluster(c: Clients) -> str:
    return c("ecs").create_cluster(clusterName="reader-cluster")["cluster"]["clusterArn"]


def file_system(c: Clients) -> str:
    return c("efs").create_file_system(CreationToken="reader", Encrypted=True)["FileSystemId"]


def balancer(c: Clients) -> str:
    own = c("ec2").create_vpc(CidrBlock="10.3.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        c("ec2").create_subnet(VpcId=own, CidrBlock=f"10.3.{n}.0/24", AvailabilityZone=f"us-east-1{z}")["Subnet"][
            "SubnetId"
        ]
        for n, z in enumerate("ab")
    ]
    return c("elbv2").create_load_balancer(Name="reader-balancer", Subnets=subnets)["LoadBalancers"][0][
        "LoadBalancerArn"
    ]


def secret(c: Clients) -> str:
    return c("secretsmanager").create_secret(Name="reader-secret", SecretString="x")["ARN"]


def stack(c: Clients) -> str:
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    return c("cloudformation").create_stack(StackName="reader-stack", TemplateBody=json.dumps(template))["StackId"]


def account_block(c: Clients) -> str:
    blocked = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    c("s3control").put_public_access_block(AccountId="123456789012", PublicAccessBlockConfiguration=blocked)
    return "123456789012"


def network_acl(c: Clients) -> str:
    return c("ec2").create_network_acl(VpcId=vpc(c))["NetworkAcl"]["NetworkAclId"]


def launch_template(c: Clients) -> str:
    data = {"InstanceType": "t3.micro", "MetadataOptions": {"HttpTokens": "required"}}
    made = c("ec2").create_launch_template(LaunchTemplateName="reader-template", LaunchTemplateData=data)
    return made["LaunchTemplate"]["LaunchTemplateId"]


def vpn_connection(c: Clients) -> str:
    customer = c("ec2").create_customer_gateway(Type="ipsec.1", PublicIp="198.51.100.1", BgpAsn=65000)
    gateway = c("ec2").create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    made = c("ec2").create_vpn_connection(
        Type="ipsec.1", CustomerGatewayId=customer["CustomerGateway"]["CustomerGatewayId"], VpnGatewayId=gateway
    )
    return made["VpnConnection"]["VpnConnectionId"]


def flow_log(c: Clients) -> str:
    made = c("ec2").create_flow_logs(
        ResourceIds=[vpc(c)], ResourceType="VPC", TrafficType="ALL", LogGroupName="flows",
        DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/flows",
    )  # fmt: skip
    return made["FlowLogIds"][0]


def rest_api(c: Clients) -> str:
    id_ = c("apigateway").create_rest_api(name="reader-api", endpointConfiguration={"types": ["REGIONAL"]})["id"]
    return f"arn:aws:apigateway:us-east-1::/restapis/{id_}"


def stage(c: Clients) -> str:
    api = rest_api(c)
    id_ = api.rpartition("/")[2]
    root = c("apigateway").get_resources(restApiId=id_)["items"][0]["id"]
    c("apigateway").put_method(restApiId=id_, resourceId=root, httpMethod="GET", authorizationType="NONE")
    c("apigateway").put_integration(restApiId=id_, resourceId=root, httpMethod="GET", type="MOCK")
    deployed = c("apigateway").create_deployment(restApiId=id_)["id"]
    c("apigateway").create_stage(restApiId=id_, stageName="live", deploymentId=deployed, tracingEnabled=True)
    return f"{api}/stages/live"


def http_stage(c: Clients) -> str:
    id_ = c("apigatewayv2").create_api(Name="reader-http", ProtocolType="HTTP")["ApiId"]
    c("apigatewayv2").create_stage(
        ApiId=id_, StageName="live", DefaultRouteSettings={"DetailedMetricsEnabled": True}, Tags={"Owner": "me"}
    )
    return f"arn:aws:apigateway:us-east-1::/apis/{id_}/stages/live"


MAKERS: dict[str, tuple[Callable[[Clients], str], Callable[[ConfigurationItem], Any], Any]] = {
    # type: makes one and gives its resource id, what to look at in the item, what stands there
    "AWS::S3::Bucket": (bucket, lambda i: i.supplementary["BucketVersioningConfiguration"]["status"], "Enabled"),
    "AWS::S3::AccountPublicAccessBlock": (account_block, lambda i: i.configuration["blockPublicAcls"], True),
    "AWS::EC2::Instance": (instance, lambda i: i.configuration["instanceType"], "t3.micro"),
    "AWS::EC2::Volume": (volume, lambda i: i.configuration["encrypted"], True),
    "AWS::EC2::SecurityGroup": (
        security_group,
        lambda i: i.configuration["ipPermissions"][0]["ipRanges"],
        ["0.0.0.0/0"],
    ),
    "AWS::EC2::VPC": (vpc, lambda i: i.configuration["cidrBlock"], "10.1.0.0/16"),
    "AWS::EC2::Subnet": (subnet, lambda i: i.relationships[0].resource_type, "AWS::EC2::VPC"),
    "AWS::EC2::NetworkInterface": (interface, lambda i: i.relationships[-1].name, "Is contained in Vpc"),
    "AWS::EC2::EIP": (address, lambda i: i.configuration["domain"], "vpc"),
    "AWS::RDS::DBInstance": (database, lambda i: i.configuration["backupRetentionPeriod"], 7),
    "AWS::RDS::DBCluster": (database_cluster, lambda i: i.configuration["dbclusterIdentifier"], "reader-cluster"),
    "AWS::RDS::DBSnapshot": (database_snapshot, lambda i: i.configuration["dBInstanceIdentifier"], "reader-db"),
    "AWS::IAM::User": (user, lambda i: i.configuration["userPolicyList"][0]["policyName"], "inline"),
    "AWS::IAM::Role": (role, lambda i: i.configuration["assumeRolePolicyDocument"][:3], "%7B"),
    "AWS::IAM::Group": (group, lambda i: i.configuration["groupName"], "reader-group"),
    "AWS::IAM::Policy": (policy, lambda i: i.configuration["policyVersionList"][0]["isDefaultVersion"], True),
    "AWS::Lambda::Function": (function, lambda i: i.configuration["environment"]["variables"], {"KeepMyCase": "1"}),
    "AWS::KMS::Key": (key, lambda i: i.supplementary["KeyRotationStatus"], True),
    "AWS::SNS::Topic": (topic, lambda i: i.configuration["Owner"], "123456789012"),
    "AWS::SQS::Queue": (queue, lambda i: i.configuration["QueueName"], "reader-queue"),
    "AWS::DynamoDB::Table": (table, lambda i: "ContinuousBackupsDescription" in i.supplementary, True),
    "AWS::CloudTrail::Trail": (trail, lambda i: i.configuration["s3BucketName"], "reader-trail-bucket"),
    "AWS::CloudWatch::Alarm": (alarm, lambda i: i.configuration["metricName"], "Errors"),
    "AWS::Logs::LogGroup": (log_group, lambda i: i.configuration["RetentionInDays"], 7),
    "AWS::ECR::Repository": (repository, lambda i: i.configuration["RepositoryName"], "reader-repository"),
    "AWS::ECS::Cluster": (cluster, lambda i: i.configuration["ClusterName"], "reader-cluster"),
    "AWS::EFS::FileSystem": (file_system, lambda i: i.configuration["Encrypted"], True),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (
        balancer,
        lambda i: "LoadBalancerAttributes" in i.supplementary,
        True,
    ),
    "AWS::SecretsManager::Secret": (secret, lambda i: i.resource_name, "reader-secret"),
    "AWS::EC2::NetworkAcl": (network_acl, lambda i: i.configuration["isDefault"], False),
    "AWS::EC2::LaunchTemplate": (
        launch_template,
        lambda i: i.configuration["LaunchTemplateData"]["MetadataOptions"]["HttpTokens"],
        "required",
    ),
    "AWS::EC2::VPNConnection": (vpn_connection, lambda i: "customerGatewayConfiguration" in i.configuration, False),
    "AWS::EC2::FlowLog": (flow_log, lambda i: i.configuration["trafficType"], "ALL"),
    "AWS::ApiGateway::RestApi": (rest_api, lambda i: i.configuration["endpointConfiguration"]["types"], ["REGIONAL"]),
    "AWS::ApiGateway::Stage": (stage, lambda i: i.supplementary["Resources"][0]["path"], "/"),
    "AWS::ApiGatewayV2::Stage": (
        http_stage,
        lambda i: i.configuration["defaultRouteSettings"]["detailedMetricsEnabled"],
        True,
    ),
    "AWS::CloudFormation::Stack": (stack, lambda i: i.configuration["stackName"], "reader-stack"),
}


def test_every_reader_is_tested() -> None:
    """Here, on moto, with AWS's documented answers, or as one of the registry's types, which are all read alike."""
    assert {*MAKERS, *makers.CASES, *test_answers.CASES, "AWS::SSM::ManagedInstanceInventory"} == set(NATIVE)


@pytest.mark.parametrize("resource_type", NATIVE)
def test_the_recorder_reads_what_the_embedded_aws_has_and_nothing_else(
    resource_type: str, aws: Running, clients: Clients
) -> None:
    gaps: list[Gap] = []
    sent: list[Request] = []

    def note(request: Any, **_: Any) -> None:
        url = urlsplit(request.url)
        headers = {key.lower(): as_text(value) for key, value in request.headers.items()}
        sent.append(Request(request.method, url.path, url.query, headers, as_text(request.body or "").encode()))

    client = clients(READERS[resource_type].service)
    client.meta.events.register("before-send.*.*", note)
    list(read(clients, [resource_type], account=aws.account, region=aws.region, on_gap=gaps.append))
    client.meta.events.unregister("before-send.*.*", note)
    assert bool(gaps) is (resource_type not in READABLE)
    # Else a reading would ask for the next, and the recorder would never rest.
    assert sent
    assert not [request for request in sent if worth_reading(request) and changes(request, b"{}", "1", "us-east-1")]


def as_text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@pytest.mark.parametrize("resource_type", MAKERS)
def test_a_resource_is_read_as_config_records_it(resource_type: str, aws: Running, clients: Clients) -> None:
    make, look, expected = MAKERS[resource_type]
    gaps: list[Gap] = []
    resource_id = make(clients)
    where = {"account": aws.account, "region": aws.region, "on_gap": gaps.append}

    listed = {item.resource_id: item for item in read(clients, [resource_type], **where)}
    assert gaps == []
    item = listed[resource_id]
    assert look(item) == expected
    assert (item.resource_type, item.account_id, item.region) == (resource_type, aws.account, aws.region)
    assert json.loads(json.dumps(item.configuration)) == item.configuration
    assert json.loads(json.dumps(item.supplementary)) == item.supplementary

    again = read_some(clients, resource_type, [READERS[resource_type].key(item)], **where)
    assert [i.resource_id for i in again] == [resource_id]
    assert again[0].configuration == item.configuration
    one = read_one(clients, resource_type, resource_id, **where)
    assert one is not None
    assert one.tags == item.tags
    assert gaps == []


@pytest.mark.parametrize("resource_type", [t for t in MAKERS if t != "AWS::S3::AccountPublicAccessBlock"])
def test_what_is_not_there_is_not_there(resource_type: str, aws: Running, clients: Clients) -> None:
    gaps: list[Gap] = []
    absent = {
        "AWS::SNS::Topic": f"arn:aws:sns:{aws.region}:{aws.account}:absent",
        "AWS::SQS::Queue": f"{aws.endpoint}/{aws.account}/absent",
        "AWS::EFS::FileSystem": "fs-0123456789abcdef0",
        "AWS::KMS::Key": "12345678-1234-1234-1234-123456789012",
        "AWS::ElasticLoadBalancingV2::LoadBalancer": (
            f"arn:aws:elasticloadbalancing:{aws.region}:{aws.account}:loadbalancer/app/absent/0123456789abcdef"
        ),
    }.get(resource_type, "absent-one")
    where = {"account": aws.account, "region": aws.region, "on_gap": gaps.append}
    assert read_some(clients, resource_type, [absent], **where) == []
    assert gaps == []


def test_only_what_is_asked_for_costs_calls(aws: Running, clients: Clients, calls: list[str]) -> None:
    for number in range(5):
        clients("s3").create_bucket(Bucket=f"call-count-{number}")
    calls.clear()
    aspects = {"AWS::S3::Bucket": {"ServerSideEncryptionConfiguration"}}
    types = ["AWS::S3::Bucket", "AWS::EC2::Instance", "AWS::RDS::DBInstance"]
    found = list(read(clients, types, account=aws.account, region=aws.region, aspects=aspects, on_gap=pytest.fail))
    buckets = [item for item in found if item.resource_type == "AWS::S3::Bucket"]
    assert len(calls) == 3 + len(buckets)
    assert all(set(item.supplementary) == {"ServerSideEncryptionConfiguration"} for item in buckets)


def test_a_denied_call_is_a_gap_and_not_an_absence(aws: Running, clients: Clients, session: Any) -> None:
    clients("s3").create_bucket(Bucket="gap-bucket")
    clients("iam").create_user(UserName="half-blind")
    allowed = {"Effect": "Allow", "Action": ["s3:ListAllMyBuckets", "s3:GetBucketVersioning"], "Resource": "*"}
    clients("iam").put_user_policy(
        UserName="half-blind",
        PolicyName="some",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
    )
    pair = clients("iam").create_access_key(UserName="half-blind")["AccessKey"]
    blind = Clients(
        session,
        aws.region,
        aws.endpoint,
        aws_access_key_id=pair["AccessKeyId"],
        aws_secret_access_key=pair["SecretAccessKey"],
    )
    gaps: list[Gap] = []
    where = {"account": aws.account, "region": aws.region, "on_gap": gaps.append}
    versioning = {"AWS::S3::Bucket": {"BucketVersioningConfiguration"}}
    assert {i.resource_id for i in read(blind, ["AWS::S3::Bucket"], aspects=versioning, **where)} >= {"gap-bucket"}
    assert gaps == []

    assert list(read(blind, ["AWS::S3::Bucket", "AWS::EC2::Instance"], **where)) == []
    assert {(gap.resource_type, gap.operation) for gap in gaps} == {
        ("AWS::S3::Bucket", "s3:GetBucketAcl"),
        ("AWS::EC2::Instance", "ec2:DescribeInstances"),
    }
    assert "gap-bucket" in {gap.resource_id for gap in gaps}


def test_an_unknown_type_is_named(aws: Running, clients: Clients) -> None:
    with pytest.raises(UnknownTypeError, match="AWS::Nothing::AtAll"):
        list(read(clients, ["AWS::Nothing::AtAll"], region=aws.region, on_gap=pytest.fail))


def test_many_resources_arrive_once_each(aws: Running, clients: Clients) -> None:
    for number in range(60):
        clients("s3").create_bucket(Bucket=f"many-{number:03d}")
    types = ["AWS::S3::Bucket", "AWS::EC2::VPC", "AWS::EC2::Subnet"]
    found = list(
        read(clients, types, account=aws.account, region=aws.region, on_gap=pytest.fail, aspects={types[0]: ()})
    )
    ids = [item.key for item in found]
    assert len(ids) == len(set(ids))
    assert sum(item.resource_id.startswith("many-") for item in found) == 60


def test_a_reading_can_be_left_early(aws: Running, clients: Clients) -> None:
    reading = read(clients, account=aws.account, region=aws.region, on_gap=lambda _gap: None)
    assert next(reading).account_id == aws.account
    reading.close()  # type: ignore[attr-defined]


def test_the_client_refuses_what_aws_refuses(clients: Clients) -> None:
    with pytest.raises(ClientError):
        clients("s3").head_bucket(Bucket="nobody-has-this-bucket")
