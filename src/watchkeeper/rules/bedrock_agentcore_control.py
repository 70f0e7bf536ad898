"""Amazon Bedrock AgentCore: memories, code interpreters, gateways and runtimes.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

from __future__ import annotations

from watchkeeper.model import Severity
from watchkeeper.rules.rows import SetRule, ValueRule, register_set, register_values

register_values(
    (
        ValueRule(
            "BEDROCKAGENTCORE_CODEINTERPRETER_NETWORKMODE_CHECK",
            "AWS::BedrockAgentCore::CodeInterpreterCustom",
            "NetworkConfiguration.NetworkMode",
            ("VPC",),
            ("PUBLIC", "SANDBOX"),
            Severity.MEDIUM,
            "Network",
            "The code interpreter runs in a VPC.",
            "set NetworkMode to VPC",
        ),
        ValueRule(
            "BEDROCKAGENTCORE_GATEWAY_AUTHORIZER_ENABLED",
            "AWS::BedrockAgentCore::Gateway",
            "AuthorizerType",
            ("CUSTOM_JWT", "AWS_IAM", "AUTHENTICATE_ONLY"),
            ("NONE",),
            Severity.MEDIUM,
            "Identity",
            "Inbound requests to the gateway are authenticated.",
            "set an authorizer",
        ),
        ValueRule(
            "BEDROCKAGENTCORE_RUNTIME_PRIVATE_NETWORK_REQUIRED",
            "AWS::BedrockAgentCore::Runtime",
            "NetworkConfiguration.NetworkMode",
            ("VPC",),
            ("PUBLIC",),
            Severity.MEDIUM,
            "Network",
            "The runtime is not on the public network.",
            "set NetworkMode to VPC",
        ),
    )
)

register_set(
    (
        SetRule(
            "BEDROCK_AGENTCORE_MEMORY_ENCRYPTION_ENABLED",
            "AWS::BedrockAgentCore::Memory",
            "EncryptionKeyArn",
            "MemoryArn",
            Severity.MEDIUM,
            "Encryption",
            "The memory is encrypted with a customer managed KMS key.",
            "encrypt the memory with a customer managed key",
        ),
    )
)
