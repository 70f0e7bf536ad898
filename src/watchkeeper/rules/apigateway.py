"""Amazon API Gateway: REST APIs and their stages.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watchkeeper.model import ConfigurationItem, Severity, Unavailable, Verdict
from watchkeeper.rules.base import (
    COMPLIANT,
    Lookup,
    Parameters,
    array,
    aspect,
    dig,
    flag,
    listed,
    need,
    needed_array,
    not_applicable,
    pick,
    rule,
    shown,
    text,
    that_fail,
    verdict,
    violation,
    worst,
)

STAGE = "AWS::ApiGateway::Stage"
STAGE_V2 = "AWS::ApiGatewayV2::Stage"
API = "AWS::ApiGateway::RestApi"
LEVELS = ("ERROR", "INFO")
RESOURCES = "Resources"
"""Supplementary key for what GetResources answers of the stage's API with its methods; Config's own items lack it."""


def need_stage(item: ConfigurationItem) -> None:
    need(item.configuration, "stageName")


def _methods(item: ConfigurationItem) -> list[Any]:
    held = pick(item.configuration, "methodSettings")
    return list(held.values()) if isinstance(held, dict) else array(item.configuration, "methodSettings")


@rule("API_GW_XRAY_ENABLED", types=(STAGE,), severity=Severity.LOW, category="Logging and monitoring")
def xray(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """X-Ray tracing is on."""
    return verdict(flag(item.configuration, "tracingEnabled"), "X-Ray tracing is off; enable it for the stage.")


@rule("API_GW_CACHE_ENABLED_AND_ENCRYPTED", types=(STAGE,), severity=Severity.MEDIUM, category="Encryption")
def cache_encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The stage has a cache, enabled and encrypted for all methods."""
    if not flag(item.configuration, "cacheClusterEnabled"):
        return violation("The cache is off; enable it, encrypted.")
    methods = _methods(item)

    def cached() -> Verdict:
        uncached = that_fail(methods, lambda method: flag(method, "cachingEnabled"))
        return verdict(bool(methods) and not uncached, "Not all methods are cached; enable caching for them.")

    def encrypted() -> Verdict:
        plain = that_fail(methods, lambda method: flag(method, "cacheDataEncrypted"))
        return verdict(not plain, "Cached data is not encrypted; encrypt it for all methods.")

    return worst(cached, encrypted, lambda: _of_all_methods(item))


@rule("API_GW_EXECUTION_LOGGING_ENABLED", types=(STAGE, STAGE_V2), severity=Severity.MEDIUM,
      category="Logging and monitoring")  # fmt: skip
