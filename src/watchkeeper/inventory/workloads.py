"""What runs and keeps work: EFS access points, ElastiCache, recovery points, notebooks and models, state machines,
Systems Manager, CodeBuild, server certificates.

Shapes: https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from watchkeeper.inventory.core import (
    Context,
    Raw,
    Reader,
    any_tags,
    config_spelling,
    edges_by_name,
    make_item,
    plain,
    registry_spelling,
)
from watchkeeper.inventory.described import Ask, Edge, Row, Within, described
from watchkeeper.model import ConfigurationItem

PROJECT = "AWS::CodeBuild::Project"
_PROJECTS_AT_ONCE = 100
"""``names`` of BatchGetProjects (https://docs.aws.amazon.com/codebuild/latest/APIReference/API_BatchGetProjects.html)."""


def _access_point(_ctx: Context, raw: Raw) -> Mapping[str, Any]:
    renamed = {"AccessPointArn": "Arn", "Tags": "AccessPointTags"}
    kept = ("AccessPointId", "AccessPointArn", "ClientToken", "FileSystemId", "PosixUser", "RootDirectory", "Tags")
    return {renamed.get(key, key): plain(raw[key]) for key in kept if key in raw}


def _replication_group(_ctx: Context, raw: Raw) -> Mapping[str, Any]:
    """The description, with CloudFormation's names of two properties beside the API's states."""
    held: Mapping[str, Any] = plain(raw)
    return {
        **held,
        "AutomaticFailoverEnabled": raw.get("AutomaticFailover") in ("enabled", "enabling"),
        "MultiAZEnabled": raw.get("MultiAZ") == "enabled",
    }


def _state_machine(_ctx: Context, raw: Raw) -> Mapping[str, Any]:
    return {
        "Arn": raw["stateMachineArn"],
        "Name": raw["name"],
        "RoleArn": raw.get("roleArn"),
        "StateMachineType": raw.get("type"),
        "DefinitionString": raw.get("definition"),
        "LoggingConfiguration": registry_spelling(raw.get("loggingConfiguration") or {}),
        "TracingConfiguration": registry_spelling(raw.get("tracingConfiguration") or {}),
    }


def _managed_instance(_ctx: Context, raw: Raw) -> Mapping[str, Any]:
    kept = (
        *("AgentVersion", "ComputerName", "InstanceId", "PlatformName", "PlatformType", "PlatformVersion"),
        "ResourceType",
    )
    content = {key: raw[key] for key in kept if key in raw} | {"IpAddress": raw.get("IPAddress")}
    information = {"SchemaVersion": "1.0", "Content": {raw["InstanceId"]: content}}
    return {"AWS:InstanceInformation": information}


def _sagemaker(kind: str, operation: str, result: str, describe: str, name: str, arn: str) -> Row:
    return Row(
        *(f"AWS::SageMaker::{kind}", "sagemaker", operation, result),
        id=arn,
        arn=arn,
        name=name,
        key=name,
        # SageMaker answers ValidationException for what it doesn't know.
        detail=Ask(describe, name, name, absent=("ValidationException", "ResourceNotFound")),
        spelling=plain,
        without=("ResponseMetadata", "LastModifiedTime", f"{kind}Status"),
        tags=Ask("list_tags", "ResourceArn", result="Tags", absent=("ValidationException",)),
        created="CreationTime",
    )


def _projects(ctx: Context) -> Iterator[Raw]:
    return _described_projects(ctx, list(ctx.pages("codebuild", "list_projects", "projects")))


def _described_projects(ctx: Context, names: Sequence[str]) -> Iterator[Raw]:
    for start in range(0, len(names), _PROJECTS_AT_ONCE):
        chunk = list(names[start : start + _PROJECTS_AT_ONCE])
        yield from ctx.ask("codebuild", "batch_get_projects", names=chunk).get("projects") or ()


def _project(ctx: Context, raw: Raw) -> ConfigurationItem:
    spelled: dict[str, Any] = config_spelling(
        {key: value for key, value in raw.items() if key not in ("arn", "created", "lastModified", "badge")}
    )
    # Config holds these two in lists and spells the queue's timeout its own way.
    for key in ("source", "artifacts"):
        if key in spelled:
            spelled[key] = [spelled[key]]
    spelled["queuedtimeoutInMinutes"] = spelled.pop("queuedTimeoutInMinutes", None)
    return make_item(
        ctx,
        PROJECT,
        raw["arn"],
        name=raw["name"],
        arn=raw["arn"],
        configuration=spelled,
        relationships=edges_by_name(
            "Is associated with ", "AWS::IAM::Role", [str(raw.get("serviceRole") or "").rpartition("/")[2]]
        ),
        tags=any_tags(raw.get("tags")),
        created=raw.get("created"),
    )


def _app_runner(kind: str, operation: str, result: str, *held: str) -> Row:
    arn = f"{kind}Arn"
    return Row(
        *(f"AWS::AppRunner::{kind}", "apprunner", operation, result),
        id=arn,
        arn=arn,
        name=f"{kind}Name",
        shape=lambda _ctx, raw: {key: plain(raw[key]) for key in (arn, f"{kind}Name", *held) if key in raw},
        # CloudFormation writes their tags and doesn't read them: Cloud Control can't tell.
        tags=Ask("list_tags_for_resource", "ResourceArn", result="Tags", absent=("ResourceNotFoundException",)),
        left_out=lambda _ctx, raw: raw.get("Status") in ("DELETED", "INACTIVE"),
    )


ROWS = (
    _app_runner("Service", "list_services", "ServiceSummaryList", "ServiceId", "ServiceUrl", "Status"),
    _app_runner(
        *("VpcConnector", "list_vpc_connectors", "VpcConnectors"),
        *("VpcConnectorRevision", "Subnets", "SecurityGroups"),
    ),
    Row(
        *("AWS::EFS::AccessPoint", "efs", "describe_access_points", "AccessPoints"),
        id="AccessPointId",
        arn="AccessPointArn",
        name="Name",
        narrow=Ask("describe_access_points", "AccessPointId", result="AccessPoints", absent=("AccessPointNotFound",)),
        shape=_access_point,
        edges=(Edge("Is contained in ", "AWS::EFS::FileSystem", "FileSystemId"),),
        left_out=lambda _ctx, raw: raw.get("LifeCycleState") == "deleted",
        zone="Regional",
    ),
    Row(
        *("AWS::ElastiCache::ReplicationGroup", "elasticache", "describe_replication_groups", "ReplicationGroups"),
        id="ReplicationGroupId",
        arn="ARN",
        name="ReplicationGroupId",
        narrow=Ask(
            *("describe_replication_groups", "ReplicationGroupId"),
            result="ReplicationGroups",
            absent=("ReplicationGroupNotFoundFault",),
        ),
        shape=_replication_group,
        tags=Ask(
            *("list_tags_for_resource", "ResourceName"), result="TagList", absent=("ReplicationGroupNotFoundFault",)
        ),
        created="ReplicationGroupCreateTime",
    ),
    Row(
        *("AWS::Backup::RecoveryPoint", "backup", "list_recovery_points_by_backup_vault", "RecoveryPoints"),
        within=Within("list_backup_vaults", "BackupVaultList", "BackupVaultName", "BackupVaultName"),
        id="RecoveryPointArn",
        arn="RecoveryPointArn",
        spelling=plain,
        tags=Ask("list_tags", "ResourceArn", result="Tags", absent=("ResourceNotFoundException",)),
        left_out=lambda _ctx, raw: raw.get("Status") in ("DELETING", "EXPIRED"),
        created="CreationDate",
    ),
    _sagemaker(
        *("NotebookInstance", "list_notebook_instances", "NotebookInstances", "describe_notebook_instance"),
        *("NotebookInstanceName", "NotebookInstanceArn"),
    ),
    _sagemaker("Model", "list_models", "Models", "describe_model", "ModelName", "ModelArn"),
    Row(
        *("AWS::StepFunctions::StateMachine", "stepfunctions", "list_state_machines", "stateMachines"),
        id="stateMachineArn",
        arn="stateMachineArn",
        name="name",
        detail=Ask(
            "describe_state_machine", "stateMachineArn", "stateMachineArn", absent=("StateMachineDoesNotExist",)
        ),
        shape=_state_machine,
        tags=Ask("list_tags_for_resource", "resourceArn", result="tags", absent=("ResourceNotFound",)),
        left_out=lambda _ctx, raw: raw.get("status") == "DELETING",
        created="creationDate",
        zone="Regional",
    ),
    Row(
        *("AWS::SSM::ManagedInstanceInventory", "ssm", "describe_instance_information", "InstanceInformationList"),
        id="InstanceId",
        arn="ssm:managed-instance-inventory/{InstanceId}",
        shape=_managed_instance,
        edges=(Edge("Is associated with ", "AWS::EC2::Instance", "InstanceId"),),
    ),
    Row(
        *("AWS::SSM::Document", "ssm", "list_documents", "DocumentIdentifiers"),
        # Without the filter Amazon's own are listed too.
        arguments={"Filters": [{"Key": "Owner", "Values": ["Self"]}]},
        id="Name",
        arn="ssm:document/{Name}",
        name="Name",
        spelling=plain,
        created="CreatedDate",
    ),
    Row(
        *("AWS::IAM::ServerCertificate", "iam", "list_server_certificates", "ServerCertificateMetadataList"),
        id="ServerCertificateName",
        arn="Arn",
        name="ServerCertificateName",
        spelling=plain,
        tags=Ask(
            *("list_server_certificate_tags", "ServerCertificateName", "ServerCertificateName"),
            result="Tags",
            absent=("NoSuchEntity",),
        ),
        created="UploadDate",
        global_type=True,
    ),
)

READERS = (
    Reader(
        PROJECT,
        "codebuild",
        all=_projects,
        some=_described_projects,
        item=_project,
        key=lambda item: item.resource_name or item.resource_id,
    ),
    *(described(row) for row in ROWS),
)
