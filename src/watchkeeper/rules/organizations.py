"""AWS Organizations.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import ACCOUNT, Lookup, Parameters, rule, shown, verdict, violation


@rule("ACCOUNT_PART_OF_ORGANIZATIONS", types=(ACCOUNT,), severity=Severity.HIGH, category="Identity",
      needs=("account:organizations.master_account_id",))  # fmt: skip
def part_of_organization(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The account is in an organization, that of MasterAccountId where it is given."""
    master, wanted = lookup.account_fact("organizations.master_account_id"), parameters.get("MasterAccountId")
    if not master:
        return violation("The account is in no organization; invite it into one.")
    return verdict(not wanted or master == wanted, f"The management account is {shown(master)}, not {shown(wanted)}.")
