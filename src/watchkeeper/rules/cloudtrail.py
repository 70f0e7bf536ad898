"""AWS CloudTrail: trails, and what the account records.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from typing import Any

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import (
    ACCOUNT,
    COMPLIANT,
    Lookup,
    Parameters,
    Unavailable,
    array,
    days_between,
    dig,
    flag,
    moment,
    rule,
    shown,
    verdict,
    violation,
)
from watchkeeper.rules.s3 import LOGGING

TRAIL = "AWS::CloudTrail::Trail"
BUCKET = "AWS::S3::Bucket"
SELECTORS = "cloudtrail.event_selectors"
CATEGORY = "Logging and monitoring"


@rule("CLOUD_TRAIL_ENCRYPTION_ENABLED", types=(TRAIL,), severity=Severity.MEDIUM, category="Encryption")
def trail_encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The trail's log files are encrypted with a KMS key."""
    return verdict(
        bool(_known(item).get("kmsKeyId")), "The log files are not encrypted with KMS; give the trail a key."
    )


@rule("CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED", types=(TRAIL,), severity=Severity.LOW, category=CATEGORY)
def trail_validated(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Log file validation is on."""
    on = flag(item.configuration, "logFileValidationEnabled")
    return verdict(on, "Log file validation is off; enable it.")


@rule("CLOUD_TRAIL_CLOUD_WATCH_LOGS_ENABLED", types=(TRAIL,), severity=Severity.MEDIUM, category=CATEGORY)
def trail_to_logs(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The trail sends to CloudWatch Logs, within expectedDeliveryWindowAge hours where it is given."""
    config = _known(item)
    if not config.get("cloudWatchLogsLogGroupArn"):
        return violation("The trail does not send to CloudWatch Logs; give it a log group and a role.")
    hours = parameters.get("expectedDeliveryWindowAge")
    if hours is None:
        return COMPLIANT
    last = config.get("latestCloudWatchLogsDeliveryTime")
    if last is None:
        raise Unavailable("the item does not say when the trail last delivered to CloudWatch Logs")
    age = days_between(moment(last), lookup.now()) * 24
    return verdict(age <= hours, f"The last delivery was {int(age)} hours ago, {hours} are allowed; check its role.")


def _known(item: ConfigurationItem) -> Any:
    if not item.configuration.get("name") and not item.configuration.get("trailARN"):
        raise Unavailable("the item does not say name")
    return item.configuration


def _logging(trail: ConfigurationItem) -> bool:
    """Config's items of trails say nothing about the status; a reader that knows it adds ``isLogging``."""
    return flag(trail.configuration, "isLogging", default=True)


@rule("CLOUD_TRAIL_ENABLED", types=(ACCOUNT,), severity=Severity.CRITICAL, category=CATEGORY,
      needs=(f"items:{TRAIL}",))  # fmt: skip
def trail_enabled(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A trail is logging, to the bucket, topic and log group of the parameters where they are given."""
    fits = any(_logging(t) and _targets(t, parameters) for t in lookup.items_of_type(TRAIL))
    return verdict(fits, f"No trail is logging{_wanted(parameters)}; create or start one.")


_TARGETS = {
    "s3BucketName": ("s3BucketName",),
    "snsTopicArn": ("snsTopicARN", "snsTopicName"),
    "cloudWatchLogsLogGroupArn": ("cloudWatchLogsLogGroupArn",),
}


def _targets(trail: ConfigurationItem, parameters: Parameters) -> bool:
    return all(
        parameters[name] in [trail.configuration.get(key) for key in keys]
        for name, keys in _TARGETS.items()
        if name in parameters
    )


def _wanted(parameters: Parameters) -> str:
    given = [f"{name}={parameters[name]}" for name in _TARGETS if name in parameters]
    return f" with {shown(', '.join(given), 120)}" if given else ""


@rule("MULTI_REGION_CLOUD_TRAIL_ENABLED", types=(ACCOUNT,), severity=Severity.HIGH, category=CATEGORY,
      needs=(f"items:{TRAIL}", f"account:{SELECTORS}"))  # fmt: skip
def multi_region_trail(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A multi-region trail is logging, with the targets and the event selectors of the parameters."""
    trails = [t for t in lookup.items_of_type(TRAIL) if flag(t.configuration, "isMultiRegionTrail") and _logging(t)]
    fits = any(_targets(t, parameters) and _selects(t, parameters, lookup) for t in trails)
    return verdict(fits, f"No multi-region trail is logging{_wanted(parameters)}; create or start one.")


def _selects(trail: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> bool:
    management, kind = parameters.get("includeManagementEvents"), parameters.get("readWriteType")
    if management is None and kind is None:
        return True
    selectors = array(_selectors(trail, lookup), "eventSelectors")
    return any(
        (management is None or flag(s, "includeManagementEvents", default=True) is management)
        and (kind is None or str(dig(s, "readWriteType") or "All").lower() == kind.lower())
        for s in selectors
    )


def _selectors(trail: ConfigurationItem, lookup: Lookup) -> Any:
    return lookup.account_fact(SELECTORS).get(trail.configuration.get("trailARN") or trail.arn, {})


@rule("CLOUDTRAIL_SECURITY_TRAIL_ENABLED", types=(ACCOUNT,), severity=Severity.MEDIUM, category=CATEGORY,
      needs=(f"items:{TRAIL}", f"account:{SELECTORS}"))  # fmt: skip
def security_trail(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """One trail follows all good practices: all regions, global services, validation, KMS, all management events."""
    fits = any(_secure(t, lookup) for t in lookup.items_of_type(TRAIL))
    return verdict(
        fits,
        "No trail records global services in all regions with validation, KMS and all management events; create one.",
    )


def _secure(trail: ConfigurationItem, lookup: Lookup) -> bool:
    flags = ("includeGlobalServiceEvents", "isMultiRegionTrail", "logFileValidationEnabled")
    if not all(flag(trail.configuration, name, default=False) for name in flags) or not _logging(trail):
        return False
    if not trail.configuration.get("kmsKeyId"):
        return False
    everything = {"includeManagementEvents": True, "readWriteType": "All"}
    return _selects(trail, everything, lookup)


@rule("CLOUDTRAIL_S3_DATAEVENTS_ENABLED", types=(ACCOUNT,), severity=Severity.LOW, category=CATEGORY,
      needs=(f"items:{TRAIL}", f"account:{SELECTORS}"))  # fmt: skip
def s3_data_events(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A trail records the data events of all buckets, or of S3BucketNames."""
    names = [n.strip() for n in parameters.get("S3BucketNames", "").split(",") if n.strip()]
    recorded = {v for t in lookup.items_of_type(TRAIL) for v in _s3_objects(_selectors(t, lookup))}
    everything = bool(recorded & {"arn:aws:s3", "arn:aws:s3:::", "*"})
    missing = [n for n in names if f"arn:aws:s3:::{n}/" not in recorded]
    fits = everything or (bool(names) and not missing)
    return verdict(fits, f"No trail records S3 data events{f' of {shown(missing, 100)}' if missing else ''}; add them.")


def _s3_objects(selectors: Any) -> list[str]:
    plain = [
        value
        for selector in array(selectors, "eventSelectors")
        for resource in array(selector, "dataResources")
        if dig(resource, "type") == "AWS::S3::Object"
        for value in array(resource, "values")
    ]
    return plain + [value for s in array(selectors, "advancedEventSelectors") for value in _advanced(s)]


def _advanced(selector: Any) -> list[str]:
    fields = {dig(f, "field"): f for f in array(selector, "fieldSelectors")}
    if "AWS::S3::Object" not in array(fields.get("resources.type"), "equals"):
        return []
    arns = fields.get("resources.ARN")
    return ["*"] if arns is None else array(arns, "startsWith") + array(arns, "equals")


@rule("CLOUDTRAIL_S3_BUCKET_ACCESS_LOGGING", types=(TRAIL,), severity=Severity.LOW, category=CATEGORY,
      needs=(f"items:{BUCKET}",))  # fmt: skip
def trail_bucket_logging(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The trail's bucket has server access logging."""
    name = item.configuration.get("s3BucketName")
    bucket = lookup.item(BUCKET, str(name))
    if bucket is None:
        raise Unavailable(f"bucket {shown(name)} is not among the items")
    on = bool(dig(bucket.supplementary.get(LOGGING), "destinationBucketName"))
    return verdict(on, f"Bucket {shown(name)} of the trail has no access logging; enable it.")
