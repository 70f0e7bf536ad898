"""What a rule says of a resource, and the same as it was recorded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule says of a resource. Times are seconds since 1970."""

    rule: str
    resource_type: str
    resource_id: str
    compliance: str
    """``COMPLIANT``, ``NON_COMPLIANT`` or ``NOT_APPLICABLE``."""
    annotation: str
    ordering: float
    """When what was evaluated was captured."""


@dataclass(frozen=True, slots=True)
class Result:
    """An outcome as it was recorded."""

    rule: str
    resource_type: str
    resource_id: str
    compliance: str
    annotation: str
    ordering: float
    recorded: float
    invoked: float
