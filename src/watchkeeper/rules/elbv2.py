"""Elastic Load Balancing: application, network and gateway load balancers.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from watchkeeper.model import ConfigurationItem, Severity, Unavailable, Verdict
from watchkeeper.rules.base import (
    COMPLIANT,
    Index,
    Lookup,
    Parameters,
    array,
    aspect,
    dig,
    flag,
    listed,
    needed_array,
    not_applicable,
    pick,
    required_aspect,
    rule,
    shown,
    text,
    verdict,
    violation,
)
from watchkeeper.rules.elb import desync_mode, internal_scheme, spread_over_zones

BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
CLASSIC = "AWS::ElasticLoadBalancing::LoadBalancer"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
ATTRIBUTES = "LoadBalancerAttributes"


def _attribute(item: ConfigurationItem, key: str) -> str:
    """The attribute of an application, network or gateway load balancer. AWS gives all of them, so that a missing one
    is unknown, not off."""
    for entry in array({ATTRIBUTES: required_aspect(item, ATTRIBUTES)}, ATTRIBUTES):
        if dig(entry, "key") == key:
            return str(dig(entry, "value"))
    raise Unavailable(f"the item does not say {key}")


def _is_application(item: ConfigurationItem) -> bool:
    return text(item.configuration, "type") == "application"


def _is_network(item: ConfigurationItem) -> bool:
    return text(item.configuration, "type") == "network"


NOT_NETWORK = "It is not a network load balancer."


@rule("ELB_DELETION_PROTECTION_ENABLED", types=(BALANCER,), severity=Severity.MEDIUM, category="Backup and recovery",
      aspects=(ATTRIBUTES,))  # fmt: skip
def deletion_protection(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The load balancer is protected against deletion."""
    on = _attribute(item, "deletion_protection.enabled") == "true"
    return verdict(on, "Deletion protection is off; turn it on.")


@rule("ELB_LOGGING_ENABLED", types=(CLASSIC, BALANCER), severity=Severity.MEDIUM, category="Logging and monitoring",
      aspects=(ATTRIBUTES,))  # fmt: skip
