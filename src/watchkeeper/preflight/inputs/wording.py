"""Findings in the words of what was read: CloudFormation's and Terraform's users do not know Pulumi's property names.

Checks speak Pulumi's language; here types, properties and what to write instead become the target's own. Only words of
the table are respelled, so that a value or a name of the user's that looks like one stays what it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from watchkeeper.model import Finding
from watchkeeper.preflight.inputs.cloudformation_types import TYPES as CLOUDFORMATION_TYPES
from watchkeeper.preflight.inputs.spelling import Mapped
from watchkeeper.preflight.inputs.terraform_types import TYPES as TERRAFORM_TYPES
from watchkeeper.preflight.meaning.identity import REGION, STAND_INS, is_stand_in, stand_ins
from watchkeeper.pulumi.graph import CLOUDFORMATION, PULUMI, TERRAFORM, Graph

WORDS = frozenset(
    {
        "accountAggregationSource",
        "organizationAggregationSource",
        "allRegions",
        "allSupported",
        "blockPublicAcls",
        "blockPublicPolicy",
        "customPolicyDetails",
        "deletionProtection",
        "deletionProtectionEnabled",
        "deliveryFrequency",
        "deliveryPolicy",
        "disableApiTermination",
        "enableDeletionProtection",
        "enableKeyRotation",
        "exclusionByResourceTypes",
        "forceDestroy",
        "ignorePublicAcls",
        "includeGlobalResourceTypes",
        "inputParameters",
        "isEnabled",
        "maximumExecutionFrequency",
        "recordingGroup",
        "recordingMode",
        "recordingModeOverride",
        "recordingStrategy",
        "redrivePolicy",
        "resourceTypes",
        "resourceValue",
        "restrictPublicBuckets",
        "retentionInDays",
        "snapshotDeliveryProperties",
        "sourceIdentifier",
        "startedOnCreate",
        "staticValue",
    }
)
"""Properties that messages name, besides the one that a finding is about."""
CALLS: Mapping[str, str] = {
    "aws.lambda_.": "aws.lambda.",
    "aws.get_region()": "aws.getRegionOutput()",
    "pulumi.Output.json_dumps": "pulumi.jsonStringify",
    "json.dumps": "JSON.stringify",
    "pulumi.Output.concat": "pulumi.concat",
    "self.register_outputs": "this.registerOutputs",
    "ResourceOptions(parent=self)": "the options { parent: this }",
    "ResourceOptions": "options",
    '"delivery_frequency"': "deliveryFrequency",
}
"""What Python's SDK and JavaScript's call by different names."""
_SNAKE = re.compile(r"(?<![\w./<-])([a-z]+(?:_[a-z]+)*)=(?!\s)|(?<![\w./<-])([a-z]+(?:_[a-z]+)+)\b")
_OUTSIDE_QUOTES = re.compile(r'"[^"]*"|[^"]+')
TABLES: Mapping[str, Mapping[str, Mapped]] = {CLOUDFORMATION: CLOUDFORMATION_TYPES, TERRAFORM: TERRAFORM_TYPES}
ORDER: Mapping[str, str] = {
    PULUMI: "Add depends_on=[<{earlier}>] to the {later}'s ResourceOptions.",
    CLOUDFORMATION: "Add DependsOn: {earlier} to the {later}.",
    TERRAFORM: "Add depends_on = [{earlier}] to the {later}.",
}
FIXES: Mapping[str, Mapping[str, str]] = {
    CLOUDFORMATION: {
        "aggregator-regions": "List each region once, or set AllAwsRegions to true.",
        "aggregator-source": "Give AccountAggregationSources with AccountIds and AwsRegions, or "
        "OrganizationAggregationSource with a RoleArn.",
        "bucket-acl": "Use a bucket policy, or give OwnershipControls: {Rules: [{ObjectOwnership: "
        "BucketOwnerPreferred}]}.",
        "bucket-encryption": "Give BucketEncryption a ServerSideEncryptionByDefault with SSEAlgorithm: aws:kms and a "
        "KMSMasterKeyID.",
        "bucket-lifecycle": "Add a LifecycleConfiguration with an enabled rule that expires objects, noncurrent "
        "versions too.",
        "bucket-public-access-block": "Give PublicAccessBlockConfiguration with all four switches true.",
        "bucket-versioning": "Give VersioningConfiguration: {Status: Enabled}.",
        "channel-topic-encryption": "Give the channel a topic of its own without KmsMasterKeyId, and send alerts "
        "through a function to the encrypted one.",
        "dashboard-body": "Write the body as one JSON object, with Fn::Sub for what varies.",
        "function-log-retention": "Add an AWS::Logs::LogGroup with LogGroupName: /aws/lambda/<function> and "
        "RetentionInDays, before the function.",
        "hardcoded-region": "Use the pseudo parameter AWS::Region.",
        "key-rotation": "Set EnableKeyRotation to true.",
        "recorder-recording-group": "Give RecordingGroup with AllSupported: true and IncludeGlobalResourceTypes: true, "
        "or a list of ResourceTypes.",
        "recorder-role": "Add arn:aws:iam::aws:policy/service-role/AWS_ConfigRole to the role's ManagedPolicyArns.",
        "remediation-parameters": "Give Parameters with a ResourceValue and AutomationAssumeRole.",
        "snapshot-frequency": "Give ConfigSnapshotDeliveryProperties: {DeliveryFrequency: TwentyFour_Hours}.",
        "target-permission": "Add an AWS::Lambda::Permission with Action: lambda:InvokeFunction, Principal: "
        "events.amazonaws.com and the rule's Arn as SourceArn.",
        "topic-delivery-policy": "Make each subscription an AWS::SNS::Subscription with a RedrivePolicy.",
        "subscription-delivery-policy": "Remove the DeliveryPolicy, and give the subscription a RedrivePolicy.",
        "unresolved-output": "Use Fn::Sub or Fn::Join with the resource's Ref or Fn::GetAtt.",
    },
    TERRAFORM: {
        "aggregator-regions": "List each region once, or set all_regions to true.",
        "bucket-acl": "Use a bucket policy, or add aws_s3_bucket_ownership_controls with object_ownership = "
        '"BucketOwnerPreferred" before the ACL.',
        "bucket-encryption": "Add aws_s3_bucket_server_side_encryption_configuration with sse_algorithm = "
        '"aws:kms" and a kms_master_key_id.',
        "bucket-lifecycle": "Add aws_s3_bucket_lifecycle_configuration with an enabled rule that expires objects, "
        "noncurrent versions too.",
        "bucket-public-access-block": "Add aws_s3_bucket_public_access_block for the bucket with all four "
        "switches true.",
        "bucket-versioning": 'Add aws_s3_bucket_versioning with status = "Enabled".',
        "dashboard-body": "Build the body with jsonencode.",
        "function-log-retention": 'Add aws_cloudwatch_log_group with name = "/aws/lambda/<function>" and '
        "retention_in_days, before the function.",
        "hardcoded-region": "Take it from data.aws_region.",
        "key-rotation": "Set enable_key_rotation to true.",
        "recorder-never-started": "Add aws_config_configuration_recorder_status with is_enabled = true, depending on "
        "the delivery channel.",
        "recorder-recording-group": "Give recording_group with all_supported = true and "
        "include_global_resource_types = true, or a list of types.",
        "remediation-parameters": "Give parameter blocks with a resource_value and AutomationAssumeRole.",
        "snapshot-frequency": 'Give snapshot_delivery_properties { delivery_frequency = "TwentyFour_Hours" }.',
        "target-permission": 'Add aws_lambda_permission with action = "lambda:InvokeFunction", principal = '
        '"events.amazonaws.com" and the rule\'s arn as source_arn.',
        "unresolved-output": "Refer to the attribute of the resource.",
    },
}
"""What to write instead, by check, where a check's own words are Pulumi's."""


def order_fix(graph: Graph, earlier: str, later: str) -> str:
    """How to make the resource of kind ``later`` wait for the one named ``earlier``."""
    return ORDER[graph.language].format(earlier=earlier, later=later)


def made_up_names(graph: Graph) -> Mapping[str, str]:
    """Made-up name to the name of the resource that it stands for: once for a graph, many findings ask."""
    return {REGION: "region"} | {made_up: resource.name for resource in graph for made_up in stand_ins(resource)}


def in_own_words(graph: Graph, names: Mapping[str, str], finding: Finding, default_fix: str) -> Finding:
    """The finding with the type, the properties and the fix as the source of the graph spells them.

    ``names`` are the graph's made-up ones. ``default_fix`` is the check's own; where the finding has just that, the
    table's takes its place.
    """
    finding = replace(finding, message=_named(names, finding.message), fix=_named(names, finding.fix))
    if graph.language == PULUMI:
        return replace(finding, fix=in_javascript(finding.fix)) if graph.source.endswith("(nodejs)") else finding
    urn = str(finding.data.get("urn", ""))
    resource = graph.resources.get(urn) or graph.resources.get(urn.partition("/urn:")[0])
    table = TABLES[graph.language].get(resource.source_type if resource else "", Mapped(""))
    fix = finding.fix
    if fix == default_fix:
        fix = FIXES[graph.language].get(finding.check, fix)
    return replace(
        finding,
        type=resource.source_type if resource and resource.source_type else finding.type,
        message=_respelled(graph.language, table, finding.message, finding.property_path),
        fix=_respelled(graph.language, table, fix, finding.property_path),
        property_path=spelled_path(graph.language, table, finding.property_path),
    )


def in_javascript(fix: str) -> str:
    """Python that a fix shows, as JavaScript and TypeScript write it: ``dependsOn: [x]`` for ``depends_on=[x]``."""
    fix = re.sub(r" \(TypeScript: .*\)(?=\.)", "", fix)
    for python, javascript in CALLS.items():
        fix = fix.replace(python, javascript)
    parts = _OUTSIDE_QUOTES.findall(fix)
    return "".join(part if part.startswith('"') else _camel(part) for part in parts)


def _camel(text: str) -> str:
    def respell(match: re.Match[str]) -> str:
        head, *rest = (match[1] or match[2]).split("_")
        return head + "".join(part.capitalize() for part in rest) + (": " if match[1] else "")

    return re.sub(r": (True|False)\b", lambda match: match.group().lower(), _SNAKE.sub(respell, text))


def _named(names: Mapping[str, str], text: str) -> str:
    """A text in which made-up names are shown as the resource that they stand for."""
    if not is_stand_in(text):
        return text
    return STAND_INS.sub(lambda match: f"<{names.get(match.group(), 'known after the deployment')}>", text)


def _respelled(language: str, table: Mapped, text: str, path: str) -> str:
    """A text with the words of the table, and the path that it is about, respelled outside quotes."""

    def respell(match: re.Match[str]) -> str:
        word = match.group()
        camel = word in WORDS or "." in word or any(letter.isupper() for letter in word)
        return spelled_path(language, table, word) if camel else word

    parts = _OUTSIDE_QUOTES.findall(text)
    return "".join(part if part.startswith('"') else _words(path).sub(respell, part) for part in parts)


@lru_cache(maxsize=1024)
def _words(path: str) -> re.Pattern[str]:
    words = sorted((WORDS | {path}) - {""}, key=len, reverse=True)
    return re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, words))})(?![\w])")


def spelled_path(language: str, table: Mapped, path: str) -> str:
    """A property path of Pulumi's in the source's spelling: renamed where the type's table says so."""
    original = ""
    for part in path.split(".") if path else ():
        known = [key for key, name in table.renames.items() if name == part and key.rpartition(".")[0] == original]
        name = known[0].rpartition(".")[2] if known else _case(language, part)
        original = f"{original}.{name}" if original else name
    return original


def _case(language: str, name: str) -> str:
    if language == TERRAFORM:
        return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
    return name[:1].upper() + name[1:]
