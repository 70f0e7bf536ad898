"""What a handler is given: who asks, where, when, and the transaction in which it reads and writes."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

from watchkeeper.aws.arn import arn_of
from watchkeeper.awsconfig.paging import Fetch, Key, of_sequence, page
from watchkeeper.awsconfig.services import Services
from watchkeeper.awsconfig.store import Session

T = TypeVar("T")
_ALPHABET = string.ascii_lowercase + string.digits


@dataclass(frozen=True, slots=True)
class Call:
    """One request. ``now`` is seconds since 1970, from the service's clock."""

    operation: str
    account: str
    region: str
    now: float
    db: Session
    services: Services

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        """An entity of the caller's account and region, or None."""
        return self.db.get(self.account, self.region, kind, name)

    def put(self, kind: str, name: str, body: dict[str, Any]) -> None:
        """Write an entity of the caller's account and region."""
        self.db.put(self.account, self.region, kind, name, body)

    def remove(self, kind: str, name: str) -> bool:
        """Delete an entity of the caller's account and region; whether there was one."""
        return self.db.remove(self.account, self.region, kind, name)

    def entities(self, kind: str, prefix: str = "") -> list[tuple[str, dict[str, Any]]]:
        """The entities of a kind in the caller's account and region, by name."""
        return self.db.entities(self.account, self.region, kind, prefix=prefix)

    def arn(self, resource: str) -> str:
        """``arn:aws:config:<region>:<account>:<resource>`` in the region's partition."""
        return config_arn(self.account, self.region, resource)

    def page(
        self, request: dict[str, Any], fetch: Fetch[T], default: int = 100, maximum: int | None = None
    ) -> tuple[list[T], dict[str, str]]:
        """One page and the token of the next: :func:`watchkeeper.awsconfig.paging.page`."""
        return page(self.operation, request, fetch, default, maximum)

    def page_of(
        self, request: dict[str, Any], rows: Sequence[tuple[Key, T]], default: int = 100, maximum: int | None = None
    ) -> tuple[list[T], dict[str, str]]:
        """One page of rows in memory, sorted by key."""
        return page(self.operation, request, of_sequence(rows), default, maximum)


Handler = Callable[[Call, dict[str, Any]], dict[str, Any]]


def config_arn(account: str, region: str, resource: str) -> str:
    """An ARN of AWS Config."""
    return arn_of("config", resource, region=region, account=account)


def short_id(length: int = 6) -> str:
    """A random id of small letters and digits, as Config puts at the end of its ARNs."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def to_seconds(moment: float | str | datetime) -> float:
    """Seconds since 1970 of a timestamp in any form that a request may have."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return float(moment)


@lru_cache(maxsize=4096)
def to_iso(seconds: float) -> str:
    """``2026-09-27T08:00:00.000Z``, as Config writes times in events."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def present(shape: dict[str, Any]) -> dict[str, Any]:
    """The shape without what is None: AWS leaves out what it doesn't know."""
    return {key: value for key, value in shape.items() if value is not None}
