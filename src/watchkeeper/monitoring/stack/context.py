"""What every concern is given: the settings, the account and region that the provider works in, names and tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from watchkeeper.monitoring.settings import Settings

TYPE_PREFIX = "custom:aws:"


@dataclass(frozen=True)
class Context:
    """The surroundings of a stack. Account, region and partition are always the provider's, never written by hand."""

    settings: Settings
    account_id: pulumi.Output[str]
    region: pulumi.Output[str]
    partition: pulumi.Output[str]

    @classmethod
    def of(cls, settings: Settings, parent: pulumi.Resource) -> Context:
        """Asks the provider that ``parent`` has."""
        options = pulumi.InvokeOutputOptions(parent=parent)
        return cls(
            settings=settings,
            account_id=aws.get_caller_identity_output(opts=options).account_id,
            region=aws.get_region_output(opts=options).region,
            partition=aws.get_partition_output(opts=options).partition,
        )

    def name(self, resource: str) -> str:
        """``<resource>-<environment suffix>``."""
        return f"{resource}-{self.settings.environment_suffix}"

    @property
    def tags(self) -> Mapping[str, str]:
        """The tags of everything that takes tags."""
        return self.settings.all_tags()

    def arn(self, service: str, resource: pulumi.Input[str]) -> pulumi.Output[str]:
        """ARN of a resource in this account and region.

        In policies an ARN is written from the name rather than taken from the resource: so a preview shows the whole
        policy, and a check can read it, before anything exists.
        """
        return pulumi.Output.concat(
            "arn:", self.partition, ":", service, ":", self.region, ":", self.account_id, ":", resource
        )

    def bucket_arn(self, name: pulumi.Input[str]) -> pulumi.Output[str]:
        """ARN of a bucket: it has neither account nor region."""
        return pulumi.Output.concat("arn:", self.partition, ":s3:::", name)

    def managed_policy(self, path: str) -> pulumi.Output[str]:
        """ARN of an AWS managed policy, e.g. ``service-role/AWS_ConfigRole``, in the provider's partition."""
        return pulumi.Output.concat("arn:", self.partition, ":iam::aws:policy/", path)


class Concern(pulumi.ComponentResource):
    """One concern of the stack. Whatever it makes has it as parent."""

    def __init__(self, kind: str, name: str, context: Context, parent: pulumi.Resource) -> None:
        super().__init__(f"{TYPE_PREFIX}{kind}", context.name(name), None, pulumi.ResourceOptions(parent=parent))
        self.context = context

    def child(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        """Options of a resource of this concern, made after the given ones."""
        return pulumi.ResourceOptions(parent=self, depends_on=list(after))
