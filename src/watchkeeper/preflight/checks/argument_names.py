"""argument-names: arguments, nested ones too, have the names and types that the provider gives them."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.aws import suggest
from watchkeeper.preflight.check import ERROR, UNSURE, Check, Result
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import Views
from watchkeeper.pulumi import schema as provider_schema
from watchkeeper.pulumi.graph import PULUMI, Resource, WrongName
from watchkeeper.text import clean

MOST_LISTED = 40
CONFIG = "aws:cfg/"
"""AWS Config's own types: their arguments are the same in every version of the provider that is in use."""


def look(views: Views) -> Iterator[Result]:
    """Each resource of a Pulumi target; in a template, what its reader found not to be in the registry."""
    for wrong in views.graph.wrong_names:
        yield _wrong(views.graph.resources[wrong.urn], wrong)
    if views.graph.language != PULUMI:
        return
    for resource in views.graph:
        if provider_schema.known(resource.type) and not resource.external:
            yield from _unfit(views, resource)


def _unfit(views: Views, resource: Resource) -> Iterator[Result]:
    """What the provider would refuse. A name of the resource's own that it does not have never leaves the SDK."""
    sure = resource.type.startswith(CONFIG) or _major(resource.provider_version) == _major(provider_schema.version())
    schema = provider_schema.schema_of(resource.type)
    for unfit in provider_schema.problems(schema, views.inputs(resource)):
        if unfit.kind == provider_schema.UNKNOWN_NAME and "." not in unfit.path:
            continue
        version = "" if sure else f" That is so in version {provider_schema.version()}; yours may differ."
        yield CHECK.finding(
            resource,
            f"{unfit.path} {clean(unfit.says)}{version}",
            fix=_fix(unfit),
            severity=None if sure else UNSURE,
            path=unfit.path,
        )


def _fix(unfit: provider_schema.Unfit) -> str:
    if unfit.kind == provider_schema.MISSING:
        return f"Give {unfit.path.rpartition('.')[2]}."
    return f"Did you mean {unfit.meant}?" if unfit.meant else ""


def _major(version: str) -> str:
    return version.partition(".")[0]


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
    nearest = suggest.nearest(wrong.name, wrong.known)
    if nearest:
        return f"Did you mean {nearest}?"
    return f"It takes {', '.join(wrong.known)}." if len(wrong.known) < MOST_LISTED else ""


CHECK = Check(
    id="argument-names",
    severity=ERROR,
    title="Arguments have the provider's names and types",
    explanation="SDKs look at the names of a resource's own arguments; a misspelled key inside an object "
    "(source_identifiers for source_identifier), a text where a truth value belongs, or an object of another class "
    "passes them unnoticed.",
    aws_does="Nothing: the provider refuses the argument in `pulumi preview` and `pulumi up`.",
    fix="Spell the argument as the provider's documentation does.",
    source="https://www.pulumi.com/registry/packages/aws/api-docs/cfg/rule/#rulesource",
    look=look,
    tags=("shape", "pulumi"),
)
