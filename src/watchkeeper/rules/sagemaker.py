"""Amazon SageMaker: notebook instances and models.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import (
    FlagRule,
    Lookup,
    Parameters,
    listed,
    need,
    one_of,
    pick,
    register_flags,
    rule,
    shown,
    verdict,
    violation,
)
from watchkeeper.rules.rows import SetRule, ValueRule, register_set, register_values

NOTEBOOK = "AWS::SageMaker::NotebookInstance"


@rule("SAGEMAKER_NOTEBOOK_NO_DIRECT_INTERNET_ACCESS", types=(NOTEBOOK,), severity=Severity.HIGH,
      category="Public access")  # fmt: skip
def notebook_internet(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The notebook has no direct internet access."""
    value = one_of(item.configuration, "DirectInternetAccess", "Enabled", "Disabled")
    return verdict(value == "Disabled", "Direct internet access is on; recreate the notebook in a VPC without it.")


@rule("SAGEMAKER_NOTEBOOK_INSTANCE_INSIDE_VPC", types=(NOTEBOOK,), severity=Severity.HIGH, category="Network")
def notebook_in_vpc(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The notebook is in a VPC, in one of SubnetIds where they are given."""
    need(item.configuration, "NotebookInstanceName", "Arn")
    subnet, allowed = pick(item.configuration, "SubnetId"), parameters.get("SubnetIds", ())
    if not subnet:
        return violation("The notebook is in no VPC; recreate it in one.")
    return verdict(
        not allowed or subnet in allowed, f"The notebook is in {shown(subnet)}; use one of {listed(allowed)}."
    )


@rule("SAGEMAKER_MODEL_IN_VPC", types=("AWS::SageMaker::Model",), severity=Severity.MEDIUM, category="Network")
def model_in_vpc(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The model's containers reach the network through a VPC."""
    need(item.configuration, "ModelName", "ExecutionRoleArn")
    on = bool(pick(item.configuration, "VpcConfig"))
    return verdict(on, "The model uses no VPC; recreate it with subnets and security groups.")


@rule("SAGEMAKER_NOTEBOOK_INSTANCE_ROOT_ACCESS_CHECK", types=(NOTEBOOK,), severity=Severity.HIGH, category="Identity")
def notebook_root(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Users of the notebook have no root access."""
    value = one_of(item.configuration, "RootAccess", "Enabled", "Disabled")
    return verdict(value == "Disabled", "Root access is on; turn it off.")


register_flags(
    (
        FlagRule("SAGEMAKER_MODEL_ISOLATION_ENABLED", ("AWS::SageMaker::Model",), "EnableNetworkIsolation", True,
                 Severity.MEDIUM, "Network", "The model has no network access.", "enable network isolation", False),
    )
)  # fmt: skip

register_flags(
    (
        FlagRule(
            "SAGEMAKER_DATA_QUALITY_JOB_ISOLATION",
            ("AWS::SageMaker::DataQualityJobDefinition",),
            "NetworkConfig.EnableNetworkIsolation",
            True,
            Severity.MEDIUM,
            "Network",
            "The job runs in network isolation.",
            "turn on network isolation",
        ),
        FlagRule(
            "SAGEMAKER_MODEL_BIAS_JOB_ISOLATION",
            ("AWS::SageMaker::ModelBiasJobDefinition",),
            "NetworkConfig.EnableNetworkIsolation",
            True,
            Severity.MEDIUM,
            "Network",
            "The job runs in network isolation.",
            "turn on network isolation",
        ),
        FlagRule(
            "SAGEMAKER_MODEL_EXPLAINABILITY_JOB_NETWORK_ISOLATION",
            ("AWS::SageMaker::ModelExplainabilityJobDefinition",),
            "NetworkConfig.EnableNetworkIsolation",
            True,
            Severity.MEDIUM,
            "Network",
            "The job runs in network isolation.",
            "turn on network isolation",
            default=False,
        ),
        FlagRule(
            "SAGEMAKER_MODEL_QUALITY_JOB_DEFINITION_ISOLATION",
            ("AWS::SageMaker::ModelQualityJobDefinition",),
            "NetworkConfig.EnableNetworkIsolation",
            True,
            Severity.MEDIUM,
            "Network",
            "The job runs in network isolation.",
            "turn on network isolation",
        ),
    )
)

register_values(
    (
        ValueRule(
            "SAGEMAKER_DOMAIN_IN_VPC",
            "AWS::SageMaker::Domain",
            "AppNetworkAccessType",
            ("VpcOnly",),
            ("PublicInternetOnly",),
            Severity.MEDIUM,
            "Network",
            "The domain's traffic stays in the VPC.",
            "set AppNetworkAccessType to VpcOnly",
        ),
    )
)

register_set(
    (
        SetRule(
            "SAGEMAKER_ENDPOINT_CONFIG_KMS_KEY_REQUIRED",
            "AWS::SageMaker::EndpointConfig",
            "KmsKeyId",
            "EndpointConfigArn",
            Severity.MEDIUM,
            "Encryption",
            "The endpoint configuration names a KMS key.",
            "set KmsKeyId",
        ),
        SetRule(
            "SAGEMAKER_INF_EXPERIMENT_INSTANCE_STORAGE_KMS_ENCRYPTED",
            "AWS::SageMaker::InferenceExperiment",
            "KmsKey",
            "Name",
            Severity.MEDIUM,
            "Encryption",
            "The experiment's instance storage is encrypted with a KMS key of the customer.",
            "set KmsKey",
        ),
        SetRule(
            "SAGEMAKER_NOTEBOOK_INSTANCE_STORAGE_VOL_KMS_ENCRYPTED",
            "AWS::SageMaker::NotebookInstance",
            "KmsKeyId",
            "NotebookInstanceArn",
            Severity.MEDIUM,
            "Encryption",
            "The notebook instance's storage is encrypted with a KMS key of the customer.",
            "set KmsKeyId",
        ),
    )
)
