"""Names in a CloudFormation template that the registry of resource types does not have.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-template-resource-type-ref.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.aws import facts
from watchkeeper.preflight.meaning.values import DEPTH
from watchkeeper.pulumi.graph import WrongName

NOT_LISTED = ("AWS::CDK::Metadata", "AWS::CloudFormation::Macro")
"""Types that are no part of the registry's schemas."""


def wrong_names(urn: str, kind: str, properties: Any) -> Iterator[WrongName]:
    """The type when there is none of its name; its unknown, read-only and missing properties."""
    types = facts.cloudformation_types()
    if kind not in types:
        if kind.startswith("AWS::") and not kind.endswith("::MODULE") and kind not in NOT_LISTED:
            yield WrongName(urn, "", kind, tuple(types))
        return
    shape = types[kind]
    if not shape.get("properties"):
        return
    given = properties if isinstance(properties, Mapping) else {}
    fixed = shape.get("read_only", ())
    settable = {name: inside for name, inside in shape["properties"].items() if name not in fixed}
    for name in given:
        if name in fixed:
            yield WrongName(urn, "", str(name), tuple(settable), read_only=True)
    rest = {name: value for name, value in given.items() if name not in fixed}
    yield from _inside(urn, "", rest, {**shape, "properties": settable}, 0)


def _inside(urn: str, path: str, value: Any, shape: Mapping[str, Any], depth: int) -> Iterator[WrongName]:
    known = shape.get("properties")
    if not known or depth > DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from _inside(urn, path, item, shape, depth + 1)
    elif isinstance(value, Mapping):
        if any(_computed(key) for key in value):
            branches = value.get("Fn::If")
            yield from _inside(urn, path, branches[1:] if isinstance(branches, list) else None, shape, depth + 1)
            return
        for key, item in value.items():
            name = str(key)
            if name in known:
                yield from _inside(urn, f"{path}.{name}" if path else name, item, known[name], depth + 1)
            else:
                yield WrongName(urn, path, name, tuple(known))
        for name in shape.get("required", ()):
            if name not in value:
                yield WrongName(urn, path, name, missing=True)


def _computed(key: Any) -> bool:
    """Whether an object with this key is an intrinsic function's."""
    return key == "Ref" or str(key).startswith("Fn::")
