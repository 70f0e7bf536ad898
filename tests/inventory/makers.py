"""Makes resources through AWS's API, two of each type: one that a rule finds compliant and one that it doesn't.

They run against moto, in this process, which checks nothing that botocore doesn't; what the embedded AWS has is made
there (``test_readers.py``)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from watchkeeper.clients import Clients

KEY = "arn:aws:kms:us-east-1:123456789012:key/12345678-1234-1234-1234-123456789012"
ROLE = "arn:aws:iam::123456789012:role/work"
TAGGED = [{"Key": "Owner", "Value": "me"}]


def subnets(c: Clients) -> tuple[str, list[str]]:
    """A VPC with two subnets in two zones."""
    ec2 = c("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    made = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{n}.0/24", AvailabilityZone=f"us-east-1{zone}")
        for n, zone in enumerate("ab")
    ]
    return vpc, [answer["Subnet"]["SubnetId"] for answer in made]


def certificate(days: int) -> dict[str, bytes]:
    """A self-signed certificate that runs out after some days."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"for-{days}.example.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    return {"Certificate": made.public_bytes(pem), "PrivateKey": private}


def redshift_clusters(c: Clients) -> tuple[str, str]:
    for name, encrypted in (("good", True), ("bad", False)):
        c("redshift").create_cluster(
            ClusterIdentifier=name,
            NodeType="dc2.large",
            MasterUsername="keeper",
            MasterUserPassword="Password1",
            Encrypted=encrypted,
            KmsKeyId=KEY,
            PubliclyAccessible=not encrypted,
            ClusterType="single-node",
        )
    return "good", "bad"


def parameter_groups(c: Clients) -> tuple[str, str]:
    for name, tags in (("good", TAGGED), ("bad", [])):
        c("redshift").create_cluster_parameter_group(
            ParameterGroupName=name, ParameterGroupFamily="redshift-1.0", Description="x", Tags=tags
        )
    return "good", "bad"


def redshift_subnet_groups(c: Clients) -> tuple[str, str]:
    _, ids = subnets(c)
    for name, tags in (("good", TAGGED), ("bad", [])):
        c("redshift").create_cluster_subnet_group(
            ClusterSubnetGroupName=name, Description="x", SubnetIds=ids, Tags=tags
        )
    return "good", "bad"


def redshift_security_groups(c: Clients) -> tuple[str, str]:
    for name, tags in (("good", TAGGED), ("bad", [])):
        c("redshift").create_cluster_security_group(ClusterSecurityGroupName=name, Description="x", Tags=tags)
    return "good", "bad"


def redshift_snapshots(c: Clients) -> tuple[str, str]:
    redshift_clusters(c)
    for name, tags in (("good", TAGGED), ("bad", [])):
        c("redshift").create_cluster_snapshot(SnapshotIdentifier=name, ClusterIdentifier="good", Tags=tags)
    return "good", "bad"


def classic_balancers(c: Clients) -> tuple[str, str]:
    listener = {"LoadBalancerPort": 80, "InstancePort": 80, "Protocol": "HTTP"}
    for name in ("good", "bad"):
        c("elb").create_load_balancer(LoadBalancerName=name, Listeners=[listener], AvailabilityZones=["us-east-1a"])
    c("elb").modify_load_balancer_attributes(
        LoadBalancerName="good", LoadBalancerAttributes={"CrossZoneLoadBalancing": {"Enabled": True}}
    )
    return "good", "bad"


def balancers(c: Clients) -> tuple[str, str]:
    _, ids = subnets(c)
    good, bad = (
        c("elbv2").create_load_balancer(Name=name, Subnets=ids)["LoadBalancers"][0]["LoadBalancerArn"]
        for name in ("good", "bad")
    )
    c("elbv2").modify_load_balancer_attributes(
        LoadBalancerArn=good, Attributes=[{"Key": "deletion_protection.enabled", "Value": "true"}]
    )
    return good, bad


