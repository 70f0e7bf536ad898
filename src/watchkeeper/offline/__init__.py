"""Evaluates AWS Config's own files, snapshots and histories, with the same rules, and asks what a rule would say.

A snapshot of a large organization is a file of gigabytes. It is read in a stream: the reading process unpacks and cuts
it between items (``stream``), worker processes parse and judge (``judging``), and only counts, violations and what
rules have to know of other items come back (``running``). A file cut in an item, a broken gzip stream, an item that is
none: each is named by file and item, and all else is still evaluated.

A resource counts once, by its latest item, however many files it stands in. Of several snapshots of one account and
region, told by the names that Config gives them, the latest is read; the others are named in the result.
Pages: https://docs.aws.amazon.com/config/latest/developerguide/deliver-snapshot-cli.html, .../view-history.html.
"""

from watchkeeper.offline.files import Source, file_sources, latest_snapshots, s3_sources
from watchkeeper.offline.results import OfflineResult, Problem, ResourceEvaluation, RuleResult
from watchkeeper.offline.running import evaluate_files, evaluate_sources
from watchkeeper.offline.selection import (
    SelectionError,
    all_rules,
    find_frameworks,
    pack_parameters,
    rules_of_frameworks,
    rules_of_pack,
    select_rules,
)
from watchkeeper.offline.whatif import (
    PRICE_SOURCE,
    Cost,
    WhatIf,
    evaluation_price,
    monthly_cost,
    what_if,
)

__all__ = [
    "PRICE_SOURCE",
    "Cost",
    "OfflineResult",
    "Problem",
    "ResourceEvaluation",
    "RuleResult",
    "SelectionError",
    "Source",
    "WhatIf",
    "all_rules",
    "evaluate_files",
    "evaluate_sources",
    "evaluation_price",
    "file_sources",
    "find_frameworks",
    "latest_snapshots",
    "monthly_cost",
    "pack_parameters",
    "rules_of_frameworks",
    "rules_of_pack",
    "s3_sources",
    "select_rules",
    "what_if",
]
