"""Every operation of AWS Config's API: its handler, or why there is none.

A handler is named like its operation, takes a valid request (:mod:`.api_model` saw to that) and gives the reply, in
the shapes of https://docs.aws.amazon.com/config/latest/APIReference/API_Operations.html; it raises ConfigError with
the error codes that are listed there."""

from __future__ import annotations

from dataclasses import dataclass

from watchkeeper.awsconfig import (
    aggregators,
    authorizations,
    channels,
    compliance,
    conformance_packs,
    organization,
    queries,
    recorders,
    remediation,
    resources,
    retention,
    rules,
    stored_queries,
    tags,
)
from watchkeeper.awsconfig.context import Handler


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
    "BatchGetAggregateResourceConfig": _read(aggregators.batch_get_aggregate_resource_config),
    "BatchGetResourceConfig": _read(resources.batch_get_resource_config),
    "DeleteAggregationAuthorization": _write(authorizations.delete_aggregation_authorization),
    "DeleteConfigRule": _write(rules.delete_config_rule),
    "DeleteConfigurationAggregator": _write(aggregators.delete_configuration_aggregator),
    "DeleteConfigurationRecorder": _write(recorders.delete_configuration_recorder),
    "DeleteConformancePack": _write(conformance_packs.delete_conformance_pack),
    "DeleteDeliveryChannel": _write(channels.delete_delivery_channel),
    "DeleteEvaluationResults": _write(rules.delete_evaluation_results),
    "DeleteOrganizationConfigRule": _write(organization.delete_organization_config_rule),
    "DeleteOrganizationConformancePack": _write(organization.delete_organization_conformance_pack),
    "DeletePendingAggregationRequest": _write(authorizations.delete_pending_aggregation_request),
    "DeleteRemediationConfiguration": _write(remediation.delete_remediation_configuration),
    "DeleteRemediationExceptions": _write(remediation.delete_remediation_exceptions),
    "DeleteResourceConfig": _write(resources.delete_resource_config),
    "DeleteRetentionConfiguration": _write(retention.delete_retention_configuration),
    "DeleteServiceLinkedConfigurationRecorder": _write(recorders.delete_service_linked_configuration_recorder),
    "DeleteStoredQuery": _write(stored_queries.delete_stored_query),
    "DeliverConfigSnapshot": _write(channels.deliver_config_snapshot),
    "DescribeAggregateComplianceByConfigRules": _read(aggregators.describe_aggregate_compliance_by_config_rules),
    "DescribeAggregateComplianceByConformancePacks": _read(
        aggregators.describe_aggregate_compliance_by_conformance_packs
    ),
    "DescribeAggregationAuthorizations": _read(authorizations.describe_aggregation_authorizations),
    "DescribeComplianceByConfigRule": _read(compliance.describe_compliance_by_config_rule),
    "DescribeComplianceByResource": _read(compliance.describe_compliance_by_resource),
    "DescribeConfigRuleEvaluationStatus": _read(
        rules.describe_config_rule_evaluation_status, "LastErrorMessage also says why a rule is not evaluated here"
    ),
    "DescribeConfigRules": _read(rules.describe_config_rules),
    "DescribeConfigurationAggregatorSourcesStatus": _read(aggregators.describe_configuration_aggregator_sources_status),
    "DescribeConfigurationAggregators": _read(aggregators.describe_configuration_aggregators),
    "DescribeConfigurationRecorderStatus": _read(recorders.describe_configuration_recorder_status),
    "DescribeConfigurationRecorders": _read(recorders.describe_configuration_recorders),
    "DescribeConformancePackCompliance": _read(conformance_packs.describe_conformance_pack_compliance),
    "DescribeConformancePackStatus": _read(conformance_packs.describe_conformance_pack_status),
    "DescribeConformancePacks": _read(conformance_packs.describe_conformance_packs),
    "DescribeDeliveryChannelStatus": _read(channels.describe_delivery_channel_status),
    "DescribeDeliveryChannels": _read(channels.describe_delivery_channels),
    "DescribeOrganizationConfigRuleStatuses": _read(organization.describe_organization_config_rule_statuses),
    "DescribeOrganizationConfigRules": _read(organization.describe_organization_config_rules),
    "DescribeOrganizationConformancePackStatuses": _read(organization.describe_organization_conformance_pack_statuses),
    "DescribeOrganizationConformancePacks": _read(organization.describe_organization_conformance_packs),
    "DescribePendingAggregationRequests": _read(authorizations.describe_pending_aggregation_requests),
    "DescribeRemediationConfigurations": _read(remediation.describe_remediation_configurations),
    "DescribeRemediationExceptions": _read(remediation.describe_remediation_exceptions),
    "DescribeRemediationExecutionStatus": _read(remediation.describe_remediation_execution_status),
    "DescribeRetentionConfigurations": _read(retention.describe_retention_configurations),
    "DisassociateResourceTypes": _write(recorders.disassociate_resource_types),
    "GetAggregateComplianceDetailsByConfigRule": _read(aggregators.get_aggregate_compliance_details_by_config_rule),
    "GetAggregateConfigRuleComplianceSummary": _read(aggregators.get_aggregate_config_rule_compliance_summary),
    "GetAggregateConformancePackComplianceSummary": _read(
        aggregators.get_aggregate_conformance_pack_compliance_summary
    ),
    "GetAggregateDiscoveredResourceCounts": _read(aggregators.get_aggregate_discovered_resource_counts),
    "GetAggregateResourceConfig": _read(aggregators.get_aggregate_resource_config),
    "GetComplianceDetailsByConfigRule": _read(compliance.get_compliance_details_by_config_rule),
    "GetComplianceDetailsByResource": _read(compliance.get_compliance_details_by_resource),
    "GetComplianceSummaryByConfigRule": _read(compliance.get_compliance_summary_by_config_rule),
    "GetComplianceSummaryByResourceType": _read(compliance.get_compliance_summary_by_resource_type),
    "GetConformancePackComplianceDetails": _read(conformance_packs.get_conformance_pack_compliance_details),
    "GetConformancePackComplianceSummary": _read(conformance_packs.get_conformance_pack_compliance_summary),
    "GetCustomRulePolicy": _read(rules.get_custom_rule_policy),
    "GetDiscoveredResourceCounts": _read(resources.get_discovered_resource_counts),
    "GetOrganizationConfigRuleDetailedStatus": _read(organization.get_organization_config_rule_detailed_status),
    "GetOrganizationConformancePackDetailedStatus": _read(
        organization.get_organization_conformance_pack_detailed_status
    ),
    "GetOrganizationCustomRulePolicy": _read(organization.get_organization_custom_rule_policy),
    "GetResourceConfigHistory": _read(resources.get_resource_config_history),
    "GetStoredQuery": _read(stored_queries.get_stored_query),
    "ListAggregateDiscoveredResources": _read(aggregators.list_aggregate_discovered_resources),
    "ListConfigurationRecorders": _read(recorders.list_configuration_recorders),
    "ListConformancePackComplianceScores": _read(conformance_packs.list_conformance_pack_compliance_scores),
    "ListDiscoveredResources": _read(resources.list_discovered_resources),
    "ListStoredQueries": _read(stored_queries.list_stored_queries),
    "ListTagsForResource": _read(tags.list_tags_for_resource),
    "PutAggregationAuthorization": _write(authorizations.put_aggregation_authorization),
    "PutConfigRule": _write(rules.put_config_rule, "custom policy (Guard) rules are kept and not evaluated"),
    "PutConfigurationAggregator": _write(
        aggregators.put_configuration_aggregator, "reads its sources when asked: never late"
    ),
    "PutConfigurationRecorder": _write(recorders.put_configuration_recorder),
    "PutConformancePack": _write(
        conformance_packs.put_conformance_pack, "the template in TemplateBody; not from S3 or an SSM document"
    ),
    "PutDeliveryChannel": _write(channels.put_delivery_channel),
    "PutEvaluations": _write(compliance.put_evaluations),
    "PutExternalEvaluation": _write(compliance.put_external_evaluation, "for any rule, not only service-linked ones"),
    "PutOrganizationConfigRule": _write(
        organization.put_organization_config_rule, "the organization is every account with a recorder in the region"
    ),
    "PutOrganizationConformancePack": _write(
        organization.put_organization_conformance_pack, "the template in TemplateBody; not from S3"
    ),
    "PutRemediationConfigurations": _write(remediation.put_remediation_configurations),
    "PutRemediationExceptions": _write(remediation.put_remediation_exceptions),
    "PutResourceConfig": _write(resources.put_resource_config),
    "PutRetentionConfiguration": _write(retention.put_retention_configuration),
    "PutServiceLinkedConfigurationRecorder": _write(recorders.put_service_linked_configuration_recorder),
    "PutStoredQuery": _write(stored_queries.put_stored_query),
    "SelectAggregateResourceConfig": _read(
        queries.select_aggregate_resource_config, "pages of ordered or grouped results follow their position"
    ),
    "SelectResourceConfig": _read(
        queries.select_resource_config, "pages of ordered or grouped results follow their position"
    ),
    "StartConfigRulesEvaluation": _write(rules.start_config_rules_evaluation),
    "StartConfigurationRecorder": _write(recorders.start_configuration_recorder),
    "StartRemediationExecution": _write(
        remediation.start_remediation_execution, "a document that can't run here is FAILED, and its step says so"
    ),
    "StopConfigurationRecorder": _write(recorders.stop_configuration_recorder),
    "TagResource": _write(tags.tag_resource),
    "UntagResource": _write(tags.untag_resource),
}
"""Operation name to handler. What the API has and this has not is in :data:`UNSUPPORTED`."""

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
