"""argument-names: the nested arguments of AWS Config's resources are spelled as the provider spells them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from watchkeeper import catalog
from watchkeeper.graph import UNKNOWN, Resource, WrongName
from watchkeeper.preflight.check import ERROR, UNSURE, Check, Result
from watchkeeper.preflight.values import at, quote
from watchkeeper.preflight.views import AGGREGATOR, CHANNEL, RECORDER, REMEDIATION, RULE, Views

Shape = tuple[tuple[str, ...], tuple[str, ...]]
"""Required names, then the others."""
MOST_LISTED = 40
EXCLUSION = "recordingGroup.exclusionByResourceTypes"
NESTED: Mapping[str, Mapping[str, Shape]] = {
    RULE: {
        "source": (("owner",), ("sourceIdentifier", "sourceDetails", "customPolicyDetails")),
        "source.sourceDetails": ((), ("eventSource", "maximumExecutionFrequency", "messageType")),
        "source.customPolicyDetails": (("policyRuntime", "policyText"), ("enableDebugLogDelivery",)),
        "scope": ((), ("complianceResourceId", "complianceResourceTypes", "tagKey", "tagValue")),
        "evaluationModes": ((), ("mode",)),
    },
    RECORDER: {
        "recordingGroup": (
            (),
            (
                "allSupported",
                "includeGlobalResourceTypes",
                "resourceTypes",
                "exclusionByResourceTypes",
                "recordingStrategies",
            ),
        ),
        EXCLUSION: ((), ("resourceTypes",)),
        "recordingGroup.recordingStrategies": ((), ("useOnly",)),
        "recordingMode": ((), ("recordingFrequency", "recordingModeOverride")),
        "recordingMode.recordingModeOverride": (("recordingFrequency", "resourceTypes"), ("description",)),
    },
    CHANNEL: {"snapshotDeliveryProperties": ((), ("deliveryFrequency",))},
    AGGREGATOR: {
        "accountAggregationSource": (("accountIds",), ("allRegions", "regions")),
        "organizationAggregationSource": (("roleArn",), ("allRegions", "regions")),
    },
    REMEDIATION: {
        "executionControls": ((), ("ssmControls",)),
        "executionControls.ssmControls": ((), ("concurrentExecutionRatePercentage", "errorPercentage")),
        "parameters": (("name",), ("resourceValue", "staticValue", "staticValues")),
    },
}
"""Per type and nested argument, what stands inside (Pulumi AWS provider, version 7)."""


def look(views: Views) -> Iterator[Result]:
    """Each nested argument of the table; in a template, what its reader found not to be in the registry."""
    for wrong in views.graph.wrong_names:
        yield _wrong(views.graph.resources[wrong.urn], wrong)
    if views.cloudformation:
        return
    for kind, arguments in NESTED.items():
        for resource in views.of_type(kind):
            for path, shape in arguments.items():
                for value in at(views.inputs(resource), *path.split(".")):
                    if isinstance(value, Mapping):
                        yield from _look_at(resource, path, shape, value)


def _wrong(resource: Resource, wrong: WrongName) -> Result:
    where = f"{wrong.path} " if wrong.path else ""
    path = f"{wrong.path}.{wrong.name}" if wrong.path else wrong.name
    if wrong.missing:
        return CHECK.finding(
            resource, f"{where}lacks the required property {wrong.name}.", fix=f"Give {wrong.name}.", path=wrong.path
        )
    if wrong.name == resource.source_type:
        message = f"there is no resource type {quote(wrong.name)}."
        own = wrong.name.startswith("AWS::Config::")
        return CHECK.finding(
            resource,
            message if own else f"{message} It may be newer than the catalog.",
            fix=_meant(wrong),
            severity=ERROR if own else UNSURE,
            aws_does="It refuses the template: unrecognized resource types.",
        )
    kind = "read-only property" if wrong.read_only else "property"
    unfit = "a read-only" if wrong.read_only else "an unsupported"
    return CHECK.finding(
        resource,
        f"{where or 'the resource '}{'does not take the' if wrong.read_only else 'has no'} {kind} {quote(wrong.name)}.",
        fix="Remove it." if wrong.read_only else _meant(wrong),
        path=path,
        aws_does=f"It refuses the template: encountered {unfit} property.",
    )


def _meant(wrong: WrongName) -> str:
    nearest = catalog.nearest(wrong.name, wrong.known)
    if nearest:
        return f"Did you mean {nearest}?"
    return f"It takes {', '.join(wrong.known)}." if len(wrong.known) < MOST_LISTED else ""


def _look_at(resource: Resource, path: str, shape: Shape, value: Mapping[str, object]) -> Iterator[Result]:
    required, optional = shape
    known = (*required, *optional)
    for name in value:
        if name in known or name.startswith("__"):
            continue
        nearest = catalog.nearest(name, known)
        yield CHECK.finding(
            resource,
            f"{path} has no argument {quote(name)}.",
            fix=f"Did you mean {nearest}?" if nearest else f"It takes {', '.join(known)}.",
            path=path,
        )
    for name in required:
        if value.get(name, UNKNOWN) is None or name not in value:
            yield CHECK.finding(resource, f"{path} lacks the required argument {name}.", fix=f"Give {name}.", path=path)


CHECK = Check(
    id="argument-names",
    severity=ERROR,
    title="Nested arguments have the provider's names",
    explanation="SDKs look at a resource's own arguments; a misspelled key inside an object (source_identifiers for "
    "source_identifier), or an object of another class, passes them unnoticed.",
    aws_does="Nothing: the provider refuses the argument in `pulumi preview` and `pulumi up`.",
    fix="Spell the argument as the provider's documentation does.",
    source="https://www.pulumi.com/registry/packages/aws/api-docs/cfg/rule/#rulesource",
    look=look,
    tags=("shape", "pulumi"),
)
