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
    attempt,
    dig,
    flag,
    listed,
    needed_array,
    not_applicable,
    one_of,
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
GATEWAY = "gwy"
"""In the ARN of a gateway load balancer, as app and net are in others'."""
ATTRIBUTES = "LoadBalancerAttributes"


def _attribute(item: ConfigurationItem, key: str) -> str:
    """The attribute of an application, network or gateway load balancer. AWS gives all of them, so that a missing one
    is unknown, not off."""
    for entry in array({ATTRIBUTES: required_aspect(item, ATTRIBUTES)}, ATTRIBUTES):
        if dig(entry, "key") == key:
            return text(entry, "value")
    raise Unavailable(f"the item does not say {key}")


def _switch(item: ConfigurationItem, key: str) -> bool:
    """An attribute that is true or false."""
    return one_of({key: _attribute(item, key)}, key, "true", "false") == "true"


def _is_application(item: ConfigurationItem) -> bool:
    return text(item.configuration, "type") == "application"


def _is_network(item: ConfigurationItem) -> bool:
    return text(item.configuration, "type") == "network"


NOT_NETWORK = "It is not a network load balancer."


@rule("ELB_DELETION_PROTECTION_ENABLED", types=(BALANCER,), severity=Severity.MEDIUM, category="Backup and recovery",
      aspects=(ATTRIBUTES,))  # fmt: skip
def deletion_protection(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The load balancer is protected against deletion."""
    on = _switch(item, "deletion_protection.enabled")
    return verdict(on, "Deletion protection is off; turn it on.")


@rule("ELB_LOGGING_ENABLED", types=(CLASSIC, BALANCER), severity=Severity.MEDIUM, category="Logging and monitoring",
      aspects=(ATTRIBUTES,))  # fmt: skip
def logging_enabled(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A classic or application load balancer writes access logs, to one of s3BucketNames where they are given."""
    log = None
    if item.resource_type == CLASSIC:
        log = dig(required_aspect(item, ATTRIBUTES), "accessLog")
        on = flag(log, "enabled")
    elif not _is_application(item):
        return not_applicable("It is neither a classic nor an application load balancer.")
    else:
        on = _switch(item, "access_logs.s3.enabled")
    if not on:
        return violation("Access logs are off; enable them with a bucket.")
    names = parameters.get("s3BucketNames", ())
    if not names:
        return COMPLIANT
    bucket = _attribute(item, "access_logs.s3.bucket") if log is None else text(log, "s3BucketName")
    return verdict(bucket in names, f"Access logs go to {shown(bucket)}; use one of {listed(names)}.")


@rule("ALB_HTTP_DROP_INVALID_HEADER_ENABLED", types=(BALANCER,), severity=Severity.MEDIUM, category="Network",
      aspects=(ATTRIBUTES,))  # fmt: skip
def drop_invalid_headers(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The application load balancer drops invalid HTTP headers."""
    if not _is_application(item):
        return not_applicable("It is not an application load balancer.")
    on = _switch(item, "routing.http.drop_invalid_header_fields.enabled")
    return verdict(on, "Invalid header fields are passed on; enable drop_invalid_header_fields.")


@rule("ALB_DESYNC_MODE_CHECK", types=(BALANCER,), severity=Severity.MEDIUM, category="Network", aspects=(ATTRIBUTES,))
def alb_desync(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The application load balancer's desync mitigation mode is one of desyncMode."""
    if not _is_application(item):
        return not_applicable("It is not an application load balancer.")
    mode = _attribute(item, "routing.http.desync_mitigation_mode")
    return desync_mode(mode, parameters)


def _is_plain(listener: ConfigurationItem) -> bool:
    return text(listener.configuration, "Protocol") == "HTTP" and not _redirects(listener)


def _plain_listener(item: ConfigurationItem) -> Iterator[tuple[str, Any]]:
    """A listener of which that can't be told is unknown to its own load balancer, and to no other."""
    plain = attempt(
        lambda listener: text(listener.configuration, "Protocol") == "HTTP" and not _redirects(listener), item
    )
    if plain is not False:
        port = pick(item.configuration, "Port")
        yield text(item.configuration, "LoadBalancerArn"), plain if isinstance(plain, Unavailable) else port


PLAIN_LISTENERS = Index(LISTENER, _plain_listener, aspects=(), decisive=True)
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


def _redirects(listener: ConfigurationItem) -> bool:
    actions = needed_array(listener.configuration, "DefaultActions")
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
    on = _switch(item, "access_logs.s3.enabled")
    return verdict(on, "Access logs are off; enable them with a bucket.")


@rule("NLB_CROSS_ZONE_LOAD_BALANCING_ENABLED", types=(BALANCER,), severity=Severity.MEDIUM,
      category="Backup and recovery", aspects=(ATTRIBUTES,))  # fmt: skip
def nlb_cross_zone(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The network load balancer balances across zones."""
    if not _is_network(item):
        return not_applicable(NOT_NETWORK)
    on = _switch(item, "load_balancing.cross_zone.enabled")
    return verdict(on, "Cross-zone load balancing is off; enable it.")


@rule("ELBV2_MULTIPLE_AZ", types=(BALANCER,), severity=Severity.MEDIUM, category="Backup and recovery")
def balancer_zones(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The load balancer is in at least minAvailabilityZones (2) zones."""
    return spread_over_zones(item, parameters)


@rule("ELBV2_LISTENER_ENCRYPTION_IN_TRANSIT", types=(LISTENER,), severity=Severity.MEDIUM, category="Encryption")
def listener_encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The listener of an application or network load balancer uses HTTPS or TLS; a gateway load balancer's, which
    can't, is not applicable: https://docs.aws.amazon.com/securityhub/latest/userguide/elb-controls.html#elb-18."""
    if is_of_gateway(item):
        return not_applicable("It is the listener of a gateway load balancer.")
    protocol = text(item.configuration, "Protocol")
    return verdict(protocol in ("HTTPS", "TLS"), f"The listener's protocol is {shown(protocol)}; use HTTPS or TLS.")


def is_of_gateway(listener: ConfigurationItem) -> bool:
    """A gateway load balancer's listener has no protocol, or GENEVE; its ARN says whose it is:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html."""
    arns = (pick(listener.configuration, "LoadBalancerArn"), pick(listener.configuration, "ListenerArn"), listener.arn)
    if any(f"/{GATEWAY}/" in arn for arn in arns if isinstance(arn, str)):
        return True
    return bool(pick(listener.configuration, "Protocol") == "GENEVE")


@rule("ELBV2_PREDEFINED_SECURITY_POLICY_SSL_CHECK", types=(LISTENER,), severity=Severity.MEDIUM, category="Encryption")
def listener_policy(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """An HTTPS or TLS listener has one of sslPolicies; other listeners are not applicable."""
    if is_of_gateway(item) or text(item.configuration, "Protocol") not in ("HTTPS", "TLS"):
        return not_applicable("The listener does not use TLS.")
    policy = text(item.configuration, "SslPolicy")
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
    if not allowed or any(_is_acl(entry, acl) for entry in allowed for acl in attached):
        return COMPLIANT
    return violation(f"The web ACL is {listed(attached, 1)}; associate an allowed one.")


def _is_acl(allowed: str, attached: str) -> bool:
    """Whether a web ACL's id (WAF), or its id or ARN (WAFV2), is that of the one that is attached. A WAFV2 ARN ends in
    ``webacl/<name>/<id>``: its name is no id."""
    return allowed in (attached, attached.rpartition("/")[2])