def execution_logging(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """All methods log at one of loggingLevel (ERROR, INFO)."""
    need_stage(item)
    allowed = [level.strip() for level in parameters.get("loggingLevel", "").split(",") if level.strip()] or LEVELS
    found = _route_levels(item) if item.resource_type == STAGE_V2 else _method_levels(item)
    bad = [level for level in found if level not in allowed]

    def levels() -> Verdict:
        return verdict(not bad, f"The logging level is {shown(bad and bad[0])}; set {listed(allowed)}.")

    return worst(levels, lambda: COMPLIANT if item.resource_type == STAGE_V2 else _of_all_methods(item))


def _method_levels(item: ConfigurationItem) -> list[str]:
    return [text(method, "loggingLevel") for method in _methods(item)] or ["OFF"]


def _route_levels(item: ConfigurationItem) -> list[str]:
    """Of the default route, and of each route that has settings of its own. The stage of an HTTP API has none: the rule
    is for REST and WebSocket APIs (Security Hub, APIGateway.1)."""
    default = dig(item.configuration, "defaultRouteSettings", "loggingLevel")
    routes = pick(item.configuration, "routeSettings") or {}
    if not isinstance(routes, Mapping):
        raise Unavailable("the item holds something else where the settings of routes belong")
    own = [level for route in routes.values() if (level := dig(route, "loggingLevel")) is not None]
    if default is None and not own:
        raise Unavailable("the item does not say a logging level, which the stages of HTTP APIs do not have")
    return [str(level) for level in ([default] if default is not None else []) + own]


def _of_all_methods(item: ConfigurationItem) -> Verdict:
    """COMPLIANT where the settings are those of all methods. Raises Unavailable where only some methods have settings:
    whether the API has others is not in the item."""
    held = pick(item.configuration, "methodSettings")
    names = held if isinstance(held, dict) else [_method_name(entry) for entry in _methods(item)]
    if not names or "*/*" in names:
        return COMPLIANT
    raise Unavailable("the item has settings of some methods only, and does not say whether the API has others")


def _method_name(setting: Any) -> str:
    path = str(pick(setting, "resourcePath") or "").removeprefix("/")
    return f"{path}/{pick(setting, 'httpMethod')}"


@rule("API_GW_SSL_ENABLED", types=(STAGE,), severity=Severity.MEDIUM, category="Encryption", aspects=(RESOURCES,))
def client_certificate(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The stage has a client certificate, one of CertificateIDs where they are given; not with integrations of AWS."""
    need_stage(item)
    certificate, allowed = item.configuration.get("clientCertificateId"), parameters.get("CertificateIDs", ())
    kinds = _integrations(item)
    if kinds is not None and "AWS" in kinds:
        return not_applicable("The stage integrates an AWS service, which takes no client certificate.")
    if certificate and (not allowed or certificate in allowed):
        return COMPLIANT
    if kinds is None:
        raise Unavailable("nobody read what the stage integrates; with an AWS service the rule does not apply")
    if not certificate:
        return violation("No client certificate; generate one and set it on the stage.")
    return violation(f"The client certificate is {shown(certificate)}; use an allowed one.")


def _integrations(item: ConfigurationItem) -> list[str] | None:
    """The types of the integrations of the stage's API; None where nobody asked for them."""
    if aspect(item, RESOURCES) is None:
        return None
    methods = [pick(resource, "resourceMethods") or {} for resource in array(item.supplementary, RESOURCES)]
    if not all(isinstance(held, Mapping) for held in methods):
        raise Unavailable("the item holds something else where the methods of a resource belong")
    return [str(dig(held, name, "methodIntegration", "type")) for held in methods for name in held]


@rule("API_GW_ASSOCIATED_WITH_WAF", types=(STAGE,), severity=Severity.MEDIUM, category="Network")
def waf(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The stage has a web ACL, one of WebAclArns where they are given."""
    need_stage(item)
    acl, allowed = item.configuration.get("webAclArn"), parameters.get("WebAclArns", ())
    if not acl:
        return violation("No web ACL is associated; associate one.")
    return verdict(not allowed or acl in allowed, f"The web ACL is {shown(acl, 110)}; associate an allowed one.")


@rule("API_GW_ENDPOINT_TYPE_CHECK", types=(API,), severity=Severity.LOW, category="Network")
def endpoint_type(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The API's endpoint types are among endpointConfigurationTypes."""
    types = needed_array(need(item.configuration, "endpointConfiguration"), "types")
    if not types:
        raise Unavailable("the item does not say its endpoint types")
    bad = [kind for kind in types if kind not in parameters["endpointConfigurationTypes"]]
    return verdict(not bad, f"The endpoint type is {listed(bad)}; choose a listed one.")


@rule("APIGATEWAY_STAGE_ACCESS_LOGS_ENABLED", types=(STAGE,), severity=Severity.MEDIUM,
      category="Logging and monitoring")  # fmt: skip
def rest_access_logs(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The stage of a REST API writes access logs."""
    return writes_access_logs(item)


def writes_access_logs(item: ConfigurationItem) -> Verdict:
    need_stage(item)
    on = bool(dig(item.configuration, "accessLogSettings", "destinationArn"))
    return verdict(on, "Access logs are off; set a destination.")
