"""The aggregator: the compliance of several regions, or of a whole organization, in one place.

https://docs.aws.amazon.com/config/latest/developerguide/aggregate-data.html
"""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from watchkeeper.monitoring.stack.context import Concern, Context
from watchkeeper.monitoring.stack.policies import from_account, trust

ORGANIZATION_POLICY = "service-role/AWSConfigRoleForOrganizations"

Source = tuple[dict[str, Any], list[pulumi.Resource]]
"""The argument that names the source, and what has to exist before the aggregator."""


class ComplianceAggregator(Concern):
    """An aggregator of this account, or of its organization. Its own account needs no authorization."""

    def __init__(self, context: Context, after: list[pulumi.Resource], parent: pulumi.Resource) -> None:
        super().__init__("ComplianceAggregator", "aggregator", context, parent)
        name = context.name("compliance-aggregator")
        source, role_policy = self._organization() if context.settings.aggregator.organization else _account(context)
        self.aggregator = aws.cfg.ConfigurationAggregator(
            name, name=name, tags=context.tags, **source, opts=self.child(*after, *role_policy)
        )
        self.register_outputs({"aggregatorArn": self.aggregator.arn, "aggregatorName": self.aggregator.name})

    def _organization(self) -> Source:
        name = self.context.name("aggregator-role")
        role = aws.iam.Role(
            name,
            name=name,
            description="AWS Config reads the accounts of the organization",
            assume_role_policy=trust("config.amazonaws.com", from_account(self.context)),
            tags=self.context.tags,
            opts=self.child(),
        )
        attachment = aws.iam.RolePolicyAttachment(
            self.context.name("aggregator-role-managed"),
            role=role.name,
            policy_arn=self.context.managed_policy(ORGANIZATION_POLICY),
            opts=self.child(),
        )
        source = aws.cfg.ConfigurationAggregatorOrganizationAggregationSourceArgs(
            role_arn=role.arn, **_regions(self.context)
        )
        return {"organization_aggregation_source": source}, [attachment]


def _account(context: Context) -> Source:
    source = aws.cfg.ConfigurationAggregatorAccountAggregationSourceArgs(
        account_ids=[context.account_id], **_regions(context)
    )
    return {"account_aggregation_source": source}, []


def _regions(context: Context) -> dict[str, Any]:
    """All regions, or each listed one once, or the stack's own: AWS takes one of the two arguments."""
    aggregator = context.settings.aggregator
    if aggregator.all_regions:
        return {"all_regions": True}
    return {"regions": sorted(set(aggregator.regions)) or [context.region]}
