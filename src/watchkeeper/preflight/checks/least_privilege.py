"""least-privilege: no wildcard where an ARN or an action could be named."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.aws.facts import iam
from watchkeeper.preflight.check import WARNING, Check, Result
from watchkeeper.preflight.meaning.policy import Statement
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import POLICY, ROLE, ROLE_POLICY, Document, Views

NAMED = 4
"""How many actions a message lists."""


def look(views: Views) -> Iterator[Result]:
    """Each statement of the program's own identity policies."""
    for document in _documents(views):
        if document.policy is None:
            if document.malformed:
                yield CHECK.finding(
                    document.owner, f"the policy cannot be read: {document.problem}.", path=document.path
                )
            else:
                yield CHECK.unknown(document.owner, document.problem)
            continue
        for statement in document.policy.statements:
            yield from _look_at(document, statement)


def _documents(views: Views) -> Iterator[Document]:
    yield from views.documents(views.of_type(ROLE_POLICY, POLICY))
    for role in views.of_type(ROLE):
        yield from (document for document in _inline(views, role.urn))


def _inline(views: Views, urn: str) -> Iterator[Document]:
    for role in views.roles:
        if role.resource.urn == urn:
            yield from (document for document in role.documents if document.owner.urn == urn)


def _look_at(document: Document, statement: Statement) -> Iterator[Result]:
    if not statement.allow:
        return
    for action in statement.actions:
        if isinstance(action, str) and (action == "*" or action.endswith(":*")):
            yield CHECK.finding(
                document.owner,
                f"statement {_label(statement)} allows {quote(action)}.",
                fix="Name the actions that are used.",
                path=document.path,
            )
    if "*" not in [resource for resource in statement.resources if isinstance(resource, str)] or _conditioned(
        statement
    ):
        return
    narrow = [action for action in _expanded(statement) if (found := iam.action(action)) and found.acts_on_one]
    if narrow:
        more = f" and {len(narrow) - NAMED} more" if len(narrow) > NAMED else ""
        yield CHECK.finding(
            document.owner,
            f'statement {_label(statement)} allows {", ".join(narrow[:NAMED])}{more} on "*", where an ARN is possible.',
            path=document.path,
        )


def _conditioned(statement: Statement) -> bool:
    """Whether a condition narrows the resources: a service's own key, or a tag of the resource."""
    keys = [key for _, key, _ in statement.conditions]
    return any(key.startswith("aws:resourcetag/") or not key.startswith("aws:") for key in keys)


def _expanded(statement: Statement) -> list[str]:
    found = [
        action
        for pattern in statement.actions
        if isinstance(pattern, str) and pattern != "*" and not pattern.endswith(":*")
        for action in iam.expand(pattern)
    ]
    return list(dict.fromkeys(found))


def _label(statement: Statement) -> str:
    return quote(statement.sid) if statement.sid else str(statement.index)


CHECK = Check(
    id="least-privilege",
    severity=WARNING,
    title="Policies name actions, and ARNs where an action takes one",
    explanation='Some actions take only "*" as their resource; every other one gets an ARN. The Service Authorization '
    "Reference says which.",
    aws_does="It accepts the policy, which allows more than is used.",
    fix="Name the ARNs of the resources that are used.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege",
    look=look,
    tags=("iam",),
)
