"""Amazon GuardDuty.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import ACCOUNT, COMPLIANT, Lookup, Parameters, dig, listed, rule, violation


@rule("GUARDDUTY_ENABLED_CENTRALIZED", types=(ACCOUNT,), severity=Severity.HIGH, category="Logging and monitoring",
      needs=("account:guardduty.detectors",))  # fmt: skip
def guardduty(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """GuardDuty is on in the region, its results in one of the accounts in CentralMonitoringAccount where given."""
    active = [d for d in lookup.account_fact("guardduty.detectors") if dig(d, "status") == "ENABLED"]
    if not active:
        return violation("GuardDuty is off in this region; enable it.")
    central = {part.strip() for part in parameters.get("CentralMonitoringAccount", "").split(",") if part.strip()}
    if not central or central & {item.account_id, *(str(dig(d, "administrator")) for d in active)}:
        return COMPLIANT
    return violation(f"GuardDuty is not administered by {listed(sorted(central))}; accept an invitation.")
