"""Every operation of AWS Config's API: its handler, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from . import channels, compliance, recorders, rules, tags
from .context import Handler


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation with its handler."""

    handler: Handler
    writes: bool
    """Whether it needs a write transaction."""
    note: str = ""
    """What differs from AWS, for the documentation."""


def _read(handler: Handler, note: str = "") -> Operation:
    return Operation(handler, writes=False, note=note)


def _write(handler: Handler, note: str = "") -> Operation:
    return Operation(handler, writes=True, note=note)


OPERATIONS: dict[str, Operation] = {
    "AssociateResourceTypes": _write(recorders.associate_resource_types),
    "DeleteConfigRule": _write(rules.delete_config_rule),
    "DeleteConfigurationRecorder": _write(recorders.delete_configuration_recorder),
    "DeleteDeliveryChannel": _write(channels.delete_delivery_channel),
    "DeleteEvaluationResults": _write(rules.delete_evaluation_results),
    "DeleteServiceLinkedConfigurationRecorder": _write(recorders.delete_service_linked_configuration_recorder),
    "DeliverConfigSnapshot": _write(channels.deliver_config_snapshot),
    "DescribeComplianceByConfigRule": _read(compliance.describe_compliance_by_config_rule),
    "DescribeComplianceByResource": _read(compliance.describe_compliance_by_resource),
    "DescribeConfigRuleEvaluationStatus": _read(
        rules.describe_config_rule_evaluation_status, "LastErrorMessage also says why a rule is not evaluated here"
    ),
    "DescribeConfigRules": _read(rules.describe_config_rules),
    "DescribeConfigurationRecorderStatus": _read(recorders.describe_configuration_recorder_status),
    "DescribeConfigurationRecorders": _read(recorders.describe_configuration_recorders),
    "DescribeDeliveryChannelStatus": _read(channels.describe_delivery_channel_status),
    "DescribeDeliveryChannels": _read(channels.describe_delivery_channels),
    "DisassociateResourceTypes": _write(recorders.disassociate_resource_types),
    "GetComplianceDetailsByConfigRule": _read(compliance.get_compliance_details_by_config_rule),
    "GetComplianceDetailsByResource": _read(compliance.get_compliance_details_by_resource),
    "GetComplianceSummaryByConfigRule": _read(compliance.get_compliance_summary_by_config_rule),
    "GetComplianceSummaryByResourceType": _read(compliance.get_compliance_summary_by_resource_type),
    "GetCustomRulePolicy": _read(rules.get_custom_rule_policy),
    "ListConfigurationRecorders": _read(recorders.list_configuration_recorders),
    "ListTagsForResource": _read(tags.list_tags_for_resource),
    "PutConfigRule": _write(rules.put_config_rule, "custom policy (Guard) rules are kept and not evaluated"),
    "PutConfigurationRecorder": _write(recorders.put_configuration_recorder),
    "PutDeliveryChannel": _write(channels.put_delivery_channel),
    "PutEvaluations": _write(compliance.put_evaluations),
    "PutExternalEvaluation": _write(compliance.put_external_evaluation),
    "PutServiceLinkedConfigurationRecorder": _write(recorders.put_service_linked_configuration_recorder),
    "StartConfigRulesEvaluation": _write(rules.start_config_rules_evaluation),
    "StartConfigurationRecorder": _write(recorders.start_configuration_recorder),
    "StopConfigurationRecorder": _write(recorders.stop_configuration_recorder),
    "TagResource": _write(tags.tag_resource),
    "UntagResource": _write(tags.untag_resource),
}
"""Operation name to handler. What the API has and this has not is in :data:`UNSUPPORTED`, or answered as unsupported."""

_CONNECTORS = "connectors record resources of Azure, which is not part of the embedded AWS."
_PROACTIVE = "rules are evaluated on what exists (detective mode), not on what is planned."

UNSUPPORTED: dict[str, str] = {
    "DeleteConnector": _CONNECTORS,
    "GetConnector": _CONNECTORS,
    "GetResourceEvaluationSummary": _PROACTIVE,
    "ListConnectors": _CONNECTORS,
    "ListResourceEvaluations": _PROACTIVE,
    "PutConnector": _CONNECTORS,
    "PutThirdPartyServiceLinkedConfigurationRecorder": _CONNECTORS,
    "StartResourceEvaluation": _PROACTIVE,
}
"""Operation name to the reason why it is not supported."""
