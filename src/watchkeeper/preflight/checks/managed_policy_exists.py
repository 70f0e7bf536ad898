"""managed-policy-exists: every AWS managed policy that is attached exists."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.aws import facts, suggest
from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import POLICY, ROLE, Link, Views
from watchkeeper.pulumi.graph import Resource

ATTACHMENTS = {
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "policyArn",
    "aws:iam/policyAttachment:PolicyAttachment": "policyArn",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": "policyArn",
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": "policyArn",
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive": "policyArns",
    ROLE: "managedPolicyArns",
}


def look(views: Views) -> Iterator[Result]:
    """Every attached ARN of the form arn:aws:iam::aws:policy/…"""
    for kind, path in ATTACHMENTS.items():
        for resource in views.of_type(kind):
            for link in views.links(resource, path, POLICY):
                yield from _look_at(resource, path, link)


def _look_at(resource: Resource, path: str, link: Link) -> Iterator[Result]:
    if link.unknown:
        yield CHECK.unknown(resource, "the policy's ARN is known only after the deployment")
    if link.resource is not None or not link.text or ":iam::aws:policy/" not in link.text:
        return
    if facts.managed_policy(link.text) is not None:
        return
    name = link.text.partition(":policy/")[2]
    retired = facts.retired_policies().get(link.text)
    nearest = retired.replacement if retired else _nearest(name)
    yield CHECK.finding(
        resource,
        f"{quote(link.text)} is not an AWS managed policy.",
        fix=f"Did you mean {nearest}?" if nearest else "",
        path=path,
    )


def _nearest(name: str) -> str | None:
    by_path = {policy.arn.partition(":policy/")[2]: arn for arn, policy in facts.managed_policies().items()}
    moved = [arn for path, arn in by_path.items() if path.rpartition("/")[2] == name.rpartition("/")[2]]
    if moved:
        return moved[0]
    close = suggest.nearest(name, by_path)
    return by_path[close] if close else None


CHECK = Check(
    id="managed-policy-exists",
    severity=ERROR,
    title="Attached AWS managed policies exist",
    explanation="An AWS managed policy has a path and a name; several that circulate in examples "
    "(service-role/ConfigRole, "
    "service-role/AWSConfigRole) do not exist or were retired.",
    aws_does="AttachRolePolicy answers NoSuchEntity.",
    fix="Take the ARN from the AWS Managed Policy Reference.",
    source="https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html",
    look=look,
    tags=("iam",),
)
