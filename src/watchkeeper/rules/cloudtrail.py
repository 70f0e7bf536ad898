"""AWS CloudTrail: trails.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.model import ConfigurationItem, Severity, Unavailable, Verdict
from watchkeeper.rules.base import (
    ACCOUNT,
    COMPLIANT,
    Index,
    Lookup,
    Parameters,
    any_fits,
    array,
    aspect,
    attempt,
    days_between,
    dig,
    flag,
    listed,
    moment,
    named,
    need,
    one_of,
    pick,
    required_aspect,
    rule,
    shown,
    text,
    verdict,
    violation,
)
from watchkeeper.rules.s3 import LOGGING

TRAIL = "AWS::CloudTrail::Trail"
BUCKET = "AWS::S3::Bucket"
SELECTORS = "cloudtrail.event_selectors"
ELSEWHERE = "cloudtrail.multi_region_trails"
CATEGORY = "Logging and monitoring"
DELIVERED = "LatestCloudWatchLogsDeliveryTime"
"""Of GetTrailStatus: Config's items don't hold it, a reader adds it beside them."""


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


@rule("CLOUD_TRAIL_CLOUD_WATCH_LOGS_ENABLED", types=(TRAIL,), severity=Severity.LOW, category=CATEGORY,
      aspects=(DELIVERED,))  # fmt: skip
def trail_to_logs(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The trail sends to CloudWatch Logs, within expectedDeliveryWindowAge hours where it is given."""
    config = _known(item)
    if not config.get("cloudWatchLogsLogGroupArn"):
        return violation("The trail does not send to CloudWatch Logs; give it a log group and a role.")
    hours = parameters.get("expectedDeliveryWindowAge")
    if hours is None:
        return COMPLIANT
    last = aspect(item, DELIVERED)
    if last is None:
        raise Unavailable("the item does not say when the trail last delivered to CloudWatch Logs")
    age = days_between(moment(last), lookup.now()) * 24
    return verdict(age <= hours, f"The last delivery was {int(age)} hours ago, {hours} are allowed; check its role.")


def _known(item: ConfigurationItem) -> Any:
    need(item.configuration, "name", "trailARN")
    return item.configuration


def _logging(trail: ConfigurationItem) -> bool:
    """Config's items of trails say nothing about the status; a reader that asked for it adds ``IsLogging``. Raises
    Unavailable where nobody did: a trail that somebody stopped looks like any other."""
    for held in (trail.supplementary, trail.configuration):
        if pick(held, "isLogging") is not None:
            return flag(held, "isLogging")
    raise Unavailable(f"nobody read whether trail {shown(trail.resource_name or trail.resource_id)} is logging")


@rule("CLOUD_TRAIL_ENABLED", types=(ACCOUNT,), severity=Severity.HIGH, category=CATEGORY,
      needs=(f"items:{TRAIL}", f"account:{ELSEWHERE}"))  # fmt: skip
