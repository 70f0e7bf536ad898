"""Elastic Load Balancing: classic load balancers.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from typing import Any

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import (
    Lookup,
    Parameters,
    array,
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
    that_fail,
    verdict,
)

CLASSIC = "AWS::ElasticLoadBalancing::LoadBalancer"
ATTRIBUTES = "LoadBalancerAttributes"


@rule("CLB_DESYNC_MODE_CHECK", types=(CLASSIC,), severity=Severity.MEDIUM, category="Network", aspects=(ATTRIBUTES,))
def clb_desync(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The classic load balancer's desync mitigation mode is one of desyncMode."""
    extra = array(required_aspect(item, ATTRIBUTES), "additionalAttributes")
    named = {str(dig(entry, "key")): dig(entry, "value") for entry in extra}
    mode = text(named, "elb.http.desyncmitigationmode")
    return desync_mode(mode, parameters)


def desync_mode(mode: str, parameters: Parameters) -> Verdict:
    """The pages of the two rules spell the modes differently: Defensive and defensive."""
    wanted = [name.lower() for name in parameters["desyncMode"]]
    return verdict(mode in wanted, f"The desync mode is {shown(mode)}; choose {listed(wanted)}.")


@rule("ELB_INTERNAL_SCHEME_CHECK", types=(CLASSIC,), severity=Severity.MEDIUM, category="Public access")
def classic_internal(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The classic load balancer is internal."""
    return internal_scheme(item)


def internal_scheme(item: ConfigurationItem) -> Verdict:
    scheme = one_of(item.configuration, "scheme", "internal", "internet-facing")
    return verdict(scheme == "internal", f"The scheme is {shown(scheme)}; recreate it as internal.")


def spread_over_zones(item: ConfigurationItem, parameters: Parameters) -> Verdict:
    zones, least = len(needed_array(item.configuration, "availabilityZones")), parameters.get("minAvailabilityZones", 2)
    return verdict(zones >= least, f"It is in {zones} availability zones; add subnets until it is in {least}.")


@rule("CLB_MULTIPLE_AZ", types=(CLASSIC,), severity=Severity.MEDIUM, category="Backup and recovery")
def classic_zones(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The classic load balancer is in at least minAvailabilityZones (2) zones."""
    return spread_over_zones(item, parameters)


@rule("ELB_CROSS_ZONE_LOAD_BALANCING_ENABLED", types=(CLASSIC,), severity=Severity.MEDIUM,
      category="Backup and recovery", aspects=(ATTRIBUTES,))  # fmt: skip
def cross_zone(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The classic load balancer balances across zones."""
    on = flag(dig(required_aspect(item, ATTRIBUTES), "crossZoneLoadBalancing"), "enabled")
    return verdict(on, "Cross-zone load balancing is off; enable it.")


def _listeners(item: ConfigurationItem) -> list[Any]:
    return [pick(entry, "listener") or entry for entry in needed_array(item.configuration, "listenerDescriptions")]


@rule("ELB_TLS_HTTPS_LISTENERS_ONLY", types=(CLASSIC,), severity=Severity.MEDIUM, category="Encryption")
def classic_tls_only(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """All listeners of the classic load balancer use HTTPS or SSL; one without listeners is not applicable."""
    found = _listeners(item)
    if not found:
        return not_applicable("The load balancer has no listener.")
    bad = that_fail(found, _is_secure)
    names = [pick(entry, "protocol") for entry in bad]
    return verdict(not bad, f"Listeners use {listed(names)}; use HTTPS or SSL.")


def _is_secure(listener: Any) -> bool:
    return text(listener, "protocol").upper() in ("HTTPS", "SSL")


@rule("ELB_ACM_CERTIFICATE_REQUIRED", types=(CLASSIC,), severity=Severity.MEDIUM, category="Encryption")
def classic_acm(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Every HTTPS or SSL listener of the classic load balancer uses an ACM certificate; without one, not applicable."""
    found = _listeners(item)

    def fits(listener: Any) -> bool:
        return not _is_secure(listener) or ":acm:" in text(listener, "sSLCertificateId")

    if not that_fail(found, fits) and not any(map(_is_secure, found)):
        return not_applicable("The load balancer has no HTTPS or SSL listener.")
    return verdict(not that_fail(found, fits), "A listener's certificate is not from ACM; use one that is.")
