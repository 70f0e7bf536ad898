"""Groups of settings, each field with its type, default, limits and help."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic.alias_generators import to_camel

from watchkeeper.aws import facts
from watchkeeper.aws.facts import schedules
from watchkeeper.model import Severity
from watchkeeper.monitoring.settings.problems import WrongError, nearest

SUFFIX_LIMIT: Final = 15
"""Characters of the environment suffix: with account and region the bucket's name stays within S3's 63."""


RULE_NAME_LIMIT: Final = 128
"""botocore config/2014-11-12, ``ConfigRuleName``."""


_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)


_RESOURCE_TYPE = re.compile(r"[A-Za-z0-9]+(?:::[A-Za-z0-9]+){2,3}")


_RULE_NAME = re.compile(r"[A-Za-z0-9_-]+")


class RemediationMode(StrEnum):
    """What the remediation function may do about a violation of a rule."""

    OFF = "off"
    DRY_RUN = "dry-run"
    AUTOMATIC = "automatic"


def none_means_empty(value: Any) -> Any:
    """A YAML key with nothing behind it is an empty collection."""
    return () if value is None else value


def require(pattern: re.Pattern[str], value: str, message: str, fix: str) -> str:
    if not pattern.fullmatch(value):
        raise WrongError(f"{value!r} {message}", fix)
    return value


def distinct(values: Sequence[Any], what: str) -> None:
    twice = sorted({str(value) for value in values if values.count(value) > 1})
    if twice:
        raise WrongError(f"lists {', '.join(twice)} more than once", f"Name each {what} once.")


def check_schedule(expression: str) -> str:
    """The EventBridge schedule expression unchanged, or a ValueError that says what is wrong."""
    wrong = schedules.problem(expression)
    if wrong is None:
        return expression
    problem, fix = wrong
    raise WrongError(f"{expression!r}: {problem}", fix)


def _resource_types(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        require(_RESOURCE_TYPE, value, "is not a resource type", "Write e.g. AWS::S3::Bucket.")
    distinct(values, "resource type")
    return values


class Part(BaseModel):
    """A group of settings: camel case outside, frozen, unknown keys refused, defaults checked like given values."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        frozen=True,
        extra="forbid",
        validate_default=True,
        coerce_numbers_to_str=True,
        # A list where a mapping belongs, and the like, must not be guessed at.
        str_strip_whitespace=True,
    )


def _off(value: Any) -> Any:
    """YAML 1.1 reads a bare ``off`` as false; Pulumi, which follows 1.2, as the word."""
    return RemediationMode.OFF if value is False else value


Mode = Annotated[RemediationMode, BeforeValidator(_off)]


Frequency = Literal["One_Hour", "Three_Hours", "Six_Hours", "Twelve_Hours", "TwentyFour_Hours"]


Text = Annotated[str, Field(min_length=1, max_length=256)]


Strings = Annotated[tuple[str, ...], BeforeValidator(none_means_empty)]


class AlertEmail(Part):
    """An address that gets alerts, with the severities it wants."""

    address: Annotated[str, Field(max_length=254)]
    """Email address; SNS asks it to confirm."""
    severities: Annotated[tuple[Severity, ...], Field(min_length=1)] = tuple(Severity)
    """Severities that it wants; all by default."""

    @model_validator(mode="before")
    @classmethod
    def _only_an_address(cls, value: Any) -> Any:
        return {"address": value} if isinstance(value, str) else value

    @field_validator("address")
    @classmethod
    def _address(cls, value: str) -> str:
        return require(_EMAIL, value, "is not an email address", "Write e.g. security@example.com.")

    @field_validator("severities")
    @classmethod
    def _severities(cls, value: tuple[Severity, ...]) -> tuple[Severity, ...]:
        distinct(value, "severity")
        return value


