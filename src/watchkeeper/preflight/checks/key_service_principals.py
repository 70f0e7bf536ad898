"""key-service-principals: a key's policy lets in the services that have to use the key."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.meaning.delivery import service_answer
from watchkeeper.preflight.meaning.policy import covers_action
from watchkeeper.preflight.meaning.publishing import EVENTS, key_uses
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import TOPIC, Key, Views
from watchkeeper.pulumi.graph import Resource

NEEDED = ("kms:GenerateDataKey", "kms:Decrypt")
UNSUPPORTED = ("aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid")
"""Not supported in a key policy for EventBridge-to-encrypted topics (SNS developer guide, "Key management")."""


def look(views: Views) -> Iterator[Result]:
    """Each key against the services that publish to what it encrypts, or write logs with it."""
    seen: set[tuple[str, str]] = set()
    for use in key_uses(views):
        if use.link.text and "alias/aws/" in use.link.text:
            yield CHECK.finding(
                use.user,
                f"{use.service} cannot {use.why}: {quote(use.link.text)} is an AWS managed key, which cannot be "
                f"opened to "
                "services.",
                fix="Encrypt it with a customer key whose policy lets the service in.",
            )
            continue
        key = views.key(use.link)
        if key is None:
            yield CHECK.unknown(use.user, f"the key with which {use.service} has to {use.why} is not in the program")
            continue
        if use.target is not None and use.target.type == TOPIC and use.service == EVENTS:
            yield from _conditioned(key, use.target)
        if (key.resource.urn, use.service) not in seen:
            seen.add((key.resource.urn, use.service))
            yield from _look_at(key, use.service, use.user, use.why)


def _look_at(key: Key, service: str, user: Resource, why: str) -> Iterator[Result]:
    answers = {action: service_answer(key.documents, action, None, service) for action in NEEDED}
    refused = [action for action, answer in answers.items() if answer is False]
    if refused:
        yield CHECK.finding(
            key.resource,
            f"the key's policy does not let {service} do {' and '.join(refused)}, which it needs to {why} "
            f"({quote(user.name)}).",
            fix=f'Allow {" and ".join(NEEDED)} for the principal {{"Service": "{service}"}}'
            + ("." if service == EVENTS else ", conditioned on the account."),
            path="policy",
        )
    elif any(answer is None for answer in answers.values()):
        yield CHECK.unknown(key.resource, "its policy is known only after the deployment")


def _conditioned(key: Key, topic: Resource) -> Iterator[Result]:
    """Conditions on the source, where every statement that lets EventBridge in has one."""
    letting = [
        statement
        for document in key.documents
        if document.policy is not None
        for statement in document.policy.statements
        if statement.allow
        and any(kind == "Service" and value == EVENTS for kind, value in statement.principals)
        and any(covers_action(statement, action) for action in NEEDED)
    ]
    conditions = [sorted({name for _, name, _ in item.conditions if name in UNSUPPORTED}) for item in letting]
    if letting and all(conditions):
        yield CHECK.finding(
            key.resource,
            f"the key's policy lets {EVENTS} in under {' and '.join(conditions[0])}, which EventBridge does not send "
            f"when it publishes to an encrypted topic ({quote(topic.name)}).",
            fix=f"Take the condition out of the statement for {EVENTS}; limit who may publish in the topic's policy, "
            "or send the events to an encrypted queue or a function, where the condition is supported.",
            path="policy",
            aws_does="EventBridge counts the event as a failed invocation; nothing arrives and nobody is told.",
        )


CHECK = Check(
    id="key-service-principals",
    severity=ERROR,
    title="Key policies let in the services that need the key",
    explanation="A service that publishes to an encrypted topic or queue, or writes an encrypted log group, "
    "uses the key as itself; IAM policies do not help it, only the key policy does. For EventBridge and an encrypted "
    "topic, conditions on aws:SourceAccount, aws:SourceArn or aws:SourceOrgID are not supported there.",
    aws_does="The service gets AccessDenied from KMS: events and alarms are lost silently; encrypted log groups "
    "are refused.",
    fix="Name the service as a principal in the key policy.",
    source="https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
    look=look,
    tags=("kms", "iam"),
    needs_all=True,
)
