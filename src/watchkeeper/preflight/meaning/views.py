"""What a graph means: buckets with all their settings, roles with all their permissions, who comes before whom.

Checks see these views, so that an inline argument, a separate resource, an old or a new resource type, a reference or
a name written out come to the same. Every answer may also be "not known": UNKNOWN, or None where a truth is asked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from watchkeeper.preflight.meaning import policy as iam
from watchkeeper.preflight.meaning.identity import ACCOUNT, BUCKET_TYPES, IDENTITIES, known_name, outputs_of
from watchkeeper.preflight.meaning.managed_policies import managed_document
from watchkeeper.preflight.meaning.values import DEPTH, any_of, at, one, text, texts, truth
from watchkeeper.preflight.options import Options
from watchkeeper.pulumi.graph import (
    CLOUDFORMATION,
    UNKNOWN,
    Archive,
    Asset,
    Graph,
    Reference,
    Resource,
    Secret,
    Unknown,
)

RECORDER = "aws:cfg/recorder:Recorder"
RECORDER_STATUS = "aws:cfg/recorderStatus:RecorderStatus"
CHANNEL = "aws:cfg/deliveryChannel:DeliveryChannel"
RULE = "aws:cfg/rule:Rule"
AGGREGATOR = "aws:cfg/configurationAggregator:ConfigurationAggregator"
REMEDIATION = "aws:cfg/remediationConfiguration:RemediationConfiguration"
CONFORMANCE_PACK = "aws:cfg/conformancePack:ConformancePack"
TOPIC = "aws:sns/topic:Topic"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
QUEUE = "aws:sqs/queue:Queue"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/policy:Policy"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
ROLE_ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
POLICY_ATTACHMENT = "aws:iam/policyAttachment:PolicyAttachment"
SERVICE_LINKED_ROLE = "aws:iam/serviceLinkedRole:ServiceLinkedRole"
FUNCTION = "aws:lambda/function:Function"
PERMISSION = "aws:lambda/permission:Permission"
KEY = "aws:kms/key:Key"
KEY_ALIAS = "aws:kms/alias:Alias"
KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
EVENT_RULE = "aws:cloudwatch/eventRule:EventRule"
EVENT_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
SCHEDULE = "aws:scheduler/schedule:Schedule"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
METRIC_FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
PUBLIC_ACCESS_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
STACK = "pulumi:pulumi:Stack"
CONFIG_SERVICE = "config.amazonaws.com"
_ACCOUNT = re.compile(r"(?:arn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:|AWSLogs/)(\d{12})(?=[:/])")
_ALIAS = re.compile(r"::|\.[^./]+$")
"""In the name of a provider that is not the default one: a URN, or Terraform's ``aws.west``."""
_VERSIONS = ("", "V2")
ACCOUNT_SETTINGS = ("accessKey", "allowedAccountIds", "assumeRole", "assumeRoles", "profile")
"""Arguments of ``aws.Provider`` that say whose account it works in."""


def _both_spellings(name: str) -> tuple[str, ...]:
    return tuple(f"aws:s3/{name}{version}:{name[0].upper()}{name[1:]}{version}" for version in _VERSIONS)


VERSIONING = _both_spellings("bucketVersioning")
ENCRYPTION = _both_spellings("bucketServerSideEncryptionConfiguration")
LIFECYCLE = _both_spellings("bucketLifecycleConfiguration")
BUCKET_NOTIFICATION = "aws:s3/bucketNotification:BucketNotification"


@dataclass(frozen=True, slots=True)
class Link:
    """What a property points at: a resource of the graph, a text that names something outside, or nothing known."""

    resource: Resource | None = None
    text: str | None = None
    unknown: bool = False

    @property
    def present(self) -> bool:
        """Whether the property is there at all."""
        return self.resource is not None or self.text is not None or self.unknown


