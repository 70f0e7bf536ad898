"""Every setting: its type, default, limits and help. Read from the Pulumi stack configuration, all errors at once.

Settings live in ``Pulumi.<env>.yaml`` under the namespace ``watchkeeper:``. A structured one is YAML there, and arrives
in the program as JSON text; :func:`Settings.from_pulumi_config` takes either. Nothing here knows Pulumi or AWS.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, get_origin

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from watchkeeper import catalog
from watchkeeper.model import Severity

NAMESPACE: Final = "watchkeeper"
"""The Pulumi configuration namespace, and the name of the Pulumi project."""
SUFFIX_LIMIT: Final = 15
"""Characters of the environment suffix: with account and region the bucket's name stays within S3's 63."""
RULE_NAME_LIMIT: Final = 128
"""botocore config/2014-11-12, ``ConfigRuleName``."""
INPUT_PARAMETERS_LIMIT: Final = 1024
"""botocore config/2014-11-12, ``StringWithCharLimit1024``: a rule's InputParameters as JSON."""
LOG_RETENTIONS: Final = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
"""Days that CloudWatch Logs accepts
(https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html)."""
OWN_TAGS: Final = ("Owner", "Environment", "ComplianceLevel")
"""Tags that the stack sets from settings of their own."""
DELIVERY_PREFIX: Final = "config"
"""Where the delivery channel writes in the report bucket; must not contain ``AWSLogs/``."""

_SUFFIX = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_INSTANCE_TYPE = re.compile(
    r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\.(?:nano|micro|small|medium|large|metal|\d*xlarge|metal-\d+xl)"
)
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_RESOURCE_TYPE = re.compile(r"[A-Za-z0-9]+(?:::[A-Za-z0-9]+){2,3}")
_RULE_NAME = re.compile(r"[A-Za-z0-9_-]+")
_TAG_TEXT = re.compile(r"[\w\s.:/=+\-@]*")
_NAMESPACE = re.compile(r"[A-Za-z0-9._/#:-]+")
_RATE = re.compile(r"rate\((\d+) (minute|minutes|hour|hours|day|days)\)")
_CRON = re.compile(r"cron\((.+)\)")
_KEY_ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+")
_RECORDER_NAME = re.compile(r"[A-Za-z0-9_.:/-]{1,256}")


class RemediationMode(StrEnum):
    """What the remediation function may do about a violation of a rule."""

    OFF = "off"
    DRY_RUN = "dry-run"
    AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the settings: where (``rules[0].identifier``), what, and what to write instead."""

    path: str
    message: str
    fix: str = ""

    def __str__(self) -> str:
        place = f"{NAMESPACE}:{self.path}" if self.path else "settings"
        return f"{place}: {self.message}" + (f" {self.fix}" if self.fix else "")


class SettingsError(ValueError):
    """The settings can't be used. ``problems`` has all of what is wrong, not the first only."""

    def __init__(self, problems: Iterable[Problem], source: str = "") -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        self.source = source
        head = f"{len(self.problems)} problem{'s' * (len(self.problems) != 1)} in the settings"
        lines = [head + (f" ({source})" if source else ""), *(f"  {problem}" for problem in self.problems)]
        super().__init__("\n".join(lines))


def nearest(word: str, known: Iterable[str]) -> str:
    """A sentence that names the nearest known word, or lists the known ones when there are few; empty otherwise."""
    names = list(known)
    close = catalog.nearest(word, names)
    if close:
        return f"Did you mean {close}?"
    return f"Known: {_listed(names)}." if 0 < len(names) <= 30 else ""


