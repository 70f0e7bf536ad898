"""The nouns of the project: configuration item, evaluation, finding. Standard library only, frozen, knows nothing else.

An AWS shape is turned into these once, at the border (:mod:`watchkeeper.items` for configuration items), and everything
inside speaks of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNAVAILABLE_KEY = "watchkeeper:unavailable"
"""Supplementary key under which a reader says what it could not read: aspect to reason. A rule that looks at one of
them is NOT_EVALUATED with that reason."""
ANNOTATION_LIMIT = 256
"""Characters AWS Config keeps of an annotation (botocore config/2014-11-12, ``StringWithCharLimit256``)."""


class ComplianceType(StrEnum):
    """What an evaluation says. The first four are AWS Config's; the last two are ours and are never sent to AWS."""

    COMPLIANT = "COMPLIANT"
    NON_COMPLIANT = "NON_COMPLIANT"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
    EXCEPTED = "EXCEPTED"
    """A violation that somebody accepted for a time. In no score; the annotation says by whom, why and until when."""
    NOT_EVALUATED = "NOT_EVALUATED"
    """Nobody looked: no logic for the rule, a denied call, a crash. Always carries a reason, never counts as a pass."""


class Severity(StrEnum):
    """How bad a violation is, worst first in :attr:`rank`."""

    CRITICAL = "CRITICAL"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


class ItemStatus(StrEnum):
    """``ConfigurationItemStatus`` in botocore's config model."""

    OK = "OK"
    DISCOVERED = "ResourceDiscovered"
    NOT_RECORDED = "ResourceNotRecorded"
    DELETED = "ResourceDeleted"
    DELETED_NOT_RECORDED = "ResourceDeletedNotRecorded"

    @property
    def deleted(self) -> bool:
        """Whether the resource is gone; a rule then answers NOT_APPLICABLE."""
        return self in (ItemStatus.DELETED, ItemStatus.DELETED_NOT_RECORDED)


@dataclass(frozen=True, slots=True)
class Relationship:
    """One edge of a configuration item, e.g. an instance "Is attached to Volume"."""

    resource_type: str
    resource_id: str
    name: str
    resource_name: str | None = None


@dataclass(frozen=True, slots=True)
class ConfigurationItem:
    """The state of one resource at one moment, as AWS Config records it.

    ``configuration`` and ``supplementary`` are plain JSON values (objects inside, never JSON in strings), with the keys
    that AWS Config uses (lower camel case for most types). A deleted item has an empty configuration.
    """

    resource_type: str
    resource_id: str
    account_id: str = ""
    region: str = ""
    resource_name: str | None = None
    arn: str = ""
    status: ItemStatus = ItemStatus.OK
    capture_time: datetime = EPOCH
    state_id: str = ""
    availability_zone: str = "Not Applicable"
    creation_time: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    relationships: Sequence[Relationship] = ()
    configuration: Mapping[str, Any] = field(default_factory=dict)
    supplementary: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What identifies the resource: account, region, type, id."""
        return (self.account_id, self.region, self.resource_type, self.resource_id)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule's logic says of one item: the compliance and, for a violation, what a person has to change."""

    compliance: ComplianceType
    annotation: str = ""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A verdict with its subject: one rule, one resource, one moment."""

    rule: str
    resource_type: str
    resource_id: str
    compliance: ComplianceType
    annotation: str = ""
    ordering_time: datetime = EPOCH
    """When the item was captured: AWS's ``OrderingTimestamp``."""
    recorded_time: datetime | None = None
    """When Config recorded the result: AWS's ``ResultRecordedTime``; None before it was."""


@dataclass(frozen=True, slots=True)
class SourcePosition:
    """A place in somebody's program: file, 1-based line and column."""

    file: str
    line: int
    column: int = 0


class Unavailable(LookupError):  # noqa: N818 - it is an answer, not an error
    """What a rule needs is not there, with the reason: a denied call, a part the item lacks. Never a finding."""


class FindingSeverity(StrEnum):
    """How sure and how bad a finding about a program is, worst first. A rule's violation has a :class:`Severity`."""

    ERROR = "error"
    """AWS refuses it, or it silently does not work."""
    WARNING = "warning"
    UNSURE = "unsure"
    """It depends on what is not known before the deployment."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong, as a person has to see it: the bad value, where it is, what AWS does, what to write instead."""

    check: str
    """The id of the preflight check or verification step that found it."""
    severity: FindingSeverity
    """``error``, ``warning`` or ``unsure``."""
    resource: str
    """The resource's name or URN; empty where the whole program is meant."""
    type: str
    message: str
    fix: str = ""
    aws_does: str = ""
    property_path: str = ""
    position: SourcePosition | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
