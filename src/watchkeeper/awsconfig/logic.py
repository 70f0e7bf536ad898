"""What a rule's logic may ask beyond its item, answered from what the embedded AWS Config recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from watchkeeper.awsconfig.recorders import running_recorder, scope_of
from watchkeeper.awsconfig.services import Services
from watchkeeper.awsconfig.states import current_item, current_items
from watchkeeper.awsconfig.store import Session
from watchkeeper.evaluation.item import Unavailable
from watchkeeper.model import ConfigurationItem
from watchkeeper.rules import Indexed, logic


class RecordedLookup(Indexed):
    """:class:`watchkeeper.rules.Lookup` over the recorded items of one account and region; a type that is not recorded
    is read from the services, as the periodic rules of AWS do."""

    def __init__(self, db: Session, services: Services, account: str, region: str, now: float) -> None:
        super().__init__()
        self._db = db
        self._services = services
        self._account = account
        self._region = region
        self._now = now
        self._read: dict[str, list[ConfigurationItem]] = {}
        self._facts: dict[str, Any] = {}
        recorder = running_recorder(db, account, region)
        self._scope = scope_of(recorder) if recorder else None

    def items_of_type(self, resource_type: str) -> Iterable[ConfigurationItem]:
        """Every item of that type that exists. Raises Unavailable where nobody can read that type."""
        if self._recorded(resource_type):
            return (item for _, item in current_items(self._db, self._account, self._region, resource_type))
        if resource_type not in self._read:
            self._read[resource_type] = self._from_services(resource_type)
        return self._read[resource_type]

    def item(self, resource_type: str, resource_id: str) -> ConfigurationItem | None:
        """The item by id or name; None where it does not exist."""
        if self._recorded(resource_type):
            found = current_item(self._db, self._account, self._region, resource_type, resource_id)
            if found is not None:
                return None if found.status.deleted else found
        items = self.items_of_type(resource_type)
        return next((item for item in items if resource_id in (item.resource_id, item.resource_name)), None)

    def account_fact(self, name: str) -> Any:
        """What the services know of the account, asked once in a run; Unavailable where it doesn't."""
        ask = getattr(self._services, "account_fact", None)
        if ask is None:
            raise Unavailable(f"the embedded AWS does not know the account fact {name}")
        if name not in self._facts:
            self._facts[name] = ask(self._account, self._region, name)
        return self._facts[name]

    def now(self) -> datetime:
        """The service's clock."""
        return datetime.fromtimestamp(self._now, UTC)

    def _recorded(self, resource_type: str) -> bool:
        return self._scope is not None and self._scope.records(resource_type)

    def _from_services(self, resource_type: str) -> list[ConfigurationItem]:
        if resource_type not in self._services.readable_types:
            raise Unavailable(f"{resource_type} is neither recorded nor readable in the embedded AWS")
        return list(self._services.read(self._account, self._region, [resource_type]))


def not_evaluated_reason(source: Mapping[str, Any]) -> str | None:
    """Why a rule's source can't be evaluated in the embedded AWS; None where it can."""
    if source["Owner"] == "CUSTOM_POLICY":
        return "Custom policy rules (AWS CloudFormation Guard) are not evaluated by the embedded AWS Config."
    if source["Owner"] == "AWS" and source["SourceIdentifier"] not in logic():
        return f"The embedded AWS Config has no logic for {source['SourceIdentifier']}: the rule is not evaluated."
    return None