def guarded_balancers(c: Clients) -> tuple[str, str]:
    good, bad = balancers(c)
    shown = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "x"}
    acl = c("wafv2").create_web_acl(
        Name="acl", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=shown, Rules=[]
    )["Summary"]["ARN"]
    c("wafv2").associate_web_acl(WebACLArn=acl, ResourceArn=good)
    return good, bad


def listeners(c: Clients) -> tuple[str, str]:
    balancer, _ = balancers(c)
    moved = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "StatusCode": "HTTP_301"}}
    issued = c("acm").import_certificate(**certificate(100))["CertificateArn"]
    good = c("elbv2").create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": issued}],
        DefaultActions=[moved],
    )
    bad = c("elbv2").create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[moved])
    return good["Listeners"][0]["ListenerArn"], bad["Listeners"][0]["ListenerArn"]


def launch_configurations(c: Clients) -> tuple[str, str]:
    for name, public in (("good", False), ("bad", True)):
        c("autoscaling").create_launch_configuration(
            LaunchConfigurationName=name,
            ImageId="ami-12345678",
            InstanceType="t3.micro",
            AssociatePublicIpAddress=public,
        )
    found = c("autoscaling").describe_launch_configurations()["LaunchConfigurations"]
    arns = {one["LaunchConfigurationName"]: one["LaunchConfigurationARN"] for one in found}
    return arns["good"], arns["bad"]


