"""The account itself: its contacts.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import ACCOUNT, Lookup, Parameters, rule, verdict


@rule("SECURITY_ACCOUNT_INFORMATION_PROVIDED", types=(ACCOUNT,), severity=Severity.MEDIUM, category="Configuration",
      needs=("account:account.security_contact",))  # fmt: skip
def security_contact(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The account has a security contact."""
    on = lookup.account_fact("account.security_contact") is True
    return verdict(on, "No security contact; add one to the account's alternate contacts.")
