"""AWS Lambda: functions.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Unavailable, Verdict
from watchkeeper.rules.base import (
    COMPLIANT,
    Index,
    Lookup,
    Parameters,
    array,
    aspect,
    dig,
    listed,
    named,
    need,
    not_applicable,
    number,
    one_of,
    rule,
    shown,
    text,
    verdict,
    violation,
    worst,
)
from watchkeeper.rules.policy import Statement, statements

FUNCTION = "AWS::Lambda::Function"
S3 = "s3.amazonaws.com"
ACCOUNTS = frozenset({"aws:sourceaccount", "aws:sourceorgid"})
"""What keeps S3 to one's own accounts; the ARN of a bucket does not, for a bucket can change hands."""


def _known(item: ConfigurationItem) -> None:
    need(item.configuration, "functionName", "functionArn")


@rule("LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED", types=(FUNCTION,), severity=Severity.CRITICAL,
      category="Public access", aspects=("Policy",))  # fmt: skip
def not_public(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The function's policy lets nobody invoke it who isn't named, and S3 for a fixed account only."""
    _known(item)
    held = aspect(item, "Policy")
    policy = statements(dig(held, "policyContent") if isinstance(held, dict) and "policyContent" in held else held)
    bad = next((s for s in policy if s.is_public("lambda") or _nobody_named(s)), None)
    if bad:
        return violation(f"The policy's {bad.label} is public; name principals or a source.")
    bad = next((s for s in policy if s.allows and ("Service", S3) in s.principals and not s.held_to(ACCOUNTS)), None)
    label = bad.label if bad else ""
    return verdict(bad is None, f"The policy's {label} lets S3 in for any account; add AWS:SourceAccount.")


def _nobody_named(statement: Statement) -> bool:
    """The page counts an empty principal as public, as it does a wildcard."""
    return statement.allows and any(not value for _, value in statement.principals)


@rule("LAMBDA_FUNCTION_SETTINGS_CHECK", types=(FUNCTION,), severity=Severity.MEDIUM, category="Configuration")
def settings(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Runtime, role, memory (128) and timeout (3) are as given; images and OS-only runtimes are not applicable."""
    if item.configuration.get("packageType") == "Image":
        return not_applicable("The function is a container image.")
    runtime = text(item.configuration, "runtime")
    if runtime.startswith("provided"):
        return not_applicable("The function's runtime is OS-only.")
    if runtime not in parameters["runtime"]:
        return violation(f"The runtime is {shown(runtime)}; use one of {listed(parameters['runtime'])}.")

    def role() -> Verdict:
        wanted = parameters.get("role")
        if not wanted:
            return COMPLIANT
        held = text(item.configuration, "role")
        fits = held == wanted or held.endswith(f"/{wanted}")
        return verdict(fits, f"The role is {shown(held, 90)}; use {shown(wanted, 90)}.")

    def value(name: str) -> Verdict:
        wanted = parameters.get(name)
        fits = wanted is None or number(item.configuration, name) == wanted
        return verdict(fits, f"{name} is {item.configuration.get(name)}; set it to {wanted}.")

    return worst(role, lambda: value("memorySize"), lambda: value("timeout"))


@rule("LAMBDA_INSIDE_VPC", types=(FUNCTION,), severity=Severity.LOW, category="Network")
def inside_vpc(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The function is in a VPC, in subnetIds only where they are given."""
    _known(item)
    subnets, allowed = array(item.configuration.get("vpcConfig"), "subnetIds"), parameters.get("subnetIds", ())
    if not subnets:
        return violation("The function is in no VPC; give it subnets and security groups.")
    other = [subnet for subnet in subnets if allowed and subnet not in allowed]
    return verdict(not other, f"It is in {listed(other)}; use only {listed(allowed)}.")


ZONES = Index(
    "AWS::EC2::Subnet", lambda item: ((name, item.configuration.get("availabilityZone")) for name in named(item))
)


@rule("LAMBDA_VPC_MULTI_AZ_CHECK", types=(FUNCTION,), severity=Severity.MEDIUM, category="Backup and recovery",
      indexes=(ZONES,))  # fmt: skip
def multi_az(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A function in a VPC is in at least availabilityZones (2) zones."""
    _known(item)
    subnets = array(item.configuration.get("vpcConfig"), "subnetIds")
    if not subnets:
        return not_applicable("The function is in no VPC.")
    found = [lookup.find(ZONES, subnet) for subnet in subnets]
    zones = {zone for zones in found for zone in zones}
    least = parameters.get("availabilityZones", 2)
    if len(zones) < least and () in map(tuple, found):
        raise Unavailable("not all of the function's subnets are among the items")
    return verdict(len(zones) >= least, f"The function is in {len(zones)} zones; add subnets until it is in {least}.")


@rule("LAMBDA_CONCURRENCY_CHECK", types=(FUNCTION,), severity=Severity.LOW, category="Configuration",
      aspects=("Concurrency",))  # fmt: skip
def concurrency(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The function has reserved concurrency, between ConcurrencyLimitLow and ConcurrencyLimitHigh where given."""
    _known(item)
    held = number(aspect(item, "Concurrency"), "reservedConcurrentExecutions", default=-1)
    if held < 0:
        return violation("No reserved concurrency; reserve some for the function.")
    low, high = (number(parameters, f"ConcurrencyLimit{end}", default=-1) for end in ("Low", "High"))
    if low >= 0 and held < low:
        return violation(f"Reserved concurrency is {held:g}; set it to {low:g} or more.")
    return verdict(high < 0 or held <= high, f"Reserved concurrency is {held:g}; set it to {high:g} or less.")


@rule("LAMBDA_DLQ_CHECK", types=(FUNCTION,), severity=Severity.LOW, category="Backup and recovery")
def dead_letter_queue(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The function has a dead-letter queue or topic, one of dlqArns where they are given."""
    _known(item)
    target, allowed = dig(item.configuration, "deadLetterConfig", "targetArn"), parameters.get("dlqArns", ())
    if not target:
        return violation("No dead-letter target; set a queue or topic for failed events.")
    return verdict(
        not allowed or target in allowed, f"Failed events go to {shown(target, 110)}; use an allowed target."
    )


@rule("LAMBDA_FUNCTION_XRAY_ENABLED", types=(FUNCTION,), severity=Severity.LOW, category="Logging and monitoring")
def xray(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Active tracing is on."""
    mode = one_of(item.configuration.get("tracingConfig"), "mode", "Active", "PassThrough")
    return verdict(mode == "Active", f"Tracing is {shown(mode)}; set it to Active.")


@rule("LAMBDA_FUNCTION_LOG_FORMAT_JSON", types=(FUNCTION,), severity=Severity.LOW, category="Logging and monitoring")
def log_format(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The function's logs are JSON."""
    found = need(item.configuration.get("loggingConfig"), "logFormat")
    return verdict(found == "JSON", f"The log format is {shown(found)}; set it to JSON.")


@rule("LAMBDA_FUNCTION_DESCRIPTION", types=(FUNCTION,), severity=Severity.LOW, category="Configuration")
def description(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The function has a description."""
    _known(item)
    return verdict(bool(item.configuration.get("description")), "No description; add one.")
