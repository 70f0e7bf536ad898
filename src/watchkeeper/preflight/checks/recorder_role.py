"""recorder-role: the recorder's role lets Config in and lets it read."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.meaning import policy as iam
from watchkeeper.preflight.meaning.delivery import service_linked
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import CONFIG_SERVICE, Link, Role, Views
from watchkeeper.pulumi.graph import Resource

ENOUGH = ("AWS_ConfigRole", "AdministratorAccess", "ReadOnlyAccess")
SAMPLE = ("ec2:DescribeInstances", "s3:GetBucketAcl", "iam:GetRole", "rds:DescribeDBInstances")
"""What a role without AWS_ConfigRole must allow at least, to be taken for a hand-written equal."""


def look(views: Views) -> Iterator[Result]:
    """Each recorder's role."""
    for recorder, link, role in views.recorder_roles():
        if service_linked(link):
            continue
        if role is None:
            yield from _outside(recorder, link)
        else:
            yield from _trust(recorder, role)
            yield from _rights(recorder, role)


def _outside(recorder: Resource, link: Link) -> Iterator[Result]:
    if not link.present:
        yield CHECK.finding(recorder, "the recorder has no role.", path="roleArn")
    else:
        yield CHECK.unknown(recorder, f"its role {quote(link.text or '')} is not in the program")


def _trust(recorder: Resource, role: Role) -> Iterator[Result]:
    document = role.trust
    if document is None or document.policy is None:
        yield CHECK.unknown(recorder, document.problem if document else "the role's trust policy is missing")
        return
    if iam.service_allowed(document.policy, CONFIG_SERVICE, "sts:AssumeRole") is False:
        yield CHECK.finding(
            role.resource,
            f"the recorder's role {quote(role.resource.name)} does not let config.amazonaws.com assume it.",
            fix='Allow sts:AssumeRole for the principal {"Service": "config.amazonaws.com"}.',
            path="assumeRolePolicy",
            aws_does="PutConfigurationRecorder answers InvalidRoleException.",
        )


def _rights(recorder: Resource, role: Role) -> Iterator[Result]:
    if any(arn.rpartition("/")[2] in ENOUGH for arn in role.managed):
        return
    answers = [role.allows(action) for action in SAMPLE]
    if any(answer is False for answer in answers):
        yield CHECK.finding(
            role.resource,
            f"the recorder's role {quote(role.resource.name)} has no AWS_ConfigRole, nor the same rights.",
        )
    elif any(answer is None for answer in answers):
        yield CHECK.unknown(recorder, "what its role may read is known only after the deployment")


CHECK = Check(
    id="recorder-role",
    severity=ERROR,
    title="The recorder's role has AWS_ConfigRole",
    explanation="AWS Config reads resources through the recorder's role: it must trust config.amazonaws.com and "
    "have the "
    "managed policy service-role/AWS_ConfigRole, or the service-linked role is used.",
    aws_does="It accepts the recorder; resources that the role cannot read are missing and nothing is delivered.",
    fix="Attach arn:aws:iam::aws:policy/service-role/AWS_ConfigRole.",
    source="https://docs.aws.amazon.com/config/latest/developerguide/iamrole-permissions.html",
    look=look,
    tags=("config", "iam"),
    needs_all=True,
)
