"""The account and its security services: GuardDuty, Security Hub, Organizations, contacts.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import (
    ACCOUNT,
    COMPLIANT,
    Lookup,
    Parameters,
    dig,
    listed,
    rule,
    shown,
    verdict,
    violation,
)


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


@rule("SECURITYHUB_ENABLED", types=(ACCOUNT,), severity=Severity.MEDIUM, category="Logging and monitoring",
      needs=("account:securityhub.enabled",))  # fmt: skip
def security_hub(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Security Hub is on in the region."""
    on = lookup.account_fact("securityhub.enabled") is True
    return verdict(on, "Security Hub is off in this region; enable it.")


@rule("ACCOUNT_PART_OF_ORGANIZATIONS", types=(ACCOUNT,), severity=Severity.HIGH, category="Identity",
      needs=("account:organizations.master_account_id",))  # fmt: skip
def part_of_organization(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The account is in an organization, that of MasterAccountId where it is given."""
    master, wanted = lookup.account_fact("organizations.master_account_id"), parameters.get("MasterAccountId")
    if not master:
        return violation("The account is in no organization; invite it into one.")
    return verdict(not wanted or master == wanted, f"The management account is {shown(master)}, not {shown(wanted)}.")


@rule("SECURITY_ACCOUNT_INFORMATION_PROVIDED", types=(ACCOUNT,), severity=Severity.MEDIUM, category="Configuration",
      needs=("account:account.security_contact",))  # fmt: skip
def security_contact(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The account has a security contact."""
    on = lookup.account_fact("account.security_contact") is True
    return verdict(on, "No security contact; add one to the account's alternate contacts.")
