"""Amazon CloudFront: distributions.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import Lookup, Parameters, array, flag, need, pick, rule, shown, verdict, violation

DISTRIBUTION = "AWS::CloudFront::Distribution"


@rule("CLOUDFRONT_VIEWER_POLICY_HTTPS", types=(DISTRIBUTION,), severity=Severity.MEDIUM, category="Encryption")
def viewer_https(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Viewers use HTTPS for every cache behavior."""
    config = need(item.configuration, "distributionConfig")
    others = pick(config, "cacheBehaviors")
    listing = array(others, "items") if isinstance(others, dict) else array(config, "cacheBehaviors")
    behaviors = [need(config, "defaultCacheBehavior"), *listing]
    bad = [b for b in behaviors if need(b, "viewerProtocolPolicy") == "allow-all"]
    return verdict(not bad, "A cache behavior allows HTTP; redirect it to HTTPS.")


@rule("CLOUDFRONT_DEFAULT_ROOT_OBJECT_CONFIGURED", types=(DISTRIBUTION,), severity=Severity.HIGH,
      category="Configuration")  # fmt: skip
def default_root_object(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The distribution has a default root object."""
    held = pick(need(item.configuration, "distributionConfig"), "defaultRootObject")
    return verdict(bool(held), "No default root object; set one, e.g. index.html.")


@rule("CLOUDFRONT_ACCESSLOGS_ENABLED", types=(DISTRIBUTION,), severity=Severity.MEDIUM,
      category="Logging and monitoring")  # fmt: skip
def distribution_logs(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Access logs are on, to S3BucketName where it is given."""
    logging = pick(need(item.configuration, "distributionConfig"), "logging")
    if not flag(logging, "enabled", default=bool(pick(logging, "bucket"))):
        return violation("Access logs are off; enable them.")
    wanted, bucket = parameters.get("S3BucketName"), str(pick(logging, "bucket") or "").split(".")[0]
    return verdict(not wanted or bucket == wanted, f"Access logs go to {shown(bucket)}; send them to {shown(wanted)}.")


@rule("CLOUDFRONT_ASSOCIATED_WITH_WAF", types=(DISTRIBUTION,), severity=Severity.MEDIUM, category="Network")
def distribution_waf(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The distribution has a web ACL, one of wafWebAclIds where they are given."""
    acl = pick(need(item.configuration, "distributionConfig"), "webACLId")
    allowed = parameters.get("wafWebAclIds", ())
    if not acl:
        return violation("No web ACL is associated; associate one.")
    return verdict(not allowed or acl in allowed, f"The web ACL is {shown(acl, 110)}; associate an allowed one.")
