"""required-tags: resources carry the tags that cost and compliance are allocated by."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.aws import facts
from watchkeeper.preflight.check import UNSURE, WARNING, Check, Result
from watchkeeper.preflight.meaning.identity import BUCKET_TYPES
from watchkeeper.preflight.meaning.views import (
    AGGREGATOR,
    ALARM,
    EVENT_RULE,
    FUNCTION,
    KEY,
    LOG_GROUP,
    POLICY,
    QUEUE,
    ROLE,
    RULE,
    TOPIC,
    Views,
)
from watchkeeper.pulumi.graph import UNKNOWN, Resource

TAGGABLE = (
    *BUCKET_TYPES,
    AGGREGATOR,
    ALARM,
    EVENT_RULE,
    FUNCTION,
    KEY,
    LOG_GROUP,
    POLICY,
    QUEUE,
    ROLE,
    RULE,
    TOPIC,
    "aws:dynamodb/table:Table",
    "aws:sfn/stateMachine:StateMachine",
    "aws:athena/workgroup:Workgroup",
    "aws:ec2/instance:Instance",
    "aws:rds/instance:Instance",
)


def look(views: Views) -> Iterator[Result]:
    """Each resource that takes tags, with the provider's default tags."""
    wanted = views.options.required_tags
    for resource in views.of_type(*TAGGABLE) if wanted else ():
        if views.cloudformation and not _takes_tags(resource.source_type):
            continue
        tags = _tags(views, resource)
        missing = [tag for tag in wanted if tag not in tags]
        if not missing:
            continue
        if tags.get("") is UNKNOWN:
            yield CHECK.unknown(resource, "its tags are known only after the deployment")
        else:
            yield _untagged(views, resource, ", ".join(missing))


def _untagged(views: Views, resource: Resource, missing: str) -> Result:
    if views.cloudformation:
        return CHECK.finding(
            resource,
            f"the resource has no tag {missing}, unless the stack gives it one.",
            fix=f"Add Tags: {missing}, on the resource or on the stack.",
            path="tags",
            severity=UNSURE,
        )
    return CHECK.finding(
        resource,
        f"the resource has no tag {missing}.",
        fix=f"Add tags: {missing}, on the resource or as the provider's default_tags.",
        path="tags",
    )


def _takes_tags(kind: str) -> bool:
    """Whether CloudFormation's type has tags: AWS::Config::ConfigRule, for one, has none there."""
    return "Tags" in facts.cloudformation_types().get(kind, {}).get("properties", {})


def _tags(views: Views, resource: Resource) -> dict[str, Any]:
    """The tags by key; an empty key stands for tags that are not known."""
    found: dict[str, Any] = {}
    provider = views.graph.resources.get(resource.provider.rpartition("::")[0])
    sources = [views.inputs(resource).get("tags"), views.inputs(resource).get("tagsAll")]
    if provider is not None:
        defaults = views.inputs(provider).get("defaultTags")
        sources.append(_loads(defaults))
    for source in sources:
        if source is UNKNOWN:
            found[""] = UNKNOWN
        elif isinstance(source, Mapping):
            inner = source.get("tags") if isinstance(source.get("tags"), Mapping) else source
            found.update(inner if isinstance(inner, Mapping) else {})
    return found


def _loads(value: Any) -> Any:
    """A provider's inputs are JSON texts in Pulumi's state."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


CHECK = Check(
    id="required-tags",
    severity=WARNING,
    title="Resources carry the required tags",
    explanation="Owner, Environment and ComplianceLevel (or those of your settings) tell whose a resource is, and let "
    "cost and compliance be allocated.",
    aws_does="It accepts the resource; nobody can allocate it.",
    fix="Add the tags, or give the provider default_tags.",
    source="https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html",
    look=look,
    tags=("tags",),
)
