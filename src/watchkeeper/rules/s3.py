"""Amazon S3: buckets and the account's public access block.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html. The supplementary
shapes are those of awslabs/aws-config-resource-schema, AWS::S3::Bucket.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Mapping
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
    dig,
    flag,
    listed,
    named,
    not_applicable,
    one_of,
    required_aspect,
    rule,
    shown,
    that_fail,
    verdict,
    violation,
    worst,
)
from watchkeeper.rules.kms import among_keys
from watchkeeper.rules.policy import Condition, Statement, account_of, denies_plain_http, matches, statements

BUCKET = "AWS::S3::Bucket"
ACCOUNT_BLOCK = "AWS::S3::AccountPublicAccessBlock"
ENCRYPTION = "ServerSideEncryptionConfiguration"
VERSIONING = "BucketVersioningConfiguration"
BLOCK = "PublicAccessBlockConfiguration"
POLICY = "BucketPolicy"
ACL = "AccessControlList"
LOGGING = "BucketLoggingConfiguration"
LIFECYCLE = "BucketLifecycleConfiguration"
REPLICATION = "BucketReplicationConfiguration"
LOCK = "ObjectLockConfiguration"
NOTIFICATIONS = "BucketNotificationConfiguration"
OWNERSHIP = "OwnershipControls"
BLOCK_SETTINGS = ("blockPublicAcls", "ignorePublicAcls", "blockPublicPolicy", "restrictPublicBuckets")

BLOCK_PARAMETERS = {
    "BlockPublicAcls": "blockPublicAcls",
    "IgnorePublicAcls": "ignorePublicAcls",
    "BlockPublicPolicy": "blockPublicPolicy",
    "RestrictPublicBuckets": "restrictPublicBuckets",
}

PUBLIC_GROUPS = ("AllUsers", "AuthenticatedUsers")
READ_GRANTS = frozenset({"read", "readacp", "read_acp", "fullcontrol", "full_control"})
WRITE_GRANTS = frozenset({"write", "writeacp", "write_acp", "fullcontrol", "full_control"})
READ_ACTIONS = ("s3:Get*", "s3:List*")
WRITE_ACTIONS = ("s3:Put*", "s3:Delete*", "s3:AbortMultipartUpload", "s3:RestoreObject")
"""The actions that expose a bucket's data to reads and to writes (S3 API reference, PublicAccessBlockConfiguration)."""


def _default_encryption(item: ConfigurationItem) -> Mapping[str, Any] | None:
    for entry in array(aspect(item, ENCRYPTION), "rules"):
        default = dig(entry, "applyServerSideEncryptionByDefault")
        if default and dig(default, "sseAlgorithm"):
            found: Mapping[str, Any] = default
            return found
    return None


def _policy(item: ConfigurationItem) -> tuple[Statement, ...]:
    held = required_aspect(item, POLICY)
    return statements(dig(held, "policyText") if isinstance(held, Mapping) and "policyText" in held else held)


@rule("S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED", types=(BUCKET,), severity=Severity.HIGH, category="Encryption",
      aspects=(ENCRYPTION, POLICY), second_look={POLICY: ENCRYPTION})  # fmt: skip
