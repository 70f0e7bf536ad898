"""required-tags: resources carry the tags that cost and compliance are allocated by."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.graph import UNKNOWN, Resource
from watchkeeper.preflight.check import WARNING, Check, Result
from watchkeeper.preflight.identity import BUCKET_TYPES
from watchkeeper.preflight.views import (
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

UNTAGGED_BY_CLOUDFORMATION = frozenset({RULE, POLICY})
"""CloudFormation has no Tags for these and refuses the property
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-config-configrule.html, and
aws-resource-iam-managedpolicy.html)."""


def look(views: Views) -> Iterator[Result]:
    """Each resource that takes tags, with the provider's default tags."""
    wanted = views.options.required_tags
    taggable = [kind for kind in TAGGABLE if not (views.cloudformation and kind in UNTAGGED_BY_CLOUDFORMATION)]
    for resource in views.of_type(*taggable) if wanted else ():
        tags = _tags(views, resource)
        missing = [tag for tag in wanted if tag not in tags]
        if not missing:
            continue
        if tags.get("") is UNKNOWN:
            yield CHECK.unknown(resource, "its tags are known only after the deployment")
        else:
            yield CHECK.finding(
                resource,
                f"the resource has no tag {', '.join(missing)}.",
                fix=f"Add tags: {', '.join(missing)}, on the resource or as the provider's default_tags.",
                path="tags",
            )


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
