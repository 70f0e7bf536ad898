"""Which resource types can exist in the embedded AWS: those whose service and listing MiniStack has.

The others have readers for AWS; asking MiniStack would only give a gap for each in every sweep. Its Cloud Control keeps
what is made through it and nothing else, so what the registry's types are is not known here either.
"""

from __future__ import annotations

from watchkeeper.inventory.registry import NATIVE

_NO_SERVICE = frozenset({"apprunner", "dms", "es", "kafka", "network-firewall", "redshift", "sagemaker"})
_NO_OPERATION = frozenset(
    {
        "AWS::Batch::SchedulingPolicy",
        "AWS::EC2::CarrierGateway",
        "AWS::EC2::ClientVpnEndpoint",
        "AWS::EC2::IPAMScope",
        "AWS::EC2::NetworkInsightsAccessScope",
        "AWS::EC2::NetworkInsightsAccessScopeAnalysis",
        "AWS::EC2::NetworkInsightsAnalysis",
        "AWS::EC2::NetworkInsightsPath",
        "AWS::EC2::TrafficMirrorFilter",
        "AWS::EC2::TrafficMirrorSession",
        "AWS::EC2::TrafficMirrorTarget",
        "AWS::EC2::TransitGateway",
        "AWS::EC2::TransitGatewayMulticastDomain",
        "AWS::IAM::ServerCertificate",
        "AWS::RDS::DBSecurityGroup",
        "AWS::RDS::EventSubscription",
        "AWS::SSM::Document",
    }
)

READABLE = frozenset(
    name for name, reader in NATIVE.items() if reader.service not in _NO_SERVICE and name not in _NO_OPERATION
)
"""Resource types that the recorder reads."""
