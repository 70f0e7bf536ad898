"""Facts about AWS as generated data: managed rules, managed policies, service principals, regions, Lambda runtimes.

Nothing here asks AWS. The files in ``data/`` are written by ``scripts/make_catalog.py``; each names its source,
version, date and licence (:func:`sources`). ``overlays.json`` is kept by hand: what the sources are known to lack.
``verified.json`` says which rules were read against their page, and when; ``frameworks.json`` which of them AWS's
conformance packs hold. Every loader reads its file once, on first use.
"""

from __future__ import annotations

import functools
import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib import resources
from types import MappingProxyType
from typing import Any

import orjson

DATA_FILES = (
    "managed_rules.json.gz",
    "managed_policies.json.gz",
    "service_principals.json.gz",
    "regions.json.gz",
    "lambda_runtimes.json.gz",
    "resource_types.json.gz",
    "registry_types.json.gz",
    "cloudformation_types.json.gz",
)

CHANGE = "change"
PERIODIC = "periodic"
BOTH = "both"

FREQUENCIES = ("One_Hour", "Three_Hours", "Six_Hours", "Twelve_Hours", "TwentyFour_Hours")
"""``MaximumExecutionFrequency`` of botocore's config model, shortest first. TwentyFour_Hours is AWS's default."""

DEFAULT_FREQUENCY = "TwentyFour_Hours"

MANAGED_POLICY_PREFIX = "arn:aws:iam::aws:policy"


@dataclass(frozen=True, slots=True)
class RegistryType:
    """How Cloud Control gives the resources of a type."""

    tags: str
    """The property that holds its tags."""
    arn: str = ""
    """The property that holds its ARN; empty: none does."""
    within: str = ""
    """The type whose resources it is listed within, and …"""
    by: str = ""
    """… the property of that which the listing asks for."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One input parameter of a managed rule, with AWS's type name and what is known of its valid values."""

    name: str
    type: str
    """``String``, ``int``, ``double``, ``boolean``, ``CSV`` or ``StringMap``."""
    required: bool
    default: str | None = None
    """What the console fills in. Through the API a required parameter has to be given all the same."""
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    """The only values that AWS documents; of each element where the type is CSV. Empty: not limited."""
    pattern: str = ""
    most: int | None = None
    """How many values a CSV may have at the most; None: not limited."""
    lower_case: bool = False
    """Whether AWS takes ``true`` in lower case only, and anything else for ``false``."""


@dataclass(frozen=True, slots=True)
class ManagedRule:
    """An AWS Config managed rule as AWS documents it."""

    identifier: str
    """``S3_BUCKET_VERSIONING_ENABLED``: what the API calls SourceIdentifier."""
    name: str
    """``s3-bucket-versioning-enabled``: what the console and the documentation call it."""
    description: str
    trigger: str
    """``change``, ``periodic`` or ``both``."""
    parameters: tuple[Parameter, ...]
    resource_types: tuple[str, ...]
    available_regions: frozenset[str]
    """Where it is offered; empty: in every region but :attr:`excluded_regions`."""
    excluded_regions: frozenset[str]
    service: str
    """``S3``, ``EC2``, …: the service of its first resource type; ``Account`` where it has none."""
    categories: tuple[str, ...]
    verified: str = ""
    """The day (ISO 8601) on which its logic and parameters were last read against :attr:`url`; empty: never."""
    frameworks: tuple[str, ...] = ()
    """The conformance packs of :func:`frameworks` that hold it."""

    @property
    def url(self) -> str:
        """The rule's page in the AWS Config developer guide."""
        return f"https://docs.aws.amazon.com/config/latest/developerguide/{self.name}.html"

    @property
    def takes_frequency(self) -> bool:
        """Whether ``MaximumExecutionFrequency`` may be set: a change-triggered rule refuses it."""
        return self.trigger != CHANGE

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that exact name."""
        return next((p for p in self.parameters if p.name == name), None)

    def in_region(self, region: str) -> bool:
        """Whether AWS offers the rule in that region."""
        if self.available_regions:
            return region in self.available_regions
        return region not in self.excluded_regions


@dataclass(frozen=True, slots=True)
class Framework:
    """A conformance pack as AWS publishes it: which managed rules are in it, and where and when that was read."""

    name: str
    rules: tuple[str, ...]
    source: str
    read: str
    """Date, ISO 8601."""
    licence: str
    """What the pack is published under, and …"""
    licence_source: str
    """… where that stands."""


@dataclass(frozen=True, slots=True)
class ManagedPolicy:
    """An AWS managed IAM policy: its ARN, the document of its default version, when it changed."""

    name: str
    arn: str
    path: str
    version: str
    document: Mapping[str, Any]
    updated: str
    """When AWS last changed it, ISO 8601."""


@dataclass(frozen=True, slots=True)
class RetiredPolicy:
    """A managed policy that existed, or that people believe in, and can't be attached."""

    arn: str
    replacement: str
    reason: str