def server_side_encryption(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Default encryption is on, or the bucket policy denies uploads without server-side encryption."""
    if _default_encryption(item) is not None:
        return COMPLIANT
    policy = _policy(item) if aspect(item, POLICY) is not None else ()
    return verdict(
        any(_denies_unencrypted_put(s) for s in policy),
        "No default encryption; set it to SSE-S3 (AES256) or SSE-KMS in the bucket's encryption settings.",
    )


def _denies_unencrypted_put(statement: Statement) -> bool:
    if statement.effect != "Deny" or not statement.for_everybody or not statement.covers_action("s3:PutObject"):
        return False
    # A second condition would let through what it does not fit.
    if len(statement.conditions) != 1 or statement.conditions[0].key != "s3:x-amz-server-side-encryption":
        return False
    only = statement.conditions[0]
    if only.operator == "null":
        return tuple(value.lower() for value in only.values) == ("true",)
    unlike = only.operator in ("stringnotequals", "stringnotequalsifexists")
    return unlike and set(only.values) <= {"AES256", "aws:kms", "aws:kms:dsse"}


@rule("S3_DEFAULT_ENCRYPTION_KMS", types=(BUCKET,), severity=Severity.MEDIUM, category="Encryption",
      aspects=(ENCRYPTION,))  # fmt: skip
def default_encryption_kms(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Default encryption uses a KMS key, one of kmsKeyArns where they are given."""
    default = _default_encryption(item)
    algorithm = dig(default, "sseAlgorithm")
    if algorithm not in ("aws:kms", "aws:kms:dsse"):
        return violation(f"Default encryption is {shown(algorithm or 'off')}; set it to aws:kms with a KMS key.")
    allowed = parameters.get("kmsKeyArns", ())
    key = dig(default, "kmsMasterKeyID") or "alias/aws/s3"
    if not allowed or among_keys(key, allowed):
        return COMPLIANT
    return violation(f"Default encryption uses {shown(key, 90)}; use one of {listed(allowed, 1)}.")


@rule("S3_BUCKET_VERSIONING_ENABLED", types=(BUCKET,), severity=Severity.LOW, category="Backup and recovery",
      aspects=(VERSIONING,))  # fmt: skip
def versioning_enabled(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Versioning is enabled; with isMfaDeleteEnabled=true, MFA delete too."""
    versioning = required_aspect(item, VERSIONING)
    status = dig(versioning, "status")
    if status != "Enabled":
        return violation(f"Versioning is {shown(status or 'Off')}; enable versioning on the bucket.")
    if parameters.get("isMfaDeleteEnabled", "").lower() != "true":
        return COMPLIANT
    return verdict(flag(versioning, "isMfaDeleteEnabled", default=False), "MFA delete is off; enable MFA delete.")


@rule("S3_BUCKET_MFA_DELETE_ENABLED", types=(BUCKET,), severity=Severity.LOW, category="Backup and recovery",
      aspects=(VERSIONING,))  # fmt: skip
def mfa_delete_enabled(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """MFA delete is enabled in the bucket's versioning configuration."""
    versioning = required_aspect(item, VERSIONING)
    return verdict(
        flag(versioning, "isMfaDeleteEnabled", default=False),
        "MFA delete is off; enable it with the root user: put-bucket-versioning with MFADelete=Enabled.",
    )


@rule("S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED", types=(BUCKET,), severity=Severity.HIGH, category="Public access",
      aspects=(BLOCK,))  # fmt: skip
def level_public_access_prohibited(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """All four public access block settings of the bucket are on, unless it is in excludedPublicBuckets."""
    if (item.resource_name or item.resource_id) in parameters.get("excludedPublicBuckets", ()):
        return COMPLIANT
    off = _off(aspect(item, BLOCK))
    return verdict(not off, f"Public access block is off for {', '.join(off)}; turn on all four settings.")


def _off(block: Any) -> list[str]:
    """The settings that are off. Config's item lacks the block where the bucket has none; a block says all four."""
    if block is None:
        return list(BLOCK_SETTINGS)
    return that_fail(BLOCK_SETTINGS, lambda name: flag(block, name))


def _settings(block: Any) -> frozenset[str]:
    return frozenset(name for name in BLOCK_SETTINGS if flag(block, name, default=False))


def _account_settings(lookup: Lookup) -> frozenset[str] | None:
    """None where the account's block isn't known: the bucket is then judged by its own, never better than it is, and
    the annotation says so. A snapshot without the item means that, too: Config has none where no block is set."""
    try:
        blocks = list(lookup.items_of_type(ACCOUNT_BLOCK))
    except Unavailable:
        return None
    return frozenset().union(*(_settings(block.configuration) for block in blocks))


def _acl(item: ConfigurationItem) -> Any:
    acl = required_aspect(item, ACL)
    if not isinstance(acl, str):
        return acl
    try:
        return json.loads(acl)
    except ValueError:
        raise Unavailable("AccessControlList is not JSON") from None


def _grants(acl: Any) -> list[Any]:
    return array(acl, "grantList") + array(acl, "grants")


def _public_group(grant: Any) -> str | None:
    grantee = dig(grant, "grantee")
    name = grantee if isinstance(grantee, str) else dig(grantee, "uri") or dig(grantee, "id") or ""
    return next((group for group in PUBLIC_GROUPS if str(name).endswith(group)), None)


def _public_acl(item: ConfigurationItem, permissions: frozenset[str]) -> str | None:
    if _acl_disabled(item):
        return None
    for grant in _grants(_acl(item)):
        group = _public_group(grant)
        if group and str(dig(grant, "permission")).lower() in permissions:
            return f"The ACL gives {dig(grant, 'permission')} to {group}"
    return None


def _acl_disabled(item: ConfigurationItem) -> bool:
    rules = array(aspect(item, OWNERSHIP), "rules")
    return any(dig(entry, "objectOwnership") == "BucketOwnerEnforced" for entry in rules)


def _public(item: ConfigurationItem, lookup: Lookup, grants: frozenset[str], actions: tuple[str, ...]) -> Verdict:
    own = _settings(aspect(item, BLOCK))
    judged = _public_under(own, item, grants, actions)
    if judged is COMPLIANT:
        return COMPLIANT
    account = _account_settings(lookup)
    if account is None:
        return violation(f"{judged.annotation} Whether the account's public access block covers it is not known.")
    return _public_under(own | account, item, grants, actions)


def _public_under(
    block: frozenset[str], item: ConfigurationItem, grants: frozenset[str], actions: tuple[str, ...]
) -> Verdict:
    if "restrictPublicBuckets" not in block:
        for statement in _policy(item):
            if statement.is_public("s3") and any(statement.may_match(action) for action in actions):
                return violation(
                    f"The bucket policy's {statement.label} is public; name principals or set restrictPublicBuckets."
                )
    if "ignorePublicAcls" in block:
        return COMPLIANT
    reason = _public_acl(item, grants)
    return verdict(reason is None, f"{reason}; remove the grant or turn on ignorePublicAcls.")


@rule("S3_BUCKET_PUBLIC_READ_PROHIBITED", types=(BUCKET,), severity=Severity.CRITICAL, category="Public access",
      aspects=(BLOCK, POLICY, ACL, OWNERSHIP), needs=(f"items:{ACCOUNT_BLOCK}",))  # fmt: skip
def public_read_prohibited(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Neither the bucket policy nor the ACL lets everybody read, public access block settings considered."""
    return _public(item, lookup, READ_GRANTS, READ_ACTIONS)


@rule("S3_BUCKET_PUBLIC_WRITE_PROHIBITED", types=(BUCKET,), severity=Severity.CRITICAL, category="Public access",
      aspects=(BLOCK, POLICY, ACL, OWNERSHIP), needs=(f"items:{ACCOUNT_BLOCK}",))  # fmt: skip
def public_write_prohibited(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Neither the bucket policy nor the ACL lets everybody write, public access block settings considered."""
    return _public(item, lookup, WRITE_GRANTS, WRITE_ACTIONS)


@rule("S3_BUCKET_ACL_PROHIBITED", types=(BUCKET,), severity=Severity.MEDIUM, category="Public access",
      aspects=(ACL, OWNERSHIP))  # fmt: skip
def acl_prohibited(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """No ACL gives access to anybody but the bucket's owner."""
    if _acl_disabled(item):
        return COMPLIANT
    acl = _acl(item)
    owner = dig(acl, "owner", "id")
    others = [grant for grant in _grants(acl) if _grantee_id(grant) != owner or owner is None]
    names = listed((_grantee_id(grant) for grant in others), 2)
    return verdict(not others, f"The ACL grants access to {names}; set object ownership to BucketOwnerEnforced.")


def _grantee_id(grant: Any) -> str:
    grantee = dig(grant, "grantee")
    return str(grantee if isinstance(grantee, str) else dig(grantee, "id") or dig(grantee, "uri"))


@rule("S3_BUCKET_LOGGING_ENABLED", types=(BUCKET,), severity=Severity.MEDIUM, category="Logging and monitoring",
      aspects=(LOGGING,))  # fmt: skip
def logging_enabled(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Server access logging is on, to targetBucket and targetPrefix where they are given."""
    logging = required_aspect(item, LOGGING)
    bucket, prefix = dig(logging, "destinationBucketName"), dig(logging, "logFilePrefix") or ""
    if not bucket:
        return violation("Server access logging is off; enable it with a target bucket.")
    wanted = parameters.get("targetBucket")
    if wanted and bucket != wanted:
        return violation(f"Access logs go to {shown(bucket)}; send them to {shown(wanted)}.")
    wanted = parameters.get("targetPrefix")
    return verdict(not wanted or prefix == wanted, f"The log prefix is {shown(prefix)}; set it to {shown(wanted)}.")


@rule("S3_BUCKET_SSL_REQUESTS_ONLY", types=(BUCKET,), severity=Severity.MEDIUM, category="Encryption",
      aspects=(POLICY,))  # fmt: skip
def ssl_requests_only(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The bucket policy denies every request that doesn't use TLS."""
    arn = item.arn or f"arn:aws:s3:::{item.resource_name or item.resource_id}"
    return verdict(
        denies_plain_http(_policy(item), arn),
        'Plain HTTP is allowed; add a Deny of s3:* for everybody where aws:SecureTransport is "false", on the bucket '
        "and its objects.",
    )


@rule("S3_BUCKET_DEFAULT_LOCK_ENABLED", types=(BUCKET,), severity=Severity.MEDIUM, category="Backup and recovery",
      aspects=(LOCK,))  # fmt: skip
def default_lock_enabled(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Object Lock is on, in the given mode where one is given."""
    lock = aspect(item, LOCK)
    if dig(lock, "objectLockEnabled") != "Enabled":
        return violation("Object Lock is off; enable it on the bucket.")
    mode, wanted = dig(lock, "rule", "defaultRetention", "mode"), parameters.get("mode", "").upper()
    return verdict(not wanted or mode == wanted, f"Object Lock's mode is {shown(mode or 'not set')}; set {wanted}.")


@rule("S3_EVENT_NOTIFICATIONS_ENABLED", types=(BUCKET,), severity=Severity.MEDIUM, category="Logging and monitoring",
      aspects=(NOTIFICATIONS,))  # fmt: skip
def event_notifications(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Event notifications are on, to destinationArn and for eventTypes where they are given."""
    held = required_aspect(item, NOTIFICATIONS)
    configurations = dig(held, "configurations")
    if configurations is not None and not isinstance(configurations, Mapping):
        raise Unavailable("the item holds something else where the bucket's notifications belong")
    found = [dig(configurations, name) or {} for name in configurations or ()]
    eventbridge = dig(held, "eventBridgeConfiguration") is not None
    if not found and not eventbridge:
        return violation("No event notifications; configure one for the bucket.")
    destination, events = parameters.get("destinationArn"), parameters.get("eventTypes", ())
    if destination:
        found = [entry for entry in found if any(dig(entry, key) == destination for key in entry)]
    if destination and not found:
        return violation(f"No event notification goes to {shown(destination, 120)}; add it as a destination.")
    sent = [str(name) for entry in found for name in array(entry, "events")]
    missing = [name for name in events if not any(matches(s, name) for s in sent)]
    return verdict(not missing, f"No event notification for {listed(missing)}; add them.")


@rule("S3_LIFECYCLE_POLICY_CHECK", types=(BUCKET,), severity=Severity.LOW, category="Cost",
      aspects=(LIFECYCLE,))  # fmt: skip
def lifecycle_policy(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """An enabled lifecycle rule exists that is as the parameters say; only bucketNames where they are given."""
    names = parameters.get("bucketNames", ())
    if names and (item.resource_name or item.resource_id) not in names:
        return not_applicable("The bucket is not among bucketNames.")
    active = _active_lifecycle(item)
    if not active:
        return violation("No enabled lifecycle rule; add one.")
    fits = any(_lifecycle_fits(entry, parameters) for entry in active)
    wanted = ", ".join(f"{k}={v}" for k, v in parameters.items() if k != "bucketNames")
    return verdict(fits, f"No lifecycle rule has {shown(wanted, 120)}; change one or add one.")


def _active_lifecycle(item: ConfigurationItem) -> list[Any]:
    return [entry for entry in array(aspect(item, LIFECYCLE), "rules") if dig(entry, "status") == "Enabled"]


def _lifecycle_prefix(entry: Any) -> str:
    predicate = dig(entry, "filter", "predicate")
    among = (dig(operand, "prefix") for operand in array(predicate, "operands"))
    return str(dig(entry, "prefix") or dig(predicate, "prefix") or next(filter(None, among), ""))


def _lifecycle_fits(entry: Any, parameters: Parameters) -> bool:
    prefix = _lifecycle_prefix(entry)
    if "targetPrefix" in parameters and prefix != parameters["targetPrefix"]:
        return False
    if "targetExpirationDays" in parameters and dig(entry, "expirationInDays") != parameters["targetExpirationDays"]:
        return False
    wanted = {
        "days": parameters.get("targetTransitionDays"),
        "storageClass": parameters.get("targetTransitionStorageClass"),
    }
    wanted = {key: value for key, value in wanted.items() if value is not None}
    transitions = array(entry, "transitions")
    return not wanted or any(all(dig(t, key) == value for key, value in wanted.items()) for t in transitions)


@rule("S3_VERSION_LIFECYCLE_POLICY_CHECK", types=(BUCKET,), severity=Severity.MEDIUM, category="Cost",
      aspects=(LIFECYCLE, VERSIONING))  # fmt: skip
def version_lifecycle(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A versioned bucket has an enabled lifecycle rule; only bucketNames where they are given."""
    names = parameters.get("bucketNames", ())
    if names and (item.resource_name or item.resource_id) not in names:
        return not_applicable("The bucket is not among bucketNames.")
    if dig(required_aspect(item, VERSIONING), "status") != "Enabled":
        return not_applicable("Versioning is not enabled.")
    return verdict(bool(_active_lifecycle(item)), "A versioned bucket without lifecycle rule; add one.")


def _replication_rules(item: ConfigurationItem) -> list[Any]:
    held = aspect(item, REPLICATION)
    rules = dig(held, "rules")
    return list(rules.values()) if isinstance(rules, Mapping) else array(held, "rules")


def _enabled(entry: Any) -> bool:
    return one_of(entry, "status", "Enabled", "Disabled") == "Enabled"


BUCKET_REGIONS = "s3.bucket_regions"
BUCKETS = Index(BUCKET, lambda item: ((name, True) for name in named(item)))
"""The buckets of the account and region, by name."""


def _crosses_region(entry: Any, item: ConfigurationItem, lookup: Lookup) -> bool:
    """Whether it copies to another region. A bucket of this region is known; one that is not may be in another region
    or in another account, which a rule need not name (S3 API, Destination)."""
    arn = dig(entry, "destinationConfig", "bucketARN") or dig(entry, "destination", "bucket")
    if not arn:
        raise Unavailable("the item does not say where the rule copies to")
    name = str(arn).rsplit(":", 1)[-1]
    if lookup.find(BUCKETS, name):
        return False
    region = lookup.account_fact(BUCKET_REGIONS).get(name)
    if region is None:
        raise Unavailable(f"in which region bucket {shown(name)} is, is not known: it is none of the account's")
    return bool(region != item.region)


@rule("S3_BUCKET_REPLICATION_ENABLED", types=(BUCKET,), severity=Severity.LOW, category="Backup and recovery",
      aspects=(REPLICATION,), indexes=(BUCKETS,), needs=(f"account:{BUCKET_REGIONS}",))  # fmt: skip
def replication_enabled(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """There are replication rules, all enabled, and all of the ReplicationType where one is given."""
    rules, wanted = _replication_rules(item), parameters.get("ReplicationType")
    if not rules:
        return violation("Replication is off; add a replication rule to another bucket.")

    def enabled() -> Verdict:
        return verdict(not that_fail(rules, _enabled), "A replication rule is disabled; enable it or remove it.")

    def as_wanted() -> Verdict:
        if wanted is None:
            return COMPLIANT
        others = that_fail(rules, lambda rule: _crosses_region(rule, item, lookup) == (wanted == "CROSS-REGION"))
        return verdict(not others, f"A replication rule is not {wanted.lower()}; let it copy to such a bucket.")

    return worst(enabled, as_wanted)


@rule("S3_BUCKET_CROSS_REGION_REPLICATION_ENABLED", types=(BUCKET,), severity=Severity.LOW,
      category="Backup and recovery", aspects=(REPLICATION,), indexes=(BUCKETS,),
      needs=(f"account:{BUCKET_REGIONS}",))  # fmt: skip
def cross_region_replication(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """An enabled replication rule copies to a bucket of another region."""
    across = any_fits(_replication_rules(item), lambda rule: _enabled(rule) and _crosses_region(rule, item, lookup))
    return verdict(across, "No enabled replication rule is cross-region; add one to a bucket of another region.")


@rule("S3_BUCKET_BLACKLISTED_ACTIONS_PROHIBITED", types=(BUCKET,), severity=Severity.HIGH, category="Public access",
      aspects=(POLICY,))  # fmt: skip
def blacklisted_actions(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The bucket policy gives none of the listed actions to principals of other accounts."""
    patterns = parameters["blacklistedActionPattern"]

    def harmless(statement: Statement) -> bool:
        gives = statement.allows and any(map(statement.may_match, patterns))
        return not gives or not _foreign(statement, item.account_id)

    bad = that_fail(_policy(item), harmless)
    return verdict(not bad, f"The policy's {bad[0].label if bad else ''} gives a listed action to another account.")


def _foreign(statement: Statement, account: str) -> bool:
    if statement.not_principals:
        return True
    owners = {account_of(value) for kind, value in statement.principals if kind == "AWS"}
    # A web identity provider (cognito-identity.amazonaws.com) belongs to no account.
    owners |= {account_of(value) for kind, value in statement.principals if kind == "Federated" and ":" in value}
    if owners - {account}:
        return True
    if any(kind == "CanonicalUser" for kind, _ in statement.principals):
        raise Unavailable("the policy names a canonical user, and whose account that is, is not known")
    return False


_GRANTEES = {"AWS": "awsPrincipals", "Service": "servicePrincipals", "Federated": "federatedUsers"}


@rule("S3_BUCKET_POLICY_GRANTEE_CHECK", types=(BUCKET,), severity=Severity.HIGH, category="Public access",
      aspects=(POLICY,))  # fmt: skip
def policy_grantees(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The policy allows only the principals, networks and VPCs that the parameters name; no policy is compliant."""
    for statement in _policy(item):
        if _too_many_variables(statement):
            return violation(f"A value of {statement.label} has over five policy variables, which AWS can't evaluate.")
        if not statement.allows or _conditions_allowed(statement, parameters):
            continue
        if statement.not_principals:
            return violation(f"The policy's {statement.label} uses NotPrincipal; name who may have access.")
        strangers = [value for kind, value in statement.principals if not _allowed(kind, value, parameters)]
        if strangers:
            return violation(f"The policy grants access to {listed(strangers, 2)}, not in the rule's lists; remove it.")
    return COMPLIANT


def _too_many_variables(statement: Statement) -> bool:
    values = [value for condition in statement.conditions for value in condition.values]
    return any(value.count("${") > 5 for value in (*statement.resources, *statement.not_resources, *values))


def _allowed(kind: str, value: str, parameters: Parameters) -> bool:
    allowed = parameters.get(_GRANTEES.get(kind, ""), ())
    if kind != "AWS":
        return value in allowed
    return any(matches(entry, value) or _same_account(entry, value) for entry in allowed)


def _same_account(left: str, right: str) -> bool:
    return left.endswith(f":iam::{right}:root") or right.endswith(f":iam::{left}:root")


def _conditions_allowed(statement: Statement, parameters: Parameters) -> bool:
    return any(_condition_allowed(condition, parameters) for condition in statement.conditions)


def _condition_allowed(condition: Condition, parameters: Parameters) -> bool:
    if condition.key == "aws:sourcevpc" and condition.operator == "stringequals":
        return bool(condition.values) and set(condition.values) <= set(parameters.get("vpcIds", ()))
    if condition.key == "aws:sourceip" and condition.operator == "ipaddress":
        return bool(condition.values) and all(_inside(v, parameters.get("ipAddresses", ())) for v in condition.values)
    return False


def _inside(value: str, allowed: Iterable[str]) -> bool:
    try:
        network = ipaddress.ip_network(value, strict=False)
        wider = [ipaddress.ip_network(entry, strict=False) for entry in allowed]
    except ValueError:
        return False
    return any(w.version == network.version and network.subnet_of(w) for w in wider)  # type: ignore[arg-type]


def _account_blocks(block: Any, parameters: Parameters) -> Verdict:
    wanted = {setting: parameters.get(name, "True").lower() == "true" for name, setting in BLOCK_PARAMETERS.items()}
    wrong = [s for s, on in wanted.items() if flag(block, s) != on]
    return verdict(
        not wrong, f"The account's public access block differs from the rule for {', '.join(wrong)}; change it."
    )


@rule("S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS", types=(ACCOUNT_BLOCK,), severity=Severity.MEDIUM,
      category="Public access")  # fmt: skip
def account_blocks(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The account's public access block is as the parameters say, all on by default."""
    return _account_blocks(item.configuration, parameters)


@rule("S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS_PERIODIC", types=(ACCOUNT,), severity=Severity.MEDIUM,
      category="Public access", needs=(f"items:{ACCOUNT_BLOCK}",))  # fmt: skip
def account_blocks_periodic(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The account's public access block is as the parameters say, all on by default; checked periodically."""
    block = next(iter(lookup.items_of_type(ACCOUNT_BLOCK)), None)
    return _account_blocks(block.configuration if block else dict.fromkeys(BLOCK_SETTINGS, False), parameters)
