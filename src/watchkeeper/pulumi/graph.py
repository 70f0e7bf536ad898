"""The resource graph: what a program wants, wherever it came from.

The engine, a preview file, a state export, a CloudFormation template and a Terraform plan all become one of these;
the preflight checks see nothing else. Resource types are Pulumi's (``aws:s3/bucket:Bucket``), property names Pulumi's
(lower camel case).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from watchkeeper.model import SourcePosition


class Unknown:
    """A value that only the deployment will tell. Falsy nowhere by accident: asking for its truth is an error."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<unknown>"

    def __bool__(self) -> bool:
        raise TypeError("an unknown value is neither true nor false; compare with `is UNKNOWN` first")


UNKNOWN: Final = Unknown()
STAND_IN: Final = "wkgen-"
"""How a text starts that stands for one that nobody knows yet: a made-up name, an answer of AWS."""
PULUMI: Final = "pulumi"
CLOUDFORMATION: Final = "cloudformation"
TERRAFORM: Final = "terraform"


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that must not be printed; ``value`` may itself be UNKNOWN."""

    value: Any

    def __repr__(self) -> str:
        return "<secret>"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file or text that a program ships: at most one of ``path``, ``text`` and ``uri`` is set, none in a state that
    keeps the hash alone."""

    path: str | None = None
    text: str | None = None
    uri: str | None = None
    hash: str | None = None
    """The Pulumi CLI's SHA-256 of the content, where it says it."""


@dataclass(frozen=True, slots=True)
class Archive:
    """A folder or archive that a program ships: ``path`` or ``uri`` of it, or its parts by name (Asset or Archive);
    none of them in a state that keeps the hash alone."""

    path: str | None = None
    uri: str | None = None
    parts: Mapping[str, Asset | Archive] | None = None
    hash: str | None = None
    """The Pulumi CLI's SHA-256 of the content, where it says it."""


@dataclass(frozen=True, slots=True)
class Reference:
    """In an input: the output ``property`` of another resource (an empty property means its id)."""

    urn: str
    property: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource as the program registers it."""

    urn: str
    type: str
    name: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    """JSON values, and UNKNOWN, Secret, Asset, Archive or Reference inside them."""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    custom: bool = True
    """False for a component."""
    parent: str = ""
    dependencies: tuple[str, ...] = ()
    """URNs, explicit (dependsOn) and through properties together."""
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Per top-level input property, the URNs that its value comes from."""
    provider: str = ""
    protect: bool = False
    retain_on_delete: bool = False
    ignore_changes: tuple[str, ...] = ()
    remote: bool = False
    """For a component: whether another program makes what is in it (awsx, eks), which then nobody sees here."""
    outputs_registered: bool = False
    """For a component: whether it called registerOutputs."""
    position: SourcePosition | None = None
    id: str = ""
    """The physical id, when the source knows it."""
    source_type: str = ""
    """The type in the source's own words, where these are not Pulumi's: ``AWS::S3::Bucket``, ``aws_s3_bucket``."""
    provider_version: str = ""
    """The version of the provider that it is written for, when the source knows it: ``7.51.1``."""
    external: bool = False
    """Read, not made: it exists already and belongs to somebody else (``aws.cfg.Recorder.get``)."""


@dataclass(frozen=True, slots=True)
class WrongName:
    """A name in a resource that its provider does not have, or does not let be set, or misses: of an argument under
    ``path``, or of the resource's type."""

    urn: str
    path: str
    name: str
    known: tuple[str, ...] = ()
    missing: bool = False
    read_only: bool = False


@dataclass(frozen=True)
class Graph:
    """Resources by URN in registration order, with what could not be read beside them."""

    resources: Mapping[str, Resource]
    project: str = ""
    stack: str = ""
    source: str = ""
    """Where it came from, for people: ``pulumi program infra``, ``CloudFormation template x.yaml`` …"""
    region: str | None = None
    """The provider's region, when it is known."""
    unread: tuple[str, ...] = ()
    """What the reader could not read, one sentence each: never a pass."""
    guessed: tuple[str, ...] = ()
    """Look-ups answered with plausible values, one sentence each."""
    stack_outputs: Mapping[str, Any] = field(default_factory=dict)
    account: str = ""
    """The account that ARNs are made with, when the source knows it."""
    assumption: str = ""
    """For a variant: what has to be so for it to hold."""
    wrong_names: tuple[WrongName, ...] = ()
    """Names that the reader knows to be none of the provider's."""
    unsubstituted: tuple[tuple[str, str, str], ...] = ()
    """Texts of a template that hold ``${Name}`` and are not substituted: URN, property, name."""
    rewritten_by: str = ""
    """The macros that AWS runs over the template before it is deployed: what its properties mean is then theirs."""
    shows_components: bool = True
    """Whether the source tells what components register; ``pulumi preview --json`` does not."""
    variants: tuple[Graph, ...] = ()
    """The same target where a value that decides what there is, and that nobody says, is another one."""
    language: str = PULUMI
    """Whose words the target is written in: PULUMI, CLOUDFORMATION or TERRAFORM."""
    program: bool = False
    """Whether the program itself ran here: then the files that it names are here too."""

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources.values())

    def __len__(self) -> int:
        return len(self.resources)

    def of_type(self, *types: str) -> list[Resource]:
        """The resources of these types, in registration order."""
        wanted = set(types)
        return [resource for resource in self if resource.type in wanted]

    def reaches(self, start: str, target: str) -> bool:
        """Whether ``start`` depends on ``target``, directly or through others, parents' dependencies included."""
        return target in self.ancestors(start)

    def ancestors(self, start: str) -> frozenset[str]:
        """Every URN that must exist before ``start``; a cycle ends where it closes."""
        seen: set[str] = set()
        queue = list(self._before(start))
        while queue:
            urn = queue.pop()
            if urn in seen:
                continue
            seen.add(urn)
            queue.extend(self._before(urn))
        return frozenset(seen)

    def _before(self, urn: str) -> Iterable[str]:
        resource = self.resources.get(urn)
        if resource is None:
            return ()
        through_properties = (urn for urns in resource.property_dependencies.values() for urn in urns)
        return (*resource.dependencies, *through_properties)
