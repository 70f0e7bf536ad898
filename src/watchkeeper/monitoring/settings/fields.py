"""All settings together: everything that a deployment can be told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, field_validator

from watchkeeper.model import Severity
from watchkeeper.monitoring.settings.groups import (
    SUFFIX_LIMIT,
    Aggregator,
    AlertEmail,
    Frequency,
    Mode,
    Part,
    Recording,
    RemediationMode,
    RuleSetting,
    Schedules,
    Text,
    distinct,
    none_means_empty,
    require,
)
from watchkeeper.monitoring.settings.problems import WrongError, listed

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


_TAG_TEXT = re.compile(r"[\w\s.:/=+\-@]*")


_NAMESPACE = re.compile(r"[A-Za-z0-9._/#:-]+")


_KEY_ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+")


_RECORDER_NAME = re.compile(r"[A-Za-z0-9_.:/-]{1,256}")


def _tag_text(value: str) -> str:
    return require(
        _TAG_TEXT, value, "has characters that AWS tags don't take", "Use letters, digits, spaces and _.:/=+-@"
    )


def _check_tag(key: str, text: str) -> None:
    if not key or len(key) > 128 or len(text) > 256:
        raise WrongError(f"{key!r} is too long or empty", "A key has 1 to 128 characters, a value up to 256.")
    if key.lower().startswith("aws:"):
        raise WrongError(f"{key!r} is reserved by AWS", "Choose a key that does not begin with aws:.")
    if key.lower() in {own.lower() for own in OWN_TAGS}:
        raise WrongError(
            f"{key!r} is a tag of the stack's own", "Set owner, environmentSuffix or complianceLevel instead."
        )
    _tag_text(key)
    _tag_text(text)


_DEFAULT_TYPES: Final = ("t3.micro", "t3.small", "t3.medium")


class Fields(Part):
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
    alert_emails: Annotated[tuple[AlertEmail, ...], BeforeValidator(none_means_empty)] = ()
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
        BeforeValidator(none_means_empty),
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
    rules: Annotated[tuple[RuleSetting, ...], BeforeValidator(none_means_empty)] = ()
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
        return require(_SUFFIX, value, "is not an environment suffix", fix)

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
            raise WrongError(f"has {len(value)} tags", f"AWS takes 50; {len(OWN_TAGS)} are the stack's own.")
        return value

    @field_validator("exemption_tag")
    @classmethod
    def _exemption(cls, value: str) -> str:
        return _tag_text(value)

    @field_validator("alert_emails")
    @classmethod
    def _emails(cls, value: tuple[AlertEmail, ...]) -> tuple[AlertEmail, ...]:
        distinct([email.address.lower() for email in value], "address")
        return value

    @field_validator("approved_instance_types")
    @classmethod
    def _instance_types(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            require(_INSTANCE_TYPE, name, "is not an EC2 instance type", "Write e.g. t3.micro.")
        distinct(value, "instance type")
        return value

    @field_validator("log_retention_days")
    @classmethod
    def _log_days(cls, value: int) -> int:
        if value not in LOG_RETENTIONS:
            raise WrongError(
                f"{value} is not a retention that CloudWatch Logs takes", f"Take one of {listed(LOG_RETENTIONS)}."
            )
        return value

    @field_validator("adopt_recorder")
    @classmethod
    def _recorder(cls, value: str | None) -> str | None:
        if value is None:
            return None
        return require(_RECORDER_NAME, value, "is not a recorder's name", "It is often just default.")

    @field_validator("remediation_kms_key_arn")
    @classmethod
    def _remediation_key(cls, value: str | None) -> str | None:
        if value is None:
            return None
        fix = "Write e.g. arn:aws:kms:eu-west-1:123456789012:key/<id>."
        return require(_KEY_ARN, value, "is not a KMS key ARN", fix)

    @field_validator("metric_namespace")
    @classmethod
    def _metrics(cls, value: str) -> str:
        if value.startswith(("AWS/", ":")):
            raise WrongError(f"{value!r} is reserved", "Choose a namespace that does not begin with AWS/.")
        return require(_NAMESPACE, value, "is not a metric namespace", "Use letters, digits and ._-/#:")

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


_DEFAULT_RULES: Final[Mapping[str, RuleSetting]] = {
    identifier: RuleSetting(identifier=identifier, severity=severity, category=category)
    for identifier, severity, category in (
        ("DESIRED_INSTANCE_TYPE", Severity.MEDIUM, "cost"),
        ("S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED", Severity.HIGH, "encryption"),
        ("S3_DEFAULT_ENCRYPTION_KMS", Severity.MEDIUM, "encryption"),
        ("DB_INSTANCE_BACKUP_ENABLED", Severity.HIGH, "resilience"),
    )
}


def _default_name(identifier: str) -> str:
    return identifier.lower().replace("_", "-")
