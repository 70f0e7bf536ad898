"""Amazon CloudFront: distributions.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

import re

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import (
    COMPLIANT,
    Lookup,
    Parameters,
    array,
    flag,
    need,
    not_applicable,
    one_of,
    pick,
    rule,
    shown,
    text,
    that_fail,
    verdict,
    violation,
)

DISTRIBUTION = "AWS::CloudFront::Distribution"
VIEWER_POLICIES = ("allow-all", "https-only", "redirect-to-https")
_BUCKET_DOMAIN = re.compile(r"\.s3[.-][a-z0-9.-]*amazonaws\.com(?:\.cn)?$")
"""What follows a bucket's name in its domain; the name itself may have dots."""


@rule("CLOUDFRONT_VIEWER_POLICY_HTTPS", types=(DISTRIBUTION,), severity=Severity.MEDIUM, category="Encryption")
def viewer_https(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Viewers use HTTPS for every cache behavior."""
    config = need(item.configuration, "distributionConfig")
    others = pick(config, "cacheBehaviors")
    listing = array(others, "items") if isinstance(others, dict) else array(config, "cacheBehaviors")
    behaviors = [need(config, "defaultCacheBehavior"), *listing]
    bad = that_fail(behaviors, lambda b: one_of(b, "viewerProtocolPolicy", *VIEWER_POLICIES) != "allow-all")
    return verdict(not bad, "A cache behavior allows HTTP; redirect it to HTTPS.")


@rule("CLOUDFRONT_DEFAULT_ROOT_OBJECT_CONFIGURED", types=(DISTRIBUTION,), severity=Severity.HIGH,
      category="Configuration")  # fmt: skip
def default_root_object(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The distribution has a default root object; one without origins in S3 is not applicable:
    https://docs.aws.amazon.com/securityhub/latest/userguide/cloudfront-controls.html#cloudfront-1."""
    config = need(item.configuration, "distributionConfig")
    origins = pick(config, "origins")
    listing = array(origins, "items") if isinstance(origins, dict) else array(config, "origins")
    if listing and all(pick(origin, "customOriginConfig") for origin in listing):
        return not_applicable("No origin of the distribution is in S3.")
    held = pick(config, "defaultRootObject")
    return verdict(bool(held), "No default root object; set one, e.g. index.html.")


@rule("CLOUDFRONT_ACCESSLOGS_ENABLED", types=(DISTRIBUTION,), severity=Severity.MEDIUM,
      category="Logging and monitoring")  # fmt: skip
def distribution_logs(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Access logs are on, to S3BucketName where it is given."""
    logging = pick(need(item.configuration, "distributionConfig"), "logging")
    if not flag(logging, "enabled", default=bool(pick(logging, "bucket"))):
        return violation("Access logs are off; enable them.")
    wanted = parameters.get("S3BucketName")
    if not wanted:
        return COMPLIANT
    bucket = _BUCKET_DOMAIN.sub("", text(logging, "bucket"))
    return verdict(not wanted or bucket == wanted, f"Access logs go to {shown(bucket)}; send them to {shown(wanted)}.")


@rule("CLOUDFRONT_ASSOCIATED_WITH_WAF", types=(DISTRIBUTION,), severity=Severity.MEDIUM, category="Network")
def distribution_waf(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The distribution has a web ACL, one of wafWebAclIds where they are given."""
    acl = pick(need(item.configuration, "distributionConfig"), "webACLId")
    allowed = parameters.get("wafWebAclIds", ())
    if not acl:
        return violation("No web ACL is associated; associate one.")
    return verdict(not allowed or acl in allowed, f"The web ACL is {shown(acl, 110)}; associate an allowed one.")