class _WrongError(ValueError):
    """A problem found by a validator, with its fix apart; pydantic hands it through."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix


def _none_means_empty(value: Any) -> Any:
    """A YAML key with nothing behind it is an empty collection."""
    return () if value is None else value


def _require(pattern: re.Pattern[str], value: str, message: str, fix: str) -> str:
    if not pattern.fullmatch(value):
        raise _WrongError(f"{value!r} {message}", fix)
    return value


def _distinct(values: Sequence[Any], what: str) -> None:
    twice = sorted({str(value) for value in values if values.count(value) > 1})
    if twice:
        raise _WrongError(f"lists {', '.join(twice)} more than once", f"Name each {what} once.")


def check_schedule(expression: str) -> str:
    """The EventBridge schedule expression unchanged, or a ValueError that says what is wrong.

    Follows https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html: ``rate(6 hours)``
    with the singular for 1, ``cron`` with six fields of which exactly one of day-of-month and day-of-week is ``?``.
    """
    rate = _RATE.fullmatch(expression)
    if rate:
        return _checked_rate(expression, int(rate[1]), rate[2])
    cron = _CRON.fullmatch(expression)
    if cron:
        return _checked_cron(expression, cron[1].split())
    raise _WrongError(f"{expression!r} is not a schedule", "Write rate(6 hours) or cron(0 8 * * ? *).")


def _checked_rate(expression: str, count: int, unit: str) -> str:
    if count == 0:
        raise _WrongError(f"{expression!r} has a rate of 0", "Write a positive number, e.g. rate(6 hours).")
    if (count == 1) == unit.endswith("s"):
        right = unit.rstrip("s") + ("" if count == 1 else "s")
        raise _WrongError(f"{expression!r} has the wrong unit: EventBridge refuses it", f"Write rate({count} {right}).")
    return expression


class _CronField(NamedTuple):
    name: str
    low: int
    high: int
    words: str = ""
    extra: str = ""


_CRON_FIELDS: Final = (
    _CronField("minutes", 0, 59),
    _CronField("hours", 0, 23),
    _CronField("day-of-month", 1, 31, extra=r"\?|L|LW|\d{1,2}W"),
    _CronField("month", 1, 12, "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC"),
    _CronField(
        "day-of-week",
        1,
        7,
        "SUN MON TUE WED THU FRI SAT",
        extra=r"\?|[1-7]?L|(?:[1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)#[1-5]",
    ),
    _CronField("year", 1970, 2199),
)


def _checked_cron(expression: str, fields: list[str]) -> str:
    if len(fields) != len(_CRON_FIELDS):
        names = " ".join(field.name for field in _CRON_FIELDS)
        raise _WrongError(
            f"{expression!r} has {len(fields)} fields, not 6", f"Write cron({names}), e.g. cron(0 8 * * ? *)."
        )
    if (fields[2] == "?") == (fields[4] == "?"):
        raise _WrongError(
            f"{expression!r} needs exactly one ? among day-of-month and day-of-week", "Write e.g. cron(0 8 * * ? *)."
        )
    for text, field in zip(fields, _CRON_FIELDS, strict=True):
        _check_cron_field(expression, text, field)
    return expression


def _check_cron_field(expression: str, text: str, field: _CronField) -> None:
    if field.extra and re.fullmatch(field.extra, text):
        return
    words = field.words.split()
    for part in text.split(","):
        match = re.fullmatch(r"(\*|\w+)(?:-(\w+))?(?:/(\d+))?", part)
        ends = [end for end in (match[1], match[2]) if end and end != "*"] if match else []
        numbers = [_cron_number(end, words) for end in ends]
        if not match or any(number is None or not field.low <= number <= field.high for number in numbers):
            raise _WrongError(
                f"{expression!r} has {text!r} for {field.name}",
                f"Write {field.low} to {field.high}{' or ' + field.words if words else ''}, *, a list, range or step.",
            )


def _cron_number(text: str, words: list[str]) -> int | None:
    if text.upper() in words:
        return words.index(text.upper()) + 1
    return int(text) if text.isdecimal() and len(text) <= 4 else None


def _tag_text(value: str) -> str:
    return _require(
        _TAG_TEXT, value, "has characters that AWS tags don't take", "Use letters, digits, spaces and _.:/=+-@"
    )


def _resource_types(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        _require(_RESOURCE_TYPE, value, "is not a resource type", "Write e.g. AWS::S3::Bucket.")
    _distinct(values, "resource type")
    return values


class _Part(BaseModel):
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
        use_attribute_docstrings=True,
    )


def _off(value: Any) -> Any:
    """YAML 1.1 reads a bare ``off`` as false; Pulumi, which follows 1.2, as the word."""
    return RemediationMode.OFF if value is False else value


Mode = Annotated[RemediationMode, BeforeValidator(_off)]
Frequency = Literal["One_Hour", "Three_Hours", "Six_Hours", "Twelve_Hours", "TwentyFour_Hours"]
Text = Annotated[str, Field(min_length=1, max_length=256)]
Strings = Annotated[tuple[str, ...], BeforeValidator(_none_means_empty)]


class AlertEmail(_Part):
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
        return _require(_EMAIL, value, "is not an email address", "Write e.g. security@example.com.")

    @field_validator("severities")
    @classmethod
    def _severities(cls, value: tuple[Severity, ...]) -> tuple[Severity, ...]:
        _distinct(value, "severity")
        return value


class RecordingOverride(_Part):
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


class Recording(_Part):
    """What the recorder records, and how often."""

    mode: Literal["continuous", "daily"] = "continuous"
    """continuous: an item at each change; daily: one a day, for the types that changed."""
    strategy: Literal["all", "include", "exclude"] = "all"
    """all: every supported type; include: only `types`; exclude: all but `types`."""
    types: Strings = ()
    """Resource types for include or exclude."""
    include_global: bool = True
    """Record IAM users, roles, groups and policies too. Do so in one region only. Counts for the strategy all only."""
    overrides: Annotated[tuple[RecordingOverride, ...], BeforeValidator(_none_means_empty)] = ()
    """Types recorded in another mode. AWS takes one override per recorder."""

    @field_validator("types")
    @classmethod
    def _types(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _resource_types(value)


class Aggregator(_Part):
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
        known = catalog.regions()
        for region in value:
            if region not in known:
                raise _WrongError(f"{region!r} is not an AWS region", nearest(region, known))
        _distinct(value, "region")
        return value


class Schedules(_Part):
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


class RuleSetting(_Part):
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
        known = catalog.managed_rules()
        if value in known:
            return value
        by_name = catalog.managed_rule_by_name(value)
        fix = f"Its identifier is {by_name.identifier}." if by_name else nearest(value, known)
        raise _WrongError(f"{value!r} is not an AWS Config managed rule", fix)

    @field_validator("name")
    @classmethod
    def _name(cls, value: str, info: ValidationInfo) -> str:
        if value:
            return _require(_RULE_NAME, value, "is not a rule name", "Use letters, digits, - and _.")
        return str(info.data.get("identifier", "")).lower().replace("_", "-")

    @field_validator("category")
    @classmethod
    def _category(cls, value: str) -> str:
        return _require(re.compile(r"[\w .-]+"), value, "is not a category", "Use letters, digits, spaces and _.-")

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


_DEFAULT_TYPES: Final = ("t3.micro", "t3.small", "t3.medium")


class Settings(_Part):
    """Everything that a deployment can be told. Construct it with keywords, or read it with `load`."""

    environment_suffix: Annotated[str, Field(min_length=1, max_length=SUFFIX_LIMIT)]
    """Ends every resource's name, keeps environments apart: lower-case letters, digits and dashes."""
    owner: Text
    """Who answers for it: the tag Owner on everything."""
    compliance_level: Text = "standard"
    """The tag ComplianceLevel on everything."""
    tags: Annotated[dict[str, str], BeforeValidator(lambda value: {} if value is None else value)] = Field(
        default_factory=dict
    )
    """More tags for everything that takes tags."""
    alert_emails: Annotated[tuple[AlertEmail, ...], BeforeValidator(_none_means_empty)] = ()
    """Who gets alerts by email, each with the severities it wants."""
    default_rules: Annotated[
        tuple[
            Literal[
                "DESIRED_INSTANCE_TYPE",
                "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED",
                "S3_DEFAULT_ENCRYPTION_KMS",
                "DB_INSTANCE_BACKUP_ENABLED",
            ],
            ...,
        ],
        BeforeValidator(_none_means_empty),
    ] = (
        "DESIRED_INSTANCE_TYPE",
        "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED",
        "S3_DEFAULT_ENCRYPTION_KMS",
        "DB_INSTANCE_BACKUP_ENABLED",
    )
    """Rules deployed without further settings."""
    approved_instance_types: Annotated[tuple[str, ...], Field(min_length=1)] = _DEFAULT_TYPES
    """EC2 instance types that DESIRED_INSTANCE_TYPE lets pass."""
    minimum_backup_retention_days: Annotated[int, Field(ge=1, le=35)] = 7
    """Days that DB_INSTANCE_BACKUP_ENABLED asks of RDS backups, and that remediation sets."""
    report_retention_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """Days that the report bucket keeps objects and their old versions."""
    log_retention_days: int = 7
    """Days that the functions' logs are kept; one of CloudWatch Logs' own choices."""
    key_deletion_window_days: Annotated[int, Field(ge=7, le=30)] = 7
    """Days between destroying the stack and the end of its key."""
    recording: Recording = Recording()
    """What the recorder records."""
    snapshot_frequency: Frequency = "TwentyFour_Hours"
    """How often Config delivers a snapshot."""
    adopt_recorder: Text | None = None
    """Name of the recorder that the account and region have already: then no recorder or channel is made."""
    aggregator: Aggregator = Aggregator()
    """Whose results are brought together."""
    rules: Annotated[tuple[RuleSetting, ...], BeforeValidator(_none_means_empty)] = ()
    """More managed rules. One without a name and with a default rule's identifier takes that rule's place."""
    remediation: Annotated[dict[str, Mode], BeforeValidator(lambda value: {} if value is None else value)] = Field(
        default_factory=dict
    )
    """Rule identifier to off, dry-run or automatic; dry-run for those not named."""
    exemption_tag: Annotated[str, Field(min_length=1, max_length=128)] = "ComplianceExempt"
    """Tag key: a resource that carries it is never remediated, unless the tag's value is false."""
    remediation_kms_key_arn: str | None = None
    """Key that remediation gives to unencrypted buckets; the AWS managed key aws/s3 by default."""
    schedules: Schedules = Schedules()
    """When the functions run."""
    metric_namespace: Annotated[str, Field(min_length=1, max_length=255)] = "Watchkeeper"
    """CloudWatch namespace of the metrics."""

    @field_validator("environment_suffix")
    @classmethod
    def _suffix(cls, value: str) -> str:
        fix = f"Use up to {SUFFIX_LIMIT} lower-case letters, digits and inner dashes, e.g. dev."
        return _require(_SUFFIX, value, "is not an environment suffix", fix)

    @field_validator("owner", "compliance_level")
    @classmethod
    def _own_tag(cls, value: str) -> str:
        return _tag_text(value)

    @field_validator("tags")
    @classmethod
    def _tags(cls, value: dict[str, str]) -> dict[str, str]:
        for key, text in value.items():
            _check_tag(key, text)
        if len(value) > 50 - len(OWN_TAGS):
            raise _WrongError(f"has {len(value)} tags", f"AWS takes 50; {len(OWN_TAGS)} are the stack's own.")
        return value

    @field_validator("exemption_tag")
    @classmethod
    def _exemption(cls, value: str) -> str:
        return _tag_text(value)

    @field_validator("alert_emails")
    @classmethod
    def _emails(cls, value: tuple[AlertEmail, ...]) -> tuple[AlertEmail, ...]:
        _distinct([email.address.lower() for email in value], "address")
        return value

    @field_validator("approved_instance_types")
    @classmethod
    def _instance_types(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            _require(_INSTANCE_TYPE, name, "is not an EC2 instance type", "Write e.g. t3.micro.")
        _distinct(value, "instance type")
        return value

    @field_validator("log_retention_days")
    @classmethod
    def _log_days(cls, value: int) -> int:
        if value not in LOG_RETENTIONS:
            raise _WrongError(
                f"{value} is not a retention that CloudWatch Logs takes", f"Take one of {_listed(LOG_RETENTIONS)}."
            )
        return value

    @field_validator("adopt_recorder")
    @classmethod
    def _recorder(cls, value: str | None) -> str | None:
        if value is None:
            return None
        return _require(_RECORDER_NAME, value, "is not a recorder's name", "It is often just default.")

    @field_validator("remediation_kms_key_arn")
    @classmethod
    def _remediation_key(cls, value: str | None) -> str | None:
        if value is None:
            return None
        fix = "Write e.g. arn:aws:kms:eu-west-1:123456789012:key/<id>."
        return _require(_KEY_ARN, value, "is not a KMS key ARN", fix)

    @field_validator("metric_namespace")
    @classmethod
    def _metrics(cls, value: str) -> str:
        if value.startswith(("AWS/", ":")):
            raise _WrongError(f"{value!r} is reserved", "Choose a namespace that does not begin with AWS/.")
        return _require(_NAMESPACE, value, "is not a metric namespace", "Use letters, digits and ._-/#:")

    @model_validator(mode="after")
    def _fits_together(self, info: ValidationInfo) -> Settings:
        """Whoever constructs it in code gets the same answers; `from_pulumi_config` asks for them itself."""
        if info.context is not _LENIENT:
            problems = combination_problems(self)
            if problems:
                raise ValueError("; ".join(str(problem) for problem in problems))
        return self

    @property
    def all_rules(self) -> tuple[RuleSetting, ...]:
        """The rules to deploy: the default ones, then the others; parameters, names and remediation filled in."""
        return tuple(rule for _, rule in self.placed_rules())

    def placed_rules(self) -> list[tuple[str, RuleSetting]]:
        """The rules to deploy, each with the setting that it comes from: ``rules[0]``, ``defaultRules[1]``."""
        replaced = {rule.identifier for rule in self.rules if rule.name == _default_name(rule.identifier)}
        defaults = [
            (f"defaultRules[{index}]", _DEFAULT_RULES[identifier])
            for index, identifier in enumerate(self.default_rules)
            if identifier not in replaced
        ]
        given = [(f"rules[{index}]", rule) for index, rule in enumerate(self.rules)]
        return [(path, self._completed(rule)) for path, rule in (*defaults, *given)]

    def _completed(self, rule: RuleSetting) -> RuleSetting:
        mode = rule.remediation or self.remediation.get(rule.identifier) or RemediationMode.DRY_RUN
        parameters = rule.parameters or self._own_parameters(rule.identifier)
        return rule.model_copy(update={"parameters": parameters, "remediation": mode})

    def _own_parameters(self, identifier: str) -> dict[str, str]:
        return {
            "DESIRED_INSTANCE_TYPE": {"instanceType": ",".join(self.approved_instance_types)},
            "DB_INSTANCE_BACKUP_ENABLED": {"backupRetentionMinimum": str(self.minimum_backup_retention_days)},
        }.get(identifier, {})

    def all_tags(self) -> dict[str, str]:
        """The tags of everything that takes tags."""
        own = (self.owner, self.environment_suffix, self.compliance_level)
        return {**dict(zip(OWN_TAGS, own, strict=True)), **self.tags}

    @classmethod
    def from_pulumi_config(cls, mapping: Mapping[str, Any], source: str = "") -> Settings:
        """The settings among a stack's configuration: ``watchkeeper:owner`` → text, JSON text, or a plain value.

        Other namespaces are left alone; ``aws:region``, when given, is checked with the rules. Raises SettingsError
        with everything that is wrong.
        """
        given, problems = _own_keys(mapping)
        decoded: dict[str, Any] = {}
        for key, value in given.items():
            try:
                decoded[key] = _decoded(key, value)
            except _WrongError as error:
                problems.append(Problem(key, str(error), error.fix))
        settings, more = _lenient(decoded)
        problems += more
        broken = {re.split(r"[.\[]", problem.path, maxsplit=1)[0] for problem in problems}
        if settings is not None:
            region = mapping.get("aws:region")
            problems += combination_problems(
                settings, region=region if isinstance(region, str) else None, broken=broken
            )
        if problems or settings is None:
            raise SettingsError(problems, source)
        return settings


_LENIENT: Final = {"combinations": "apart"}
_DEFAULT_RULES: Final[Mapping[str, RuleSetting]] = {
    identifier: RuleSetting(identifier=identifier, severity=severity, category=category)
    for identifier, severity, category in (
        ("DESIRED_INSTANCE_TYPE", Severity.MEDIUM, "cost"),
        ("S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED", Severity.HIGH, "encryption"),
        ("S3_DEFAULT_ENCRYPTION_KMS", Severity.MEDIUM, "encryption"),
        ("DB_INSTANCE_BACKUP_ENABLED", Severity.HIGH, "resilience"),
    )
}


def _listed(values: Iterable[Any]) -> str:
    return ", ".join(str(value) for value in values)


def _default_name(identifier: str) -> str:
    return identifier.lower().replace("_", "-")


def _check_tag(key: str, text: str) -> None:
    if not key or len(key) > 128 or len(text) > 256:
        raise _WrongError(f"{key!r} is too long or empty", "A key has 1 to 128 characters, a value up to 256.")
    if key.lower().startswith("aws:"):
        raise _WrongError(f"{key!r} is reserved by AWS", "Choose a key that does not begin with aws:.")
    if key.lower() in {own.lower() for own in OWN_TAGS}:
        raise _WrongError(
            f"{key!r} is a tag of the stack's own", "Set owner, environmentSuffix or complianceLevel instead."
        )
    _tag_text(key)
    _tag_text(text)


# Reading: keys, types, then what has to fit together.


def _alias(name: str) -> str:
    return Settings.model_fields[name].alias or name


def _keys() -> dict[str, str]:
    """Setting as users write it → field name."""
    return {_alias(name): name for name in Settings.model_fields}


def _own_keys(mapping: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """The values under our namespace by key, and a problem for each key that is none."""
    prefix = f"{NAMESPACE}:"
    found = {str(key).removeprefix(prefix): value for key, value in mapping.items() if str(key).startswith(prefix)}
    known = _keys()
    problems = [
        Problem(key, "is not a setting.", nearest(key, known) or "See the settings table.")
        for key in found
        if key not in known
    ]
    problems += [problem for key in mapping if (problem := _stray(str(key)))]
    return {key: value for key, value in found.items() if key in known}, problems


def _stray(key: str) -> Problem | None:
    """A key without a namespace, which Pulumi refuses, or with one that looks like ours and would be ignored."""
    namespace, colon, name = key.partition(":")
    if not colon:
        return Problem("", f"{_short(key)} has no namespace.", f"Write {NAMESPACE}:{key}.")
    if namespace != NAMESPACE and catalog.nearest(namespace, [NAMESPACE]):
        return Problem("", f"{_short(key)} is in the namespace {namespace!r}.", f"Did you mean {NAMESPACE}:{name}?")
    return None


def _decoded(key: str, value: Any) -> Any:
    """The value as pydantic wants it: JSON text becomes a structure, a YAML scalar the text that Pulumi hands over."""
    if isinstance(value, Mapping) and set(value) == {"secure"}:
        raise _WrongError(
            "is encrypted; no setting is a secret", f"Run pulumi config set {NAMESPACE}:{key} --plaintext."
        )
    if not _structured(key):
        return _scalar(value)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise _WrongError(
            f"is not JSON ({error})", f"Write a YAML list or mapping in Pulumi.<env>.yaml under {key}."
        ) from error


def _scalar(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, Mapping | list | tuple | str) or value is None else str(value)


def _structured(key: str) -> bool:
    annotation = Settings.model_fields[_keys()[key]].annotation
    return get_origin(annotation) in (tuple, dict) or _model_of(annotation) is not None


def _lenient(given: Mapping[str, Any]) -> tuple[Settings | None, list[Problem]]:
    """The settings with what is broken left at its default, and what is broken. None when nothing can be built."""
    try:
        return _validated(given), []
    except ValidationError as error:
        found = error.errors(include_url=False)
    broken = {str(one["loc"][0]) for one in found if one["loc"]}
    kept = {key: value for key, value in given.items() if key not in broken}
    problems = [_problem(one) for one in found if not _follows(one, found)]
    required = {_alias("environment_suffix"): "x", _alias("owner"): "x"}
    try:
        return _validated(required | kept), problems
    except ValidationError:
        return None, problems


def _follows(error: Any, others: Iterable[Any]) -> bool:
    """Whether a list is called too short only because its elements are wrong."""
    size = len(error["loc"])
    return error["type"] == "too_short" and any(
        len(other["loc"]) > size and other["loc"][:size] == error["loc"] for other in others
    )


def _validated(given: Mapping[str, Any]) -> Settings:
    return Settings.model_validate(dict(given), by_alias=True, by_name=False, context=_LENIENT)


_MESSAGES: Final[Mapping[str, str]] = {
    "missing": "is missing",
    "extra_forbidden": "is not a setting",
    "string_too_short": "is empty",
    "too_short": "is empty",
}


def _problem(error: Any) -> Problem:
    """One of pydantic's errors in our words."""
    location: tuple[str | int, ...] = tuple(error["loc"])
    path = _path(location)
    kind, given = error["type"], error.get("input")
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, _WrongError):
        return Problem(path, f"{cause}.", cause.fix)
    if kind == "extra_forbidden":
        return Problem(path, "is not a setting.", nearest(str(location[-1]), _known_beside(location)))
    if kind in _MESSAGES:
        return Problem(path, f"{_MESSAGES[kind]}.", _help(location))
    if kind in ("enum", "literal_error"):
        choices = re.findall(r"'([^']*)'", error["msg"])
        return Problem(path, f"{_short(given)} is not one of the choices.", nearest(str(given), choices))
    return Problem(
        path, f"{_short(given)} does not fit: {error['msg'][:1].lower()}{error['msg'][1:]}.", _help(location)
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _path(location: Sequence[str | int]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location if part != "[key]")
    return text.removeprefix(".")


def _model_of(annotation: Any) -> type[_Part] | None:
    """The group of settings inside an annotation such as ``Annotated[tuple[AlertEmail, ...], …]``."""
    if isinstance(annotation, type) and issubclass(annotation, _Part):
        return annotation
    inner = (_model_of(part) for part in getattr(annotation, "__args__", ()))
    return next((model for model in inner if model is not None), None)


def _model_at(location: Sequence[str | int]) -> type[_Part]:
    """The group of settings that the last step of the location is looked up in."""
    model: type[_Part] = Settings
    for part in location[:-1]:
        fields = {field.alias: field for field in model.model_fields.values()}
        inner = _model_of(fields[part].annotation) if isinstance(part, str) and part in fields else None
        model = inner or model
    return model


def _known_beside(location: Sequence[str | int]) -> list[str]:
    return [field.alias or name for name, field in _model_at(location).model_fields.items()]


def _help(location: Sequence[str | int]) -> str:
    fields = {field.alias: field for field in _model_at(location).model_fields.values()}
    field = fields.get(str(location[-1]) if location else None)
    return (field.description or "").replace("\n", " ") if field else ""


def combination_problems(settings: Settings, *, region: str | None = None, broken: Iterable[str] = ()) -> list[Problem]:
    """What does not fit together, although each setting alone is right.

    ``region`` is the stack's, when known; ``broken`` names settings that stand at their default because what was
    given is wrong: a combination with one of them is not judged.
    """
    wrong = frozenset(broken)
    return [
        problem
        for needs, check in _COMBINATIONS
        if not wrong.intersection(needs)
        for problem in check(settings, region)
    ]


def _recording_fits(settings: Settings, _region: str | None) -> Iterable[Problem]:
    recording = settings.recording
    if recording.strategy == "all" and recording.types:
        yield Problem(
            "recording.types",
            "are given, but the strategy all records every type.",
            "Set strategy to include or exclude.",
        )
    if recording.strategy != "all" and not recording.types:
        yield Problem(
            "recording.types",
            f"are missing for the strategy {recording.strategy}.",
            "List resource types, e.g. AWS::S3::Bucket.",
        )
    if len(recording.overrides) > 1:
        yield Problem(
            "recording.overrides", f"has {len(recording.overrides)} entries; AWS takes one.", "Put the types together."
        )
    for index, override in enumerate(recording.overrides):
        yield from _override_fits(f"recording.overrides[{index}]", override, recording)
    if recording.mode == "daily" and set(recording.types) & _NEVER_DAILY and recording.strategy == "include":
        yield Problem(
            "recording.mode",
            f"can't be daily for {_listed(sorted(_NEVER_DAILY & set(recording.types)))}.",
            "Set continuous.",
        )


_NEVER_DAILY: Final = frozenset(
    {"AWS::Config::ResourceCompliance", "AWS::Config::ConformancePackCompliance", "AWS::Config::ConfigurationRecorder"}
)
"""botocore config/2014-11-12, RecordingModeOverride: daily recording cannot be specified for these."""


def _override_fits(path: str, override: RecordingOverride, recording: Recording) -> Iterable[Problem]:
    if override.mode == recording.mode:
        yield Problem(
            f"{path}.mode", f"is {override.mode}, as for the rest.", "Remove the override or give it the other mode."
        )
    if override.mode == "daily" and _NEVER_DAILY & set(override.types):
        yield Problem(
            f"{path}.types",
            f"names {_listed(sorted(_NEVER_DAILY & set(override.types)))}, which can't be daily.",
            "Take it out.",
        )
    lost = [name for name in override.types if not _records(recording, name)]
    if lost:
        yield Problem(
            f"{path}.types",
            f"names {_listed(lost)}, which the strategy {recording.strategy} does not record.",
            "Record it, or take it out.",
        )


def _records(recording: Recording, resource_type: str) -> bool:
    if recording.strategy == "all":
        return True
    return (resource_type in recording.types) == (recording.strategy == "include")


def _adoption_fits(settings: Settings, _region: str | None) -> Iterable[Problem]:
    if settings.adopt_recorder is None:
        return
    for name in ("recording", "snapshot_frequency"):
        if name in settings.model_fields_set:
            yield Problem(
                _alias(name),
                "has no effect on a recorder that the account has already.",
                f"Remove it, or {_alias('adopt_recorder')}.",
            )


def _aggregator_fits(settings: Settings, _region: str | None) -> Iterable[Problem]:
    aggregator = settings.aggregator
    if aggregator.regions and aggregator.all_regions:
        yield Problem("aggregator", "has both regions and allRegions.", "Keep one of them.")
    if not aggregator.enabled and (aggregator.regions or aggregator.all_regions or aggregator.organization):
        yield Problem("aggregator.enabled", "is false, but there are more settings for it.", "Remove them or set true.")


def _remediation_fits(settings: Settings, _region: str | None) -> Iterable[Problem]:
    deployed = {rule.identifier for rule in settings.all_rules}
    for identifier in settings.remediation:
        if identifier not in deployed:
            exists = identifier in catalog.managed_rules()
            fix = "Add it to rules." if exists else nearest(identifier, sorted(deployed))
            yield Problem(f"remediation.{identifier}", "is not the identifier of a rule that is deployed.", fix)
    for index, rule in enumerate(settings.rules):
        other = settings.remediation.get(rule.identifier)
        if rule.remediation and other and other != rule.remediation:
            yield Problem(
                f"rules[{index}].remediation",
                f"is {rule.remediation}, but remediation.{rule.identifier} is {other}.",
                "Keep one of them.",
            )


def _some_rules(settings: Settings, _region: str | None) -> Iterable[Problem]:
    if not settings.all_rules:
        yield Problem("rules", "is empty, and so is defaultRules: there is nothing to monitor.", "Name a rule.")


def _rules_fit(settings: Settings, region: str | None) -> Iterable[Problem]:
    seen: dict[str, str] = {}
    for path, rule in settings.placed_rules():
        earlier = seen.setdefault(rule.name.casefold(), path)
        if earlier != path:
            yield Problem(
                f"{path}.name", f"{rule.name!r} is the name of {earlier} already.", "Give it a name of its own."
            )
        yield from (
            Problem(f"{path}.{problem.path}", problem.message, problem.fix) for problem in rule_problems(rule, region)
        )
        types = catalog.managed_rules()[rule.identifier].resource_types
        if settings.adopt_recorder is None and types and not any(_records(settings.recording, name) for name in types):
            yield Problem(
                path,
                f"looks at {_listed(types)}, which the recorder does not record.",
                "Record it, or leave the rule out.",
            )


def _region_known(_settings: Settings, region: str | None) -> Iterable[Problem]:
    if region is not None and region not in catalog.regions():
        yield Problem("", f"aws:region {region!r} is not an AWS region.", nearest(region, catalog.regions()))


_COMBINATIONS: Final[tuple[tuple[tuple[str, ...], Callable[[Settings, str | None], Iterable[Problem]]], ...]] = (
    (("recording",), _recording_fits),
    (("recording", "snapshotFrequency", "adoptRecorder"), _adoption_fits),
    (("aggregator",), _aggregator_fits),
    (("rules", "defaultRules", "remediation"), _remediation_fits),
    (("rules", "defaultRules", "recording", "adoptRecorder", "approvedInstanceTypes"), _rules_fit),
    (("rules", "defaultRules"), _some_rules),
    ((), _region_known),
)


# Rule parameters.


def rule_problems(rule: RuleSetting, region: str | None = None) -> Iterable[Problem]:
    """What AWS would refuse of one rule, relative to the rule: parameters, frequency, region."""
    known = catalog.managed_rules()[rule.identifier]
    names = [parameter.name for parameter in known.parameters]
    for name, value in rule.parameters.items():
        parameter = known.parameter(name)
        if parameter is None:
            hint = nearest(name, names) if names else "It takes none."
            yield Problem(f"parameters.{name}", f"is not a parameter of {rule.identifier}.", hint)
            continue
        wrong = _parameter_wrong(parameter, value)
        if wrong:
            yield Problem(f"parameters.{name}", f"{_short(value)} {wrong}.")
    missing = [
        parameter.name for parameter in known.parameters if parameter.required and parameter.name not in rule.parameters
    ]
    for name in missing:
        default = catalog.rule_defaults(rule.identifier).get(name)
        hint = f"The console would fill in {default}." if default else ""
        yield Problem(f"parameters.{name}", f"is required by {rule.identifier}.", hint)
    if len(json.dumps(rule.parameters)) > INPUT_PARAMETERS_LIMIT:
        yield Problem("parameters", f"are longer than {INPUT_PARAMETERS_LIMIT} characters of JSON, AWS Config's limit.")
    if rule.frequency and not known.takes_frequency:
        yield Problem(
            "frequency", f"is for periodic rules; {rule.identifier} runs on changes and AWS refuses one.", "Remove it."
        )
    if region and not known.in_region(region):
        yield Problem("identifier", f"{rule.identifier} is not offered in {region}.")


def _parameter_wrong(parameter: catalog.Parameter, value: str) -> str:
    """What is wrong with a parameter's value, or nothing."""
    if not value.strip():
        return "is empty"
    if parameter.type in ("int", "double"):
        return _number_wrong(parameter, value)
    if parameter.type == "boolean" and value.lower() not in ("true", "false"):
        return "is neither true nor false"
    parts = [part.strip() for part in value.split(",")] if parameter.type == "CSV" else [value]
    strange = [part for part in parts if parameter.values and part not in parameter.values]
    if strange:
        return f"has {_short(strange[0])}; AWS takes {_listed(parameter.values)}"
    if parameter.pattern and not all(re.fullmatch(parameter.pattern, part) for part in parts):
        return f"does not look like {parameter.pattern}"
    return ""


def _number_wrong(parameter: catalog.Parameter, value: str) -> str:
    pattern = r"[+-]?\d{1,18}" if parameter.type == "int" else r"[+-]?\d{1,18}(\.\d{1,18})?"
    if not re.fullmatch(pattern, value, re.ASCII):
        return "is not a whole number" if parameter.type == "int" else "is not a number"
    if parameter.minimum is not None and float(value) < parameter.minimum:
        return f"is less than {parameter.minimum:g}"
    if parameter.maximum is not None and float(value) > parameter.maximum:
        return f"is more than {parameter.maximum:g}"
    return ""


# Files, and what is generated from the model.


class _Loader(yaml.SafeLoader):
    """YAML in which a key may stand once: PyYAML would silently keep the last, Pulumi refuses."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        twice = sorted({key for key in keys if keys.count(key) > 1 and key != "<<"})
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"{_listed(twice)} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def load(path: str | Path) -> Settings:
    """The settings in a stack's file, ``Pulumi.<env>.yaml``. Raises SettingsError with everything that is wrong."""
    return Settings.from_pulumi_config(read_config(path), source=str(path))


def read_config(path: str | Path) -> dict[str, Any]:
    """The ``config`` mapping of a stack's file, as it stands. Raises SettingsError when there is none to read."""
    try:
        document = yaml.load(Path(path).read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise SettingsError([Problem("", f"can't read {path}: {error.strerror}.")], str(path)) from error
    except (yaml.YAMLError, ValueError, RecursionError, AttributeError) as error:
        what = " ".join(str(error).split()) or type(error).__name__
        raise SettingsError([Problem("", f"{path} is not YAML: {what}.")], str(path)) from error
    config = document.get("config") if isinstance(document, Mapping) else None
    if not isinstance(config, Mapping):
        fix = f"Write config: with {NAMESPACE}:{_alias('environment_suffix')}: dev below it."
        raise SettingsError([Problem("", f"{path} has no mapping config.", fix)], str(path))
    return {str(key): value for key, value in config.items()}


@functools.cache
def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the settings without their namespace, as written in ``Pulumi.<env>.yaml``."""
    schema = Settings.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Watchkeeper settings"} | schema


def reference() -> str:
    """The settings table as Markdown, one row for each setting, those inside groups included."""
    rows = ["| Setting | Type | Default | Meaning |", "|---|---|---|---|"]
    return "\n".join([*rows, *_rows(Settings, "")]) + "\n"


def _rows(model: type[_Part], prefix: str) -> Iterable[str]:
    for name, field in model.model_fields.items():
        path = f"{prefix}{field.alias or name}"
        inner = _model_of(field.annotation)
        cells = (
            f"`{path}`",
            _type_text(model, field.alias or name),
            _default_text(field),
            (field.description or "").replace("\n", " "),
        )
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
        if inner is not None:
            many = "[]" if _type_text(model, field.alias or name).startswith("list") else ""
            yield from _rows(inner, f"{path}{many}.")


def _type_text(model: type[_Part], alias: str) -> str:
    schema = model.model_json_schema(by_alias=True)
    return _schema_text(schema["properties"][alias], schema.get("$defs", {}))


def _schema_text(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return _schema_text(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions)
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_schema_text(part, definitions) for part in schema["anyOf"] if part.get("type") != "null")
    if schema.get("type") == "array":
        return f"list of {_schema_text(schema['items'], definitions)}"
    if schema.get("type") == "object" and "properties" in schema:
        return "group"
    if schema.get("type") == "object":
        return f"text to {_schema_text(schema.get('additionalProperties', {}), definitions)}"
    return _simple_text(schema)


def _simple_text(schema: Mapping[str, Any]) -> str:
    words = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    text = words.get(str(schema.get("type")), "text")
    low, high = schema.get("minimum"), schema.get("maximum")
    return f"{text}, {low} to {high}" if low is not None and high is not None else text


def _default_text(field: Any) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True)
    if default is None or default == () or default == {} or isinstance(default, _Part):
        return ""
    if isinstance(default, tuple):
        return "`" + ", ".join(str(value) for value in default) + "`"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`" if default != "" else ""