@dataclass(frozen=True, slots=True)
class Region:
    """An AWS region: its code, the name that AWS's documentation uses, its partition."""

    code: str
    name: str
    partition: str


@dataclass(frozen=True, slots=True)
class Runtime:
    """A Lambda runtime with the dates of its end; None where AWS has not published one."""

    identifier: str
    deprecated: date | None
    create_block: date | None
    update_block: date | None
    successor: str | None

    def supported(self, on: date) -> bool:
        """Whether AWS still supports it on that day (patches it and lets functions be created)."""
        ends = [day for day in (self.deprecated, self.create_block) if day]
        return not ends or on < min(ends)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a data file comes from."""

    file: str
    source: str
    version: str
    license: str
    generated: str
    count: int


def managed_rules() -> Mapping[str, ManagedRule]:
    """Identifier to managed rule, the overlays included."""
    return _managed_rules()


def managed_rule_by_name(name: str) -> ManagedRule | None:
    """The rule with that identifier or console name, in any case; None where there is none."""
    rules = managed_rules()
    return rules.get(name.upper().replace("-", "_")) or _rules_by_name().get(name.lower())


def frameworks() -> Mapping[str, Framework]:
    """Name to what is known of it, for conformance packs that AWS publishes for frameworks. Not complete: which rules a
    pack holds is read by hand, pack by pack (``frameworks.json``)."""
    return _frameworks()


def frameworks_with(words: str) -> tuple[Framework, ...]:
    """The frameworks with all of those words in their names, whatever their case and what stands between them:
    ``pci-dss``, ``CIS 1.4 level 1``. None where there are no words."""
    wanted = name_words(words)
    return tuple(pack for pack in frameworks().values() if wanted and wanted <= name_words(pack.name))


def managed_policies() -> Mapping[str, ManagedPolicy]:
    """ARN to AWS managed policy (partition ``aws``)."""
    return _managed_policies()


def managed_policy(reference: str) -> ManagedPolicy | None:
    """The AWS managed policy with that ARN (any partition), path and name, or name; None where AWS has none."""
    if reference.startswith("arn:"):
        return managed_policies().get(re.sub(r"^arn:aws[a-z-]*:", "arn:aws:", reference))
    if "/" in reference:
        return managed_policies().get(f"{MANAGED_POLICY_PREFIX}/{reference.lstrip('/')}")
    return _policies_by_name().get(reference)


def often_meant() -> Mapping[str, str]:
    """Names of managed rules that don't exist, to the identifier that was meant."""
    return MappingProxyType(_overlays()["often_meant"])


def retired_policies() -> Mapping[str, RetiredPolicy]:
    """ARN to what to write instead, for the policies that deployments still name and AWS no longer has."""
    return _retired_policies()


def service_principals() -> frozenset[str]:
    """Service principals (``config.amazonaws.com``) seen in AWS's own policies or documentation. Not complete: AWS
    publishes no list, so an unknown one is a reason to look twice, not an error."""
    return _service_principals()


def regions() -> Mapping[str, Region]:
    """Region code to region, every partition."""
    return _regions()


def lambda_runtimes() -> Mapping[str, Runtime]:
    """Runtime identifier to its dates."""
    return _lambda_runtimes()


def resource_types() -> frozenset[str]:
    """Every resource type that AWS Config's API model or a managed rule names."""
    return frozenset(_load("resource_types.json.gz")["data"])


def registry_types() -> Mapping[str, RegistryType]:
    """The types of CloudFormation's registry that managed rules name and Cloud Control lists and reads."""
    return _registry_types()


@functools.cache
def _registry_types() -> Mapping[str, RegistryType]:
    return MappingProxyType(
        {name: RegistryType(**row) for name, row in _load("registry_types.json.gz")["data"].items()}
    )


def cloudformation_types() -> Mapping[str, Any]:
    """Every type of the CloudFormation registry to what is known of its properties, by name: ``properties`` with the
    same of each, ``required``, ``read_only``. Empty for a type that preflight does not read."""
    types: Mapping[str, Any] = _load("cloudformation_types.json.gz")["data"]
    return types


def rule_defaults(identifier: str) -> Mapping[str, str]:
    """Parameter to the value that the console fills in, for the parameters of the rule that have one."""
    rule = managed_rules()[identifier]
    return {p.name: p.default for p in rule.parameters if p.default is not None}


def sources() -> tuple[Source, ...]:
    """Where each data file comes from."""
    return tuple(_source(file) for file in DATA_FILES)


def _source(file: str) -> Source:
    head = _load(file)
    return Source(file, head["source"], head["version"], head["license"], head["generated"], len(head["data"]))


def name_words(name: str) -> set[str]:
    """The words of a framework's name, in small letters."""
    return set(re.findall(r"[a-z0-9.]+", name.lower()))


@functools.cache
def _load(file: str) -> dict[str, Any]:
    raw = resources.files(__package__).joinpath("data", file).read_bytes()
    loaded: dict[str, Any] = orjson.loads(gzip.decompress(raw) if file.endswith(".gz") else raw)
    return loaded