def groups(c: Clients) -> tuple[str, str]:
    launch_configurations(c)
    for name, zones in (("good", ["us-east-1a", "us-east-1b"]), ("bad", ["us-east-1a"])):
        c("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName=name,
            LaunchConfigurationName="good",
            MinSize=0,
            MaxSize=1,
            AvailabilityZones=zones,
            Tags=[{"Key": "Owner", "Value": "me", "PropagateAtLaunch": True}],
        )
    found = c("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    arns = {one["AutoScalingGroupName"]: one["AutoScalingGroupARN"] for one in found}
    return arns["good"], arns["bad"]


def tasks(c: Clients) -> tuple[str, str]:
    def task(family: str, privileged: bool) -> str:
        container = {"name": "web", "image": "web", "memory": 128, "privileged": privileged}
        made = c("ecs").register_task_definition(family=family, containerDefinitions=[container])
        return str(made["taskDefinition"]["taskDefinitionArn"])

    task("good", True)  # an older revision, which nobody evaluates
    return task("good", False), task("bad", True)


def eks_clusters(c: Clients) -> tuple[str, str]:
    _, ids = subnets(c)
    for name, public in (("good", False), ("bad", True)):
        c("eks").create_cluster(
            name=name,
            roleArn=ROLE,
            resourcesVpcConfig={"subnetIds": ids, "endpointPublicAccess": public, "endpointPrivateAccess": True},
            logging={"clusterLogging": [{"types": ["api"], "enabled": not public}]},
        )
    return "good", "bad"


def domains(c: Clients) -> tuple[str, str]:
    for name, on in (("good-one", True), ("bad-one", False)):
        c("opensearch").create_domain(
            DomainName=name,
            EngineVersion="OpenSearch_2.11",
            EncryptionAtRestOptions={"Enabled": on},
            NodeToNodeEncryptionOptions={"Enabled": on},
        )
    return "good-one", "bad-one"


def old_domains(c: Clients) -> tuple[str, str]:
    for name, on in (("good-one", True), ("bad-one", False)):
        c("es").create_elasticsearch_domain(
            DomainName=name, ElasticsearchVersion="7.10", EncryptionAtRestOptions={"Enabled": on}
        )
    return "123456789012/good-one", "123456789012/bad-one"


def projects(c: Clients) -> tuple[str, str]:
    def project(name: str, privileged: bool) -> str:
        made = c("codebuild").create_project(
            name=name,
            source={"type": "S3", "location": "bucket/path"},
            artifacts={"type": "NO_ARTIFACTS"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "x",
                "computeType": "BUILD_GENERAL1_SMALL",
                "privilegedMode": privileged,
            },
            serviceRole=ROLE,
        )
        return str(made["project"]["arn"])

    return project("good", False), project("bad", True)


def cluster_snapshots(c: Clients) -> tuple[str, str]:
    for name, encrypted in (("good", True), ("bad", False)):
        c("rds").create_db_cluster(
            DBClusterIdentifier=f"of-{name}",
            Engine="aurora-mysql",
            MasterUsername="keeper",
            MasterUserPassword="password1",
            StorageEncrypted=encrypted,
        )
        c("rds").create_db_cluster_snapshot(
            DBClusterSnapshotIdentifier=name, DBClusterIdentifier=f"of-{name}", Tags=TAGGED
        )
    c("rds").modify_db_cluster_snapshot_attribute(
        DBClusterSnapshotIdentifier="bad", AttributeName="restore", ValuesToAdd=["all"]
    )
    return "good", "bad"


def global_clusters(c: Clients) -> tuple[str, str]:
    for name, on in (("good", True), ("bad", False)):
        c("rds").create_global_cluster(
            GlobalClusterIdentifier=name, Engine="aurora-mysql", StorageEncrypted=on, DeletionProtection=on
        )
    return "good", "bad"


def db_security_groups(c: Clients) -> tuple[str, str]:
    for name in ("default", "bad"):
        c("rds").create_db_security_group(DBSecurityGroupName=name, DBSecurityGroupDescription="x")
    return "default", "bad"


def db_subnet_groups(c: Clients) -> tuple[str, str]:
    _, ids = subnets(c)
    for name, tags in (("good", TAGGED), ("bad", [])):
        c("rds").create_db_subnet_group(DBSubnetGroupName=name, DBSubnetGroupDescription="x", SubnetIds=ids, Tags=tags)
    return "good", "bad"


def event_subscriptions(c: Clients) -> tuple[str, str]:
    for name, tags in (("good", TAGGED), ("bad", [])):
        c("rds").create_event_subscription(
            SubscriptionName=name, SnsTopicArn="arn:aws:sns:us-east-1:123456789012:t", Tags=tags
        )
    return "good", "bad"


def certificates(c: Clients) -> tuple[str, str]:
    good, bad = (c("acm").import_certificate(**certificate(days))["CertificateArn"] for days in (100, 3))
    return good, bad


def distributions(c: Clients) -> tuple[str, str]:
    def distribution(root: str) -> str:
        config = {
            "CallerReference": root or "none",
            "Comment": "",
            "Enabled": True,
            "DefaultRootObject": root,
            "Origins": {
                "Quantity": 1,
                "Items": [
                    {
                        "Id": "o",
                        "DomainName": "site.s3.eu-central-1.amazonaws.com",
                        "S3OriginConfig": {"OriginAccessIdentity": ""},
                    }
                ],
            },
            "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only"},
        }
        return str(c("cloudfront").create_distribution(DistributionConfig=config)["Distribution"]["Id"])

    return distribution("index.html"), distribution("")


def replication_instances(c: Clients) -> tuple[str, str]:
    def instance(name: str, public: bool) -> str:
        made = c("dms").create_replication_instance(
            ReplicationInstanceIdentifier=name, ReplicationInstanceClass="dms.t3.micro", PubliclyAccessible=public
        )
        return str(made["ReplicationInstance"]["ReplicationInstanceArn"])

    return instance("good", False), instance("bad", True)


def templates(c: Clients) -> tuple[str, str]:
    def template(name: str, tokens: str) -> str:
        data = {"ImageId": "ami-12345678", "InstanceType": "t3.micro", "MetadataOptions": {"HttpTokens": tokens}}
        made = c("ec2").create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
        return str(made["LaunchTemplate"]["LaunchTemplateId"])

    return template("good", "required"), template("bad", "optional")


