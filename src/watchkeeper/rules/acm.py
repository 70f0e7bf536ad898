"""AWS Certificate Manager: certificates.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import (
    Lookup,
    Parameters,
    days_between,
    moment,
    need,
    not_applicable,
    one_of,
    pick,
    rule,
    shown,
    text,
    verdict,
)

CERTIFICATE = "AWS::ACM::Certificate"


@rule("ACM_CERTIFICATE_EXPIRATION_CHECK", types=(CERTIFICATE,), severity=Severity.MEDIUM, category="Encryption")
def certificate_expiration(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """An issued certificate does not expire in the next daysToExpiration (14) days, and has not expired."""
    if text(item.configuration, "status") not in ("ISSUED", "EXPIRED"):
        return not_applicable(f"The certificate is {shown(item.configuration.get('status'))}.")
    left = days_between(lookup.now(), moment(need(item.configuration, "notAfter")))
    limit = parameters.get("daysToExpiration", 14)
    when = f"expires in {int(left)} days" if left > 0 else "has expired"
    return verdict(left > limit, f"The certificate {when}; renew it.")


@rule("ACM_CERTIFICATE_RSA_CHECK", types=(CERTIFICATE,), severity=Severity.HIGH, category="Encryption")
def certificate_rsa(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """An RSA certificate has a key of 2048 bits or more."""
    algorithm = text(item.configuration, "keyAlgorithm").replace("_", "-")
    if not algorithm.startswith("RSA-"):
        return not_applicable("The certificate's key is not RSA.")
    bits = algorithm.removeprefix("RSA-")
    return verdict(bits.isdigit() and int(bits) >= 2048, f"The key is {shown(algorithm)}; use 2048 bits or more.")


@rule("ACM_CERTIFICATE_TRANSPARENT_LOGGING_ENABLED", types=(CERTIFICATE,), severity=Severity.LOW,
      category="Logging and monitoring")  # fmt: skip
def certificate_logging(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Certificate transparency logging is not disabled."""
    options = need(item.configuration, "options")
    name = "certificateTransparencyLoggingPreference"
    on = pick(options, name) is None or one_of(options, name, "ENABLED", "DISABLED") == "ENABLED"  # on by default
    return verdict(on, "Transparency logging is off; enable it.")
