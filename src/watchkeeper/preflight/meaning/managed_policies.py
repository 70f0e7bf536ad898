"""What an AWS managed policy allows, from the catalog's documents."""

from __future__ import annotations

from functools import lru_cache

from watchkeeper.aws import facts
from watchkeeper.preflight.meaning.policy import Malformed, Policy, parse


@lru_cache(maxsize=256)
def managed_document(arn: str) -> Policy | None:
    """The document of an AWS managed policy: an empty one where AWS has no such policy; None for any other ARN."""
    found = facts.managed_policy(arn) if arn.startswith("arn:") else None
    if found is None:
        return Policy() if ":iam::aws:policy/" in arn else None
    try:
        document = parse(dict(found.document))
    except Malformed:
        return None
    return document if isinstance(document, Policy) else None