def network_acls(c: Clients) -> tuple[str, str]:
    vpc, _ = subnets(c)
    good, bad = (c("ec2").create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"] for _ in range(2))
    for acl, cidr in ((good, "10.0.0.0/8"), (bad, "0.0.0.0/0")):
        c("ec2").create_network_acl_entry(
            NetworkAclId=acl,
            RuleNumber=100,
            Protocol="6",
            RuleAction="allow",
            Egress=False,
            CidrBlock=cidr,
            PortRange={"From": 22, "To": 22},
        )
    return good, bad


def route_tables(c: Clients) -> tuple[str, str]:
    vpc, _ = subnets(c)
    gateway = c("ec2").create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    c("ec2").attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    good, bad = (c("ec2").create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2))
    c("ec2").create_route(RouteTableId=bad, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    return good, bad


def internet_gateways(c: Clients) -> tuple[str, str]:
    good, bad = (c("ec2").create_internet_gateway()["InternetGateway"]["InternetGatewayId"] for _ in range(2))
    vpc, _ = subnets(c)
    c("ec2").attach_internet_gateway(InternetGatewayId=bad, VpcId=vpc)
    return good, bad


def tagged_ec2(kind: str, create: Callable[[Any, list[dict[str, Any]]], str]) -> Callable[[Clients], tuple[str, str]]:
    """Two of what EC2 tags at creation, one of them with tags."""

    def make(c: Clients) -> tuple[str, str]:
        named = [{"ResourceType": kind, "Tags": TAGGED}]
        return create(c, named), create(c, [])

    return make


def _customer_gateway(c: Clients, tags: list[dict[str, Any]]) -> str:
    made = c("ec2").create_customer_gateway(
        Type="ipsec.1", PublicIp="198.51.100.1", BgpAsn=65000, TagSpecifications=tags
    )
    return str(made["CustomerGateway"]["CustomerGatewayId"])


def _vpn_gateway(c: Clients, tags: list[dict[str, Any]]) -> str:
    return str(c("ec2").create_vpn_gateway(Type="ipsec.1", TagSpecifications=tags)["VpnGateway"]["VpnGatewayId"])


def _vpn_connection(c: Clients, tags: list[dict[str, Any]]) -> str:
    made = c("ec2").create_vpn_connection(
        Type="ipsec.1",
        CustomerGatewayId=_customer_gateway(c, []),
        VpnGatewayId=_vpn_gateway(c, []),
        TagSpecifications=tags,
    )
    return str(made["VpnConnection"]["VpnConnectionId"])


def _carrier_gateway(c: Clients, tags: list[dict[str, Any]]) -> str:
    vpc, _ = subnets(c)
    return str(c("ec2").create_carrier_gateway(VpcId=vpc, TagSpecifications=tags)["CarrierGateway"]["CarrierGatewayId"])


def _dhcp_options(c: Clients, tags: list[dict[str, Any]]) -> str:
    made = c("ec2").create_dhcp_options(
        DhcpConfigurations=[
            {"Key": "domain-name", "Values": ["example.com"]},
            {"Key": "domain-name-servers", "Values": ["10.0.0.2"]},
        ]
    )
    id_ = str(made["DhcpOptions"]["DhcpOptionsId"])
    for tag in tags:
        c("ec2").create_tags(Resources=[id_], Tags=tag["Tags"])
    return id_


def _prefix_list(c: Clients, tags: list[dict[str, Any]]) -> str:
    made = c("ec2").create_managed_prefix_list(
        PrefixListName="mine", MaxEntries=1, AddressFamily="IPv4", TagSpecifications=tags
    )
    return str(made["PrefixList"]["PrefixListId"])


def _fleet(c: Clients, tags: list[dict[str, Any]]) -> str:
    templates_here = c("ec2").describe_launch_templates()["LaunchTemplates"]
    template = templates_here[0]["LaunchTemplateId"] if templates_here else templates(c)[0]
    made = c("ec2").create_fleet(
        LaunchTemplateConfigs=[
            {"LaunchTemplateSpecification": {"LaunchTemplateId": template, "Version": "1"}, "Overrides": []}
        ],
        TargetCapacitySpecification={"TotalTargetCapacity": 0, "DefaultTargetCapacityType": "on-demand"},
        Type="maintain",
        TagSpecifications=tags,
    )
    return str(made["FleetId"])


def transit_gateways(c: Clients) -> tuple[str, str]:
    good, bad = (
        c("ec2").create_transit_gateway(Options={"AutoAcceptSharedAttachments": accept})["TransitGateway"]
        for accept in ("disable", "enable")
    )
    return good["TransitGatewayId"], bad["TransitGatewayId"]


def access_points(c: Clients) -> tuple[str, str]:
    system = c("efs").create_file_system(CreationToken="x")["FileSystemId"]
    good, bad = (
        c("efs").create_access_point(ClientToken=name, FileSystemId=system, **more)["AccessPointId"]
        for name, more in (("good", {"PosixUser": {"Uid": 1000, "Gid": 1000}}), ("bad", {}))
    )
    return good, bad


def replication_groups(c: Clients) -> tuple[str, str]:
    for name, on in (("good", True), ("bad", False)):
        c("elasticache").create_replication_group(
            ReplicationGroupId=name,
            ReplicationGroupDescription="x",
            AtRestEncryptionEnabled=on,
            TransitEncryptionEnabled=on,
            AutomaticFailoverEnabled=on,
        )
    return "good", "bad"


def compute_environments(c: Clients) -> tuple[str, str]:
    c("iam").create_role(RoleName="work", AssumeRolePolicyDocument="{}")
    good, bad = (
        c("batch").create_compute_environment(
            computeEnvironmentName=name, type="UNMANAGED", state="ENABLED", serviceRole=ROLE, tags=tags
        )["computeEnvironmentArn"]
        for name, tags in (("good", {"Owner": "me"}), ("bad", {}))
    )
    return good, bad


def job_queues(c: Clients) -> tuple[str, str]:
    environment, _ = compute_environments(c)
    good, bad = (
        c("batch").create_job_queue(
            jobQueueName=name,
            state="ENABLED",
            priority=1,
            computeEnvironmentOrder=[{"order": 1, "computeEnvironment": environment}],
            tags=tags,
        )["jobQueueArn"]
        for name, tags in (("good", {"Owner": "me"}), ("bad", {}))
    )
    return good, bad


def scheduling_policies(c: Clients) -> tuple[str, str]:
    good, bad = (
        c("batch").create_scheduling_policy(name=name, tags=tags)["arn"]
        for name, tags in (("good", {"Owner": "me"}), ("bad", {}))
    )
    return good, bad


def streams(c: Clients) -> tuple[str, str]:
    for name in ("good", "bad"):
        c("kinesis").create_stream(StreamName=name, ShardCount=1)
    c("kinesis").start_stream_encryption(StreamName="good", EncryptionType="KMS", KeyId=KEY)
    return "good", "bad"


def firewalls(c: Clients) -> tuple[str, str]:
    good, bad = (
        c("network-firewall").create_firewall(
            FirewallName=name,
            FirewallPolicyArn="arn:aws:network-firewall:us-east-1:123456789012:firewall-policy/p",
            VpcId="vpc-12345678",
            SubnetMappings=[{"SubnetId": "subnet-12345678"}],
            DeleteProtection=on,
        )["Firewall"]["FirewallArn"]
        for name, on in (("good", True), ("bad", False))
    )
    return good, bad


def notebooks(c: Clients) -> tuple[str, str]:
    good, bad = (
        c("sagemaker").create_notebook_instance(
            NotebookInstanceName=name, InstanceType="ml.t3.medium", RoleArn=ROLE, RootAccess=access
        )["NotebookInstanceArn"]
        for name, access in (("good", "Disabled"), ("bad", "Enabled"))
    )
    return good, bad


def documents(c: Clients) -> tuple[str, str]:
    content = {"schemaVersion": "2.2", "description": "x", "mainSteps": []}
    for name, tags in (("good", TAGGED), ("bad", [])):
        c("ssm").create_document(Name=name, Content=json.dumps(content), DocumentType="Command", Tags=tags)
    return "good", "bad"


def broker_clusters(c: Clients) -> tuple[str, str]:
    provisioned = {
        "BrokerNodeGroupInfo": {"InstanceType": "kafka.m5.large", "ClientSubnets": ["subnet-1", "subnet-2"]},
        "KafkaVersion": "3.5.1",
        "NumberOfBrokerNodes": 2,
    }
    good, bad = (
        c("kafka").create_cluster_v2(ClusterName=name, Provisioned=provisioned, Tags=tags)["ClusterArn"]
        for name, tags in (("good", {"Owner": "me"}), ("bad", {}))
    )
    return good, bad


def state_machines(c: Clients) -> tuple[str, str]:
    definition = {"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}
    good, bad = (
        c("stepfunctions").create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE, tags=tags)[
            "stateMachineArn"
        ]
        for name, tags in (("good", [{"key": "Owner", "value": "me"}]), ("bad", []))
    )
    return good, bad


@dataclass(frozen=True)
class Case:
    """A type made twice, and the rule that tells the two apart."""

    make: Callable[[Clients], tuple[str, str]]
    """Gives the resource ids: compliant, not compliant."""
    rule: str
    look: Callable[[Any], Any]
    """Something in the good one's item …"""
    shows: Any
    """… and what stands there."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    by_key: bool = True
    """Off where moto lacks the filter for ids that EC2 documents: ``test_readers.py`` reads those by key."""
    without: frozenset[str] = frozenset()
    """Aspects whose call moto lacks: ``test_answers.py`` has AWS's documented answers of those."""


OWNER = {"tag1Key": "Owner"}
CASES: dict[str, Case] = {
    "AWS::ACM::Certificate": Case(
        certificates, "ACM_CERTIFICATE_EXPIRATION_CHECK", lambda i: i.configuration["type"], "IMPORTED",
        {"daysToExpiration": 14},
    ),
    "AWS::AutoScaling::AutoScalingGroup": Case(
        groups, "AUTOSCALING_MULTIPLE_AZ", lambda i: i.tags, {"Owner": "me"}, {"minAvailabilityZones": 2}
    ),
    "AWS::AutoScaling::LaunchConfiguration": Case(
        launch_configurations, "AUTOSCALING_LAUNCH_CONFIG_PUBLIC_IP_DISABLED",
        lambda i: i.configuration["imageId"], "ami-12345678",
    ),
    "AWS::Batch::ComputeEnvironment": Case(
        compute_environments, "BATCH_COMPUTE_ENVIRONMENT_TAGGED", lambda i: i.configuration["Type"], "UNMANAGED"
    ),
    "AWS::Batch::JobQueue": Case(
        job_queues, "BATCH_JOB_QUEUE_TAGGED", lambda i: i.configuration["ComputeEnvironmentOrder"][0]["Order"], 1
    ),
    "AWS::Batch::SchedulingPolicy": Case(
        scheduling_policies, "BATCH_SCHEDULING_POLICY_TAGGED", lambda i: i.configuration["Name"], "good"
    ),
    "AWS::CloudFront::Distribution": Case(
        distributions, "CLOUDFRONT_DEFAULT_ROOT_OBJECT_CONFIGURED",
        lambda i: i.configuration["distributionConfig"]["defaultCacheBehavior"]["viewerProtocolPolicy"], "https-only",
    ),
    "AWS::CodeBuild::Project": Case(
        projects, "CODEBUILD_PROJECT_ENVIRONMENT_PRIVILEGED_CHECK",
        lambda i: i.configuration["source"][0]["type"], "S3",
    ),
    "AWS::DMS::ReplicationInstance": Case(
        replication_instances, "DMS_REPLICATION_NOT_PUBLIC",
        lambda i: i.configuration["ReplicationInstanceClass"], "dms.t3.micro",
    ),
    "AWS::EC2::CarrierGateway": Case(
        tagged_ec2("carrier-gateway", _carrier_gateway), "EC2_CARRIER_GATEWAY_TAGGED",
        lambda i: i.configuration["CarrierGatewayId"] == i.resource_id, True,
    ),
    "AWS::EC2::CustomerGateway": Case(
        tagged_ec2("customer-gateway", _customer_gateway), "REQUIRED_TAGS",
        lambda i: i.configuration["bgpAsn"], "65000", OWNER,
    ),
    "AWS::EC2::DHCPOptions": Case(
        tagged_ec2("dhcp-options", _dhcp_options), "EC2_DHCP_OPTIONS_TAGGED",
        lambda i: (i.configuration["DomainName"], i.configuration["DomainNameServers"]), ("example.com", ["10.0.0.2"]),
    ),
    "AWS::EC2::EC2Fleet": Case(
        tagged_ec2("fleet", _fleet), "EC2_FLEET_TAGGED", lambda i: i.configuration["Type"], "maintain"
    ),
    "AWS::EC2::InternetGateway": Case(
        internet_gateways, "INTERNET_GATEWAY_AUTHORIZED_VPC_ONLY", lambda i: i.configuration["attachments"], [],
        {"AuthorizedVpcIds": "vpc-00000000"},
    ),
    "AWS::EC2::LaunchTemplate": Case(
        templates, "EC2_LAUNCH_TEMPLATE_IMDSV2_CHECK", lambda i: i.configuration["DefaultVersionNumber"], "1",
        by_key=False,
    ),
    "AWS::EC2::NetworkAcl": Case(
        network_acls, "NACL_NO_UNRESTRICTED_SSH_RDP", lambda i: i.relationships[-1].name, "Is contained in Vpc",
        by_key=False,
    ),
    "AWS::EC2::PrefixList": Case(
        tagged_ec2("prefix-list", _prefix_list), "EC2_PREFIX_LIST_TAGGED",
        lambda i: i.configuration["AddressFamily"], "IPv4",
    ),
    "AWS::EC2::RouteTable": Case(
        route_tables, "NO_UNRESTRICTED_ROUTE_TO_IGW", lambda i: i.configuration["routes"][0]["gatewayId"], "local"
    ),
    "AWS::EC2::TransitGateway": Case(
        transit_gateways, "EC2_TRANSIT_GATEWAY_AUTO_VPC_ATTACH_DISABLED",
        lambda i: i.configuration["Id"] == i.resource_id, True,
    ),
    "AWS::EC2::VPNConnection": Case(
        tagged_ec2("vpn-connection", _vpn_connection), "EC2_VPN_CONNECTION_TAGGED",
        lambda i: "customerGatewayConfiguration" in i.configuration, False,
        by_key=False,
    ),
    "AWS::EC2::VPNGateway": Case(
        tagged_ec2("vpn-gateway", _vpn_gateway), "REQUIRED_TAGS", lambda i: i.configuration["type"], "ipsec.1", OWNER
    ),
    "AWS::ECS::TaskDefinition": Case(
        tasks, "ECS_CONTAINERS_NONPRIVILEGED", lambda i: i.resource_name, "good:2"
    ),
    "AWS::EFS::AccessPoint": Case(
        access_points, "EFS_ACCESS_POINT_ENFORCE_USER_IDENTITY", lambda i: i.configuration["PosixUser"]["Uid"], 1000
    ),
    "AWS::EKS::Cluster": Case(
        eks_clusters, "EKS_ENDPOINT_NO_PUBLIC_ACCESS",
        lambda i: i.configuration["Logging"]["ClusterLogging"]["EnabledTypes"], [{"Type": "api"}],
    ),
    "AWS::ElastiCache::ReplicationGroup": Case(
        replication_groups, "ELASTICACHE_REPL_GRP_ENCRYPTED_AT_REST",
        lambda i: i.configuration["AutomaticFailoverEnabled"], True,
    ),
    "AWS::ElasticLoadBalancing::LoadBalancer": Case(
        classic_balancers, "ELB_CROSS_ZONE_LOAD_BALANCING_ENABLED",
        lambda i: i.configuration["listenerDescriptions"][0]["listener"]["protocol"], "HTTP",
    ),
    "AWS::ElasticLoadBalancingV2::Listener": Case(
        listeners, "ELBV2_LISTENER_ENCRYPTION_IN_TRANSIT", lambda i: i.configuration["Port"], 443
    ),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": Case(
        guarded_balancers, "ALB_WAF_ENABLED", lambda i: "/webacl/" in i.supplementary["WebACL"], True
    ),
    "AWS::Elasticsearch::Domain": Case(
        old_domains, "ELASTICSEARCH_ENCRYPTED_AT_REST", lambda i: "ebsoptions" in i.configuration, True
    ),
    "AWS::Kinesis::Stream": Case(
        streams, "KINESIS_STREAM_ENCRYPTED", lambda i: i.configuration["RetentionPeriodHours"], 24,
        without=frozenset({"tags"}),
    ),
    "AWS::MSK::Cluster": Case(
        broker_clusters, "MSK_CLUSTER_TAGGED", lambda i: i.configuration["NumberOfBrokerNodes"], 2
    ),
    "AWS::NetworkFirewall::Firewall": Case(
        firewalls, "NETFW_DELETION_PROTECTION_ENABLED",
        lambda i: i.configuration["firewall"]["subnetMappings"][0]["subnetId"], "subnet-12345678",
    ),
    "AWS::OpenSearch::Domain": Case(
        domains, "OPENSEARCH_ENCRYPTED_AT_REST", lambda i: i.configuration["EngineVersion"], "OpenSearch_2.11"
    ),
    "AWS::RDS::DBClusterSnapshot": Case(
        cluster_snapshots, "RDS_SNAPSHOTS_PUBLIC_PROHIBITED",
        lambda i: i.configuration["dbclusterIdentifier"], "of-good",
    ),
    "AWS::RDS::DBSecurityGroup": Case(
        db_security_groups, "RDS_DB_SECURITY_GROUP_NOT_ALLOWED",
        lambda i: i.configuration["dBSecurityGroupName"], "default",
    ),
    "AWS::RDS::DBSubnetGroup": Case(
        db_subnet_groups, "REQUIRED_TAGS", lambda i: i.configuration["dBSubnetGroupName"], "good", OWNER
    ),
    "AWS::RDS::EventSubscription": Case(
        event_subscriptions, "RDS_EVENT_SUBSCRIPTION_TAGGED", lambda i: i.configuration["custSubscriptionId"], "good"
    ),
    "AWS::RDS::GlobalCluster": Case(
        global_clusters, "AURORA_GLOBAL_DATABASE_DELETION_PROTECTION_ENABLED",
        lambda i: i.configuration["GlobalClusterIdentifier"], "good",
    ),
    "AWS::Redshift::Cluster": Case(
        redshift_clusters, "REDSHIFT_CLUSTER_PUBLIC_ACCESS_CHECK", lambda i: i.configuration["nodeType"], "dc2.large"
    ),
    "AWS::Redshift::ClusterParameterGroup": Case(
        parameter_groups, "REDSHIFT_CLUSTER_PARAMETER_GROUP_TAGGED",
        lambda i: i.configuration["parameterGroupName"], "good",
    ),
    "AWS::Redshift::ClusterSecurityGroup": Case(
        redshift_security_groups, "REQUIRED_TAGS", lambda i: i.configuration["clusterSecurityGroupName"], "good", OWNER
    ),
    "AWS::Redshift::ClusterSnapshot": Case(
        redshift_snapshots, "REQUIRED_TAGS", lambda i: i.configuration["clusterIdentifier"], "good", OWNER
    ),
    "AWS::Redshift::ClusterSubnetGroup": Case(
        redshift_subnet_groups, "REQUIRED_TAGS", lambda i: i.configuration["clusterSubnetGroupName"], "good", OWNER
    ),
    "AWS::SSM::Document": Case(documents, "SSM_DOCUMENT_TAGGED", lambda i: i.configuration["DocumentType"], "Command"),
    "AWS::SageMaker::NotebookInstance": Case(
        notebooks, "SAGEMAKER_NOTEBOOK_INSTANCE_ROOT_ACCESS_CHECK",
        lambda i: i.configuration["InstanceType"], "ml.t3.medium",
    ),
    "AWS::StepFunctions::StateMachine": Case(
        state_machines, "STEPFUNCTIONS_STATE_MACHINE_TAGGED", lambda i: i.configuration["StateMachineType"], "STANDARD"
    ),
}  # fmt: skip
