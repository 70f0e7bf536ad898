"""Which violations exceptions accept at a moment, for what evaluates items."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from watchkeeper.exceptions.entry import Exceptions, Subject
from watchkeeper.model import UNAVAILABLE_KEY

if TYPE_CHECKING:
    from watchkeeper.evaluation.item import ConfiguredRule
    from watchkeeper.model import ConfigurationItem


@dataclass(frozen=True)
class Acceptance:
    """Called with a rule and an item that violates it: why that is accepted, empty where it is not."""

    exceptions: Exceptions
    at: datetime

    def __call__(self, rule: ConfiguredRule, item: ConfigurationItem) -> str:
        entry = self.exceptions.accepts(subject(rule, item), self.at)
        return entry.told if entry is not None else ""


def subject(rule: ConfiguredRule, item: ConfigurationItem) -> Subject:
    """The violation, as an exception is compared with it."""
    unread = "tags" in item.supplementary.get(UNAVAILABLE_KEY, ())
    return Subject(
        identifier=rule.identifier,
        rule=rule.name,
        account=item.account_id,
        region=item.region,
        resource_type=item.resource_type,
        resource_id=item.resource_id,
        resource_name=item.resource_name or "",
        arn=item.arn,
        tags=None if unread else item.tags,
    )