@dataclass(frozen=True, slots=True)
class Document:
    """One policy document where it stands. ``policy`` is None when it could not be read; ``problem`` says why."""

    owner: Resource
    path: str
    policy: iam.Policy | None = None
    problem: str = ""
    malformed: bool = False


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket with everything that speaks of it."""

    resource: Resource
    name: str
    arn: str
    versioning: bool | None = False
    """None: not known."""
    algorithms: tuple[Any, ...] = ()
    """The default encryption's algorithms; may hold UNKNOWN."""
    key: Link = field(default_factory=Link)
    blocks: Mapping[str, bool | None] = field(default_factory=dict)
    """The four switches of the public access block; empty: no block."""
    lifecycle: tuple[Any, ...] = ()
    policies: tuple[Document, ...] = ()
    policy_resources: tuple[Resource, ...] = ()
    unplaced: tuple[str, ...] = ()
    """Parts that belong to a bucket which is not known, so perhaps to this one: ``versioning``, ``policy`` …"""


@dataclass(frozen=True, slots=True)
class Role:
    """A role with all its permissions, wherever they were given."""

    resource: Resource
    name: str
    arn: str
    documents: tuple[Document, ...] = ()
    managed: tuple[str, ...] = ()
    """ARNs of AWS managed policies."""
    trust: Document | None = None
    attachments: tuple[Resource, ...] = ()
    """The separate resources that give the permissions."""
    unread: tuple[str, ...] = ()
    """What could not be read of its permissions."""

    @property
    def policies(self) -> list[iam.Policy]:
        """All documents that could be read, AWS managed ones included."""
        own = [document.policy for document in self.documents if document.policy is not None]
        return own + [document for arn in self.managed if (document := managed_document(arn)) is not None]

    @property
    def complete(self) -> bool:
        """Whether every permission could be read."""
        return (
            not self.unread
            and all(document.policy is not None for document in self.documents)
            and all(managed_document(arn) is not None for arn in self.managed)
        )

    def allows(self, action: str, arn: str | None = None) -> bool | None:
        """Whether it may do this; None when that depends on something unread."""
        answer = iam.identity_allowed(self.policies, action, arn)
        return None if answer is False and not self.complete else answer


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic with its policy and its subscriptions."""

    resource: Resource
    name: str
    arn: str
    key: Link
    policies: tuple[Document, ...] = ()
    subscriptions: tuple[Resource, ...] = ()


@dataclass(frozen=True, slots=True)
class Key:
    """A key with its policy."""

    resource: Resource
    arn: str
    documents: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True)
class Function:
    """A function with its role, its code and its environment."""

    resource: Resource
    name: str
    arn: str
    role: Link
    runtime: Any
    environment: Mapping[str, Any] | Unknown
    code: Any
    """Asset, Archive, UNKNOWN or None."""


class Views:
    """The meaning of one graph under some options. Every view is worked out once, when it is first asked for."""

    def __init__(self, graph: Graph, options: Options | None = None) -> None:
        self.graph = graph
        self.options = options or Options()
        self._before: dict[str, frozenset[str]] = {}
        self._outputs: dict[str, dict[str, Any]] = {}
        self._plain: dict[str, Mapping[str, Any]] = {}
        self._open: set[str] = set()

    # values

    @property
    def cloudformation(self) -> bool:
        """Whether the graph came from CloudFormation, which orders and starts Config by itself."""
        return self.graph.language == CLOUDFORMATION

    @property
    def account(self) -> str:
        """The account that the program's ARNs name most often, else a stand-in."""
        return self.accounts[0]

    @cached_property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that the program's texts name, most often first: it may run in any of them."""
        found: Counter[str] = Counter()
        for resource in self.graph:
            for values in (resource.outputs, resource.inputs):
                for _, value in texts(values):
                    found.update(_ACCOUNT.findall(value[:20_000]))
        own = [self.graph.account] if self.graph.account else []
        return tuple(dict.fromkeys([*own, *(account for account, _ in found.most_common())])) or (ACCOUNT,)

    @property
    def region(self) -> str | None:
        """The stack's region, when it is known; else the region of the account that was asked."""
        account = self.options.account
        return self.graph.region or (account.region if account else None) or None

    @cached_property
    def environment(self) -> str:
        """The environment suffix that names carry; empty when nobody says it."""
        return self.options.environment or self.graph.stack.rpartition("/")[2]

    def outputs(self, resource: Resource) -> Mapping[str, Any]:
        """What follows from a resource's inputs (ARN, id, name) together with the outputs that the source knows."""
        if resource.urn not in self._outputs:
            self._outputs[resource.urn] = outputs_of(resource, self.region, self.account, self._name_of(resource))
        return self._outputs[resource.urn]

    def _name_of(self, resource: Resource) -> str | None:
        identity = IDENTITIES.get(resource.type)
        if identity is None or not identity.name or resource.urn in self._open:
            return known_name(resource)
        self._open.add(resource.urn)
        try:
            return text(self.plain(resource.inputs.get(identity.name)))
        finally:
            self._open.discard(resource.urn)

    def plain(self, value: Any, depth: int = 0) -> Any:
        """A value with secrets opened and references turned into what they will be; UNKNOWN where nobody can say."""
        if depth > DEPTH:
            return UNKNOWN
        if isinstance(value, Secret):
            return self.plain(value.value, depth + 1)
        if isinstance(value, Reference):
            return self._referred(value, depth + 1)
        if isinstance(value, Mapping):
            return {str(key): self.plain(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.plain(item, depth + 1) for item in value]
        return value

    def _referred(self, reference: Reference, depth: int) -> Any:
        resource = self.graph.resources.get(reference.urn)
        if resource is None:
            return UNKNOWN
        name = reference.property or "id"
        known = self.outputs(resource)
        if name in known:
            return self.plain(known[name], depth + 1)
        if name in resource.inputs:
            return self.plain(resource.inputs[name], depth + 1)
        return UNKNOWN

    def inputs(self, resource: Resource) -> Mapping[str, Any]:
        """A resource's inputs as plain values."""
        if resource.urn not in self._plain:
            self._plain[resource.urn] = {str(key): self.plain(value) for key, value in resource.inputs.items()}
        return self._plain[resource.urn]

    def get(self, resource: Resource, *path: str) -> Any:
        """One input: its value, UNKNOWN, or None when it is missing."""
        return one(self.inputs(resource), path)

    def name(self, resource: Resource) -> str:
        """The physical name, or a recognisable stand-in."""
        identity = IDENTITIES.get(resource.type)
        known = self.outputs(resource)
        keys = (*(identity.also if identity else ()), "name", "id")
        return next((known[key] for key in keys if isinstance(known.get(key), str)), resource.name)

    def arn(self, resource: Resource) -> str:
        """The ARN as it will be, or an empty text for a type without one."""
        return text(self.outputs(resource).get("arn")) or ""

    # links and order

    @cached_property
    def _index(self) -> Mapping[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for resource in self.graph:
            if resource.type not in IDENTITIES:
                continue
            known = self.outputs(resource)
            for key in {"arn", "id", "url", *IDENTITIES[resource.type].also}:
                value = known.get(key)
                if isinstance(value, str):
                    found.setdefault(value, []).append(resource)
        return found

    def find(self, value: str, *types: str) -> Resource | None:
        """The resource that a text names (ARN, id or name), among these types."""
        return next(iter(self._all(value, types)), None)

    def _all(self, value: str, types: tuple[str, ...]) -> list[Resource]:
        return [resource for resource in self._index.get(value, ()) if not types or resource.type in types]

    def _meant(self, resource: Resource, top: str, value: str, types: tuple[str, ...], alone: bool) -> Resource | None:
        """The resource that a text in a property names: of several, the one that it comes from or that is beside it.

        A text that names none of the graph is what the property's value comes from, unless it stands among others.
        """
        found = self._all(value, types)
        if not found:
            return self._only(resource, top, types) if alone else None
        if len(found) == 1:
            return found[0]
        sources = resource.property_dependencies.get(top, ())
        here = self.place(resource)
        order = sorted(found, key=lambda item: (item.urn not in sources, self.place(item) != here))
        return order[0]

    def link(self, resource: Resource, path: str, *types: str) -> Link:
        """What a property points at. ``path`` is dotted; the first element's dependencies serve an unknown value."""
        keys = tuple(path.split("."))
        return self.tie(resource, keys[0], one(resource.inputs, keys), *types)

    def links(self, resource: Resource, path: str, *types: str) -> list[Link]:
        """The same for a list: one link for each element."""
        keys = tuple(path.split("."))
        values = at(resource.inputs, *keys)
        return [self.tie(resource, keys[0], value, *types, alone=len(values) == 1) for value in values]

    def tie(self, resource: Resource, top: str, raw: Any, *types: str, depth: int = 0, alone: bool = True) -> Link:
        """The link of one raw value that stands under the top-level property ``top``, ``alone`` or among others. Of a
        resource of another type that hands a value on (a bucket policy's ``bucket``), what it was given."""
        raw = raw.value if isinstance(raw, Secret) else raw
        if raw is None:
            return Link()
        if isinstance(raw, Reference):
            target = self.graph.resources.get(raw.urn)
            handed = target.inputs.get(raw.property) if target is not None and target.type not in types else None
            if target is not None and handed is not None and types and depth < DEPTH:
                return self.tie(target, raw.property, handed, *types, depth=depth + 1)
            return Link(resource=target, text=text(self.plain(raw))) if target else Link(unknown=True)
        if isinstance(raw, str):
            return Link(resource=self._meant(resource, top, raw, types, alone), text=raw)
        if raw is UNKNOWN:
            target = self._only(resource, top, types)
            return Link(resource=target, unknown=target is None)
        return Link(text=str(raw))

    def _only(self, resource: Resource, top: str, types: tuple[str, ...]) -> Resource | None:
        """The one resource of these types that a property's value comes from, if there is just one: directly, or
        handed on by a part of it (a bucket's name by its policy's ``bucket``)."""
        sources = self._sources(resource.property_dependencies.get(top, ()))
        wanted = [item for item in sources if item.type in types]
        if not wanted:
            parts = [item for item in sources if item.type not in IDENTITIES]
            handed = [urn for item in parts for urns in item.property_dependencies.values() for urn in urns]
            wanted = [item for item in self._sources(handed) if item.type in types]
        return wanted[0] if len(wanted) == 1 else None

    def _sources(self, urns: Iterable[str]) -> list[Resource]:
        return [self.graph.resources[urn] for urn in dict.fromkeys(urns) if urn in self.graph.resources]

    def ancestors(self, urn: str) -> frozenset[str]:
        """Every URN that exists before this one: dependencies of it, of its parents, and of those; a component that is
        depended on stands for its children. A parent that is no component is made before its children."""
        if urn in self._before:
            return self._before[urn]
        seen: set[str] = set()
        queue = list(self._direct(urn))
        while queue:
            current = queue.pop()
            if current in seen:
                continue
            seen.add(current)
            queue.extend(self._direct(current))
            queue.extend(self._children.get(current, ()) if not self._is_custom(current) else ())
        self._before[urn] = frozenset(seen - {urn})
        return self._before[urn]

    def _is_custom(self, urn: str) -> bool:
        resource = self.graph.resources.get(urn)
        return resource is None or resource.custom

    @cached_property
    def _children(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for resource in self.graph:
            if resource.parent:
                found.setdefault(resource.parent, []).append(resource.urn)
        return found

    def _direct(self, urn: str) -> Iterator[str]:
        seen: set[str] = set()
        current = urn
        while current and current not in seen:
            seen.add(current)
            resource = self.graph.resources.get(current)
            if resource is None:
                return
            yield from resource.dependencies
            for urns in resource.property_dependencies.values():
                yield from urns
            for value in resource.inputs.values():
                yield from _references(value)
            current = resource.parent
            if current and self._is_custom(current) and current in self.graph.resources:
                yield current

    def after(self, later: Resource, earlier: Resource) -> bool:
        """Whether ``later`` is created after ``earlier`` in every run."""
        return earlier.urn in self.ancestors(later.urn)

    @cached_property
    def made(self) -> tuple[Resource, ...]:
        """The resources that the program makes, in its order: not those that it only reads."""
        return tuple(resource for resource in self.graph if not resource.external)

    def of_type(self, *types: str) -> list[Resource]:
        """The resources of these types that the program makes, in its order."""
        return [resource for kind in types for resource in self._by_type.get(kind, ())]

    @cached_property
    def _by_type(self) -> Mapping[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for resource in self.made:
            found.setdefault(resource.type, []).append(resource)
        return found

    def adopted(self, *types: str) -> list[Resource]:
        """The resources of these types that exist already and that the program only reads."""
        return [resource for resource in self._external if resource.type in types]

    @cached_property
    def _external(self) -> tuple[Resource, ...]:
        return tuple(resource for resource in self.graph if resource.external)

    def beside(self, resource: Resource, *types: str) -> list[Resource]:
        """The resources of these types that the program makes in the same account and region."""
        here = self.place(resource)
        return [item for item in self.of_type(*types) if self.place(item) == here]

    def place(self, resource: Resource) -> tuple[str, str]:
        """Whose account and which region a resource is made in, as far as its provider and its ``region`` tell.

        A provider that the graph does not hold is a place of its own, but for Terraform's default one (``aws``).
        """
        provider = self.graph.resources.get(resource.provider.rpartition("::")[0])
        settings = self.inputs(provider) if provider is not None else {}
        default = provider is not None or not _ALIAS.search(resource.provider)
        elsewhere = "" if default else resource.provider
        said = (self.get(resource, "region"), settings.get("region"), elsewhere or None, self.region)
        region = next((item for item in said if item is not None), "")
        account = {key: settings[key] for key in ACCOUNT_SETTINGS if settings.get(key) is not None}
        where = region if isinstance(region, str) else resource.provider
        return str(sorted(account.items())) if account else elsewhere, where

    def _owned(self, owner_types: tuple[str, ...], path: str, *part_types: str) -> dict[str, list[Resource]]:
        """Parts by the URN of what they belong to; under "" those of which that is unknown."""
        found: dict[str, list[Resource]] = {}
        for part in self.of_type(*part_types):
            link = self.link(part, path, *owner_types)
            if link.resource is not None:
                found.setdefault(link.resource.urn, []).append(part)
            elif link.unknown:
                found.setdefault("", []).append(part)
        return found

    # policies

    def document(self, owner: Resource, path: str, raw: Any) -> Document:
        """The policy document in a value of ``owner``."""
        try:
            parsed = iam.parse(self.plain(raw))
        except iam.Malformed as error:
            return Document(owner, path, problem=str(error), malformed=True)
        if isinstance(parsed, Unknown):
            return Document(owner, path, problem="the policy is known only after the deployment")
        return Document(owner, path, parsed)

    def documents(self, parts: Iterable[Resource], path: str = "policy") -> tuple[Document, ...]:
        """The documents of policy resources."""
        return tuple(
            self.document(part, path, part.inputs[path]) for part in parts if part.inputs.get(path) is not None
        )

    # S3

    @cached_property
    def buckets(self) -> list[Bucket]:
        """Buckets with their merged settings."""
        parts = {
            "versioning": self._owned(BUCKET_TYPES, "bucket", *VERSIONING),
            "encryption": self._owned(BUCKET_TYPES, "bucket", *ENCRYPTION),
            "lifecycle": self._owned(BUCKET_TYPES, "bucket", *LIFECYCLE),
            "policy": self._owned(BUCKET_TYPES, "bucket", BUCKET_POLICY),
            "block": self._owned(BUCKET_TYPES, "bucket", PUBLIC_ACCESS_BLOCK),
        }
        unplaced = tuple(part for part, owned in parts.items() if owned.get(""))
        return [
            self._bucket(resource, {part: owned.get(resource.urn, []) for part, owned in parts.items()}, unplaced)
            for resource in self.of_type(*BUCKET_TYPES)
        ]

    def _bucket(self, resource: Resource, parts: Mapping[str, list[Resource]], unplaced: tuple[str, ...]) -> Bucket:
        own = self.inputs(resource)
        versions = [*at(own, "versioning", "enabled"), *at(own, "versionings", "enabled")]
        versions += [
            item for part in parts["versioning"] for item in at(self.inputs(part), "versioningConfiguration", "status")
        ]
        encryption = list(self._encryption(resource, parts["encryption"]))
        keys = [self.tie(owner, top, raw, KEY, KEY_ALIAS) for owner, top, rule in encryption for raw in _key_ids(rule)]
        blocks = [self.inputs(part) for part in parts["block"]] + at(own, "publicAccessBlock")
        policies = self.documents(parts["policy"])
        if own.get("policy") is not None:
            policies += (self.document(resource, "policy", resource.inputs.get("policy")),)
        return Bucket(
            resource=resource,
            name=self.name(resource),
            arn=self.arn(resource),
            versioning=any_of([truth(value) for value in versions]),
            algorithms=tuple(self.plain(item) for *_, rule in encryption for item in _algorithms(rule)),
            key=keys[0] if keys else Link(),
            blocks=_merge_blocks(blocks),
            lifecycle=tuple(self._lifecycle(own, parts["lifecycle"])),
            policies=policies,
            policy_resources=tuple(parts["policy"]),
            unplaced=unplaced,
        )

    def _encryption(self, resource: Resource, parts: list[Resource]) -> Iterator[tuple[Resource, str, Any]]:
        for top in ("serverSideEncryptionConfiguration", "serverSideEncryptionConfigurations"):
            for key in ("rule", "rules"):
                for rule in at(resource.inputs, top, key):
                    yield resource, top, rule
        for part in parts:
            for rule in at(part.inputs, "rules"):
                yield part, "rules", rule

    def _lifecycle(self, own: Mapping[str, Any], parts: list[Resource]) -> Iterator[Any]:
        yield from at(own, "lifecycleRules")
        for part in parts:
            yield from at(self.inputs(part), "rules")

    def bucket(self, link: Link) -> Bucket | None:
        """The bucket view of a link."""
        urn = link.resource.urn if link.resource else None
        return next((bucket for bucket in self.buckets if bucket.resource.urn == urn), None)

    # IAM

    @cached_property
    def roles(self) -> list[Role]:
        """Roles with every permission that reaches them."""
        inline = self._owned((ROLE,), "role", ROLE_POLICY)
        attached = self._owned((ROLE,), "role", ROLE_ATTACHMENT)
        shared = self._shared_attachments()
        return [
            self._role(resource, inline, [*attached.get(resource.urn, ()), *shared.get(resource.urn, ())], attached)
            for resource in self.of_type(ROLE)
        ]

    def _shared_attachments(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for part in self.of_type(POLICY_ATTACHMENT):
            for link in self.links(part, "roles", ROLE):
                if link.resource:
                    found.setdefault(link.resource.urn, []).append(part)
        return found

    def _role(
        self,
        resource: Resource,
        inline: Mapping[str, list[Resource]],
        attachments: list[Resource],
        attached: Mapping[str, list[Resource]],
    ) -> Role:
        own = inline.get(resource.urn, [])
        documents = list(self.documents(own))
        documents += [
            self.document(resource, "inlinePolicies", item) for item in at(resource.inputs, "inlinePolicies", "policy")
        ]
        managed: list[str] = []
        unread = ["a policy belongs to a role that is not known"] if inline.get("") or attached.get("") else []
        links = [self.link(part, "policyArn", POLICY) for part in attachments]
        links += self.links(resource, "managedPolicyArns", POLICY)
        for link in links:
            if link.resource is not None and link.resource.type == POLICY:
                documents += self.documents([link.resource])
            elif link.text:
                managed.append(link.text)
            else:
                unread.append("the ARN of an attached policy is known only after the deployment")
        trust = resource.inputs.get("assumeRolePolicy")
        return Role(
            resource=resource,
            name=self.name(resource),
            arn=self.arn(resource),
            documents=tuple(documents),
            managed=tuple(managed),
            trust=self.document(resource, "assumeRolePolicy", trust) if trust is not None else None,
            attachments=(*own, *attachments),
            unread=tuple(unread),
        )

    def role(self, link: Link) -> Role | None:
        """The role view of a link."""
        urn = link.resource.urn if link.resource else None
        return next((role for role in self.roles if role.resource.urn == urn), None)

    # Config

    @cached_property
    def recorders(self) -> list[Resource]:
        """Customer-managed recorders."""
        return self.of_type(RECORDER)

    @cached_property
    def channels(self) -> list[Resource]:
        """Delivery channels."""
        return self.of_type(CHANNEL)

    @cached_property
    def rules(self) -> list[Resource]:
        """Config rules."""
        return self.of_type(RULE)

    def recorder_roles(self) -> list[tuple[Resource, Link, Role | None]]:
        """Each recorder with its role: the link, and the view when it is in the graph."""
        links = [(recorder, self.link(recorder, "roleArn", ROLE, SERVICE_LINKED_ROLE)) for recorder in self.recorders]
        return [(recorder, link, self.role(link)) for recorder, link in links]

    # SNS, KMS, Lambda

    @cached_property
    def topics(self) -> list[Topic]:
        """Topics with policies and subscriptions."""
        policies = self._owned((TOPIC,), "arn", TOPIC_POLICY)
        subscriptions = self._owned((TOPIC,), "topic", SUBSCRIPTION)
        return [
            Topic(
                resource=resource,
                name=self.name(resource),
                arn=self.arn(resource),
                key=self.link(resource, "kmsMasterKeyId", KEY, KEY_ALIAS),
                policies=self._inline_and(resource, policies.get(resource.urn, []) + policies.get("", [])),
                subscriptions=tuple(subscriptions.get(resource.urn, ())),
            )
            for resource in self.of_type(TOPIC)
        ]

    def _inline_and(self, resource: Resource, parts: list[Resource]) -> tuple[Document, ...]:
        inline = resource.inputs.get("policy")
        return (*(() if inline is None else (self.document(resource, "policy", inline),)), *self.documents(parts))

    def topic(self, link: Link) -> Topic | None:
        """The topic view of a link."""
        urn = link.resource.urn if link.resource else None
        return next((topic for topic in self.topics if topic.resource.urn == urn), None)

    @cached_property
    def keys(self) -> list[Key]:
        """Customer keys with their policies."""
        policies = self._owned((KEY,), "keyId", KEY_POLICY)
        return [
            Key(
                resource,
                self.arn(resource),
                self._inline_and(resource, policies.get(resource.urn, []) + policies.get("", [])),
            )
            for resource in self.of_type(KEY)
        ]

    def key(self, link: Link) -> Key | None:
        """The key view of a link; an alias leads to its key."""
        resource = link.resource
        if resource is not None and resource.type == KEY_ALIAS:
            resource = self.link(resource, "targetKeyId", KEY).resource
        urn = resource.urn if resource else None
        return next((key for key in self.keys if key.resource.urn == urn), None)

    @cached_property
    def functions(self) -> list[Function]:
        """Lambda functions."""
        return [self._function(resource) for resource in self.of_type(FUNCTION)]

    def _function(self, resource: Resource) -> Function:
        variables = self.get(resource, "environment", "variables")
        code = resource.inputs.get("code")
        return Function(
            resource=resource,
            name=self.name(resource),
            arn=self.arn(resource),
            role=self.link(resource, "role", ROLE),
            runtime=self.get(resource, "runtime"),
            environment=UNKNOWN if variables is UNKNOWN else (variables if isinstance(variables, Mapping) else {}),
            code=code if isinstance(code, Asset | Archive) or code is UNKNOWN else None,
        )


def _references(value: Any, depth: int = 0) -> Iterator[str]:
    if depth > DEPTH:
        return
    if isinstance(value, Reference):
        yield value.urn
    elif isinstance(value, Secret):
        yield from _references(value.value, depth + 1)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _references(item, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _references(item, depth + 1)


def _key_ids(rule: Any) -> list[Any]:
    return [
        *at(rule, "applyServerSideEncryptionByDefault", "kmsMasterKeyId"),
        *at(rule, "applyServerSideEncryptionByDefaults", "kmsMasterKeyId"),
    ]


def _algorithms(rule: Any) -> list[Any]:
    return [
        *at(rule, "applyServerSideEncryptionByDefault", "sseAlgorithm"),
        *at(rule, "applyServerSideEncryptionByDefaults", "sseAlgorithm"),
    ]


BLOCK_SWITCHES = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def _merge_blocks(blocks: list[Any]) -> dict[str, bool | None]:
    if not blocks:
        return {}
    return {switch: any_of([truth(one(block, (switch,))) for block in blocks]) for switch in BLOCK_SWITCHES}