def trail_enabled(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A trail is logging, to the bucket, topic and log group of the parameters where they are given."""
    fits = any_fits(_trails(lookup), lambda t: _targets(t, parameters) and _logging(t))
    return verdict(fits, f"No trail is logging{_wanted(parameters)}; create or start one.")


def _trails(lookup: Lookup) -> Iterator[ConfigurationItem]:
    """The trails of other regions that record this one too, then those of the region. Where nobody read the former, the
    trails of this region are what is known."""
    elsewhere: list[Any] = []
    with contextlib.suppress(Unavailable):
        elsewhere = list(lookup.account_fact(ELSEWHERE))
    yield from map(_as_item, elsewhere)
    yield from lookup.items_of_type(TRAIL)


def _as_item(trail: Any) -> ConfigurationItem:
    arn = text(trail, "arn")
    beside = {"IsLogging": dig(trail, "isLogging"), **(dig(trail, "selectors") or {})}
    return ConfigurationItem(TRAIL, arn, arn=arn, configuration=dig(trail, "configuration"), supplementary=beside)


_TARGETS = {
    "s3BucketName": ("s3BucketName",),
    "snsTopicArn": ("snsTopicARN", "snsTopicName"),
    "cloudWatchLogsLogGroupArn": ("cloudWatchLogsLogGroupArn",),
}


def _targets(trail: ConfigurationItem, parameters: Parameters) -> bool:
    return all(
        parameters[name] in [pick(trail.configuration, key) for key in keys]
        for name, keys in _TARGETS.items()
        if name in parameters
    )


def _wanted(parameters: Parameters) -> str:
    given = [f"{name}={parameters[name]}" for name in _TARGETS if name in parameters]
    return f" with {shown(', '.join(given), 120)}" if given else ""


@rule("MULTI_REGION_CLOUD_TRAIL_ENABLED", types=(ACCOUNT,), severity=Severity.HIGH, category=CATEGORY,
      needs=(f"items:{TRAIL}", f"account:{SELECTORS}", f"account:{ELSEWHERE}"))  # fmt: skip
def multi_region_trail(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A multi-region trail is logging, excludes no management events, and is as the parameters say."""

    def fits(trail: ConfigurationItem) -> bool:
        if not flag(trail.configuration, "isMultiRegionTrail") or not _targets(trail, parameters):
            return False
        return _logging(trail) and _selects(trail, parameters, lookup)

    return verdict(
        any_fits(_trails(lookup), fits),
        f"No multi-region trail is logging all management events{_wanted(parameters)}; create or start one.",
    )


def _selects(trail: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> bool:
    """Whether the trail records what the parameters ask for, and leaves no source of management events out (the page of
    multi-region-cloudtrail-enabled: ExcludeManagementEventSources has to be empty)."""
    held = _selectors(trail, lookup)
    plain, advanced = array(held, "eventSelectors"), array(held, "advancedEventSelectors")
    if any(array(selector, "excludeManagementEventSources") for selector in plain):
        return False
    if any(_of_management(selector) and _excludes_sources(selector) for selector in advanced):
        return False
    recorded = frozenset().union(*map(_plain_kinds, plain), *map(_advanced_kinds, advanced))
    if parameters.get("includeManagementEvents") is False:
        return not recorded
    wanted = parameters.get("readWriteType")
    return bool(recorded) if wanted is None else recorded == _KINDS[wanted.lower()]


READS, WRITES = "reads", "writes"
_KINDS = {
    "all": frozenset({READS, WRITES}),
    "readonly": frozenset({READS}),
    "writeonly": frozenset({WRITES}),
}
"""readWriteType to the management events that it records. An event that any selector matches is recorded, so that what
a trail records is the union of its selectors: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html"""


def _read_write(selector: Any) -> frozenset[str]:
    """By default All (API_EventSelector)."""
    if pick(selector, "readWriteType") is None:
        return _KINDS["all"]
    return _KINDS[one_of(selector, "readWriteType", "All", "ReadOnly", "WriteOnly").lower()]


def _plain_kinds(selector: Any) -> frozenset[str]:
    """What the selector records of management events."""
    if not flag(selector, "includeManagementEvents"):
        return frozenset()
    return _read_write(selector)


def _advanced_kinds(selector: Any) -> frozenset[str]:
    """As :func:`_plain_kinds`: all of them where the selector says nothing of readOnly."""
    if not _of_management(selector):
        return frozenset()
    return _reads_and_writes(_fields(selector))


def _reads_and_writes(fields: Mapping[Any, Any]) -> frozenset[str]:
    reads = {str(value).lower() for value in array(fields.get("readOnly"), "equals")}
    return frozenset({{"true": READS, "false": WRITES}[value] for value in reads & {"true", "false"}}) or _KINDS["all"]


def _of_management(selector: Any) -> bool:
    return "Management" in array(_fields(selector).get("eventCategory"), "equals")


def _fields(selector: Any) -> Mapping[Any, Any]:
    return {dig(entry, "field"): entry for entry in array(selector, "fieldSelectors")}


def _excludes_sources(selector: Any) -> bool:
    return any(
        dig(entry, "field") == "eventSource" and (array(entry, "notEquals") or array(entry, "notStartsWith"))
        for entry in array(selector, "fieldSelectors")
    )


def _selectors(trail: ConfigurationItem, lookup: Lookup) -> Any:
    """What the trail records: beside its item where a reader put it, else the account fact. Raises Unavailable."""
    beside = {key: pick(trail.supplementary, key) for key in ("EventSelectors", "AdvancedEventSelectors")}
    if beside["EventSelectors"] or beside["AdvancedEventSelectors"]:
        return beside
    arn = pick(trail.configuration, "trailARN") or trail.arn
    found = lookup.account_fact(SELECTORS).get(arn)
    if found is None:
        raise Unavailable(f"nobody read what trail {shown(trail.resource_name or trail.resource_id)} records")
    return found


@rule("CLOUDTRAIL_SECURITY_TRAIL_ENABLED", types=(ACCOUNT,), severity=Severity.MEDIUM, category=CATEGORY,
      needs=(f"items:{TRAIL}", f"account:{SELECTORS}", f"account:{ELSEWHERE}"))  # fmt: skip
def security_trail(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """One trail follows all good practices: all regions, global services, validation, KMS, all management events."""
    fits = any_fits(_trails(lookup), lambda trail: _secure(trail, lookup))
    return verdict(
        fits,
        "No trail records global services in all regions with validation, KMS and all management events; create one.",
    )


def _secure(trail: ConfigurationItem, lookup: Lookup) -> bool:
    flags = ("includeGlobalServiceEvents", "isMultiRegionTrail", "logFileValidationEnabled")
    if not all(flag(trail.configuration, name) for name in flags) or not pick(trail.configuration, "kmsKeyId"):
        return False
    return _selects(trail, {"includeManagementEvents": True, "readWriteType": "All"}, lookup)


@rule("CLOUDTRAIL_S3_DATAEVENTS_ENABLED", types=(ACCOUNT,), severity=Severity.LOW, category=CATEGORY,
      needs=(f"items:{TRAIL}", f"account:{SELECTORS}", f"account:{ELSEWHERE}"))  # fmt: skip
def s3_data_events(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A trail records the data events of all buckets, or of S3BucketNames."""
    names = [n.strip() for n in parameters.get("S3BucketNames", "").split(",") if n.strip()]
    kinds: dict[str, frozenset[str]] = {}
    unknown: Unavailable | None = None
    for trail in _trails(lookup):
        try:
            found = _s3_objects(_selectors(trail, lookup)) if _logging(trail) else ()
        except Unavailable as reason:
            unknown = reason
            continue
        for value, recorded_kinds in found:
            name = _PARTITION.sub("arn:aws:", value)
            kinds[name] = kinds.get(name, frozenset()) | recorded_kinds
    recorded = {name for name, held in kinds.items() if held == _KINDS["all"]}
    missing = [name for name in names if f"arn:aws:s3:::{name}/" not in recorded]
    if recorded & {"arn:aws:s3", "arn:aws:s3:::", "*"} or (names and not missing):
        return COMPLIANT
    if unknown:
        raise unknown
    return violation(f"No trail records S3 data events{f' of {listed(missing)}' if missing else ''}; add them.")


_PARTITION = re.compile(r"^arn:aws[a-z-]*:")


def _s3_objects(selectors: Any) -> list[tuple[str, frozenset[str]]]:
    """The ARNs of which data events are recorded, each with whether reads, writes or both are."""
    plain = [
        (value, _read_write(selector))
        for selector in array(selectors, "eventSelectors")
        for resource in array(selector, "dataResources")
        if dig(resource, "type") == "AWS::S3::Object"
        for value in array(resource, "values")
    ]
    return plain + [value for s in array(selectors, "advancedEventSelectors") for value in _advanced(s)]


def _advanced(selector: Any) -> list[tuple[str, frozenset[str]]]:
    fields = _fields(selector)
    if "AWS::S3::Object" not in array(fields.get("resources.type"), "equals"):
        return []
    arns = fields.get("resources.ARN")
    narrowed = set(fields) - {"eventCategory", "resources.type", "resources.ARN", "readOnly"}
    if narrowed or (arns is not None and _narrows(arns)):
        return []  # not all data events of the objects are recorded
    kinds = _reads_and_writes(fields)
    return [(value, kinds) for value in (["*"] if arns is None else array(arns, "startsWith") + array(arns, "equals"))]


def _narrows(selector: Any) -> bool:
    """Whether the selector leaves ARNs out, besides those that it names."""
    return any(array(selector, name) for name in ("notEquals", "notStartsWith", "endsWith", "notEndsWith"))


def _access_logging(item: ConfigurationItem) -> bool:
    return bool(dig(required_aspect(item, LOGGING), "destinationBucketName"))


LOGGED_BUCKETS = Index(
    BUCKET, lambda item: ((name, attempt(_access_logging, item)) for name in named(item)), aspects=(LOGGING,)
)
"""Bucket to whether its access is logged."""


@rule("CLOUDTRAIL_S3_BUCKET_ACCESS_LOGGING", types=(TRAIL,), severity=Severity.LOW, category=CATEGORY,
      indexes=(LOGGED_BUCKETS,))  # fmt: skip
def trail_bucket_logging(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The trail's bucket has server access logging."""
    name = text(item.configuration, "s3BucketName")
    logged = lookup.find(LOGGED_BUCKETS, name)
    if not logged:
        raise Unavailable(f"bucket {shown(name)} is not among the items")
    return verdict(all(logged), f"Bucket {shown(name)} of the trail has no access logging; enable it.")
