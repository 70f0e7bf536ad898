"""The same checks as a Pulumi policy pack: ``pulumi preview --policy-pack`` enforces them, with the same ids.

https://www.pulumi.com/docs/insights/policy/policy-packs/. A pack is a folder with PulumiPolicy.yaml (runtime: python)
and a ``__main__.py`` that calls :func:`pack`. Errors are mandatory, warnings and unsure findings advisory, as Pulumi's
``--policy-pack-config`` may change for each check. Settings are preflight's
(:mod:`watchkeeper.preflight.run.settings`): of the ``watchkeeper.yaml`` beside or above where the pack runs, of the
stack's configuration, and of each policy there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pulumi
from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    PolicyPack,
    PolicyResource,
    ReportViolation,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from watchkeeper.preflight.check import ERROR, Check
from watchkeeper.preflight.inputs.pulumi_state import UNKNOWNS
from watchkeeper.preflight.meaning.values import DEPTH
from watchkeeper.preflight.options import Options
from watchkeeper.preflight.registry import checks
from watchkeeper.preflight.run import settings
from watchkeeper.preflight.run.running import run
from watchkeeper.pulumi.graph import UNKNOWN, Archive, Asset, Graph, Resource

NAME = "watchkeeper"
LEVELS = {ERROR: EnforcementLevel.MANDATORY}
LEFT_OUT = frozenset({"program-error", "account-state"})
"""Checks that look at something else than a stack's resources."""


def pack(name: str = NAME) -> PolicyPack:
    """Make the policy pack: to be called once in the pack's ``__main__.py``. Serves until Pulumi ends it."""
    return PolicyPack(name, policies=list(policies()))


def policies() -> list[StackValidationPolicy]:
    """One stack policy for each check."""
    return [_policy(check) for check in checks().values() if check.id not in LEFT_OUT]


def _policy(check: Check) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        violations(check, args.resources, args.get_config(), report)

    return StackValidationPolicy(
        name=check.id,
        description=f"{check.title}. {check.explanation}",
        validate=validate,
        enforcement_level=LEVELS.get(check.severity, EnforcementLevel.ADVISORY),
        config_schema=PolicyConfigSchema(properties={**settings.PROPERTIES}),
        tags=list(check.tags),
        remediation_steps=check.fix,
        url=check.source,
    )


def violations(
    check: Check, resources: Iterable[PolicyResource], config: Mapping[str, Any], report: ReportViolation
) -> None:
    """Run one check over a stack and report what it finds. Raises SettingsError, and RuntimeError for a crash."""
    options = Options(**{**given(config), "select": (check.id,), "ignore": ()})
    result = run(graph_of(resources), options)
    for error in result.errors:
        raise RuntimeError(f"the check {error.check} crashed: {error.error}")
    for finding in result.findings:
        unsure = f" ({finding.severity})" if finding.severity != check.severity else ""
        report(f"{finding.resource}: {finding.message} {finding.fix}{unsure}", finding.data.get("urn") or None)


def given(config: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of Options for a policy: its own settings, over the stack's, over the file's. Raises SettingsError."""
    shared = settings.load(settings.find(Path.cwd()), pulumi.runtime.get_config_env())
    own = settings.options_of({**config}, "--policy-pack-config")
    suppressions = (*shared.get("suppressions", ()), *own.get("suppressions", ()))
    return {**shared, **own, "suppressions": suppressions}


def graph_of(resources: Iterable[PolicyResource]) -> Graph:
    """The graph of the resources that Pulumi gives to a stack policy."""
    made = {resource.urn: _resource(resource) for resource in resources}
    head = next(iter(made), "urn:pulumi:::").split("::")
    return Graph(
        made,
        project=head[1] if len(head) > 1 else "",
        stack=head[0].removeprefix("urn:pulumi:"),
        source="Pulumi policy pack",
        region=_region(made.values()),
    )


def _resource(resource: PolicyResource) -> Resource:
    props = resource.props
    values = {str(key): _read(props, key, 0) for key in props}
    custom = resource.provider is not None or resource.resource_type.startswith("pulumi:providers:")
    return Resource(
        urn=resource.urn,
        type=resource.resource_type,
        name=resource.name,
        inputs=values,
        outputs=values,
        custom=custom,
        parent=resource.parent.urn if resource.parent else "",
        dependencies=tuple(item.urn for item in resource.dependencies),
        property_dependencies={
            key: tuple(item.urn for item in items) for key, items in resource.property_dependencies.items()
        },
        provider=resource.provider.urn if resource.provider else "",
        protect=bool(resource.opts.protect),
        outputs_registered=not custom and bool(values),
    )


def _read(owner: Any, key: Any, depth: int) -> Any:
    """One value of a proxy that raises on unknown ones."""
    try:
        return _value(owner[key], depth)
    except UnknownValueError:
        return UNKNOWN


def _value(value: Any, depth: int) -> Any:
    if depth > DEPTH or (isinstance(value, str) and value in UNKNOWNS):
        return UNKNOWN
    if isinstance(value, pulumi.FileAsset):
        return Asset(path=str(value.path))
    if isinstance(value, pulumi.StringAsset):
        return Asset(text=value.text)
    if isinstance(value, pulumi.FileArchive):
        return Archive(path=str(value.path))
    if isinstance(value, pulumi.AssetArchive):
        parts = {str(name): _value(part, depth + 1) for name, part in value.assets.items()}
        return Archive(parts={name: part for name, part in parts.items() if isinstance(part, Asset | Archive)})
    if isinstance(value, Mapping):
        return {str(key): _read(value, key, depth + 1) for key in value}
    if not isinstance(value, str | bytes) and hasattr(value, "__len__") and hasattr(value, "__getitem__"):
        return [_read(value, index, depth + 1) for index in range(len(value))]
    return value


def _region(resources: Iterable[Resource]) -> str | None:
    found = {item.inputs.get("region") for item in resources if item.type == "pulumi:providers:aws"}
    only = next(iter(found)) if len(found) == 1 else None
    return only if isinstance(only, str) else None