def _overlays() -> dict[str, Any]:
    return _load("overlays.json")


@functools.cache
def _managed_rules() -> Mapping[str, ManagedRule]:
    limits = _overlays()["parameter_limits"]
    raw = _load("managed_rules.json.gz")["data"] | _overlays()["managed_rules"]
    return MappingProxyType({key: _managed_rule(key, raw[key], limits.get(key, {})) for key in sorted(raw)})


def _managed_rule(identifier: str, raw: dict[str, Any], limits: dict[str, Any]) -> ManagedRule:
    types = tuple(raw["types"])
    common = _overlays()["limits_by_name"]
    name = _overlays()["rule_names"].get(identifier, identifier.lower().replace("_", "-"))
    return ManagedRule(
        identifier=identifier,
        name=name,
        description=raw.get("description") or _readable(name),
        trigger=raw["trigger"],
        parameters=tuple(_parameter(p, limits.get(p["name"]) or common.get(p["name"], {})) for p in raw["parameters"]),
        resource_types=types,
        available_regions=frozenset(raw.get("only", ())),
        excluded_regions=frozenset(raw.get("except", ())),
        service=_service(types),
        categories=_categories(identifier),
        frameworks=_frameworks_of_rules().get(identifier, ()),
        verified=_load("verified.json")["rules"].get(identifier, ""),
    )


def _parameter(raw: dict[str, Any], limits: dict[str, Any]) -> Parameter:
    return Parameter(
        name=raw["name"],
        type=raw["type"],
        required=raw["required"],
        default=raw.get("default"),
        minimum=limits.get("min"),
        maximum=limits.get("max"),
        values=tuple(limits.get("values", ())),
        pattern=limits.get("pattern", ""),
        most=limits.get("most"),
        lower_case=limits.get("lower_case", False),
    )


def _service(types: tuple[str, ...]) -> str:
    if not types or types[0] == "AWS::::Account":
        return "Account"
    return types[0].split("::")[1]


def _categories(identifier: str) -> tuple[str, ...]:
    words = f"_{identifier}_"
    found = [category for category, marks in _overlays()["categories"].items() if any(f"_{m}" in words for m in marks)]
    return tuple(found) or ("Configuration",)


def _readable(name: str) -> str:
    return name.replace("-", " ").capitalize() + "."


@functools.cache
def _frameworks() -> Mapping[str, Framework]:
    known = _load("frameworks.json")
    repository = known["repository"]
    return MappingProxyType(
        {
            name: Framework(
                name=name,
                rules=tuple(pack["rules"]),
                source=f"{repository}/blob/{pack['commit']}/{pack['path']}",
                read=known["read"],
                licence=known["licence"],
                licence_source=known["licence_source"],
            )
            for name, pack in known["packs"].items()
        }
    )


@functools.cache
def _frameworks_of_rules() -> Mapping[str, tuple[str, ...]]:
    held: dict[str, tuple[str, ...]] = {}
    for pack in frameworks().values():
        for identifier in pack.rules:
            held[identifier] = (*held.get(identifier, ()), pack.name)
    return held


@functools.cache
def _rules_by_name() -> dict[str, ManagedRule]:
    return {rule.name: rule for rule in managed_rules().values()}


@functools.cache
def _managed_policies() -> Mapping[str, ManagedPolicy]:
    raw = _load("managed_policies.json.gz")["data"]
    policies = (_managed_policy(name, entry) for name, entry in raw.items())
    return MappingProxyType({policy.arn: policy for policy in policies})


def _managed_policy(name: str, raw: dict[str, Any]) -> ManagedPolicy:
    path = raw["path"]
    return ManagedPolicy(
        name, f"{MANAGED_POLICY_PREFIX}{path}{name}", path, raw["version"], raw["document"], raw["updated"]
    )


@functools.cache
def _policies_by_name() -> dict[str, ManagedPolicy]:
    return {policy.name: policy for policy in managed_policies().values()}


@functools.cache
def _retired_policies() -> Mapping[str, RetiredPolicy]:
    raw = _overlays()["retired_policies"]
    return MappingProxyType({arn: RetiredPolicy(arn, r["replacement"], r["reason"]) for arn, r in raw.items()})


@functools.cache
def _service_principals() -> frozenset[str]:
    return frozenset(_load("service_principals.json.gz")["data"]) | frozenset(_overlays()["service_principals"])


@functools.cache
def _regions() -> Mapping[str, Region]:
    raw = _load("regions.json.gz")["data"]
    return MappingProxyType({code: Region(code, r["name"], r["partition"]) for code, r in raw.items()})


@functools.cache
def _lambda_runtimes() -> Mapping[str, Runtime]:
    raw = _load("lambda_runtimes.json.gz")["data"]
    return MappingProxyType({name: _runtime(name, r) for name, r in raw.items()})


def _runtime(name: str, raw: dict[str, Any]) -> Runtime:
    return Runtime(
        name, _day(raw["deprecated"]), _day(raw["create-block"]), _day(raw["update-block"]), raw.get("successor")
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