def logging_enabled(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A classic or application load balancer writes access logs, to one of s3BucketNames where they are given."""
    if item.resource_type == CLASSIC:
        log = dig(required_aspect(item, ATTRIBUTES), "accessLog")
        on, bucket = flag(log, "enabled"), dig(log, "s3BucketName")
    elif not _is_application(item):
        return not_applicable("It is neither a classic nor an application load balancer.")
    else:
        on = _attribute(item, "access_logs.s3.enabled") == "true"
        bucket = _attribute(item, "access_logs.s3.bucket") if on else None
    if not on:
        return violation("Access logs are off; enable them with a bucket.")
    names = parameters.get("s3BucketNames", ())
    return verdict(not names or bucket in names, f"Access logs go to {shown(bucket)}; use one of {listed(names)}.")


@rule("ALB_HTTP_DROP_INVALID_HEADER_ENABLED", types=(BALANCER,), severity=Severity.MEDIUM, category="Network",
      aspects=(ATTRIBUTES,))  # fmt: skip
def drop_invalid_headers(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The application load balancer drops invalid HTTP headers."""
    if not _is_application(item):
        return not_applicable("It is not an application load balancer.")
    on = _attribute(item, "routing.http.drop_invalid_header_fields.enabled") == "true"
    return verdict(on, "Invalid header fields are passed on; enable drop_invalid_header_fields.")


@rule("ALB_DESYNC_MODE_CHECK", types=(BALANCER,), severity=Severity.MEDIUM, category="Network", aspects=(ATTRIBUTES,))
def alb_desync(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The application load balancer's desync mitigation mode is one of desyncMode."""
    if not _is_application(item):
        return not_applicable("It is not an application load balancer.")
    mode = _attribute(item, "routing.http.desync_mitigation_mode")
    return desync_mode(mode, parameters)


def _plain_listener(item: ConfigurationItem) -> Iterator[tuple[str, Any]]:
    held = item.configuration
    if text(held, "Protocol") == "HTTP" and not _redirects(held):
        yield text(held, "LoadBalancerArn"), pick(held, "Port")


PLAIN_LISTENERS = Index(LISTENER, _plain_listener)
"""Load balancer to the ports on which it talks HTTP."""


@rule("ALB_HTTP_TO_HTTPS_REDIRECTION_CHECK", types=(BALANCER,), severity=Severity.MEDIUM, category="Encryption",
      indexes=(PLAIN_LISTENERS,))  # fmt: skip
def redirects_to_https(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Every HTTP listener of the application load balancer redirects to HTTPS by default."""
    if not _is_application(item):
        return not_applicable("It is not an application load balancer.")
    arn = text(item.configuration, "loadBalancerArn", default=item.arn)
    plain = lookup.find(PLAIN_LISTENERS, arn)
    return violation(f"The listener on port {plain[0]} does not redirect to HTTPS; make it.") if plain else COMPLIANT


def _redirects(listener: Any) -> bool:
    actions = needed_array(listener, "DefaultActions")
    return any(
        str(pick(action, "Type")).lower() == "redirect"
        and str(pick(pick(action, "RedirectConfig"), "Protocol")).upper() == "HTTPS"
        for action in actions
    )


@rule("ALB_INTERNAL_SCHEME_CHECK", types=(BALANCER,), severity=Severity.MEDIUM, category="Public access")
def alb_internal(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The application load balancer is internal."""
    if not _is_application(item):
        return not_applicable("It is not an application load balancer.")
    return internal_scheme(item)


@rule("NLB_INTERNAL_SCHEME_CHECK", types=(BALANCER,), severity=Severity.MEDIUM, category="Public access")
def nlb_internal(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The network load balancer is internal."""
    return internal_scheme(item) if _is_network(item) else not_applicable(NOT_NETWORK)


@rule("NLB_LOGGING_ENABLED", types=(BALANCER,), severity=Severity.MEDIUM, category="Logging and monitoring",
      aspects=(ATTRIBUTES,))  # fmt: skip
def nlb_logging(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The network load balancer writes access logs."""
    if not _is_network(item):
        return not_applicable(NOT_NETWORK)
    on = _attribute(item, "access_logs.s3.enabled") == "true"
    return verdict(on, "Access logs are off; enable them with a bucket.")


@rule("NLB_CROSS_ZONE_LOAD_BALANCING_ENABLED", types=(BALANCER,), severity=Severity.MEDIUM,
      category="Backup and recovery", aspects=(ATTRIBUTES,))  # fmt: skip
def nlb_cross_zone(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The network load balancer balances across zones."""
    if not _is_network(item):
        return not_applicable(NOT_NETWORK)
    on = _attribute(item, "load_balancing.cross_zone.enabled") == "true"
    return verdict(on, "Cross-zone load balancing is off; enable it.")


@rule("ELBV2_MULTIPLE_AZ", types=(BALANCER,), severity=Severity.MEDIUM, category="Backup and recovery")
def balancer_zones(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The load balancer is in at least minAvailabilityZones (2) zones."""
    return spread_over_zones(item, parameters)


@rule("ELBV2_LISTENER_ENCRYPTION_IN_TRANSIT", types=(LISTENER,), severity=Severity.MEDIUM, category="Encryption")
def listener_encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The listener uses HTTPS or TLS."""
    protocol = text(item.configuration, "Protocol")
    return verdict(protocol in ("HTTPS", "TLS"), f"The listener's protocol is {shown(protocol)}; use HTTPS or TLS.")


@rule("ELBV2_PREDEFINED_SECURITY_POLICY_SSL_CHECK", types=(LISTENER,), severity=Severity.MEDIUM, category="Encryption")
def listener_policy(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """An HTTPS or TLS listener has one of sslPolicies; other listeners are not applicable."""
    if text(item.configuration, "Protocol") not in ("HTTPS", "TLS"):
        return not_applicable("The listener does not use TLS.")
    policy = pick(item.configuration, "SslPolicy")
    return verdict(policy in parameters["sslPolicies"], f"The TLS policy is {shown(policy)}; choose a listed one.")


@rule("ALB_WAF_ENABLED", types=(BALANCER,), severity=Severity.MEDIUM, category="Network", aspects=("WebACL",))
def alb_waf(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The application load balancer has a web ACL, one of wafWebAclIds where they are given."""
    if not _is_application(item):
        return not_applicable("It is not an application load balancer.")
    edges = [e.resource_id for e in item.relationships if "WebACL" in e.resource_type]
    if not edges and "WebACL" not in item.supplementary:
        raise Unavailable("the item does not say which web ACL the load balancer has")
    attached = edges or [a for a in (aspect(item, "WebACL"),) if isinstance(a, str) and a]
    if not attached:
        return violation("No web ACL is associated; associate one.")
    allowed = parameters.get("wafWebAclIds", ())
    if not allowed or any(entry in acl for entry in allowed for acl in attached):
        return COMPLIANT
    return violation(f"The web ACL is {listed(attached, 1)}; associate an allowed one.")