class RecordingOverride(Part):
    """Resource types that are recorded in another mode than the rest."""

    types: Annotated[tuple[str, ...], Field(min_length=1)]
    """Resource types, e.g. AWS::EC2::Instance."""
    mode: Literal["continuous", "daily"]
    """How these are recorded."""
    description: Annotated[str, Field(max_length=256)] = ""
    """Why, for people."""

    @field_validator("types")
    @classmethod
    def _types(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _resource_types(value)


class Recording(Part):
    """What the recorder records, and how often."""

    mode: Literal["continuous", "daily"] = "continuous"
    """continuous: an item at each change; daily: one a day, for the types that changed."""
    strategy: Literal["all", "include", "exclude"] = "all"
    """all: every supported type; include: only `types`; exclude: all but `types`."""
    types: Strings = ()
    """Resource types for include or exclude."""
    include_global: bool = True
    """Record IAM users, roles, groups and policies too. Do so in one region only. Counts for the strategy all only."""
    overrides: Annotated[tuple[RecordingOverride, ...], BeforeValidator(none_means_empty)] = ()
    """Types recorded in another mode. AWS takes one override per recorder."""

    @field_validator("types")
    @classmethod
    def _types(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _resource_types(value)


class Aggregator(Part):
    """Whose results are brought together."""

    enabled: bool = True
    """Whether there is an aggregator."""
    regions: Strings = ()
    """Regions of this account; none: the stack's own."""
    all_regions: bool = False
    """All regions of this account, later ones too."""
    organization: bool = False
    """All accounts of the AWS organization; works in its management or delegated administrator account only."""

    @field_validator("regions")
    @classmethod
    def _regions(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        known = facts.regions()
        for region in value:
            if region not in known:
                raise WrongError(f"{region!r} is not an AWS region", nearest(region, known))
        distinct(value, "region")
        return value


class Schedules(Part):
    """When the functions run, in EventBridge's words, UTC."""

    processor: str = "rate(6 hours)"
    """Re-evaluation of all rules, and their metrics."""
    report: str = "cron(30 7 * * ? *)"
    """The detailed report."""
    daily: str = "cron(0 8 * * ? *)"
    """Daily scores and trend."""
    summary: str = "cron(15 8 * * ? *)"
    """The page for management; after the daily scores."""

    @field_validator("processor", "report", "daily", "summary")
    @classmethod
    def _schedule(cls, value: str) -> str:
        return check_schedule(value)


class RuleSetting(Part):
    """One AWS Config managed rule."""

    identifier: str
    """Managed rule identifier, e.g. S3_BUCKET_VERSIONING_ENABLED."""
    name: Annotated[str, Field(max_length=RULE_NAME_LIMIT - SUFFIX_LIMIT - 1)] = ""
    """Rule name without the suffix; the identifier in lower case with dashes by default."""
    parameters: dict[str, str] = Field(default_factory=dict)
    """Input parameters. AWS fills in defaults in its console only: give those that the rule requires."""
    severity: Severity = Severity.MEDIUM
    """How bad a violation is."""
    category: Annotated[str, Field(min_length=1, max_length=64)] = "general"
    """A word to group rules by in reports and metrics."""
    frequency: Frequency | None = None
    """How often Config evaluates; periodic rules only."""
    remediation: Mode | None = None
    """off, dry-run or automatic; dry-run by default."""

    @field_validator("identifier")
    @classmethod
    def _identifier(cls, value: str) -> str:
        known = facts.managed_rules()
        if value in known:
            return value
        by_name = facts.managed_rule_by_name(value)
        fix = f"Its identifier is {by_name.identifier}." if by_name else nearest(value, known)
        raise WrongError(f"{value!r} is not an AWS Config managed rule", fix)

    @field_validator("name")
    @classmethod
    def _name(cls, value: str, info: ValidationInfo) -> str:
        if value:
            return require(_RULE_NAME, value, "is not a rule name", "Use letters, digits, - and _.")
        return str(info.data.get("identifier", "")).lower().replace("_", "-")

    @field_validator("category")
    @classmethod
    def _category(cls, value: str) -> str:
        return require(re.compile(r"[\w .-]+"), value, "is not a category", "Use letters, digits, spaces and _.-")

    @field_validator("parameters", mode="before")
    @classmethod
    def _texts(cls, value: Any) -> Any:
        """Config's parameters are all text: a YAML number, truth value or list becomes what AWS takes."""
        if value is None:
            return {}
        return {name: _parameter_text(given) for name, given in value.items()} if isinstance(value, Mapping) else value


def _parameter_text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ",".join(str(part) for part in value)
    return value
