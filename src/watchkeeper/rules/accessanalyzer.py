"""IAM Access Analyzer.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import ACCOUNT, Lookup, Parameters, dig, rule, verdict


@rule("IAM_EXTERNAL_ACCESS_ANALYZER_ENABLED", types=(ACCOUNT,), severity=Severity.HIGH, category="Identity",
      needs=("account:iam.access_analyzers",))  # fmt: skip
def access_analyzer(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """An active external access analyzer exists in the region."""
    found = lookup.account_fact("iam.access_analyzers")
    on = any(dig(a, "type") in ("ACCOUNT", "ORGANIZATION") and dig(a, "status") == "ACTIVE" for a in found)
    return verdict(on, "No external access analyzer in this region; create one.")
