"""AWS Security Hub.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import ACCOUNT, Lookup, Parameters, rule, verdict


@rule("SECURITYHUB_ENABLED", types=(ACCOUNT,), severity=Severity.MEDIUM, category="Logging and monitoring",
      needs=("account:securityhub.enabled",))  # fmt: skip
def security_hub(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Security Hub is on in the region."""
    on = lookup.account_fact("securityhub.enabled") is True
    return verdict(on, "Security Hub is off in this region; enable it.")
