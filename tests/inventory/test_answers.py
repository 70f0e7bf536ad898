"""Types that only AWS has: read from its documented answers, and judged both ways."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.inventory.support import Answer, Edge
from tests.inventory.test_types import WHERE, judged
from watchkeeper.inventory import READERS, Gap, read, read_some
from watchkeeper.model import ComplianceType

TAGS = [{"Key": "Owner", "Value": "me"}]
NOW = datetime.now(UTC)
ARN = "arn:aws:ec2:us-east-1:123456789012:"


def both(operation: str, result: str, id_: str, good: Mapping[str, Any], bad: Mapping[str, Any]) -> dict[str, Any]:
    """A listing of two."""
    return {operation: {result: [{id_: "x-good", **good}, {id_: "x-bad", **bad}]}}


def pair(operation: str, result: str, id_: str, **common: Any) -> dict[str, Any]:
    """A listing of two, one of them with tags."""
    return both(operation, result, id_, {"Tags": TAGS, **common}, {"Tags": [], **common})


def models() -> dict[str, Any]:
    def describe(asked: dict[str, Any]) -> dict[str, Any]:
        name = asked["ModelName"]
        return {
            "ModelName": name,
            "ModelArn": f"arn:aws:sagemaker:us-east-1:123456789012:model/{name}",
            "CreationTime": NOW,
            "EnableNetworkIsolation": name == "x-good",
        }

    listed = [
        {"ModelName": name, "ModelArn": f"arn:aws:sagemaker:us-east-1:123456789012:model/{name}", "CreationTime": NOW}
        for name in ("x-good", "x-bad")
    ]
    return {
        "sagemaker:ListModels": {"Models": listed},
        "sagemaker:DescribeModel": describe,
        "sagemaker:ListTags": {"Tags": TAGS},
    }


def server_certificates() -> dict[str, Any]:
    def metadata(name: str, days: int) -> dict[str, Any]:
        return {
            "Path": "/",
            "ServerCertificateName": name,
            "ServerCertificateId": "ASCAEXAMPLEEXAMPLE123",
            "Arn": f"arn:aws:iam::123456789012:server-certificate/{name}",
            "Expiration": NOW + timedelta(days=days),
        }

    return {
        "iam:ListServerCertificates": {
            "ServerCertificateMetadataList": [metadata("x-good", 10), metadata("x-bad", -10)], "IsTruncated": False,
        },
        "iam:ListServerCertificateTags": {"Tags": TAGS, "IsTruncated": False},
    }  # fmt: skip


def streams() -> dict[str, Any]:
    def describe(asked: dict[str, Any]) -> dict[str, Any]:
        name = asked["StreamName"]
        return {
            "StreamDescriptionSummary": {
                "StreamName": name,
                "StreamARN": f"arn:aws:kinesis:us-east-1:123456789012:stream/{name}",
                "StreamStatus": "ACTIVE",
                "RetentionPeriodHours": 168 if name == "x-good" else 24,
                "StreamCreationTimestamp": NOW,
                "EnhancedMonitoring": [],
                "OpenShardCount": 1,
            }
        }

    return {
        "kinesis:ListStreams": {"StreamNames": ["x-good", "x-bad"], "HasMoreStreams": False},
        "kinesis:DescribeStreamSummary": describe,
        "kinesis:ListTagsForResource": {"Tags": TAGS},
    }


def recovery_points() -> dict[str, Any]:
    def listed(asked: dict[str, Any]) -> dict[str, Any]:
        name = asked["BackupVaultName"]
        arn = f"arn:aws:backup:us-east-1:123456789012:recovery-point:{name}"
        point = {"RecoveryPointArn": arn, "BackupVaultName": name, "IsEncrypted": name == "x-good", "CreationDate": NOW}
        return {"RecoveryPoints": [point]}

    return {
        "backup:ListBackupVaults": {"BackupVaultList": [{"BackupVaultName": name} for name in ("x-good", "x-bad")]},
        "backup:ListRecoveryPointsByBackupVault": listed,
        "backup:ListTags": {"Tags": {"Owner": "me"}},
    }


def app_runner(operation: str, result: str, kind: str, **held: Any) -> dict[str, Any]:
    def tags(asked: dict[str, Any]) -> dict[str, Any]:
        return {"Tags": TAGS if asked["ResourceArn"].endswith("good") else []}

    arn = f"arn:aws:apprunner:us-east-1:123456789012:{kind.lower()}"
    listed = [{f"{kind}Arn": f"{arn}/{name}", f"{kind}Name": name, **held} for name in ("x-good", "x-bad")]
    return {f"apprunner:{operation}": {result: listed}, "apprunner:ListTagsForResource": tags}


CASES: dict[str, tuple[Mapping[str, Answer | Mapping[str, Any]], str, dict[str, Any]]] = {
    # type: what AWS answers, the rule that tells the two apart, something of the good one's configuration
    "AWS::AppRunner::Service": (
        app_runner("ListServices", "ServiceSummaryList", "Service", Status="RUNNING"),
        "APPRUNNER_SERVICE_TAGGED",
        {"ServiceName": "x-good"},
    ),
    "AWS::AppRunner::VpcConnector": (
        app_runner("ListVpcConnectors", "VpcConnectors", "VpcConnector", Subnets=["subnet-1"]),
        "APPRUNNER_VPC_CONNECTOR_TAGGED",
        {"VpcConnectorName": "x-good", "Subnets": ["subnet-1"]},
    ),
    "AWS::Backup::RecoveryPoint": (
        recovery_points(),
        "BACKUP_RECOVERY_POINT_ENCRYPTED",
        {"BackupVaultName": "x-good"},
    ),
    "AWS::EC2::CapacityReservation": (
        pair(
            *("ec2:DescribeCapacityReservations", "CapacityReservations", "CapacityReservationId"),
            State="active", InstanceType="t3.micro", TotalInstanceCount=2, OwnerId="123456789012",
        ),
        "EC2_CAPACITY_RESERVATION_TAGGED",
        {"Id": "x-good", "InstanceCount": 2},
    ),
    "AWS::EC2::ClientVpnEndpoint": (
        both(
            *("ec2:DescribeClientVpnEndpoints", "ClientVpnEndpoints", "ClientVpnEndpointId"),
            {"ConnectionLogOptions": {"Enabled": True}, "Status": {"Code": "available"}},
            {"ConnectionLogOptions": {"Enabled": False}, "Status": {"Code": "available"}},
        ),
        "EC2_CLIENT_VPN_CONNECTION_LOG_ENABLED",
        {"Id": "x-good", "ConnectionLogOptions": {"Enabled": True}},
    ),
    "AWS::EC2::IPAMScope": (
        pair(
            *("ec2:DescribeIpamScopes", "IpamScopes", "IpamScopeId"),
            OwnerId="123456789012", State="create-complete", IpamScopeArn=f"{ARN}ipam-scope/x",
        ),
        "EC2_IPAMSCOPE_TAGGED",
        {"IpamScopeId": "x-good", "Arn": f"{ARN}ipam-scope/x"},
    ),
    "AWS::EC2::NetworkInsightsAccessScope": (
        pair(
            *("ec2:DescribeNetworkInsightsAccessScopes", "NetworkInsightsAccessScopes"),
            "NetworkInsightsAccessScopeId",
        ),
        "EC2_NETWORK_INSIGHTS_ACCESS_SCOPE_TAGGED",
        {"NetworkInsightsAccessScopeId": "x-good"},
    ),
    "AWS::EC2::NetworkInsightsAccessScopeAnalysis": (
        pair(
            *("ec2:DescribeNetworkInsightsAccessScopeAnalyses", "NetworkInsightsAccessScopeAnalyses"),
            "NetworkInsightsAccessScopeAnalysisId", Status="succeeded",
        ),
        "EC2_NETWORK_INSIGHTS_ACCESS_SCOPE_ANALYSIS_TAGGED",
        {"Status": "succeeded"},
    ),
    "AWS::EC2::NetworkInsightsAnalysis": (
        pair(
            *("ec2:DescribeNetworkInsightsAnalyses", "NetworkInsightsAnalyses", "NetworkInsightsAnalysisId"),
            NetworkInsightsPathId="nip-1",
        ),
        "EC2_NETWORK_INSIGHTS_ANALYSIS_TAGGED",
        {"NetworkInsightsPathId": "nip-1"},
    ),
    "AWS::EC2::NetworkInsightsPath": (
        pair("ec2:DescribeNetworkInsightsPaths", "NetworkInsightsPaths", "NetworkInsightsPathId", Protocol="tcp"),
        "EC2_NETWORK_INSIGHTS_PATH_TAGGED",
        {"Protocol": "tcp"},
    ),
    "AWS::EC2::TrafficMirrorFilter": (
        pair("ec2:DescribeTrafficMirrorFilters", "TrafficMirrorFilters", "TrafficMirrorFilterId", Description="d"),
        "EC2_TRAFFIC_MIRROR_FILTER_TAGGED",
        {"Id": "x-good", "Description": "d"},
    ),
    "AWS::EC2::TrafficMirrorSession": (
        pair("ec2:DescribeTrafficMirrorSessions", "TrafficMirrorSessions", "TrafficMirrorSessionId", SessionNumber=1),
        "EC2_TRAFFIC_MIRROR_SESSION_TAGGED",
        {"Id": "x-good", "SessionNumber": 1},
    ),
    "AWS::EC2::TrafficMirrorTarget": (
        pair(
            *("ec2:DescribeTrafficMirrorTargets", "TrafficMirrorTargets", "TrafficMirrorTargetId"),
            OwnerId="123456789012", Type="network-interface",
        ),
        "EC2_TRAFFIC_MIRROR_TARGET_TAGGED",
        {"Id": "x-good", "Type": "network-interface"},
    ),
    "AWS::EC2::TransitGatewayMulticastDomain": (
        pair(
            *("ec2:DescribeTransitGatewayMulticastDomains", "TransitGatewayMulticastDomains"),
            "TransitGatewayMulticastDomainId", OwnerId="123456789012", State="available",
        ),
        "EC2_TRANSIT_GATEWAY_MULTICAST_DOMAIN_TAGGED",
        {"State": "available"},
    ),
    "AWS::IAM::ServerCertificate": (
        server_certificates(),
        "IAM_SERVER_CERTIFICATE_EXPIRATION_CHECK",
        {"ServerCertificateName": "x-good"},
    ),
    "AWS::Kinesis::Stream": (
        streams(),
        "KINESIS_STREAM_BACKUP_RETENTION_CHECK",
        {"Name": "x-good", "RetentionPeriodHours": 168},
    ),
    "AWS::SageMaker::Model": (models(), "SAGEMAKER_MODEL_ISOLATION_ENABLED", {"ModelName": "x-good"}),
}  # fmt: skip


@pytest.mark.parametrize("resource_type", CASES)
def test_a_type_is_read_and_judged_both_ways(resource_type: str) -> None:
    answers, rule, shows = CASES[resource_type]
    gaps: list[Gap] = []
    items = list(read(Edge(answers), [resource_type], on_gap=gaps.append, **WHERE))
    assert gaps == []
    good, bad = sorted(items, key=lambda item: item.arn, reverse=True)
    assert shows.items() <= good.configuration.items()
    assert judged(rule, {}, good) is ComplianceType.COMPLIANT
    assert judged(rule, {}, bad) is ComplianceType.NON_COMPLIANT
    (again,) = read_some(Edge(answers), resource_type, [READERS[resource_type].key(bad)], on_gap=gaps.append, **WHERE)
    assert (again.resource_id, again.configuration, again.tags) == (bad.resource_id, bad.configuration, bad.tags)
    assert gaps == []


def test_what_another_account_shares_is_recorded_there() -> None:
    listed = {"TransitGateways": [{"TransitGatewayId": "tgw-1", "OwnerId": "210987654321", "State": "available"}]}
    edge = Edge({"ec2:DescribeTransitGateways": listed})
    assert list(read(edge, ["AWS::EC2::TransitGateway"], on_gap=pytest.fail, **WHERE)) == []


def test_an_instance_that_systems_manager_knows() -> None:
    known = {"InstanceId": "i-1", "PingStatus": "ConnectionLost", "PlatformType": "Linux", "IPAddress": "10.0.0.1"}
    edge = Edge({"ssm:DescribeInstanceInformation": {"InstanceInformationList": [known]}})
    (item,) = read(edge, ["AWS::SSM::ManagedInstanceInventory"], on_gap=pytest.fail, **WHERE)
    assert item.configuration["AWS:InstanceInformation"]["Content"]["i-1"]["IpAddress"] == "10.0.0.1"
    assert (item.resource_id, item.relationships[0].resource_id) == ("i-1", "i-1")
